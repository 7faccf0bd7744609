"""What the paper's figures show, as numbers: the curves drawn behind ours (see README.md beside this file).

No number of ours.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

FIGURES = ("3a", "3b", "4a", "4b", "5b", "6", "7", "8", "10", "12", "13", "14", "16a", "17", "18")


def paper_curve(figure: str, panel: str | None = None, series: str | None = None) -> pd.DataFrame:
    """The rows of one published figure, of one panel or one series where they are named.

    Columns: panel, series, x (sequences seen, or a strength), y, hidden (covered by a later curve: interpolated), and
    for pictures of points head. Raises `ValueError` for what the figure does not have.
    """
    if figure not in FIGURES:
        raise ValueError(f"expected a digitised figure, one of {', '.join(FIGURES)}, got {figure!r}")
    frame = _read(f"figure_{figure}.csv")
    for column, wanted in {"panel": panel, "series": series}.items():
        if wanted is None:
            continue
        known = frame[column].unique()
        if wanted not in known:
            raise ValueError(f"figure {figure}: expected a {column} among {'; '.join(known)}, got {wanted!r}")
        frame = frame[frame[column] == wanted]
    return frame.reset_index(drop=True)


def learning_times(figure: str | None = None) -> pd.DataFrame:
    """Sequences seen when the paper's losses first fall below 0.4 ln 2 and 0.5 ln 2, one row per curve."""
    frame = _read("learning_times.csv")
    return frame if figure is None else frame[frame.figure == figure].reset_index(drop=True)


def setting() -> pd.Series:
    """The sizes of the paper's task and data (section 2), by name: "training classes"."""
    return _read("setting.csv").set_index("name")["value"]


def times_of_figure_6() -> pd.Series:
    """Sequences until the paper's runs of figure 6 are below 0.4 ln 2, by the names of ours: "B, 50 classes"."""
    rows = learning_times("6")
    names = rows.panel.str.partition(" / ")[0] + ", " + rows.series
    return rows["crossing_0.4ln2"].set_axis(names)


def direct_path() -> pd.DataFrame:
    """Accuracy of the `whole` network and `without` Layer 1's direct path to the output, by seed; section 3's text."""
    return _read("section_3.csv").set_index("seed")


def paper_table(number: str) -> pd.DataFrame:
    """A published table as it stands in `table_N.csv`, a row a row."""
    return _read(f"table_{number}.csv")


def stated(where: str, quantity: str) -> list[float]:
    """Numbers that the paper gives in words, one or several of a quantity (text.csv)."""
    rows = _read("text.csv")
    return rows[(rows["where"] == where) & (rows["quantity"] == quantity)]["number"].astype(float).tolist()


@cache
def _read(name: str) -> pd.DataFrame:
    with (files(__package__) / name).open(encoding="utf-8") as file:
        frame = pd.read_csv(file, dtype={"figure": str, "panel": str, "series": str})
    return frame.astype({name: bool for name in frame.columns if name.startswith("hidden")})
