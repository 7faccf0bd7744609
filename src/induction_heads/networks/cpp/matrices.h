// Matrices of numbers of one type, and what is done with them: products, rows by number, LayerNorm.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

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

}  // namespace
