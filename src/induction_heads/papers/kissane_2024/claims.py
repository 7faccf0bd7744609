"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .measures import FAR, KEPT, LONG, SHORT

Numbers = dict[str, float]


def found(study: Study, seed: int) -> dict[str, dict[str, list[float]]]:
    return measures.prefixes(study.rows(runs.models, seed)[runs.NETWORK])


def short(study: Study, seed: int) -> Numbers:
    return measures.of_short(found(study, seed))


def long(study: Study, seed: int) -> Numbers:
    return measures.of_long(found(study, seed))


def corruption(study: Study, seed: int) -> Numbers:
    return measures.of_corruption(found(study, seed))


def is_long(numbers) -> bool:
    return numbers["s(1)"] <= LONG and numbers["s(3)"] >= FAR


def long_is_hit(numbers) -> bool:
    is_one = is_long({"s(1)": numbers["s(1), long"], "s(3)": numbers["s(3), long"]})
    halved = numbers["long, corrupted"] <= numbers["long, intact"] / 2
    return is_one and halved and numbers["short, intact"] - numbers["short, corrupted"] <= KEPT


CLAIMS = (
    Claim(
        "short-head",
        "Some induction heads need one token: they attend to what came next after any repeated token.",
        "prefixes",
        "the largest attention of a head to what came next, where one token repeats, s(1)",
        "at least 0.45",
        "between 0.74 of one seed measured earlier and 0.04 of an untrained head; the paper's L5H5 has 0.7",
        lambda numbers: numbers["s(1)"] >= SHORT,
        short,
        runs.models,
        published=lambda: {"s(1)": 0.7},
    ),
    Claim(
        "long-head",
        "Others need a long prefix: they attend to what came next only where several tokens repeat.",
        "prefixes",
        "of the heads with s(1) of at most 0.3, the largest attention where three tokens repeat, s(3)",
        "s(1) at most 0.3 and s(3) at least 0.5",
        "the paper's L5H1 goes from below 0.3 to above 0.7",
        is_long,
        long,
        runs.models,
    ),
    Claim(
        "corruption",
        "A token changed two before the attended one stops the heads of long prefixes alone.",
        "corruption",
        "attention where four tokens repeat (cases above 0.3), intact and with that token changed",
        "there is a long head, and it loses half or more; the short head loses at most 0.15",
        "the paper: 0.55 to 0.05, and 0.43 kept",
        long_is_hit,
        corruption,
        runs.models,
        published=lambda: {"long, intact": 0.55, "long, corrupted": 0.05, "short, corrupted": 0.43},
    ),
)
