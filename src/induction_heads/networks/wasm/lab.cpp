// One run from its seed, without Python: what a page in the browser calls, in WebAssembly. `build` compiles it, for
// NUMBER float; with double it replays the golden file. A lab is one run: begin, train, evaluate, look.
#include "sequences.h"

namespace {

using F = NUMBER;
using Numbers = std::vector<F>;
constexpr int64_t D_MODEL = 64, HEADS = 8, D_HEAD = 8, BATCH = 32;  // section 2.2
constexpr double LABEL_SCALE = 0.02, TRUNCATED_STD = 0.87962566;    // run.initial
constexpr double ROTARY_BASE = 10000;                               // appendix A
constexpr double BETA_1 = 0.9, BETA_2 = 0.999, EPS = 1e-8;
constexpr int64_t TEST_CLASSES = 100, AT_ONCE = 64;  // sequences that are evaluated together

// What clamps say of a layer's heads.
struct Heads {
  bool ablated[HEADS] = {};
  int8_t pattern[HEADS] = {};  // Pattern
  double strength[HEADS] = {};
  bool copies[HEADS] = {};
};

// The heads of a layer that are computed, and the same of them.
struct Computed {
  std::vector<int64_t> head;
  std::vector<int8_t> pattern;
  Numbers strength;
  bool copies[HEADS] = {};

  Computed() = default;
  explicit Computed(const Heads& all) {
    for (int64_t h = 0; h < HEADS; ++h) {
      if (all.ablated[h]) continue;
      copies[head.size()] = all.copies[h];
      head.push_back(h);
      pattern.push_back(all.pattern[h]);
      strength.push_back(all.strength[h]);
    }
  }
  int64_t width() const { return head.size() * D_HEAD; }
};

// A number for each parameter: the parameters, or Adam's averages.
struct Learnt {
  Numbers of[PARAMETERS];
  Network<F> network() {
    Network<F> net;
    for (int i = 0; i < PARAMETERS; ++i) net.at[i] = of[i].data();
    return net;
  }
};

struct Lab {
  Task task;
  int64_t n_features, unseen, held_out_exemplars;
  uint64_t seed, stream_seed, evaluation_seed;
  double learning_rate;
  Numbers tables[SETS];  // rows of features: sequences.Exemplars
  Heads heads[2];
  bool perfect_layer_1 = false;
  Lab* grafted = nullptr;

  int64_t step = 0;
  Computed computed[2];
  Learnt parameters, mean, square;
  Numbers cosine, sine;
  Room<F> room;

  int64_t tokens() const { return 2 * task.pairs + 1; }
  Drawn evaluation(EvaluationSet set, int64_t n) const {
    return task.evaluation(set, evaluation_seed, n, unseen, held_out_exemplars);
  }

  void show(const F* features, int64_t classes, int64_t exemplars) {
    auto add = [&](EvaluationSet set, int64_t c, int64_t e) {
      const F* row = features + (c * exemplars + e) * n_features;
      tables[set].insert(tables[set].end(), row, row + n_features);
    };
    for (int64_t c = 0; c < task.classes; ++c) {
      add(TRAIN, c, 0);
      add(HELD_OUT_LABEL_PAIRS, c, 0);
      for (int64_t e = 1; e < exemplars; ++e)
        for (const EvaluationSet set : {HELD_OUT_EXEMPLARS, SAME_DRAWING}) add(set, c, e);
    }
    for (int64_t c = classes - unseen; c < classes; ++c) add(UNSEEN_CLASSES, c, 0);
  }

  // The run before its first step, under the clamps that were asked for.
  void begin() {
    step = 0;
    for (int layer : {0, 1}) computed[layer] = Computed(heads[layer]);
    for (int i = 0; i < PARAMETERS; ++i)
      for (Learnt* each : {&parameters, &mean, &square}) each->of[i].assign(size_of(i), 0);
    int number = 0;
    for (int i : {W_EXEMPLAR, W_LABEL, W_U}) initial(i, number++);
    for (int layer : {0, 1}) {
      for (int which : {W_Q, W_K, W_V, W_O}) initial(BLOCKS + layer * A_BLOCK + which, number++);
      std::fill_n(parameters.of[BLOCKS + layer * A_BLOCK + LN_W].begin(), D_MODEL, F(1));
    }
    std::fill_n(parameters.of[LN_FINAL_W].begin(), D_MODEL, F(1));
    rotations();
  }

