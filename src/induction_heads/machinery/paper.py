"""A paper is a value: what it asks, its results with their runs, its claims, and how its story is told.

`papers/KEY/paper.py` holds one, called PAPER; it is found there, and listed nowhere. Its notebooks are in
`notebooks/KEY`.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from .ledger import Claim
from .run import Run
from .settings import Settings
from .study import Study


@dataclass(frozen=True)
class Source:
    """A publication that a folder of papers/ is about."""

    authors: str
    year: int
    title: str
    arxiv: str  # its number

    @property
    def address(self) -> str:
        return f"https://arxiv.org/abs/{self.arxiv}"


@dataclass(frozen=True)
class Result:
    """A figure or table: the notebook that makes it, and the runs that it shows."""

    title: str
    notebook: str
    in_reproduce_all: bool = field(default=True, kw_only=True)  # else it is made by its own target alone

    def runs(self, study: Any) -> Iterable[Run]:
        """What it shows, as far as that can be told from what the study has trained; still to be resolved."""
        return ()

    def planned(self, study: Any) -> Iterable[Run]:
        """What it will show, or what takes as long, for telling how long that takes."""
        return self.runs(study)


class Part(NamedTuple):
    """A part of the story that a paper's gallery tells."""

    title: str
    text: str
    pictures: tuple[str, ...]  # stems of figures and tables, in their order


class Edge(NamedTuple):
    """Two claims, this paper's and another's, on one question: they say the same of it, or the opposite."""

    claim: str  # its id, in this paper
    other: str  # `KEY:ID`
    same: bool
    about: str  # the question, in a few words


QUESTIONS = ("what", "when", "why", "data")  # what is learnt, when, why then, and from which data


@dataclass(frozen=True)
class Paper:
    key: str  # its folder's name
    title: str
    sources: tuple[Source, ...]
    sentence: str  # what it asks and what comes out, for the front page
    picture: str  # the stem of its figure on the front page
    study: Callable[[Settings], Study]  # the runs at hand, for claims and notebooks
    results: Mapping[str, Result]  # `figure-3a` -> what that is
    claims: Callable[[], Sequence[Claim]]  # called late: what measures takes its time to import
    introduction: str = ""  # above its gallery
    story: tuple[Part, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)  # a claim's source that names no figure -> a figure's stem
    seeds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # by profile, where none are asked for
    start_early: Callable[[], None] = lambda: None  # begins, in the background, what its first run would wait for
    questions: tuple[str, ...] = ()  # those of QUESTIONS that it asks
    edges: tuple[Edge, ...] = ()  # to claims of papers that were here before
    left_open: str = ""  # a question that none of its numbers answers
    on_a_data_set: bool = False  # else the setting DATASET changes nothing of it but where its figures go
    rank: int = 1  # papers of lower rank come first, then older ones

    @property
    def target(self) -> str:
        """Its name as a target of make, with dashes."""
        return self.key.replace("_", "-")

    def settings(self, settings: Settings) -> Settings:
        """With the paper's own seeds where none are asked for."""
        return settings if settings.seeds else dataclasses.replace(settings, seeds=self.seeds.get(settings.profile, ()))

    def notebook_of(self, result: str) -> str:
        """The result's notebook, as `KEY/NAME`."""
        return f"{self.key}/{self.results[result].notebook}"

    def runs(self, study: Study, results: Iterable[str] = ()) -> list[Run]:
        """The runs of these results, or of all that are made by reproduce-all, as far as they can be told."""
        return _once(run for name in self._chosen(results) for run in self.results[name].runs(study))

    def planned(self, study: Study, results: Iterable[str] = ()) -> list[Run]:
        """The same, for telling how long it takes."""
        return _once(run for name in self._chosen(results) for run in self.results[name].planned(study))

    def train(self, study: Study, results: Iterable[str] = ()) -> None:
        """Trains what these results show, or all; which runs those are may follow from others."""
        known: list[Run] = []
        while known != (told := self.runs(study, results)):
            study.train(told)
            known = told

    def _chosen(self, results: Iterable[str]) -> list[str]:
        return list(results) or [name for name, result in self.results.items() if result.in_reproduce_all]


def _once(asked: Iterable[Run]) -> list[Run]:
    """Each run once: none that may end early beside the same one to its length."""
    runs = dict.fromkeys(asked)
    return [run for run in runs if run == run.whole or run.whole not in runs]


def find(folders: ModuleType) -> dict[str, Paper]:
    """Every paper in a package of folders by its key, in the order in which they are made and shown."""
    names = [module.name for module in pkgutil.iter_modules(folders.__path__) if module.ispkg]
    papers = [importlib.import_module(f"{folders.__name__}.{name}.paper").PAPER for name in names]
    papers.sort(key=lambda paper: (paper.rank, min(source.year for source in paper.sources), paper.key))
    return {paper.key: paper for paper in papers}
