// What training spends its time in, on a CPU: `train`, a step of every run (forward, backward and Adam, run after run, so
// that all of a run's numbers stay in the cache), and the operators of `model.forward` one by one, without gradients.
// kernels.py says what each computes. Activations are matrices with a column for each token of each sequence,
// `d_model x (token, sequence)`. A run's numbers do not depend on how many runs there are.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using at::Tensor, at::TensorList;

#ifdef __AVX512F__
constexpr int VECTOR = 64, PANEL = 4;  // bytes; 6 x 4 accumulators of 32 registers
#else
constexpr int VECTOR = 32, PANEL = 2;  // 6 x 2 of 16
#endif
constexpr int ROWS = 6;

template <typename F>
struct Simd {
  typedef F Lanes __attribute__((vector_size(VECTOR)));
  typedef std::conditional_t<sizeof(F) == 4, int32_t, int64_t> Int;
  typedef Int Ints __attribute__((vector_size(VECTOR)));
};
template <typename F>
using Lanes = typename Simd<F>::Lanes;
template <typename F>
constexpr int LANES = VECTOR / sizeof(F);

// The first n lanes; the others are 0.
template <typename F>
inline Lanes<F> load(const F* from, int64_t n) {
  Lanes<F> x = {};
  if (n >= LANES<F>) std::memcpy(&x, from, sizeof x);
  else std::memcpy(&x, from, n * sizeof(F));
  return x;
}
template <typename F>
inline void store(F* to, const Lanes<F>& x, int64_t n) {
  if (n >= LANES<F>) std::memcpy(to, &x, sizeof x);
  else {
    const Lanes<F> last = x;  // a copy, so that x stays in registers
    std::memcpy(to, &last, n * sizeof(F));
  }
}

// exp(x) for x <= 0: 2^n e^r with |r| <= ln 2 / 2, e^r by its Taylor series to the last bit or two.
template <typename F>
inline Lanes<F> exp(Lanes<F> x) {
  using I = typename Simd<F>::Int;
  constexpr bool single = sizeof(F) == 4;
  constexpr F log2e = 1.4426950408889634, high = single ? 0.693359375 : 0.693147180369123816490, low = single ? -2.12194440e-4 : 1.90821492927058770002e-10;
  constexpr F least = single ? -87 : -708;
  const auto tiny = x < least;
  x = tiny ? Lanes<F>{} + least : x;
  const auto n = __builtin_convertvector(x * log2e - F(0.5), typename Simd<F>::Ints);
  const auto whole = __builtin_convertvector(n, Lanes<F>);
  const Lanes<F> r = (x - whole * high) - whole * low;
  Lanes<F> sum = Lanes<F>{} + 1;
  for (int i = single ? 7 : 13; i > 0; --i) sum = 1 + sum * r * (F(1) / i);
  const auto power = (n + I(single ? 127 : 1023)) << I(single ? 23 : 52);
  Lanes<F> scale;
  std::memcpy(&scale, &power, sizeof scale);
  return tiny ? Lanes<F>{} : sum * scale;
}

// Rows become columns: blocks of H x H off the diagonal change places, for H = LANES / 2, LANES / 4, … 1.
template <typename F, int H, int... L>
inline void exchange(Lanes<F>& a, Lanes<F>& b, std::integer_sequence<int, L...>) {
  const Lanes<F> low = __builtin_shufflevector(a, b, ((L & H) ? LANES<F> + L - H : L)...);
  b = __builtin_shufflevector(a, b, ((L & H) ? LANES<F> + L : L + H)...);
  a = low;
}
template <typename F, int H = LANES<F> / 2>
inline void transpose(Lanes<F>* square) {
  for (int i = 0; i < LANES<F>; ++i)
    if (!(i & H)) exchange<F, H>(square[i], square[i + H], std::make_integer_sequence<int, LANES<F>>());
  if constexpr (H > 1) transpose<F, H / 2>(square);
}
// Calls read(i, d, n) for rows i and write(d, i, row, n) for columns d of a matrix, a square at a time.
template <typename F, typename Read, typename Write>
inline void transposed(int64_t rows, int64_t columns, const Read& read, const Write& write) {
  for (int64_t i = 0; i < rows; i += LANES<F>)
    for (int64_t d = 0; d < columns; d += LANES<F>) {
      const int64_t high = std::min<int64_t>(LANES<F>, rows - i), wide = std::min<int64_t>(LANES<F>, columns - d);
      Lanes<F> square[LANES<F>] = {};
      for (int64_t j = 0; j < high; ++j) square[j] = read(i + j, d, wide);
      transpose<F>(square);
      for (int64_t j = 0; j < wide; ++j) write(d + j, i, square[j], high);
    }
}

