// Attention-only language models of any depth (tokens/model.py): losses, patterns and the gradients of all parameters.
// Matrices have a row for each token of a sequence, or of a few short ones. They go forward and back before the next
// come, so that their activations stay in the cache. Where the stream begins as a table of tokens, Layer 1 reads
// nothing but which token stands where, so that its queries, keys and values are computed once for each token of the
// vocabulary; elsewhere the stream that it reads is given.
#pragma once
#include <array>

#include "network.h"

namespace {
namespace tokens {

// The parameters of a run, or their gradients, in the order of tokens/kernels.py.
enum { W_E, W_U, LN_FINAL_W, LN_FINAL_B, BLOCKS };
enum { LN_W, LN_B, W_POS, W_Q, W_K, W_V, W_O, A_BLOCK };  // of a block
template <typename F>
struct Parameters {
  std::vector<F*> at;
  F* of(int64_t layer, int which) const { return at[BLOCKS + layer * A_BLOCK + which]; }
};

struct Sizes {
  int64_t layers, vocabulary, positions, d_model, heads, d_head;
  int64_t width() const { return heads * d_head; }
};

// Of what attention reads, what each head's queries, keys and values add of the token's own and of the one before:
// `layer (q, k, v) (own, previous) head`. The first token is its own predecessor, or has none.
template <typename F>
struct Mixes {
  F* at = nullptr;
  bool first_is_its_own = true;
  F& of(const Sizes& is, int64_t layer, int letter, int which, int64_t head) const {
    return at[((layer * 3 + letter) * 2 + which) * is.heads + head];
  }
};

template <typename F>
int64_t whole_lanes(int64_t n) {
  return (n + LANES<F> - 1) / LANES<F> * LANES<F>;
}

template <typename F>
F dot(const F* a, const F* b, int64_t n) {
  F sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t d = 0; d < n; ++d) sum += a[d] * b[d];
  return sum;
}
template <typename F>
void add(const F* from, F* to, int64_t n, F times = 1) {
#pragma omp simd
  for (int64_t d = 0; d < n; ++d) to[d] += times * from[d];
}

// The first n of a row become their softmax, the others up to `whole` (of lanes) 0; returns the log of the sum of their
// exponentials.
template <typename F>
F softmax(F* row, int64_t n, int64_t whole) {
  const int64_t used = whole_lanes<F>(n);
  std::fill(row + n, row + used, -std::numeric_limits<F>::infinity());
  std::fill(row + used, row + whole, F(0));
  Lanes<F> most = load(row, LANES<F>), sums = {};
  for (int64_t j = LANES<F>; j < used; j += LANES<F>) {
    const Lanes<F> here = load(row + j, LANES<F>);
    most = here > most ? here : most;
  }
  F top = most[0], sum = 0;
  for (int l = 1; l < LANES<F>; ++l) top = std::max(top, F(most[l]));
  for (int64_t j = 0; j < used; j += LANES<F>) {
    const Lanes<F> here = exp<F>(load(row + j, LANES<F>) - top);
    sums += here;
    store(row + j, here, LANES<F>);
  }
  for (int l = 0; l < LANES<F>; ++l) sum += sums[l];
  for (int64_t j = 0; j < used; j += LANES<F>) store(row + j, load(row + j, LANES<F>) * (1 / sum), LANES<F>);
  return top + std::log(sum);
}

// Each row to mean 0 and variance 1 in `normed`, and that times weight plus bias in `to`.
template <typename F>
void normalise_rows(Matrix<F> x, const F* weight, const F* bias, Matrix<F> normed, F* scale, Matrix<F> to) {
  for (int64_t t = 0; t < x.rows; ++t) {
    const F* from = x[t];
    F sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < x.columns; ++d) sum += from[d];
    const F mean = sum / x.columns;
#pragma omp simd reduction(+ : squares)
    for (int64_t d = 0; d < x.columns; ++d) squares += (from[d] - mean) * (from[d] - mean);
    const F by = scale[t] = 1 / std::sqrt(squares / x.columns + F(LAYER_NORM_EPS));
    F *here = normed[t], *out = to[t];
#pragma omp simd
    for (int64_t d = 0; d < x.columns; ++d) {
      here[d] = (from[d] - mean) * by;
      out[d] = here[d] * weight[d] + bias[d];
    }
  }
}
// `gradient`, that of what the rows became, becomes that of the rows; those of weight and bias are added to.
template <typename F>
void normalise_rows_backward(Matrix<F> gradient, Matrix<F> normed, const F* scale, const F* weight, F* to_weight,
                             F* to_bias) {
  for (int64_t t = 0; t < gradient.rows; ++t) {
    F* g = gradient[t];
    const F* here = normed[t];
    F mean = 0, along = 0;
#pragma omp simd reduction(+ : mean, along)
    for (int64_t d = 0; d < gradient.columns; ++d) {
      to_weight[d] += g[d] * here[d];
      to_bias[d] += g[d];
      g[d] *= weight[d];
      mean += g[d];
      along += g[d] * here[d];
    }
    mean /= gradient.columns, along /= gradient.columns;
    const F by = scale[t];
#pragma omp simd
    for (int64_t d = 0; d < gradient.columns; ++d) g[d] = (g[d] - mean - here[d] * along) * by;
  }
}

