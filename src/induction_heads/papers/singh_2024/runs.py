"""Every run of the paper, as a table: a figure names its rows, and a row is a value.

A row may name a head by its role, which a trained main run decides: "strongest" (the strongest induction head of
its seed), "other 1" to "other 7" (the rest of Layer 2), "previous token 1" to "previous token 3" (the Layer 1 heads
that attend to the previous token most) and "previous token last". `Run.resolved` puts heads in their place.
"""

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from induction_heads.data import Dataset
from induction_heads.machinery import paper
from induction_heads.machinery import run as machinery
from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained
from induction_heads.networks import clamps, run
from induction_heads.networks.clamps import (
    Clamp,
    Graft,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreviousTokenAttention,
)
from induction_heads.networks.sequences import Exemplars

SEED = 5  # the paper's main init seed
SEEDS = (5, 6, 7, 8, 9)  # with its repeats
SMOKE_SEEDS = SEEDS[:2]  # for a quick look
LAYER_1 = tuple(clamps.head_name(0, h) for h in range(8))
LAYER_2 = tuple(clamps.head_name(1, h) for h in range(8))
STRONGEST = "strongest"
OTHERS = tuple(f"other {i}" for i in range(1, 8))
PREVIOUS_TOKEN = tuple(f"previous token {i}" for i in range(1, 4))
PREVIOUS_TOKEN_LAST = "previous token last"
ROLES = (STRONGEST, *OTHERS, *PREVIOUS_TOKEN, PREVIOUS_TOKEN_LAST)


@dataclass(frozen=True)
class Run(run.Run):
    """A run of this paper: its clamps may name heads by roles, which the main run of its seed decides."""

    @property
    def main(self) -> "Run":
        """The unclamped run of the same seed and profile."""
        return main(self.init_seed).scaled(self.scale)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that stand for heads in this run's clamps."""
        return tuple(name for clamp in self.clamps for name in clamp.named_heads if name in ROLES)

    @property
    def needs(self) -> tuple[run.Run, ...]:
        return (*self.donors, *((self.main,) if self.roles else ()))

    def resolved(self, found: Mapping[machinery.Run, Any], data: Any) -> "Run":
        """With heads in the place of roles."""
        if not self.roles:
            return self
        heads = roles(found[self.main], data)
        return dataclasses.replace(self, clamps=tuple(clamps.resolve(clamp, heads) for clamp in self.clamps))


def roles(main: Trained, data: Dataset) -> dict[str, str]:
    """Role -> head, of a main run; measured once."""
    from . import measures  # only who measures waits for it

    features = Exemplars.of(data, main.run.task).train[None]
    return remembered(["roles", main.folder.name], measures.roles, main.final, features, main.run.task)


Rows = dict[str, Run]  # what the figure calls a run -> the run
LENGTHS = {"5b": 600_000, "6 normal": 2_000_000, "6 clamped": 300_000, "7": 800_000, "8": 800_000, "15": 600_000}
FINE = 1_000  # sequences, between evaluations of clamped runs
FINE_FIGURES = ("5b", "6 clamped", "7", "8", "15")


def main(seed: int) -> Run:
    return Run(seed, checkpoint_every=10_000)


def clamped(seed: int, figure: str, *steps: Clamp, only: tuple[str, ...] = (STRONGEST,), **settings) -> Run:
    alone = (Only(only),) if only else ()
    every = FINE if figure in FINE_FIGURES else Run.evaluate_every
    return Run(seed, clamps=(*steps, *alone), sequences=LENGTHS[figure], evaluate_every=every, **settings)


def figure_3(seed: int) -> Rows:
    return {"all heads": main(seed)}


def figure_4b(seed: int) -> Rows:
    return {f"head {h}": Run(seed, clamps=(Only((name,)),)) for h, name in enumerate(LAYER_2)} | figure_3(seed)


