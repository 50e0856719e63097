"""Losses. A loss is the generator of the output layer that happens to be right: it has ``delta`` too.

Each loss says which activation the output layer has (``link``), so that cross-entropy can work on the
pre-activation, where it neither overflows nor divides by zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy import multiply, subtract

from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.types import Array, Batch, Lead


class Loss(ABC):
    """The objective of the output layer, summed over outputs, averaged over examples."""

    link: str
    meaning: str

    def __init__(self, n: int, lead: Lead, dtype: npt.DTypeLike) -> None:
        self.n, self.lead, self.dtype = n, lead, dtype
        self._sets: dict[int, Array] = {}

    def use(self, rows: int) -> None:
        """Take up the buffer for batches of ``rows`` examples."""
        if rows not in self._sets:
            self._sets[rows] = np.empty((*self.lead, rows, self.n), self.dtype)
        self.out = self._sets[rows]

    @abstractmethod
    def delta(self, h: Array, batch: Batch) -> Array:
        """dL/dh for the output layer's h, per example, shape (B, n)."""

    @abstractmethod
    def outputs(self, h: Array) -> Array:
        """The network's answer o, between 0 and 1, from the output layer's h."""

    @abstractmethod
    def objective(self, h: Array, y: Array) -> npt.NDArray[Any]:
        """The mean loss of the examples, shape ``lead``."""


class SquaredError(Loss):
    """L = 1/2 sum (o - y)^2 with o = sigmoid(a); dL/do = o - y."""

    link = "sigmoid"
    meaning = "half the squared error of sigmoid outputs"

    def delta(self, h: Array, batch: Batch) -> Array:
        return subtract(h, batch.y, self.out)

    def outputs(self, h: Array) -> Array:
        return h

    def objective(self, h: Array, y: Array) -> npt.NDArray[Any]:
        e = h - y
        multiply(e, e, e)
        return _mean(e) * 0.5


class CrossEntropy(Loss):
    """L = -sum [y log o + (1 - y) log(1 - o)], o = sigmoid(a); dL/da = o - y.

    The output layer hands over a itself; L = sum [max(a, 0) - a y + log(1 + exp(-|a|))].
    """

    link = "identity"
    meaning = "cross-entropy of sigmoid outputs, summed over the bits"

    def __init__(self, n: int, lead: Lead, dtype: npt.DTypeLike) -> None:
        super().__init__(n, lead, dtype)
        self.sigmoid = ACTIVATIONS["sigmoid"](dtype)

    def delta(self, h: Array, batch: Batch) -> Array:
        o = self.out
        np.copyto(o, h)
        self.sigmoid.apply_(o)
        return np.subtract(o, batch.y, o)

    def outputs(self, h: Array) -> Array:
        o = h.copy()
        self.sigmoid.apply_(o)
        return o

    def objective(self, h: Array, y: Array) -> npt.NDArray[Any]:
        e = np.abs(h)
        np.negative(e, e)
        np.exp(e, e)
        np.log1p(e, e)
        e += np.maximum(h, 0)
        e -= h * y
        return _mean(e)


def _mean(e: Array) -> npt.NDArray[Any]:
    """Summed over outputs, averaged over examples: (..., N, n) -> (...)."""
    total: npt.NDArray[Any] = e.sum((-2, -1), dtype=np.float64)
    return np.asarray(total / e.shape[-2])


LOSSES: dict[str, type[Loss]] = {
    "squared-error": SquaredError,
    "cross-entropy": CrossEntropy,
}
