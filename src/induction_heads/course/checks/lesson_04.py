"""Lesson 4, the network in plain PyTorch: its forward pass and its training (sections 2.2 and 3, appendix A)."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional as F

from induction_heads.data import Dataset
from induction_heads.networks import kernels, model, sequences
from induction_heads.networks.model import Parameters, Sequences

from ..checking import Exercise, Quiz, Wrong
from . import small_network
from .one_head import normal
from .small_network import D_HEAD, D_MODEL, HEADS, LABELS


def rotate(x: Tensor) -> Tensor:
    """`turned` of lesson 2 for any number of heads and sequences at once: `... token d_head`."""
    flat = x.flatten(0, -3)
    return kernels.rotate(flat[None, :, :, :, None].transpose(2, 3))[0, :, :, :, 0].mT.view(x.shape)


def evaluation(data: Dataset, n: int = 500) -> Sequences:
    """Sequences that are not used for training's steps, without a run axis."""
    task = sequences.Task()
    drawn = sequences.evaluation_set("train", task, sequences.Exemplars.of(data, task), 1, n)
    return Sequences(*(each[0] for each in drawn))


# --- embed ---


def _to_embed(rng: Generator) -> tuple[Parameters, Tensor, Tensor, Tensor]:
    return small_network.parameters(rng), small_network.features(rng), *small_network.batch(rng)


def _items(parameters: Parameters, features: Tensor) -> Tensor:
    return model.embed({n: p[None] for n, p in parameters.items()}, features[None])[0]


def _embed(parameters: Parameters, features: Tensor, exemplar: Tensor, label: Tensor) -> Tensor:
    tokens = Sequences(exemplar[None], label[None], label[None, :, 0]).tokens(len(features))[0].T
    return _items(parameters, features)[tokens]


def _no_bias(parameters: Parameters, *given: Tensor) -> Tensor:
    return _embed(parameters | {"b_exemplar": torch.zeros(D_MODEL)}, *given)


def _in_order(order: list[int]) -> Callable[..., Tensor]:
    return lambda *given: _embed(*given)[:, order]


embed = Exercise(
    "embed",
    "from here on a network knows nothing of a picture or a label but these numbers.",
    _embed,
    (
        Wrong(_no_bias, "b_exemplar is missing: it is added to every picture's embedding."),
        Wrong(_in_order([0, 2, 4, 1, 3]), "pictures first, labels after; they alternate: x1 l1 x2 l2 xq."),
        Wrong(_in_order([1, 0, 3, 2, 4]), "labels stand before their pictures; a label stands after its picture."),
        Wrong(_in_order([0, 3, 2, 1, 4]), "the two labels have changed places."),
    ),
    _to_embed,
    cases=2,
)


# --- layer_norm ---


def _to_norm(rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    return 2 + 3 * normal(rng, 5, 3, D_MODEL), normal(rng, D_MODEL), normal(rng, D_MODEL)


def _layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weight, bias)


