// What Python calls, and all that speaks to PyTorch; kernels.py says what each computes. `train` takes one run after
// the other, some steps at a time, so that a run's numbers stay in the cache; a run's numbers do not depend on how many
// runs there are.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "network.h"
#include "paths.h"
#include "token_operators.h"

namespace {

using at::Tensor, at::TensorList;
using F = NUMBER;  // float or double: a library of its own for each, since compiling takes seconds

template <typename Number>
Number* at(const Tensor& t, int64_t r = 0) {
  return t.data_ptr<Number>() + (t.size(0) == 1 ? 0 : r * t.stride(0));
}

template <typename Each>
void for_runs(int64_t runs, const Each& each) {
  at::parallel_for(0, runs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) each(r);
  });
}

void check_below(int64_t limit, const Tensor& numbers, const char* what) {
  const int64_t* number = numbers.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < numbers.numel(); ++i)
    TORCH_CHECK_INDEX(0 <= number[i] && number[i] < limit, what, ": expected a number below ", limit, ", got ",
                      number[i]);
}

constexpr int64_t AT_ONCE = 32;  // sequences whose activations stay in the cache, where there is no gradient

// What `train`, `logits` and `direct_paths` are given, as the networks of single runs.
struct Batch {
  TensorList parameters, grafted;
  Tensor features, exemplar, label, match, pattern_of, strength, copies, perfect_layer_1, cosine, sine;
  int64_t runs = parameters[B_U].size(0), size = match.size(1), labels = parameters[B_U].size(1);

  Batch(TensorList parameters, TensorList grafted, const Tensor& features, TensorList sequences, TensorList clamped,
        TensorList rotations)
      : parameters(parameters),
        grafted(grafted),
        features(features.stride(1) == 1 ? features : features.mT().contiguous().mT()),
        exemplar(sequences[0].contiguous()),
        label(sequences[1].contiguous()),
        match(sequences[2].contiguous()),
        pattern_of(clamped[0]),
        strength(clamped[1]),
        copies(clamped[2]),
        perfect_layer_1(clamped[3]),
        cosine(rotations[0]),
        sine(rotations[1]) {
    check_parameters();
    check_below(features.size(2), exemplar, "exemplar");
    check_below(labels, label, "label");
    check_below(label.size(2), match, "match");
  }

  void check_parameters() const {
    TORCH_CHECK(parameters.size() == PARAMETERS, "expected ", int(PARAMETERS),
                " parameters of networks of two layers, got ", parameters.size());
    for (const Tensor& p : parameters)
      TORCH_CHECK(p.scalar_type() == features.scalar_type() && p.is_non_overlapping_and_dense(),
                  "expected parameters of one type, without gaps");
    for (size_t i = 0; i < grafted.size(); ++i)
      TORCH_CHECK(grafted[i].sizes() == parameters[i].sizes(),
                  "expected grafted parameters as large as the network's own");
    for (int layer : {0, 1})
      for (int which : {W_Q, W_K, W_V}) {
        const Tensor& p = parameters[BLOCKS + layer * A_BLOCK + which];
        TORCH_CHECK(p.stride(2) == p.size(1) * p.size(3), "expected W_Q, W_K and W_V as model.stored lays them out");
      }
  }

  int64_t heads(int layer) const { return parameters[BLOCKS + layer * A_BLOCK + W_Q].size(1); }

  Network<F> network(TensorList of, int64_t r) const {
    Network<F> net;
    for (size_t i = 0; i < of.size(); ++i) net.at[i] = at<F>(of[i], r);
    return net;
  }

  Clamped<F> clamps(int64_t r) const {
    const int64_t most = pattern_of.size(2);  // heads
    const int8_t* kinds = pattern_of.data_ptr<int8_t>() + r * 2 * most;
    const F* strengths = strength.data_ptr<F>() + r * 2 * most;
    const bool* read = copies.data_ptr<bool>() + r * most;
    const bool copying = std::find(read, read + most, true) != read + most;
    return {{kinds, kinds + most}, {strengths, strengths + most}, read, copying, perfect_layer_1.data_ptr<bool>()[r]};
  }

  Run<F> run(int64_t r, Room<F>& room) const {
    room.next = 0;
    const Network<F> net = network(parameters, r);
    Network<F> first = network(grafted, r);
    for (int i = grafted.size(); i < PARAMETERS; ++i) first.at[i] = net.at[i];
    const int64_t d_model = parameters[B_EXEMPLAR].size(1), d_head = parameters[BLOCKS + W_Q].size(3);
    return {net,
            first,
            !grafted.empty(),
            clamps(r),
            {at<F>(features, r), features.size(1), features.size(2), 1, features.stride(2)},
            labels,
            {heads(0), heads(1)},
            d_model,
            d_head,
            label.size(2),
            {cosine.data_ptr<F>(), sine.data_ptr<F>(), cosine.size(1)},
            room};
  }

