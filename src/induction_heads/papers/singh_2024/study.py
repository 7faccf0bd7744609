"""The study of this paper: `Study("paper", "characters").results("5b", seed=5)` gives the trained rows of Figure 5b.

First the runs that depend on nothing are trained, main runs among them; they decide which head is the strongest and
which attend to the previous token; then the runs that name such heads or graft a trained network.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from induction_heads import data
from induction_heads.machinery import study
from induction_heads.machinery.settings import PROFILES, Settings
from induction_heads.machinery.store import Trained
from induction_heads.networks.sequences import Exemplars

from . import runs
from .measures import time_to_learn
from .runs import SCALE, SEED, Run


class Study(study.Study):
    """The paper's runs at some profile, on one data set."""

    data: data.Dataset

    def __init__(
        self, profile: str = Settings.profile, dataset: str = Settings.dataset, device: str = "cpu", client: Any = None
    ):
        if profile not in SCALE:
            raise ValueError(f"profile is one of {', '.join(PROFILES)}, got {profile!r}")
        self.scale = SCALE[profile]
        self.dataset = data.load(dataset, exemplars=2)  # with pictures, which training does not need
        settings = Settings(profile, dataset, runs.SEEDS if profile == "paper" else runs.SMOKE_SEEDS, device)
        super().__init__("singh_2024", settings, dataclasses.replace(self.dataset, images=None), client)

    @classmethod
    def of(cls, settings: Settings) -> "Study":
        """The study of these settings, seeds included."""
        made = cls(settings.profile, settings.dataset, settings.device)
        made.settings = settings
        return made

    def known_typical(self) -> tuple[int, ...]:
        """The typical one of the settings' seeds, alone; none where its main runs are not trained yet."""
        mains = [runs.main(seed).scaled(self.scale) for seed in self.settings.seeds]
        if len(mains) > 1 and not all(self.finished(run) for run in mains):
            return ()
        return (self.typical(self.settings.seeds),)

    def typical(self, seeds: Iterable[int]) -> int:
        """The seed whose main run has the median learning time: the lower of two, and never learnt comes last.

        Seeds mean nothing across implementations, so that a figure of one seed shows this one.
        """
        seeds = tuple(seeds)
        if len(seeds) == 1:
            return seeds[0]
        times = {seed: time_to_learn(self.results("3a", seed)["all heads"].history) for seed in seeds}
        order = sorted(seeds, key=lambda seed: (math.isnan(times[seed]), times[seed]))
        typical = order[(len(order) - 1) // 2]
        self.note = f"seed {typical} has the median learning time of seeds {', '.join(map(str, seeds))}"
        return typical

    def exemplars(self, run: Run) -> Exemplars:
        return Exemplars.of(self.dataset, run.task)

    def roles(self, main: Run) -> dict[str, str]:
        """The roles of a main run's heads, from its trained network."""
        return runs.roles(self.train([main])[main], self.data)

    def results(self, result: str, seed: int = SEED, until_learnt: bool = False) -> dict[str, Trained]:
        """The rows of a figure or table by the name they have in it, trained now if they are not yet.

        `until_learnt`: no further than their learning times and plateaus need.
        """
        asked = runs.result(result).of(seed, until_learnt)
        rows = {name: run.scaled(self.scale) for name, run in asked.items()}
        trained = self.train(rows.values())
        return {name: trained[run] for name, run in rows.items()}