STEP_1 = PreviousTokenAttention(PREVIOUS_TOKEN[:1])
SUBCIRCUITS = {  # figure 5b: what is clamped, in the order of the paper's legend
    "none": (),
    "1": (STEP_1,),
    "1, 2": (PerfectLayer1(),),
    "1, 2, 3qk, 4": (PerfectMatch(STRONGEST),),
    "3v, 5": (PerfectCopy(STRONGEST),),
    "1, 2, 3v, 5": (PerfectLayer1(), PerfectCopy(STRONGEST)),
}


def figure_5b(seed: int) -> Rows:
    return {
        name: clamped(seed, "5b", *steps, checkpoint_every=0 if steps else 5_000) for name, steps in SUBCIRCUITS.items()
    }


DATA = {f"{c} classes": (c, 5) for c in (50, 100, 200)} | {f"{n} labels": (50, n) for n in (5, 10, 15)}
LEFT_TO_LEARN = {  # figure 6, columns: the subcircuits left -> the steps clamped
    "A, B and C": (),
    "B": SUBCIRCUITS["1, 2, 3v, 5"],
    "C": SUBCIRCUITS["1, 2, 3qk, 4"],
    "B and C": SUBCIRCUITS["1, 2"],
}


def figure_6(seed: int) -> Rows:
    return {
        f"{left}, {data}": clamped(seed, "6 clamped" if steps else "6 normal", *steps, classes=classes, labels=labels)
        for left, steps in LEFT_TO_LEARN.items()
        for data, (classes, labels) in DATA.items()
    }


def figure_7(seed: int) -> Rows:
    donors = (seed, *(s for s in SEEDS[:3] if s != seed))[:3]
    grafts = {f"Layer 1 of seed {s}": clamped(seed, "7", Graft(main(s)), only=()) for s in donors}
    return {"no clamp": main(seed)} | grafts


def figure_8(seed: int) -> Rows:
    heads = {
        "no clamp": (),
        "strongest previous-token head": PREVIOUS_TOKEN[:1],
        "weakest previous-token head": (PREVIOUS_TOKEN_LAST,),
        "three heads": PREVIOUS_TOKEN,
        "all heads": LAYER_1,
    }
    return {name: clamped(seed, "8", *([PreviousTokenAttention(h)] if h else [])) for name, h in heads.items()}


CONTRASTED = {"1": "step 1", "1, 2, 3qk, 4": "match"}  # figure 10: rows of figure 5b -> what they clamp


def figure_10(seed: int) -> Rows:
    rows = figure_5b(seed)
    return {name: rows[name] for name in ("none", *CONTRASTED)}


def figure_15(seed: int) -> Rows:
    strengths = [round(0.05 * i, 2) for i in range(21)]
    return {f"{s:.2f}": clamped(seed, "15", PerfectMatch(STRONGEST, s), only=()) for s in strengths}


def figure_17(seed: int) -> Rows:
    pairs = {f"with {other}": Run(seed, clamps=(Only((STRONGEST, other)),)) for other in OTHERS}
    return {"all heads": main(seed)} | pairs


def none(seed: int) -> Rows:
    return {}


class Seeds(enum.Enum):
    """The seeds whose curves a figure draws, of those that are asked for."""

    EVERY, TYPICAL, NONE = range(3)