template <typename F>
struct Matrix {
  F* at;
  int64_t rows, columns, row, column = 1;  // sizes, and strides

  Matrix(F* at, int64_t rows, int64_t columns) : Matrix(at, rows, columns, columns, 1) {}
  Matrix(F* at, int64_t rows, int64_t columns, int64_t row, int64_t column) : at(at), rows(rows), columns(columns), row(row), column(column) {}
  Matrix t() const { return {at, columns, rows, column, row}; }
  Matrix last(int64_t n) const { return {at + (columns - n) * column, rows, n, row, column}; }
  F* operator[](int64_t i) const { return at + i * row; }
};

// c[M, N * LANES] (+)= a b, with the rows of b and c contiguous; only the first `columns` columns of c are written.
template <typename F, int M, int N>
inline void block(Matrix<F> a, const F* b, int64_t b_row, Matrix<F> c, bool add) {
  Lanes<F> sum[M][N] = {};
  for (int64_t k = 0; k < a.columns; ++k) {
    Lanes<F> row[N];
    for (int n = 0; n < N; ++n) row[n] = load(b + k * b_row + n * LANES<F>, LANES<F>);
    for (int m = 0; m < M; ++m)
      for (int n = 0; n < N; ++n) sum[m][n] += row[n] * a.at[m * a.row + k * a.column];
  }
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      F* to = c[m] + n * LANES<F>;
      const int64_t here = c.columns - n * LANES<F>;
      store(to, add ? load(to, here) + sum[m][n] : sum[m][n], here);
    }
}
template <typename F, int M, int N>
void last_rows(Matrix<F> a, const F* b, int64_t b_row, Matrix<F> c, bool add) {
  if (a.rows == M) block<F, M, N>(a, b, b_row, c, add);
  else if constexpr (M > 1) last_rows<F, M - 1, N>(a, b, b_row, c, add);
}
template <typename F, int N>
void panel(Matrix<F> a, const F* b, int64_t b_row, Matrix<F> c, bool add) {
  if constexpr (N > 1)
    if (c.columns <= (N - 1) * LANES<F>) return panel<F, N - 1>(a, b, b_row, c, add);
  for (; a.rows >= ROWS; a.rows -= ROWS, a.at += ROWS * a.row, c.at += ROWS * c.row) block<F, ROWS, N>(a, b, b_row, c, add);
  if (a.rows) last_rows<F, ROWS - 1, N>(a, b, b_row, c, add);
}

// c = a b, or c += a b; the rows of c are contiguous.
template <typename F>
void multiply(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add = false) {
  static thread_local std::vector<F> packed;
  constexpr int64_t WIDTH = PANEL * LANES<F>;
  for (int64_t j = 0; j < b.columns; j += WIDTH) {
    const int64_t here = std::min(WIDTH, b.columns - j), depth = b.rows;
    const F* from = b.at + j * b.column;
    int64_t step = b.row;
    if (b.column != 1 || here % LANES<F>) {  // a panel whose rows are contiguous, padded to whole lanes
      step = (here + LANES<F> - 1) / LANES<F> * LANES<F>;
      packed.assign(depth * step, F(0));
      if (b.column == 1)
        for (int64_t k = 0; k < depth; ++k) std::memcpy(&packed[k * step], from + k * b.row, here * sizeof(F));
      else if (b.row == 1)
        transposed<F>(here, depth, [&](int64_t n, int64_t k, int64_t wide) { return load(from + n * b.column + k, wide); },
                      [&](int64_t k, int64_t n, const Lanes<F>& row, int64_t high) { store(&packed[k * step + n], row, high); });
      else
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t n = 0; n < here; ++n) packed[k * step + n] = from[k * b.row + n * b.column];
      from = packed.data();
    }
    panel<F, PANEL>(a, from, step, {c.at + j, c.rows, here, c.row, 1}, add);
  }
}