template <typename F>
void transpose_into(Matrix<F> from, Matrix<F> to, F times = 1) {
  transposed<F>(
      from.rows, from.columns, [&](int64_t i, int64_t d, int64_t wide) { return load(from[i] + d, wide) * times; },
      [&](int64_t d, int64_t i, const Lanes<F>& row, int64_t high) { store(to[d] + i, row, high); });
}

// Rows and columns of a matrix from some on.
template <typename F>
Matrix<F> part(Matrix<F> m, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  return {m.at + i * m.row + j * m.column, rows, columns, m.row, m.column};
}

// Causal attention of one head over one sequence. q, k, v, z are token x d_head, and `pattern` is query x key.
template <typename F>
struct Head {
  int64_t tokens, d_head;
  Matrix<F> columns, to_pattern;  // room for d_head x token and query x key
  static constexpr int64_t WIDTH = PANEL * LANES<F>;

  F scale() const { return 1 / std::sqrt(F(d_head)); }
  // Where the keys end that `each_with_each` writes for a query: at the end of a panel. Beyond, all stays 0.
  int64_t end(int64_t query) const { return (query / WIDTH + 1) * WIDTH; }
  // to[i, j] = a_i b_j for the keys j up to i, and for the others of their panel.
  void each_with_each(Matrix<F> a, Matrix<F> b, Matrix<F> to, F times) const {
    transpose_into(b, columns, times);
    for (int64_t j = 0; j < tokens; j += WIDTH) {
      const int64_t queries = tokens - j, keys = std::min(WIDTH, queries);
      multiply(part(a, j, 0, queries, d_head), part(columns, 0, j, d_head, keys), part(to, j, j, queries, keys));
    }
  }
  // Row i of `to` is the sum over keys j up to i of weight[i, j] x_j.
  void gather(Matrix<F> weight, Matrix<F> x, Matrix<F> to) const {
    for (int64_t i = 0; i < tokens; i += ROWS) {
      const int64_t queries = std::min<int64_t>(ROWS, tokens - i), keys = i + queries;
      multiply(part(weight, i, 0, queries, keys), part(x, 0, 0, keys, d_head), part(to, i, 0, queries, d_head));
    }
  }
  // Row j of `to` is the sum over queries i from j on of weight[i, j] x_i.
  void scatter(Matrix<F> weight, Matrix<F> x, Matrix<F> to) const {
    for (int64_t j = 0; j < tokens; j += ROWS) {
      const int64_t keys = std::min<int64_t>(ROWS, tokens - j), queries = tokens - j;
      multiply(part(weight, j, j, queries, keys).t(), part(x, j, 0, queries, d_head), part(to, j, 0, keys, d_head));
    }
  }
  void forward(Matrix<F> q, Matrix<F> k, Matrix<F> v, Matrix<F> pattern, Matrix<F> z) const {
    each_with_each(q, k, pattern, scale());
    for (int64_t i = 0; i < tokens; ++i) softmax(pattern[i], i + 1, end(i));
    gather(pattern, v, z);
  }
  void backward(Matrix<F> q, Matrix<F> k, Matrix<F> v, Matrix<F> pattern, Matrix<F> z, Matrix<F> to_z, Matrix<F> to_q,
                Matrix<F> to_k, Matrix<F> to_v) const {
    scatter(pattern, to_z, to_v);
    each_with_each(to_z, v, to_pattern, 1);
    for (int64_t i = 0; i < tokens; ++i) {
      const F along = dot(z[i], to_z[i], d_head), by = scale();
      F* g = to_pattern[i];
      const F* weight = pattern[i];
#pragma omp simd
      for (int64_t j = 0; j <= i; ++j) g[j] = weight[j] * (g[j] - along) * by;
      std::fill(g + i + 1, g + end(i), F(0));
    }
    gather(to_pattern, k, to_q);
    scatter(to_pattern, q, to_k);
  }
};