  // Sequences b … b + n of a run.
  Sequences sequences(int64_t r, int64_t b, int64_t n) const {
    auto from = [&](const Tensor& numbers) { return at<int64_t>(numbers, r) + b * numbers.stride(1); };
    return {from(exemplar), from(label), from(match), n};
  }
};

// Steps of every run on its sequences, as many for each, in place; the loss before each, (run, step).
Tensor train(TensorList parameters, TensorList means, TensorList squares, TensorList grafted, const Tensor& features,
             TensorList sequences, TensorList clamped, TensorList rotations, at::ArrayRef<double> rates,
             at::ArrayRef<double> roots, double beta_1, double beta_2, double eps) {
  const Batch batch(parameters, grafted, features, sequences, clamped, rotations);
  const int64_t steps = rates.size(), size_of_step = batch.size / steps;
  Tensor losses = at::empty({batch.runs, steps}, features.options());
  std::vector<int64_t> size;
  for (const Tensor& p : parameters) size.push_back(p.numel() / batch.runs);
  for_runs(batch.runs, [&](int64_t r) {
    static thread_local Room<F> room;
    for (int64_t s = 0; s < steps; ++s) {
      const Adam<F> adam{F(rates[s]), F(roots[s]), F(beta_1), F(beta_2), F(eps)};
      losses.data_ptr<F>()[r * steps + s] =
          batch.run(r, room).step(batch.sequences(r, s * size_of_step, size_of_step), adam, batch.network(means, r),
                                  batch.network(squares, r), size.data());
    }
  });
  return losses;
}

// Logits, label x sequence, as rows of a tensor from one on.
void write(Matrix<F> logits, const Tensor& out, int64_t row) {
  F* to = out.data_ptr<F>() + row * logits.rows;
  for (int64_t i = 0; i < logits.columns; ++i)
    for (int64_t l = 0; l < logits.rows; ++l) *to++ = logits[l][i];
}

// (run, sequence, label)
Tensor logits(TensorList parameters, TensorList grafted, const Tensor& features, TensorList sequences,
              TensorList clamped, TensorList rotations) {
  const Batch batch(parameters, grafted, features, sequences, clamped, rotations);
  Tensor out = at::empty({batch.runs, batch.size, batch.labels}, features.options());
  for_runs(batch.runs, [&](int64_t r) {
    static thread_local Room<F> room;
    Run<F> run = batch.run(r, room);
    run.embed();
    run.begin(batch.sequences(r, 0, batch.size));
    const size_t embedded = room.next;
    for (int64_t b = 0; b < batch.size; b += AT_ONCE) {
      const int64_t here = std::min(AT_ONCE, batch.size - b);
      const Matrix<F> some = room.matrix(run.labels, here);
      run.forward(batch.sequences(r, b, here), some);
      write(some, out, r * batch.size + b);
      room.next = embedded;
    }
  });
  return out;
}

