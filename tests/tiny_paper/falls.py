"""A run: a ball that falls for so many steps under one gravity."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from induction_heads.machinery.run import Family, Run, State


@dataclass(frozen=True)
class Fall(Run):
    gravity: float
    steps: int = 10

    @property
    def family(self) -> Family:
        return FALLING

    @property
    def settings(self) -> dict:
        return {"gravity": self.gravity}

    @property
    def length(self) -> int:
        return self.steps

    def __str__(self) -> str:
        return f"gravity {self.gravity}, {self.steps} steps"


class Falling(Family):
    name, columns = "falling", ("steps", "height")
    pause = 0.0  # seconds a step

    def begin(self, run, data):
        return State(0, {"height": torch.zeros(1)}, {"speed": torch.zeros(1)}, [[0, 0.0]])

    def train(self, runs, states, data, needed, device, hears):
        return [self._fall(run, state, hears) for run, state in zip(runs, states, strict=True)]

    def _fall(self, run, state, hears):
        height, speed = (np.array(t) for t in (state.learnt["height"], state.working["speed"]))
        for step in range(state.progress, run.length):
            time.sleep(self.pause)
            speed = speed - run.gravity
            height = height + speed
            state.history.append([step + 1, float(height[0])])
            hears.progress(1, float(height[0]))
        return State(run.length, {"height": torch.tensor(height)}, {"speed": torch.tensor(speed)}, state.history)


FALLING = Falling()