def _by(axis: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def normed(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return (x - x.mean(axis, keepdim=True)) / x.std(axis, keepdim=True, correction=0) * weight + bias

    return normed


def _variance(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / x.var(-1, keepdim=True, correction=0) * weight + bias


layer_norm = Exercise(
    "layer_norm",
    "every token is read at the same size, however much has been added to its stream.",
    _layer_norm,
    (
        Wrong(_by(1), "mean and deviation run over tokens; each token has its own, over its d_model numbers."),
        Wrong(_by(0), "mean and deviation run over the batch; each token has its own, over its d_model numbers."),
        Wrong(_variance, "you divide by the variance; divide by its root."),
        Wrong(
            lambda x, w, b: F.rms_norm(x, x.shape[-1:], w, 1e-5) + b, "the mean is not taken away (that is RMSNorm)."
        ),
        Wrong(
            lambda x, w, b: (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True) * w + b,
            "`std` and `var` divide by n - 1 unless told otherwise: give them correction=0.",
        ),
        Wrong(lambda x, w, b: _layer_norm(x, w, b) - b, "the bias is missing."),
    ),
    _to_norm,
    atol=1e-3,
)


# --- attention: all heads of a layer, on a batch ---


def _to_attend(rng: Generator) -> tuple[Tensor, ...]:
    each = [0.6 * normal(rng, HEADS, D_MODEL, D_HEAD) for _ in range(3)]
    return normal(rng, 6, 5, D_MODEL), *each, 0.6 * normal(rng, HEADS, D_HEAD, D_MODEL)


def _attention(
    x: Tensor,
    W_Q: Tensor,
    W_K: Tensor,
    W_V: Tensor,
    W_O: Tensor,
    divisor: float = D_HEAD**0.5,
    over: int = -1,
    hidden: bool = True,
    turn: Callable[[Tensor], Tensor] = rotate,
) -> Tensor:
    q, k, v = (torch.einsum("btm,hmd->bhtd", x, W) for W in (W_Q, W_K, W_V))
    scores = turn(q) @ turn(k).mT / divisor
    if hidden:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1).bool(), -1e9)
    return torch.einsum("bhtd,hdm->btm", scores.softmax(over) @ v, W_O)


attention = Exercise(
    "attention",
    "heads of a layer work side by side, each adds its own part to the stream: lesson 6 takes them apart again.",
    _attention,
    (
        Wrong(partial(_attention, over=-2), "the softmax runs over queries; a query's weights sum to one."),
        Wrong(partial(_attention, over=1), "the softmax runs over heads; it runs over keys."),
        Wrong(partial(_attention, hidden=False), "tokens see what comes later: the mask is missing."),
        Wrong(partial(_attention, turn=lambda x: x), "positions are missing: rotate queries and keys."),
        Wrong(partial(_attention, divisor=D_MODEL**0.5), "you divide by the root of d_model; each head has d_head."),
        Wrong(partial(_attention, divisor=1.0), "scores are not divided by the root of d_head."),
        Wrong(lambda *a: _attention(*a) / HEADS, "you take the mean over heads; their outputs are added."),
    ),
    _to_attend,
    cases=2,
)


# --- forward: from a batch to logits ---


def _forward(parameters: Parameters, features: Tensor, exemplar: Tensor, label: Tensor) -> Tensor:
    which = Sequences(exemplar[None], label[None], label[None, :, 0])
    return model.forward({n: p[None] for n, p in parameters.items()}, features[None], which)["logits"][0]


def _assembled(
    parameters: Parameters,
    *given: Tensor,
    added: bool = True,
    in_turn: bool = True,
    normed: bool = True,
    normed_last: bool = True,
    token: int = -1,
) -> Tensor:
    stream = read = _embed(parameters, *given)
    for layer in (0, 1):
        p = model.parameters_of(parameters, layer)
        x = _layer_norm(read, p["ln_w"], p["ln_b"]) if normed else read
        written = _attention(x, p["W_Q"], p["W_K"], p["W_V"], p["W_O"])
        stream = stream + written if added else written
        read = stream if in_turn else read
    last = stream[:, token]
    last = _layer_norm(last, parameters["ln_final_w"], parameters["ln_final_b"]) if normed_last else last
    return last @ parameters["W_U"] + parameters["b_U"]


forward = Exercise(
    "forward",
    "this is the whole network of the paper, two layers of attention and nothing else.",
    _forward,
    (
        Wrong(lambda *a: _assembled(*a, added=False), "a layer replaces the stream; what it writes is added to it."),
        Wrong(lambda *a: _assembled(*a, in_turn=False), "Layer 2 reads the embeddings; it reads what Layer 1 left."),
        Wrong(lambda *a: _assembled(*a, normed=False), "layers read the stream itself; they read its LayerNorm."),
        Wrong(lambda *a: _assembled(*a, normed_last=False), "the last LayerNorm, before W_U, is missing."),
        Wrong(lambda *a: _assembled(*a, token=0), "you read the answer at the first token; the query is the last."),
        Wrong(lambda *a: _assembled(*a, token=-2), "you read the answer at the last label; the query comes after it."),
        Wrong(lambda *a: _assembled(*a) - a[0]["b_U"], "b_U is missing."),
    ),
    _to_embed,
    atol=1e-4,
    cases=2,
)


# --- loss ---


def _to_judge(rng: Generator) -> tuple[Tensor, Tensor]:
    return 2 * normal(rng, 8, LABELS), torch.from_numpy(rng.integers(LABELS, size=8))


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    return model.loss(logits[None], target[None]).mean()


loss = Exercise(
    "loss",
    "ln 5 for who knows nothing, ln 2 for who knows the two labels in the context: lesson 1 on the axis of a plot.",
    _loss,
    (
        Wrong(lambda x, t: F.cross_entropy(x.softmax(-1), t), "softmax is taken twice: cross_entropy takes logits."),
        Wrong(lambda x, t: F.cross_entropy(x, t, reduction="sum"), "that is the sum over the batch; take the mean."),
        Wrong(lambda x, t: -_loss(x, t), "the sign is turned round: logarithms of probabilities are negative."),
        Wrong(
            lambda x, t: -x.softmax(-1)[torch.arange(len(t)), t].mean().log(),
            "you take the logarithm of the mean; take the mean of the logarithms.",
        ),
        Wrong(lambda x, t: -x[torch.arange(len(t)), t].mean(), "that is the logit; take its log_softmax."),
        Wrong(lambda x, t: _loss(x, t) / math.log(2), "that is in bits; nats have the natural logarithm."),
    ),
    _to_judge,
)


# --- step: gradients, and a step of the optimiser ---

Step = Callable[[torch.optim.Optimizer, Callable[[], Tensor]], float]


def _step(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    optimiser.zero_grad()
    found = loss_now()
    found.backward()
    optimiser.step()
    return found.item()


def _adding_up(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    found = loss_now()
    found.backward()
    optimiser.step()
    return found.item()


def _late_zero(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    found = loss_now()
    found.backward()
    optimiser.zero_grad()
    optimiser.step()
    return found.item()


def _a_step_late(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    found = loss_now()
    optimiser.step()
    optimiser.zero_grad()
    found.backward()
    return found.item()


def _upwards(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    return -_step(optimiser, lambda: -loss_now())


def _loss_after(optimiser: torch.optim.Optimizer, loss_now: Callable[[], Tensor]) -> float:
    _step(optimiser, loss_now)
    return loss_now().item()


def _line(rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    return normal(rng, 9, 3), normal(rng, 9), normal(rng, 3)


def _four_steps(answer: Step, x: Tensor, y: Tensor, begin: Tensor) -> dict[str, Any]:
    """What four steps of plain gradient descent do to the slope of a line."""
    slope = begin.clone().requires_grad_()
    optimiser = torch.optim.SGD([slope], lr=0.05)
    losses = [answer(optimiser, lambda: (x @ slope - y).square().mean()) for _ in range(4)]
    return {"weights after 4 steps": slope.detach(), "losses returned": losses}


step = Exercise(
    "step",
    "four lines, the same for a line through nine points and for the largest language model.",
    _step,
    (
        Wrong(_adding_up, "gradients add up from step to step: call zero_grad() before backward()."),
        Wrong(_late_zero, "nothing moves: zero_grad() stands between backward() and step()."),
        Wrong(_a_step_late, "step() uses the gradient of the step before: call backward() first."),
        Wrong(_upwards, "the loss is climbed instead of descended: a sign is wrong."),
        Wrong(_loss_after, "you return the loss after the step; return the one that the gradient was taken of."),
    ),
    _line,
    measure=_four_steps,
    cases=2,
)


quiz_04 = Quiz(
    "quiz_04",
    "you have built and trained the network that the other lessons open.",
    {"1": "b", "2": "a", "3": "c"},
    {
        "1": {
            "a": "that is what it costs to know nothing at all.",
            "c": "who knows which picture matches knows the answer, and the loss would be near 0.",
        },
        "2": {
            "b": "a sum takes as much room as what would replace it; think of what Layer 2 could no longer read.",
            "c": "LayerNorm is what keeps sizes alike; the sum is about what can be read.",
        },
        "3": {
            "a": "with a gradient of exactly zero nothing would ever move; it is small, and that is another thing.",
            "b": "the learning rate sets the pace and is the same all along; think of what is in the weights.",
        },
    },
)
