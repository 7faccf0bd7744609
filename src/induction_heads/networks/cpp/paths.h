// Direct paths to the output (section 3, appendix C): of one network, what it answers when the output reads only some
// of its heads, while all patterns and values stay as they are; also while heads of Layer 1 are ablated. One pass for
// any choice of heads, and one Layer 1 for all that is ablated.
#pragma once
#include "network.h"

namespace {

// What is ablated, and what Layer 2 keeps of the pass without ablations: see kernels.Ablated.
struct Ablated {
  const bool* heads[2];  // of each layer
  bool patterns, values;
};

// Which heads write to the output, choice x layer x `most` heads.
struct Kept {
  const bool* heads;
  int64_t choices, most;
  bool operator()(int64_t choice, int layer, int64_t head) const { return heads[(2 * choice + layer) * most + head]; }
};

// Some sequences of a run that is embedded, without PerfectLayer1 and PerfectCopy. All lies in the run's room.
template <typename F>
struct Paths {
  using M = Matrix<F>;
  Run<F>& run;
  const Sequences& of;
  M embedded;            // d_model x (token, sequence)
  Activations<F> whole;  // without ablations: after Layer 1, and what Layer 2 reads
  M written;             // by each Layer 1 head at the query, as `write` gives it

  Paths(Run<F>& run, const Sequences& of) : run(run), of(of) {
    whole.token = run.tokens_of(of);
    embedded = run.room.matrix(run.d_model, run.tokens * of.size);
    look_up(run.rows, whole.token.data(), embedded);
    whole.stream = copy(embedded);
    run.forward_layer_1(run.attention(0, of.size, of.match), whole);
    whole.layer_2 = read(whole.stream, true, true);
    written = write(0, whole.layer_1.z.last(of.size));
  }

  // Writes the logits of each choice, (choice label) x sequence, and gives Layer 2's pattern, head x (token, sequence).
  M forward(const Ablated& without, const Kept& kept, M logits) {
    const Sites<F> at = layer_2(without);
    const M written_2 = write(1, at.z), embedded_here = embedded.last(of.size);
    const M final = run.room.matrix(run.d_model, of.size);
    const Normed<F> normed = run.room.normed(run.d_model, of.size);
    for (int64_t c = 0; c < kept.choices; ++c) {
      for (int64_t d = 0; d < run.d_model; ++d) std::copy_n(embedded_here[d], of.size, final[d]);
      for (int layer = 0; layer < 2; ++layer)
        for (int64_t h = 0; h < run.heads[layer]; ++h) {
          if (without.heads[layer][h] || !kept(c, layer, h)) continue;
          const F* writes = (layer ? written_2 : written)[h * run.d_model];
          for (int64_t i = 0; i < run.d_model * of.size; ++i) final.at[i] += writes[i];
        }
      run.read_out(final, normed, M{logits[c * run.labels], run.labels, of.size});
    }
    return at.pattern;
  }

  Sites<F> layer_2(const Ablated& without) const {
    Sites<F> at = whole.layer_2;
    const bool* off = without.heads[0];
    if (std::find(off, off + run.heads[0], true) != off + run.heads[0]) {
      const M left = copy(embedded);  // after Layer 1
      for (int64_t h = 0; h < run.heads[0]; ++h)
        if (!off[h]) multiply(output(0, h), of_head(whole.layer_1.z, h), left, true);
      at = read(left, !without.patterns, !without.values);
      if (without.patterns) {
        at.q = whole.layer_2.q;
        at.k = whole.layer_2.k;
      }
      if (without.values) at.v = whole.layer_2.v;
    }
    run.attention(1, of.size, of.match).forward(at);
    return at;
  }

  // Queries and keys, for its patterns, and the values that Layer 2 reads in a stream.
  Sites<F> read(M stream, bool patterns, bool values) const {
    return run.project(run.read_by_layer_2(stream).out, of.size, patterns, values);
  }

  // What each head of a layer writes, (head d_model) x sequence.
  M write(int layer, M z) const {
    const M to = run.room.matrix(run.heads[layer] * run.d_model, z.columns);
    for (int64_t h = 0; h < run.heads[layer]; ++h)
      multiply(output(layer, h), of_head(z, h), M{to[h * run.d_model], run.d_model, z.columns});
    return to;
  }

  // A head's W_O, d_model x d_head.
  M output(int layer, int64_t head) const {
    const Network<F>& net = layer ? run.net : run.first;
    return M{net.of(layer, W_O) + head * run.d_head * run.d_model, run.d_head, run.d_model}.t();
  }

  M of_head(M z, int64_t head) const { return {z[head * run.d_head], run.d_head, z.columns, z.row, z.column}; }

  M copy(M m) const {
    const M to = run.room.matrix(m.rows, m.columns);
    std::copy_n(m.at, m.rows * m.columns, to.at);
    return to;
  }
};

}  // namespace
