"""What a figure's function gives back, and the page that a notebook shows it on.

A drawing says in words what it shows, for readers who cannot see it; the words lie beside the picture as JSON, so that
galleries and the site need not be told again.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from matplotlib.figure import Figure

from . import plots
from .execution import SHOWS
from .paths import write_whole
from .study import Study


@dataclass(frozen=True)
class Drawing:
    """A figure with what has to be said of it. Its name is the file's, and that of the function that drew it."""

    name: str
    figure: Figure
    title: str  # "Figure 3a: the loss through training"
    caption: str  # what to look at; states nothing as seen that was not
    alternative: str  # what is drawn and what it shows, in words alone


@dataclass(frozen=True)
class Page:
    """Where a notebook's drawings go, and the runs that they show."""

    folder: Path
    profile: str
    identity: str  # the runs, as small print

    def of(self, identity: str) -> "Page":
        """The same page, for drawings of other runs."""
        return dataclasses.replace(self, identity=identity)

    def write(self, drawing: Drawing) -> Path:
        """Writes the drawing as PNG and SVG with its words; where the PNG is."""
        self._write_words(drawing.name, drawing.title, drawing.caption, drawing.alternative)
        return plots.save(
            drawing.figure, drawing.name, folder=self.folder, identity=self.identity, profile=self.profile
        )

    def show(self, drawing: Drawing) -> None:
        """Writes the drawing, and shows it with its words."""
        self.write(drawing)
        display(drawing.figure, metadata={"image/png": {"alt": drawing.alternative}, SHOWS: drawing.name})
        display(Markdown(f"*{drawing.title}.* {drawing.caption}"))
        plt.close(drawing.figure)

    def show_table(self, name: str, table: pd.DataFrame, title: str, caption: str) -> None:
        """Writes a table as CSV with its words, and shows it with them."""
        with write_whole(self.folder / f"{name}.csv") as part:
            table.to_csv(part)
        self._write_words(name, title, caption, "")
        display(table, metadata={SHOWS: name})
        display(Markdown(f"*{title}.* {caption}"))

    def _write_words(self, name: str, title: str, caption: str, alternative: str) -> None:
        words = {"title": title, "caption": caption, "alternative": alternative, "runs": self.identity}
        with write_whole(self.folder / f"{name}.json") as part:
            part.write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def page_for(study: Study, identity: str) -> Page:
    """The page of a notebook; `identity` says which runs its drawings show."""
    return Page(study.folder, study.profile, f"{identity}; {study.note}" if study.note else identity)
