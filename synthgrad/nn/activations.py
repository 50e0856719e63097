"""Activation functions, in place, each beside its derivative.

The derivative is written as a function of the output ``h = f(a)``, so that the pre-activation ``a``
need not be kept. ``pull`` computes ``delta * f'(a)`` and may return ``delta`` itself. What ``forward_`` may
leave for it goes into ``spare``, an array of h's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numpy import add, exp, maximum, multiply, reciprocal, sign, subtract, tanh

from synthgrad.types import Array


class Activation(Protocol):
    """A function of one number, applied to every element."""

    def apply_(self, a: Array) -> None:
        """Overwrite ``a`` with ``f(a)``."""

    def forward_(self, a: Array, spare: Array) -> None:
        """The same, bit for bit, leaving in ``spare`` what ``pull`` can use."""

    def pull(self, delta: Array, h: Array, spare: Array, out: Array) -> Array:
        """Return ``delta * f'(a)``, in ``out`` or, where nothing changes, as ``delta`` itself."""


class Sigmoid:
    """f(a) = 1 / (1 + exp(-a)),  f' = h (1 - h).

    Computed as h = 1 - r with r = 1 / (1 + exp(a)), so that r = 1 - h is at hand for the derivative.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.one = np.ones((), dtype)

    def apply_(self, a: Array) -> None:
        self.forward_(a, a)

    def forward_(self, a: Array, spare: Array) -> None:
        r = spare
        exp(a, r)
        add(r, self.one, r)
        reciprocal(r, r)
        subtract(self.one, r, a)

    def pull(self, delta: Array, h: Array, spare: Array, out: Array) -> Array:
        multiply(h, spare, out)
        multiply(out, delta, out)
        return out


class Tanh:
    """f(a) = tanh(a),  f' = 1 - h^2."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.one = np.ones((), dtype)

    def apply_(self, a: Array) -> None:
        tanh(a, a)

    def forward_(self, a: Array, spare: Array) -> None:
        tanh(a, a)

    def pull(self, delta: Array, h: Array, spare: Array, out: Array) -> Array:
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

    def forward_(self, a: Array, spare: Array) -> None:
        maximum(a, self.zero, out=a)

    def pull(self, delta: Array, h: Array, spare: Array, out: Array) -> Array:
        sign(h, out)
        multiply(out, delta, out)
        return out


class Identity:
    """f(a) = a,  f' = 1."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        pass

    def apply_(self, a: Array) -> None:
        pass

    def forward_(self, a: Array, spare: Array) -> None:
        pass

    def pull(self, delta: Array, h: Array, spare: Array, out: Array) -> Array:
        return delta


ACTIVATIONS: dict[str, Callable[[npt.DTypeLike], Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": Relu,
    "identity": Identity,
}
