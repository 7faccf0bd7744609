// One network of two layers (section 3, appendix A) under the paper's clamps: logits, loss and the gradients of all
// parameters. Activations are matrices with a column for each token of each sequence, `d_model x (token, sequence)`.
// LAYER_NORM_EPS and NO_LOGIT are told by who compiles it. Numbers are expected to be those of exemplars, labels and
// pairs that are there: who calls has checked them.
#pragma once
#include <numeric>

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

// Some sequences of a run, `size` x pairs: the exemplars, the query's last; the labels; and the pair whose class the
// query has.
struct Sequences {
  const int64_t *exemplar, *label, *match;
  int64_t size;
};

// Memory for the matrices of one run, used again by the next.
template <typename F>
struct Room {
  std::vector<Memory<F>> taken;
  size_t next = 0;

  F* numbers(int64_t n) {
    if (next == taken.size()) taken.emplace_back();
    return taken[next++].numbers(n);
  }
  Matrix<F> matrix(int64_t rows, int64_t columns) { return {numbers(rows * columns), rows, columns}; }
  Matrix<F> zeros(int64_t rows, int64_t columns) {
    const Matrix<F> m = matrix(rows, columns);
    std::fill(m.at, m.at + rows * columns, F(0));
    return m;
  }
  Normed<F> normed(int64_t rows, int64_t columns) {
    return {matrix(rows, columns), matrix(rows, columns), numbers(columns)};
  }
};

// a / b, by b's reciprocal: the same to the bit, and soon done where a multiply-add has one rounding.
template <typename F>
inline F divided(F a, F b, F reciprocal) {
#if defined(__FMA__) || defined(__aarch64__)
  F quotient = a * reciprocal;
  for (int i = 0; i < 2; ++i) quotient = std::fma(std::fma(-quotient, b, a), reciprocal, quotient);
  return quotient;
#else
  return a / b;
#endif
}

// Adam (section 2.2) on n numbers: rate and root carry the corrections of the two averages, as optimiser.Adam has them.
template <typename F>
struct Adam {
  F rate, root, beta_1, beta_2, eps;

  void operator()(F* p, F* mean, F* square, const F* gradient, int64_t n) const {
    const F reciprocal = 1 / root;
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      mean[j] = beta_1 * mean[j] + (1 - beta_1) * gradient[j];
      square[j] = beta_2 * square[j] + (1 - beta_2) * gradient[j] * gradient[j];
      p[j] -= rate * mean[j] / (divided(std::sqrt(square[j]), root, reciprocal) + eps);
    }
  }
};

