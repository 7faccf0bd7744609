"""What is measured on trained networks (sections 3 and 4, appendix C), many networks or clamps at once.

A batch of networks has a `run` axis; a single network is a batch of one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Num
from torch import Tensor

from induction_heads.machinery.store import Trained
from induction_heads.networks import clamps, model, sequences
from induction_heads.networks.clamps import Clamp
from induction_heads.networks.direct import direct_paths
from induction_heads.networks.model import Parameters, Sequences, loss_and_accuracy
from induction_heads.networks.run import LEARNT
from induction_heads.networks.sequences import Task

from .published import paper_curve

TOGETHER = 8  # networks that are evaluated as one batch


def stack(networks: Sequence[Parameters]) -> Parameters:
    """Networks of one shape as a batch."""
    return model.stored({name: torch.stack([n[name] for n in networks]) for name in networks[0]})


def each_sequence(
    networks: Parameters,
    features: Float[Tensor, "#run exemplar feature"],
    which: Sequences,
    clamped: Sequence[Sequence[Clamp]] | None = None,
) -> dict[str, Tensor]:
    """Of every sequence: `logits` (run batch label) and `pattern`, the last layer's at the query (run batch head key).

    `clamped` gives the clamps of each run, or several conditions of a single network, which are then its runs; `which`
    has a run axis of 1 where all runs read the same.
    """
    found = direct_paths(networks, features, which, None, clamped)
    return {"logits": found["logits"][:, 0], "pattern": found["pattern"]}


def induction_strength(pattern: Float[Tensor, "run batch head key"], which: Sequences) -> Float[Tensor, "run head"]:
    """Attention from the query to the correct label token minus that to the others, mean over sequences; in [-1, 1]."""
    on_labels = pattern[..., 1::2]  # run batch head pair
    is_correct = which.match[:, :, None, None] == torch.arange(on_labels.shape[-1])
    signed = torch.where(is_correct, on_labels, -on_labels)
    return signed.sum(-1).mean(1)


def in_context(logits: Float[Tensor, "run batch label"], which: Sequences) -> Float[Tensor, "run batch label"]:
    """Logits limited to the labels in context."""
    shown = (which.label[..., None] == torch.arange(logits.shape[-1])).any(-2)
    return logits.masked_fill(~shown, clamps.NO_LOGIT)


@torch.no_grad()
def previous_token_attention(networks: Parameters, features: Tensor, which: Sequences) -> Float[Tensor, "run head"]:
    """Attention of each Layer 1 head from the label tokens to the token before, mean over labels and sequences."""
    runs = networks["b_U"].shape[0]
    sites = clamps.forward(networks, features, Sequences(*(a.expand(runs, *a.shape[1:]) for a in which)))
    pattern = sites["blocks.0.attn.hook_pattern"]  # run batch head query key
    return pattern.diagonal(-1, -2, -1)[..., ::2].mean((1, 3))


def roles(network: Parameters, features: Tensor, task: Task) -> dict[str, str]:
    """Role -> head: "strongest", "other i" of Layer 2; "previous token i" and "previous token last" of Layer 1."""
    batch, every = stack([network]), sequences.exhaustive(task)
    strength = induction_strength(each_sequence(batch, features, every)["pattern"], every)[0]
    strongest = int(strength.argmax())
    others = [h for h in range(len(strength)) if h != strongest]
    found = {"strongest": clamps.head_name(1, strongest)}
    found |= {f"other {i}": clamps.head_name(1, h) for i, h in enumerate(others, 1)}
    previous = previous_token_attention(batch, features, Sequences(*(a[:, :: len(a[0]) // 2_000 or 1] for a in every)))[
        0
    ]
    order = previous.argsort(descending=True).tolist()
    found |= {f"previous token {i}": clamps.head_name(0, h) for i, h in enumerate(order[:3], 1)}
    return found | {"previous token last": clamps.head_name(0, order[-1])}


def first_below(
    sequences_seen: Num[np.ndarray, " n"], loss: Num[np.ndarray, " n"], levels: Float[np.ndarray, " level"]
) -> Float[np.ndarray, " level"]:
    """Sequences seen when the loss is first as low as each level, linear between evaluations; inf where it never is."""
    lowest, times = np.minimum.accumulate(loss), np.asarray(sequences_seen, dtype=float)
    after = np.searchsorted(-lowest, -levels)
    before, upto = np.maximum(after - 1, 0), np.minimum(after, len(lowest) - 1)
    step = np.maximum(lowest[before] - lowest[upto], 1e-12)
    crossed = times[before] + (times[upto] - times[before]) * np.clip((lowest[before] - levels) / step, 0, 1)
    return np.where(after < len(lowest), crossed, np.inf)


def time_to_learn(history: pd.DataFrame, fraction: float = LEARNT) -> float:
    """Sequences seen when the train loss is first below `fraction` ln 2, also between evaluations; NaN if never."""
    (time,) = first_below(
        history["sequences"].to_numpy(), history["train_loss"].to_numpy(), np.array([fraction * np.log(2)])
    )
    return float(time) if np.isfinite(time) else float("nan")


def sample(which: Sequences, n: int, seed: int = 0) -> Sequences:
    """n of the sequences, drawn without replacement; all of them where there are no more."""
    chosen = torch.randperm(which.match.shape[1], generator=torch.Generator().manual_seed(seed))[:n]
    return Sequences(*(a[:, chosen] for a in which))


class Plateau(NamedTuple):
    """The slowest tenth of the fall of a loss."""

    share: float  # of the learning time; a plateau from PLATEAU on
    level: float  # the loss in the middle of it, nats
    begins: float  # sequences seen
    ends: float

    @property
    def sequences(self) -> float:
        return self.ends - self.begins


PLATEAU = 0.25  # share of the learning time: more than twice an exponential's
TENTH = 0.1


def plateau(sequences_seen: Num[np.ndarray, " n"], loss: Num[np.ndarray, " n"]) -> Plateau:
    """The longest that a loss takes to fall by a tenth of itself before it is learnt (first below 0.4 ln 2).

    Every tenth of an exponential fall takes equally long: from ln 2 its share of the learning time is
    ln 0.9 / ln 0.4 = 0.115, from higher less; a straight line from ln 2 has 1/6; a loss that waits and then drops
    comes near 1. Where nothing is learnt the run's length counts as the learning time.
    """
    learnt, end = LEARNT * np.log(2), float(sequences_seen[-1])
    last = max(learnt, float(np.min(loss)))
    levels = np.unique(np.concatenate([np.geomspace(max(loss[0], last), last, 1_000), np.minimum.accumulate(loss)]))
    levels = levels[levels >= last]
    end = min(end, first_below(sequences_seen, loss, np.array([learnt]))[0])
    begins, ends = first_below(sequences_seen, loss, levels), first_below(sequences_seen, loss, (1 - TENTH) * levels)
    took = np.minimum(ends, end) - np.minimum(begins, end)
    slowest = int(took.argmax())
    begun = float(begins[slowest])
    return Plateau(
        float(took[slowest] / end), float((1 - TENTH / 2) * levels[slowest]), begun, begun + float(took[slowest])
    )


def checkpoints(trained: Trained) -> Iterator[Parameters]:
    """The networks of a run's checkpoints, in order, some at a time as a batch."""
    seen = trained.checkpoints
    for some in (seen[i : i + TOGETHER] for i in range(0, len(seen), TOGETHER)):
        yield stack([trained.at(checkpoint) for checkpoint in some])


