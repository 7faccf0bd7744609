// What tokens/kernels.py calls. One run after the other, so that all of a run's numbers stay in the cache; a run's
// numbers do not depend on how many runs there are.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "tokens.h"

namespace {
namespace tokens {

using at::Tensor;

// `numbers` are the parameters of each run in a row, `offsets` say where each begins, and `sizes` are those of `Sizes`.
// `begins` is the stream that layer 1 reads, `run batch token d_model`; empty where it is read off W_E.
struct Batch {
  const Tensor& numbers;
  at::IntArrayRef offsets;
  Sizes is;
  Tensor mixes, token, begins;
  bool first_is_its_own;

  Batch(const Tensor& numbers, at::IntArrayRef offsets, at::IntArrayRef sizes, const Tensor& mixes,
        bool first_is_its_own, const Tensor& token, const Tensor& begins)
      : numbers(numbers),
        offsets(offsets),
        is{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]},
        mixes(mixes.contiguous()),
        token(token.contiguous()),
        begins(begins.contiguous()),
        first_is_its_own(first_is_its_own) {
    TORCH_CHECK(numbers.is_contiguous() && offsets.size() == size_t(BLOCKS + is.layers * A_BLOCK),
                "expected the parameters of each run in a row, ", BLOCKS + is.layers * A_BLOCK, " of them");
    TORCH_CHECK(length() <= is.positions, "expected at most ", is.positions, " tokens, got ", length());
    TORCH_CHECK_INDEX(
        token.numel() == 0 || (token.min().item<int64_t>() >= 0 && token.max().item<int64_t>() < is.vocabulary),
        "expected tokens below ", is.vocabulary);
    const auto each = {runs(), sequences(), length(), is.d_model};
    TORCH_CHECK(!given() || begins.sizes() == at::IntArrayRef(each), "expected a stream of ", at::IntArrayRef(each),
                ", got ", begins.sizes());
  }
  bool given() const { return begins.numel(); }
  int64_t runs() const { return numbers.size(0); }
  int64_t sequences() const { return token.size(1); }
  int64_t length() const { return token.size(2); }
  template <typename T>
  static T* row(const Tensor& t, int64_t r) {
    return t.numel() ? t.data_ptr<T>() + (t.size(0) == 1 ? 0 : r) * t.stride(0) : nullptr;
  }
  const int64_t* sequence(int64_t r, int64_t b) const { return row<int64_t>(token, r) + b * length(); }
  NUMBER* stream(const Tensor& streams, int64_t r, int64_t b) const {
    return given() ? row<NUMBER>(streams, r) + b * length() * is.d_model : nullptr;
  }
  Parameters<NUMBER> parameters(const Tensor& flat, int64_t r) const {
    Parameters<NUMBER> found;
    for (int64_t offset : offsets) found.at.push_back(row<NUMBER>(flat, r) + offset);
    return found;
  }
  // Calls each(first, how many) for so many sequences at a time.
  template <typename Each>
  void for_sequences(int64_t together, const Each& each) const {
    for (int64_t b = 0; b < sequences(); b += together) each(b, std::min(together, sequences() - b));
  }
  template <typename Each>
  void for_runs(const Each& each) const {
    at::parallel_for(0, runs(), 1, [&](int64_t begin, int64_t end) {
      static thread_local Room<NUMBER> room;
      for (int64_t r = begin; r < end; ++r) {
        room.next = 0;
        each(r, room);
      }
    });
  }
};

// The loss of every token, `run batch token`. `pattern` `run batch layer*head query key` is written to, unless empty.
Tensor losses(const Tensor& numbers, at::IntArrayRef offsets, at::IntArrayRef sizes, const Tensor& mixes,
              bool first_is_its_own, const Tensor& token, const Tensor& begins, const Tensor& pattern) {
  const Batch batch(numbers, offsets, sizes, mixes, first_is_its_own, token, begins);
  const int64_t n = batch.length(), heads = batch.is.layers * batch.is.heads;
  Tensor out = at::empty({batch.runs(), batch.sequences(), n}, numbers.options());
  batch.for_runs([&](int64_t r, Room<NUMBER>& room) {
    const Mixes<NUMBER> mixed{Batch::row<NUMBER>(batch.mixes, r), first_is_its_own};
    Run<NUMBER> run{batch.is, n, batch.parameters(numbers, r), {}, mixed, {}, false, batch.given(), room};
    run.prepare();
    batch.for_sequences(run.together, [&](int64_t b, int64_t here) {
      run.forward(here, batch.sequence(r, b), batch.stream(batch.begins, r, b), Batch::row<NUMBER>(out, r) + b * n);
      NUMBER* to = Batch::row<NUMBER>(pattern, r);
      if (!to) return;
      to += b * heads * n * n;
      for (int64_t s = 0; s < here; ++s)
        for (int64_t i = 0; i < heads; ++i) {
          const Matrix<NUMBER> seen = run.pattern_of(i / batch.is.heads, s, i % batch.is.heads);
          for (int64_t t = 0; t < n; ++t, to += n) std::copy_n(seen[t], n, to);
        }
    });
  });
  return out;
}

// The mean loss of each run over the tokens that are counted; its gradient is added to `gradient` and `to_mixes`, and
// that of a stream that is given is written to `to_begins`.
Tensor gradient(const Tensor& numbers, at::IntArrayRef offsets, at::IntArrayRef sizes, const Tensor& mixes,
                bool first_is_its_own, const Tensor& token, const Tensor& begins, const Tensor& counted_,
                const Tensor& gradient, const Tensor& to_mixes, const Tensor& to_begins) {
  const Batch batch(numbers, offsets, sizes, mixes, first_is_its_own, token, begins);
  const Tensor counted = counted_.contiguous();
  TORCH_CHECK(gradient.is_contiguous() && to_mixes.is_contiguous() && gradient.sizes() == numbers.sizes(),
              "expected a gradient as large as the parameters");
  TORCH_CHECK(to_begins.is_contiguous() && to_begins.sizes() == begins.sizes(),
              "expected a gradient as large as the stream");
  const int64_t n = batch.length(), all = batch.sequences() * n;
  Tensor out = at::empty({batch.runs()}, numbers.options());
  batch.for_runs([&](int64_t r, Room<NUMBER>& room) {
    const Mixes<NUMBER> mixed{Batch::row<NUMBER>(batch.mixes, r), first_is_its_own};
    const Mixes<NUMBER> to_mixed{Batch::row<NUMBER>(to_mixes, r), first_is_its_own};
    const Parameters<NUMBER> net = batch.parameters(numbers, r), to = batch.parameters(gradient, r);
    Run<NUMBER> run{batch.is, n, net, to, mixed, to_mixed, true, batch.given(), room};
    const bool* counts = Batch::row<bool>(counted, r);
    const int64_t how_many = std::count(counts, counts + all, true);
    std::vector<NUMBER> share(run.together * n), loss(run.together * n);
    double sum = 0;
    run.prepare();
    batch.for_sequences(run.together, [&](int64_t b, int64_t here) {
      run.forward(here, batch.sequence(r, b), batch.stream(batch.begins, r, b), loss.data());
      for (int64_t t = 0; t < here * n; ++t) {
        share[t] = counts[b * n + t] ? NUMBER(1) / how_many : 0;
        sum += counts[b * n + t] ? loss[t] : 0;
      }
      run.backward(here, batch.sequence(r, b), share.data(), batch.stream(to_begins, r, b));
    });
    run.finish();
    out.data_ptr<NUMBER>()[r] = sum / how_many;
  });
  return out;
}

}  // namespace tokens
}  // namespace