// The numbers below n.
inline std::vector<int64_t> counted(int64_t n) {
  std::vector<int64_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

constexpr int64_t FEATURES_AT_ONCE = 48;  // whose gradient stays in the first cache

// What a pass over some sequences computed, as its gradient reads it.
template <typename F>
struct Activations {
  std::vector<int64_t> token;  // the item at each column
  Matrix<F> stream;            // after Layer 1
  Sites<F> layer_1, layer_2;
  Normed<F> read_2, read_final;  // what Layer 2 and the unembedding read
};

// The pairs that sequences begin with, each once: at their two tokens, all that is computed is theirs alone.
template <typename F>
struct Beginnings {
  int64_t tokens = 0;           // none where nothing was computed ahead
  std::vector<int64_t> number;  // of (exemplar, label)
  Matrix<F> k, v;               // what Layer 2 reads, (token, beginning) x (head d_head)
};

// One network of two layers: model.forward, the loss, and the gradients of all parameters. First `embed`, then
// `forward` and `backward` as often as there are sequences.
template <typename F>
struct Run {
  using M = Matrix<F>;
  Network<F> net, first;  // `first` has the embedding and Layer 1: net's own, or grafted ones, which do not learn
  bool grafted;
  Clamped<F> clamped;
  M features;  // feature x exemplar; those of an exemplar are contiguous
  int64_t labels, heads[2], d_model, d_head, pairs;
  Rotary<F> rotary;
  Room<F>& room;

  int64_t exemplars = features.columns, items = exemplars + labels, tokens = 2 * pairs + 1;
  int64_t width[2] = {heads[0] * d_head, heads[1] * d_head};
  std::vector<int64_t> in_place = counted(tokens), source = in_place;
  // Items, exemplars first, then labels: what is computed once, however many sequences there are.
  M rows = room.matrix(items, d_model);
  Normed<F> read = room.normed(d_model, items);
  M item_qkv[3] = {room.matrix(items, width[0]), room.matrix(items, width[0]), room.matrix(items, width[0])};
  std::vector<int64_t> used = counted(exemplars);  // exemplars that are embedded; the rows of others are zeros
  M of_used;                                       // their features, exemplar x feature
  M to_rows;                                       // the gradient of `rows`, from which that of W_exemplar follows
  Beginnings<F> begun;
  bool watched = false;  // patterns are computed even where nothing reads them

  static M weight(F* at, int64_t rows, int64_t columns) { return {at, rows, columns}; }
  M weight_2(int which) const { return weight(net.of(1, which), d_model, width[1]); }  // W_Q, W_K or W_V
  bool layer_1() const { return !clamped.perfect_layer_1; }

  Attention<F> attention(int layer, int64_t batch, const int64_t* match) const {
    static constexpr bool none[64] = {};
    const bool last = layer == 1;
    return {heads[layer],
            d_head,
            last ? 1 : tokens - begun.tokens,
            tokens,
            batch,
            rotary,
            clamped.pattern_of[layer],
            clamped.strength[layer],
            last ? clamped.copies : none,
            match,
            last ? source.data() : in_place.data(),
            watched || !(last && clamped.copying)};
  }

  void embed() {
    // PerfectLayer1: each label token is read, by queries and keys, as carrying its exemplar.
    for (int64_t t = 1; t < tokens - 1; ++t) source[t] = clamped.perfect_layer_1 ? t - 1 : t;
    embed_exemplars();
    std::copy_n(first.at[W_LABEL], labels * d_model, rows[exemplars]);
    if (!layer_1()) return;
    const M embedded = room.matrix(d_model, items);
    transposed<F>(
        items, d_model, [&](int64_t i, int64_t d, int64_t n) { return load(rows[i] + d, n); },
        [&](int64_t d, int64_t i, const Lanes<F>& row, int64_t n) { store(embedded[d] + i, row, n); });
    layer_norm<F>(embedded, first.of(0, LN_W), first.of(0, LN_B), LAYER_NORM_EPS, read);
    const bool keys = attention(0, 0, nullptr).reads_keys();
    for (int i = keys ? 0 : 2; i < 3; ++i)
      multiply(read.out.t(), weight(first.of(0, W_Q + i), d_model, width[0]), item_qkv[i]);
  }

  void embed_exemplars() {
    of_used = int64_t(used.size()) == exemplars ? features.t() : rows_of(features.t(), used);
    const M embedded = room.matrix(used.size(), d_model);
    multiply(of_used, weight(first.at[W_EXEMPLAR], features.rows, d_model), embedded);
    std::fill(rows.at, rows[exemplars], F(0));
    for (size_t i = 0; i < used.size(); ++i)
      for (int64_t d = 0; d < d_model; ++d) rows[used[i]][d] = embedded[i][d] + first.at[B_EXEMPLAR][d];
  }

  // These rows of a matrix, whose rows are contiguous, one after the other.
  M rows_of(M table, const std::vector<int64_t>& which) const {
    const M to = room.matrix(which.size(), table.columns);
    for (size_t i = 0; i < which.size(); ++i) std::copy_n(table[which[i]], table.columns, to[i]);
    return to;
  }

  // Writes the logits, label x sequence. What it returns lies in `room`.
  Activations<F> forward(const Sequences& of, M logits) {
    Activations<F> at;
    at.token = tokens_of(of);
    at.stream = room.matrix(d_model, (tokens - begun.tokens) * of.size);
    look_up(rows, at.token.data() + begun.tokens * of.size, at.stream);
    if (layer_1()) forward_layer_1(attention(0, of.size, of.match), at);
    forward_layer_2(of, at);
    if (clamped.copying)
      copy(of, at.layer_2.copied, logits);
    else
      unembed(of, at, logits);
    return at;
  }

  // One step on the mean loss over the sequences, which it gives, nats; `size`: of each parameter.
  F step(const Sequences& of, const Adam<F>& adam, const Network<F>& mean, const Network<F>& square,
         const int64_t* size) {
    Network<F> to;
    for (int i = W_EXEMPLAR + 1; i < PARAMETERS; ++i) to.at[i] = room.zeros(1, size[i]).at;
    use(of);
    embed();
    const M logits = room.matrix(labels, of.size);
    const F loss = backward(of, forward(of, logits), logits, to);
    for (int i = grafted ? BLOCKS + A_BLOCK : W_EXEMPLAR + 1; i < PARAMETERS; ++i)
      adam(net.at[i], mean.at[i], square.at[i], to.at[i], size[i]);
    if (!grafted) learn_exemplars(adam, mean.at[W_EXEMPLAR], square.at[W_EXEMPLAR]);
    return loss;
  }

  // Embeds no exemplars from here on but those of these sequences.
  void use(const Sequences& of) {
    used.assign(of.exemplar, of.exemplar + of.size * (pairs + 1));
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
  }

  // The largest gradient is not held whole: some rows at a time go to Adam while they are in the cache.
  void learn_exemplars(const Adam<F>& adam, F* mean, F* square) {
    const M to_used = rows_of(to_rows, used), some = room.matrix(FEATURES_AT_ONCE, d_model);
    for (int64_t f = 0; f < features.rows; f += FEATURES_AT_ONCE) {
      const int64_t here = std::min(FEATURES_AT_ONCE, features.rows - f), first = f * d_model;
      multiply(of_used.t().below(f, here), to_used, M{some.at, here, d_model});
      adam(net.at[W_EXEMPLAR] + first, mean + first, square + first, some.at, here * d_model);
    }
  }

  // The mean loss over the sequences, nats; its gradients go to `to`, to which zeros are given, but for W_exemplar's.
  F backward(const Sequences& of, const Activations<F>& at, M logits, Network<F>& to) {
    const int64_t n = tokens * of.size;
    const M to_logits = room.matrix(labels, of.size), to_stream = room.zeros(d_model, n);
    const F loss = cross_entropy(of, logits, to_logits);
    Sites<F> to_2;
    to_2.z = room.matrix(width[1], of.size);
    to_2.copied = room.matrix(pairs, of.size);
    if (clamped.copying) {
      for (int64_t p = 0; p < pairs; ++p)
        for (int64_t b = 0; b < of.size; ++b) to_2.copied[p][b] = to_logits[of.label[b * pairs + p]][b];
    } else {
      unembed_backward(of, at, to_logits, to, to_2.z, to_stream);
    }
    backward_layer_2(of, at, to, to_2, to_stream);
    if (!grafted) backward_layer_1(of, at, to, to_stream);
    return loss;
  }

  // Column (t, b) is token t of sequence b: an exemplar or a label, as an item.
  std::vector<int64_t> tokens_of(const Sequences& of) const {
    std::vector<int64_t> token(tokens * of.size);
    for (int64_t b = 0; b < of.size; ++b) {
      for (int64_t p = 0; p <= pairs; ++p) token[2 * p * of.size + b] = of.exemplar[b * (pairs + 1) + p];
      for (int64_t p = 0; p < pairs; ++p) token[(2 * p + 1) * of.size + b] = exemplars + of.label[b * pairs + p];
    }
    return token;
  }

  // Computes what these sequences begin with; from here on, `forward` computes the tokens after it alone.
  void begin(const Sequences& of) {
    std::vector<int64_t> exemplar, label;
    begun.number.assign(exemplars * labels, -1);
    for (int64_t b = 0; b < of.size; ++b) {
      int64_t& number = begun.number[pair_of(of, b)];
      if (number >= 0) continue;
      number = exemplar.size();
      exemplar.push_back(of.exemplar[b * (pairs + 1)]);
      label.push_back(exemplars + of.label[b * pairs]);
    }
    Activations<F> at;
    at.token = exemplar;
    at.token.insert(at.token.end(), label.begin(), label.end());
    at.stream = room.matrix(d_model, at.token.size());
    look_up(rows, at.token.data(), at.stream);
    if (layer_1()) {
      Attention<F> attend = attention(0, exemplar.size(), nullptr);
      attend.queries = attend.tokens = attend.rotary.end = 2;
      forward_layer_1(attend, at);
    }
    const Normed<F> read = read_by_layer_2(at.stream);
    for (auto [which, to] : {std::pair(W_K, &begun.k), {W_V, &begun.v}})
      multiply(read.out.t(), weight_2(which), *to = room.matrix(at.token.size(), width[1]));
    begun.tokens = 2;
  }

  // The place of a sequence's first exemplar and label in `begun.number`.
  int64_t pair_of(const Sequences& of, int64_t b) const {
    return of.exemplar[b * (pairs + 1)] * labels + of.label[b * pairs];
  }

  // Tokens that `attend` has no queries at are those that were computed ahead.
  void forward_layer_1(const Attention<F>& attend, Activations<F>& at) {
    const int64_t n = attend.tokens * attend.batch, later = attend.queries * attend.batch;
    const int64_t* token = at.token.data();
    const M q = room.matrix(width[0], later), k = room.matrix(width[0], n), v = room.matrix(width[0], n);
    if (attend.reads_keys()) {
      look_up(item_qkv[0], token + n - later, q);
      look_up(item_qkv[1], token, k);
    }
    look_up(item_qkv[2], token, v);
    at.layer_1 = {q, k, v, room.matrix(heads[0] * attend.queries, n), room.matrix(width[0], later), {}};
    attend.forward(at.layer_1);
    multiply(weight(first.of(0, W_O), width[0], d_model).t(), at.layer_1.z, at.stream, true);
  }

  // Layer 2 at the query alone.
  void forward_layer_2(const Sequences& of, Activations<F>& at) {
    at.read_2 = read_by_layer_2(at.stream);
    at.layer_2 = project(at.read_2.out, of.size);
    if (begun.tokens) read_beginnings(of, at.layer_2);
    attention(1, of.size, of.match).forward(at.layer_2);
  }

  Normed<F> read_by_layer_2(M stream) const {
    const Normed<F> to = room.normed(d_model, stream.columns);
    layer_norm<F>(stream, net.of(1, LN_W), net.of(1, LN_B), LAYER_NORM_EPS, to);
    return to;
  }

  void read_beginnings(const Sequences& of, const Sites<F>& to) const {
    const int64_t n = begun.tokens * of.size;
    std::vector<int64_t> row(n);
    for (int64_t b = 0; b < of.size; ++b) {
      row[b] = begun.number[pair_of(of, b)];
      row[of.size + b] = row[b] + begun.k.rows / begun.tokens;
    }
    look_up(begun.k, row.data(), to.k.from(0, n));
    look_up(begun.v, row.data(), to.v.from(0, n));
  }

  // What Layer 2 reads, as its queries and keys, for patterns, and as its values; those of beginnings are left out.
  Sites<F> project(M read, int64_t batch, bool patterns = true, bool values = true) {
    const Attention<F> attend = attention(1, batch, nullptr);
    const int64_t n = tokens * batch;
    const Sites<F> to = {room.matrix(width[1], batch), room.matrix(width[1], n),     room.matrix(width[1], n),
                         room.matrix(heads[1], n),     room.matrix(width[1], batch), room.matrix(pairs, batch)};
    if (patterns && attend.reads_keys()) {
      multiply(weight_2(W_Q).t(), read.last(batch), to.q);
      multiply(weight_2(W_K).t(), read, to.k.last(read.columns));
    }
    if (values && attend.mixes) multiply(weight_2(W_V).t(), read, to.v.last(read.columns));
    return to;
  }

  // PerfectCopy: the scores of the label tokens are the logits of those labels.
  void copy(const Sequences& of, M copied, M logits) const {
    for (int64_t l = 0; l < labels; ++l) std::fill(logits[l], logits[l] + of.size, F(NO_LOGIT));
    for (int64_t p = 0; p < pairs; ++p)
      for (int64_t b = 0; b < of.size; ++b) logits[of.label[b * pairs + p]][b] = copied[p][b];
  }

  void unembed(const Sequences& of, Activations<F>& at, M logits) {
    const M final = room.matrix(d_model, of.size);
    at.read_final = room.normed(d_model, of.size);
    for (int64_t d = 0; d < d_model; ++d) std::copy_n(at.stream.last(of.size)[d], of.size, final[d]);
    multiply(weight(net.of(1, W_O), width[1], d_model).t(), at.layer_2.z, final, true);
    read_out(final, at.read_final, logits);
  }

  // From the stream at the query.
  void read_out(M final, const Normed<F>& read, M logits) const {
    layer_norm<F>(final, net.at[LN_FINAL_W], net.at[LN_FINAL_B], LAYER_NORM_EPS, read);
    multiply(weight(net.at[W_U], d_model, labels).t(), read.out, logits);
    for (int64_t l = 0; l < labels; ++l)
      for (int64_t b = 0; b < final.columns; ++b) logits[l][b] += net.at[B_U][l];
  }

  F cross_entropy(const Sequences& of, M logits, M to_logits) const {
    F loss = 0;
    for (int64_t b = 0; b < of.size; ++b) {
      F most = logits[0][b], sum = 0;
      for (int64_t l = 1; l < labels; ++l) most = std::max(most, logits[l][b]);
      for (int64_t l = 0; l < labels; ++l) {
        to_logits[l][b] = std::exp(logits[l][b] - most);
        sum += to_logits[l][b];
      }
      const int64_t target = of.label[b * pairs + of.match[b]];
      loss += (std::log(sum) + most - logits[target][b]) / of.size;
      for (int64_t l = 0; l < labels; ++l) to_logits[l][b] = (to_logits[l][b] / sum - (l == target)) / of.size;
    }
    return loss;
  }

  void unembed_backward(const Sequences& of, const Activations<F>& at, M to_logits, Network<F>& to, M to_z,
                        M to_stream) {
    multiply(at.read_final.out, to_logits.t(), weight(to.at[W_U], d_model, labels));
    for (int64_t l = 0; l < labels; ++l)
      for (int64_t b = 0; b < of.size; ++b) to.at[B_U][l] += to_logits[l][b];
    const M to_final = room.matrix(d_model, of.size);
    multiply(weight(net.at[W_U], d_model, labels), to_logits, to_final);
    layer_norm_backward<F>(to_final, at.read_final, net.at[LN_FINAL_W], to.at[LN_FINAL_W], to.at[LN_FINAL_B]);
    multiply(at.layer_2.z, to_final.t(), weight(to.of(1, W_O), width[1], d_model));
    multiply(weight(net.of(1, W_O), width[1], d_model), to_final, to_z);
    for (int64_t d = 0; d < d_model; ++d) std::copy_n(to_final[d], of.size, to_stream.last(of.size)[d]);
  }

  // Gradients of z and copied are given.
  void backward_layer_2(const Sequences& of, const Activations<F>& at, Network<F>& to, Sites<F> to_2, M to_stream) {
    const int64_t n = tokens * of.size;
    const Attention<F> attend = attention(1, of.size, of.match);
    to_2.q = room.zeros(width[1], of.size);
    to_2.k = room.zeros(width[1], n);
    to_2.v = room.matrix(width[1], n);
    attend.backward(at.layer_2, to_2);
    const M to_read = room.zeros(d_model, n);
    auto through = [&](int which, M input, M gradient, M to_input) {
      multiply(input, gradient.t(), weight(to.of(1, which), d_model, width[1]));
      multiply(weight_2(which), gradient, to_input, true);
    };
    if (attend.reads_keys()) {
      through(W_Q, at.read_2.out.last(of.size), to_2.q, to_read.last(of.size));
      through(W_K, at.read_2.out, to_2.k, to_read);
    }
    if (attend.mixes) through(W_V, at.read_2.out, to_2.v, to_read);
    layer_norm_backward<F>(to_read, at.read_2, net.of(1, LN_W), to.of(1, LN_W), to.of(1, LN_B));
    for (int64_t i = 0; i < d_model * n; ++i) to_stream.at[i] += to_read.at[i];
  }

  // Layer 1 and the embedding.
  void backward_layer_1(const Sequences& of, const Activations<F>& at, Network<F>& to, M to_stream) {
    const int64_t* token = at.token.data();
    to_rows = room.zeros(items, d_model);
    const M to_embedded = room.zeros(d_model, items);
    if (layer_1()) {
      const Attention<F> attend = attention(0, of.size, of.match);
      const int64_t n = to_stream.columns;
      const M to_z = room.matrix(width[0], n);
      multiply(at.layer_1.z, to_stream.t(), weight(to.of(0, W_O), width[0], d_model));
      multiply(weight(net.of(0, W_O), width[0], d_model), to_stream, to_z);
      const M to_qkv[3] = {room.zeros(width[0], n), room.zeros(width[0], n), room.matrix(width[0], n)};
      attend.backward(at.layer_1, {to_qkv[0], to_qkv[1], to_qkv[2], {}, to_z, {}});
      for (int i = attend.reads_keys() ? 0 : 2; i < 3; ++i) {
        const M to_items = room.zeros(items, width[0]);
        look_up_backward(to_items, token, to_qkv[i]);
        multiply(read.out, to_items, weight(to.of(0, W_Q + i), d_model, width[0]));
        multiply(weight(net.of(0, W_Q + i), d_model, width[0]), to_items.t(), to_embedded, true);
      }
      layer_norm_backward<F>(to_embedded, read, net.of(0, LN_W), to.of(0, LN_W), to.of(0, LN_B));
    }
    look_up_backward(to_rows, token, to_stream);
    transposed<F>(
        d_model, items, [&](int64_t d, int64_t i, int64_t wide) { return load(to_embedded[d] + i, wide); },
        [&](int64_t i, int64_t d, const Lanes<F>& column, int64_t high) {
          F* here = to_rows[i] + d;
          store(here, load(here, high) + column, high);
        });
    for (int64_t i = 0; i < exemplars; ++i)
      for (int64_t d = 0; d < d_model; ++d) to.at[B_EXEMPLAR][d] += to_rows[i][d];
    std::copy_n(to_rows[exemplars], labels * d_model, to.at[W_LABEL]);
  }
};

}  // namespace
