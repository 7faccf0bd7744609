"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import in_words, listed, number
from induction_heads.machinery.store import Trained

from .figures import Found, counted, counted_over_seeds
from .measures import PREFIXES, kind, short_head


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
    """What the head of most s(1) adds to the answer's logit after one token, two and six."""
    told = []
    for seed, each in found.items():
        head = short_head(each)
        one, two, *_, last = each[head]["logit"]
        told.append(f"{head} {one:+.2f}, {two:+.2f} and {last:+.2f} (seed {seed})")
    return [f"To the answer's logit, after one token, two and six, add {listed(told)}."]


def through_training(found: Mapping[int, Mapping[str, list]]) -> list[str]:
    """When the largest s(1) is greatest and how s(3) stands then, and both at the end."""
    told = []
    for seed, each in found.items():
        one, three = (np.array(each[name]).max(1) for name in ("one", "three"))
        peak = int(one.argmax())
        told.append(
            f"seed {seed}: step {each['steps'][peak]:,}, with {number(one[peak])} beside {number(three[peak])}; "
            f"{number(one[-1])} and {number(three[-1])} at the end"
        )
    return [f"The largest s(1), and s(3) beside it, by the step at which s(1) is greatest: {'; '.join(told)}."]


def corruption(found: Mapping[int, Found]) -> list[str]:
    """What the head of largest s(1) loses when one token of its prefix is left."""
    lost = [intact - after for intact, after in (each[short_head(each)]["corruption"] for each in found.values())]
    return [f"The head of largest s(1) loses {listed(map(number, lost))}."]


def further(found: Mapping[str, Mapping[int, Found]]) -> list[str]:
    """Which kinds of heads each setting has, and in how many seeds short and long ones stand side by side."""
    sentences = []
    for name, by_seed in found.items():
        each = [{kind(one["attention"]) for one in heads.values()} for heads in by_seed.values()]
        both = sum({"short", "long"} <= kinds for kinds in each)
        sentences.append(
            f"{name}: {counted_over_seeds(by_seed)}; short and long side by side in {in_words(both, len(by_seed))}."
        )
    return sentences
