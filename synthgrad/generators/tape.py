"""A tape: what every step writes, summed once in many steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, Lead

TAPE_BYTES = 1 << 16
"""Small, so that the tape leaves the cache to the weights."""
MAX_SLOTS = 16


class Tape:
    """Sums |e| over an epoch at the cost of a few calls for many steps.

    ``slot()`` is the next array to write e into; a full tape is folded into the total. How many slots there are
    does not depend on ``lead``, and those of a replica lie behind each other: a stack adds up as each would alone.
    """

    def __init__(self, rows: int, n: int, lead: Lead, dtype: npt.DTypeLike) -> None:
        one = rows * n * np.dtype(dtype).itemsize
        slots = max(1, min(MAX_SLOTS, TAPE_BYTES // max(one, 1)))
        self.tape = np.zeros((*lead, slots, rows, n), dtype)
        self.slots = [self.tape[..., k, :, :] for k in range(slots)]
        self.next = 0
        self.total: npt.NDArray[Any] = np.zeros(lead)

    def slot(self) -> Array:
        """An array (*lead, B, n) to be overwritten with this step's e."""
        if self.next == len(self.slots):
            self.fold()
        slot: Array = self.slots[self.next]
        self.next += 1
        return slot

    def fold(self) -> None:
        """Add what was written since the last fold to the total."""
        written = self.tape[..., : self.next, :, :]
        np.abs(written, written)
        self.total += written.sum((-3, -2, -1), dtype=np.float64)
        self.next = 0

    def take(self) -> npt.NDArray[Any]:
        """The sum of |e| since the last call, shape ``lead``; the total starts again at zero."""
        self.fold()
        total, self.total = self.total, np.zeros_like(self.total)
        return total
