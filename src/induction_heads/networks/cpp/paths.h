// Direct paths to the output (section 3, appendix C): of one network, what it answers when the output reads only some
// of its heads, while all patterns and values stay as they are. One pass for any choice of heads.
#pragma once
#include "network.h"

namespace {

// What is ablated in a run, and what its Layer 2 keeps of the pass without ablations: see kernels.Ablated.
struct Ablated {
  const bool* heads[2];  // of each layer
  bool patterns, values;
};

// Of a run that is embedded, without PerfectLayer1 and PerfectCopy.
template <typename F>
struct Paths {
  using M = Matrix<F>;
  Run<F>& run;
  Ablated ablated;
  const bool* keep;  // choice x layer x `most` heads
  int64_t choices, most;

  // Writes the logits of each choice, (choice label) x sequence. What it returns lies in the run's room.
  Activations<F> forward(const Sequences& of, M logits) {
    const Activations<F> at = pass(of);
    const int64_t n = run.d_model * of.size;  // numbers that a head writes
    const M embedded = run.room.matrix(run.d_model, of.size), final = run.room.matrix(run.d_model, of.size);
    look_up(run.rows, at.token.data() + (run.tokens - 1) * of.size, embedded);
    const M written[2] = {write(0, at.layer_1.z.last(of.size)), write(1, at.layer_2.z)};
    const Normed<F> read = run.room.normed(run.d_model, of.size);
    for (int64_t c = 0; c < choices; ++c) {
      std::copy_n(embedded.at, n, final.at);
      for (int layer = 0; layer < 2; ++layer)
        for (int64_t h = 0; h < run.heads[layer]; ++h)
          if (keep[(2 * c + layer) * most + h])
            for (int64_t i = 0; i < n; ++i) final.at[i] += written[layer].at[h * n + i];
      run.read_out(final, read, M{logits[c * run.labels], run.labels, of.size});
    }
    return at;
  }

  Activations<F> pass(const Sequences& of) {
    Activations<F> at;
    at.token = run.tokens_of(of);
    at.stream = run.room.matrix(run.d_model, run.tokens * of.size);
    look_up(run.rows, at.token.data(), at.stream);
    run.forward_layer_1(of, at);
    M left = at.stream;  // with ablations
    if (silence(0, at.layer_1.z)) {
      left = run.room.matrix(run.d_model, run.tokens * of.size);
      look_up(run.rows, at.token.data(), left);
      multiply(output(0, 0, run.heads[0]).t(), at.layer_1.z, left, true);
    }
    const M values = ablated.values ? at.stream : left;
    if (!ablated.patterns) at.stream = left;
    run.forward_layer_2(of, at, values);
    silence(1, at.layer_2.z);
    return at;
  }

  // Whether there was a head to ablate.
  bool silence(int layer, M z) const {
    const bool* off = ablated.heads[layer];
    for (int64_t i = 0; i < z.rows; ++i)
      if (off[i / run.d_head]) std::fill(z[i], z[i] + z.columns, F(0));
    return std::find(off, off + run.heads[layer], true) != off + run.heads[layer];
  }

  // W_O of some heads.
  M output(int layer, int64_t head, int64_t heads) const {
    const Network<F>& net = layer ? run.net : run.first;
    return {net.of(layer, W_O) + head * run.d_head * run.d_model, heads * run.d_head, run.d_model};
  }

  // What each head writes, (head d_model) x sequence.
  M write(int layer, M z) const {
    const M to = run.room.matrix(run.heads[layer] * run.d_model, z.columns);
    for (int64_t h = 0; h < run.heads[layer]; ++h) {
      const M of_head{z[h * run.d_head], run.d_head, z.columns, z.row, z.column};
      multiply(output(layer, h, 1).t(), of_head, M{to[h * run.d_model], run.d_model, z.columns});
    }
    return to;
  }
};

}  // namespace
