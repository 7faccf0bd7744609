"""One colour for one thing in every figure of this paper: clamps, subcircuits, evaluation sets, amounts of data.

Colours of clamps differ by 12 or more in CIEDE2000, for normal sight and for protan, deutan and tritan sight; a test
measures it.
"""

import re

from induction_heads.machinery.colours import INK, QUIET, head_colour

SUBCIRCUIT_COLOURS = {"A": "#2A74DA", "B": "#E07B1E", "C": "#8E1557"}  # figure 6: steps 1 2, steps 3qk 4, steps 3v 5

NAMED = {
    # clamped steps (figure 5b), by the names of the rows in `runs`
    "none": INK,
    "1": "#7CC7F2",
    "1, 2": SUBCIRCUIT_COLOURS["A"],
    "1, 2, 3qk, 4": SUBCIRCUIT_COLOURS["B"],
    "3v, 5": SUBCIRCUIT_COLOURS["C"],
    "1, 2, 3v, 5": "#1D7A4A",
    # whole networks
    "all heads": INK,
    "no clamp": INK,
    # evaluation sets (figure 3a)
    "train": INK,
    "held_out_label_pairs": "#2A74DA",
    "unseen_classes": "#E07B1E",
    "held_out_exemplars": "#C9A3D9",
    # the previous-token pattern (figure 8)
    "strongest previous-token head": "#7CC7F2",
    "weakest previous-token head": "#E07B1E",
    "three heads": "#2A74DA",
    "all Layer 1 heads": "#8E1557",
    # a grafted Layer 1 (figure 7): no hue of a subcircuit
    "Layer 1 of seed 5": "#5B3FA0",
    "Layer 1 of seed 6": "#2B9485",
    "Layer 1 of seed 7": "#7A4A21",
    "Layer 1 of seed 8": "#CFB36B",
    "Layer 1 of seed 9": "#8FD3C0",
    # the toy model (figures 5a and 9)
    "c": SUBCIRCUIT_COLOURS["A"],
    "b_and_c": SUBCIRCUIT_COLOURS["B"],
    # what is left to learn (figure 6), in the colours of the diagrams
    "A, B and C left": INK,
    "B left": SUBCIRCUIT_COLOURS["B"],
    "C left": SUBCIRCUIT_COLOURS["C"],
    "B and C left": "#D1495B",
    # amounts of data (figure 6): the more, the darker; no hue of a subcircuit
    "50 classes": "#86D1C4",
    "100 classes": "#2B9485",
    "200 classes": "#0A4038",
    "5 labels": "#D9C45A",
    "10 labels": "#97831A",
    "15 labels": "#4A3F06",
}


def colour(name: str | int) -> str:
    """The colour of a head (3, "head 3", "L1H3", "L2H3") or of anything in `NAMED`; grey for what has none."""
    if name in NAMED:
        return NAMED[name]
    head = re.fullmatch(r"(?:head |L\d+H)?(\d+)", str(name))
    return head_colour(int(head[1])) if head else QUIET
