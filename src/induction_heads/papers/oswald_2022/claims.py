"""What the paper states, and what is measured for it."""

from typing import Any

import torch

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.short import Claim, rows_of
from induction_heads.machinery.store import Trained
from induction_heads.machinery.study import Study

from . import network
from .network import Products, construction, mean_square
from .runs import TWO_LAYER_SEEDS, one_layer, two_layers

SCALES = (0.5, 1.5, 2.0)  # of inputs, those of training being 1


def one(study: Study, seed: int) -> Trained:
    return rows_of(study, one_layer, seed)["one layer"]


def two(study: Study, seed: int) -> Trained:
    return rows_of(study, two_layers, seed)["two layers"]


def same_model(study: Study, seed: int) -> Measured:
    last = one(study, seed).history.iloc[-1]
    return {"cosine": last.cosine, "model difference": last.model_difference}


def is_the_same_model(n: Numbers) -> bool:
    return n["cosine"] >= 0.995 and n["model difference"] <= 0.2


def same_loss(study: Study, seed: int) -> Measured:
    last = one(study, seed).history.iloc[-1]
    return {"trained": last.test_loss, "gradient descent": last.gradient_descent}


def within(share: float, ours: float | int, theirs: float | int) -> bool:
    return abs(ours / theirs - 1) <= share


def is_the_same_loss(n: Numbers) -> bool:
    return within(0.02, n["trained"], n["gradient descent"])


def same_weights(study: Study, seed: int) -> Measured:
    found = network.rescaled(network.products_of(one(study, seed).final))
    used = found.kq[:, :-1]  # the query's y is 0, so that the last column is never used
    off = used - torch.eye(network.WIDTH)[:, :-1] * used
    return {
        "largest off the diagonal": off.abs().max().item(),
        "N (PV)_yy": network.CONTEXT * found.pv[-1, -1].item(),
        "minus the best rate": -network.best_rate(),
    }


def are_the_same_weights(n: Numbers) -> bool:
    return n["largest off the diagonal"] <= 0.1 and within(0.05, n["N (PV)_yy"], n["minus the best rate"])


def errors_at(products: Products, scales: tuple[float, ...], n: int) -> list[tuple[float, float]]:
    """Mean square errors of these weights and of the best step, by the scale of the inputs."""
    descent, found = construction(network.best_rate()), []
    for scale in scales:
        given = network.test_tasks(n, scale)
        found.append((mean_square(products, given).item(), mean_square(descent, given).item()))
    return found


def off_distribution(study: Study, seed: int) -> Measured:
    trained = one(study, seed)
    found = errors_at(network.products_of(trained.final), SCALES, trained.run.test_tasks)
    return {f"trained / descent at scale {scale:g}": a / b for scale, (a, b) in zip(SCALES, found, strict=True)}


def is_descent_elsewhere(n: Numbers) -> bool:
    return all(within(0.05, ratio, 1) for ratio in n.values())


def interpolated(products: Products) -> Products:
    """Half way between these weights, rescaled, and the construction."""
    ours, theirs = network.rescaled(products), construction(network.best_rate())
    return Products((ours.kq + theirs.kq) / 2, (ours.pv + theirs.pv) / 2)


def interpolation(study: Study, seed: int) -> Measured:
    trained = one(study, seed)
    ((ours, theirs),) = errors_at(interpolated(network.products_of(trained.final)), (1.0,), trained.run.test_tasks)
    return {"half way": ours, "gradient descent": theirs}


def is_as_good_half_way(n: Numbers) -> bool:
    return within(0.02, n["half way"], n["gradient descent"])


def _tuned(n: int) -> dict[str, Any]:
    return network.tuned(n)._asdict()


def tuned(study: Study) -> network.Tuned:
    """Two steps of descent and of GD++ at their best rates; kept."""
    n = two(study, study.settings.seeds[0]).run.test_tasks
    return network.Tuned(**remembered(["von oswald 2022 tuned", n], _tuned, n))


def two_steps(study: Study, seed: int) -> Measured:
    best = tuned(study)
    return {
        "trained": two(study, seed).history.test_loss.iloc[-1],
        "two steps of descent": best.descent,
        "two steps of GD++": best.plus,
    }


def is_gd_plus_plus(n: Numbers) -> bool:
    beats = n["trained"] <= 0.95 * n["two steps of descent"]
    return beats and within(0.1, n["trained"], n["two steps of GD++"])


CLAIMS = (
    Claim(
        "1",
        "A trained layer of linear self-attention has fitted the same linear model as one step of gradient descent.",
        "figure 2",
        "cosine and distance of the two models, means over test tasks",
        "cosine at least 0.995, distance at most 0.2",
        "the distance is a tenth of what it is before training",
        is_the_same_model,
        same_model,
        rows=one_layer,
    ),
    Claim(
        "2",
        "Its loss is that of the step.",
        "figure 1",
        "mean square errors on the same tasks",
        "within 2 %",
        "what is left of training noise; the two are said to be identical",
        is_the_same_loss,
        same_loss,
        rows=one_layer,
    ),
    Claim(
        "3",
        "Its weights are those of the construction.",
        "figure 3",
        "products of weights, rescaled so that KQ has ones on the diagonal of the inputs",
        "KQ is at most 0.1 off the diagonal; N (PV)_yy is within 5 % of minus the best rate",
        "the paper shows a match to the eye",
        are_the_same_weights,
        same_weights,
        rows=one_layer,
    ),
    Claim(
        "4",
        "It does as the step does on inputs of other sizes, too.",
        "figure 4",
        "mean square errors on inputs of 0.5, 1.5 and 2 times the size, over those of the step",
        "within 5 % of one",
        "a network that had learnt the training distribution alone would be off by far more",
        is_descent_elsewhere,
        off_distribution,
        rows=one_layer,
    ),
    Claim(
        "5",
        "Half way between the trained weights and the construction the loss is the same.",
        "figure 3",
        "mean square error of the mean of the products",
        "within 2 % of the step's",
        "as for the trained weights",
        is_as_good_half_way,
        interpolation,
        rows=one_layer,
    ),
    Claim(
        "6",
        "Two layers that share their weights beat two steps of descent, and do as GD++, which also transforms the "
        "inputs.",
        "figure 5",
        "mean square errors on the same tasks, the rates of both chosen on others",
        "at most 0.95 times two steps of descent, within 10 % of two steps of GD++",
        "GD++ is a quarter below descent: the two ends of the gap are told apart",
        is_gd_plus_plus,
        two_steps,
        rows=two_layers,
        most=TWO_LAYER_SEEDS,
    ),
)
