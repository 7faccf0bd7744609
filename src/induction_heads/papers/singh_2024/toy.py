"""The vector model of figures 5a and 9 (section 4, appendix E): three vectors whose product is to match a product.

`a`, `b` and `c` stand for three subcircuits: the output a ⊗ b ⊗ c is right only if all of them are. Gradient
descent on 0.5 mean((true - a ⊗ b ⊗ c)²) needs no tensor, since everything follows from two kinds of numbers per
factor: its overlap with the true one, v·true, and its squared length. Many seeds are one batch.

Why a product gives a plateau: let k factors be free and each be u times the true one, so that the product is
s = u^k of the true one. Gradient flow then gives

    du/dt = rate u^(k-1) (1 - u^k),   that is   ds/dt = k rate s^(2 - 2/k) (1 - s).

One free factor closes the gap exponentially. Two or three must wait for each other: near s = 0 the speed is
k rate s or 3 rate s^(4/3), and the wait grows as log(1/u) or as 1/u with the initial u.
"""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from .measures import LEARNT, plateau

FACTORS = ("a", "b", "c")
CONDITIONS = {"none": (), "c": ("c",), "b_and_c": ("b", "c")}  # figure 5a: the factors clamped to their true values
TOLERANCE = 1e-9  # against the original implementation, golden/README.md
Numbers = TypeVar("Numbers", float, ndarray)


class Start(NamedTuple):
    """The factors to fit and where they begin; axis 1 is a, b, c."""

    true: Float[ndarray, "seed 3 dimension"]
    initial: Float[ndarray, "seed 3 dimension"]


class History(NamedTuple):
    """Recorded before every update. The two later fields are the progress measures of figure 9."""

    loss: Float[ndarray, "seed iteration"]
    one_minus_cos2_a: Float[ndarray, "seed iteration"]  # how far a is from the direction of the true a, 0 to 1
    loss_with_b_c_true: Float[ndarray, "seed iteration"]  # loss were b and c true, with a or -a, whichever is better


def start(dimension: int, seeds: Sequence[int]) -> Start:
    """Standard normal numbers, first the true factors, then the initial ones.

    A seed's numbers do not depend on the other seeds.
    """
    if dimension < 1 or len(seeds) == 0:
        raise ValueError(f"expected a dimension of at least 1 and at least one seed, got {dimension} and {list(seeds)}")
    drawn = np.stack([np.random.default_rng(seed).standard_normal((2, 3, dimension)) for seed in seeds])
    return Start(drawn[:, 0], drawn[:, 1])


def aligned(dimension: int, shares: Sequence[float]) -> Start:
    """A start for each share u: every factor is u times the true one, whose squared length is the dimension.

    It is the case of the closed form, whose rate then is learning_rate / dimension per iteration.
    """
    true = np.ones((len(shares), 3, dimension))
    return Start(true, true * np.asarray(shares, float)[:, None, None])


def train(begin: Start, clamped: Sequence[str] = (), *, learning_rate: float, iterations: int) -> History:
    """Plain gradient descent; the clamped factors have their true values from the first iteration to the last."""
    if not set(clamped) <= set(FACTORS):
        raise ValueError(f"expected clamped factors among {', '.join(FACTORS)}, got {', '.join(clamped)}")
    free = np.array([name not in clamped for name in FACTORS])[:, None]
    true, factors = begin.true, np.where(free, begin.initial, begin.true)
    records = []
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is reported below
        for _ in range(iterations):
            records.append(_record(factors, true))
            factors = factors - learning_rate * np.where(free, _gradient(factors, true), 0.0)
    if not np.isfinite(records).all():
        raise ValueError(f"expected a learning rate at which the loss stays finite, got {learning_rate}: lower it")
    return History(*np.moveaxis(np.array(records), 0, -1))


def _gradient(factors: ndarray, true: ndarray) -> ndarray:
    """Of the loss: for a it is (|b|²|c|² a - (b·true b)(c·true c) true a) / dimension³, and likewise for the others."""
    lengths, overlaps = (factors**2).sum(-1), (factors * true).sum(-1)  # seed factor
    others = [[1, 2], [0, 2], [0, 1]]
    shrink, grow = lengths[:, others].prod(-1)[..., None], overlaps[:, others].prod(-1)[..., None]
    return (shrink * factors - grow * true) / true.shape[-1] ** 3


