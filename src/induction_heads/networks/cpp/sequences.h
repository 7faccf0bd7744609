// The task of section 2.1, drawn from its seeds as sequences.py draws it: the same sequences.
#pragma once
#include <numeric>

#include "generator.h"
#include "network.h"

namespace {

// sequences.EVALUATION_SETS, and sequences.SAME_DRAWING.
enum EvaluationSet { TRAIN, HELD_OUT_LABEL_PAIRS, UNSEEN_CLASSES, HELD_OUT_EXEMPLARS, SAME_DRAWING, SETS };
constexpr double TRAINING_SHARE = 0.8;  // of the label sets

// Sequences with numbers of their own.
struct Drawn {
  int64_t pairs;
  std::vector<int64_t> exemplar, label, match;

  int64_t size() const { return match.size(); }
  Sequences part(int64_t first, int64_t n) const {
    return {exemplar.data() + first * (pairs + 1), label.data() + first * pairs, match.data() + first, n};
  }
};

// The order of n numbers of a stream, from number `first` on: where the smallest stands, then the next.
inline std::vector<int64_t> permutation(uint64_t stream, int64_t first, int64_t n) {
  std::vector<int64_t> order = counted(n);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t i, int64_t j) { return number(stream, first + i) < number(stream, first + j); });
  return order;
}

// Different numbers below `high`, every ordered choice equally likely, from n numbers of the stream.
inline std::vector<int64_t> distinct(uint64_t stream, int64_t first, int64_t n, int64_t high) {
  std::vector<int64_t> chosen, sorted;
  for (int64_t i = 0; i < n; ++i) {
    int64_t one = below(high - i, number(stream, first + i));
    for (const int64_t earlier : sorted) one += one >= earlier;
    chosen.push_back(one);
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), one), one);
  }
  return chosen;
}

// Sets of `size` numbers below n, in lexicographic order, one after the other.
inline std::vector<int64_t> combinations(int64_t n, int64_t size) {
  std::vector<int64_t> every, set = counted(size);
  for (int64_t i = 0; i >= 0;) {
    every.insert(every.end(), set.begin(), set.end());
    i = size - 1;
    while (i >= 0 && set[i] == n - size + i) --i;
    if (i >= 0) std::iota(set.begin() + i, set.end(), set[i] + 1);
  }
  return every;
}

struct Task {
  int64_t classes, labels, pairs;
  // Sets of labels that occur together, one after the other; none where labels, pairs or classes do not allow it.
  std::vector<int64_t> train, held_out;

  Task(int64_t classes, int64_t labels, int64_t pairs) : classes(classes), labels(labels), pairs(pairs) {
    if (pairs < 1 || pairs > std::min(classes, labels)) return;
    const std::vector<int64_t> every = combinations(labels, pairs);
    const int64_t n = every.size() / pairs, n_train = std::min<int64_t>(std::lround(TRAINING_SHARE * n), n - 1);
    const std::vector<int64_t> order = permutation(key({LABEL_SETS, uint64_t(labels), uint64_t(pairs)}), 0, n);
    for (int64_t shift = 0; shift < n && train.empty(); ++shift) split(every, order, shift, n_train);
  }

  // Training takes the first sets from order[shift] on, if every label is among them.
  void split(const std::vector<int64_t>& every, const std::vector<int64_t>& order, int64_t shift, int64_t n_train) {
    std::vector<int64_t> turned;
    for (size_t i = 0; i < order.size(); ++i) {
      const int64_t* set = &every[order[(i + shift) % order.size()] * pairs];
      turned.insert(turned.end(), set, set + pairs);
    }
    const auto end = turned.begin() + n_train * pairs;
    for (int64_t label = 0; label < labels; ++label)
      if (std::find(turned.begin(), end, label) == end) return;
    train.assign(turned.begin(), end);
    held_out.assign(end, turned.end());
  }

  // sequences.draw: each takes 2 pairs + 2 numbers of the stream.
  Drawn draw(uint64_t stream, int64_t first, int64_t n, int64_t among, const std::vector<int64_t>& sets) const {
    Drawn drawn{pairs, {}, {}, {}};
    for (int64_t s = first; s < first + n; ++s) {
      const int64_t at = s * (2 * pairs + 2);
      const std::vector<int64_t> chosen = distinct(stream, at, pairs, among);
      const int64_t match = below(pairs, number(stream, at + pairs));
      const int64_t set = below(sets.size() / pairs, number(stream, at + pairs + 1));
      for (int64_t p = 0; p < pairs; ++p) drawn.exemplar.push_back(chosen[(p - match + pairs) % pairs]);
      drawn.exemplar.push_back(chosen[0]);
      for (const int64_t p : permutation(stream, at + pairs + 2, pairs)) drawn.label.push_back(sets[set * pairs + p]);
      drawn.match.push_back(match);
    }
    return drawn;
  }

  // Sequences `first` and those after it of a training stream.
  Drawn training(uint64_t seed, int64_t first, int64_t n) const {
    const uint64_t stream = key({TRAINING, seed, uint64_t(classes), uint64_t(labels), uint64_t(pairs)});
    return draw(stream, first, n, classes, train);
  }

  // sequences.evaluation_set: n sequences, for so many unseen classes and so many held-out exemplars a class.
  Drawn evaluation(EvaluationSet set, uint64_t seed, int64_t n, int64_t unseen, int64_t held_out_exemplars) const {
    auto stream = [&](Stream what) {
      return key({what, seed, uint64_t(set), uint64_t(classes), uint64_t(labels), uint64_t(pairs)});
    };
    Drawn drawn = draw(stream(EVALUATION), 0, n, set == UNSEEN_CLASSES ? unseen : classes,
                       set == HELD_OUT_LABEL_PAIRS ? held_out : train);
    if (set != HELD_OUT_EXEMPLARS && set != SAME_DRAWING) return drawn;
    const uint64_t drawings = stream(DRAWINGS);
    for (int64_t s = 0; s < n; ++s)
      for (int64_t p = 0; p <= pairs; ++p) {
        const int64_t token = s * (pairs + 1) + p, pair = s * pairs + (p < pairs ? p : drawn.match[s]);
        const int64_t which = below(held_out_exemplars, number(drawings, set == SAME_DRAWING ? pair : token));
        drawn.exemplar[token] = drawn.exemplar[token] * held_out_exemplars + which;
      }
    return drawn;
  }
};

}  // namespace
