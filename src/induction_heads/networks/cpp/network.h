// One network of two layers (section 3, appendix A) under the paper's clamps: logits, loss and the gradients of all parameters.
// Activations are matrices with a column for each token of each sequence, `d_model x (token, sequence)`.
// LAYER_NORM_EPS and NO_LOGIT are told by kernels.py.
#pragma once
#include <c10/util/Exception.h>

#include "attention.h"

namespace {

// The parameters of a run, or their gradients, in the order of kernels.PARAMETERS.
enum { W_EXEMPLAR, B_EXEMPLAR, W_LABEL, BLOCKS, LN_FINAL_W = BLOCKS + 12, LN_FINAL_B, W_U, B_U, PARAMETERS };
constexpr int LN_W = 0, LN_B = 1, W_Q = 2, W_K = 3, W_V = 4, W_O = 5, A_BLOCK = 6;  // of a block
template <typename F>
struct Network {
  F* at[PARAMETERS] = {};
  F* of(int layer, int which) const { return at[BLOCKS + layer * A_BLOCK + which]; }
};

// What clamps say of a run: see kernels.Clamped.
template <typename F>
struct Clamped {
  const int8_t* pattern_of[2];
  const F* strength[2];
  const bool* copies;
  bool copying, perfect_layer_1;
};

// Memory for the matrices of one run, used again by the next.
template <typename F>
struct Room {
  std::vector<std::vector<F>> taken;
  size_t next = 0;
  F* numbers(int64_t n) {
    if (next == taken.size()) taken.emplace_back();
    std::vector<F>& here = taken[next++];
    if (here.size() < static_cast<size_t>(n + LANES<F>)) here.resize(n + LANES<F>);
    const uintptr_t first = reinterpret_cast<uintptr_t>(here.data());
    return reinterpret_cast<F*>((first + VECTOR - 1) / VECTOR * VECTOR);
  }
  Matrix<F> matrix(int64_t rows, int64_t columns) { return {numbers(rows * columns), rows, columns}; }
  Matrix<F> zeros(int64_t rows, int64_t columns) {
    const Matrix<F> m = matrix(rows, columns);
    return std::fill(m.at, m.at + rows * columns, F(0)), m;
  }
};

// One network of two layers on its sequences: model.forward, the loss, and the gradients of all parameters.
template <typename F>
struct Run {
  using M = Matrix<F>;
  Network<F> net, first;  // `first` has the embedding and Layer 1: net's own, or grafted ones, which do not learn
  bool grafted;
  Clamped<F> clamped;
  M features;  // feature x exemplar
  int64_t labels, heads[2], d_model, d_head, pairs;
  Rotary<F> rotary;
  Room<F>& room;

  int64_t exemplars = features.columns, items = exemplars + labels, tokens = 2 * pairs + 1;
  int64_t width[2] = {heads[0] * d_head, heads[1] * d_head};
  std::vector<int64_t> in_place = std::vector<int64_t>(tokens), source = in_place;
  // Items: what is computed once, however many sequences there are.
  M normed = room.matrix(d_model, items), read = room.matrix(d_model, items), rows = room.matrix(items, d_model);
  F* scale = room.numbers(items);
  M item_qkv[3] = {room.matrix(items, width[0]), room.matrix(items, width[0]), room.matrix(items, width[0])};

  bool layer_1() const { return !clamped.perfect_layer_1; }
  Attention<F> attention(int layer, int64_t batch, const int64_t* match) const {
    static constexpr bool none[64] = {};
    const bool last = layer == 1;
    const int64_t* from = last ? source.data() : in_place.data();
    return {heads[layer], d_head, last ? 1 : tokens, tokens, batch, rotary, clamped.pattern_of[layer], clamped.strength[layer], last ? clamped.copies : none, match, from, !(last && clamped.copying)};
  }
  static M weight(F* at, int64_t rows, int64_t columns) { return {at, rows, columns}; }

  void embed() {
    for (int64_t t = 0; t < tokens; ++t) {
      in_place[t] = t;
      // PerfectLayer1: each label token is read, by queries and keys, as carrying its exemplar.
      source[t] = clamped.perfect_layer_1 && t && t < tokens - 1 ? t - 1 : t;
    }
    multiply(features.t(), weight(first.at[W_EXEMPLAR], features.rows, d_model), M{rows.at, exemplars, d_model});
    for (int64_t i = 0; i < exemplars; ++i)
      for (int64_t d = 0; d < d_model; ++d) rows[i][d] += first.at[B_EXEMPLAR][d];
    std::copy_n(first.at[W_LABEL], labels * d_model, rows[exemplars]);
    if (!layer_1()) return;
    const M embedded = room.matrix(d_model, items);
    transposed<F>(items, d_model, [&](int64_t i, int64_t d, int64_t n) { return load(rows[i] + d, n); },
                  [&](int64_t d, int64_t i, const Lanes<F>& row, int64_t n) { store(embedded[d] + i, row, n); });
    layer_norm<F>(embedded, first.of(0, LN_W), first.of(0, LN_B), LAYER_NORM_EPS, read, normed, scale);
    const bool keys = attention(0, 0, nullptr).reads_keys();
    for (int i = keys ? 0 : 2; i < 3; ++i) multiply(read.t(), weight(first.of(0, W_Q + i), d_model, width[0]), item_qkv[i]);
  }

