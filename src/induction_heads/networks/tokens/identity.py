"""Which runs a figure shows, as the small print below it: in the words of the papers about token models.

identity({"1 layer": {0: run, 1: run}, "2 layers": {0: run, 1: run}})
    -> seeds 0, 1; REP; 900 steps            what rows have in common is said once, what their names say not again
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from .generators import EVERY_TARGET, REP, Generator, Mixed, Pooled, Repeat, Snippets, Span
from .training import TokenRun
from .variants import PLAIN, Momentum, ShiftedKeysAndValues, SmearedKeys, Variant

RATE = next(field.default for field in dataclasses.fields(TokenRun) if field.name == "learning_rate")


def identity(rows: Mapping[str, Mapping[int, Any]]) -> str:
    """Of rows by name, each a run (or what was trained of one) by seed."""
    parts = {name: _parts(each) for name, each in rows.items()}
    first, *others = parts.values()
    common = [part for part in first if all(part in other for other in others)]
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, each in parts.items():
        own = tuple(part for part in each if part not in common and part not in name)
        groups.setdefault(own, []).append(name)
    told = [f"{' / '.join(names)}: {', '.join(own)}" for own, names in groups.items() if own]
    return "; ".join([*common, *told])


def _parts(by_seed: Mapping[int, Any]) -> list[str]:
    run: TokenRun = next(getattr(each, "run", each) for each in by_seed.values())
    parts = [
        f"{'seeds' if len(by_seed) > 1 else 'seed'} {', '.join(map(str, by_seed))}",
        *data_name(run.data).split(", "),
    ]
    parts += [f"{run.layers} layers" if run.layers > 1 else "1 layer", variant_name(run.variant)]
    parts += [type(run.targets).__name__ if run.targets != EVERY_TARGET else "", *_clamps(run.clamps)]
    parts += [f"learning rate {run.learning_rate:g}" if run.learning_rate != RATE else "", f"{run.steps:,} steps"]
    return [part for part in parts if part]


def _clamps(clamps: Iterable[Any]) -> Iterable[str]:
    for clamp in clamps:
        values = (value if isinstance(value, tuple) else (value,) for value in vars(clamp).values())
        yield f"{type(clamp).__name__}({', '.join(str(x) for each in values for x in each)})"


def variant_name(variant: Variant) -> str:
    """Of an attention; nothing for attention as it is."""
    match variant:
        case Momentum(gamma, keys_only):
            return f"momentum {gamma:g}{', keys only' if keys_only else ''}"
        case SmearedKeys():
            return "smeared keys"
        case ShiftedKeysAndValues():
            return "KV shifting"
    return "" if variant == PLAIN else str(variant)


def data_name(data: Generator) -> str:
    """Of a distribution of sequences: REP, REP-w, SPAN(0.3), SPAN-K(0.1), and what is mixed into them."""
    match data:
        case Repeat():
            name = "REP" if data.distinct else "REP-w"
            if (data.shortest, data.longest) != (REP.shortest, REP.longest):
                name += f" of {data.shortest} to {data.longest} tokens"
            return name + (f" from {data.alphabet[0]} to {data.alphabet[1]} symbols" if data.alphabet else "")
        case Span():
            return f"SPAN{'-K' if data.classes > 1 else ''}({data.probability:g})"
        case Pooled():
            return f"{data_name(data.fresh)}, {data.share:.0%} from a pool of {data.pool:,} sequences"
        case Mixed():
            return f"{data_name(data.natural)}, at first {data.share:.0%} {data_name(data.snippets)}"
        case Snippets():
            ways = {0.0: "forward", 1.0: "backward"}.get(data.backward, "forward and backward")
            return f"{ways} snippets of {data.span}{' anywhere' if data.anywhere else ''}"
    return str(data)
