"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import listed, number

from .figures import Found
from .measures import kind, long_head, short_head


def kinds(found: Mapping[int, Found]) -> list[str]:
    """Which heads are short and which long, by seed, and how the shortest goes on with longer prefixes."""
    sentences = []
    for seed, each in found.items():
        by_kind = {name: kind(np.array(one["attention"])) for name, one in each.items()}
        told = [f"{own}: {_heads(by_kind, own) or 'none'}" for own in ("short", "long")]
        head = short_head(each)
        strength = each[head]["attention"]
        sentences.append(
            f"Seed {seed}, {'; '.join(told)}. {head} goes from {number(strength[0])} (m = 1) to {number(strength[-1])} "
            f"(m = {len(strength)})."
        )
    return sentences


def logits(found: Mapping[int, Found]) -> list[str]:
    """What the head of most s(1) adds to the answer's logit after one token and after six."""
    told = []
    for seed, each in found.items():
        head = short_head(each)
        values = each[head]["logit"]
        told.append(f"{head} {values[0]:+.2f} and {values[-1]:+.2f} (seed {seed})")
    return [f"To the answer's logit, after one token and after six, add {listed(told)}."]


def further(found: Mapping[str, Found]) -> list[str]:
    """The candidate for a long head in each setting."""
    told = []
    for name, each in found.items():
        head = long_head(each)
        s = each[head]["attention"]
        told.append(f"{name}: {head} with s(1) {number(s[0])} and s(3) {number(s[2])}, {kind(np.array(s))}")
    return [f"The nearest to a head of long prefixes, by setting: {'; '.join(told)}."]


def _heads(by_kind: Mapping[str, str], own: str) -> str:
    return ", ".join(head for head, found in by_kind.items() if found == own)
