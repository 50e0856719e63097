"""Arithmetic without overflow: a huge but finite number is a number, and so are its mean and its differences.

Halving is exact, so ordinary numbers come out to the same bit; what is beyond the largest number is the largest one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from synthgrad.types import Floats

LARGEST = sys.float_info.max


def bounded(value: float) -> float:
    """The number, or the largest one of its sign where it is infinite."""
    return min(max(value, -LARGEST), LARGEST)


def minus(a: float, b: float) -> float:
    """The difference, a - b."""
    return bounded(a - b)


def mean(values: Sequence[float]) -> float:
    """The mean of one number or more."""
    n = len(values).bit_length()
    return float(np.ldexp(np.mean(np.ldexp(values, -n)), n))


def median(values: Sequence[float]) -> float:
    """The median of one number or more."""
    return float(np.ldexp(np.median(np.ldexp(values, -1)), 1))


def total(values: Sequence[float]) -> float:
    """The sum of numbers of one sign."""
    return bounded(mean(values) * len(values)) if len(values) else 0.0


def share(value: Any, low: float, high: float) -> Any:
    """How far a number, or each of an array, is on the way from ``low`` to ``high``, 0 to 1; 0 if these are equal."""
    way = high / 2 - low / 2
    return (value / 2 - low / 2) / way if way else value * 0.0


def alike(*samples: npt.ArrayLike) -> list[Floats]:
    """Samples divided by one power of two that makes their largest number about 1: no square is too large or small."""
    arrays = [np.asarray(each, np.float64) for each in samples]
    order = max((int(np.frexp(np.abs(each).max())[1]) for each in arrays if each.size), default=0)
    return [np.ldexp(each, -order) for each in arrays]
