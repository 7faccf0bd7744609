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

// Bytes of a vector register, and the block of a product whose sums stay in registers: ROWS x PANEL vectors.
#if defined(__AVX512F__)
constexpr int VECTOR = 64, ROWS = 6, PANEL = 4;  // of 32 registers
#elif defined(__AVX__)
constexpr int VECTOR = 32, ROWS = 6, PANEL = 2;  // of 16
#elif defined(__aarch64__)
constexpr int VECTOR = 16, ROWS = 6, PANEL = 4;  // of 32
#else
constexpr int VECTOR = 16, ROWS = 4, PANEL = 2;  // SSE2, WebAssembly
#endif

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
  if (n >= LANES<F>)
    std::memcpy(&x, from, sizeof x);
  else
    std::memcpy(&x, from, n * sizeof(F));
  return x;
}

template <typename F>
inline void store(F* to, const Lanes<F>& x, int64_t n) {
  if (n >= LANES<F>) {
    std::memcpy(to, &x, sizeof x);
  } else {
    const Lanes<F> last = x;  // a copy, so that x stays in registers
    std::memcpy(to, &last, n * sizeof(F));
  }
}

// exp(x) for x <= 0: 2^n e^r with |r| <= ln 2 / 2, e^r by its Taylor series to the last bit or two.
template <typename F>
inline Lanes<F> exp(Lanes<F> x) {
  using Int = typename Simd<F>::Int;
  constexpr bool single = sizeof(F) == 4;
  constexpr F log2e = 1.4426950408889634;
  constexpr F high = single ? 0.693359375 : 0.693147180369123816490;  // ln 2 in two parts
  constexpr F low = single ? -2.12194440e-4 : 1.90821492927058770002e-10;
  constexpr F least = single ? -87 : -708;
  const auto tiny = x < least;
  x = tiny ? Lanes<F>{} + least : x;
  const auto n = __builtin_convertvector(x * log2e - F(0.5), typename Simd<F>::Ints);
  const auto whole = __builtin_convertvector(n, Lanes<F>);
  const Lanes<F> r = (x - whole * high) - whole * low;
  Lanes<F> sum = Lanes<F>{} + 1;
  for (int i = single ? 7 : 13; i > 0; --i) sum = 1 + sum * r * (F(1) / i);
  const auto power = (n + Int(single ? 127 : 1023)) << Int(single ? 23 : 52);  // the bits of 2^n
  Lanes<F> scale;
  std::memcpy(&scale, &power, sizeof scale);
  return tiny ? Lanes<F>{} : sum * scale;
}

// The lanes of a and b, counted one after the other, that `L` names.
template <typename F, int... L>
inline Lanes<F> chosen(Lanes<F> a, Lanes<F> b) {
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(a, b, L...);
#else  // GCC 11
  return __builtin_shuffle(a, b, typename Simd<F>::Ints{L...});
#endif
}

// Rows become columns: blocks of H x H off the diagonal change places, for H = LANES / 2, LANES / 4, … 1.
template <typename F, int H, int... L>
inline void exchange(Lanes<F>& a, Lanes<F>& b, std::integer_sequence<int, L...>) {
  const Lanes<F> low = chosen<F, ((L & H) ? LANES<F> + L - H : L)...>(a, b);
  b = chosen<F, ((L & H) ? LANES<F> + L : L + H)...>(a, b);
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
  F* at = nullptr;
  int64_t rows = 0, columns = 0, row = 0, column = 1;  // sizes, and strides

  Matrix() = default;
  Matrix(F* at, int64_t rows, int64_t columns) : Matrix(at, rows, columns, columns, 1) {}
  Matrix(F* at, int64_t rows, int64_t columns, int64_t row, int64_t column)
      : at(at), rows(rows), columns(columns), row(row), column(column) {}
  F* operator[](int64_t i) const { return at + i * row; }
  Matrix t() const { return {at, columns, rows, column, row}; }
  Matrix from(int64_t j, int64_t n) const { return {at + j * column, rows, n, row, column}; }  // columns j … j + n
  Matrix last(int64_t n) const { return from(columns - n, n); }
};

