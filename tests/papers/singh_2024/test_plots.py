"""Figures: colours that everybody can tell apart, files that are the same when made again, curves, drawings."""

from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, pale
from induction_heads.papers.singh_2024 import published
from induction_heads.papers.singh_2024.colours import SUBCIRCUIT_COLOURS, colour
from induction_heads.papers.singh_2024.figures import diagrams, parts

matplotlib.use("Agg")
# What a dichromat sees, on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1
SIGHT = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
CLAMPS = ["none", "1", "1, 2", "1, 2, 3qk, 4", "3v, 5", "1, 2, 3v, 5"]


@pytest.fixture(autouse=True)
def clean_figures():
    plots.style()
    yield
    plt.close("all")


def seen(colour, sight):
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)])
    linear = np.clip(SIGHT[sight] @ linear, 0, 1)
    return rgb2lab([c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "colours, difference",
    [
        ((*HEAD_COLOURS, INK), 16),
        ([colour(c) for c in CLAMPS], 12),
        (SUBCIRCUIT_COLOURS.values(), 20),
        ([colour("none"), *(colour(f"Layer 1 of seed {seed}") for seed in (5, 6, 7, 8, 9))], 12),
    ],
    ids=["heads", "clamps", "subcircuits", "grafts"],
)
def test_any_two_colours_can_be_told_apart(sight, colours, difference):
    assert min(deltaE_ciede2000(seen(a, sight), seen(b, sight)) for a, b in combinations(colours, 2)) > difference


def test_a_head_has_one_colour_whatever_it_is_called():
    assert {colour(name) for name in (3, "head 3", "L1H3", "L2H3")} == {HEAD_COLOURS[3]}
    assert colour("1") != colour(1), "the first is a clamped step, the second a head"


def test_half_of_black_is_grey():
    assert pale("#000000", 0.2) == "#cccccc"


def a_figure():
    fig, axes = plt.subplots(1, 2, figsize=(5, 2))
    parts.curve(axes[0], np.arange(0, 300_000, 100_000), np.array([1.6, 0.7, 0.1]), "train")
    parts.published(axes[0], published.paper_curve("3a"))
    diagrams.circuit(axes[1], "1, 2")
    plots.panel_titles(axes, ["Loss", "Circuit"])
    parts.heads_legend(fig)
    return fig


def test_a_figure_made_again_has_the_same_bytes(tmp_path):
    for folder in ("once", "again"):
        plots.save(a_figure(), "figure_0", folder=tmp_path / folder, identity="seed 5, run 0123")
    for kind in ("png", "svg"):
        assert (tmp_path / f"once/figure_0.{kind}").read_bytes() == (tmp_path / f"again/figure_0.{kind}").read_bytes()
    assert {f.name for f in (tmp_path / "once").iterdir()} == {"figure_0.png", "figure_0.svg"}


def test_a_file_says_which_runs_it_shows_and_not_when_it_was_made(tmp_path):
    fig = a_figure()
    path = plots.save(fig, "figure_0", folder=tmp_path, identity="seed 5, run 0123")
    assert Image.open(path).info.items() >= {("Title", "figure_0"), ("Description", "seed 5, run 0123")}
    assert "Software" not in Image.open(path).info
    svg = path.with_suffix(".svg").read_text()
    assert "seed 5, run 0123" in svg and "dc:date" not in svg
    assert [text.get_text() for text in fig.texts] == ["seed 5, run 0123"]


def test_only_the_paper_profile_goes_unmarked_and_saving_again_replaces_the_mark(tmp_path):
    fig = a_figure()
    plots.save(fig, "figure_0", folder=tmp_path, identity="x", profile="smoke")
    assert [text.get_text() for text in fig.texts] == ["x", "smoke profile"]
    plots.save(fig, "figure_0", folder=tmp_path, identity="x", profile="paper")
    assert [text.get_text() for text in fig.texts] == ["x"]


def test_the_font_is_the_one_that_matplotlib_ships():
    assert font_manager.findfont(plt.rcParams["font.family"][0]).startswith(matplotlib.get_data_path())


def test_several_seeds_are_drawn_by_their_median():
    _, ax = plt.subplots()
    line = parts.curve(ax, np.array([0, 1]), np.array([[1.0, 9.0], [2.0, 0.0], [6.0, 3.0]]), "held_out_label_pairs")
    assert line.get_ydata().tolist() == [2, 3]
    assert line.get_label() == "held-out label pairs"


def test_ticks_count_in_thousands_and_millions():
    _, ax = plt.subplots()
    parts.sequence_axis(ax)
    assert [ax.xaxis.get_major_formatter()(n, 0) for n in (0, 500, 200_000, 1_500_000)] == ["0", "500", "200k", "1.5M"]


def test_chance_is_the_logarithm_of_the_labels():
    _, ax = plt.subplots()
    parts.chance_lines(ax, 15)
    assert [line.get_ydata()[0] for line in ax.lines] == pytest.approx([0.6931, 2.7081], abs=1e-4)


def test_the_papers_numbers_are_those_that_were_read_off():
    rows = published.paper_curve("3a", series="train")
    assert rows.loc[rows.x == 5024, ["y", "hidden"]].values.tolist() == [[1.5217, False]]
    times = published.learning_times("3a").set_index("series")["below_0.4ln2"]
    assert times.to_dict() == {"train": 275008, "unseen_classes": 355008, "held_out_label_pairs": 350016}


@pytest.mark.parametrize("wanted", [("15",), ("3a", "left"), ("5b", None, "step 1")])
def test_a_curve_that_was_not_published_is_an_error_that_lists_what_was(wanted):
    with pytest.raises(ValueError, match=r"(3b, 4a|main|1, 2, 3qk, 4).*, got '(15|left|step 1)'"):
        published.paper_curve(*wanted)


def test_every_published_curve_has_a_colour_or_is_drawn_grey_and_panels_are_not_mixed():
    _, ax = plt.subplots()
    parts.published(ax, published.paper_curve("5b"))
    assert len(ax.lines) == 2 * len(CLAMPS) + 1
    with pytest.raises(ValueError, match="one panel, got 8: A, B and C / classes;"):
        parts.published(ax, published.paper_curve("6"))


def test_where_another_curve_hid_the_papers_only_the_palest_line_is_drawn():
    _, ax = plt.subplots()
    frame = published.paper_curve("3a", series="train").head(3)
    parts.published(ax, frame)
    assert frame.hidden.tolist() == np.isnan(ax.lines[1].get_ydata()).tolist()


def shades(clamped):
    """The colours of the wide strokes behind the arrows."""
    _, ax = plt.subplots()
    diagrams.circuit(ax, clamped)
    shade_of = {pale(own): name for name, own in SUBCIRCUIT_COLOURS.items()}
    return sorted(
        shade_of[c] for patch in ax.patches if (c := matplotlib.colors.to_hex(patch.get_facecolor())) in shade_of
    )


def test_clamped_steps_are_shaded_and_no_others():
    assert shades("none") == shades(()) == []
    assert shades({"1"}) == ["A"]
    assert shades("1, 2, 3qk, 4") == ["A", "A", "B", "B", "B"]  # 3qk stands at the query and at the key
    assert shades("3v, 5") == ["C", "C"]


def test_a_step_that_the_circuit_lacks_is_an_error():
    with pytest.raises(ValueError, match="among 1, 2, 3qk, 4, 3v, 5, got 3"):
        diagrams.circuit(plt.gca(), "1, 3")


def test_an_attention_pattern_leaves_out_what_causality_forbids():
    _, ax = plt.subplots()
    diagrams.attention(ax, np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.5, 0.5]]), ["x1", "l1", "xq"])
    assert [text.get_text() for text in ax.texts] == ["1", ".25", ".75", ".00", ".50", ".50"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["$x_{1}$", r"$\ell_{1}$", "$x_{q}$"]
    with pytest.raises(ValueError, match="expected 3 token names, one for each key, got 2"):
        diagrams.attention(ax, np.eye(3), ["x1", "l1"])


def test_a_sequence_has_one_picture_more_than_labels():
    _, ax = plt.subplots()
    pictures = np.zeros((3, 7, 11), np.uint8)
    diagrams.draw_sequence(ax, pictures, [4, 0], 4)
    assert len(ax.images) == 3
    with pytest.raises(ValueError, match="expected an image for each of 3 labels and one for the query, got 3"):
        diagrams.draw_sequence(ax, pictures, [4, 0, 1])
