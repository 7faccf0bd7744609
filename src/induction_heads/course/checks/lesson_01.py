"""Lesson 1, the task: chance levels, the sampler, why nothing can be memorised (section 2.1 of Singh et al. 2024)."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from ..checking import Exercise, Quiz, Wrong

Sequence = tuple[list[int], list[int], int]  # classes of the pairs, their labels, class of the query

DRAWS = 3_000  # of a student's sampler
FREQUENCY = 0.06  # how far a frequency may be off in so many draws: six standard deviations and more


# --- answer: the label after the query's class ---


def _sequence(rng: Generator) -> Sequence:
    """Three pairs of different classes, and a query of one of them that is not the class numbered as its place."""
    classes, labels = rng.permutation(np.arange(3, 20))[:3].tolist(), rng.permutation(np.arange(30, 40))[:3].tolist()
    return classes, labels, classes[int(rng.integers(3))]


def _answer(classes: list[int], labels: list[int], query: int) -> int:
    return dict(zip(classes, labels, strict=True))[query]


def _place_of_the_query(classes: list[int], labels: list[int], query: int) -> int:
    return classes.index(query)


def _label_before(classes: list[int], labels: list[int], query: int) -> int:
    return labels[classes.index(query) - 1]


def _last_label(classes: list[int], labels: list[int], query: int) -> int:
    return labels[-1]


def _class_of_the_query(classes: list[int], labels: list[int], query: int) -> int:
    return query


answer = Exercise(
    "answer",
    "this look-up is all that an induction head does, and the network has to learn it from examples.",
    _answer,
    (
        Wrong(_place_of_the_query, "you give the place of the matching pair; look up which label stands there."),
        Wrong(_label_before, "you give the label before the match; the label of a class stands after it."),
        Wrong(_last_label, "you give the last label whatever the query is; compare the query with the classes first."),
        Wrong(_class_of_the_query, "you give back the query's class; asked for is the label that this class has here."),
    ),
    _sequence,
)


# --- sample: one sequence of two pairs and a query ---

Sampler = Callable[[Generator, int, int], Sequence]


def _sizes(rng: Generator) -> tuple[int, int, int]:
    """A seed for the sampler, and how many classes and labels there are."""
    return int(rng.integers(1_000)), int(rng.integers(4, 7)), int(rng.integers(3, 6))


def _sample(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes, labels = rng.choice(n_classes, 2, replace=False), rng.choice(n_labels, 2, replace=False)
    return classes.tolist(), labels.tolist(), int(rng.choice(classes))


def _always_the_first(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes, labels, _ = _sample(rng, n_classes, n_labels)
    return classes, labels, classes[0]


def _any_query(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes, labels, _ = _sample(rng, n_classes, n_labels)
    return classes, labels, int(rng.integers(n_classes))


def _classes_may_repeat(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes = rng.integers(n_classes, size=2).tolist()
    return classes, rng.permutation(n_labels)[:2].tolist(), classes[int(rng.integers(2))]


def _labels_may_repeat(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes, _, query = _sample(rng, n_classes, n_labels)
    return classes, rng.integers(n_labels, size=2).tolist(), query


def _label_of_its_own(rng: Generator, n_classes: int, n_labels: int) -> Sequence:
    classes, _, query = _sample(rng, n_classes, n_labels)
    return classes, [c % n_labels for c in classes], query


def _frequencies(sampler: Sampler, seed: int, n_classes: int, n_labels: int) -> dict[str, float]:
    """How often each thing holds in many sequences of a sampler."""
    rng = np.random.default_rng(seed)
    drawn = [sampler(rng, n_classes, n_labels) for _ in range(DRAWS)]
    count: Counter[str] = Counter()
    for (first, second), (label, other), query in drawn:
        count["two different classes"] += first != second
        count["two different labels"] += label != other
        count["the query is in the context"] += query in (first, second)
        count["the query is the first class"] += query == first
        count["the first class is 0"] += first == 0
        count["the first label is 0"] += label == 0
        count["class 0 carries label 0"] += (first, label) == (0, 0)
        count["the second label is the highest"] += other == n_labels - 1
    return {what: n / DRAWS for what, n in count.items()}


sample = Exercise(
    "sample",
    "labels are dealt anew each time, so that the answer can only be found in the context.",
    _sample,
    (
        Wrong(_always_the_first, "the query is always the first pair's class: who answers that is always right."),
        Wrong(_any_query, "the query is drawn from all classes, so that its label often stands nowhere."),
        Wrong(_classes_may_repeat, "both pairs can show the same class: draw classes without replacement."),
        Wrong(_labels_may_repeat, "both pairs can carry the same label: draw labels without replacement."),
        Wrong(_label_of_its_own, "a class always carries the same label: it can be learnt by heart. Deal labels anew."),
    ),
    _sizes,
    measure=_frequencies,
    atol=FREQUENCY,
    cases=2,
)


# --- chance_loss: of who guesses evenly ---


def _how_many(rng: Generator) -> tuple[int]:
    return (int(rng.integers(3, 60)),)


def _chance_loss(n: int) -> float:
    return math.log(n)


chance_loss = Exercise(
    "chance_loss",
    "ln 5 = 1.61 nats for five labels, ln 2 = 0.69 for the two in the context: by these two loss curves are read.",
    _chance_loss,
    (
        Wrong(math.log2, "that is in bits; a cross-entropy in PyTorch is in nats, with the natural logarithm."),
        Wrong(lambda n: 1 / n, "that is the accuracy of a guess; the loss is minus the logarithm of that probability."),
        Wrong(lambda n: -math.log(n), "the sign is turned round: the logarithm of a probability is negative."),
        Wrong(lambda n: 1 - 1 / n, "that is how often the guess is wrong; the loss is minus ln of the probability."),
        Wrong(math.log10, "that is the logarithm to base 10; nats have the natural logarithm, `math.log`."),
    ),
    _how_many,
)


# --- count: how many sequences there are ---


def _classes_and_sets(rng: Generator) -> tuple[int, int]:
    return int(rng.integers(5, 60)), int(rng.integers(3, 12))


def _count(n_classes: int, n_label_pairs: int) -> int:
    return math.perm(n_classes, 2) * 2 * n_label_pairs * 2


count = Exercise(
    "count",
    "78,400 for the paper's 50 classes and 8 pairs of labels; training shows about ten times as many.",
    _count,
    (
        Wrong(
            lambda c, s: math.comb(c, 2) * 2 * s * 2, "half are missing: two orders of classes, of labels, two queries."
        ),
        Wrong(lambda c, s: c * c * 2 * s * 2, "you let a class stand beside itself; the two classes are different."),
        Wrong(lambda c, s: math.perm(c, 2) * s, "you count neither the order of the two labels nor the two queries."),
        Wrong(
            lambda c, s: math.perm(c, 2) * 2 * s * c, "the query is one of two classes in the context, not any class."
        ),
    ),
    _classes_and_sets,
)


# --- memory: what learning by heart is worth ---


def _questions(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Query classes, some more frequent than others, and answers that go with them a little."""
    queries = np.minimum(rng.integers(7, size=120), rng.integers(7, size=120))
    return queries, np.where(rng.random(120) < 0.3, queries % 5, rng.integers(5, size=120))