// c (+)= a b for M rows and N vectors of columns. The rows of b and c are contiguous, those of b whole vectors; only
// the columns that c has are written.
template <typename F, int M, int N>
inline void block(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add) {
  Lanes<F> sum[M][N] = {};
  for (int64_t k = 0; k < a.columns; ++k) {
    Lanes<F> row[N];
    for (int n = 0; n < N; ++n) row[n] = load(b[k] + n * LANES<F>, LANES<F>);
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
void last_rows(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add) {
  if (a.rows == M) {
    block<F, M, N>(a, b, c, add);
  } else if constexpr (M > 1) {
    last_rows<F, M - 1, N>(a, b, c, add);
  }
}

// The same for all rows of a, and as many vectors, at most N, as c has columns for.
template <typename F, int N>
void panel(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add) {
  if constexpr (N > 1)
    if (c.columns <= (N - 1) * LANES<F>) return panel<F, N - 1>(a, b, c, add);
  while (a.rows >= ROWS) {
    block<F, ROWS, N>(a, b, c, add);
    a.rows -= ROWS;
    a.at += ROWS * a.row;
    c.at += ROWS * c.row;
  }
  if (a.rows) last_rows<F, ROWS - 1, N>(a, b, c, add);
}

// The same numbers in contiguous rows, padded with zeros to whole vectors; until the next call.
template <typename F>
Matrix<F> packed(Matrix<F> m) {
  static thread_local std::vector<F> room;
  const int64_t width = (m.columns + LANES<F> - 1) / LANES<F> * LANES<F>;
  room.assign(m.rows * width, F(0));
  const Matrix<F> to{room.data(), m.rows, m.columns, width, 1};
  if (m.column == 1) {
    for (int64_t k = 0; k < m.rows; ++k) std::memcpy(to[k], m[k], m.columns * sizeof(F));
  } else if (m.row == 1) {
    transposed<F>(
        m.columns, m.rows, [&](int64_t n, int64_t k, int64_t wide) { return load(m.at + n * m.column + k, wide); },
        [&](int64_t k, int64_t n, const Lanes<F>& row, int64_t high) { store(to[k] + n, row, high); });
  } else {
    for (int64_t k = 0; k < m.rows; ++k)
      for (int64_t n = 0; n < m.columns; ++n) to[k][n] = m.at[k * m.row + n * m.column];
  }
  return to;
}

// c = a b, or c += a b; the rows of c are contiguous.
template <typename F>
void multiply(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add = false) {
  constexpr int64_t WIDTH = PANEL * LANES<F>;
  for (int64_t j = 0; j < b.columns; j += WIDTH) {
    const int64_t here = std::min(WIDTH, b.columns - j);
    const Matrix<F> columns = b.from(j, here);
    const bool whole = b.column == 1 && here % LANES<F> == 0;
    panel<F, PANEL>(a, whole ? columns : packed(columns), c.from(j, here), add);
  }
}

// Column t of `to` is row token[t] of `table`; and its gradient, which is added to.
template <typename F>
void look_up(Matrix<F> table, const int64_t* token, Matrix<F> to) {
  transposed<F>(
      to.columns, to.rows, [&](int64_t t, int64_t d, int64_t wide) { return load(table[token[t]] + d, wide); },
      [&](int64_t d, int64_t t, const Lanes<F>& row, int64_t high) { store(to[d] + t, row, high); });
}

template <typename F>
void look_up_backward(Matrix<F> to_table, const int64_t* token, Matrix<F> gradient) {
  transposed<F>(
      gradient.rows, gradient.columns, [&](int64_t d, int64_t t, int64_t wide) { return load(gradient[d] + t, wide); },
      [&](int64_t t, int64_t d, const Lanes<F>& row, int64_t high) {
        F* item = to_table[token[t]] + d;
        store(item, load(item, high) + row, high);
      });
}

// What LayerNorm makes of each column, and what its gradient reads: the columns before weight and bias, and 1 /
// deviation.
template <typename F>
struct Normed {
  Matrix<F> out, normed;
  F* scale = nullptr;  // a column
};

// Each column of x to mean 0 and variance 1, times weight, plus bias.
template <typename F>
void layer_norm(Matrix<F> x, const F* weight, const F* bias, F eps, Normed<F> to) {
  const int64_t n = x.columns;
  std::vector<F> mean(n);
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) mean[j] += x[d][j];
  for (int64_t j = 0; j < n; ++j) {
    mean[j] /= x.rows;
    to.scale[j] = 0;
  }
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) {
      const F centred = x[d][j] - mean[j];
      to.normed[d][j] = centred;
      to.scale[j] += centred * centred;
    }
  for (int64_t j = 0; j < n; ++j) to.scale[j] = 1 / std::sqrt(to.scale[j] / x.rows + eps);
  for (int64_t d = 0; d < x.rows; ++d)
    for (int64_t j = 0; j < n; ++j) {
      to.normed[d][j] *= to.scale[j];
      to.out[d][j] = to.normed[d][j] * weight[d] + bias[d];
    }
}

// `gradient`, of what came out, becomes that of x.
template <typename F>
void layer_norm_backward(Matrix<F> gradient, Normed<F> at, const F* weight, F* to_weight, F* to_bias) {
  const int64_t n = gradient.columns;
  std::vector<F> sum(n), along(n);
  for (int64_t d = 0; d < gradient.rows; ++d) {
    Lanes<F> weights = {}, biases = {};  // in the same order whatever columns of zeros follow
    for (int64_t j = 0; j < n; j += LANES<F>) {
      const Lanes<F> g = load(gradient[d] + j, n - j), x = load(at.normed[d] + j, n - j), weighted = g * weight[d];
      weights += g * x;
      biases += g;
      store(gradient[d] + j, weighted, n - j);
      store(&sum[j], load(&sum[j], n - j) + weighted, n - j);
      store(&along[j], load(&along[j], n - j) + weighted * x, n - j);
    }
    to_weight[d] = to_bias[d] = 0;
    for (int i = 0; i < LANES<F>; ++i) {
      to_weight[d] += weights[i];
      to_bias[d] += biases[i];
    }
  }
  for (int64_t d = 0; d < gradient.rows; ++d)
    for (int64_t j = 0; j < n; ++j) {
      const F projected = (sum[j] + at.normed[d][j] * along[j]) / gradient.rows;
      gradient[d][j] = at.scale[j] * (gradient[d][j] - projected);
    }
}

}  // namespace
