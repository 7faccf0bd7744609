"""What can be had on the task without a trained network (section 2): guesses, memory, and a match made by hand."""

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from induction_heads.networks import sequences
from induction_heads.networks.model import Sequences
from induction_heads.networks.sequences import Task

SHARPNESS = 30.0  # of the match made by hand: attention grows as e^(30 cosine)


def cosines(table: Float[Tensor, "row feature"]) -> Float[Tensor, "row row"]:
    """The cosine of every row's features with every other's."""
    unit = table / table.norm(dim=1, keepdim=True)
    return unit @ unit.T


def match_by_hand(table: Float[Tensor, "row feature"], which: Sequences) -> Float[Tensor, " sequence"]:
    """The probability of the right label under attention in proportion to e^(30 cosine), and a perfect copy.

    Nothing is fitted: the cosine is that of the query's features with each exemplar's in the context. `which` has a
    run axis of 1.
    """
    unit = table / table.norm(dim=1, keepdim=True)
    shown = unit[which.exemplar[0]]  # sequence item feature
    cosine = (shown[:, :-1] * shown[:, -1:]).sum(-1)
    weight = (SHARPNESS * cosine).softmax(-1)
    return weight.gather(1, which.match[0][:, None])[:, 0]


def label_counts(task: Task) -> Float[np.ndarray, "class label"]:
    """How often each label is the answer to a query of each class, over every training sequence there is."""
    every = sequences.exhaustive(task)
    counts = np.zeros((task.classes, task.labels))
    np.add.at(counts, (every.exemplar[0, :, -1].numpy(), every.target[0].numpy()), 1)
    return counts


def compared(task: Task, match: Float[Tensor, " sequence"]) -> pd.DataFrame:
    """A row a strategy: its accuracy on the training set and its loss (nats; infinite where it is certain and wrong).

    `match` is what `match_by_hand` gives on training sequences.
    """
    counts, first = label_counts(task), sequences.exhaustive(task).match == 0
    common = counts.sum(0) / counts.sum()  # of each label: held-out pairs make some rarer
    found = {
        "guess among all labels": (1 / task.labels, np.log(task.labels)),
        "the label each class had most often": (
            counts.max(1).sum() / counts.sum(),
            -(common * np.log(common)).sum(),
        ),
        "guess between the labels in context": (1 / task.pairs, np.log(task.pairs)),
        "always the first label in context": (float(first.double().mean()), np.inf),
        "match made by hand": (float((match > 0.5).double().mean()), float(-match.log().mean())),
    }
    return pd.DataFrame.from_dict(found, orient="index", columns=["accuracy", "loss"])
