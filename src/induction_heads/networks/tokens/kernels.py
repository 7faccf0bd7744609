"""Losses of token models, their gradients and the patterns of their heads, for many networks at once.

On a CPU without clamps they come from C++ (`networks/cpp/tokens.h`), one network after the other; everywhere else from
PyTorch's operators, as `model` writes them. What a variant puts before the first layer is PyTorch's in both.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .. import kernels
from ..clamps import NO_CLAMPS, Clamps
from ..model import Parameters, n_layers
from . import model
from .generators import BATCH
from .variants import PLAIN, Variant, every_mix

AROUND = ("W_E", "W_U", "ln_final_w", "ln_final_b")  # in the order of cpp/tokens.h
BLOCK = ("ln_w", "ln_b", "W_pos", "W_Q", "W_K", "W_V", "W_O")


class Flat:
    """Parameters of several runs in one tensor `run number`, and each as a view into it under its name."""

    def __init__(self, each: Sequence[Parameters], device: str = "cpu"):
        # By name, in whatever order they come: averages of an optimiser lie as the parameters did.
        self.shapes = {name: each[0][name].shape for name in sorted(each[0])}
        rows = [torch.cat([p[name].flatten() for name in self.shapes]) for p in each]
        self.numbers: Float[Tensor, "run number"] = torch.stack(rows).to(device)

    def views(self, numbers: Float[Tensor, "run number"] | None = None) -> Parameters:
        """The parameters, or other numbers that lie as they do, by name; run axis first."""
        numbers = self.numbers if numbers is None else numbers
        parts = numbers.split([shape.numel() for shape in self.shapes.values()], 1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def of(self, run: int) -> Parameters:
        """A copy of one run's, without run axis, on the CPU."""
        return {name: p[0].cpu().clone() for name, p in self.views(self.numbers[run : run + 1]).items()}

    @cached_property
    def in_cpp(self) -> list[str]:
        """The parameters that C++ reads, in the order of cpp/tokens.h."""
        return [*AROUND, *(f"blocks.{layer}.{name}" for layer in range(n_layers(self.views())) for name in BLOCK)]

    @cached_property
    def layout(self) -> tuple[list[int], list[int]]:
        """Where each parameter begins in a row, in the order of cpp/tokens.h; and the sizes that it is told."""
        begins, at = {}, 0
        for name, shape in self.shapes.items():
            begins[name] = at
            at += shape.numel()
        layers = n_layers(self.views())
        vocabulary, d_model = self.shapes["W_E"]
        heads, _, d_head = self.shapes["blocks.0.W_Q"]
        sizes = [layers, vocabulary, self.shapes["blocks.0.W_pos"][0], d_model, heads, d_head]
        return [begins[name] for name in self.in_cpp], sizes


def in_use(flat: Flat, clamps: Clamps) -> bool:
    """Whether C++ computes these networks."""
    return flat.numbers.device.type == "cpu" and not clamps.parts and kernels.load(flat.numbers.dtype)


class Beside(NamedTuple):
    """What a variant says of a batch, as C++ is given it; empty where it says nothing."""

    mixes: Float[Tensor, "run layer 3 2 head"]
    begins: Float[Tensor, "run batch token d_model"]  # the stream that the first layer reads

    @classmethod
    def of(cls, variant: Variant, parameters: Parameters, tokens: Tensor) -> "Beside":
        nothing = parameters["W_E"].new_empty(0)
        mixes = every_mix(variant, parameters)
        begins = model.stream_before(parameters, tokens, variant) if variant.stands_before else nothing
        return cls(nothing if mixes is None else mixes, begins)


Found = tuple[Float[Tensor, "run batch token"], Float[Tensor, "run batch head query key"] | None]


