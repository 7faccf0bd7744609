"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import in_words, listed, number, prediction
from induction_heads.machinery.store import Trained

from .claims import CLAIMS
from .figures import Found, counted, counted_over_seeds
from .measures import NUMBERS, PREFIXES, kind, short_head
from .runs import BOTH, LONGER, PLAIN

LITTLE = 0.05  # of attention


def kinds(found: Mapping[int, Found]) -> list[str]:
    """How many heads are of each kind, by seed, and how the one of largest s(1) goes on with longer prefixes."""
    sentences = []
    for seed, each in found.items():
        head = short_head(each)
        one, two, *_, last = each[head]["attention"]
        sentences.append(
            f"Seed {seed}: {counted(each)}; {head}, of largest s(1), goes from {number(one)} over {number(two)} "
            f"(m = 2) to {number(last)} (m = {PREFIXES[-1]})."
        )
    return sentences


def on_blocks(networks: Mapping[int, Trained]) -> list[str]:
    """What the usual test on repeated blocks says of the same heads: there every prefix is long."""
    scores = listed(number(one.history.prefix_matching.iloc[-1]) for one in networks.values())
    return [f"On repeated blocks, DUP(20, 3), the largest prefix matching is {scores}: that test cannot tell kinds."]


def logits(found: Mapping[int, Found]) -> list[str]:
    """What the head of most s(1) adds to the answer's logit after one token, two and six, and whether all raise it."""
    attend = [one for each in found.values() for one in each.values() if kind(one["attention"]) != "none"]
    raised = sum(one["logit"][-1] > 0 for one in attend)
    told = []
    for seed, each in found.items():
        head = short_head(each)
        one, two, *_, last = each[head]["logit"]
        told.append(f"{head} {one:+.2f}, {two:+.2f} and {last:+.2f} (seed {seed})")
    return [
        prediction(raised == len(attend), f"{raised} of the {len(attend)} heads that attend to it raise its logit"),
        f"To the answer's logit, after one token, two and six, add {listed(told)}.",
    ]


def through_training(found: Mapping[int, Mapping[str, list]]) -> list[str]:
    """When the largest s(1) is greatest and how s(3) stands then, both at the end, and whether they part."""
    told, part = [], 0
    for seed, each in found.items():
        one, three = (np.array(each[name]).max(1) for name in ("one", "three"))
        peak = int(one.argmax())
        part += bool(one[-1] < one[peak] - LITTLE and three[-1] > three.max() - LITTLE)
        told.append(
            f"seed {seed}: step {each['steps'][peak]:,}, with {number(one[peak])} beside {number(three[peak])}; "
            f"{number(one[-1])} and {number(three[-1])} at the end"
        )
    return [
        prediction(
            part == len(found),
            f"s(1) ends {LITTLE:g} or more below its greatest, and s(3) less below its own, in "
            f"{in_words(part, len(found))}",
        ),
        f"The largest s(1), and s(3) beside it, by the step at which s(1) is greatest: {'; '.join(told)}.",
    ]


def corruption(found: Mapping[int, Found]) -> list[str]:
    """What the head of largest s(1) loses when one token of its prefix is left."""
    lost = [intact - after for intact, after in (each[short_head(each)]["corruption"] for each in found.values())]
    return [f"The head of largest s(1) loses {listed(map(number, lost))}."]


def further(found: Mapping[str, Mapping[int, Found]]) -> list[str]:
    """Which kinds of heads each setting has, and how many networks have short and long ones side by side."""
    kinds = {
        name: [{kind(one["attention"]) for one in heads.values()} for heads in by_seed.values()]
        for name, by_seed in found.items()
    }
    both = {name: sum({"short", "long"} <= own for own in each) for name, each in kinds.items()}
    all_short = all("short" in own and "long" not in own for own in kinds[PLAIN])
    expected = all(both[name] == len(kinds[name]) for name in (BOTH, LONGER))
    told = [f"{name}: {counted_over_seeds(by_seed)}" for name, by_seed in found.items()]
    return [
        prediction(
            all_short and expected,
            f"heads of {PLAIN} are {'short' if all_short else 'not all short'}, and short and long heads stand side by "
            f"side in {sum(both.values())} of {sum(map(len, kinds.values()))} networks",
        ),
        f"Heads by kind, {'; '.join(told)}.",
    ]


def in_each_setting(found: Mapping[str, Mapping[int, Found]]) -> list[str]:
    """Every claim's criterion in every setting, with its numbers, seed by seed."""
    sentences = []
    for claim in CLAIMS:
        told = []
        for name, by_seed in found.items():
            numbers = [NUMBERS[claim.id](heads) for heads in by_seed.values()]
            held = in_words(sum(bool(claim.holds(each)) for each in numbers), len(numbers))
            each = ", ".join(f"{what} {listed(number(n[what]) for n in numbers)}" for what in numbers[0])
            told.append(f"{name}: in {held} ({each})")
        sentences.append(f"*{claim.id}* ({claim.criterion}). {'; '.join(told)}.")
    return sentences
