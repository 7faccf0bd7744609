"""What a training step of a token model costs, beside the matrix products of the same shapes and other engines.

Milliseconds of processor time a step and run, on one thread. Ratios within one table are what counts: the machine is
shared and its speed varies.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable
from functools import partial
from unittest import mock

import numpy as np
import torch
from torch import nn

from induction_heads.machinery import schedule
from induction_heads.machinery.settings import Settings
from induction_heads.networks import noisy_pairs
from induction_heads.networks.kernels import load
from induction_heads.networks.tokens import kernels, model
from induction_heads.networks.tokens.generators import BATCH, LENGTH, REP, STEPS_A_BLOCK, VOCABULARY
from induction_heads.networks.tokens.model import D_MODEL, HEADS
from induction_heads.networks.tokens.training import TOKENS, Part, TokenRun
from induction_heads.networks.tokens.variants import NGramHeads

SIZES = (1, 3, 12)  # runs


def milliseconds(step: Callable[[], object], repeats: int = 5, steps: int = 4) -> float:
    """Median over a few blocks of steps, after two to warm up; processor time."""
    step(), step()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        for _ in range(steps):
            step()
        taken.append((time.process_time() - begun) / steps * 1e3)
    return statistics.median(taken)


def products(layers: int) -> list[tuple[int, int, int, int]]:
    """(batch, m, k, n) of every matrix product of one step of one run: forward, then its two gradients.

    As one writes the network first: every token is projected, and attention computes all pairs of tokens.
    """
    tokens, heads, d_head = BATCH * LENGTH, BATCH * HEADS, D_MODEL // HEADS
    layer = [(1, tokens, D_MODEL, 3 * D_MODEL), (1, tokens, D_MODEL, D_MODEL)]
    layer += [(heads, LENGTH, d_head, LENGTH), (heads, LENGTH, LENGTH, d_head)]
    forward = layers * layer + [(1, tokens, D_MODEL, VOCABULARY)]
    return forward + [shape for b, m, k, n in forward for shape in ((b, m, n, k), (b, k, m, n))]


def products_ms(layers: int) -> float:
    """What the products of one step take, each from what lies in memory as PyTorch's gradients have it."""
    total = 0.0
    for b, m, k, n in products(layers):
        left, right = torch.randn(b, m, k), torch.randn(b, k, n)
        total += milliseconds(partial(torch.bmm, left, right))
    return total


class Plain(nn.Module):
    """One network in eager PyTorch as one writes it first; `point` stands at every site."""

    def __init__(self, parameters: model.Parameters, point: Callable[[], nn.Module] = nn.Identity):
        super().__init__()
        self.p = nn.ParameterDict({name.replace(".", "/"): nn.Parameter(p.clone()) for name, p in parameters.items()})
        self.layers = sum(name.endswith("W_Q") for name in parameters)
        sites = [f"{site}_{layer}" for layer in range(self.layers) for site in ("resid", *"qkvz", "scores", "pattern")]
        self.points = nn.ModuleDict({site: point() for site in sites})

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        p = {name.replace("/", "."): value for name, value in self.p.items()}
        norm, n = nn.functional.layer_norm, tokens.shape[1]
        future = torch.ones(n, n, dtype=torch.bool).triu(1)
        x = p["W_E"][tokens]
        for layer in range(self.layers):
            block = model.parameters_of(p, layer)
            x = self.points[f"resid_{layer}"](x)
            normed = norm(x, x.shape[-1:], block["ln_w"], block["ln_b"])
            inputs = {"q": normed + block["W_pos"], "k": normed + block["W_pos"], "v": normed}
            q, k, v = (
                self.points[f"{letter}_{layer}"](torch.einsum("btd,hde->bhte", given, block[f"W_{letter.upper()}"]))
                for letter, given in inputs.items()
            )
            scores = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(future, -torch.inf)
            pattern = self.points[f"pattern_{layer}"](self.points[f"scores_{layer}"](scores).softmax(-1))
            z = self.points[f"z_{layer}"](pattern @ v)
            x = x + torch.einsum("bhte,hed->btd", z, block["W_O"])
        return norm(x, x.shape[-1:], p["ln_final_w"], p["ln_final_b"]) @ p["W_U"]


def plain_ms(layers: int, point: Callable[[], nn.Module] = nn.Identity) -> float:
    """One network with PyTorch's AdamW."""
    network = Plain(model.initial(0, layers), point)
    adam = torch.optim.AdamW(network.parameters(), lr=3e-3)
    tokens = REP.block(0, 0).tokens
    places = iter(range(STEPS_A_BLOCK))

    def step() -> None:
        batch = tokens[next(places)]
        adam.zero_grad()
        nn.functional.cross_entropy(network(batch)[:, :-1].flatten(0, 1), batch[:, 1:].flatten()).backward()
        adam.step()

    return milliseconds(step)


