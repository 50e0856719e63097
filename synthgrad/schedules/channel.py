"""What passes between two neighbouring modules of a pipeline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, ReplicaShape

Slots = list[Array]


class Channel:
    """Upward h(t), downward its gradient g(t), both (B, n): in slots used in turn, t counts an epoch's batches from 0.

    The modules write into the slots and read out of them; nothing is copied. A slot is free again when the schedule
    has it so, and ``slots`` must be enough for that. Here the modules take turns in one process, and whoever asks for
    something finds it there: ``await_h`` and ``await_g`` are for channels between processes, which wait.
    """

    def __init__(self, n: int, slots: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        self.n, self.slots, self.replicas, self.dtype = n, slots, replicas, dtype
        self.came = 0
        self._sets: dict[int, tuple[Slots, Slots]] = {}

    def set_batch_size(self, rows: int) -> None:
        """Have slots for batches of ``rows`` examples."""
        if rows not in self._sets:
            self._sets[rows] = self._make(rows), self._make(rows)

    def _make(self, rows: int) -> Slots:
        return [np.empty((*self.replicas, rows, self.n), self.dtype) for _ in range(self.slots)]

    def h(self, t: int, rows: int) -> Array:
        """Where h of batch t lies, with ``rows`` examples."""
        return self._sets[rows][0][t % self.slots]

    def g(self, t: int, rows: int) -> Array:
        """Where g of batch t lies."""
        return self._sets[rows][1][t % self.slots]

    def send_h(self, t: int) -> None:
        """Say that h(t) is there."""

    def send_g(self, t: int) -> None:
        """Say that g(t) is there."""
        self.came = t + 1

    def await_h(self, t: int) -> None:
        """Wait until h(t) is there."""

    def await_g(self, t: int) -> None:
        """Wait until g(t) is there."""

    def arrived(self) -> int:
        """How many gradients are there: g(0) to g(arrived - 1)."""
        return self.came

    def clear(self) -> None:
        """Begin an epoch anew."""
        self.came = 0