// Column t of `to` is row token[t] of `table`; and its gradient, which is added to.
template <typename F>
void look_up(Matrix<F> table, const int64_t* token, Matrix<F> to) {
  transposed<F>(to.columns, to.rows, [&](int64_t t, int64_t d, int64_t wide) { return load(table[token[t]] + d, wide); },
                [&](int64_t d, int64_t t, const Lanes<F>& row, int64_t high) { store(to[d] + t, row, high); });
}
template <typename F>
void look_up_backward(Matrix<F> to_table, const int64_t* token, Matrix<F> gradient) {
  transposed<F>(gradient.rows, gradient.columns, [&](int64_t d, int64_t t, int64_t wide) { return load(gradient[d] + t, wide); },
                [&](int64_t t, int64_t d, const Lanes<F>& row, int64_t high) {
                  F* item = to_table[token[t]] + d;
                  store(item, load(item, high) + row, high);
                });
}

// Each column of x to mean 0 and variance 1, times weight, plus bias. `normed` and `scale` are for the gradient.
template <typename F>
void layer_norm(Matrix<F> x, const F* weight, const F* bias, F eps, Matrix<F> to, Matrix<F> normed, F* scale) {
  const int64_t n = x.columns;
  std::vector<F> mean(n);
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) mean[j] += x[d][j];
  for (int64_t j = 0; j < n; ++j) mean[j] /= x.rows, scale[j] = 0;
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) {
      const F centred = x[d][j] - mean[j];
      normed[d][j] = centred;
      scale[j] += centred * centred;
    }
  for (int64_t j = 0; j < n; ++j) scale[j] = 1 / std::sqrt(scale[j] / x.rows + eps);
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) {
      normed[d][j] *= scale[j];
      to[d][j] = normed[d][j] * weight[d] + bias[d];
    }
}
// `gradient` becomes that of x.
template <typename F>
void layer_norm_backward(Matrix<F> gradient, Matrix<F> normed, const F* scale, const F* weight, F* to_weight, F* to_bias) {
  const int64_t n = gradient.columns;
  std::vector<F> sum(n), along(n);
  for (int64_t d = 0; d < gradient.rows; ++d) {
    Lanes<F> weights = {}, biases = {};  // in the same order whatever columns of zeros follow
    for (int64_t j = 0; j < n; j += LANES<F>) {
      const Lanes<F> g = load(gradient[d] + j, n - j), x = load(normed[d] + j, n - j), weighted = g * weight[d];
      weights += g * x;
      biases += g;
      store(gradient[d] + j, weighted, n - j);
      store(&sum[j], load(&sum[j], n - j) + weighted, n - j);
      store(&along[j], load(&along[j], n - j) + weighted * x, n - j);
    }
    to_weight[d] = to_bias[d] = 0;
    for (int i = 0; i < LANES<F>; ++i) to_weight[d] += weights[i], to_bias[d] += biases[i];
  }
  for (int64_t d = 0; d < gradient.rows; ++d)
    for (int64_t j = 0; j < n; ++j) gradient[d][j] = scale[j] * (gradient[d][j] - (sum[j] + normed[d][j] * along[j]) / gradient.rows);
}

// Attention of one head, for the sequences that fill the lanes: a tile holds `a x b` of their numbers.
template <typename F>
struct Tile {
  int64_t a, b;
  Lanes<F>* at;
  Lanes<F>& operator()(int64_t i, int64_t j) const { return at[i * b + j]; }
};
// Where the tiles of a head lie: rows `first_row …` of a matrix whose columns are (position, sequence).
template <typename F>
struct Head {
  int64_t head, sequence, batch;
  Lanes<F>* free;