def _tally(queries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    table = np.zeros((queries.max() + 1, targets.max() + 1))
    np.add.at(table, (queries, targets), 1)
    return table


def _memory(queries: np.ndarray, targets: np.ndarray) -> float:
    return float(_tally(queries, targets).max(1).sum() / len(queries))


def _wrong_axis(queries: np.ndarray, targets: np.ndarray) -> float:
    return float(_tally(queries, targets).max(0).sum() / len(queries))


def _mean_over_classes(queries: np.ndarray, targets: np.ndarray) -> float:
    table = _tally(queries, targets)
    return float((table.max(1) / table.sum(1)).mean())


def _commonest_label(queries: np.ndarray, targets: np.ndarray) -> float:
    return float(_tally(queries, targets).sum(0).max() / len(queries))


def _first_seen(queries: np.ndarray, targets: np.ndarray) -> float:
    seen: dict[int, int] = {}
    return float(np.mean([seen.setdefault(q, t) == t for q, t in zip(queries, targets, strict=True)]))


memory = Exercise(
    "memory",
    "over the training set this is what naming the commonest label is worth: nothing can be learnt by heart.",
    _memory,
    (
        Wrong(
            _wrong_axis, "the axes are swapped: you take the best class of each label; take the best label of a class."
        ),
        Wrong(_mean_over_classes, "you average over classes; frequent classes count as often as they are asked for."),
        Wrong(_commonest_label, "you give one label to all classes; a memory has a label of its own for each class."),
        Wrong(_first_seen, "you keep the label that came first with a class; the best memory keeps the commonest one."),
    ),
    _questions,
)


quiz_01 = Quiz(
    "quiz_01",
    "you know the task, and what any solution has to beat.",
    {"1": "b", "2": "c", "3": "a"},
    {
        "1": {
            "a": "ln 5 is the loss of who does not even look which labels stand in the context.",
            "c": "zero needs the match as well: copying alone does not know which of two labels.",
        },
        "2": {
            "a": "a larger memory does not help: there is no fixed label to remember.",
            "b": "pictures of two classes are told apart easily; think of what a class's label tells next time.",
        },
        "3": {
            "b": "one half is what is left to who copies a label from the context without a match.",
            "c": "that is the chance among all labels; the labels in the context narrow it down.",
        },
    },
)
