"""Generators that are not fitted in every step, or are fitted to the true gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgrad.nn.truth import Truth
from synthgrad.schedules.schedule import Schedule, Slot, Source, Sweep, errors
from synthgrad.types import Array, Batch, Metrics, State


class ChosenTargets(Schedule):
    """One sweep a step, whose generators are fitted in the first of every k steps, with a ``truth`` to dL/dh_i."""

    def __init__(
        self, slots: Sequence[Slot], generators: Sequence[Source], sweep: Sweep, every: int, truth: Truth | None
    ) -> None:
        self.slots, self.generators = slots, generators
        self.sweep, self.every, self.truth = sweep, every, truth
        self.without_fit: list[Slot] = [(f, optimizer, M, None) for f, optimizer, M, _ in slots]
        self.taken = np.zeros((), np.int64)
        self.fitted = False  # in this epoch

    def use(self, rows: int) -> None:
        if self.truth is not None:
            self.truth.use(rows)

    def step(self, h: Array, batch: Batch) -> None:
        due = int(self.taken) % self.every == 0
        self.taken += 1
        self.fitted |= due
        truth = self.truth.look(batch) if self.truth and due else ()
        self.sweep(self.without_fit if truth or not due else self.slots, h, batch)
        for M in self.generators if truth else ():
            M.fit(truth[M.i - 1])  # sg_i -> dL/dh_i

    def metrics(self) -> Metrics:
        """The generators' errors over the steps in which they were fitted, absent if there was none."""
        found = errors(self.generators)
        fitted, self.fitted = self.fitted, False
        return found if fitted else {}

    def state(self) -> State:
        return {"generators.t": self.taken} if self.every > 1 else {}
