"""Every run of the paper, as a table: a figure names its rows, and a row is a value.

A row may name a head by its role, which a trained main run decides: "strongest" (the strongest induction head of
its seed), "other 1" to "other 7" (the rest of Layer 2), "previous token 1" to "previous token 3" (the Layer 1 heads
that attend to the previous token most) and "previous token last". `Run.resolved` puts heads in their place.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from induction_heads.machinery import settings
from induction_heads.networks import clamps
from induction_heads.networks.clamps import (
    Clamp,
    Graft,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreviousTokenAttention,
)
from induction_heads.networks.sequences import Task

SEED = 5  # the paper's main init seed
SEEDS = settings.SEEDS["paper"]  # with its repeats
LAYER_1 = tuple(clamps.head_name(0, h) for h in range(8))
LAYER_2 = tuple(clamps.head_name(1, h) for h in range(8))
STRONGEST = "strongest"
OTHERS = tuple(f"other {i}" for i in range(1, 8))
PREVIOUS_TOKEN = tuple(f"previous token {i}" for i in range(1, 4))
PREVIOUS_TOKEN_LAST = "previous token last"
SHORTEST_INTERVAL = 640  # sequences, between evaluations of a scaled run
ROLES = (STRONGEST, *OTHERS, *PREVIOUS_TOKEN, PREVIOUS_TOKEN_LAST)


@dataclass(frozen=True)
class Run:
    """One network's training: everything that determines it but the data and the code."""

    init_seed: int = SEED
    classes: int = 50
    labels: int = 5
    pairs: int = 2
    clamps: tuple[Clamp, ...] = ()
    sequences: int = 1_000_000  # seen in training
    evaluate_every: int = 5_000  # sequences
    checkpoint_every: int = 0  # sequences; 0 keeps the last alone
    learning_rate: float = 1e-5
    stream_seed: int = 0
    evaluation_seed: int = 1
    scale: int = 1  # lengths are divided by this and the learning rate multiplied by it

    @property
    def task(self) -> Task:
        return Task(self.classes, self.labels, self.pairs)

    @property
    def main(self) -> "Run":
        """The unclamped run of the same seed and profile, which decides the roles of its heads."""
        return main(self.init_seed).scaled(self.scale)

    def scaled(self, scale: int) -> "Run":
        """The same run made shorter for a quick look, with a learning rate larger by as much."""
        if scale == self.scale:
            return self
        if self.scale != 1:
            raise ValueError(f"only a run of scale 1 can be scaled, this one has scale {self.scale}")
        every = {
            n: max(getattr(self, n) // scale, SHORTEST_INTERVAL)
            for n in ("evaluate_every", "checkpoint_every")
            if getattr(self, n)
        }
        grafted = tuple(Graft(c.network.scaled(scale)) if isinstance(c, Graft) else c for c in self.clamps)
        lengths = {"sequences": self.sequences // scale, "learning_rate": self.learning_rate * scale, "scale": scale}
        return dataclasses.replace(self, **lengths, **every, clamps=grafted)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that stand for heads in this run's clamps."""
        return tuple(name for clamp in self.clamps for name in clamp.named_heads if name in ROLES)

    def resolved(self, heads: Mapping[str, str]) -> "Run":
        return dataclasses.replace(self, clamps=tuple(clamps.resolve(clamp, heads) for clamp in self.clamps))

    @property
    def donors(self) -> tuple["Run", ...]:
        """The runs whose trained networks this one grafts."""
        return tuple(clamp.network for clamp in self.clamps if isinstance(clamp, Graft))

    @cached_property
    def settings(self) -> dict:
        """This run as plain values, the same in every session."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "clamps"}
        return plain | {"clamps": [_described(clamp) for clamp in self.clamps]}

    def key(self, fingerprint: str, version: int) -> str:
        """Names the run's folder: the settings, the data and the meaning of the training code."""
        text = json.dumps([self.settings, fingerprint, version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        parts = [f"seed {self.init_seed}"]
        if (self.classes, self.labels, self.pairs) != (50, 5, 2):
            parts.append(
                f"{self.classes} classes, {self.labels} labels" + (f", {self.pairs} pairs" if self.pairs != 2 else "")
            )
        parts += [str(clamp) for clamp in self.clamps]
        return ", ".join([*parts, f"{self.sequences:,} sequences"])


def _described(clamp: Clamp) -> dict:
    plain = {f.name: getattr(clamp, f.name) for f in dataclasses.fields(clamp)}
    if isinstance(clamp, Graft):
        plain["network"] = clamp.network.settings
    return {"clamp": type(clamp).__name__, **plain}


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


def figure_15(seed: int) -> Rows:
    strengths = [round(0.05 * i, 2) for i in range(21)]
    return {f"{s:.2f}": clamped(seed, "15", PerfectMatch(STRONGEST, s), only=()) for s in strengths}


def figure_17(seed: int) -> Rows:
    pairs = {f"with {other}": Run(seed, clamps=(Only((STRONGEST, other)),)) for other in OTHERS}
    return {"all heads": main(seed)} | pairs


@dataclass(frozen=True)
class Result:
    """A figure or table of the paper."""

    title: str
    notebook: str
    rows: Callable[[int], Rows] = figure_3
    every_seed: bool = False  # else the first of the seeds asked for

    def runs(self, seeds: Iterable[int], scale: int = 1) -> Iterator[Run]:
        """The runs of all its rows; roles are still to be resolved."""
        seeds = tuple(seeds)
        for seed in seeds if self.every_seed else seeds[:1]:
            for run in self.rows(seed).values():
                yield run.scaled(scale)


def none(seed: int) -> Rows:
    return {}


RESULTS = {
    "3a": Result("Induction heads emerge abruptly", "01_emergence", every_seed=True),
    "3b": Result("Many heads become induction heads together", "01_emergence"),
    "4a": Result("Redundant and additive heads", "02_diversity"),
    "4b": Result("Every head can learn the task alone", "02_diversity", figure_4b, every_seed=True),
    "5a": Result("A toy model of interacting subcircuits", "03_toy_model", none),
    "5b": Result("Clamping subcircuits throughout training", "04_subcircuits", figure_5b, every_seed=True),
    "6": Result("What the data slows", "05_data_dependence", figure_6),
    "7": Result("Grafting a trained Layer 1", "06_grafting", figure_7),
    "8": Result("Which previous-token head is clamped", "07_previous_token_heads", figure_8),
    "9": Result("Progress measures in the toy model", "03_toy_model", none),
    "10": Result("Clamping against progress measures", "08_progress_measures", figure_5b),
    "table-1": Result("What previous-token heads contribute", "09_wiring"),
    "11": Result("Wiring between Layer 1 and Layer 2 heads", "09_wiring"),
    "12": Result("Direct effects of the layers on the output", "10_direct_effects"),
    "13": Result("Loss when heads are ablated", "11_ablations"),
    "14": Result("Heads are additive", "11_ablations"),
    "15": Result("The match clamp at every strength", "12_match_strength", figure_15),
    "table-2": Result("Who corrects whose mistakes", "13_single_heads"),
    "16": Result("Perfect match for single heads, mistakes by label", "13_single_heads"),
    "table-3": Result("Single heads under perfect match", "13_single_heads"),
    "17": Result("Pairs of heads throughout training", "14_pairs_of_heads", figure_17),
    "18": Result("Strength, accuracy alone and learning time over seeds", "15_seeds", figure_4b, every_seed=True),
}
PROFILES = {"paper": 1, "smoke": 25}  # what lengths are divided by
