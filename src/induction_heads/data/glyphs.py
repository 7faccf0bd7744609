"""Glyphs: letters of many scripts, each drawn by several hands (in place of section 2's Omniglot).

The letters come from the DejaVu Sans that matplotlib ships, as outlines in font units, so that no version of a font
renderer or its hinting shows in them. A hand moves the outline by a random affine map and a smooth random displacement
before it is filled: what is thin stays sharp, which warping a picture would not give.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float64, Int64, UInt8
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path as Outline
from matplotlib.transforms import IdentityTransform

SIDE = 105  # pixels, as Omniglot
MOST_HANDS = 20  # as many as Omniglot has drawers

PIXELS_PER_FONT_UNIT = 0.04  # a capital is 60 pixels high
WIDEST = 86  # pixels; larger letters are shrunk to it, or the hands would push them over the edge
SEGMENT = 3.0  # pixels; straight lines are cut this short, so that they can bend

AFFINE_NOISE = 0.12  # standard deviation of each entry of the map, around the identity
SHIFT = 4.0  # pixels, standard deviation in x and in y
ELASTIC_REACH = 10.0  # pixels over which the displacement is smooth
ELASTIC_PEAK = 4.0  # pixels, the largest displacement of a hand along x or y
ELASTIC_NODES = np.arange(-70.0, 71.0, ELASTIC_REACH)  # pixels; past the frame, so that its edge moves like its middle
SEED = 2024

Points = Float64[np.ndarray, "point xy=2"]


@dataclass(frozen=True)
class Letter:
    """A letter as closed polygons in pixels around the frame's centre, y upwards; `codes` are matplotlib's."""

    character: str
    points: Points
    codes: UInt8[np.ndarray, " point"]

    @property
    def name(self) -> str:
        """The Unicode name, for example "TIFINAGH LETTER YAZ"."""
        return unicodedata.name(self.character)


def letters() -> list[Letter]:
    """Every letter of the font (Unicode Lu, Ll and Lo, not decomposed) in order of code point, same shapes once."""
    font = FT2Font(str(_font_file()))
    shapes: dict[tuple[bytes, bytes], tuple[str, np.ndarray, np.ndarray]] = {}
    for code in sorted(font.get_charmap()):
        if _is_plain_letter(chr(code)):
            vertices, codes = _outline(font, code)
            shape = (vertices - vertices.min(axis=0, initial=2**31)).tobytes(), codes.tobytes()
            shapes.setdefault(shape, (chr(code), vertices, codes))
    return [_letter(*shape) for shape in shapes.values() if len(shape[1])]


def pictures(letter: Letter, hands: int) -> UInt8[np.ndarray, "hand 105 105"]:
    """The letter drawn by hands 0 to `hands` - 1, ink 255 on 0; no picture depends on how many hands there are."""
    renderer = RendererAgg(SIDE, SIDE, 72)
    drawn = [
        fill(renderer, redraw(letter.points, _hand(letter.character, hand)), letter.codes) for hand in range(hands)
    ]
    return np.stack(drawn)


def redraw(points: Points, hand: np.random.Generator) -> Points:
    """The points where one hand puts them: a map near the identity, a shift, a smooth displacement (all in pixels)."""
    bent = points @ (np.eye(2) + AFFINE_NOISE * hand.standard_normal((2, 2)))
    shift = SHIFT * hand.standard_normal(2)
    noise = hand.standard_normal((2, len(ELASTIC_NODES), len(ELASTIC_NODES)))
    return bent + shift + displacement(bent, noise)


def displacement(points: Points, noise: Float64[np.ndarray, "xy=2 node node"]) -> Points:
    """A smooth random field at `points`: noise at the nodes blurred by a Gaussian, its peak over the frame 4 pixels."""
    over_frame = _near_nodes(np.linspace(-SIDE / 2, SIDE / 2, 27))
    peak = np.abs(over_frame @ noise @ over_frame.T).max()
    across, along = _near_nodes(points[:, 0]), _near_nodes(points[:, 1])
    field = ((across @ noise) * along).sum(axis=-1)  # (xy, point)
    return ELASTIC_PEAK / peak * field.T


def fill(renderer: RendererAgg, points: Points, codes: UInt8[np.ndarray, " point"]) -> UInt8[np.ndarray, "105 105"]:
    """The polygons as a 1-bit picture: 255 where ink covers at least half of the pixel."""
    renderer.clear()
    pen = renderer.new_gc()
    pen.set_linewidth(0)
    renderer.draw_path(pen, Outline(points + SIDE / 2, codes), IdentityTransform(), (0.0, 0.0, 0.0, 1.0))
    coverage = np.asarray(renderer.buffer_rgba())[:, :, 3]
    return np.where(coverage >= 128, np.uint8(255), np.uint8(0))


def _font_file() -> Path:
    """DejaVu Sans beside matplotlib. A matplotlib without it raises `FileNotFoundError`."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    if not path.is_file():
        raise FileNotFoundError(
            f"glyphs are drawn from the font that matplotlib ships, expected {path}, found no such file: "
            "install matplotlib from PyPI or conda-forge, or choose another dataset"
        )
    return path


