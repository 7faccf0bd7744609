"""What a training step costs: beside one network in plain PyTorch, beside TransformerLens, and beside the matrix
products that it cannot do without. `make bench` prints a table and draws it; `make profile` says where the time goes.

Ratios within one run are what counts: the machine is shared and its speed varies.
"""

import dataclasses
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

from induction_heads.data import Dataset, fingerprint
from induction_heads.data.efficientnet import FEATURES
from induction_heads.machinery import paths, plots, processes, schedule
from induction_heads.machinery.colours import INK, head_colour
from induction_heads.machinery.readme import BENCH
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.store import Store
from induction_heads.networks import kernels, model, run, training
from induction_heads.networks.clamps import Only
from induction_heads.networks.model import Sequences
from induction_heads.networks.run import Run
from induction_heads.networks.sequences import BATCH, EVALUATION_SETS
from induction_heads.networks.training import LARGEST_GROUP, Group

STEPS = 60
AUTHORS_MS = 2.9  # a step of the authors' JAX code on a quiet two-core machine, evaluations included (TOOLING, cost)
USED = 36  # of the 50 exemplars, in a batch; the mean: each of its 32 sequences has 2


def random_data() -> Dataset:
    x = np.random.default_rng(0).standard_normal((400, 5, FEATURES)).astype(np.float32)
    return Dataset("random", x, None, tuple(map(str, range(len(x)))), fingerprint(x))


def main_run(seed: int) -> Run:
    """As the first paper's main run: all heads, no clamp."""
    return Run(seed, checkpoint_every=10_000)


def group(each: list[Run]) -> Group:
    data = random_data()
    return Group(each, [training.begin(run, data) for run in each], data, {})


def batches(of: Group) -> Iterator[Sequences]:
    block = of.blocks(0)
    while True:
        for i in range(block.match.shape[1]):
            yield Sequences(*(tensor[:, i] for tensor in block))