  int64_t size_of(int parameter) const {
    switch (parameter) {
      case W_EXEMPLAR:
        return n_features * D_MODEL;
      case W_LABEL:
      case W_U:
        return task.labels * D_MODEL;
      case B_U:
        return task.labels;
      case B_EXEMPLAR:
      case LN_FINAL_W:
      case LN_FINAL_B:
        return D_MODEL;
    }
    const int layer = (parameter - BLOCKS) / A_BLOCK, which = (parameter - BLOCKS) % A_BLOCK;
    return which == LN_W || which == LN_B ? D_MODEL : computed[layer].width() * D_MODEL;
  }

  // run.initial: W_Q, W_K, W_V and W_O are drawn for all heads, (head, d_model, d_head) and (head, d_head, d_model).
  void initial(int parameter, uint64_t number_of_parameter) {
    const uint64_t stream = key({INITIAL, seed, number_of_parameter});
    const double fan_in = parameter == W_EXEMPLAR ? n_features : D_MODEL;
    const double scale = parameter == W_LABEL ? LABEL_SCALE : 1 / (std::sqrt(fan_in) * TRUNCATED_STD);
    auto drawn = [&](int64_t i) { return F(float(truncated_normal(number(stream, i)) * scale)); };
    Numbers& to = parameters.of[parameter];
    if (parameter < BLOCKS || parameter >= LN_FINAL_W) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = drawn(i);
      return;
    }
    const Computed& layer = computed[(parameter - BLOCKS) / A_BLOCK];
    for (size_t h = 0; h < layer.head.size(); ++h)
      for (int64_t i = 0; i < D_MODEL * D_HEAD; ++i) {
        const int64_t place = (parameter - BLOCKS) % A_BLOCK == W_O
                                  ? h * D_MODEL * D_HEAD + i
                                  : i / D_HEAD * layer.width() + h * D_HEAD + i % D_HEAD;
        to[place] = drawn(layer.head[h] * D_MODEL * D_HEAD + i);
      }
  }

  void rotations() {
    cosine.clear();
    sine.clear();
    for (int64_t pair = 0; pair < D_HEAD / 2; ++pair)
      for (int64_t t = 0; t < tokens(); ++t) {
        const double angle = t * std::pow(ROTARY_BASE, -2.0 * pair / D_HEAD);
        cosine.push_back(std::cos(angle));
        sine.push_back(std::sin(angle));
      }
  }

  // The network, on the exemplars of a set.
  Run<F> run(EvaluationSet set) {
    room.next = 0;
    const Network<F> net = parameters.network();
    Network<F> first = net;
    if (grafted) std::copy_n(grafted->parameters.network().at, BLOCKS + A_BLOCK, first.at);
    const Computed &one = computed[0], &two = computed[1];
    const bool copying = std::find(two.copies, two.copies + HEADS, true) != two.copies + HEADS;
    const Clamped<F> clamped{{one.pattern.data(), two.pattern.data()},
                             {one.strength.data(), two.strength.data()},
                             two.copies,
                             copying,
                             perfect_layer_1};
    const Matrix<F> table{tables[set].data(), int64_t(tables[set].size()) / n_features, n_features};
    return {net,
            first,
            grafted != nullptr,
            clamped,
            table.t(),
            task.labels,
            {int64_t(one.head.size()), int64_t(two.head.size())},
            D_MODEL,
            D_HEAD,
            task.pairs,
            {cosine.data(), sine.data(), tokens()},
            room};
  }

  // One step on these sequences; the mean loss before it, nats.
  F train(const Sequences& which) {
    ++step;
    const double rate = learning_rate / (1 - std::pow(BETA_1, step)), root = std::sqrt(1 - std::pow(BETA_2, step));
    const Adam<F> adam{F(rate), F(root), F(BETA_1), F(BETA_2), F(EPS)};
    int64_t size[PARAMETERS];
    for (int i = 0; i < PARAMETERS; ++i) size[i] = size_of(i);
    return run(TRAIN).step(which, adam, mean.network(), square.network(), size);
  }

