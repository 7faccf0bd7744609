"""A bench for JupyterLab: tick the steps to clamp, press train, and watch loss and head strengths draw themselves.

    bench = Bench(profile="smoke")
    bench.train(Choice(steps={"1", "2"}))       # here and now; bench.picture() is a PNG
    Panel(bench)                                # the same with buttons, in a notebook that has widgets

The runs are rows like any other (`runs.Run`): what the bench saves, the notebooks find in the store.
"""

import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from matplotlib.figure import Figure

from induction_heads.machinery.run import State
from induction_heads.machinery.schedule import finish, one_thread
from induction_heads.networks import clamps, sequences, training
from induction_heads.networks.clamps import (
    Clamp,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreviousTokenAttention,
)
from induction_heads.networks.model import Sequences
from induction_heads.networks.run import Schedule

from . import measures, runs
from .figures import live_bench
from .runs import Run
from .study import Study

STEPS = ("1", "2", "3qk, 4", "3v, 5")  # what can be ticked
MOMENT = 0.7  # seconds between two drawings
PROBE = 200  # sequences on which strengths are measured


def clamps_for(steps: frozenset[str] | set[str], head: str, previous: str) -> tuple[Clamp, ...]:
    """The clamps that stand for these steps of the circuit, for a Layer 2 head and a previous-token head of Layer 1."""
    steps = frozenset(steps)
    if not steps <= set(STEPS):
        raise ValueError(f"steps are among {'; '.join(STEPS)}, got {'; '.join(sorted(steps - set(STEPS)))}")
    match = steps - {"3v, 5"}
    known = {
        frozenset(): (),
        frozenset(STEPS[:1]): (PreviousTokenAttention((previous,)),),
        frozenset(STEPS[:2]): (PerfectLayer1(),),
        frozenset(STEPS[:3]): (PerfectMatch(head),),
    }
    if match not in known:
        raise ValueError(
            f"steps build on one another: 2 needs 1, and 3qk, 4 needs both; got {'; '.join(sorted(match))}"
        )
    if steps == set(STEPS):
        raise ValueError("with every step clamped nothing is left to learn: leave one out")
    return known[match] + ((PerfectCopy(head),) if "3v, 5" in steps else ())


@dataclass(frozen=True)
class Choice:
    """What the bench is set to."""

    steps: frozenset[str] = frozenset()
    seed: int = runs.SEED
    classes: int = 50
    labels: int = 5
    head: str = "L2H0"
    previous: str = "L1H0"
    alone: bool = True  # every other head of Layer 2 is ablated
    sequences: int = 400_000  # at the paper's scale

    def run(self, scale: int = 1) -> Run:
        given = clamps_for(frozenset(self.steps), self.head, self.previous) + (
            (Only((self.head,)),) if self.alone else ()
        )
        whole = Run(self.seed, self.classes, self.labels, clamps=given, sequences=self.sequences)
        sequences.Task(self.classes, self.labels).label_sets()  # raises where the task cannot be
        return whole.scaled(scale)

    @property
    def name(self) -> str:
        parts = ["steps " + ", ".join(step for step in STEPS if step in self.steps) if self.steps else "no clamp"]
        parts += [f"only {self.head}"] if self.alone else []
        parts += [f"{self.classes} classes"] if self.classes != 50 else []
        parts += [f"{self.labels} labels"] if self.labels != 5 else []
        return ", ".join([*parts, f"seed {self.seed}"])


@dataclass
class Curve:
    """One training as the bench has seen it."""

    choice: Choice
    run: Run
    sequences: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)  # train set, nats
    seen: list[int] = field(default_factory=list)  # sequences at which strengths were measured
    strengths: dict[str, list[float]] = field(default_factory=dict)
    state: State | None = None
    seconds: float = 0.0

    def read(self, state: State) -> None:
        self.sequences, self.loss = [int(row[0]) for row in state.history], [row[1] for row in state.history]

    @property
    def finished(self) -> bool:
        return self.state is not None and self.state.progress >= self.run.length


class Stopped(Exception):
    """The user pressed stop."""


