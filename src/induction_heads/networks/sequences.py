"""The task of section 2.1: few-shot classification that only in-context learning solves.

    x0 l0 x1 l1 xq -> l1        (the query has the class of x1)

Classes are drawn anew for every sequence, and so are the labels they carry in it; a label means nothing outside.
Everything here is drawn from a seed and nothing else (`generator`), and a stream can be read from any step on.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt64
from torch import Tensor

from induction_heads.data import Dataset

from .generator import Stream, below, key, numbers, permutations
from .model import Sequences

BATCH = 32  # sequences a step, section 2.2
TRAINING_SHARE = 0.8  # of the label sets
TEST_CLASSES = 100
EVALUATION_SEQUENCES = 1_000
EVALUATION_SETS = ("train", "held_out_label_pairs", "unseen_classes", "held_out_exemplars")  # along every training run
SAME_DRAWING = "held_out_exemplars_same_drawing"  # evaluated where it is asked for
STEPS_A_BLOCK = 250  # drawn at once: what NumPy does with larger arrays takes longer a step


@dataclass(frozen=True)
class Task:
    """How many classes are trained on, how many labels there are, and how many pairs stand before the query."""

    classes: int = 50
    labels: int = 5
    pairs: int = 2

    def __post_init__(self):
        if not 1 <= self.pairs <= min(self.labels, self.classes):
            raise ValueError(f"a sequence of {self.pairs} pairs needs as many classes and labels, got {self}")

    def label_sets(self) -> tuple[Int[np.ndarray, "train pairs"], Int[np.ndarray, "held_out pairs"]]:
        """Unordered sets of labels that occur together, for training and held out; every label occurs in training."""
        every = np.array(list(itertools.combinations(range(self.labels), self.pairs)))
        order = permutations(numbers(key(Stream.LABEL_SETS, self.labels, self.pairs), len(every)))
        n_train = min(round(TRAINING_SHARE * len(every)), len(every) - 1)
        for shift in range(len(every)):
            train, held_out = np.split(every[np.roll(order, -shift)], [n_train])
            if len(np.unique(train)) == self.labels:
                return train, held_out
        raise ValueError(
            f"{n_train} training sets of {self.pairs} labels cannot hold all {self.labels} labels: use more labels"
        )


def distinct(drawn: UInt64[np.ndarray, "n draws"], high: int) -> Int[np.ndarray, "n draws"]:
    """Each row: different numbers below `high`, every ordered choice equally likely."""
    chosen = np.empty((len(drawn), 0), dtype=np.int64)
    for i, column in enumerate(drawn.T):
        new = below(high - i, column)
        for earlier in np.sort(chosen, axis=1).T:
            new += new >= earlier
        chosen = np.column_stack([chosen, new])
    return chosen


def draw(
    stream: int, first: int, n: int, classes: int, label_sets: Int[np.ndarray, "sets pairs"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences first … first + n - 1 of a stream.

    Gives classes of the exemplars and the query (n, pairs+1), labels (n, pairs), and the query's pair (n).
    Each takes 2 pairs + 2 numbers of the stream: the classes, the query's first; the query's pair; the set of labels;
    the order of the labels.
    """
    pairs = label_sets.shape[1]
    each = 2 * pairs + 2
    drawn = numbers(stream, n * each, first * each).reshape(n, each)
    chosen = distinct(drawn[:, :pairs], classes)
    match = below(pairs, drawn[:, pairs])
    place = (np.arange(pairs) - match[:, None]) % pairs
    shown = np.take_along_axis(chosen, place, 1)
    sets = label_sets[below(len(label_sets), drawn[:, pairs + 1])]
    labels = np.take_along_axis(sets, permutations(drawn[:, pairs + 2 :]), 1)
    return np.column_stack([shown, chosen[:, 0]]), labels, match


def block(task: Task, seed: int, number: int) -> Sequences:
    """Training steps number * STEPS_A_BLOCK and those after it, so many: tensors `step batch …`."""
    n = STEPS_A_BLOCK * BATCH
    training = key(Stream.TRAINING, seed, task.classes, task.labels, task.pairs)
    drawn = draw(training, number * n, n, task.classes, task.label_sets()[0])
    return Sequences(*(torch.from_numpy(a).unflatten(0, (STEPS_A_BLOCK, BATCH)) for a in drawn))