  // Calls see(sequences, activations, logits) for n sequences of a set, some at a time.
  template <typename See>
  void look(EvaluationSet set, const Drawn& drawn, const See& see) {
    Run<F> run = this->run(set);
    run.watched = true;
    run.embed();
    const size_t embedded = room.next;
    for (int64_t b = 0; b < drawn.size(); b += AT_ONCE) {
      const Sequences which = drawn.part(b, std::min(AT_ONCE, drawn.size() - b));
      const Matrix<F> logits = room.matrix(task.labels, which.size);
      see(which, run.forward(which, logits), logits);
      room.next = embedded;
    }
  }

  // The mean loss (nats) and the accuracy on n sequences.
  void evaluate(EvaluationSet set, int64_t n, double* loss, double* accuracy) {
    *loss = *accuracy = 0;
    look(set, evaluation(set, n), [&](const Sequences& which, const Activations<F>&, Matrix<F> logits) {
      for (int64_t b = 0; b < which.size; ++b) {
        const int64_t target = which.label[b * task.pairs + which.match[b]];
        int64_t best = 0;
        for (int64_t l = 1; l < task.labels; ++l)
          if (logits[l][b] > logits[best][b]) best = l;
        double sum = 0;
        for (int64_t l = 0; l < task.labels; ++l) sum += std::exp(double(logits[l][b] - logits[best][b]));
        *loss += (std::log(sum) + logits[best][b] - logits[target][b]) / n;
        *accuracy += double(best == target) / n;
      }
    });
  }

  // Of each head, on n sequences of the train set, under the clamps: how far Layer 1 attends from label tokens to the
  // token before, and Layer 2's induction strength. NaN of heads that are not computed.
  void strengths(int64_t n, double* layer_1, double* layer_2) {
    std::fill_n(layer_1, HEADS, std::numeric_limits<double>::quiet_NaN());
    std::fill_n(layer_2, HEADS, std::numeric_limits<double>::quiet_NaN());
    if (!perfect_layer_1)
      for (const int64_t h : computed[0].head) layer_1[h] = 0;
    for (const int64_t h : computed[1].head) layer_2[h] = 0;
    look(TRAIN, evaluation(TRAIN, n), [&](const Sequences& which, const Activations<F>& at, Matrix<F>) {
      auto attention = [&](Matrix<F> pattern, int64_t row, int64_t key) { return pattern[row] + key * which.size; };
      for (int64_t p = 0; p < task.pairs; ++p)
        for (int64_t b = 0; b < which.size; ++b) {
          for (size_t i = 0; i < computed[0].head.size() && !perfect_layer_1; ++i)
            layer_1[computed[0].head[i]] +=
                double(attention(at.layer_1.pattern, i * tokens() + 2 * p + 1, 2 * p)[b]) / (n * task.pairs);
          for (size_t i = 0; i < computed[1].head.size(); ++i) {
            const double weight = attention(at.layer_2.pattern, i, 2 * p + 1)[b];
            layer_2[computed[1].head[i]] += (p == which.match[b] ? weight : -weight) / n;
          }
        }
    });
  }

  // A head's attention on one sequence, (query key) at all tokens in Layer 1 and at the query in Layer 2; NaN where
  // the head is not computed.
  void pattern(int layer, int64_t head, EvaluationSet set, const Drawn& one, double* to) {
    const int64_t queries = layer == 0 ? tokens() : 1;
    std::fill_n(to, queries * tokens(), std::numeric_limits<double>::quiet_NaN());
    const std::vector<int64_t>& all = computed[layer].head;
    const int64_t place = std::find(all.begin(), all.end(), head) - all.begin();
    if (place == int64_t(all.size()) || (layer == 0 && perfect_layer_1)) return;
    look(set, one, [&](const Sequences&, const Activations<F>& at, Matrix<F>) {
      const Matrix<F> pattern = (layer == 0 ? at.layer_1 : at.layer_2).pattern;
      for (int64_t i = 0; i < queries; ++i) std::copy_n(pattern[place * queries + i], tokens(), to + i * tokens());
    });
  }
};

// Sequences as the page holds them, in whole numbers of 32 bits.
Drawn given(const Lab& lab, const int32_t* exemplar, const int32_t* label, const int32_t* match, int32_t n) {
  const int64_t pairs = lab.task.pairs;
  return {pairs, {exemplar, exemplar + n * (pairs + 1)}, {label, label + n * pairs}, {match, match + n}};
}

}  // namespace

