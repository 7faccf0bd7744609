"""The task of section 2.1: few-shot classification that only in-context learning solves.

    x0 l0 x1 l1 xq -> l1        (the query has the class of x1)

Classes are drawn anew for every sequence, and so are the labels they carry in it; a label means nothing outside.
Everything here is drawn from a seed and nothing else, in blocks, so that a stream can be read from any step on.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from induction_heads.data import Dataset

from .model import Sequences

BATCH = 32  # sequences a step, section 2.2
TRAINING_SHARE = 0.8  # of the label sets
TEST_CLASSES = 100
EVALUATION_SEQUENCES = 1_000
EVALUATION_SETS = ("train", "held_out_label_pairs", "unseen_classes", "held_out_exemplars")
STEPS_A_BLOCK = 1_000


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
        order = np.random.default_rng([self.labels, self.pairs]).permutation(len(every))
        n_train = min(round(TRAINING_SHARE * len(every)), len(every) - 1)
        for shift in range(len(every)):
            train, held_out = np.split(every[np.roll(order, -shift)], [n_train])
            if len(np.unique(train)) == self.labels:
                return train, held_out
        raise ValueError(
            f"{n_train} training sets of {self.pairs} labels cannot hold all {self.labels} labels: use more labels"
        )


def distinct(rng: np.random.Generator, n: int, high: int, draws: int) -> Int[np.ndarray, "n draws"]:
    """Each row: `draws` different numbers below `high`, every ordered choice equally likely."""
    chosen = np.empty((n, 0), dtype=np.int64)
    for i in range(draws):
        new = rng.integers(high - i, size=n)
        for earlier in np.sort(chosen, axis=1).T:
            new += new >= earlier
        chosen = np.column_stack([chosen, new])
    return chosen


def draw(
    rng: np.random.Generator, n: int, classes: int, label_sets: Int[np.ndarray, "sets pairs"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n sequences: class of each exemplar and of the query (n, pairs+1), labels (n, pairs), the query's pair (n)."""
    pairs = label_sets.shape[1]
    drawn = distinct(rng, n, classes, pairs)  # the query's class first
    match = rng.integers(pairs, size=n)
    place = (np.arange(pairs) - match[:, None]) % pairs
    shown = np.take_along_axis(drawn, place, 1)
    labels = rng.permuted(label_sets[rng.integers(len(label_sets), size=n)], axis=1)
    return np.column_stack([shown, drawn[:, 0]]), labels, match


def block(task: Task, seed: int, number: int) -> Sequences:
    """Training steps number * 1,000 to that + 999: tensors `step batch …`."""
    rng = np.random.default_rng([seed, number, task.classes, task.labels, task.pairs])
    drawn = draw(rng, STEPS_A_BLOCK * BATCH, task.classes, task.label_sets()[0])
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
    `held_out_exemplars`: every other exemplar of the training classes, class after class.
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
            "held_out_exemplars": train[:, 1:].reshape(-1, n_features),
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
    held_out_exemplars: training classes, each shown by one other exemplar, the same in context and as query.
    """
    if name not in EVALUATION_SETS:
        raise ValueError(f"evaluation sets are {', '.join(EVALUATION_SETS)}; got {name!r}")
    rng = np.random.default_rng([seed, EVALUATION_SETS.index(name), task.classes, task.labels, task.pairs])
    sets = task.label_sets()[name == "held_out_label_pairs"]
    shown, labels, match = draw(rng, n, exemplars.unseen if name == "unseen_classes" else task.classes, sets)
    if name == "held_out_exemplars":
        which = rng.integers(exemplars.held_out, size=(n, task.classes))
        shown = shown * exemplars.held_out + np.take_along_axis(which, shown, 1)
    return Sequences(*(torch.from_numpy(a)[None] for a in (shown, labels, match)))


def exhaustive(task: Task) -> Sequences:
    """Every training sequence once, with a run axis of 1; 78,400 for 50 classes, 5 labels and 2 pairs."""
    classes = np.array(list(itertools.permutations(range(task.classes), task.pairs)))
    labels = np.concatenate([np.array(list(itertools.permutations(s))) for s in task.label_sets()[0]])
    shown, labelled, match = (a.ravel() for a in np.indices((len(classes), len(labels), task.pairs)))
    query = np.take_along_axis(classes[shown], match[:, None], 1)
    each = np.column_stack([classes[shown], query]), labels[labelled], match
    return Sequences(*(torch.from_numpy(a)[None] for a in each))