def strengths(
    trained: Trained, features: Float[Tensor, "1 exemplar feature"], n: int = 2_000
) -> tuple[np.ndarray, Float[np.ndarray, "checkpoint head"]]:
    """Sequences seen and every Layer 2 head's strength at each checkpoint (figure 3b); on n of the exhaustive set."""
    which = sample(sequences.exhaustive(trained.run.task), n)
    found = [
        induction_strength(each_sequence(batch, features, which)["pattern"], which) for batch in checkpoints(trained)
    ]
    return np.array(trained.checkpoints), torch.cat(found).numpy()


def progress(trained: Trained, exemplars: sequences.Exemplars, clamped: Sequence[Clamp] = ()) -> pd.DataFrame:
    """The loss of each checkpoint under clamps that its training did not have: a progress measure (figure 10).

    On the run's own train evaluation set, as a history: columns sequences, train_loss, and in_context_loss, that with
    the logits limited to the labels in context (nats).
    """
    which = sequences.evaluation_set("train", trained.run.task, exemplars, trained.run.evaluation_seed)
    losses = []
    for batch in checkpoints(trained):
        logits = each_sequence(batch, exemplars.train[None], which, [clamped] * len(batch["b_U"]))["logits"]
        losses.append(torch.stack([loss_and_accuracy(x, which)[:, 0] for x in (logits, in_context(logits, which))]))
    whole, limited = torch.cat(losses, 1).tolist()
    return pd.DataFrame({"sequences": trained.checkpoints, "train_loss": whole, "in_context_loss": limited})


def learning(histories: Mapping[Any, pd.DataFrame]) -> pd.DataFrame:
    """One row a history: when its train loss is learnt, the slowest tenth of its fall, where it ends and waits (nats).

    In sequences seen, but for the share of the learning time that the slowest tenth takes: a plateau from PLATEAU on.
    `its level` is the loss in the middle of that tenth: what the run waits for.
    """
    found = {}
    for name, history in histories.items():
        slowest = plateau(history["sequences"].to_numpy(dtype=float), history["train_loss"].to_numpy())
        last = history["train_loss"].iloc[-1]
        found[name] = (time_to_learn(history), slowest.sequences, slowest.share, last, slowest.level)
    columns = ["learnt after", "slowest tenth", "its share", "final loss", "its level"]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns)


def published_learning(figure: str, panel: str = "main") -> pd.DataFrame:
    """`learning` of the paper's curves in one panel of a figure, a row a series."""
    curves = paper_curve(figure, panel).rename(columns={"x": "sequences", "y": "train_loss"})
    return learning(dict(iter(curves.groupby("series", sort=False))))


def half_way(
    seen: Num[np.ndarray, " checkpoint"], strengths: Float[np.ndarray, "checkpoint head"]
) -> Num[np.ndarray, " head"]:
    """Sequences seen when each head first has half of its greatest strength (figure 3b)."""
    return np.asarray(seen)[(strengths >= strengths.max(0) / 2).argmax(0)]
