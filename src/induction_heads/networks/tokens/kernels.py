"""A step of token models on a CPU in C++ (`networks/cpp/tokens.h`): losses and their gradient, for every variant.

Everywhere else, and under clamps, training uses PyTorch's operators as `model` writes them.
"""

from collections.abc import Sequence
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .. import kernels
from ..kernels import load
from ..model import Parameters, n_layers
from .variants import Variant, every_mix

__all__ = ["Flat", "gradient", "load", "losses"]

AROUND = ("W_E", "W_U", "ln_final_w", "ln_final_b")  # in the order of cpp/tokens.h
BLOCK = ("ln_w", "ln_b", "W_pos", "W_Q", "W_K", "W_V", "W_O")


class Flat:
    """Parameters of several runs in one tensor `run number`, and each as a view into it under its name."""

    def __init__(self, each: Sequence[Parameters], device: str = "cpu"):
        self.shapes = {name: p.shape for name, p in each[0].items()}
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
    def layout(self) -> tuple[list[int], list[int]]:
        """Where each parameter begins in a row, in the order of cpp/tokens.h; and the sizes that it is told."""
        begins, at = {}, 0
        for name, shape in self.shapes.items():
            begins[name] = at
            at += shape.numel()
        layers = n_layers(self.views())
        names = [*AROUND, *(f"blocks.{layer}.{name}" for layer in range(layers) for name in BLOCK)]
        vocabulary, d_model = self.shapes["W_E"]
        heads, _, d_head = self.shapes["blocks.0.W_Q"]
        sizes = [layers, vocabulary, self.shapes["blocks.0.W_pos"][0], d_model, heads, d_head]
        return [begins[name] for name in names], sizes


@torch.no_grad()
def losses(
    flat: Flat, tokens: Int[Tensor, "#run batch token"], variant: Variant, patterns: bool = False
) -> tuple[Float[Tensor, "run batch token"], Float[Tensor, "run batch head query key"] | None]:
    """`model.token_losses`, and the patterns of all heads of all layers where they are asked for. Needs `load`."""
    runs, (_, batch, n) = len(flat.numbers), tokens.shape
    offsets, sizes = flat.layout
    shape = (runs, batch, sizes[0] * sizes[4], n, n) if patterns else (0,)
    pattern = flat.numbers.new_empty(shape)
    mixes = every_mix(variant, flat.views())
    mixes = flat.numbers.new_empty(0) if mixes is None else mixes
    arguments = (flat.numbers, offsets, sizes, mixes, variant.first_is_its_own, tokens, pattern)
    found = kernels.operators(flat.numbers.dtype).token_losses(*arguments)
    return found, pattern if patterns else None


def gradient(
    flat: Flat, tokens: Int[Tensor, "#run batch token"], counted: Bool[Tensor, "#run batch token"], variant: Variant
) -> tuple[Float[Tensor, " run"], Float[Tensor, "run number"]]:
    """The mean loss of each run over the targets that count, and its gradient, as the parameters lie. Needs `load`."""
    found = torch.zeros_like(flat.numbers)
    parameters, to_parameters = flat.views(), flat.views(found)
    trained = {name for name in parameters if name.split(".")[-1] not in (*AROUND, *BLOCK)}  # numbers of the variant
    leaves = {name: parameters[name].detach().requires_grad_() for name in trained}
    mixes = every_mix(variant, parameters | leaves)
    given = flat.numbers.new_empty(0) if mixes is None else mixes.detach().contiguous()
    to_mixes = torch.zeros_like(given)
    arguments = (flat.numbers, *flat.layout, given, variant.first_is_its_own, tokens, counted, found, to_mixes)
    loss = kernels.operators(flat.numbers.dtype).token_gradient(*arguments)
    if leaves:
        through = torch.autograd.grad(mixes, list(leaves.values()), to_mixes)
        for name, to_leaf in zip(leaves, through, strict=True):
            to_parameters[name].copy_(to_leaf)
    return loss, found