constexpr int64_t TOKENS_AT_ONCE = 64;  // of short sequences that go through together

// What one step computes of the parameters alone, and of the sequences that are going through.
template <typename F>
struct Layer {
  using M = Matrix<F>;
  static M none() { return {nullptr, 0, 0}; }
  M qkv = none(), qkv_t = none(), out = none(), out_t = none();  // d_model x 3 width, width x d_model, and turned round
  M placed = none();                                             // token x 3 width: what positions add to q and k
  M to_qkv = none(), to_placed = none();
  M read = none(), normed = none(), projected = none(), mixed = none();  // `mixed` is what attention reads
  M pattern = none(), z = none();                                        // (sequence head query) x key, token x width
  F* scale = nullptr;
};

template <typename F>
struct Run {
  using M = Matrix<F>;
  Sizes is;
  int64_t length;  // tokens of a sequence
  Parameters<F> net, to;
  Mixes<F> mixes, to_mixes;
  bool learns, given;  // whether the stream that layer 1 reads is given; else it is read off W_E
  Room<F>& room;

  int64_t together = std::max<int64_t>(1, TOKENS_AT_ONCE / length);  // sequences that go through at once, at most
  int64_t width = is.width(), keys = (length + Head<F>::WIDTH - 1) / Head<F>::WIDTH * Head<F>::WIDTH;
  std::vector<Layer<F>> layers = std::vector<Layer<F>>(is.layers);
  M unembed = weight(net.at[W_U], is.d_model, is.vocabulary), unembed_t = room.matrix(is.vocabulary, is.d_model);
  M items = weight(net.at[W_E], is.vocabulary, is.d_model);
  M item_read = like(items), item_normed = like(items), item_qkv = room.matrix(is.vocabulary, 3 * width);
  M to_items = room.zeros(is.vocabulary, 3 * width);
  F* item_scale = room.numbers(is.vocabulary);
  M stream = tokens_by(is.d_model), read = tokens_by(is.d_model), normed = tokens_by(is.d_model);
  M logits = wide(together * length, is.vocabulary, whole_lanes<F>(is.vocabulary));
  M to_stream = tokens_by(is.d_model), to_read = tokens_by(is.d_model), to_z = tokens_by(width);
  M to_projected = tokens_by(3 * width);
  F* scale = room.numbers(together * length);
  Head<F> head{length, is.d_head, wide(is.d_head, length, keys), wide(length, length, keys)};

  static M weight(F* at, int64_t rows, int64_t columns) { return {at, rows, columns}; }
  M like(M m) const { return room.matrix(m.rows, m.columns); }
  M tokens_by(int64_t n) const { return room.matrix(together * length, n); }
  M wide(int64_t rows, int64_t columns, int64_t row) const { return {room.zeros(rows, row).at, rows, columns, row, 1}; }
  M turned(M m) const {
    const M t = room.matrix(m.columns, m.rows);
    return transpose_into(m, t), t;
  }
  M of_head(M m, int64_t sequence, int64_t h, int letter = 0) const {
    return part(m, sequence * length, letter * width + h * is.d_head, length, is.d_head);
  }
  M pattern_of(int64_t l, int64_t sequence, int64_t h) const {
    return part(layers[l].pattern, (sequence * is.heads + h) * length, 0, length, length);
  }
  M of(int64_t sequences, M m) const { return part(m, 0, 0, sequences * length, m.columns); }  // their tokens' rows

  // Everything that is the same for all sequences.
  void prepare() {
    if (learns) transpose_into(unembed, unembed_t);
    for (int64_t l = 0; l < is.layers; ++l) {
      Layer<F>& layer = layers[l];
      layer.qkv = room.matrix(is.d_model, 3 * width);
      for_projections(net, l, layer.qkv, [](F& own, F& packed) { packed = own; });
      layer.out = weight(net.of(l, W_O), width, is.d_model);
      layer.placed = room.zeros(length, 3 * width);
      multiply(weight(net.of(l, W_POS), length, is.d_model), part(layer.qkv, 0, 0, is.d_model, 2 * width),
               part(layer.placed, 0, 0, length, 2 * width));
      if (learns) {
        layer.qkv_t = turned(layer.qkv), layer.out_t = turned(layer.out);
        layer.to_placed = room.zeros(length, 3 * width), layer.to_qkv = room.zeros(is.d_model, 3 * width);
      }
      layer.read = tokens_by(is.d_model), layer.normed = tokens_by(is.d_model),
      layer.scale = room.numbers(together * length);
      layer.projected = tokens_by(3 * width), layer.z = tokens_by(width);
      layer.mixed = mixes.at ? tokens_by(3 * width) : layer.projected;
      layer.pattern = wide(together * is.heads * length, length, keys);
    }
    if (given) return;
    normalise_rows(items, net.of(0, LN_W), net.of(0, LN_B), item_normed, item_scale, item_read);
    multiply(item_read, layers[0].qkv, item_qkv);
  }
  // Each number of W_Q, W_K and W_V (head d_model d_head), and where it lies in a matrix d_model x (q k v) (head
  // d_head).
  template <typename Each>
  void for_projections(const Parameters<F>& own, int64_t layer, M packed, const Each& each) const {
    for (int letter = 0; letter < 3; ++letter)
      for (int64_t h = 0; h < is.heads; ++h)
        for (int64_t d = 0; d < is.d_model; ++d)
          for (int64_t e = 0; e < is.d_head; ++e)
            each(own.of(layer, W_Q + letter)[(h * is.d_model + d) * is.d_head + e],
                 packed[d][letter * width + h * is.d_head + e]);
  }