def transformer_lens_ms(layers: int) -> float:
    """The same with a TransformerLens `HookPoint` at every site."""
    from transformer_lens.hook_points import HookPoint

    return plain_ms(layers, HookPoint)


def engine_ms(layers: int, runs: int, in_cpp: bool, together: bool = False) -> float:
    """A step and run of a group, drawing its sequences included: one run after the other, or all as one batch."""
    each = [dataclasses.replace(TokenRun(0, REP, layers), init_seed=seed, stream_seed=seed) for seed in range(runs)]
    states = [TOKENS.begin(run) for run in each]
    split = [slice(None)] if together else [slice(i, i + 1) for i in range(runs)]
    parts = [Part(each[some], states[some], "cpu") for some in split]
    for part in parts:
        part.read_block(0)
    places = iter(range(STEPS_A_BLOCK))

    def step() -> None:
        place = next(places)
        for part in parts:
            part.step(place)

    drawing = milliseconds(lambda: REP.block(0, 1), 3, 1) / STEPS_A_BLOCK
    with mock.patch.object(kernels, "in_use", lambda *given: in_cpp):
        return milliseconds(step, 3, 3) / runs + drawing


def table(layers: int) -> dict[str, float]:
    """A row a way of training -> milliseconds a step and run."""
    rows = {
        "matrix products alone": products_ms(layers),
        "one network, eager PyTorch": plain_ms(layers),
        "one network, TransformerLens hook points": transformer_lens_ms(layers),
    }
    for runs in SIZES:
        rows[f"PyTorch, {runs} as one batch"] = engine_ms(layers, runs, in_cpp=False, together=True)
    for runs in SIZES:
        rows[f"PyTorch, {runs} one by one"] = engine_ms(layers, runs, in_cpp=False)
    for runs in SIZES if load() else ():
        rows[f"C++, {runs} one by one"] = engine_ms(layers, runs, in_cpp=True)
    return rows


def noisy_pairs_step(labels: int) -> Callable[[], object]:
    """The gradient of one batch of the five-token task, its sequences drawn before."""
    flat = kernels.Flat([{name: p[0] for name, p in noisy_pairs.initial(0, labels).items()}])
    known, rng = noisy_pairs.Classes(labels, labels), np.random.default_rng(0)
    given = noisy_pairs.drawn(noisy_pairs.BATCH, known, rng)
    features = noisy_pairs.items(rng.standard_normal((labels, noisy_pairs.WIDTH)), given.classes, rng)
    return partial(noisy_pairs.gradient, flat, features, given)


def n_gram_step() -> Callable[[], object]:
    """The gradient of one batch of a layer behind heads of one token and of two."""
    variant = NGramHeads((1, 2))
    flat = kernels.Flat([model.initial(0, 1, variant=variant)])
    tokens = REP.block(0, 0).tokens[:1]
    return partial(kernels.gradient, flat, tokens, torch.ones_like(tokens, dtype=torch.bool), variant)


def beside_pytorch() -> None:
    """Streams that are not read off a table alone: milliseconds of a gradient, in C++ and in PyTorch."""
    steps = {f"five-token task, {labels:,} labels": noisy_pairs_step(labels) for labels in (32, 1024)}
    steps["1 layer behind n-gram heads"] = n_gram_step()
    print(f"\nGradients from a given stream: {'C++':>30} {'PyTorch':>10} {'times':>8}")
    for name, step in steps.items():
        taken = []
        for in_cpp in (load(), False):
            with mock.patch.object(kernels, "in_use", lambda *given, in_cpp=in_cpp: in_cpp):
                taken.append(milliseconds(step))
        print(f"    {name:46} {taken[0]:10.1f} {taken[1]:10.1f} {taken[1] / taken[0]:8.1f}")


def main(settings: Settings) -> None:
    for layers in (1,) if settings.profile == "smoke" else (1, 2, 3):
        with schedule.one_thread():
            rows = table(layers)
        flop = sum(2 * b * m * k * n for b, m, k, n in products(layers))
        print(f"\nToken models, {layers} layers, {flop / 1e9:.2f} GFLOP a step: {'ms':>20} {'of products':>12}")
        for name, taken in rows.items():
            print(f"    {name:52} {taken:8.1f} {taken / rows['matrix products alone']:12.2f}")
    with schedule.one_thread():
        beside_pytorch()
