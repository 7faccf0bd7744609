"""Why claims miss: families of causes, each with an experiment on stored runs that tests it.

A family says which claims it could explain. The experiment is done on the runs that are there, for every seed; what it
does not confirm is called not known (`readings.claims`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from . import measures, wiring
from .claims import heads
from .claims.claim import at_the_end, learning_time, main_run
from .study import Study


class Family(NamedTuple):
    """A cause that several claims could have in common."""

    name: str
    supposed: str  # what would explain the misses
    experiment: str  # how it is tested
    claims: tuple[str, ...]  # that it could explain


FAMILIES = (
    Family(
        "short plateau",
        "The runs wait a smaller share of their learning time than the bar of 25 % asks for.",
        "The main run of every seed on two data sets: the same initialisation, other characters and features.",
        ("1", "11", "figure-7", "figure-10-plateau", "figure-15"),
    ),
    Family(
        "strongest head",
        "The clamped runs keep the strongest head, which is also one of the fastest: a selection of short waits.",
        "Every head alone from the first step on (Figure 4b): the strongest beside the other seven of its seed.",
        ("9", "11", "figure-10-plateau", "figure-17-alone", "figure-18-speed"),
    ),
    Family(
        "grouping of previous-token heads",
        "The two groups of Table 1 are formed by a threshold on attention, which takes in too many heads, or too few.",
        "Table 1 with the line between the groups at every place, for every seed.",
        ("table-1", "table-1-order"),
    ),
)


def share(history: pd.DataFrame) -> float:
    """Of the learning time, that the slowest tenth of the fall takes."""
    return measures.plateau(history.sequences.to_numpy(), history.train_loss.to_numpy()).share


def of_data(here: Mapping[int, pd.DataFrame], there: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """The plateau's share of the main run of each seed on two data sets (seed -> history)."""
    both = {"here": here, "there": there}
    return pd.DataFrame({name: {seed: share(history) for seed, history in each.items()} for name, each in both.items()})


def of_strongest(study: Study, seeds: Iterable[int]) -> pd.DataFrame:
    """Every head alone: `seed`, `head`, whether it is the `strongest`, `learnt` (sequences), its plateau's `share`."""
    rows = []
    for seed in seeds:
        runs, strongest = study.results("4b", seed, until_learnt=True), int(at_the_end(study, seed).strength.argmax())
        for head in range(len(runs) - 1):
            alone = runs[f"head {head}"]
            rows.append((seed, head, head == strongest, learning_time(alone), share(alone.history)))
    return pd.DataFrame(rows, columns=["seed", "head", "strongest", "learnt", "share"])


def of_grouping(study: Study, seed: int, tests: Mapping[str, Callable[[dict], bool]]) -> pd.DataFrame:
    """Table 1 with the first 1 to 7 heads, by previous-token attention, in the one group: which `tests` each meets.

    `tests` are criteria on the four accuracies as claim table-1 has them; `chosen` is the ledger's own grouping.
    """
    trained = main_run(study, seed)
    features, which = study.exemplars(trained.run).train[None], heads.sampled(study, seed)
    attention = measures.previous_token_attention(measures.stack([trained.final]), features, which)[0]
    order = attention.argsort(descending=True).tolist()
    chosen = len(wiring.previous_token_heads(attention))
    rows = []
    for size in range(1, len(order)):
        table = wiring.table_1(trained.final, features, which, order[:size])
        numbers = {f"{group}, {kept} preserved": row.accuracy for (group, kept), row in table.iterrows()}
        numbers["previous-token heads"] = size
        rows.append((seed, size, size == chosen, *(bool(test(numbers)) for test in tests.values())))
    return pd.DataFrame(rows, columns=["seed", "heads", "chosen", *tests])


def ranks_of_strongest(alone: pd.DataFrame) -> pd.Series:
    """In each seed the place of the strongest head among all by learning time alone; 1 is the fastest."""
    places = alone.groupby("seed").learnt.rank(method="min")
    return places[alone.strongest].set_axis(alone.seed[alone.strongest]).astype(int)