  // Some sequences: column (t, b) of what is looked up is item token[t, b]. Writes logits (label x batch); with a
  // gradient, to which zeros are given, also the mean loss over the sequences.
  F pass(const int64_t* exemplar, const int64_t* label, const int64_t* match, int64_t batch, M logits, Network<F>* to = nullptr) {
    const size_t before = room.next;
    const int64_t n = tokens * batch;
    std::vector<int64_t> token(n);
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t b = 0; b < batch; ++b) {
        const bool is_label = t % 2;
        const int64_t item = is_label ? label[b * pairs + t / 2] : exemplar[b * (pairs + 1) + t / 2], known = is_label ? labels : exemplars;
        TORCH_CHECK_INDEX(0 <= item && item < known, is_label ? "label" : "exemplar", ": expected a number below ", known, ", got ", item);
        token[t * batch + b] = is_label * exemplars + item;
      }
    M stream = room.matrix(d_model, n), qkv[3] = {room.matrix(width[0], n), room.matrix(width[0], n), room.matrix(width[0], n)};
    M z = room.matrix(width[0], n), pattern = room.matrix(heads[0] * tokens, n), nothing{nullptr, 0, 0};
    const Attention<F> one = attention(0, batch, match), two = attention(1, batch, match);
    look_up(rows, token.data(), stream);
    if (layer_1()) {
      for (int i = one.reads_keys() ? 0 : 2; i < 3; ++i) look_up(item_qkv[i], token.data(), qkv[i]);
      one.forward(qkv[0], qkv[1], qkv[2], pattern, z, nothing);
      multiply(weight(first.of(0, W_O), width[0], d_model).t(), z, stream, true);
    }

    M read_2 = room.matrix(d_model, n), normed_2 = room.matrix(d_model, n), query = read_2.last(batch);
    F* scale_2 = room.numbers(n);
    layer_norm<F>(stream, net.of(1, LN_W), net.of(1, LN_B), LAYER_NORM_EPS, read_2, normed_2, scale_2);
    M q = room.matrix(width[1], batch), k = room.matrix(width[1], n), v = room.matrix(width[1], n);
    auto qkv_weight = [&](int which) { return weight(net.of(1, which), d_model, width[1]); };
    if (two.reads_keys()) multiply(qkv_weight(W_Q).t(), query, q), multiply(qkv_weight(W_K).t(), read_2, k);
    if (two.mixes) multiply(qkv_weight(W_V).t(), read_2, v);
    M pattern_2 = room.matrix(heads[1], n), z_2 = room.matrix(width[1], batch), copied = room.matrix(pairs, batch);
    two.forward(q, k, v, pattern_2, z_2, copied);

