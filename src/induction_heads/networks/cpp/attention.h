// Attention (section 3) with the clamps that stand at its scores and patterns, forward and backward.
#pragma once
#include "matrices.h"

namespace {

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

}  // namespace
