"""The paper as a study: what claims measure on our runs is measured on its curves, points and tables as well.

`in_the_paper(measure)` gives its numbers under the names that ours have; those of its main seed, the one it draws.
What stands here reads `published/`, and holds no number of its own.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.store import Trained

from .. import published
from ..published import paper_curve
from ..runs import OTHERS, SEED
from ..study import Study

OURS = {  # its name of a run -> ours
    "8": {"L1H2": "strongest previous-token head", "L1H6": "weakest previous-token head"},
    "17": dict(zip((f"head {h}" for h in (0, 1, 2, 4, 5, 6, 7)), (f"with {other}" for other in OTHERS), strict=True)),
}
LEFT = {"1": "2, 3qk, 3v, 4, 5", "1, 2, 3qk, 4": "3v, 5"}  # figure 10: steps clamped -> its name of the measure


class PublishedStudy(Study):
    """Has what the paper shows of its runs, and neither settings nor a store: nothing is trained."""

    def __init__(self) -> None:
        pass

    def results(self, result: str, seed: int = SEED, until_learnt: bool = False) -> dict[str, Trained]:
        """The curves of a figure, by the names of our runs; all that there is of them is a history."""
        if result == "3a":
            return {"all heads": _shown("3a", _figure_3a())}
        runs = {}
        figure = "5b" if result == "10" else result  # whose clamped runs it shows
        for (panel, series), rows in paper_curve(figure).groupby(["panel", "series"], sort=False):
            name = OURS.get(result, {}).get(series, series)
            name = f"{panel.partition(' / ')[0]}, {name}" if " / " in panel else name
            runs[name] = _shown(result, _history(rows))
        return runs

    def at_the_end(self) -> dict[str, Any]:
        """The fields of `claim.End`."""
        alone = paper_curve("4a", series="only given head active")
        ablated = paper_curve("4a", series="given head ablated")
        text = published.direct_path().loc[SEED]
        return {
            "strength": alone.x.to_numpy(),
            "whole": text.whole,
            "no_layer_1_path": text.without,
            "without": ablated.y.to_numpy(),
            "alone": alone.y_notebook_text.to_numpy(dtype=float),
        }

    def loss_alone(self) -> np.ndarray:
        """Figure 13: loss (nats) of each Layer 2 head alone."""
        return paper_curve("13", series="only given head active").y.to_numpy()

    def strengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Figure 3b, as `measures.strengths`: sequences seen, and strengths (checkpoint head)."""
        heads = paper_curve("3b").pivot(index="x", columns="series", values="y").sort_index(axis=1)
        return heads.index.to_numpy(), heads.to_numpy()

    def progress(self, clamped: str) -> pd.DataFrame:
        """Figure 10: a history of the unclamped run's checkpoints under the clamp of a row of figure 5b."""
        return _history(paper_curve("10", "progress measures", LEFT[clamped]))

    def table_1(self) -> tuple[tuple[int, ...], pd.DataFrame]:
        """The previous-token heads, and the accuracy by what is ablated and what is preserved."""
        heads = published.stated("table 1", "previous-token head")
        return tuple(map(int, heads)), published.paper_table("1").set_index(["ablated", "preserved"])

    def direct_effects(self) -> pd.DataFrame:
        """Figure 12, as `wiring.direct_effects`: it shows losses less that of the whole network, which stands at 0."""
        found = {"whole": 0.0}
        for layer in (1, 2):
            rows = paper_curve("12", f"no L{layer} output")
            found[f"no Layer {layer}"] = pd.Series(rows.y.to_numpy(), index=rows.x)
        return pd.concat({"loss": pd.DataFrame(found)}, axis=1)

    def switched_on(self) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
        """Figure 14: heads by strength, and the loss as they are switched on; NaN where the paper shows no step."""
        order = tuple(int(h) for h in self.at_the_end()["strength"].argsort()[::-1])
        first, second = (paper_curve("14", f"start head {head}") for head in order[:2])
        every = first[first.series == "no ablation"].y
        first, second = (rows[rows.series != "no ablation"].y for rows in (first, second))
        return order, np.array([*first, *every]), np.array([*second, np.nan])


def _shown(figure: str, history: pd.DataFrame) -> Trained:
    return Trained(f"the paper's run of figure {figure}", Path(), history, at_the_end=None, seconds=math.nan)


def _history(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"sequences": rows.x.to_numpy(), "train_loss": rows.y.to_numpy()})


def _figure_3a() -> pd.DataFrame:
    losses = paper_curve("3a").pivot(index="x", columns="series", values="y").add_suffix("_loss")
    return losses.rename_axis("sequences").reset_index()


PAPER = PublishedStudy()


def in_the_paper(measure: Callable[[Any, int], Measured]) -> Callable[[], Numbers]:
    """The same measure of what the paper published."""

    def theirs() -> Numbers:
        return {name: float(number) for name, number in measure(PAPER, SEED).items()}

    return theirs


def published_mistakes() -> Measured:
    """Table 2, and how many mistakes its strongest head makes alone: those missing from its accuracy (figure 4a)."""
    end, shares = PAPER.at_the_end(), published.paper_table("2").corrects
    right = end["alone"][end["strength"].argmax()]
    wrong = round((1 - right) * published.setting()["training sequences"])
    return {"mistakes of the strongest": wrong, "best other head": shares.max(), "worst": shares.min()}


def published_gains() -> Measured:
    """Figure 16a and Table 3: what a perfect match adds to each head alone."""
    before, after = (paper_curve("16a", series=f"{match} match").y_notebook_text for match in ("computed", "perfected"))
    gains = (after.to_numpy() - before.to_numpy()).astype(float)
    return {"heads that gain": (gains > 0).sum(), "mean gain": gains.mean(), "largest loss": max(0.0, -gains.min())}


def published_wrong_way() -> Measured:
    """Figure 15, as its text has it: what it gives no number for is left out."""
    (lowest,) = published.stated(
        "figure 15", "loss on held-out label pairs with the match clamped the wrong way: lowest"
    )
    return {"wrong way, lowest": lowest}