// `ablated` and `keep` are those of kernels.direct_paths: (run, condition, 2, head) and (run, condition, 2); (choice,
// 2, head). Gives the logits, (run, condition, choice, sequence, label), and Layer 2's pattern at the query, (run,
// condition, sequence, head, token).
std::tuple<Tensor, Tensor> direct_paths(TensorList parameters, TensorList grafted, const Tensor& features,
                                        TensorList sequences, TensorList clamped, TensorList rotations,
                                        TensorList ablated, const Tensor& keep) {
  const Batch batch(parameters, grafted, features, sequences, clamped, rotations);
  const Kept kept{keep.const_data_ptr<bool>(), keep.size(0), keep.size(2)};
  const int64_t conditions = ablated[0].size(1), tokens = 2 * batch.label.size(2) + 1, heads = batch.heads(1);
  Tensor logits = at::empty({batch.runs, conditions, kept.choices, batch.size, batch.labels}, features.options());
  Tensor pattern = at::empty({batch.runs, conditions, batch.size, heads, tokens}, features.options());
  auto without = [&](int64_t condition) {
    const bool* off = ablated[0].const_data_ptr<bool>() + condition * 2 * kept.most;
    const bool* preserved = ablated[1].const_data_ptr<bool>() + condition * 2;
    return Ablated{{off, off + kept.most}, preserved[0], preserved[1]};
  };
  for_runs(batch.runs, [&](int64_t r) {
    static thread_local Room<F> room;
    Run<F> run = batch.run(r, room);
    run.embed();
    const size_t embedded = room.next;
    for (int64_t b = 0; b < batch.size; b += AT_ONCE) {
      const int64_t here = std::min(AT_ONCE, batch.size - b);
      const Sequences some = batch.sequences(r, b, here);
      const Matrix<F> out = room.matrix(kept.choices * run.labels, here);
      Paths<F> paths(run, some);
      const size_t read = room.next;
      for (int64_t c = r * conditions; c < (r + 1) * conditions; ++c) {
        const Matrix<F> seen = paths.forward(without(c), kept, out);
        for (int64_t i = 0; i < kept.choices; ++i)
          write({out[i * run.labels], run.labels, here}, logits, (c * kept.choices + i) * batch.size + b);
        F* to = pattern.data_ptr<F>() + (c * batch.size + b) * heads * tokens;
        for (int64_t i = 0; i < here; ++i)
          for (int64_t h = 0; h < heads; ++h)
            for (int64_t t = 0; t < tokens; ++t) *to++ = seen[h][t * here + i];
        room.next = read;
      }
      room.next = embedded;
    }
  });
  return {logits, pattern};
}

// The operators of model.forward, one by one, without gradients.
Matrix<F> matrix(const Tensor& t, int64_t r) { return {at<F>(t, r), t.size(1), t.size(2), t.stride(1), t.stride(2)}; }

// (run | 1, m, k) x (run, k, n) -> (run, m, n)
Tensor matmul(const Tensor& a, const Tensor& b) {
  TORCH_CHECK((a.size(0) == b.size(0) || a.size(0) == 1) && b.size(1) == a.size(2),
              "matmul: expected (run, m, k) and (run, k, n), got ", a.sizes(), " and ", b.sizes());
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
    for (int64_t t = 0; t < tokens.size(1); ++t)
      TORCH_CHECK_INDEX(0 <= token[t] && token[t] < items, "lookup: expected an item below ", items, ", got ",
                        token[t]);
    look_up(matrix(table, r), token, matrix(out, r));
  });
  return out;
}

// One run of (run, head, a, b, batch) as a matrix (head a) x (b, batch).
Matrix<F> heads_together(const Tensor& t, int64_t r) {
  return {at<F>(t, r), t.size(1) * t.size(2), t.size(3) * t.size(4)};
}

// q (run, head, d_head, query, batch), k (run, head, d_head, token, batch) -> (run, head, query, token, batch)
Tensor scores(const Tensor& q_, const Tensor& k_, const Tensor& cosine, const Tensor& sine) {
  const Tensor q = q_.contiguous(), k = k_.contiguous();
  const int64_t heads = k.size(1), d_head = k.size(2), tokens = k.size(3), queries = q.size(3), batch = k.size(4);
  const Rotary<F> rotary{cosine.const_data_ptr<F>(), sine.const_data_ptr<F>(), cosine.size(1)};
  Tensor out = at::empty({k.size(0), heads, queries, tokens, batch}, k.options());
  for_runs(k.size(0), [&](int64_t r) {
    for_heads<F>(heads, batch, d_head * (queries + tokens) + queries * tokens, [&](Head<F>& head) {
      const Tile<F> query = head.read(heads_together(q, r), d_head, queries);
      const Tile<F> key = head.read(heads_together(k, r), d_head, tokens), score = head.room(queries, tokens);
      rotary(query);
      rotary(key);
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
    for_heads<F>(heads, batch, d_head * (queries + tokens) + queries * tokens, [&](Head<F>& head) {
      const Tile<F> weight = head.read(heads_together(pattern, r), queries, tokens);
      const Tile<F> value = head.read(heads_together(v, r), d_head, tokens), z = head.room(d_head, queries);
      mix_of(weight, value, z);
      head.write(z, heads_together(out, r));
    });
  });
  return out;
}

}  // namespace

#define LIBRARY(name, m) TORCH_LIBRARY(name, m)  // so that NAME is read before it is quoted
LIBRARY(NAME, m) {
  m.def("train", train);
  m.def("logits", logits);
  m.def("direct_paths", direct_paths);
  m.def("matmul", matmul);
  m.def("lookup", lookup);
  m.def("scores", scores);
  m.def("mix", mix);
  m.def("token_losses", tokens::losses);
  m.def("token_gradient", tokens::gradient);
}