@torch.no_grad()
def losses(
    flat: Flat,
    tokens: Int[Tensor, "#run batch token"],
    variant: Variant = PLAIN,
    clamps: Clamps = NO_CLAMPS,
    patterns: bool = False,
) -> Found:
    """`model.token_losses`; and the patterns of all heads, layer after layer, where they are asked for."""
    how = _losses_in_cpp if in_use(flat, clamps) else _losses_in_pytorch
    return how(flat, tokens, variant, clamps, patterns)


def _losses_in_cpp(flat: Flat, tokens: Tensor, variant: Variant, clamps: Clamps, patterns: bool) -> Found:
    offsets, sizes = flat.layout
    layers, *_, heads, _ = sizes
    _, batch, n = tokens.shape
    pattern = flat.numbers.new_empty((len(flat.numbers), batch, layers * heads, n, n) if patterns else (0,))
    mixes, begins = Beside.of(variant, flat.views(), tokens)
    given = (flat.numbers, offsets, sizes, mixes, variant.first_is_its_own, tokens, begins)
    found = kernels.operators(flat.numbers.dtype).token_losses(*given, pattern)
    return found, pattern if patterns else None


def _losses_in_pytorch(flat: Flat, tokens: Tensor, variant: Variant, clamps: Clamps, patterns: bool) -> Found:
    found = []
    for part in tokens.split(BATCH, 1):
        sites = model.clamped(flat.views(), part, clamps, variant)
        every = [site for name, site in sites.items() if name.endswith("hook_pattern")] if patterns else []
        found.append((model.token_losses(sites["logits"], part), torch.cat(every, 2) if patterns else None))
    each, pattern = zip(*found, strict=True)
    return torch.cat(each, 1), torch.cat(pattern, 1) if patterns else None


def gradient(
    flat: Flat,
    tokens: Int[Tensor, "#run batch token"],
    counted: Bool[Tensor, "#run batch token"],
    variant: Variant = PLAIN,
    clamps: Clamps = NO_CLAMPS,
) -> tuple[Float[Tensor, " run"], Float[Tensor, "run number"]]:
    """The mean loss of each run over the targets that count, and its gradient, as the parameters lie."""
    if in_use(flat, clamps):
        return _gradient_in_cpp(flat, tokens, counted, variant)
    leaves = {name: p.detach().requires_grad_() for name, p in flat.views().items()}
    each = model.token_losses(model.clamped(leaves, tokens, clamps, variant)["logits"], tokens)
    loss = model.mean_loss(each, counted)
    found = torch.autograd.grad(loss.sum(), list(leaves.values()), materialize_grads=True)
    return loss.detach(), torch.cat([part.flatten(1) for part in found], 1)


def _gradient_in_cpp(flat: Flat, tokens: Tensor, counted: Tensor, variant: Variant) -> tuple[Tensor, Tensor]:
    found = torch.zeros_like(flat.numbers)
    parameters, to_parameters = flat.views(), flat.views(found)
    leaves = {name: parameters[name].detach().requires_grad_() for name in _read_beside(flat, variant)}
    beside = Beside.of(variant, parameters | leaves, tokens)
    mixes, begins = (part.detach().contiguous() for part in beside)
    to_beside = Beside(torch.zeros_like(mixes), torch.zeros_like(begins))
    given = (flat.numbers, *flat.layout, mixes, variant.first_is_its_own, tokens, begins)
    loss = kernels.operators(flat.numbers.dtype).token_gradient(*given, counted, found, *to_beside)
    learns = [i for i, part in enumerate(beside) if part.requires_grad]
    if learns:
        outputs, to_outputs = [beside[i] for i in learns], [to_beside[i] for i in learns]
        through = torch.autograd.grad(outputs, list(leaves.values()), to_outputs, materialize_grads=True)
        for name, to_leaf in zip(leaves, through, strict=True):
            to_parameters[name].copy_(to_leaf)
    return loss, found


def _read_beside(flat: Flat, variant: Variant) -> list[str]:
    """The parameters that C++ does not read: those of the variant; and of the table, where the variant reads it."""
    return [name for name in flat.shapes if name not in flat.in_cpp or (name == "W_E" and variant.stands_before)]