  Tile<F> room(int64_t a, int64_t b) { return free += a * b, Tile<F>{a, b, free - a * b}; }
  F* place(Matrix<F> m, int64_t a, int64_t i, int64_t j) const { return m[head * a + i] + j * batch + sequence; }
  Tile<F> read(Matrix<F> m, int64_t a, int64_t b, const int64_t* source = nullptr) {
    const Tile<F> tile = room(a, b);
    for (int64_t i = 0; i < a; ++i)
      for (int64_t j = 0; j < b; ++j) tile(i, j) = load(place(m, a, i, source ? source[j] : j), batch - sequence);
    return tile;
  }
  void write(Tile<F> tile, Matrix<F> m) const {
    for (int64_t i = 0; i < tile.a; ++i)
      for (int64_t j = 0; j < tile.b; ++j) store(place(m, tile.a, i, j), tile(i, j), batch - sequence);
  }
  void add(Tile<F> tile, Matrix<F> m, const int64_t* target) const {
    for (int64_t i = 0; i < tile.a; ++i)
      for (int64_t j = 0; j < tile.b; ++j) {
        F* to = place(m, tile.a, i, target[j]);
        store(to, load(to, batch - sequence) + tile(i, j), batch - sequence);
      }
  }
};
template <typename F, typename Each>
void for_heads(int64_t heads, int64_t batch, int64_t room, const Each& each) {
  std::vector<Lanes<F>> space(room);
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t s = 0; s < batch; s += LANES<F>) {
      Head<F> head{h, s, batch, space.data()};
      each(head);
    }
}

// Rotary embedding, adjacent pairs, at the last positions of cosine and sine (pair, position); backwards with sign -1.
template <typename F>
struct Rotary {
  const F *cosine, *sine;
  int64_t positions;

  void operator()(Tile<F> x, F sign = 1) const {
    for (int64_t p = 0; p < x.a / 2; ++p)
      for (int64_t t = 0; t < x.b; ++t) {
        const int64_t i = p * positions + positions - x.b + t;
        const Lanes<F> even = x(2 * p, t), odd = x(2 * p + 1, t);
        x(2 * p, t) = even * cosine[i] - odd * (sign * sine[i]);
        x(2 * p + 1, t) = odd * cosine[i] + even * (sign * sine[i]);
      }
  }
};

// Of rotated queries and keys; -inf is what a query does not see. The queries are at the last tokens.
template <typename F>
void scores_of(Tile<F> query, Tile<F> key, Tile<F> score) {
  const F scale = 1 / std::sqrt(F(query.a));
  for (int64_t i = 0; i < query.b; ++i)
    for (int64_t j = 0; j < key.b; ++j) {
      Lanes<F> sum = {};
      for (int64_t d = 0; d < query.a; ++d) sum += query(d, i) * key(d, j);
      score(i, j) = j <= i + key.b - query.b ? sum * scale : Lanes<F>{} - std::numeric_limits<F>::infinity();
    }
}
template <typename F>
void mix_of(Tile<F> weight, Tile<F> value, Tile<F> mixed) {
  for (int64_t d = 0; d < value.a; ++d)
    for (int64_t i = 0; i < weight.a; ++i) {
      Lanes<F> sum = {};
      for (int64_t j = 0; j < weight.b; ++j) sum += weight(i, j) * value(d, j);
      mixed(d, i) = sum;
    }
}

enum Pattern : int8_t { OWN, PREVIOUS_TOKEN, MATCH };  // kernels.PATTERNS

// One attention layer of one run, with what clamps say of it. All matrices have columns (position, sequence).
template <typename F>
struct Attention {
  int64_t heads, d_head, queries, tokens, batch;
  Rotary<F> rotary;
  const int8_t* pattern_of;  // a head
  const F* strength;         // a head, of MATCH
  const bool* copies;        // a head: its scores of the label tokens are read, as logits
  const int64_t *match, *source;  // the correct pair of each sequence; the position that each key is read from
  bool mixes = true;         // z is read

  bool reads(int64_t h) const { return pattern_of[h] == OWN || copies[h]; }
  bool reads_keys() const {
    for (int64_t h = 0; h < heads; ++h)
      if (reads(h)) return true;
    return false;
  }
  int64_t room() const { return 4 * d_head * (queries + tokens) + 4 * queries * tokens; }

