"""Activation functions, in place, each with its derivative.

The derivative is written as a function of the output ``h = f(a)``, so that the pre-activation ``a``
need not be kept. ``pull`` computes ``delta * f'(a)`` and may return ``delta`` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numpy import add, exp, maximum, multiply, negative, reciprocal, sign, subtract, tanh

from synthgrad.types import Array


class Activation(Protocol):
    """A function of one number, applied to every element."""

    def apply_(self, a: Array) -> None:
        """Overwrite ``a`` with ``f(a)``."""

    def pull(self, delta: Array, h: Array, out: Array) -> Array:
        """Return ``delta * f'(a)``, in ``out``, or ``delta`` itself if f is the identity."""


class Sigmoid:
    """f(a) = 1 / (1 + exp(-a)),  f' = h (1 - h)."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.one = np.ones((), dtype)

    def apply_(self, a: Array) -> None:
        negative(a, a)
        exp(a, a)
        add(a, self.one, a)
        reciprocal(a, a)

    def pull(self, delta: Array, h: Array, out: Array) -> Array:
        subtract(self.one, h, out)
        multiply(out, h, out)
        multiply(out, delta, out)
        return out


class Tanh:
    """f(a) = tanh(a),  f' = 1 - h^2."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.one = np.ones((), dtype)

    def apply_(self, a: Array) -> None:
        tanh(a, a)

    def pull(self, delta: Array, h: Array, out: Array) -> Array:
        multiply(h, h, out)
        subtract(self.one, out, out)
        multiply(out, delta, out)
        return out


class Relu:
    """f(a) = max(a, 0),  f' = 1 where a > 0, else 0: the sign of h, which is never negative."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.zero = np.zeros((), dtype)

    def apply_(self, a: Array) -> None:
        maximum(a, self.zero, out=a)

    def pull(self, delta: Array, h: Array, out: Array) -> Array:
        sign(h, out)
        multiply(out, delta, out)
        return out


class Identity:
    """f(a) = a,  f' = 1."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        pass

    def apply_(self, a: Array) -> None:
        pass

    def pull(self, delta: Array, h: Array, out: Array) -> Array:
        return delta


ACTIVATIONS: dict[str, Callable[[npt.DTypeLike], Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": Relu,
    "identity": Identity,
}