  void mix(int64_t l, int64_t sequence) {
    const M from = layers[l].projected, into = layers[l].mixed;
    for (int letter = 0; letter < 3; ++letter)
      for (int64_t h = 0; h < is.heads; ++h) {
        const M x = of_head(from, sequence, h, letter), y = of_head(into, sequence, h, letter);
        const F own = mixes.of(is, l, letter, 0, h), previous = mixes.of(is, l, letter, 1, h);
        for (int64_t t = 0; t < length; ++t) {
          const F* before = t ? x[t - 1] : x[0];
          const F share = t || mixes.first_is_its_own ? previous : 0;
          for (int64_t e = 0; e < is.d_head; ++e) y[t][e] = own * x[t][e] + share * before[e];
        }
      }
  }
  // `g`, the gradient of what attention reads, becomes that of the projections.
  void mix_backward(int64_t l, int64_t sequence, M g) {
    for (int letter = 0; letter < 3; ++letter)
      for (int64_t h = 0; h < is.heads; ++h) {
        const M x = of_head(layers[l].projected, sequence, h, letter), y = of_head(g, sequence, h, letter);
        const F own = mixes.of(is, l, letter, 0, h), previous = mixes.of(is, l, letter, 1, h);
        F to_own = 0, to_previous = mixes.first_is_its_own ? dot(y[0], x[0], is.d_head) : 0;
        for (int64_t t = 0; t < length; ++t) {
          to_own += dot(y[t], x[t], is.d_head);
          if (t) to_previous += dot(y[t], x[t - 1], is.d_head);
        }
        const F first = mixes.first_is_its_own ? previous : 0;
        for (int64_t t = 0; t < length; ++t) {
          for (int64_t e = 0; e < is.d_head; ++e) y[t][e] *= t ? own : own + first;
          if (t + 1 < length) add(y[t + 1], y[t], is.d_head, previous);
        }
        to_mixes.of(is, l, letter, 0, h) += to_own;
        to_mixes.of(is, l, letter, 1, h) += to_previous;
      }
  }

  // As many sequences as `together`, or fewer, one after the other; and the stream they begin with, token x d_model,
  // where that is given. The loss of token t (nats) is written at t, 0 at the first.
  void forward(int64_t sequences, const int64_t* token, const F* begins, F* loss) {
    const int64_t n = sequences * length;
    for (int64_t t = 0; t < n; ++t)
      std::copy_n(given ? begins + t * is.d_model : items[token[t]], is.d_model, stream[t]);
    for (int64_t l = 0; l < is.layers; ++l) {
      Layer<F>& layer = layers[l];
      if (l || given) {
        normalise_rows(of(sequences, stream), net.of(l, LN_W), net.of(l, LN_B), layer.normed, layer.scale, layer.read);
        multiply(of(sequences, layer.read), layer.qkv, layer.projected);
        for (int64_t t = 0; t < n; ++t) add(layer.placed[t % length], layer.projected[t], 2 * width);
      } else {
        for (int64_t t = 0; t < n; ++t)
          for (int64_t i = 0; i < 3 * width; ++i)
            layer.projected[t][i] = item_qkv[token[t]][i] + layer.placed[t % length][i];
      }
      for (int64_t s = 0; s < sequences; ++s) {
        if (mixes.at) mix(l, s);
        for (int64_t h = 0; h < is.heads; ++h)
          head.forward(of_head(layer.mixed, s, h, 0), of_head(layer.mixed, s, h, 1), of_head(layer.mixed, s, h, 2),
                       pattern_of(l, s, h), of_head(layer.z, s, h));
      }
      multiply(of(sequences, layer.z), layer.out, stream, true);
    }
    normalise_rows(of(sequences, stream), net.at[LN_FINAL_W], net.at[LN_FINAL_B], normed, scale, read);
    multiply(of(sequences, read), unembed, logits);
    for (int64_t t = 0; t < n; ++t) {
      const bool last = (t + 1) % length == 0;
      const F target = last ? 0 : logits[t][token[t + 1]];
      const F sum = softmax(logits[t], is.vocabulary, logits.row);
      if (t % length == 0) loss[t] = 0;
      if (!last) loss[t + 1] = sum - target;
    }
  }