def stream(task: Task, seed: int, start: int = 0) -> Iterator[Sequences]:
    """The batches of a training stream from step `start` on."""
    for number in itertools.count(start // STEPS_A_BLOCK):
        here = block(task, seed, number)
        for i in range(start % STEPS_A_BLOCK if number == start // STEPS_A_BLOCK else 0, STEPS_A_BLOCK):
            yield Sequences(*(a[i] for a in here))


@dataclass(frozen=True)
class Exemplars:
    """The features that a task shows, a table for each evaluation set.

    `train` and `held_out_label_pairs`: training classes, exemplar 0; `unseen_classes`: exemplar 0 of other classes;
    `held_out_exemplars` and `held_out_exemplars_same_drawing`: every other exemplar of the training classes, by class.
    """

    tables: dict[str, Float[Tensor, "row feature"]]
    classes: int
    unseen: int
    held_out: int  # exemplars a class

    @classmethod
    def of(cls, dataset: Dataset, task: Task) -> "Exemplars":
        n_classes, n_exemplars, n_features = dataset.features.shape
        unseen = min(TEST_CLASSES, n_classes - task.classes)
        if unseen < task.pairs:
            raise ValueError(
                f"{dataset.name} has {n_classes} classes: {task.classes} for training leave {unseen} unseen, "
                f"at least {task.pairs} are needed; ask for fewer classes or use a larger data set"
            )
        if n_exemplars < 2:
            raise ValueError(f"{dataset.name} has one exemplar a class: another is needed to test on, give at least 2")
        train = dataset.features[: task.classes]
        tables = {
            "train": train[:, 0],
            "held_out_label_pairs": train[:, 0],
            "unseen_classes": dataset.features[n_classes - unseen :, 0],
            **dict.fromkeys(("held_out_exemplars", SAME_DRAWING), train[:, 1:].reshape(-1, n_features)),
        }
        return cls(
            {name: torch.from_numpy(t.copy()) for name, t in tables.items()}, task.classes, unseen, n_exemplars - 1
        )

    @property
    def train(self) -> Float[Tensor, "class feature"]:
        return self.tables["train"]


def evaluation_set(name: str, task: Task, exemplars: Exemplars, seed: int, n: int = EVALUATION_SEQUENCES) -> Sequences:
    """A fixed set of n sequences over the rows of `exemplars.tables[name]`, with a run axis of 1.

    train; held_out_label_pairs ("test (relabel)"); unseen_classes ("test (exemplars)");
    held_out_exemplars: training classes, each token's exemplar drawn from the other ones independently, so that query
    and context usually show two drawings of a class, as in the original implementation: a network that has seen one
    drawing of each class has learnt to find the same one again, and not what drawings of a class have in common;
    held_out_exemplars_same_drawing, easier: one drawing a class and sequence, the same in context and as query.
    """
    known = (*EVALUATION_SETS, SAME_DRAWING)
    if name not in known:
        raise ValueError(f"evaluation sets are {', '.join(known)}; got {name!r}")
    words = seed, known.index(name), task.classes, task.labels, task.pairs
    sets = task.label_sets()[name == "held_out_label_pairs"]
    classes = exemplars.unseen if name == "unseen_classes" else task.classes
    shown, labels, match = draw(key(Stream.EVALUATION, *words), 0, n, classes, sets)
    if name == "held_out_exemplars":
        drawn = numbers(key(Stream.DRAWINGS, *words), shown.size).reshape(shown.shape)  # of each token
        shown = shown * exemplars.held_out + below(exemplars.held_out, drawn)
    elif name == SAME_DRAWING:
        of_pairs = below(
            exemplars.held_out, numbers(key(Stream.DRAWINGS, *words), n * task.pairs).reshape(n, task.pairs)
        )
        which = np.column_stack([of_pairs, np.take_along_axis(of_pairs, match[:, None], 1)])
        shown = shown * exemplars.held_out + which
    return Sequences(*(torch.from_numpy(a)[None] for a in (shown, labels, match)))


def exhaustive(task: Task) -> Sequences:
    """Every training sequence once, with a run axis of 1; 78,400 for 50 classes, 5 labels and 2 pairs."""
    classes = np.array(list(itertools.permutations(range(task.classes), task.pairs)))
    labels = np.concatenate([np.array(list(itertools.permutations(s))) for s in task.label_sets()[0]])
    shown, labelled, match = (a.ravel() for a in np.indices((len(classes), len(labels), task.pairs)))
    query = np.take_along_axis(classes[shown], match[:, None], 1)
    each = np.column_stack([classes[shown], query]), labels[labelled], match
    return Sequences(*(torch.from_numpy(a)[None] for a in each))