class Bench:
    """Trains one run at a time, in this process, and draws it; the earlier ones stay beside it."""

    def __init__(self, profile: str = "paper", dataset: str = "characters", device: str = "cpu"):
        self.study = Study(profile, dataset, device)
        self.curves: list[Curve] = []
        self.stopping = False

    def heads(self, seed: int = runs.SEED) -> dict[str, str]:
        """The strongest induction head and previous-token head, where the main run of the seed is trained already."""
        main = runs.main(seed).scaled(self.study.scale)
        if not self.study.store.finished(main):
            return {"head": "L2H0", "previous": "L1H0"}
        roles = self.study.roles(main)
        return {"head": roles["strongest"], "previous": roles["previous token 1"]}

    def train(self, choice: Choice, redraw: Callable[[], None] = lambda: None) -> Curve:
        """Train, calling `redraw` now and then; an unfinished run in the store goes on, a finished one is shown."""
        run, store = choice.run(self.study.scale), self.study.store
        curve, self.stopping = Curve(choice, run), False
        self.curves = [*(c for c in self.curves if c.run != run), curve]
        stored = store.load(run)
        if stored is not None:
            curve.sequences, curve.loss = stored.history["sequences"].tolist(), stored.history["train_loss"].tolist()
            redraw()
            return curve
        state = store.state(run) or training.begin(run, self.study.data)
        with one_thread(), torch.enable_grad():
            group = training.Group([run], [state], self.study.data, {}, self.study.device)
            self._watched(group, curve, redraw)
        redraw()
        return curve

    def _watched(self, group: training.Group, curve: Curve, redraw: Callable[[], None]) -> None:
        begun = drawn = time.monotonic()
        measure = self._strengths(group, curve)
        train_at, step = Schedule.of(curve.run).train, group.start

        def heard(now: int, losses: torch.Tensor) -> None:
            nonlocal drawn, step
            step = now
            if now - 1 in train_at and len(group.states[0].history) > len(curve.loss):
                curve.read(group.states[0])
                measure(now - 1)
            if time.monotonic() - drawn > MOMENT:
                redraw()
                drawn = time.monotonic()
            if self.stopping:
                raise Stopped

        try:
            (curve.state,) = group.train(heard, at_once=1)
        except Stopped:
            (curve.state,) = group.capture(step)
        curve.read(curve.state)
        measure(curve.state.progress // sequences.BATCH)
        curve.seconds = time.monotonic() - begun

    def _strengths(self, group: training.Group, curve: Curve) -> Callable[[int], None]:
        (network,) = group.networks
        probe = Sequences(*(part[:, :PROBE] for part in group.evaluation_sets["train"]))
        pattern, last = f"blocks.{network.last}.attn.hook_pattern", network.heads[network.last]

        @torch.no_grad()
        def measure(step: int) -> None:
            if curve.seen[-1:] == [step * sequences.BATCH]:
                return
            sites = clamps.forward(group.parameters, group.evaluation_features["train"], probe, group.clamps)
            strength = measures.induction_strength(
                sites[pattern][..., -1, :].cpu(), Sequences(*(part.cpu() for part in probe))
            )[0]
            curve.seen.append(step * sequences.BATCH)
            for head, value in zip(last, strength.tolist(), strict=True):
                curve.strengths.setdefault(clamps.head_name(network.last, head), []).append(value)

        return measure

    def save(self, curve: Curve) -> str:
        """Into the store, finished or to be gone on with; says what was done."""
        store = self.study.store
        if store.finished(curve.run) or curve.state is None:
            return "it is in the store already"
        with store.lock(curve.run):
            store.begin(curve.run)
            if curve.finished:
                finish(store, [curve.run], [curve.state], [curve.seconds])
            else:
                store.keep(curve.run, curve.state, curve.seconds)
        return f"saved as {store.folder(curve.run).name}" + (
            "" if curve.finished else ", unfinished: train goes on from there"
        )

    def figure(self) -> Figure:
        """Loss of this and the earlier runs, strengths of this one."""
        return live_bench.bench(self.curves)

    def picture(self) -> bytes:
        """The figure as PNG, for a notebook without widgets."""
        file = io.BytesIO()
        self.figure().savefig(file, format="png", dpi=110)
        return file.getvalue()


class Panel:
    """The bench with its buttons. Needs ipywidgets; training runs in a thread, so that stop is heard."""

    def __init__(self, bench: Bench):
        import ipywidgets as widgets

        self.bench = bench
        self.thread: threading.Thread | None = None
        wide = {"description_width": "initial"}
        self.steps = {step: widgets.Checkbox(False, description=f"step {step}", indent=False) for step in STEPS}
        self.alone = widgets.Checkbox(True, description="only this head of Layer 2", indent=False)
        found = bench.heads()
        self.head = widgets.Dropdown(options=runs.LAYER_2, value=found["head"], description="head", style=wide)
        self.previous = widgets.Dropdown(
            options=runs.LAYER_1, value=found["previous"], description="previous-token head", style=wide
        )
        self.classes = widgets.Dropdown(options=[50, 100, 200], value=50, description="classes")
        self.labels = widgets.Dropdown(options=[5, 10, 15], value=5, description="labels")
        self.seed = widgets.IntText(runs.SEED, description="seed")
        self.sequences = widgets.IntSlider(
            400_000, 100_000, 2_000_000, 100_000, description="sequences", readout_format=",d"
        )
        self.train, self.stop, self.save, self.forget = (
            widgets.Button(description=word) for word in ("train", "stop", "save", "forget earlier")
        )
        self.says, self.image = widgets.HTML(), widgets.Image(format="png")
        self.train.on_click(lambda _: self.start())
        self.stop.on_click(lambda _: setattr(bench, "stopping", True))
        self.save.on_click(lambda _: self._saved())
        self.forget.on_click(lambda _: self._forgotten())
        rows = [
            [*self.steps.values(), self.alone],
            [self.head, self.previous, self.seed],
            [self.classes, self.labels, self.sequences],
            [self.train, self.stop, self.save, self.forget],
        ]
        self.widget = widgets.VBox([*map(widgets.HBox, rows), self.says, self.image])
        self.redraw()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)

    @property
    def choice(self) -> Choice:
        ticked = frozenset(step for step, box in self.steps.items() if box.value)
        return Choice(
            ticked,
            self.seed.value,
            self.classes.value,
            self.labels.value,
            self.head.value,
            self.previous.value,
            self.alone.value,
            self.sequences.value,
        )

    def start(self) -> None:
        if self.thread is not None and self.thread.is_alive():
            return self._say("a run is training: stop it first")
        try:
            choice = self.choice
            choice.run(self.bench.study.scale)
        except ValueError as error:
            return self._say(str(error))
        self._say(f"training: {choice.name}")
        self.thread = threading.Thread(target=self._train, args=(choice,), daemon=True)
        self.thread.start()

    def _train(self, choice: Choice) -> None:
        try:
            curve = self.bench.train(choice, self.redraw)
        except Exception as error:  # the thread has nobody else to tell
            return self._say(f"{type(error).__name__}: {error}")
        at = f"loss {curve.loss[-1]:.3f} after {curve.sequences[-1]:,.0f} sequences"
        state = (
            "from the store"
            if curve.state is None
            else f"done in {curve.seconds:.0f} s"
            if curve.finished
            else "stopped"
        )
        self._say(f"{choice.name}: {state}, {at}")

    def _saved(self) -> None:
        if self.thread is not None and self.thread.is_alive():
            return self._say("a run is training: stop it first")
        self._say(self.bench.save(self.bench.curves[-1]) if self.bench.curves else "nothing has been trained yet")

    def _forgotten(self) -> None:
        self.bench.curves = self.bench.curves[-1:]
        self.redraw()

    def redraw(self) -> None:
        self.image.value = self.bench.picture()

    def _say(self, text: str) -> None:
        self.says.value = text


def show(bench: Bench) -> Any:
    """The panel, or the bench's picture where there are no widgets; the last line of a cell."""
    try:
        return Panel(bench)
    except ImportError:
        from IPython.display import Image

        return Image(bench.picture())
