"""The ledger: what the paper states, our number for it, and a verdict.

`main_text` holds the claims of the main text, `clamping` and `heads` those of the appendix. A claim *holds* if its
criterion is true for every seed measured, *holds in part* if for some, and else *does not hold here*.
"""

import importlib
import json
import math
import textwrap
from collections.abc import Iterable

import pandas as pd

from induction_heads.machinery import paths
from induction_heads.machinery.settings import Settings
from induction_heads.papers.singh_2024.runs import SEEDS

from ..study import Study
from .claim import FAILS, HOLDS, IN_PART, UNMEASURED, Claim, Verdict, judge

MODULES = ("main_text", "clamping", "heads")
WIDTH = 118  # of the printed table, in characters
DIGITS = 4  # of a number in claims.json


def _ledger() -> tuple[Claim, ...]:
    found: list[Claim] = []
    for name in MODULES:
        try:
            module = importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
            continue
        found += module.CLAIMS
    return tuple(found)


LEDGER: tuple[Claim, ...] = _ledger()


def verdicts(study: Study, seeds: Iterable[int] = SEEDS, ledger: Iterable[Claim] = LEDGER) -> list[Verdict]:
    """Every claim measured on the stored runs of these seeds."""
    seeds = tuple(seeds)
    return [judge(claim, study, seeds) for claim in ledger]


def write(settings: Settings) -> str:
    """Measures every claim, writes `claims.json` among the figures, and gives the table."""
    study = Study(settings.profile, settings.dataset, settings.device)
    found = verdicts(study, settings.seeds)
    target = paths.figures_dir(settings.profile, settings.dataset) / "claims.json"
    with paths.write_whole(target) as part:
        part.write_text(json.dumps(as_json(found, settings), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return f"{table(found)}\n\n{target}"


def as_json(found: Iterable[Verdict], settings: Settings) -> dict:
    """The ledger as plain values; a number that is not finite (never learnt) is null."""
    return {
        "profile": settings.profile,
        "dataset": settings.dataset,
        "claims": [
            {
                "id": verdict.claim.id,
                "statement": verdict.claim.statement,
                "source": verdict.claim.source,
                "quantity": verdict.claim.quantity,
                "criterion": verdict.claim.criterion,
                "reason": verdict.claim.reason,
                "paper": verdict.claim.paper,
                "values": {
                    str(seed): {n: _plain(x) for n, x in numbers.items()} for seed, numbers in verdict.numbers.items()
                },
                "holds": {str(seed): held for seed, held in verdict.by_seed.items()},
                "verdict": verdict.word,
            }
            for verdict in found
        ],
    }


def _plain(number: float) -> float | None:
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def shown(number: float) -> str:
    """A number as a reader wants it: 0.0123, 12,300, never."""
    if not math.isfinite(number):
        return "never"
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.3g}"


TOLD = {HOLDS: "hold", IN_PART: "hold in part", FAILS: "do not hold here", UNMEASURED: "are not measured"}


def summary(found: Iterable[Verdict]) -> str:
    """How many claims have each verdict."""
    words = [verdict.word for verdict in found]
    return ", ".join(f"{words.count(word)} {told}" for word, told in TOLD.items() if word in words)


def frame(found: Iterable[Verdict]) -> pd.DataFrame:
    """The ledger as a table for a notebook, a row a claim."""
    rows = []
    for verdict in found:
        claim = verdict.claim
        ours = [
            f"{seed}: {', '.join(f'{name} {shown(x)}' for name, x in numbers.items())}"
            for seed, numbers in verdict.numbers.items()
        ]
        rows.append({"claim": claim.id, "the paper states": claim.statement, "where": claim.source, "criterion": claim.criterion,
                     "the paper": claim.paper, "ours, by seed": "\n".join(ours), "verdict": verdict.word, "seeds": verdict.seeds})  # fmt: skip
    return pd.DataFrame(rows).set_index("claim")


def table(found: Iterable[Verdict]) -> str:
    """The ledger for a terminal: statement, criterion, verdict, and the numbers of every seed."""
    found = list(found)
    lines = [f"{len(found)} claims: {summary(found)}"]
    for verdict in found:
        claim = verdict.claim
        lines += ["", f"{claim.id}  [{claim.source}]  {verdict.word.upper()} ({verdict.seeds} seeds)"]
        lines += _wrapped(claim.statement) + _wrapped(f"criterion: {claim.criterion}")
        if claim.paper:
            lines += _wrapped(f"the paper: {claim.paper}")
        for seed, numbers in verdict.numbers.items():
            mark = "yes" if verdict.by_seed[seed] else "NO "
            lines += _wrapped(f"seed {seed} {mark}  " + "; ".join(f"{name} {shown(x)}" for name, x in numbers.items()))
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