  // After `forward` of the same sequences: adds the gradients of Σ share[t] loss[t], and writes that of a given stream.
  void backward(int64_t sequences, const int64_t* token, const F* share, F* to_begins) {
    const int64_t n = sequences * length;
    for (int64_t t = 0; t < n; ++t) {
      const bool last = (t + 1) % length == 0;
      const F by = last ? 0 : share[t + 1];
      if (!last) logits[t][token[t + 1]] -= 1;
      for (int64_t i = 0; i < is.vocabulary; ++i) logits[t][i] *= by;
    }
    const M g = of(sequences, to_stream), g_read = of(sequences, to_read), g_projected = of(sequences, to_projected);
    multiply(of(sequences, read).t(), logits, weight(to.at[W_U], is.d_model, is.vocabulary), true);
    multiply(of(sequences, logits), unembed_t, g);
    normalise_rows_backward(g, normed, scale, net.at[LN_FINAL_W], to.at[LN_FINAL_W], to.at[LN_FINAL_B]);
    for (int64_t l = is.layers - 1; l >= 0; --l) {
      Layer<F>& layer = layers[l];
      multiply(of(sequences, layer.z).t(), g, weight(to.of(l, W_O), width, is.d_model), true);
      multiply(g, layer.out_t, to_z);
      for (int64_t s = 0; s < sequences; ++s) {
        for (int64_t h = 0; h < is.heads; ++h)
          head.backward(of_head(layer.mixed, s, h, 0), of_head(layer.mixed, s, h, 1), of_head(layer.mixed, s, h, 2),
                        pattern_of(l, s, h), of_head(layer.z, s, h), of_head(to_z, s, h),
                        of_head(to_projected, s, h, 0), of_head(to_projected, s, h, 1), of_head(to_projected, s, h, 2));
        if (mixes.at) mix_backward(l, s, to_projected);
      }
      for (int64_t t = 0; t < n; ++t) add(to_projected[t], layer.to_placed[t % length], 2 * width);
      if (l || given) {
        multiply(of(sequences, layer.read).t(), g_projected, layer.to_qkv, true);
        multiply(g_projected, layer.qkv_t, to_read);
        normalise_rows_backward(g_read, layer.normed, layer.scale, net.of(l, LN_W), to.of(l, LN_W), to.of(l, LN_B));
        add(to_read.at, to_stream.at, n * is.d_model);
      } else {
        for (int64_t t = 0; t < n; ++t) {
          add(to_projected[t], to_items[token[t]], 3 * width);
          add(to_stream[t], to.at[W_E] + token[t] * is.d_model, is.d_model);
        }
      }
    }
    if (given) std::copy_n(to_stream.at, n * is.d_model, to_begins);
  }

  void finish_items() {
    const M to_embedded = like(items);
    multiply(item_read.t(), to_items, layers[0].to_qkv);
    multiply(to_items, layers[0].qkv_t, to_embedded);
    normalise_rows_backward(to_embedded, item_normed, item_scale, net.of(0, LN_W), to.of(0, LN_W), to.of(0, LN_B));
    add(to_embedded.at, to.at[W_E], is.vocabulary * is.d_model);
  }
  // After all sequences: what their gradients make of the parameters that `prepare` has read.
  void finish() {
    if (!given) finish_items();
    for (int64_t l = 0; l < is.layers; ++l) {
      const Layer<F>& layer = layers[l];
      const M positions = weight(net.of(l, W_POS), length, is.d_model);
      const M to_qk = part(layer.to_placed, 0, 0, length, 2 * width);
      multiply(positions.t(), to_qk, part(layer.to_qkv, 0, 0, is.d_model, 2 * width), true);
      multiply(to_qk, part(layer.qkv_t, 0, 0, 2 * width, is.d_model), weight(to.of(l, W_POS), length, is.d_model),
               true);
      for_projections(to, l, layer.to_qkv, [](F& own, F& packed) { own += packed; });
    }
  }
};

}  // namespace tokens
}  // namespace