  void softmax(Tile<F> score) const {
    for (int64_t i = 0; i < queries; ++i) {
      const int64_t seen = i + tokens - queries + 1;
      Lanes<F> most = score(i, 0), sum = {};
      for (int64_t j = 1; j < seen; ++j) most = score(i, j) > most ? score(i, j) : most;
      for (int64_t j = 0; j < seen; ++j) sum += score(i, j) = exp<F>(score(i, j) - most);
      for (int64_t j = 0; j < seen; ++j) score(i, j) /= sum;
      for (int64_t j = seen; j < tokens; ++j) score(i, j) = Lanes<F>{};
    }
  }
  void clamp(Head<F>& at, Tile<F> weight) const {
    std::fill(weight.at, weight.at + queries * tokens, Lanes<F>{});
    if (pattern_of[at.head] == PREVIOUS_TOKEN) {
      for (int64_t i = 0; i < queries; ++i) weight(i, std::max<int64_t>(i + tokens - queries - 1, 0)) += 1;
      return;
    }
    const int64_t pairs = tokens / 2, here = std::min<int64_t>(LANES<F>, batch - at.sequence);
    for (int64_t b = 0; b < here; ++b)
      for (int64_t p = 0; p < pairs; ++p)
        weight(queries - 1, 2 * p + 1)[b] = p == match[at.sequence + b] ? strength[at.head] : (1 - strength[at.head]) / std::max<int64_t>(pairs - 1, 1);
  }
  // Writes the patterns (head query) x (token, sequence), z, and the scores that are read as logits: (pair) x (sequence).
  void forward(Matrix<F> q, Matrix<F> k, Matrix<F> v, Matrix<F> pattern, Matrix<F> z, Matrix<F> copied) const {
    for_heads<F>(heads, batch, room(), [&](Head<F>& at) {
      const Tile<F> weight = at.room(queries, tokens);
      if (reads(at.head)) {
        const Tile<F> query = at.read(q, d_head, queries), key = at.read(k, d_head, tokens, source);
        rotary(query), rotary(key);
        scores_of(query, key, weight);
        if (copies[at.head])
          for (int64_t p = 0; p < tokens / 2; ++p) store(copied[p] + at.sequence, weight(queries - 1, 2 * p + 1), batch - at.sequence);
        softmax(weight);
      }
      if (!mixes) return;
      if (pattern_of[at.head] != OWN) clamp(at, weight);
      const Tile<F> mixed = at.room(d_head, queries);
      mix_of(weight, at.read(v, d_head, tokens), mixed);
      at.write(mixed, z), at.write(weight, pattern);
    });
  }
  // Adds to the gradients of q, k and v.
  void backward(Matrix<F> q, Matrix<F> k, Matrix<F> v, Matrix<F> pattern, Matrix<F> to_z, Matrix<F> to_copied, Matrix<F> to_q, Matrix<F> to_k, Matrix<F> to_v) const {
    const F scale = 1 / std::sqrt(F(d_head));
    for_heads<F>(heads, batch, room(), [&](Head<F>& at) {
      const Tile<F> to_score = at.room(queries, tokens);
      std::fill(to_score.at, to_score.at + queries * tokens, Lanes<F>{});
      if (mixes) {
        const Tile<F> weight = at.read(pattern, queries, tokens), value = at.read(v, d_head, tokens), mixed = at.read(to_z, d_head, queries), to_value = at.room(d_head, tokens);
        for (int64_t d = 0; d < d_head; ++d)
          for (int64_t j = 0; j < tokens; ++j) {
            Lanes<F> sum = {};
            for (int64_t i = 0; i < queries; ++i) sum += weight(i, j) * mixed(d, i);
            to_value(d, j) = sum;
          }
        at.write(to_value, to_v);
        for (int64_t i = 0; i < queries && pattern_of[at.head] == OWN; ++i) {
          Lanes<F> along = {};
          for (int64_t j = 0; j <= i + tokens - queries; ++j) {
            for (int64_t d = 0; d < d_head; ++d) to_score(i, j) += mixed(d, i) * value(d, j);
            along += weight(i, j) * to_score(i, j);
          }
          for (int64_t j = 0; j <= i + tokens - queries; ++j) to_score(i, j) = weight(i, j) * (to_score(i, j) - along);
        }
      }
      if (!reads(at.head)) return;
      for (int64_t p = 0; copies[at.head] && p < tokens / 2; ++p) to_score(queries - 1, 2 * p + 1) += load(to_copied[p] + at.sequence, batch - at.sequence);
      const Tile<F> query = at.read(q, d_head, queries), key = at.read(k, d_head, tokens, source), to_query = at.room(d_head, queries), to_key = at.room(d_head, tokens);
      rotary(query), rotary(key);
      for (int64_t d = 0; d < d_head; ++d) {
        for (int64_t i = 0; i < queries; ++i) {
          Lanes<F> sum = {};
          for (int64_t j = 0; j <= i + tokens - queries; ++j) sum += to_score(i, j) * key(d, j);
          to_query(d, i) = sum * scale;
        }
        for (int64_t j = 0; j < tokens; ++j) {
          Lanes<F> sum = {};
          for (int64_t i = std::max<int64_t>(0, j + queries - tokens); i < queries; ++i) sum += to_score(i, j) * query(d, i);
          to_key(d, j) = sum * scale;
        }
      }
      rotary(to_query, -1), rotary(to_key, -1);
      at.write(to_query, to_q), at.add(to_key, to_k, source);
    });
  }
};

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

