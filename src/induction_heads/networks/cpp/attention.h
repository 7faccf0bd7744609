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
  void clear() const { std::fill(at, at + a * b, Lanes<F>{}); }
};

// Where the tiles of a head lie: its rows of a matrix whose columns are (position, sequence).
template <typename F>
struct Head {
  int64_t head, sequence, batch;  // the first sequence of the lanes
  Lanes<F>* free;

  int64_t left() const { return batch - sequence; }
  F* place(Matrix<F> m, int64_t a, int64_t i, int64_t j) const { return m[head * a + i] + j * batch + sequence; }
  INLINED Tile<F> room(int64_t a, int64_t b) {
    const Tile<F> tile{a, b, free};
    free += a * b;
    return tile;
  }
  // The tile of the matrix; with `source`, column j is that of position source[j].
  INLINED Tile<F> read(Matrix<F> m, int64_t a, int64_t b, const int64_t* source = nullptr) {
    const Tile<F> tile = room(a, b);
    for (int64_t i = 0; i < a; ++i)
      for (int64_t j = 0; j < b; ++j) tile(i, j) = load(place(m, a, i, source ? source[j] : j), left());
    return tile;
  }
  INLINED void write(Tile<F> tile, Matrix<F> m) const {
    for (int64_t i = 0; i < tile.a; ++i)
      for (int64_t j = 0; j < tile.b; ++j) store(place(m, tile.a, i, j), tile(i, j), left());
  }
  INLINED void add(Tile<F> tile, Matrix<F> m, const int64_t* target) const {
    for (int64_t i = 0; i < tile.a; ++i)
      for (int64_t j = 0; j < tile.b; ++j) {
        F* to = place(m, tile.a, i, target[j]);
        store(to, load(to, left()) + tile(i, j), left());
      }
  }
};

// Calls each(head) for every head and as many sequences as fill the lanes, with room for so many numbers.
template <typename F, typename Each>
inline INLINED void for_heads(int64_t heads, int64_t batch, int64_t room, const Each& each) {
  static thread_local Memory<F> memory;
  Lanes<F>* const space = reinterpret_cast<Lanes<F>*>(memory.numbers(room * LANES<F>));
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t s = 0; s < batch; s += LANES<F>) {
      Head<F> head{h, s, batch, space};
      each(head);
    }
}

// Rotary embedding, adjacent pairs, at the last positions before `end` of cosine and sine (pair, position); backwards
// with sign -1.
template <typename F>
struct Rotary {
  const F *cosine, *sine;
  int64_t positions, end = positions;

  INLINED void operator()(Tile<F> x, F sign = 1) const {
    for (int64_t p = 0; p < x.a / 2; ++p)
      for (int64_t t = 0; t < x.b; ++t) {
        const int64_t i = p * positions + end - x.b + t;
        const Lanes<F> even = x(2 * p, t), odd = x(2 * p + 1, t);
        x(2 * p, t) = even * cosine[i] - odd * (sign * sine[i]);
        x(2 * p + 1, t) = odd * cosine[i] + even * (sign * sine[i]);
      }
  }
};

// Of rotated queries and keys; -inf is what a query does not see. The queries are at the last tokens.
template <typename F>
inline INLINED void scores_of(Tile<F> query, Tile<F> key, Tile<F> score) {
  const F scale = 1 / std::sqrt(F(query.a));
  for (int64_t i = 0; i < query.b; ++i)
    for (int64_t j = 0; j < key.b; ++j) {
      if (j > i + key.b - query.b) {
        score(i, j) = Lanes<F>{} - std::numeric_limits<F>::infinity();
        continue;
      }
      Lanes<F> sum = {};
      for (int64_t d = 0; d < query.a; ++d) sum += query(d, i) * key(d, j);
      score(i, j) = sum * scale;
    }
}

// z: the values, weighted by the pattern.
template <typename F>
inline INLINED void mix_of(Tile<F> pattern, Tile<F> value, Tile<F> z) {
  for (int64_t d = 0; d < value.a; ++d)
    for (int64_t i = 0; i < pattern.a; ++i) {
      Lanes<F> sum = {};
      for (int64_t j = 0; j < pattern.b; ++j) sum += pattern(i, j) * value(d, j);
      z(d, i) = sum;
    }
}

