// Two operators of the hot path, for float32 on a CPU, that the libraries here run at half the speed or less at
// these sizes: products of many small matrices, and looking up items as columns. A run's numbers do not depend
// on how many runs there are: every sum is taken in the same order.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <cstring>
#include <vector>

namespace {

#ifdef __AVX512F__
constexpr int LANES = 16, PANEL = 4;  // 6 x 4 accumulators of 32 registers
#else
constexpr int LANES = 8, PANEL = 2;  // 6 x 2 of 16
#endif
constexpr int ROWS = 6;
typedef float Lanes __attribute__((vector_size(LANES * sizeof(float))));

struct Strided {
  const float* at;
  int64_t row, column;
};

// c[M, N * LANES] = a b, with the rows of b contiguous; only the first `columns` columns of c are written.
template <int M, int N>
inline void block(Strided a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t depth, int64_t columns) {
  Lanes sum[M][N] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Lanes row[N];
    for (int n = 0; n < N; ++n) std::memcpy(&row[n], b + k * b_row + n * LANES, sizeof(Lanes));
    for (int m = 0; m < M; ++m)
      for (int n = 0; n < N; ++n) sum[m][n] += row[n] * a.at[m * a.row + k * a.column];
  }
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      if (columns >= (n + 1) * LANES) std::memcpy(c + m * c_row + n * LANES, &sum[m][n], sizeof(Lanes));
      else {
        const Lanes last = sum[m][n];  // a copy, so that the sums stay in registers
        std::memcpy(c + m * c_row + n * LANES, &last, (columns - n * LANES) * sizeof(float));
      }
    }
}

template <int M, int N>
void last_rows(int64_t rows, Strided a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t depth, int64_t columns) {
  if (rows == M) block<M, N>(a, b, b_row, c, c_row, depth, columns);
  else if constexpr (M > 1) last_rows<M - 1, N>(rows, a, b, b_row, c, c_row, depth, columns);
}

template <int N>
void panel(int64_t rows, Strided a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t depth, int64_t columns) {
  if constexpr (N > 1)
    if (columns <= (N - 1) * LANES) return panel<N - 1>(rows, a, b, b_row, c, c_row, depth, columns);
  for (; rows >= ROWS; rows -= ROWS, a.at += ROWS * a.row, c += ROWS * c_row)
    block<ROWS, N>(a, b, b_row, c, c_row, depth, columns);
  if (rows) last_rows<ROWS - 1, N>(rows, a, b, b_row, c, c_row, depth, columns);
}

void product(Strided a, Strided b, float* c, int64_t rows, int64_t depth, int64_t columns, std::vector<float>& packed) {
  constexpr int64_t WIDTH = PANEL * LANES;
  for (int64_t j = 0; j < columns; j += WIDTH) {
    const int64_t here = std::min(WIDTH, columns - j);
    const float* from = b.at + j * b.column;
    int64_t step = b.row;
    if (b.column != 1 || here % LANES) {  // a panel whose rows are contiguous, padded to whole lanes
      step = (here + LANES - 1) / LANES * LANES;
      packed.assign(depth * step, 0.f);
      if (b.column == 1)
        for (int64_t k = 0; k < depth; ++k) std::memcpy(&packed[k * step], from + k * b.row, here * sizeof(float));
      else
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t n = 0; n < here; ++n) packed[k * step + n] = from[k * b.row + n * b.column];
      from = packed.data();
    }
    panel<PANEL>(rows, a, from, step, c + j, columns, depth, here);
  }
}

// (run | 1, m, k) x (run, k, n) -> (run, m, n)
at::Tensor matmul(const at::Tensor& a, const at::Tensor& b) {
  const int64_t runs = b.size(0), rows = a.size(1), depth = a.size(2), columns = b.size(2);
  TORCH_CHECK((a.size(0) == runs || a.size(0) == 1) && b.size(1) == depth, "matmul: expected (run, m, k) and (run, k, n), got ", a.sizes(), " and ", b.sizes());
  TORCH_CHECK(a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat, "matmul: expected float32");
  at::Tensor c = at::empty({runs, rows, columns}, b.options());
  const int64_t next = a.size(0) == 1 ? 0 : a.stride(0);
  const float* a_data = a.const_data_ptr<float>();
  const float* b_data = b.const_data_ptr<float>();
  float* c_data = c.mutable_data_ptr<float>();
  at::parallel_for(0, runs, 1, [&](int64_t first, int64_t end) {
    std::vector<float> packed;
    for (int64_t r = first; r < end; ++r)
      product({a_data + r * next, a.stride(1), a.stride(2)}, {b_data + r * b.stride(0), b.stride(1), b.stride(2)},
              c_data + r * rows * columns, rows, depth, columns, packed);
  });
  return c;
}

// table (run, item, d), tokens (run | 1, t) -> (run, d, t): column t is item tokens[t]
at::Tensor lookup(const at::Tensor& table_, const at::Tensor& tokens_) {
  const at::Tensor table = table_.contiguous(), tokens = tokens_.contiguous();
  const int64_t runs = table.size(0), items = table.size(1), width = table.size(2), n = tokens.size(1);
  at::Tensor out = at::empty({runs, width, n}, table.options());
  const float* from = table.const_data_ptr<float>();
  const int64_t* token = tokens.const_data_ptr<int64_t>();
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, runs, 1, [&](int64_t first, int64_t end) {
    std::vector<int32_t> offset(n);
    for (int64_t r = first; r < end; ++r) {
      const int64_t* mine = token + (tokens.size(0) == 1 ? 0 : r * n);
      for (int64_t t = 0; t < n; ++t) {
        TORCH_CHECK_INDEX(0 <= mine[t] && mine[t] < items, "lookup: expected an item below ", items, ", got ", mine[t]);
        offset[t] = mine[t] * width;
      }
      const int32_t* at_token = offset.data();
      for (int64_t d = 0; d < width; ++d) {
        const float* column = from + r * items * width + d;
        float* row = to + (r * width + d) * n;
        for (int64_t t = 0; t < n; ++t) row[t] = column[at_token[t]];
      }
    }
  });
  return out;
}

// The gradient of `lookup` with respect to its table.
at::Tensor lookup_backward(const at::Tensor& gradient_, const at::Tensor& tokens_, int64_t items) {
  const at::Tensor gradient = gradient_.contiguous(), tokens = tokens_.contiguous();
  const int64_t runs = gradient.size(0), width = gradient.size(1), n = gradient.size(2);
  at::Tensor out = at::zeros({runs, items, width}, gradient.options());
  const float* from = gradient.const_data_ptr<float>();
  const int64_t* token = tokens.const_data_ptr<int64_t>();
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, runs, 1, [&](int64_t first, int64_t end) {
    for (int64_t r = first; r < end; ++r)
      for (int64_t d = 0; d < width; d += LANES) {
        const int64_t here = std::min<int64_t>(LANES, width - d);
        const float* rows = from + (r * width + d) * n;
        for (int64_t t = 0; t < n; ++t) {
          float* row = to + (r * items + token[(tokens.size(0) == 1 ? 0 : r * n) + t]) * width + d;
          if (here == LANES)
            for (int i = 0; i < LANES; ++i) row[i] += rows[i * n + t];
          else
            for (int64_t i = 0; i < here; ++i) row[i] += rows[i * n + t];
        }
      }
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(induction_heads, CPU, m) {
  m.impl("matmul", matmul);
  m.impl("lookup", lookup);
  m.impl("lookup_backward", lookup_backward);
}