constexpr double NO_LOGIT = -1e9;  // clamps.NO_LOGIT
constexpr double EPS = 1e-5;       // of LayerNorm

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
    layer_norm<F>(embedded, first.of(0, LN_W), first.of(0, LN_B), EPS, read, normed, scale);
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
    layer_norm<F>(stream, net.of(1, LN_W), net.of(1, LN_B), EPS, read_2, normed_2, scale_2);
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
      layer_norm<F>(final, net.at[LN_FINAL_W], net.at[LN_FINAL_B], EPS, read_3, normed_3, scale_3);
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

template <typename F>
F* at(const Tensor& t, int64_t r = 0) { return t.data_ptr<F>() + (t.size(0) == 1 ? 0 : r * t.stride(0)); }

// What `train` and `logits` are given, as the networks of single runs.
struct Batch {
  TensorList parameters, grafted;
  Tensor features, exemplar, label, match, pattern_of, strength, copies, perfect_layer_1, cosine, sine;
  int64_t runs = parameters[B_U].size(0), size = match.size(1);

  Batch(TensorList parameters, TensorList grafted, const Tensor& features, TensorList sequences, TensorList clamped, TensorList rotations)
      : parameters(parameters), grafted(grafted), features(features.contiguous()), exemplar(sequences[0].contiguous()), label(sequences[1].contiguous()),
        match(sequences[2].contiguous()), pattern_of(clamped[0]), strength(clamped[1]), copies(clamped[2]), perfect_layer_1(clamped[3]), cosine(rotations[0]), sine(rotations[1]) {
    TORCH_CHECK(parameters.size() == PARAMETERS, "expected ", int(PARAMETERS), " parameters of networks of two layers, got ", parameters.size());
    for (const Tensor& p : parameters) TORCH_CHECK(p.scalar_type() == features.scalar_type() && p.is_non_overlapping_and_dense(), "expected parameters of one type, without gaps");
    for (size_t i = 0; i < grafted.size(); ++i) TORCH_CHECK(grafted[i].sizes() == parameters[i].sizes(), "expected grafted parameters as large as the network's own");
    for (int layer : {0, 1})
      for (int which : {W_Q, W_K, W_V}) {
        const Tensor& p = parameters[BLOCKS + layer * A_BLOCK + which];
        TORCH_CHECK(p.stride(2) == p.size(1) * p.size(3), "expected W_Q, W_K and W_V as model.stored lays them out");
      }
  }
  int64_t heads(int layer) const { return parameters[BLOCKS + layer * A_BLOCK + W_Q].size(1); }

  template <typename F>
  Run<F> run(int64_t r, Room<F>& room) const {
    room.next = 0;
    Network<F> net, first;
    for (int i = 0; i < PARAMETERS; ++i) net.at[i] = at<F>(parameters[i], r);
    first = net;
    for (size_t i = 0; i < grafted.size(); ++i) first.at[i] = at<F>(grafted[i], r);
    const int64_t most = pattern_of.size(2);
    const int8_t* kinds = pattern_of.data_ptr<int8_t>() + r * 2 * most;
    const F* strengths = strength.data_ptr<F>() + r * 2 * most;
    const bool* read = copies.data_ptr<bool>() + r * most;
    const Clamped<F> clamped{{kinds, kinds + most}, {strengths, strengths + most}, read, std::any_of(read, read + most, [](bool x) { return x; }), perfect_layer_1.data_ptr<bool>()[r]};
    const int64_t d_model = parameters[B_EXEMPLAR].size(1), d_head = parameters[BLOCKS + W_Q].size(3);
    return {net, first, !grafted.empty(), clamped, {at<F>(features, r), features.size(1), features.size(2)}, parameters[B_U].size(1), {heads(0), heads(1)},
            d_model, d_head, label.size(2), {cosine.data_ptr<F>(), sine.data_ptr<F>(), cosine.size(1)}, room};
  }
  template <typename Each>
  void for_runs(const Each& each) const {
    at::parallel_for(0, runs, 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) each(r);
    });
  }
  const int64_t* of(const Tensor& numbers, int64_t r, int64_t b = 0) const { return at<int64_t>(numbers, r) + b * numbers.stride(1); }
};

