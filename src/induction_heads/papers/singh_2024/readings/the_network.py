"""Readings of one pass of one network, of a clamp in it, and of the gradients under that clamp."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import number, prediction

from ..wiring import PREVIOUS_TOKEN

TOLERANCE = 1e-6  # between the pass of the notebook and the package's


def reading_same(differences: Mapping[str, float], of_what: str) -> list[str]:
    """Whether everything that was computed twice came out the same; `differences` has the largest of each."""
    worst = max(differences, key=lambda name: differences[name])
    same = differences[worst] <= TOLERANCE
    told = f"the largest difference in {len(differences)} {of_what} is {differences[worst]:.1e}, at `{worst}`"
    return [prediction(same, f"{told}, and {TOLERANCE:.0e} was allowed")]


def reading_patterns(previous: Float[ndarray, " head"], correct: Float[ndarray, " head"]) -> list[str]:
    """Who attends to the previous token in Layer 1, and who finds the match in Layer 2.

    `previous` is the weight of the labels on the token before, mean; `correct` the query's on the correct label.
    """
    found, finds = (np.flatnonzero(weights > PREVIOUS_TOKEN) for weights in (previous, correct))
    numbers = f"{_heads(1, previous, found)}, and {_heads(2, correct, finds)}"
    sentences = [prediction(bool(len(found) and len(finds)), numbers)]
    if len(finds) > 1:
        sentences.append(f"{len(finds)} heads of Layer 2 do the same thing: the circuit is there more than once.")
    return sentences


def reading_by_hand(by_hand: Float[ndarray, " key"], computed: Float[ndarray, " key"], correct: int) -> list[str]:
    """Whether two decimals are enough to find the pattern of a row; `correct` is the correct label token."""
    off = float(np.abs(by_hand - computed).max())
    largest = int(by_hand.argmax())
    numbers = f"from two decimals the weights are off by {off:.3f} at most, where 0.05 was allowed"
    place = "the correct label token" if largest == correct else f"token {largest}, which is not the correct label"
    return [prediction(off <= 0.05, numbers), f"Most weight, {by_hand[largest]:.2f}, is on {place}."]


def reading_clamp(loss: float, clamped: float) -> list[str]:
    """Whether the sequence costs less under the match clamp; losses in nats."""
    sentences = [
        prediction(clamped < loss, f"the loss of this sequence goes from {number(loss)} to {number(clamped)} nats")
    ]
    if clamped >= loss:
        sentences.append("The other heads were trained to work beside this one as it was, and not as it is now.")
    return sentences


def reading_gradients(norms: Mapping[str, Float[ndarray, " weight"]], head: str) -> list[str]:
    """Where gradients still flow under the match clamp of `head`.

    `norms` has the norms of the gradients of W_Q, W_K, W_V and W_O, in this order, for the head and for other parts.
    """
    queries, keys, *carried = norms[head]
    others = [part for part in norms if part != head]
    without = [part for part in others if not np.all(norms[part] > 0)]
    came_true = bool(queries == keys == 0 and min(carried) > 0 and not without)
    stopped = f"W_Q and W_K of {head} have gradients of norm {number(queries)} and {number(keys)}"
    flows = f"its W_V and W_O of {number(carried[0])} and {number(carried[1])}"
    rest = f"{' and '.join(without)} lack some" if without else f"{' and '.join(others)} have all four"
    return [prediction(came_true, f"{stopped}, {flows}; {rest}")]


def _heads(layer: int, weights: Float[ndarray, " head"], chosen: Float[ndarray, " n"] | ndarray) -> str:
    what = "attend from the labels to the token before" if layer == 1 else "attend from the query to the correct label"
    if not len(chosen):
        return f"no head of Layer {layer} does ({what}: {number(weights.max())} at most)"
    named = ", ".join(f"L{layer}H{head} ({weights[head]:.2f})" for head in chosen)
    return f"{named} {what} with more than {PREVIOUS_TOKEN}"
