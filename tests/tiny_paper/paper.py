"""The paper as a value."""

from dataclasses import dataclass

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Paper, Part, Result, Source
from induction_heads.machinery.study import Study

from .falls import Fall

RUNS = {"moon": Fall(1.6), "earth": Fall(9.8)}


@dataclass(frozen=True)
class Figure(Result):
    names: tuple[str, ...] = ()

    def runs(self, study):
        return [RUNS[name] for name in self.names]


class Faster(Claim):
    def runs(self, study, seed):
        return list(RUNS.values())


def ends(study, seed):
    found = study.train(RUNS.values())
    return {name: found[run].history.height.iloc[-1] for name, run in RUNS.items()}


def lower(numbers):
    return numbers["earth"] < numbers["moon"]


CLAIM = Faster("1", "Things fall faster on earth.", "figure 1", "height", "lower", "gravity", lower, ends)
PAPER = Paper(
    key="tiny",
    title="On falling",
    sources=(Source("Nobody", 1604, "On falling", "1604.00001"),),
    sentence="Things fall.",
    picture="figure_1",
    study=lambda settings: Study("tiny", settings),
    results={
        "figure-1": Figure("Two falls", "falling", ("moon", "earth")),
        "table-1": Figure("One fall", "other", ("moon",)),
    },
    claims=lambda: [CLAIM],
    story=(Part("Falling", "It goes down.", ("figure_1",)),),
)