def _record(factors: ndarray, true: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """The fields of `History`, from each factor's part along the true one (share²·size) and across it, uncancelled."""
    size = (true**2).sum(-1)  # seed factor
    share = (factors * true).sum(-1) / size
    across = ((factors - share[..., None] * true) ** 2).sum(-1)
    along, length = share**2 * size, (factors**2).sum(-1)
    # |a ⊗ b ⊗ c|² less its part along the true product: what is across in a, else in b, else in c
    astray = across[:, 0] * length[:, 1] * length[:, 2]
    astray = astray + along[:, 0] * (across[:, 1] * length[:, 2] + along[:, 1] * across[:, 2])
    missing = (1 - share.prod(-1)) ** 2 * size.prod(-1)
    a_alone = ((1 - abs(share[:, 0])) ** 2 * size[:, 0] + across[:, 0]) * size[:, 1] * size[:, 2]
    cells = true.shape[-1] ** 3
    return 0.5 * (missing + astray) / cells, across[:, 0] / length[:, 0], 0.5 * a_alone / cells


def zero_loss(true: Float[ndarray, "*seed 3 dimension"]) -> Float[ndarray, "*seed"] | float:
    """The loss of a zero output, where the plateau lies."""
    return 0.5 * (true**2).sum(-1).prod(-1) / true.shape[-1] ** 3


def first_below(loss: Float[ndarray, "*seed iteration"], level: ndarray | float) -> Any:
    """The first iteration at which a loss is below its level, a number a loss; infinite where it never is."""
    below = loss < np.asarray(level)[..., None]
    return np.where(below.any(-1), below.argmax(-1), np.inf)[()]


class Wait(NamedTuple):
    """How a loss falls from that of a zero output: iterations, a number a seed; infinite where it never gets there."""

    left: Float[ndarray, " seed"]  # first below 90 % of it: the wait
    learnt: Float[ndarray, " seed"]  # first below 40 %
    done: Float[ndarray, " seed"]  # first below 10 %
    share: Float[ndarray, " seed"]  # of the learning time that the slowest tenth takes, as for networks

    @property
    def longer_than_fall(self) -> Bool[ndarray, " seed"]:
        """Whether the wait is longer than the fall from 90 % to 10 %: a plateau, where its height is known."""
        return (2 * self.left > self.done) | np.isinf(self.left)


def wait(loss: Float[ndarray, "seed iteration"], zero: Float[ndarray, " seed"]) -> Wait:
    """`zero` is the loss of a zero output; in the measure for networks it stands for ln 2."""
    left, learnt, done = (first_below(loss, share * zero) for share in (0.9, LEARNT, 0.1))
    iterations = np.arange(loss.shape[-1])
    shares = [plateau(iterations, np.log(2) * one / height).share for one, height in zip(loss, zero, strict=True)]
    return Wait(left, learnt, done, np.array(shares))


def speed(s: Numbers, free: int) -> Numbers:
    """ds/dt of the product s, in units of the rate."""
    return free * s ** (2 - 2 / free) * (1 - s)


def time_to_reach(u: Numbers, begin: Numbers | float, free: int) -> Numbers:
    """The integral of du / (u^(k-1) (1 - u^k)) from `begin`, for 1, 2 or 3 free factors: time in units of 1 / rate."""
    return _elapsed(u, free) - _elapsed(begin, free)


def _elapsed(u: Any, free: int) -> Any:
    if free == 1:
        return -np.log1p(-u)
    if free == 2:
        return np.log(u) - np.log1p(-(u**2)) / 2
    if free == 3:
        return -1 / u - np.log1p(-u) / 3 + np.log1p(u + u**2) / 6 - np.arctan((2 * u + 1) / 3**0.5) / 3**0.5
    raise ValueError(f"expected 1, 2 or 3 free factors, got {free}")


def closed_form(time: Numbers, begin: float, free: int) -> Numbers:
    """The loss (1 - u^k)², as a share of `zero_loss`, at `time` in units of 1 / rate, with u = `begin` at first."""
    if not 0 < begin < 1:
        raise ValueError(f"expected an initial share between 0 and 1, got {begin}")
    # time_to_reach grows with u: inverted by interpolation, fine near both ends of u
    u = np.union1d(np.geomspace(begin, 1 - 1e-12, 20_000), 1 - np.geomspace(1 - begin, 1e-12, 20_000))
    return (1 - np.interp(time, time_to_reach(u, begin, free), u) ** free) ** 2


def check(path: str | os.PathLike) -> float:
    """The largest difference from a golden file of the original implementation (tests/networks/golden/toy.npz)."""
    with np.load(path, allow_pickle=False) as golden:
        begin = Start(*(np.stack([golden[f"{kind}/{f}"] for f in FACTORS])[None] for kind in ("true", "init")))
        worst = 0.0
        for condition, clamped in CONDITIONS.items():
            ours = train(begin, clamped, learning_rate=1.0, iterations=golden[f"{condition}/loss"].size)
            worst = max(worst, *(abs(getattr(ours, n)[0] - golden[f"{condition}/{n}"]).max() for n in History._fields))
    return float(worst)
