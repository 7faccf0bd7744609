"""Linear self-attention on regression tasks, and the weights by which it is gradient descent (section 3).

    (x_1, y_1) ... (x_N, y_N) (x_q, 0) -> y_q     x uniform in [-1, 1]^10, y = w·x, w Gaussian and new in each task

A layer: e_j ← e_j + P W_V Σ_i e_i (W_K e_i)ᵀ W_Q e_j, the sum over the context; the answer is minus the query's last
entry. Only the products W_Kᵀ W_Q, here KQ, and P W_V, here PV, matter to the answer.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.machinery.run import Family
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

INPUTS, CONTEXT = 10, 10  # d and N
WIDTH = INPUTS + 1
INITIAL_VARIANCE = 0.002 / WIDTH  # over the number of layers
CLIP, LEARNING_RATE = 1e-3, 1e-3
TEST_TASKS, TEST_SEED = 10_000, 100_003
TUNING_TASKS, TUNING_SEED = 2_000, 100_019
COLUMNS = ("steps", "loss", "test_loss", "gradient_descent", "cosine", "model_difference", "prediction_difference")


class Tasks(NamedTuple):
    """Tokens, the query's last with y = 0, and the answers."""

    tokens: Float[Tensor, "task token width"]
    answer: Float[Tensor, " task"]


class Products(NamedTuple):
    """What of a layer's weights matters to its answer: W_Kᵀ W_Q and P W_V."""

    kq: Float[Tensor, "width width"]
    pv: Float[Tensor, "width width"]


@dataclass(frozen=True)
class LinearAttention(ShortRun):
    """A network of linear self-attention, its layers sharing their weights."""

    layers: int
    batch: int
    test_tasks: int = TEST_TASKS
    evaluate_every: int = 10  # steps

    @property
    def family(self) -> Family:
        return FAMILY


def tasks(n: int, generator: torch.Generator, scale: float = 1.0) -> Tasks:
    """n tasks; inputs are uniform in [-scale, scale]."""
    x = scale * (2 * torch.rand(n, CONTEXT + 1, INPUTS, generator=generator) - 1)
    w = torch.randn(n, INPUTS, 1, generator=generator)
    y = x @ w
    hidden = y.clone()
    hidden[:, -1] = 0
    return Tasks(torch.cat([x, hidden], -1), y[:, -1, 0])


def test_tasks(n: int = TEST_TASKS, scale: float = 1.0) -> Tasks:
    """The same for every network."""
    return tasks(n, torch.Generator().manual_seed(TEST_SEED), scale)


def construction(eta: float, gamma: float = 0.0) -> Products:
    """One step of gradient descent at rate eta; with gamma, GD++, which also transforms the inputs."""
    kq, pv = torch.eye(WIDTH), -gamma * torch.eye(WIDTH)
    kq[-1, -1] = 0
    pv[-1, -1] = -eta / CONTEXT
    return Products(kq, pv)


def stream(
    products: Products, tokens: Float[Tensor, "task token width"], layers: int
) -> Float[Tensor, "task token width"]:
    """Tokens after so many layers of these weights."""
    kq, pv = products
    for _ in range(layers):
        context = tokens[:, :-1]
        tokens = tokens + tokens @ (pv @ (context.transpose(1, 2) @ context) @ kq).transpose(1, 2)
    return tokens


def answers(products: Products, given: Tasks, layers: int = 1) -> Float[Tensor, " task"]:
    return -stream(products, given.tokens, layers)[:, -1, -1]


def mean_square(products: Products, given: Tasks, layers: int = 1) -> Float[Tensor, ""]:
    """The mean square error."""
    return (answers(products, given, layers) - given.answer).square().mean()


def sensitivity(products: Products, given: Tasks) -> Float[Tensor, "task input"]:
    """The derivative of one layer's answer by the query's inputs: the linear model that it has fitted."""
    context = given.tokens[:, :-1]
    moments = context.transpose(1, 2) @ context
    return -(products.pv[-1] @ moments @ products.kq[:, :-1])