def milliseconds(step: Callable[[], object], repeats: int = 5, steps: int = STEPS // 5) -> float:
    """Median over a few blocks of steps, after two to warm up."""
    step(), step()
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(steps):
            step()
        taken.append((time.perf_counter() - begun) / steps * 1e3)
    return statistics.median(taken)


class Plain(nn.Module):
    """One network as one writes it first: every token embedded and projected, every query computed."""

    def __init__(self, parameters: model.Parameters):
        super().__init__()
        self.p = nn.ParameterDict({name.replace(".", "/"): nn.Parameter(p.clone()) for name, p in parameters.items()})

    def forward(self, features: torch.Tensor, batch: Sequences) -> torch.Tensor:
        p = {name.replace("/", "."): value for name, value in self.p.items()}
        exemplars = features[batch.exemplar] @ p["W_exemplar"] + p["b_exemplar"]
        tokens = torch.stack([exemplars[:, :-1], p["W_label"][batch.label]], 2).flatten(1, 2)
        x = torch.cat([tokens, exemplars[:, -1:]], 1)
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        for layer in range(model.n_layers(p)):
            block = model.parameters_of(p, layer)
            normed = nn.functional.layer_norm(x, x.shape[-1:], block["ln_w"], block["ln_b"])
            q, k, v = (torch.einsum("btd,hde->bhte", normed, block[w]) for w in ("W_Q", "W_K", "W_V"))
            q, k = (kernels.rotate(y.permute(0, 1, 3, 2)[..., None], 0)[..., 0].permute(0, 1, 3, 2) for y in (q, k))
            scores = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(causal, -torch.inf)
            x = x + torch.einsum("bhte,hed->btd", scores.softmax(-1) @ v, block["W_O"])
        final = nn.functional.layer_norm(x[:, -1], x.shape[-1:], p["ln_final_w"], p["ln_final_b"])
        return final @ p["W_U"] + p["b_U"]


def alone(network: nn.Module, logits: Callable[[Sequences], torch.Tensor]) -> float:
    """Milliseconds a step of one network in eager PyTorch."""
    adam = torch.optim.Adam(network.parameters(), lr=1e-5)
    stream = batches(group([main_run(5)]))

    def step() -> None:
        batch = next(stream)
        adam.zero_grad()
        nn.functional.cross_entropy(logits(Sequences(*(tensor[0] for tensor in batch))), batch.target[0]).backward()
        adam.step()

    return milliseconds(step)


def plain_ms() -> float:
    state = training.begin(main_run(5), random_data())
    network, features = Plain(state.learnt), torch.from_numpy(random_data().features[:50, 0])
    return alone(network, lambda batch: network(features, batch))


def transformer_lens_ms() -> float:
    from induction_heads.lens import networks as lens

    parameters, features = (
        training.begin(main_run(5), random_data()).learnt,
        torch.from_numpy(random_data().features[:50, 0]),
    )
    network = lens.Lens(parameters, features)
    return alone(network, lambda batch: network(Sequences(*(tensor[None] for tensor in batch)))[:, -1])


def products() -> list[tuple[int, int, int]]:
    """(m, k, n) of every matrix product of one step: forward, then its two gradients; the embedding has one."""
    d, width, tokens = run.D_MODEL, run.HEADS * run.D_HEAD, 5 * BATCH
    forward = [
        (USED, FEATURES, d),
        (55, d, 192),
        (d, 64, tokens),
        (2 * width, d, tokens),
        (width, d, BATCH),
        (d, width, BATCH),
        (5, d, BATCH),
    ]
    return forward + [s for m, k, n in forward[1:] for s in ((m, n, k), (k, m, n))] + [(FEATURES, USED, d)]


def roofline_ms() -> float:
    """Milliseconds that the products of a step of a run take on one core, by the faster of our kernel and PyTorch's."""
    kernels.load()
    total, n_runs = 0.0, LARGEST_GROUP
    with schedule.one_thread():
        for m, k, n in products():
            a, b = torch.randn(n_runs, m, k), torch.randn(n_runs, k, n)
            total += min(milliseconds(partial(product, a, b), 3, 20) for product in (torch.bmm, kernels.matmul))
    return total / n_runs


def rooflines(cores: int) -> dict[int, float]:
    """The same a step and run, on one core, and on all of them at once, which share caches and memory."""
    with processes.pool(cores) as pool:
        together = statistics.mean(found.result() for found in [pool.submit(roofline_ms) for _ in range(cores)])
    return {1: roofline_ms(), cores: together / cores}


def _group_ms(each: list[Run]) -> tuple[float, float, float]:
    """Milliseconds a step of a group, of an evaluation of its train set; megabytes at the peak."""
    with schedule.one_thread():
        here = group(each)
        some = Sequences(*(tensor[:, :STEPS] for tensor in here.blocks(0)))
        step = milliseconds(lambda: here.steps(some), steps=1) / STEPS
        evaluation = milliseconds(lambda: here.evaluate(["train"]), 3, 1)
    return step, evaluation, processes.peak_megabytes()


def many(each: list[Run], workers: int) -> tuple[float, float, float]:
    """Of runs trained in groups by processes at once: ms a step and run, the same with evaluation, and megabytes."""
    groups = schedule.divided(each, LARGEST_GROUP)
    at_once = min(workers, len(groups))
    with processes.pool(at_once) as pool:
        found = list(pool.map(_group_ms, groups))
    step = sum(f[0] for f in found) / at_once / len(each)
    evaluated = step + sum(f[1] for f in found) / at_once / len(each) / (each[0].evaluate_every / BATCH)
    return step, evaluated, max(f[2] for f in found) * at_once


def table(sizes: tuple[int, ...] = (1, 8, 32, 102)) -> pd.DataFrame:
    """A row a way of training; milliseconds of this machine a step and run."""
    cores = processes.cores()
    roofs = rooflines(cores)
    with schedule.one_thread():
        eager = plain_ms()
        rows: dict[str, tuple[float, float | None, int]] = {
            "one network, eager PyTorch": (eager, None, 1),
            "one network, TransformerLens": (transformer_lens_ms(), None, 1),
        }
    every_seed = [main_run(seed) for seed in range(max(sizes))]
    for n in sizes:
        step, evaluated, megabytes = many(every_seed[:n], cores)
        rows[f"{n} runs"] = (step, megabytes, cores if n > LARGEST_GROUP else 1)
        rows[f"{n} runs, with evaluation"] = (evaluated, megabytes, cores if n > LARGEST_GROUP else 1)
    frame = pd.DataFrame(rows, index=["ms", "MB", "cores"]).T
    frame["of eager PyTorch"] = frame["ms"] / eager
    frame["of the roofline"] = frame["ms"] / frame["cores"].map(roofs)
    frame.attrs["roofline"] = roofs
    return frame


def growth() -> pd.DataFrame:
    """How the cost of 8 runs on one core grows with classes, labels and pairs, and shrinks with the heads left."""
    changes: list[dict[str, Any]] = [
        {},
        {"classes": 100},
        {"classes": 200},
        {"labels": 10},
        {"labels": 15},
        {"pairs": 3},
        {"pairs": 4},
        {"clamps": (Only(("L2H3",)),)},
    ]
    rows = {}
    for change in changes:
        each = [dataclasses.replace(main_run(seed), **change) for seed in range(8)]
        name = ", ".join(f"{value} {key}" for key, value in change.items()) or "50 classes, 5 labels, 2 pairs"
        rows["one Layer 2 head" if "clamps" in change else name] = _group_ms(each)[0] / 8
    return pd.DataFrame({"ms a step and run": rows})


def main(settings: Settings) -> None:
    print(f"{platform.processor() or platform.machine()}, {processes.cores()} cores, torch {torch.__version__}")
    print(kernels.path_in_use())
    costs = table((1, 8) if settings.profile == "smoke" else (1, 8, 32, 102))
    print(costs.to_string(float_format="{:.3f}".format, na_rep=""))
    flop = sum(2 * m * k * n for m, k, n in products())
    for cores, roof in costs.attrs["roofline"].items():
        where, speed = f"{cores} core{'s' * (cores > 1)}", flop / roof / 1e6
        print(f"roofline, {where}: the products of one step take {roof:.3f} ms, at {speed:.0f} GFLOP/s")
    print(f"The authors' JAX code takes {AUTHORS_MS} ms a step on a quiet two-core machine (not measured here).")
    grown = growth() if settings.profile == "paper" else pd.DataFrame()
    if len(grown):
        print("\nOne core, groups of 8:\n" + grown.to_string(float_format="{:.3f}".format))
    draw(costs, grown)
    if settings.profile == "paper":
        keep(costs)


def keep(costs: pd.DataFrame) -> None:
    """For the README: each row's milliseconds, as they are and in units of plain PyTorch and of the products."""
    rows = {name: row.dropna().to_dict() for name, row in costs.iterrows()}
    roofs = costs.attrs["roofline"]
    rows |= {f"products, {cores} cores": {"ms": milliseconds} for cores, milliseconds in roofs.items()}
    with paths.write_whole(paths.BUILD / "figures" / BENCH) as part:
        part.write_text(json.dumps(rows, indent=1))


def draw(costs: pd.DataFrame, grown: pd.DataFrame) -> Path:
    plots.style()
    figure, axes = plt.subplots(1, 2 if len(grown) else 1, figsize=(10, 3.6), squeeze=False)
    axes[0, 0].barh(costs.index, costs["ms"], color=head_colour(0))
    axes[0, 0].set(xscale="log", xlabel="ms a step and run (log scale)", title="Cost of a training step")
    axes[0, 0].axvline(
        min(costs.attrs["roofline"].values()), color=INK, linestyle=":", label="matrix products alone, all cores"
    )
    axes[0, 0].invert_yaxis()
    axes[0, 0].legend()
    if len(grown):
        axes[0, 1].barh(grown.index, grown.iloc[:, 0], color=head_colour(1))
        axes[0, 1].set(xlabel="ms a step and run, one core", title="What the cost grows with")
        axes[0, 1].invert_yaxis()
    return plots.save(
        figure, "bench", folder=paths.BUILD / "figures", identity="make bench: medians of one run, random features"
    )


def profile(settings: Settings) -> None:
    """Milliseconds a step and run of each part of training, in a group of 8 on one core."""
    each = [main_run(seed) for seed in range(8)]
    with schedule.one_thread(), tempfile.TemporaryDirectory() as folder:
        here = group(each)
        stream, store = batches(here), Store(Path(folder), random_data())
        batch, states = next(stream), here.capture(0)
        forward = milliseconds(lambda: here.logits("train", batch))
        one = Sequences(*(tensor[:, None] for tensor in batch))
        whole = milliseconds(lambda: here.steps(one))
        adam = _adam_ms(here)
        evaluations, checkpoints = each[0].evaluate_every / BATCH, each[0].checkpoint_every / BATCH

        def keep_checkpoints() -> None:
            for one, state in zip(each, states, strict=True):
                store.keep_checkpoint(one, 0, state.learnt)

        def keep_states() -> None:
            for one, state in zip(each, states, strict=True):
                store.keep(one, state, 0.0)

        parts = {
            "sampling": milliseconds(lambda: here.blocks(1), 3, 1) / 1_000,
            "forward": forward,
            "backward (the rest of the step)": whole - forward - adam,
            "optimiser": adam,
            "evaluation, train set": milliseconds(lambda: here.evaluate(["train"]), 3, 1) / evaluations,
            "evaluation, other sets": milliseconds(lambda: here.evaluate(EVALUATION_SETS[1:]), 3, 1) / evaluations,
            "checkpoints": milliseconds(keep_checkpoints, 3, 1) / checkpoints,
            "states for resuming": milliseconds(keep_states, 3, 1) / (training.SAVE_EVERY * 1e3 / whole),
        }
    frame = pd.DataFrame({"ms a step and run": parts}) / len(each)
    frame["share"] = frame.iloc[:, 0] / frame.iloc[:, 0].sum()
    print(frame.to_string(float_format="{:.4f}".format))


def _adam_ms(here: Group) -> float:
    """Adam alone, as PyTorch's fused implementation does it.

    The step itself makes it run by run, with the gradient still in the cache.
    """
    copies = [nn.Parameter(p.clone()) for p in here.parameters.values()]
    for p in copies:
        p.grad = torch.randn_like(p)
    adam = torch.optim.Adam(copies, lr=1e-5, fused=True)
    return milliseconds(adam.step)
