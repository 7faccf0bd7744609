"""What single heads get wrong, and who gets it right (Tables 2 and 3, Figure 16)."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from torch import Tensor

from . import wiring
from .claims import heads


def corrected(right: Bool[Tensor, "head batch"]) -> pd.DataFrame:
    """Of the mistakes of each head alone (row), the share that each head alone (column) gets right; Table 2.

    A row is NaN where the head makes no mistake, and 0 in its own column.
    """
    names = wiring.names(2, range(len(right)))
    return pd.DataFrame([heads.corrected(right, h) for h in range(len(right))], index=names, columns=names)


def by_label(right: Bool[Tensor, "head batch"], target: Int[Tensor, " batch"]) -> pd.DataFrame:
    """Share of the sequences with each correct label (column) that a head alone (row) gets wrong; Figure 16b."""
    labels = range(int(target.max()) + 1)
    wrong = [[(~correct[target == label]).float().mean().item() for label in labels] for correct in right]
    return pd.DataFrame(wrong, index=wiring.names(2, range(len(right))), columns=pd.Index(labels, name="label"))


def confusions(
    answers: Int[Tensor, "head batch"], target: Int[Tensor, " batch"]
) -> Float[np.ndarray, "head label label"]:
    """How often a head alone answers each label (last axis) where each is correct; rows add up to 1; Figure 16c."""
    labels = int(target.max()) + 1
    edges = ((0, labels), (0, labels))
    counts = np.stack([np.histogram2d(target.numpy(), given.numpy(), labels, edges)[0] for given in answers])
    return counts / counts.sum(2, keepdims=True)


def associations(
    right: Bool[Tensor, "head batch"], target: Int[Tensor, " batch"], query: Int[Tensor, " batch"]
) -> pd.DataFrame:
    """A row a head: the share it gets `wrong`, Cramér's V of that with the correct label and with the query's class.

    V is 0 for mistakes spread evenly and 1 for mistakes that the label, or class, decides; `p, label` is that of the
    chi-square test of independence. With them the labels that it gets wrong most and least, and those shares.
    """
    wrong, rows = by_label(right, target), []
    for correct, (_, labels) in zip(right, wrong.iterrows(), strict=True):
        (label, p), (of_class, _) = (heads.association_with(~correct, what) for what in (target, query))
        extremes = labels.idxmax(), labels.max(), labels.idxmin(), labels.min()
        rows.append(((~correct).float().mean().item(), label, of_class, p, *extremes))
    columns = ["wrong", "V, label", "V, class", "p, label", "worst label", "wrong there", "best label", "wrong at best"]
    return pd.DataFrame(rows, index=wrong.index, columns=columns)


def not_in_context(answers: Int[Tensor, "head batch"], label: Int[Tensor, "batch pair"]) -> Float[np.ndarray, " head"]:
    """Share of each head's answers that are none of the labels in the context."""
    return np.array([(~(label == given[:, None]).any(1)).float().mean().item() for given in answers])