#define PAGE extern "C" __attribute__((visibility("default")))

PAGE void* lab_take(int32_t bytes) { return ::operator new(bytes); }
PAGE void lab_give_back(void* memory) { ::operator delete(memory); }

// A run on `features` (class exemplar feature), which are copied; null where there is no such task.
PAGE Lab* lab_new(int32_t seed, int32_t stream_seed, int32_t evaluation_seed, int32_t classes, int32_t labels,
                  int32_t pairs, double learning_rate, const F* features, int32_t all_classes, int32_t exemplars,
                  int32_t n_features) {
  const int64_t unseen = std::min<int64_t>(TEST_CLASSES, all_classes - classes);
  Task task(classes, labels, pairs);
  if (task.train.empty() || unseen < pairs || exemplars < 2) return nullptr;
  Lab* lab =
      new Lab{std::move(task),           n_features,   unseen, exemplars - 1, uint64_t(seed), uint64_t(stream_seed),
              uint64_t(evaluation_seed), learning_rate};
  lab->show(features, all_classes, exemplars);
  return lab;
}
PAGE void lab_delete(Lab* lab) { delete lab; }

// Clamps, before lab_begin; layers count from 0 here, as heads do.
PAGE void lab_ablate(Lab* lab, int32_t layer, int32_t head) { lab->heads[layer].ablated[head] = true; }
PAGE void lab_previous_token(Lab* lab, int32_t head) { lab->heads[0].pattern[head] = PREVIOUS_TOKEN; }
PAGE void lab_perfect_layer_1(Lab* lab) { lab->perfect_layer_1 = true; }
PAGE void lab_perfect_match(Lab* lab, int32_t head, double strength) {
  lab->heads[1].pattern[head] = MATCH;
  lab->heads[1].strength[head] = strength;
}
PAGE void lab_perfect_copy(Lab* lab, int32_t head) { lab->heads[1].copies[head] = true; }
PAGE void lab_graft(Lab* lab, Lab* trained) { lab->grafted = trained; }  // as many Layer 1 heads, and kept as long

// Initial weights; again, to start anew.
PAGE void lab_begin(Lab* lab) { lab->begin(); }

// So many steps of the run's own stream; the mean loss of the last, nats.
PAGE double lab_train(Lab* lab, int32_t steps) {
  double loss = 0;
  for (int32_t i = 0; i < steps; ++i)
    loss = lab->train(lab->task.training(lab->stream_seed, lab->step * BATCH, BATCH).part(0, BATCH));
  return loss;
}
PAGE double lab_train_on(Lab* lab, const int32_t* exemplar, const int32_t* label, const int32_t* match, int32_t n) {
  return lab->train(given(*lab, exemplar, label, match, n).part(0, n));
}

PAGE void lab_evaluate(Lab* lab, int32_t set, int32_t n, double* loss_and_accuracy) {
  lab->evaluate(EvaluationSet(set), n, loss_and_accuracy, loss_and_accuracy + 1);
}
PAGE void lab_strengths(Lab* lab, int32_t n, double* of_heads) { lab->strengths(n, of_heads, of_heads + HEADS); }
PAGE void lab_pattern(Lab* lab, int32_t layer, int32_t head, int32_t set, const int32_t* exemplar, const int32_t* label,
                      int32_t match, double* to) {
  lab->pattern(layer, head, EvaluationSet(set), given(*lab, exemplar, label, &match, 1), to);
}
// Sequence `number` of a set: exemplars with the query's (pairs + 1), labels (pairs), the query's pair.
PAGE void lab_sequence(Lab* lab, int32_t set, int32_t number, int32_t* to) {
  const Drawn drawn = lab->evaluation(EvaluationSet(set), number + 1);
  const Sequences one = drawn.part(number, 1);
  to = std::copy_n(one.exemplar, lab->task.pairs + 1, to);
  to = std::copy_n(one.label, lab->task.pairs, to);
  *to = *one.match;
}

// Parameter i in the order of kernels.PARAMETERS, W_Q, W_K and W_V as (d_model head d_head); in place.
PAGE F* lab_parameter(Lab* lab, int32_t i) { return lab->parameters.of[i].data(); }
PAGE int32_t lab_size(Lab* lab, int32_t i) { return lab->parameters.of[i].size(); }
