"""Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167).

``Standardize`` has no parameters; a generator may see a layer's output through it.
``BatchNorm`` adds the learned scale and shift and the running statistics for evaluation.
"""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
import numpy.typing as npt

from synthgrad.nn.parameters import Parameters
from synthgrad.nn.product import product
from synthgrad.types import Array, ReplicaShape, State

EPSILON = 1e-5
MOMENTUM = 0.9


class Standardize:
    """x^ = (a - mean) / sqrt(var + eps), mean and biased variance of each unit over the batch."""

    def __init__(self, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        self.n, self.replicas, self.dtype = n, replicas, dtype
        self.dot = product(replicas)
        self.epsilon = np.asarray(EPSILON, dtype)
        self._own_buffers()

    def _own_buffers(self) -> None:
        self.mean, self.var, self.inv = (np.empty((*self.replicas, 1, self.n), self.dtype) for _ in range(3))
        self._sets: dict[int, tuple[Array, Array, Array]] = {}

    def copy_sharing_weights(self) -> Self:
        """A copy that shares the statistics and has its own buffers."""
        other = copy(self)
        other._own_buffers()
        return other

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples, made at the first call."""
        if rows not in self._sets:
            average = np.full((*self.replicas, 1, rows), 1 / rows, self.dtype)  # (1, B) @ (B, n) = mean
            x = np.empty((*self.replicas, rows, self.n), self.dtype)
            self._sets[rows] = average, x, np.empty_like(x)
        self.average, self.x, self.square = self._sets[rows]

    def forward(self, a: Array) -> Array:
        """Return x^, shape (B, n)."""
        x = self.x
        self.dot(self.average, a, self.mean)
        np.subtract(a, self.mean, x)
        np.multiply(x, x, self.square)
        self.dot(self.average, self.square, self.var)
        np.add(self.var, self.epsilon, self.inv)
        np.sqrt(self.inv, self.inv)
        np.reciprocal(self.inv, self.inv)
        np.multiply(x, self.inv, x)
        return x

    def pull(self, delta: Array, d: Array) -> Array:
        """Write dL/da = inv (delta - mean(delta) - x^ mean(delta x^)) into ``d``, from delta = dL/dx^."""
        np.multiply(delta, self.x, self.square)
        self.dot(self.average, self.square, self.var)  # var is free again: mean(delta x^)
        self.dot(self.average, delta, self.mean)  # so is mean: mean(delta)
        np.multiply(self.x, self.var, self.square)
        np.subtract(delta, self.mean, d)
        np.subtract(d, self.square, d)
        np.multiply(d, self.inv, d)
        return d


class BatchNorm(Standardize):
    """y = gamma x^ + beta; evaluation uses running statistics.

    running <- 0.9 running + 0.1 batch, with the unbiased variance of the batch.
    """

    def __init__(self, params: Parameters, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        super().__init__(n, replicas, dtype)
        self.hold(params)
        self.gamma[...] = 1
        self.running_mean = np.zeros((*replicas, 1, n), dtype)
        self.running_var = np.ones((*replicas, 1, n), dtype)
        self.keep = np.asarray(MOMENTUM, dtype)
        self.take = np.asarray(1 - MOMENTUM, dtype)

    def hold(self, params: Parameters) -> None:
        """Scale and shift by these parameters from here on."""
        self.gamma, self.beta = params.value["gamma"], params.value.get("beta")
        self.leave_in(params.gradient)

    def leave_in(self, gradient: dict[str, Array]) -> None:
        """Have ``pull_`` leave the gradients of gamma and beta in these arrays, by name."""
        self.g_gamma, self.g_beta = gradient["gamma"], gradient.get("beta")

    def set_batch_size(self, rows: int) -> None:
        super().set_batch_size(rows)
        self.take_var = np.asarray((1 - MOMENTUM) * rows / max(rows - 1, 1), self.dtype)
        self.moved = np.empty_like(self.mean)

    def apply_(self, a: Array) -> None:
        """Overwrite the pre-activation with its normalised form and remember the statistics."""
        x = self.forward(a)
        self._remember(self.running_mean, self.mean, self.take)
        self._remember(self.running_var, self.var, self.take_var)
        np.multiply(x, self.gamma, a)
        if self.beta is not None:
            np.add(a, self.beta, a)

    def _remember(self, running: Array, batch: Array, take: Array) -> None:
        np.multiply(running, self.keep, running)
        np.multiply(batch, take, self.moved)
        np.add(running, self.moved, running)

    def pull_(self, d: Array, row: Array) -> None:
        """Overwrite dL/dy with dL/da; leave the gradients of gamma and beta, reduced by ``row`` (1, B)."""
        np.multiply(d, self.x, self.square)
        self.dot(row, self.square, self.g_gamma)
        if self.g_beta is not None:
            self.dot(row, d, self.g_beta)
        np.multiply(d, self.gamma, d)
        self.pull(d, d)

    def infer_(self, a: Array) -> None:
        """Overwrite ``a`` as ``apply_`` does, with the running statistics in place of the batch's."""
        scale = self.gamma / np.sqrt(self.running_var + self.epsilon)
        np.subtract(a, self.running_mean, a)
        np.multiply(a, scale, a)
        if self.beta is not None:
            np.add(a, self.beta, a)

    def state(self) -> State:
        """The running statistics, by name."""
        return {"running_mean": self.running_mean, "running_var": self.running_var}
