"""Colours that any two readers can tell apart: of heads, of the whole network, of what is said quietly.

The colours of the heads were searched for in CIELAB so that any two of them, and each from the ink of the whole
network, differ by 16 or more in CIEDE2000, for normal sight and for protan, deutan and tritan sight; a test measures
it.
"""

from matplotlib.colors import to_hex, to_rgb

HEAD_COLOURS = ("#4585F9", "#AA3003", "#07795C", "#822BA0", "#00D5E8", "#99940B", "#F65590", "#FDAF87")
INK, QUIET = "#2B2B2B", "#8A8A8A"


def head_colour(head: int) -> str:
    """The colour of a head, counted from 0; they begin again after the last."""
    return HEAD_COLOURS[head % len(HEAD_COLOURS)]


def pale(name: str, strength: float = 0.35) -> str:
    """The colour mixed with white, as an opaque colour: pale curves that cross do not darken each other."""
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(name))
    return to_hex((red, green, blue))
