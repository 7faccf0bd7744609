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

// For what is given constants, or registers: compiled where it is called.
#define INLINED __attribute__((always_inline))

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

// Calls each(0), each(1), … each(N - 1) with constants: what a loop would count is known when it is compiled.
template <int N, typename Each>
inline INLINED void unrolled(const Each& each) {
  [&]<int... I>(std::integer_sequence<int, I...>)
      INLINED { (each(std::integral_constant<int, I>()), ...); }(std::make_integer_sequence<int, N>());
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
inline INLINED void transpose(Lanes<F> (&square)[LANES<F>]) {
  unrolled<LANES<F>>([&](auto i) INLINED {
    if constexpr (!(i & H)) exchange<F, H>(square[i], square[i + H], std::make_integer_sequence<int, LANES<F>>());
  });
  if constexpr (H > 1) transpose<F, H / 2>(square);
}

// Calls read(i, d, n) for rows i and write(d, i, row, n) for columns d of a matrix, a square at a time.
template <typename F, typename Read, typename Write>
inline void transposed(int64_t rows, int64_t columns, const Read& read, const Write& write) {
  for (int64_t i = 0; i < rows; i += LANES<F>)
    for (int64_t d = 0; d < columns; d += LANES<F>) {
      const int64_t high = std::min<int64_t>(LANES<F>, rows - i), wide = std::min<int64_t>(LANES<F>, columns - d);
      Lanes<F> square[LANES<F>];
      unrolled<LANES<F>>([&](auto j) INLINED { square[j] = j < high ? read(i + j, d, wide) : Lanes<F>{}; });
      transpose<F>(square);
      unrolled<LANES<F>>([&](auto j) INLINED {
        if (j < wide) write(d + j, i, square[j], high);
      });
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
  Matrix from(int64_t j, int64_t n) const { return {at + j * column, rows, n, row, column}; }   // columns j … j + n
  Matrix below(int64_t i, int64_t n) const { return {at + i * row, n, columns, row, column}; }  // rows i … i + n
  Matrix last(int64_t n) const { return from(columns - n, n); }
};

// c (+)= a b for M rows and N vectors of columns. The rows of b and c are contiguous, those of b whole vectors; only
// the columns that c has are written. Unrolled, so that the sums never leave their registers.
template <typename F, int M, int N>
inline void block(Matrix<F> a, Matrix<F> b, Matrix<F> c, bool add) {
  Lanes<F> sum[M * N];
  auto each_sum = [&](const auto& each)
                      INLINED { unrolled<M * N>([&](auto i) INLINED { each(sum[i], i / N, i % N * LANES<F>); }); };
  each_sum([](Lanes<F>& one, int, int) INLINED { one = Lanes<F>{}; });
  for (int64_t k = 0; k < a.columns; ++k) {
    Lanes<F> row[N];
    unrolled<N>([&](auto n) INLINED { row[n] = load(b[k] + n * LANES<F>, LANES<F>); });
    each_sum([&](Lanes<F>& one, int m, int j) INLINED { one += row[j / LANES<F>] * a.at[m * a.row + k * a.column]; });
  }
  if (c.columns >= N * LANES<F>) {
    each_sum([&](const Lanes<F>& one, int m, int j)
                 INLINED { store(c[m] + j, add ? load(c[m] + j, LANES<F>) + one : one, LANES<F>); });
    return;
  }
  F whole[M][N * LANES<F>];
  each_sum([&](const Lanes<F>& one, int m, int j) INLINED { store(whole[m] + j, one, LANES<F>); });
  for (int m = 0; m < M; ++m)
    for (int64_t j = 0; j < c.columns; ++j) c[m][j] = add ? c[m][j] + whole[m][j] : whole[m][j];
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

// Memory that is used again by who asks next; it begins at a vector, and may hold anything.
template <typename F>
class Memory {
  std::vector<F> taken;

 public:
  F* numbers(int64_t n) {
    if (taken.size() < static_cast<size_t>(n + LANES<F>)) taken.resize(n + LANES<F>);
    const uintptr_t first = reinterpret_cast<uintptr_t>(taken.data());
    return reinterpret_cast<F*>((first + VECTOR - 1) / VECTOR * VECTOR);
  }
};

// The same numbers in contiguous rows, padded with zeros to whole vectors; until the next call.
template <typename F>
Matrix<F> packed(Matrix<F> m) {
  static thread_local Memory<F> memory;
  const int64_t width = (m.columns + LANES<F> - 1) / LANES<F> * LANES<F>;
  const Matrix<F> to{memory.numbers(m.rows * width), m.rows, m.columns, width, 1};
  if (m.row == 1 && m.column != 1) {
    transposed<F>(
        m.columns, m.rows, [&](int64_t n, int64_t k, int64_t wide) { return load(m.at + n * m.column + k, wide); },
        [&](int64_t k, int64_t n, const Lanes<F>& row, int64_t) { store(to[k] + n, row, LANES<F>); });
    return to;
  }
  for (int64_t k = 0; k < m.rows; ++k) {
    for (int64_t n = 0; n < m.columns; ++n) to[k][n] = m.at[k * m.row + n * m.column];
    std::fill(to[k] + m.columns, to[k] + width, F(0));
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
  for (int64_t j = 0; j < x.columns; j += LANES<F>) {
    const int64_t here = x.columns - j;
    Lanes<F> sum = {}, squares = {};
    for (int64_t d = 0; d < x.rows; ++d) sum += load(x[d] + j, here);
    const Lanes<F> mean = sum / F(x.rows);
    for (int64_t d = 0; d < x.rows; ++d) {
      const Lanes<F> centred = load(x[d] + j, here) - mean;
      store(to.normed[d] + j, centred, here);
      squares += centred * centred;
    }
    Lanes<F> scale = squares / F(x.rows) + eps;
    for (int i = 0; i < LANES<F>; ++i) scale[i] = 1 / std::sqrt(scale[i]);
    store(to.scale + j, scale, here);
    for (int64_t d = 0; d < x.rows; ++d) {
      const Lanes<F> normed = load(to.normed[d] + j, here) * scale;
      store(to.normed[d] + j, normed, here);
      store(to.out[d] + j, normed * weight[d] + bias[d], here);
    }
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
  for (int64_t j = 0; j < n; j += LANES<F>) {
    const Lanes<F> mean = load(&sum[j], n - j) / F(gradient.rows), slope = load(&along[j], n - j) / F(gradient.rows);
    const Lanes<F> scale = load(at.scale + j, n - j);
    for (int64_t d = 0; d < gradient.rows; ++d) {
      F* here = gradient[d] + j;
      store(here, scale * (load(here, n - j) - (mean + load(at.normed[d] + j, n - j) * slope)), n - j);
    }
  }
}

}  // namespace
