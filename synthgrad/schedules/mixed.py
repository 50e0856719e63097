"""A mix of two gradients, into a buffer of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy import add, multiply

from synthgrad.types import Array, Lead, Number, per_replica


class Mix:
    """delta = share g + (1 - share) sg, shape (B, n), ``share`` a number or one a replica.

    Where the share is 1 this is g, and where it is 0 sg, to the bit and whatever the other is.
    """

    def __init__(self, share: Number, n: int, lead: Lead, dtype: npt.DTypeLike) -> None:
        self.n, self.lead, self.dtype = n, lead, dtype
        self.whole = bool(np.all(share == 1))
        self.of_g, self.of_sg = (per_replica(part, 2, dtype) for part in (share, 1 - share))
        self.ones, self.zeros = (np.flatnonzero(share == end).tolist() if np.ndim(share) else [] for end in (1, 0))
        self._sets: dict[int, tuple[Array, Array]] = {}

    def use(self, rows: int) -> None:
        """Take up the buffers for batches of ``rows`` examples."""
        if rows not in self._sets:
            delta = np.empty((*self.lead, rows, self.n), self.dtype)
            self._sets[rows] = delta, np.empty_like(delta)
        self.delta, self.part = self._sets[rows]

    def __call__(self, g: Array, sg: Array) -> Array:
        """Return the mix; both stay as they are."""
        if self.whole:
            return g
        multiply(g, self.of_g, self.delta)
        multiply(sg, self.of_sg, self.part)
        add(self.delta, self.part, self.delta)
        for gradient, replicas in ((g, self.ones), (sg, self.zeros)):
            for r in replicas:
                self.delta[r] = gradient[r]
        return self.delta