def best_rate(inputs: int = INPUTS, context: int = CONTEXT) -> float:
    """The rate at which one step from zero has the lowest expected error, for inputs uniform in [-1, 1]."""
    second, fourth = 1 / 3, 1 / 5
    return second * context / ((context + inputs - 2) * second**2 + fourth)


def best_error(inputs: int = INPUTS, context: int = CONTEXT) -> float:
    """The expected mean square error of that step."""
    second = 1 / 3
    return inputs * second * (1 - second * best_rate(inputs, context))


def rescaled(products: Products) -> Products:
    """The same answers, with the mean of KQ's diagonal of the inputs made one."""
    beta = products.kq.diagonal()[:-1].mean()
    return Products(products.kq / beta, products.pv * beta)


def products_of(weights: dict[str, Tensor]) -> Products:
    return Products(weights["W_K"].T @ weights["W_Q"], weights["P"] @ weights["W_V"])


def compared(products: Products, given: Tasks) -> tuple[float, float, float]:
    """One layer beside the best step of descent: cosine of the fitted models, their distance, the answers' distance."""
    descent = construction(best_rate())
    ours, theirs = sensitivity(products, given), sensitivity(descent, given)
    cosine = torch.cosine_similarity(ours, theirs, dim=-1).mean()
    apart = (ours - theirs).norm(dim=-1).mean()
    answered = (answers(products, given) - answers(descent, given)).abs().mean()
    return cosine.item(), apart.item(), answered.item()


def make(run: LinearAttention, progress: Progress) -> Made:
    """Adam on fresh tasks, the gradient's norm clipped."""
    generator = torch.Generator().manual_seed(run.seed)
    size = (INITIAL_VARIANCE / run.layers) ** 0.5
    weights = {
        name: (size * torch.randn(WIDTH, WIDTH, generator=generator)).requires_grad_()
        for name in ("W_K", "W_Q", "W_V", "P")
    }
    optimiser = torch.optim.Adam(weights.values(), lr=LEARNING_RATE, fused=True)
    test = test_tasks(run.test_tasks)
    descent = mean_square(construction(best_rate()), test).item()
    history = []
    for step in range(run.steps + 1):
        loss = mean_square(products_of(weights), tasks(run.batch, generator), run.layers)
        if step % run.evaluate_every == 0 or step == run.steps:
            with torch.no_grad():
                products = products_of(weights)
                error = mean_square(products, test, run.layers).item()
                beside = compared(products, test) if run.layers == 1 else (float("nan"),) * 3
            history.append([step, loss.item(), error, descent, *beside])
        if step < run.steps:
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
            optimiser.step()
            progress(1, loss.item())
    return Made(history, {name: weight.detach() for name, weight in weights.items()})


FAMILY = ShortFamily("von oswald 2022", COLUMNS, make, lambda run: 0.006)


class Tuned(NamedTuple):
    """Two steps of descent at the best rate of a grid, and of GD++ at the best rates."""

    eta: float
    descent: float  # mean square error on the test tasks
    eta_plus: float
    gamma: float
    plus: float


RATES = [round(0.8 + 0.1 * i, 1) for i in range(13)]
RATES_PLUS = [1.5 + 0.25 * i for i in range(11)]
GAMMAS = [0.01 * i for i in range(9)]


def tuned(n: int = TEST_TASKS) -> Tuned:
    """Rates are chosen on other tasks than the errors are measured on."""
    chosen = tasks(TUNING_TASKS, torch.Generator().manual_seed(TUNING_SEED))
    test = test_tasks(n)

    def error(rates: tuple[float, float]) -> float:
        return mean_square(construction(*rates), chosen, layers=2).item()

    plain = min(((eta, 0.0) for eta in RATES), key=error)
    plus = min(((eta, gamma) for eta in RATES_PLUS for gamma in GAMMAS), key=error)
    errors = [mean_square(construction(*rates), test, layers=2).item() for rates in (plain, plus)]
    return Tuned(plain[0], errors[0], *plus, errors[1])