template <typename F>
void adam(F* p, F* m, F* v, const F* g, int64_t n, F rate, F root, F beta_1, F beta_2, F eps) {
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    m[j] = beta_1 * m[j] + (1 - beta_1) * g[j];
    v[j] = beta_2 * v[j] + (1 - beta_2) * g[j] * g[j];
    p[j] -= rate * m[j] / (std::sqrt(v[j]) / root + eps);
  }
}

// One step of every run, in place; the loss of each before it.
Tensor train(TensorList parameters, TensorList means, TensorList squares, TensorList grafted, const Tensor& features, TensorList sequences, TensorList clamped,
             TensorList rotations, double rate, double root, double beta_1, double beta_2, double eps) {
  const Batch batch(parameters, grafted, features, sequences, clamped, rotations);
  Tensor losses = at::empty({batch.runs}, features.options());
  AT_DISPATCH_FLOATING_TYPES(features.scalar_type(), "train", [&] {
    using F = scalar_t;
    batch.for_runs([&](int64_t r) {
      static thread_local Room<F> room;
      Run<F> run = batch.run<F>(r, room);
      Network<F> gradient;
      int64_t n[PARAMETERS];
      for (int i = 0; i < PARAMETERS; ++i) {
        n[i] = parameters[i].numel() / batch.runs;
        gradient.at[i] = room.zeros(1, n[i]).at;
      }
      run.embed();
      const Matrix<F> logits = room.matrix(run.labels, batch.size);
      losses.data_ptr<F>()[r] = run.pass(batch.of(batch.exemplar, r), batch.of(batch.label, r), batch.of(batch.match, r), batch.size, logits, &gradient);
      for (int i = 0; i < PARAMETERS; ++i)
        adam<F>(at<F>(parameters[i], r), at<F>(means[i], r), at<F>(squares[i], r), gradient.at[i], n[i], rate, root, beta_1, beta_2, eps);
    });
  });
  return losses;
}

// (run, sequence, label)
Tensor logits(TensorList parameters, TensorList grafted, const Tensor& features, TensorList sequences, TensorList clamped, TensorList rotations) {
  const Batch batch(parameters, grafted, features, sequences, clamped, rotations);
  constexpr int64_t AT_ONCE = 64;  // sequences, whose activations stay in the cache
  Tensor out = at::empty({batch.runs, batch.size, parameters[B_U].size(1)}, features.options());
  AT_DISPATCH_FLOATING_TYPES(features.scalar_type(), "logits", [&] {
    using F = scalar_t;
    batch.for_runs([&](int64_t r) {
      static thread_local Room<F> room;
      Run<F> run = batch.run<F>(r, room);
      run.embed();
      for (int64_t b = 0; b < batch.size; b += AT_ONCE) {
        const int64_t here = std::min(AT_ONCE, batch.size - b), before = room.next;
        const Matrix<F> some = room.matrix(run.labels, here);
        run.pass(batch.of(batch.exemplar, r, b), batch.of(batch.label, r, b), batch.of(batch.match, r, b), here, some);
        F* to = at<F>(out, r) + b * run.labels;
        for (int64_t i = 0; i < here; ++i)
          for (int64_t l = 0; l < run.labels; ++l) to[i * run.labels + l] = some[l][i];
        room.next = before;
      }
    });
  });
  return out;
}

// The operators of model.forward, one by one, in float32 and without gradients.
template <typename Each>
void for_runs(int64_t runs, const Each& each) {
  at::parallel_for(0, runs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) each(r);
  });
}
Matrix<float> matrix(const Tensor& t, int64_t r) { return {at<float>(t, r), t.size(1), t.size(2), t.stride(1), t.stride(2)}; }

