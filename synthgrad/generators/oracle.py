"""The oracle: a generator that returns the true gradient, for tests and demonstrations.

With the true gradient for every M_i, DNI is backpropagation ("Understanding Synthetic Gradients and Decoupled Neural
Interfaces", arXiv 1703.00522). It takes a pass through the whole network, so it decouples nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy import subtract

from synthgrad.generators.error_sum import ErrorSum
from synthgrad.generators.model import Model
from synthgrad.generators.options import OracleOptions
from synthgrad.nn.modules import Interface
from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.types import Array, Batch, Number, State


class Oracle(Model):
    """M of the hidden layer ``i``: sg_i = dL/dh_i.

    All oracles of a network share one twin, which computes when the lowest is asked, before any layer has moved.
    """

    kind, gives, error = "oracle", "gradient", "generator_error"
    alpha = 0.0  # nothing moves

    def __init__(self, options: OracleOptions, truth: TrueGradient, at: Interface, *, looks: bool) -> None:
        self.options, self.truth, self.at, self.looks = options, truth, at, looks
        self.network = truth.twin
        self.n = at.f.n_out
        self._sums: dict[int, ErrorSum] = {}

    def set_batch_size(self, rows: int) -> None:
        if rows not in self._sums:
            self._sums[rows] = ErrorSum(rows, self.n, self.network.replicas, self.network.dtype)
        self.errors = self._sums[rows]
        if self.looks:
            self.truth.set_batch_size(rows)

    def delta(self, h: Array, batch: Batch) -> Array:
        """The gradient, shape (B, n)."""
        if self.looks:
            self.truth.compute(batch)
        self.sg = self.truth.deltas[self.i - 1]
        return self.sg

    def fit(self, target: Array) -> None:
        """Note by how much the target is off; there is nothing to learn."""
        subtract(self.sg, target, self.errors.slot())

    def set_alpha(self, alpha: Number) -> None:
        """An oracle makes no steps."""

    def take_error(self) -> Array:
        """Sum |target - sg| since the last call, shape ``replicas``."""
        return sum((each.take() for each in self._sums.values()), np.zeros(self.network.replicas))

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """No weights of its own."""
        return iter(())

    def state(self) -> State:
        """Nothing that is kept from step to step."""
        return {}