enum Pattern : int8_t { OWN, PREVIOUS_TOKEN, MATCH };  // kernels.PATTERNS

// What one layer's attention reads and writes, or the gradients of it: q and z (head d_head) x (query, sequence), k and
// v (head d_head) x (token, sequence), pattern (head query) x (token, sequence), and the scores that are read as
// logits, (pair) x (sequence).
template <typename F>
struct Sites {
  Matrix<F> q, k, v, pattern, z, copied;
};

// One attention layer of one run, with what clamps say of it.
template <typename F>
struct Attention {
  int64_t heads, d_head, queries, tokens, batch;
  Rotary<F> rotary;
  const int8_t* pattern_of;  // a head
  const F* strength;         // a head, of MATCH
  const bool* copies;        // a head: its scores of the label tokens are read, as logits
  const int64_t* match;      // the correct pair of each sequence
  const int64_t* source;     // the position that each key is read from
  bool mixes = true;         // z is read

  bool reads(int64_t head) const { return pattern_of[head] == OWN || copies[head]; }
  bool reads_keys() const {
    for (int64_t h = 0; h < heads; ++h)
      if (reads(h)) return true;
    return false;
  }
  int64_t pairs() const { return tokens / 2; }
  int64_t seen(int64_t query) const { return query + tokens - queries + 1; }  // so many tokens
  int64_t room() const { return 4 * d_head * (queries + tokens) + 4 * queries * tokens; }

  INLINED void softmax(Tile<F> score) const {
    for (int64_t i = 0; i < queries; ++i) {
      Lanes<F> most = score(i, 0), sum = {};
      for (int64_t j = 1; j < seen(i); ++j) most = score(i, j) > most ? score(i, j) : most;
      for (int64_t j = 0; j < seen(i); ++j) {
        score(i, j) = exp<F>(score(i, j) - most);
        sum += score(i, j);
      }
      for (int64_t j = 0; j < seen(i); ++j) score(i, j) /= sum;
      for (int64_t j = seen(i); j < tokens; ++j) score(i, j) = Lanes<F>{};
    }
  }

  // The pattern of a head that is clamped.
  INLINED void clamp(const Head<F>& head, Tile<F> pattern) const {
    pattern.clear();
    if (pattern_of[head.head] == PREVIOUS_TOKEN) {
      for (int64_t i = 0; i < queries; ++i) pattern(i, std::max<int64_t>(seen(i) - 2, 0)) += 1;
      return;
    }
    const F correct = strength[head.head], other = (1 - correct) / std::max<int64_t>(pairs() - 1, 1);
    for (int64_t b = 0; b < std::min<int64_t>(LANES<F>, head.left()); ++b)
      for (int64_t p = 0; p < pairs(); ++p)
        pattern(queries - 1, 2 * p + 1)[b] = p == match[head.sequence + b] ? correct : other;
  }

  // Calls each(this attention), where it has these sizes: with what is known when it is compiled, loops are unrolled.
  template <int64_t D_HEAD, int64_t QUERIES, int64_t TOKENS, typename Each>
  bool of_size(const Each& each) const {
    if (d_head != D_HEAD || queries != QUERIES || tokens != TOKENS) return false;
    Attention known = *this;
    known.d_head = D_HEAD;
    known.queries = QUERIES;
    known.tokens = TOKENS;
    each(known);
    return true;
  }
  void forward(const Sites<F>& at) const {
    const auto whole = [&](const Attention& a) INLINED { a.forward_of(at); };
    // As the paper's networks have it: Layer 1, whole or after what sequences begin with, and Layer 2.
    if (!(of_size<8, 5, 5>(whole) || of_size<8, 3, 5>(whole) || of_size<8, 1, 5>(whole))) whole(*this);
  }
  void backward(const Sites<F>& at, const Sites<F>& to) const {
    const auto whole = [&](const Attention& a) INLINED { a.backward_of(at, to); };
    if (!(of_size<8, 5, 5>(whole) || of_size<8, 1, 5>(whole))) whole(*this);
  }

