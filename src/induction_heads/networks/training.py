"""Training of many runs as one batch (section 2.2), clamps included. The hot path is `Group.steps`.

A group is a set of runs of one shape: equally long, equally many heads left to compute. Ablated heads are left out
(their gradient is zero, so Adam leaves them where they are); runs with fewer labels are padded with labels whose
logit is NO_LOGIT, which nothing ever learns. Neither changes a run's numbers.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from induction_heads.data import Dataset
from induction_heads.machinery.run import Family, Hears, State, Tensors

from . import clamps, kernels, model, optimiser, sequences
from .clamps import NO_LOGIT, Network
from .model import Parameters, Sequences
from .run import HISTORY, SCALED_SAVING, Run, Schedule, initial
from .sequences import BATCH, EVALUATION_SEQUENCES, EVALUATION_SETS, Exemplars

EVALUATION_CHUNK = 256  # sequences at a time: activations stay in the cache, and all lanes are used
SAVE_EVERY = 30.0  # seconds, between states kept for resuming
LARGEST_GROUP = 4  # runs on one core: enough to spread the cost of calling a step, few enough for all cores
MS_A_STEP = 0.46  # of one run on one core with its evaluations, for telling how long it will take
UNTIL_LEARNT = 0.3  # of its length, about, that a run goes which ends with that
MEAN, SQUARE = "mean/", "square/"  # Adam's averages, in a state's working tensors


def loss(parameters: Parameters, features: Tensor, batch: Sequences, clamped: clamps.Clamps) -> Tensor:
    """The mean loss of each run of a batch; nats."""
    sites = clamps.forward(parameters, features, batch, clamped)
    return model.loss(sites["logits"], batch.target).mean(-1)


def known(combined: clamps.Clamps) -> bool:
    """Whether `kernels.train` knows clamps of these kinds: those that the paper trains under."""
    kinds = (clamps.PreviousTokenAttention, clamps.PerfectMatch, clamps.PerfectLayer1, clamps.PerfectCopy, clamps.Graft)
    return all(part.kind in kinds and (part.everywhere or part.kind is not clamps.Graft) for part in combined.parts)


def in_kernels(
    combined: clamps.Clamps, networks: Sequence[Network], dtype: torch.dtype = torch.float32
) -> kernels.Clamped | None:
    """These clamps as `kernels.train` is told of them; None where it does not know them, or the networks."""
    heads = [len(h) for h in networks[0].heads]
    if len(heads) != 2 or not known(combined):
        return None
    at_runs = (len(networks), 2, max(heads))
    pattern, strength = torch.zeros(at_runs, dtype=torch.int8), torch.zeros(at_runs, dtype=dtype)
    copies, perfect_layer_1 = (
        torch.zeros(len(networks), max(heads), dtype=torch.bool),
        torch.zeros(len(networks), dtype=torch.bool),
    )
    grafted: Parameters = {}
    for (kind, site, _), settings in zip(*combined, strict=True):
        where = settings["where"].flatten(1)
        if kind is clamps.Graft:
            if settings["blocks.0.W_Q"].shape[1] != heads[0]:  # other heads than the network itself computes
                return None
            grafted = model.stored({name: settings[name] for name in kernels.EMBEDDING_AND_LAYER_1})
        elif kind is clamps.PerfectLayer1:
            perfect_layer_1 |= where[:, 0]
        elif kind is clamps.PerfectCopy:
            copies[:, : heads[1]] |= settings["head"].flatten(1)
        else:
            layer = int(site.split(".")[1])
            pattern[:, layer, : heads[layer]][where] = kernels.PATTERNS.index(
                "match" if kind is clamps.PerfectMatch else "previous token"
            )
            if kind is clamps.PerfectMatch:
                strength[:, layer, : heads[layer]] += torch.where(where, settings["strength"].flatten(1), 0).to(dtype)
    return kernels.Clamped(pattern, strength, copies, perfect_layer_1, grafted)


class Group:
    """Runs of one shape that train as one batch, each with its own clamps, seed and data."""

    def __init__(
        self,
        runs: Sequence[Run],
        states: Sequence[State],
        dataset: Dataset,
        donors: Mapping[Run, Parameters],
        device: str = "cpu",
    ):
        self.dataset, self.donors, self.device = dataset, donors, device
        self._hold(runs, states)

    def _hold(self, runs: Sequence[Run], states: Sequence[State]) -> None:
        self.runs, self.states, self.schedule = list(runs), list(states), Schedule.of(runs[0])
        (self.start,) = {state.progress // BATCH for state in states}
        self.labels = max(run.labels for run in runs)
        self.has_learnt = [run.has_learnt(state.history) for run, state in zip(runs, states, strict=True)]
        self.networks = [shape_of(run, state.learnt) for run, state in zip(runs, states, strict=True)]
        donors = {run: self._padded(parameters) for run, parameters in self.donors.items()}
        combined = clamps.combine([run.clamps for run in runs], self.networks, donors)
        self.clamps = combined._replace(
            settings=tuple({n: t.to(self.device) for n, t in s.items()} for s in combined.settings)
        )
        self.clamped = in_kernels(combined, self.networks) if self.device == "cpu" and kernels.load() else None
        self.learning_rate = self._common("learning_rate")
        self.parameters = self._stack([s.learnt for s in states], NO_LOGIT)
        mean, square = (self._stack([averages(s, prefix) for s in states], 0.0) for prefix in (MEAN, SQUARE))
        self.adam = optimiser.Adam(self.parameters, mean, square, self.start)
        self.exemplars = [Exemplars.of(self.dataset, run.task) for run in runs]
        self.evaluation_features = {
            name: self._features([e.tables[name] for e in self.exemplars]) for name in EVALUATION_SETS
        }
        n = EVALUATION_SEQUENCES // (1 if self._common("scale") == 1 else SCALED_SAVING)
        self.evaluation_sets = {
            name: self._batch(
                [
                    sequences.evaluation_set(name, r.task, e, r.evaluation_seed, n)
                    for r, e in zip(runs, self.exemplars, strict=True)
                ]
            )
            for name in EVALUATION_SETS
        }

    def _common(self, name: str):
        (value,) = {getattr(run, name) for run in self.runs}
        return value

    def _padded(self, parameters: Parameters, logit: float = NO_LOGIT) -> Parameters:
        missing = self.labels - parameters["b_U"].shape[0]
        pad = torch.nn.functional.pad
        changed = {
            "W_label": pad(parameters["W_label"], (0, 0, 0, missing)),
            "W_U": pad(parameters["W_U"], (0, missing)),
        }
        return parameters | changed | {"b_U": pad(parameters["b_U"], (0, missing), value=logit)}

    def _stack(self, each: Sequence[Parameters], logit: float) -> Parameters:
        """Padded, restricted to the heads that are computed, and with a run axis."""
        each = [
            clamps.restrict(self._padded(p, logit), network) for p, network in zip(each, self.networks, strict=True)
        ]
        return model.stored({name: torch.stack([p[name] for p in each]).to(self.device) for name in each[0]})

    def _features(self, each: Sequence[Tensor]) -> Tensor:
        """`run row feature`, or one for all runs where they are the same."""
        if len({(e.classes, e.unseen, e.held_out) for e in self.exemplars}) == 1:
            return each[0][None].to(self.device)
        return torch.nn.utils.rnn.pad_sequence(list(each), batch_first=True).to(self.device)

    def _batch(self, each: Sequence[Sequences]) -> Sequences:
        return Sequences(*(torch.cat(tensors).to(self.device) for tensors in zip(*each, strict=True)))

    def blocks(self, number: int) -> Sequences:
        """Training steps of one block, `run step batch …`; runs with the same stream read the same."""
        drawn = {key: sequences.block(key[0], key[1], number) for key in {(r.task, r.stream_seed) for r in self.runs}}
        each = [drawn[run.task, run.stream_seed] for run in self.runs]
        return Sequences(*(torch.stack(tensors).to(self.device) for tensors in zip(*each, strict=True)))

    def steps(self, batches: Sequences) -> Tensor:
        """Steps of every run on batches, `run step batch …`; returns the losses before each, `run step`."""
        adam, rate, features = self.adam, self.learning_rate, self.evaluation_features["train"]
        n = batches.match.shape[1]
        if self.clamped is None:
            each = [Sequences(*(tensor[:, i] for tensor in batches)) for i in range(n)]
            return torch.stack([optimiser.step(adam, loss, rate, features, batch, self.clamps) for batch in each], 1)
        corrected = [adam.corrected(rate) for _ in range(n)]
        return kernels.train(adam.parameters, adam.mean, adam.square, self.clamped, features, batches, corrected)

    def logits(self, name: str, batch: Sequences) -> Tensor:
        """Of sequences over the exemplars of an evaluation set, `run batch label`."""
        features = self.evaluation_features[name]
        if self.clamped is not None:
            return kernels.logits(self.parameters, self.clamped, features, batch)
        chunks = zip(*(tensor.split(EVALUATION_CHUNK, 1) for tensor in batch), strict=True)
        return torch.cat(
            [clamps.forward(self.parameters, features, Sequences(*c), self.clamps)["logits"] for c in chunks], 1
        )

    @torch.no_grad()
    def evaluate(self, names: Sequence[str]) -> dict[str, Tensor]:
        """Loss (nats) and accuracy of every run, `run 2`, on fixed sets.

        Runs with other labels apart: PyTorch's sums over more, though all they add is 0, may round differently.
        """
        found = {}
        for name in names:
            which = self.evaluation_sets[name]
            logits = self.logits(name, which)
            found[name] = torch.empty(len(self.runs), 2, dtype=logits.dtype)
            for labels in {run.labels for run in self.runs}:
                here = [i for i, run in enumerate(self.runs) if run.labels == labels]
                some = Sequences(*(tensor[here] for tensor in which))
                found[name][here] = model.loss_and_accuracy(logits[here, :, :labels], some).cpu()
        return found

    def snapshot(self, run: int, stacked: Parameters) -> Parameters:
        """One run's part of stacked tensors, padding taken off, without the heads that were left out."""
        labels = self.runs[run].labels
        cut = {"W_label": (slice(labels),), "W_U": (slice(None), slice(labels)), "b_U": (slice(labels),)}
        return {n: p[run].detach()[cut.get(n, ...)].cpu().clone() for n, p in stacked.items()}

    def _whole(self, run: int, stacked: Parameters, template: Parameters) -> Parameters:
        whole = dict(template)
        for name, p in self.snapshot(run, stacked).items():
            if p.shape != template[name].shape:
                heads = list(self.networks[run].heads[int(name.split(".")[1])])
                p = template[name].index_copy(0, torch.tensor(heads), p)
            whole[name] = p
        return {n: p.contiguous() for n, p in whole.items()}

    def capture(self, step: int) -> list[State]:
        """The states of its runs after `step` steps."""
        for i, state in enumerate(self.states):
            for prefix, averaged in ((MEAN, self.adam.mean), (SQUARE, self.adam.square)):
                whole = self._whole(i, averaged, averages(state, prefix))
                state.working |= {prefix + name: tensor for name, tensor in whole.items()}
            state.learnt = self._whole(i, self.parameters, state.learnt)
            state.progress = step * BATCH
        return self.states

    def train(
        self,
        report: Callable[[int, Tensor], None] = lambda step, losses: None,
        keep_checkpoint: Callable[[Run, int, Parameters], None] = lambda run, sequences, parameters: None,
        save: Callable[[list[State]], None] | None = None,
        at_once: int = sequences.STEPS_A_BLOCK,
    ) -> list[State]:
        """Train to the end; gives the states of all runs that the group began with.

        A run of which enough is known leaves the group. After at most `at_once` steps, `report` hears how many there
        were, and the losses before each, `run step`, of the runs that are left; `save` gets all states now and then,
        for resuming.
        """
        steps, at, states = self.runs[0].steps, self.schedule, self.states
        at_once = at_once if self.clamped is not None else 1
        saved, step = time.monotonic(), self.start
        while True:
            new = step > self.start or step == 0  # what was done before the interruption is in the state
            if evaluated := new and step in at.evaluations(all(self.has_learnt)):
                self._record(step)
            if new and step in at.checkpoints:
                for i, (run, state) in enumerate(zip(self.runs, self.states, strict=True)):
                    keep_checkpoint(run, step * BATCH, self._whole(i, self.parameters, state.learnt))
            if step == steps or (evaluated and self._leave(step)):
                break
            if save is not None and step > self.start and evaluated and time.monotonic() - saved > SAVE_EVERY:
                self.capture(step)
                save(states)
                saved = time.monotonic()
            number, place = divmod(step, sequences.STEPS_A_BLOCK)
            if place == 0 or step == self.start:
                block = self.blocks(number)
            n = min(at.stop(step, all(self.has_learnt)) - step, sequences.STEPS_A_BLOCK - place, at_once)
            losses = self.steps(Sequences(*(tensor[:, place : place + n] for tensor in block)))
            step += n
            report(step, losses)
        self.capture(step)
        return states

    def _leave(self, step: int) -> bool:
        """Lets the runs go of which enough is known; whether none is left."""
        each = list(zip(self.runs, self.states, strict=True))
        left = [(run, state) for run, state in each if not run.enough(state.history)]
        if left and len(left) < len(each):
            self.capture(step)
            self._hold([run for run, _ in left], [state for _, state in left])
        return not left

    def _record(self, step: int) -> None:
        found = self.evaluate(EVALUATION_SETS if step in self.schedule.others else EVALUATION_SETS[:1])
        for i, state in enumerate(self.states):
            if step not in self.schedule.evaluations(self.has_learnt[i]):
                continue  # it is for the others
            numbers = [found[name][i].tolist() if name in found else [math.nan, math.nan] for name in EVALUATION_SETS]
            if not math.isfinite(numbers[0][0]):
                raise FloatingPointError(
                    f"{self.runs[i]}: the train loss is {numbers[0][0]} after {step * BATCH:,} sequences"
                )
            state.history.append([float(step * BATCH), *(number for pair in numbers for number in pair)])
            self.has_learnt[i] = self.has_learnt[i] or self.runs[i].has_learnt(state.history[-1:])


