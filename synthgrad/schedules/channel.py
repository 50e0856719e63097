"""What passes between two neighbouring modules of a pipeline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, ReplicaShape

Slots = list[Array]


class Channel:
    """Upward h(t), downward its gradient g(t), both (B, n): in slots used in turn, t counts an epoch's batches from 0.

    Modules write to the slots and read from them; nothing is copied. There must be enough ``slots`` for everything in
    flight. Here the modules take turns in one process, so nothing has to be waited for; ``await_h`` and ``await_g`` are
    for channels between processes.
    """

    def __init__(self, n: int, slots: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        self.n, self.slots, self.replicas, self.dtype = n, slots, replicas, dtype
        self.came = 0
        self._sets: dict[int, tuple[Slots, Slots]] = {}

    def set_batch_size(self, rows: int) -> None:
        """Make slots for batches of ``rows`` examples."""
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
        """Announce h(t)."""

    def send_g(self, t: int) -> None:
        """Announce g(t)."""
        self.came = t + 1

    def await_h(self, t: int) -> None:
        """Wait for h(t)."""

    def await_g(self, t: int) -> None:
        """Wait for g(t)."""

    def arrived(self) -> int:
        """How many gradients have arrived: g(0) to g(arrived - 1)."""
        return self.came

    def clear(self) -> None:
        """Begin an epoch."""
        self.came = 0
