"""Criteria on numbers by hand: what the page of facts measured meets them, chance and what is not learnt do not."""

import math

import pytest

from induction_heads.papers.olsson_2022.claims import CLAIMS

KNOWN = {claim.id: claim for claim in CLAIMS}
PHASE = ("prefix matching, 2 layers", "repeat loss, 2 layers", "prefix matching, 1 layer", "repeat loss, 1 layer")
HALVES = "half-rise of prefix matching (step)", "half-rise of in-context learning (step)"
SMEARED = "repeat loss, 1 layer, smeared", "half-rise, 2 layers, smeared (step)", "half-rise, 2 layers (step)"
SET = "repeat loss without them", "change, patterns preserved"
OV = "OV score of the induction head", "highest OV score in Layer 1"
GIVEN = tuple(f"half-rise, {name} given (step)" for name in ("nothing", "step 1", "induction pattern"))


@pytest.mark.parametrize(
    ("claim", "names", "meets", "misses"),
    [
        ("phase-change", PHASE, (0.88, 0.19, 0.05, 3.7), [(0.04, 4.16, 0.05, 3.7), (0.9, 0.2, 0.05, 2.9)]),
        ("co-occurrence", HALVES, (500, 610), [(500, 640), (640, 500), (math.inf, 500)]),
        ("smeared", SMEARED, (0.04, 200, 500), [(3.7, 200, 500), (0.04, 500, 400)]),
        ("previous-token-set", SET, (3.57, -0.05), [(2.9, 0.0), (3.57, 0.44), (math.nan, math.nan)]),
        ("induction-set", ("repeat loss without Layer 2",), (4.74,), [(3.9,)]),
        ("copying-circuit", OV, (1.0, -0.4), [(0.8, -0.4), (1.0, 0.1)]),
        ("clamp-step-1", GIVEN, (500, 450, 900), [(500, 455, 10), (math.inf, math.inf, 10)]),
        ("clamp-pattern", GIVEN, (500, 450, 400), [(500, 450, 410), (500, math.inf, math.inf)]),
    ],
)
def test_a_criterion_is_met_or_missed(claim, names, meets, misses):
    assert KNOWN[claim].holds(dict(zip(names, meets, strict=True)))
    for missed in misses:
        assert not KNOWN[claim].holds(dict(zip(names, missed, strict=True)))


def test_a_part_that_is_given_counts_though_nothing_else_learns():
    assert KNOWN["clamp-step-1"].holds(dict(zip(GIVEN, (math.inf, 900, 900), strict=True)))