  // Writes pattern, z and copied.
  INLINED void forward_of(const Sites<F>& at) const {
    for_heads<F>(heads, batch, room(), [&](Head<F>& head) INLINED {
      const Tile<F> pattern = head.room(queries, tokens);
      if (reads(head.head)) {
        const Tile<F> query = head.read(at.q, d_head, queries), key = head.read(at.k, d_head, tokens, source);
        rotary(query);
        rotary(key);
        scores_of(query, key, pattern);
        if (copies[head.head])
          for (int64_t p = 0; p < pairs(); ++p)
            store(at.copied[p] + head.sequence, pattern(queries - 1, 2 * p + 1), head.left());
        softmax(pattern);
      }
      if (!mixes) return;
      if (pattern_of[head.head] != OWN) clamp(head, pattern);
      const Tile<F> z = head.room(d_head, queries);
      mix_of(pattern, head.read(at.v, d_head, tokens), z);
      head.write(z, at.z);
      head.write(pattern, at.pattern);
    });
  }

  // Writes the gradient of v, and adds to those of q and k.
  INLINED void backward_of(const Sites<F>& at, const Sites<F>& to) const {
    for_heads<F>(heads, batch, room(), [&](Head<F>& head) INLINED {
      const Tile<F> to_score = head.room(queries, tokens);
      to_score.clear();
      if (mixes) mix_backward(head, at, to, to_score);
      if (!reads(head.head)) return;
      if (copies[head.head])
        for (int64_t p = 0; p < pairs(); ++p)
          to_score(queries - 1, 2 * p + 1) += load(to.copied[p] + head.sequence, head.left());
      scores_backward(head, at, to, to_score);
    });
  }

  INLINED void mix_backward(Head<F>& head, const Sites<F>& at, const Sites<F>& to, Tile<F> to_score) const {
    const Tile<F> pattern = head.read(at.pattern, queries, tokens), value = head.read(at.v, d_head, tokens);
    const Tile<F> to_z = head.read(to.z, d_head, queries), to_value = head.room(d_head, tokens);
    for (int64_t d = 0; d < d_head; ++d)
      for (int64_t j = 0; j < tokens; ++j) {
        Lanes<F> sum = {};
        for (int64_t i = 0; i < queries; ++i) sum += pattern(i, j) * to_z(d, i);
        to_value(d, j) = sum;
      }
    head.write(to_value, to.v);
    if (pattern_of[head.head] != OWN) return;
    for (int64_t i = 0; i < queries; ++i) {
      Lanes<F> along = {};
      for (int64_t j = 0; j < seen(i); ++j) {
        for (int64_t d = 0; d < d_head; ++d) to_score(i, j) += to_z(d, i) * value(d, j);
        along += pattern(i, j) * to_score(i, j);
      }
      for (int64_t j = 0; j < seen(i); ++j) to_score(i, j) = pattern(i, j) * (to_score(i, j) - along);
    }
  }

  INLINED void scores_backward(Head<F>& head, const Sites<F>& at, const Sites<F>& to, Tile<F> to_score) const {
    const F scale = 1 / std::sqrt(F(d_head));
    const Tile<F> query = head.read(at.q, d_head, queries), key = head.read(at.k, d_head, tokens, source);
    const Tile<F> to_query = head.room(d_head, queries), to_key = head.room(d_head, tokens);
    rotary(query);
    rotary(key);
    for (int64_t d = 0; d < d_head; ++d) {
      for (int64_t i = 0; i < queries; ++i) {
        Lanes<F> sum = {};
        for (int64_t j = 0; j < seen(i); ++j) sum += to_score(i, j) * key(d, j);
        to_query(d, i) = sum * scale;
      }
      for (int64_t j = 0; j < tokens; ++j) {
        Lanes<F> sum = {};
        for (int64_t i = std::max<int64_t>(0, j + queries - tokens); i < queries; ++i)
          sum += to_score(i, j) * query(d, i);
        to_key(d, j) = sum * scale;
      }
    }
    rotary(to_query, -1);
    rotary(to_key, -1);
    head.write(to_query, to.q);
    head.add(to_key, to.k, source);
  }
};

}  // namespace
