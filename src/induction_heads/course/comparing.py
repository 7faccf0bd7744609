"""When two results are the same, and how they are shown in a line."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

RTOL = 1e-4
SHORT = 8  # entries that are shown one by one
WIDE = 110  # characters of anything else


class Raised(NamedTuple):
    """A function that gave no result."""

    kind: str  # of error
    line: str


def numbers(value: Any) -> np.ndarray | None:
    """A value as an array of floats, whatever it is made of; None where it is not made of numbers alone."""
    if isinstance(value, torch.Tensor):
        return value.detach().double().cpu().numpy()
    if isinstance(value, str | Mapping | Raised) or value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, range):
        each = [numbers(entry) for entry in value]
        known = [entry for entry in each if entry is not None]
        return np.array(known) if len(known) == len(each) and len({entry.shape for entry in known}) <= 1 else None
    try:
        found = np.asarray(value)
        return found.astype(float) if found.dtype.kind in "biuf" else None
    except (TypeError, ValueError):
        return None


def same(one: Any, other: Any, atol: float) -> bool:
    """Equal shapes and numbers, whether lists, arrays or tensors; errors of one kind are the same."""
    if isinstance(one, Raised) or isinstance(other, Raised):
        return isinstance(one, Raised) and isinstance(other, Raised) and one.kind == other.kind
    a, b = numbers(one), numbers(other)
    if a is not None and b is not None:
        return a.shape == b.shape and np.allclose(a, b, rtol=RTOL, atol=atol, equal_nan=True)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key], atol) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other, [atol] * len(one)))
    return type(one) is type(other) and bool(one == other)


def shown(value: Any) -> str:
    """A value in part of a line."""
    if isinstance(value, Raised):
        return f"the error {value.kind}: {value.line}" if value.line else f"the error {value.kind}"
    if isinstance(value, Mapping):
        return _cut("{" + ", ".join(f"{key}: {shown(each)}" for key, each in value.items()) + "}")
    if isinstance(value, np.random.Generator):
        return "a random generator"
    found = numbers(value)
    if found is not None:
        few = ", ".join(_number(entry) for entry in found.ravel()[:SHORT])
        if found.ndim == 0:
            return few
        if found.ndim == 1 and found.size <= SHORT:
            return f"[{few}]"
        return f"numbers of shape {found.shape}, the first ones {few}"
    if isinstance(value, list | tuple):
        return _cut("(" + ", ".join(map(shown, value)) + ")")
    return _cut(" ".join(repr(value).split()))


def difference(came: Any, expected: Any) -> str:
    """What came and what was expected; of many numbers, the first that differs most."""
    a, b = numbers(came), numbers(expected)
    if a is not None and b is not None and a.shape == b.shape and a.size > SHORT:
        with np.errstate(invalid="ignore"):
            apart = np.nan_to_num(np.abs(a - b), nan=0.0, posinf=np.inf)
        apart[np.isnan(a) != np.isnan(b)] = np.inf
        at = np.unravel_index(apart.argmax(), a.shape)
        place = ", ".join(map(str, at))
        return f"at [{place}] of shape {a.shape} {_number(float(a[at]))} came, {_number(float(b[at]))} was expected"
    return f"{shown(came)} came, {shown(expected)} was expected"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _cut(text: str) -> str:
    return text if len(text) <= WIDE else f"{text[: WIDE - 2]} …"