// (run | 1, m, k) x (run, k, n) -> (run, m, n)
Tensor matmul(const Tensor& a, const Tensor& b) {
  TORCH_CHECK((a.size(0) == b.size(0) || a.size(0) == 1) && b.size(1) == a.size(2), "matmul: expected (run, m, k) and (run, k, n), got ", a.sizes(), " and ", b.sizes());
  Tensor c = at::empty({b.size(0), a.size(1), b.size(2)}, b.options());
  for_runs(b.size(0), [&](int64_t r) { multiply(matrix(a, r), matrix(b, r), matrix(c, r)); });
  return c;
}

// table (run, item, d), tokens (run | 1, n) -> (run, d, n)
Tensor lookup(const Tensor& table_, const Tensor& tokens_) {
  const Tensor table = table_.stride(2) == 1 ? table_ : table_.contiguous(), tokens = tokens_.contiguous();
  const int64_t items = table.size(1);
  Tensor out = at::empty({table.size(0), table.size(2), tokens.size(1)}, table.options());
  for_runs(table.size(0), [&](int64_t r) {
    const int64_t* token = at<int64_t>(tokens, r);
    for (int64_t t = 0; t < tokens.size(1); ++t) TORCH_CHECK_INDEX(0 <= token[t] && token[t] < items, "lookup: expected an item below ", items, ", got ", token[t]);
    look_up(matrix(table, r), token, matrix(out, r));
  });
  return out;
}

// One run of (run, head, a, b, batch) as a matrix (head a) x (b, batch).
Matrix<float> heads_together(const Tensor& t, int64_t r) { return {at<float>(t, r), t.size(1) * t.size(2), t.size(3) * t.size(4)}; }

// q (run, head, d_head, query, batch), k (run, head, d_head, token, batch) -> (run, head, query, token, batch)
Tensor scores(const Tensor& q_, const Tensor& k_, const Tensor& cosine, const Tensor& sine) {
  const Tensor q = q_.contiguous(), k = k_.contiguous();
  const int64_t heads = k.size(1), d_head = k.size(2), tokens = k.size(3), queries = q.size(3), batch = k.size(4);
  const Rotary<float> rotary{cosine.const_data_ptr<float>(), sine.const_data_ptr<float>(), cosine.size(1)};
  Tensor out = at::empty({k.size(0), heads, queries, tokens, batch}, k.options());
  for_runs(k.size(0), [&](int64_t r) {
    for_heads<float>(heads, batch, d_head * (queries + tokens) + queries * tokens, [&](Head<float>& head) {
      const Tile<float> query = head.read(heads_together(q, r), d_head, queries), key = head.read(heads_together(k, r), d_head, tokens), score = head.room(queries, tokens);
      rotary(query), rotary(key);
      scores_of(query, key, score);
      head.write(score, heads_together(out, r));
    });
  });
  return out;
}

// pattern (run, head, query, token, batch), v (run, head, d_head, token, batch) -> (run, head, d_head, query, batch)
Tensor mix(const Tensor& pattern_, const Tensor& v_) {
  const Tensor pattern = pattern_.contiguous(), v = v_.contiguous();
  const int64_t heads = v.size(1), d_head = v.size(2), tokens = v.size(3), queries = pattern.size(2), batch = v.size(4);
  Tensor out = at::empty({v.size(0), heads, d_head, queries, batch}, v.options());
  for_runs(v.size(0), [&](int64_t r) {
    for_heads<float>(heads, batch, d_head * (queries + tokens) + queries * tokens, [&](Head<float>& head) {
      const Tile<float> weight = head.read(heads_together(pattern, r), queries, tokens), value = head.read(heads_together(v, r), d_head, tokens), mixed = head.room(d_head, queries);
      mix_of(weight, value, mixed);
      head.write(mixed, heads_together(out, r));
    });
  });
  return out;
}

}  // namespace

TORCH_LIBRARY(induction_heads, m) {
  m.def("train", train);
  m.def("logits", logits);
  m.def("matmul", matmul);
  m.def("lookup", lookup);
  m.def("scores", scores);
  m.def("mix", mix);
}
