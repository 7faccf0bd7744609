"""Drawings that are not plots: the circuit of figure 1 with its steps, a sequence as pictures, an attention pattern.

The circuit is drawn in data units, lettering and strokes included, so that it looks the same at every size.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy import ndarray

from induction_heads.machinery.colours import INK, QUIET, pale

from ..colours import SUBCIRCUIT_COLOURS

STEPS = {"1": "A", "2": "A", "3qk": "B", "4": "B", "3v": "C", "5": "C"}  # step -> subcircuit
COLUMNS = {"x1": 0.0, "l1": 1.75, "x2": 4.2, "l2": 5.95, "q": 8.4}
CLASS_1, CLASS_2 = "#FBE3B5", "#DCE6EE"  # the query has the colour of its class
BAND, EDGE = "#F5F5F3", "#6E6E6E"
GHOST = "#CDCDCD"  # the same steps at the other pair
DASHES = (0.19, 0.12)  # dash and gap


def circuit(ax: Axes, clamped: Iterable[str] | str = (), *, key: bool = False) -> Axes:
    """The induction circuit of figure 1; the clamped steps are shaded. `key` explains the strokes below.

    Steps are 1, 2, 3qk, 3v, 4, 5, as a set or as the names of the rows of figure 5b: "1, 2, 3qk, 4".
    """
    if isinstance(clamped, str):
        clamped = [] if clamped == "none" else clamped.split(", ")
    clamped = set(clamped)
    if not clamped <= STEPS.keys():
        raise ValueError(f"expected steps among {', '.join(STEPS)}, got {', '.join(sorted(clamped - STEPS.keys()))}")
    for name, low, high in (("Layer 1", 0.75, 3.12), ("Layer 2", 3.5, 6.05)):
        ax.add_patch(
            FancyBboxPatch(
                (-0.85, low), 9.95, high - low, "round,pad=0,rounding_size=0.18", fc=BAND, ec="none", zorder=0.5
            )
        )
        _write(ax, -1.2, (low + high) / 2, name, 0.4, QUIET, turned=True)
    for token, x in COLUMNS.items():
        _stroke(ax, [(x, 0.4), (x, {"x": 2.9, "l": 2.4, "q": 6.6}[token[0]])], GHOST, 0.05)  # the residual stream
        _token(ax, x, 0.0, token, 1.0)
    for pair in (2, 1):  # the other pair first, so that it lies below
        _copy_forward(ax, pair, clamped)
    query = COLUMNS["q"]
    _step(ax, "3qk", [(query, 0.55), (query, 4.12)], (query, 2.3), clamped)
    _step(ax, "4", [(query - 0.2, 4.85), (7.2, 5.95), (4.0, 5.95), (2.98, 4.9)], (5.5, 5.7), clamped, attends=True)
    _step(ax, "5", [(1.75, 5.0), (1.8, 7.0), (4.2, 7.0), (query - 0.62, 7.0)], (2.9, 6.56), clamped)
    _box(ax, query, 4.5, 0.7, 0.7, "white", 0.35)
    _write(ax, query, 4.5, "$q$", 0.46)
    _token(ax, query, 7.0, "l1", 1.0)
    _write(ax, query, 7.72, "output", 0.38, QUIET)
    if key:
        _key(ax, bool(clamped))
    ax.set(xlim=(-1.5, 9.25), ylim=(-1.5 if key else -0.6, 8.0), aspect="equal")
    ax.set_axis_off()
    return ax


def _copy_forward(ax: Axes, pair: int, clamped: set[str]) -> None:
    """Steps 1, 2, 3qk and 3v at one pair; at pair 2, which the query does not match, in grey."""
    x, label = COLUMNS[f"x{pair}"], COLUMNS[f"l{pair}"]
    copied = label + 1.1  # what step 2 adds to the label's stream
    _box(ax, (label + copied) / 2, 2.5, 2.14, 0.94, "white", 0.4, GHOST, 1.2)  # one stream, two contents
    draw = _step if pair == 1 else _ghost
    draw(ax, "1", [(label, 1.08), (x + 0.06, 1.08)], (x + 0.95, 1.08), clamped, attends=True)
    draw(ax, "2", [(x, 1.62), (x + 1.2, 1.9), (copied, 1.2), (copied, 2.08)], (x + 0.75, 1.74), clamped)
    for letter, stream, step in (("v", label, "3v"), ("k", copied, "3qk")):
        draw(ax, step, [(stream, 2.8), (stream, 4.12)], (stream, 3.42), clamped)
        _token(ax, stream, 2.5, f"{'l' if letter == 'v' else 'x'}{pair}", 0.8)
        _box(ax, stream, 4.5, 0.7, 0.7, "white" if pair == 1 else BAND, 0.35, EDGE if pair == 1 else GHOST)
        _write(ax, stream, 4.5, f"${letter}$", 0.46, INK if pair == 1 else QUIET)


def _token(ax: Axes, x: float, y: float, name: str, scale: float) -> None:
    """An exemplar as a square in the colour of its class, a label as a disc."""
    fill, rounding = (CLASS_2 if name == "x2" else CLASS_1, 0.12) if name[0] in "xq" else ("white", 0.45 * scale)
    _box(ax, x, y, 1.08 * scale, 0.9 * scale, fill, rounding)
    _write(ax, x, y, {"x": "$x_{}$", "l": r"$\ell_{}$", "q": "$x_q$"}[name[0]].format(name[-1]), 0.52 * scale**0.5)


def _step(ax: Axes, step: str, points: list, at: tuple[float, float], clamped: set[str], attends: bool = False) -> None:
    own = SUBCIRCUIT_COLOURS[STEPS[step]]
    if step in clamped:
        _stroke(ax, points, pale(own, 0.35), 0.42, zorder=2.0)
    _stroke(ax, points, own, 0.085, zorder=3.0, dashed=attends, head=0.3)
    _badge(ax, at, step, own, filled=step in clamped)


def _ghost(
    ax: Axes, step: str, points: list, at: tuple[float, float], clamped: set[str], attends: bool = False
) -> None:
    _stroke(ax, points, GHOST, 0.07, dashed=attends, head=0.24)


def _badge(ax: Axes, at: tuple[float, float], text: str, own: str, *, filled: bool) -> None:
    width = 0.6 if len(text) == 1 else 0.42 + 0.21 * len(text)
    _box(ax, *at, width, 0.6, own if filled else "white", 0.3, own, 6.0)
    _write(ax, *at, text, 0.4, "white" if filled else own, zorder=7.0, bold=True)


def _key(ax: Axes, any_clamped: bool) -> None:
    entries = [("attends to", True, False), ("copies", False, False)] + (
        [("clamped", False, True)] if any_clamped else []
    )
    for i, (text, dashed, shaded) in enumerate(entries):
        x = -0.5 + 3.4 * i
        line = [(x, -1.1), (x + 0.95, -1.1)]
        if shaded:
            _stroke(ax, line, "#D0D0D0", 0.42)
        _stroke(ax, line, INK, 0.085, dashed=dashed, head=0.3, zorder=3.0)
        _write(ax, x + 1.15, -1.1, text, 0.4, INK, left=True)


def _write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str = INK,
    *,
    turned: bool = False,
    left: bool = False,
    bold: bool = False,
    zorder: float = 5.0,
) -> None:
    """Lettering as an outline in data units, centred on its height and, unless `left`, on its width."""
    path = TextPath(
        (0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    )
    box = path.get_extents()
    move = Affine2D().translate(-box.x0 if left else -(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2)
    if turned:
        move.rotate_deg(90)
    ax.add_patch(PathPatch(move.translate(x, y).transform_path(path), fc=colour, ec="none", zorder=zorder))


def _box(
    ax: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    rounding: float,
    edge: str = EDGE,
    zorder: float = 4.0,
) -> None:
    """A rounded box whose edge is a second, larger box: an edge of fixed width would not scale."""
    for grow, face, order in ((0.035, edge, zorder), (0.0, fill, zorder + 0.1)):
        corner, size = (x - width / 2 - grow, y - height / 2 - grow), (width + 2 * grow, height + 2 * grow)
        style = f"round,pad=0,rounding_size={rounding + grow}"
        ax.add_patch(FancyBboxPatch(corner, *size, style, fc=face, ec="none", zorder=order))


def _stroke(
    ax: Axes, points: list, colour: str, width: float, *, zorder: float = 1.0, dashed: bool = False, head: float = 0.0
) -> None:
    """A line (2 points) or a Bezier curve (4) as filled shapes of that width, in dashes, an arrow head at the end."""
    control, t = np.asarray(points, float), np.linspace(0, 1, 200)[:, None]
    if len(control) == 2:
        control = np.stack(
            [control[0], *(control[0] + f * (control[1] - control[0]) for f in (1 / 3, 2 / 3)), control[1]]
        )
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    curve = weights @ control
    along = np.r_[0, np.hypot(*np.diff(curve, axis=0).T).cumsum()]
    stop = along[-1] - 0.8 * head  # the shaft ends inside the head
    starts = np.arange(0, stop, sum(DASHES)) if dashed else [0.0]
    for begin in starts:
        end = min(begin + DASHES[0], stop) if dashed else stop
        at = np.linspace(begin, end, 60 if not dashed else 6)
        middle = np.column_stack([np.interp(at, along, axis) for axis in curve.T])
        tangent = np.gradient(middle, axis=0)
        normal = tangent[:, ::-1] * [-1, 1] / np.hypot(*tangent.T)[:, None] * width / 2
        ax.add_patch(
            Polygon(np.vstack([middle + normal, (middle - normal)[::-1]]), fc=colour, ec="none", zorder=zorder)
        )
    if head:
        tip, back = curve[-1], np.array([np.interp(along[-1] - head, along, axis) for axis in curve.T])
        side = (tip - back)[::-1] * [-1, 1] * 0.42
        ax.add_patch(Polygon([tip, back + side, back - side], fc=colour, ec="none", zorder=zorder))


def draw_sequence(
    ax: Axes, images: Shaped[ndarray, "items height width"], labels: Sequence[object], target: object = None
) -> Axes:
    """A sequence as the reader sees it, x1 l1 x2 l2 … xq -> target: pictures with ink 255, labels as discs.

    There is one image more than labels: the query's, last. A missing target is drawn as a question mark.
    """
    if len(images) != len(labels) + 1:
        raise ValueError(f"expected an image for each of {len(labels)} labels and one for the query, got {len(images)}")
    step, place = 1.3, 0
    for item, image in enumerate(images):
        x, query = place * step, item == len(labels)
        ax.imshow(
            255 - image,
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=(x - 0.48, x + 0.48, -0.48, 0.48),
            interpolation="antialiased",
            zorder=5,
        )
        _box(ax, x, 0.0, 1.02, 1.02, "white", 0.06)
        _write(ax, x, -0.82, "$x_q$" if query else f"$x_{{{item + 1}}}$", 0.24, QUIET)
        if not query:
            _box(ax, x + step, 0.0, 0.84, 0.84, "white", 0.42)
            _write(ax, x + step, 0.0, str(labels[item]), 0.4)
            _write(ax, x + step, -0.82, rf"$\ell_{{{item + 1}}}$", 0.24, QUIET)
        place += 2
    end = (place - 2) * step
    _stroke(ax, [(end + 0.66, 0), (end + 1.36, 0)], INK, 0.06, head=0.2)
    _box(ax, end + 1.95, 0.0, 0.84, 0.84, CLASS_1, 0.42, INK)
    _write(ax, end + 1.95, 0.0, "?" if target is None else str(target), 0.4, bold=True)
    _write(ax, end + 1.95, -0.82, "target", 0.24, QUIET)
    ax.set(xlim=(-0.7, end + 2.6), ylim=(-1.05, 0.7), aspect="equal")
    ax.set_axis_off()
    return ax


def attention(
    ax: Axes, pattern: Float[ndarray, "query key"], token_names: Sequence[str], *, numbers: bool = True
) -> Axes:
    """An attention pattern: each row a query, each column a key it looks at; what causality forbids is left white."""
    queries, keys = pattern.shape
    if len(token_names) != keys:
        raise ValueError(f"expected {keys} token names, one for each key, got {len(token_names)}")
    allowed = np.tril(np.ones((keys, keys), bool))[keys - queries :]
    ax.imshow(np.where(allowed, pattern, np.nan), cmap="Blues", vmin=0, vmax=1, aspect="equal")
    for query, key in np.argwhere(allowed) if numbers else ():
        weight = pattern[query, key]
        ax.text(
            key,
            query,
            f"{weight:.2f}".lstrip("0") if weight < 0.995 else "1",
            ha="center",
            va="center",
            fontsize="x-small",
            color="white" if weight > 0.6 else INK,
        )
    names = [_as_math(name) for name in token_names]
    ax.set_xticks(range(keys), names)
    ax.set_yticks(range(queries), names[keys - queries :])
    ax.tick_params(length=0)
    ax.set(xlabel="key (attended to)", ylabel="query (attends)")
    for side in ax.spines.values():
        side.set_visible(False)
    return ax


def _as_math(name: str) -> str:
    """`x1` and `l2` as in the paper; other names as they are."""
    known = len(name) > 1 and name[0] in "xl" and (name[1:].isdigit() or name == "xq")
    return f"${'x' if name[0] == 'x' else chr(92) + 'ell'}_{{{name[1:]}}}$" if known else name