@dataclass(frozen=True)
class Result(paper.Result):
    """A figure or table of the paper: whose curves it draws, and whether it tells learning times of the other seeds.

    Where learning times are enough, `to_the_end` names the rows that go to their length all the same.
    """

    rows: Callable[[int], Rows] = figure_3
    draws: Seeds = Seeds.TYPICAL
    every_time: bool = False
    to_the_end: tuple[str, ...] = ()

    def of(self, seed: int, until_learnt: bool = False) -> Rows:
        """Its rows; `until_learnt`: no further than their learning times and plateaus need."""
        rows = self.rows(seed)
        short = {name: until_learnt and name not in self.to_the_end for name in rows}
        return {name: dataclasses.replace(row, until_learnt=short[name]) for name, row in rows.items()}

    def runs(self, study: Any) -> Iterator[Run]:
        """The main runs of all seeds, which decide which is typical, and the runs of all rows where that is known."""
        yield from self._runs(study, study.known_typical())

    def planned(self, study: Any) -> Iterator[Run]:
        """As if the first seed were the typical one, where that is not known."""
        yield from self._runs(study, study.known_typical() or study.settings.seeds[:1])

    def _runs(self, study: Any, typical: tuple[int, ...]) -> Iterator[Run]:
        seeds = study.settings.seeds
        drawn = {Seeds.EVERY: seeds, Seeds.TYPICAL: typical, Seeds.NONE: ()}[self.draws]
        for seed in seeds:
            yield main(seed).scaled(study.scale)
        for seed in seeds if self.every_time else drawn:
            for row in self.of(seed, until_learnt=seed not in drawn).values():
                yield row.scaled(study.scale)


SCALE = {"paper": 1, "smoke": 25}  # what lengths are divided by, by profile
RESULTS: dict[str, paper.Result] = {
    "figure-3a": Result("Induction heads emerge abruptly", "01_emergence", draws=Seeds.EVERY),
    "figure-3b": Result("Many heads become induction heads together", "01_emergence"),
    "figure-4a": Result("Redundant and additive heads", "02_diversity"),
    "figure-4b": Result("Every head can learn the task alone", "02_diversity", figure_4b, every_time=True),
    "figure-5a": Result("A toy model of interacting subcircuits", "03_toy_model", none),
    "figure-5b": Result("Clamping subcircuits throughout training", "04_subcircuits", figure_5b, every_time=True),
    "figure-6": Result("What the data slows", "05_data_dependence", figure_6),
    "figure-7": Result("Grafting a trained Layer 1", "06_grafting", figure_7),
    "figure-8": Result("Which previous-token head is clamped", "07_previous_token_heads", figure_8),
    "figure-9": Result("Progress measures in the toy model", "03_toy_model", none),
    "figure-10": Result(
        "Clamping against progress measures",
        "08_progress_measures",
        figure_10,
        every_time=True,
        to_the_end=("none",),  # under a clamp, its checkpoints may learn later than it does itself
    ),
    "table-1": Result("What previous-token heads contribute", "09_wiring"),
    "figure-11": Result("Wiring between Layer 1 and Layer 2 heads", "09_wiring"),
    "figure-12": Result("Direct effects of the layers on the output", "10_direct_effects"),
    "figure-13": Result("Loss when heads are ablated", "11_ablations"),
    "figure-14": Result("Heads are additive", "11_ablations"),
    "figure-15": Result("The match clamp at every strength", "12_match_strength", figure_15),
    "table-2": Result("Who corrects whose mistakes", "13_single_heads"),
    "figure-16": Result("Perfect match for single heads, mistakes by label", "13_single_heads"),
    "table-3": Result("Single heads under perfect match", "13_single_heads"),
    "figure-17": Result("Pairs of heads throughout training", "14_pairs_of_heads", figure_17),
    "figure-18": Result(
        "Strength, accuracy alone and learning time over seeds", "15_seeds", figure_4b, Seeds.NONE, every_time=True
    ),
}


@dataclass(frozen=True)
class OfClaims(paper.Result):
    """What claims are measured on, over more seeds than figures draw; else they are measured on what those draw."""

    def runs(self, study: Any) -> Iterator[Run]:
        from .claims import LEDGER  # which needs this table

        for claim in LEDGER:
            for seed in claim.seeds(study.settings.seeds):
                yield from claim.runs(study, seed)


RESULTS["table-claims"] = OfClaims("The verdict on every claim, over many seeds", "17_claims")


def result(name: str) -> Result:
    """`5b`, `figure-5b` or `table-1`."""
    found = RESULTS.get(name) or RESULTS.get(f"figure-{name}")
    if not isinstance(found, Result):
        raise ValueError(f"no result is called {name!r}; there are {', '.join(RESULTS)}")
    return found
