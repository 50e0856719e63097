"""Losses. A loss gives the output layer its true delta, by the method of a generator: ``delta``.

Each loss says which activation the output layer has (``link``), so that cross-entropy can work on the
pre-activation, where it neither overflows nor divides by zero, and which function gives the answer o (``answer``).
``LOSSES[name].kinds[outputs]`` is the class for a kind of task outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy import add, divide, exp, maximum, multiply, subtract

from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.types import Array, Batch, Outputs, ReplicaShape


class Loss(ABC):
    """The objective of the output layer, summed over outputs, averaged over examples."""

    link: str
    answer: str

    def __init__(self, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        self.n, self.replicas, self.dtype = n, replicas, dtype
        self._sets: dict[int, Array] = {}

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        if rows not in self._sets:
            self._sets[rows] = np.empty((*self.replicas, rows, self.n), self.dtype)
        self.out = self._sets[rows]

    @abstractmethod
    def delta(self, h: Array, batch: Batch) -> Array:
        """dL/dh for the output layer's h, per example, shape (B, n)."""

    @abstractmethod
    def outputs(self, h: Array) -> Array:
        """The network's answer o from the output layer's h; between 0 and 1, except for a task with values."""

    @abstractmethod
    def objective(self, h: Array, y: Array) -> Array:
        """The mean loss of the examples, shape ``replicas``."""


class _Squared(Loss):
    """L = 1/2 sum (o - y)^2; dL/do = o - y, and the output layer hands over o itself."""

    def delta(self, h: Array, batch: Batch) -> Array:
        return subtract(h, batch.y, self.out)

    def outputs(self, h: Array) -> Array:
        return h

    def objective(self, h: Array, y: Array) -> Array:
        e = h - y
        multiply(e, e, e)
        return _mean(e) * 0.5


class SquaredError(_Squared):
    """L = 1/2 sum (o - y)^2 with o = sigmoid(a)."""

    link = answer = "sigmoid"


class SquaredErrorOfValues(_Squared):
    """L = 1/2 sum (o - y)^2 with o = a."""

    link = answer = "identity"


class CrossEntropy(Loss):
    """L = -sum [y log o + (1 - y) log(1 - o)], o = sigmoid(a); dL/da = o - y.

    The output layer hands over a itself; L = sum [max(a, 0) - a y + log(1 + exp(-|a|))].
    """

    link, answer = "identity", "sigmoid"

    def __init__(self, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        super().__init__(n, replicas, dtype)
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

    def objective(self, h: Array, y: Array) -> Array:
        e = np.abs(h)
        np.negative(e, e)
        np.exp(e, e)
        np.log1p(e, e)
        e += np.maximum(h, 0)
        e -= h * y
        return _mean(e)


class SoftmaxCrossEntropy(Loss):
    """L = -sum y log o, o = softmax(a); dL/da = o - y for labels y that sum to 1, such as one-hot ones.

    The output layer hands over a itself; with c = a - max(a), L = log sum exp(c) - sum c y, which is never negative
    and never overflows (Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990).
    """

    link, answer = "identity", "softmax"

    def __init__(self, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        super().__init__(n, replicas, dtype)
        self._rows: dict[int, Array] = {}

    def set_batch_size(self, rows: int) -> None:
        super().set_batch_size(rows)
        if rows not in self._rows:
            self._rows[rows] = np.empty((*self.replicas, rows, 1), self.dtype)
        self.of_row = self._rows[rows]

    def delta(self, h: Array, batch: Batch) -> Array:
        o = _softmax(h, self.out, self.of_row)
        return subtract(o, batch.y, o)

    def outputs(self, h: Array) -> Array:
        return _softmax(h, np.empty_like(h), np.empty_like(h[..., :1]))

    def objective(self, h: Array, y: Array) -> Array:
        c = h - h.max(-1, keepdims=True)
        e = np.log(np.exp(c).sum(-1, keepdims=True))
        multiply(c, y, c)
        e -= c.sum(-1, keepdims=True)
        return _mean(e)


def _softmax(a: Array, o: Array, of_row: Array) -> Array:
    """exp(a) / sum exp(a) by row, a (..., B, n), in ``o``; ``of_row`` (..., B, 1) is overwritten."""
    maximum.reduce(a, -1, out=of_row, keepdims=True)
    subtract(a, of_row, o)
    exp(o, o)
    add.reduce(o, -1, out=of_row, keepdims=True)
    return divide(o, of_row, o)


def _mean(e: Array) -> Array:
    """Summed over outputs, averaged over examples: (..., N, n) -> (...)."""
    return np.asarray(e.sum((-2, -1), dtype=np.float64) / e.shape[-2])


class Objective(NamedTuple):
    """A named loss: its class for each kind of task outputs."""

    meaning: str
    kinds: Mapping[Outputs, type[Loss]]


LOSSES: dict[str, Objective] = {
    "squared-error": Objective(
        "half the squared error, summed over outputs: sigmoid outputs, or the pre-activations where a task has values",
        {"bits": SquaredError, "classes": SquaredError, "values": SquaredErrorOfValues},
    ),
    "cross-entropy": Objective(
        "the negative log-likelihood: of sigmoid outputs, summed over the bits; of softmax outputs where a task has "
        "classes; not for values",
        {"bits": CrossEntropy, "classes": SoftmaxCrossEntropy},
    ),
}