    M final = room.matrix(d_model, batch), normed_3 = room.matrix(d_model, batch), read_3 = room.matrix(d_model, batch);
    F* scale_3 = room.numbers(batch);
    if (clamped.copying) {
      for (int64_t l = 0; l < labels; ++l) std::fill(logits[l], logits[l] + batch, F(NO_LOGIT));
      for (int64_t p = 0; p < pairs; ++p)
        for (int64_t b = 0; b < batch; ++b) logits[label[b * pairs + p]][b] = copied[p][b];
    } else {
      for (int64_t d = 0; d < d_model; ++d) std::copy_n(stream[d] + n - batch, batch, final[d]);
      multiply(weight(net.of(1, W_O), width[1], d_model).t(), z_2, final, true);
      layer_norm<F>(final, net.at[LN_FINAL_W], net.at[LN_FINAL_B], LAYER_NORM_EPS, read_3, normed_3, scale_3);
      multiply(weight(net.at[W_U], d_model, labels).t(), read_3, logits);
      for (int64_t l = 0; l < labels; ++l)
        for (int64_t b = 0; b < batch; ++b) logits[l][b] += net.at[B_U][l];
    }
    F loss = 0;
    if (to) {
      const M to_logits = room.matrix(labels, batch);
      for (int64_t b = 0; b < batch; ++b) {
        F most = logits[0][b], sum = 0;
        for (int64_t l = 1; l < labels; ++l) most = std::max(most, logits[l][b]);
        for (int64_t l = 0; l < labels; ++l) sum += to_logits[l][b] = std::exp(logits[l][b] - most);
        const int64_t target = label[b * pairs + match[b]];
        loss += (std::log(sum) + most - logits[target][b]) / batch;
        for (int64_t l = 0; l < labels; ++l) to_logits[l][b] = (to_logits[l][b] / sum - (l == target)) / batch;
      }

      const M to_stream = room.zeros(d_model, n), to_z2 = room.matrix(width[1], batch), to_copied = room.matrix(pairs, batch);
      if (clamped.copying) {
        for (int64_t p = 0; p < pairs; ++p)
          for (int64_t b = 0; b < batch; ++b) to_copied[p][b] = to_logits[label[b * pairs + p]][b];
      } else {
        multiply(read_3, to_logits.t(), weight(to->at[W_U], d_model, labels));
        for (int64_t l = 0; l < labels; ++l)
          for (int64_t b = 0; b < batch; ++b) to->at[B_U][l] += to_logits[l][b];
        const M to_final = room.matrix(d_model, batch);
        multiply(weight(net.at[W_U], d_model, labels), to_logits, to_final);
        layer_norm_backward<F>(to_final, normed_3, scale_3, net.at[LN_FINAL_W], to->at[LN_FINAL_W], to->at[LN_FINAL_B]);
        multiply(z_2, to_final.t(), weight(to->of(1, W_O), width[1], d_model));
        multiply(weight(net.of(1, W_O), width[1], d_model), to_final, to_z2);
        for (int64_t d = 0; d < d_model; ++d) std::copy_n(to_final[d], batch, to_stream[d] + n - batch);
      }
      const M to_q = room.zeros(width[1], batch), to_k = room.zeros(width[1], n), to_v = room.matrix(width[1], n), to_read = room.zeros(d_model, n);
      two.backward(q, k, v, pattern_2, to_z2, to_copied, to_q, to_k, to_v);
      auto through = [&](int which, M input, M gradient, M to_input) {
        multiply(input, gradient.t(), weight(to->of(1, which), d_model, width[1]));
        multiply(qkv_weight(which), gradient, to_input, true);
      };
      if (two.reads_keys()) through(W_Q, query, to_q, to_read.last(batch)), through(W_K, read_2, to_k, to_read);
      if (two.mixes) through(W_V, read_2, to_v, to_read);
      layer_norm_backward<F>(to_read, normed_2, scale_2, net.of(1, LN_W), to->of(1, LN_W), to->of(1, LN_B));
      for (int64_t i = 0; i < d_model * n; ++i) to_stream.at[i] += to_read.at[i];
      if (!grafted) backward_layer_1(*to, one, token.data(), qkv, pattern, z, to_stream);
    }
    room.next = before;
    return loss;
  }

  void backward_layer_1(Network<F>& to, const Attention<F>& one, const int64_t* token, M* qkv, M pattern, M z, M to_stream) {
    const int64_t n = to_stream.columns;
    const M to_rows = room.zeros(items, d_model), to_embedded = room.zeros(d_model, items);
    if (layer_1()) {
      const M to_z = room.matrix(width[0], n), nothing{nullptr, 0, 0};
      multiply(z, to_stream.t(), weight(to.of(0, W_O), width[0], d_model));
      multiply(weight(net.of(0, W_O), width[0], d_model), to_stream, to_z);
      const M to_qkv[3] = {room.zeros(width[0], n), room.zeros(width[0], n), room.matrix(width[0], n)};
      one.backward(qkv[0], qkv[1], qkv[2], pattern, to_z, nothing, to_qkv[0], to_qkv[1], to_qkv[2]);
      for (int i = one.reads_keys() ? 0 : 2; i < 3; ++i) {
        const M to_items = room.zeros(items, width[0]);
        look_up_backward(to_items, token, to_qkv[i]);
        multiply(read, to_items, weight(to.of(0, W_Q + i), d_model, width[0]));
        multiply(weight(net.of(0, W_Q + i), d_model, width[0]), to_items.t(), to_embedded, true);
      }
      layer_norm_backward<F>(to_embedded, normed, scale, net.of(0, LN_W), to.of(0, LN_W), to.of(0, LN_B));
    }
    look_up_backward(to_rows, token, to_stream);
    transposed<F>(items, d_model, [&](int64_t i, int64_t d, int64_t wide) { return load(to_rows[i] + d, wide); },
                  [&](int64_t d, int64_t i, const Lanes<F>& row, int64_t high) {
                    F* here = to_embedded[d] + i;
                    store(here, load(here, high) + row, high);
                  });
    multiply(features, M{to_embedded.at, d_model, exemplars, items, 1}.t(), weight(to.at[W_EXEMPLAR], features.rows, d_model));
    for (int64_t d = 0; d < d_model; ++d) {
      for (int64_t i = 0; i < exemplars; ++i) to.at[B_EXEMPLAR][d] += to_embedded[d][i];
      for (int64_t i = 0; i < labels; ++i) to.at[W_LABEL][i * d_model + d] = to_embedded[d][exemplars + i];
    }
  }
};

}  // namespace
