"""Sums of |error|: every step writes its error, and many are summed at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, ReplicaShape

BYTES = 1 << 16
"""Small, so that the weights stay in the cache."""
MAX_SLOTS = 16


class ErrorSum:
    """Sums |e| over an epoch at the cost of a few calls for many steps.

    ``slot()`` is the next array to write e into; when all are full they are added to the total. Their number
    does not depend on ``replicas``, and those of a replica lie one after another: a stack adds up as each would alone.
    """

    def __init__(self, rows: int, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        one = rows * n * np.dtype(dtype).itemsize
        slots = max(1, min(MAX_SLOTS, BYTES // max(one, 1)))
        self.steps = np.zeros((*replicas, slots, rows, n), dtype)
        self.slots = [self.steps[..., k, :, :] for k in range(slots)]
        self.next = 0
        self.total: Array = np.zeros(replicas)

    def slot(self) -> Array:
        """An array (*replicas, B, n) to be overwritten with this step's e."""
        if self.next == len(self.slots):
            self.fold()
        slot: Array = self.slots[self.next]
        self.next += 1
        return slot

    def fold(self) -> None:
        """Add what was written since the last fold to the total."""
        written = self.steps[..., : self.next, :, :]
        np.abs(written, written)
        self.total += written.sum((-3, -2, -1), dtype=np.float64)
        self.next = 0

    def take(self) -> Array:
        """The sum of |e| since the last call, shape ``replicas``; the total starts again at zero."""
        self.fold()
        total, self.total = self.total, np.zeros_like(self.total)
        return total