def _is_plain_letter(character: str) -> bool:
    """True of letters that are not another letter with an accent, and not a modifier or a title case."""
    return unicodedata.category(character) in ("Lo", "Ll", "Lu") and not unicodedata.decomposition(character)


def _outline(font: FT2Font, code: int) -> tuple[Int64[np.ndarray, "vertex xy=2"], UInt8[np.ndarray, " vertex"]]:
    """Vertices of a glyph in font units (2,048 to the em; whole numbers), with matplotlib's path codes."""
    font.load_char(code, flags=LoadFlags.NO_SCALE)
    vertices, codes = font.get_path()
    return np.rint(vertices * 64).astype(np.int64).reshape(-1, 2), codes  # get_path divides by 64 what is whole


def _letter(character: str, vertices: Int64[np.ndarray, "vertex xy=2"], codes: UInt8[np.ndarray, " vertex"]) -> Letter:
    """The outline centred, in pixels, and cut into short straight segments."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    scale = min(PIXELS_PER_FONT_UNIT, WIDEST / (high - low).max())
    outline = Outline((vertices - (low + high) / 2) * scale, codes)
    contours = [_cut(np.asarray(polygon)) for polygon in outline.to_polygons(closed_only=True)]
    return Letter(character, np.concatenate(contours), np.concatenate([_closed(len(c)) for c in contours]))


def _cut(contour: Points) -> Float64[np.ndarray, "shorter xy=2"]:
    """The same closed contour, first point repeated at its end, with no segment longer than `SEGMENT`."""
    steps = np.diff(contour, axis=0)
    parts = np.maximum(1, np.ceil(np.hypot(*steps.T) / SEGMENT)).astype(int)
    start = np.repeat(np.arange(len(steps)), parts)
    fraction = (np.arange(parts.sum()) - np.repeat(parts.cumsum() - parts, parts)) / np.repeat(parts, parts)
    return np.concatenate([contour[start] + fraction[:, None] * steps[start], contour[-1:]])


def _closed(points: int) -> UInt8[np.ndarray, " point"]:
    """Path codes of one closed polygon whose last point repeats its first."""
    return np.array([Outline.MOVETO, *[Outline.LINETO] * (points - 2), Outline.CLOSEPOLY], dtype=np.uint8)


def _near_nodes(places: Float64[np.ndarray, " place"]) -> Float64[np.ndarray, "place node"]:
    """How much the noise at each node counts at each place along one axis."""
    return np.exp(-0.5 * ((places[:, None] - ELASTIC_NODES) / ELASTIC_REACH) ** 2)


def _hand(character: str, hand: int) -> np.random.Generator:
    """The chance that one hand has with one letter, the same whatever else is drawn."""
    return np.random.default_rng([SEED, ord(character), hand])


def draw_all(hands: int) -> Iterator[tuple[str, UInt8[np.ndarray, "hand 105 105"]]]:
    """Name and pictures of every letter, in order of code point."""
    for letter in letters():
        yield letter.name, pictures(letter, hands)