def shape_of(run: Run, parameters: Parameters) -> Network:
    return clamps.active(run.clamps, Network.of(parameters))


def averages(state: State, prefix: str) -> Parameters:
    """Adam's averages among a state's working tensors."""
    return {n.removeprefix(prefix): t for n, t in state.working.items() if n.startswith(prefix)}


def begin(run: Run, dataset: Dataset) -> State:
    parameters = initial(run, dataset.features.shape[-1])
    working = {prefix + name: torch.zeros_like(p) for prefix in (MEAN, SQUARE) for name, p in parameters.items()}
    return State(0, parameters, working)


class Pairs(Family):
    """Networks on sequences of pairs; their progress is counted in sequences seen."""

    name, version, unit, columns = "pairs", 2, "sequences", HISTORY

    def begin(self, run: Run, data: Dataset) -> State:
        return begin(run, data)

    def shape(self, run: Run, state: State, device: str) -> tuple:
        """On a CPU equal tables spare the padding; a GPU would rather have more runs at once."""
        network = shape_of(run, state.learnt)
        heads = tuple(map(len, network.heads))
        lengths = (run.sequences, run.evaluate_every, run.checkpoint_every, run.learning_rate, run.scale)
        two_passes = any(clamp.reads_unablated for clamp in run.clamps)
        in_kernels = known(clamps.combine([run.clamps], [network], dict.fromkeys(run.donors, {})))
        task = run.task if device == "cpu" else run.pairs
        return (*lengths, run.until_learnt, task, bool(run.donors), two_passes, in_kernels, heads, state.progress)

    def largest_group(self, device: str) -> int | None:
        return LARGEST_GROUP if device == "cpu" else None

    def train(
        self,
        runs: Sequence[Run],
        states: Sequence[State],
        data: Dataset,
        needed: Mapping[Run, Tensors],
        device: str,
        hears: Hears,
    ) -> list[State]:
        def heard(step: int, losses: Tensor) -> None:
            hears.progress(losses.numel() * BATCH, losses[:, -1].mean())

        return Group(runs, states, data, needed, device).train(heard, hears.checkpoint, hears.states)

    def rows(self, run: Run, history: list[list[float]]) -> list[list[float]]:
        """Those of its own evaluations: a longer run from the same start has others."""
        at, found, has_learnt = Schedule.of(run), [], False
        for sequences_seen, *numbers in history:
            step = round(sequences_seen / BATCH)
            if step in at.evaluations(has_learnt):
                measured = numbers if step in at.others else [*numbers[:2], *[math.nan] * (len(numbers) - 2)]
                found.append([sequences_seen, *measured])
                has_learnt = has_learnt or run.has_learnt(found[-1:])
                if run.enough(found[-1:]):
                    break
        return found

    def keeps(self, run: Run, progress: int) -> bool:
        return progress // BATCH in Schedule.of(run).checkpoints

    def seconds(self, run: Run) -> float:
        return run.steps * (UNTIL_LEARNT if run.until_learnt else 1) * MS_A_STEP / 1e3

    def starting_seconds(self) -> float:
        return kernels.COMPILING if kernels.to_compile() else 0.0


PAIRS = Pairs()
