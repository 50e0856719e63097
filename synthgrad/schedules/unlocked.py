"""A sweep upward with more locks taken off: modules update by chance, or work on predicted inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from synthgrad.generators import Generator, InputModel, Oracle
from synthgrad.nn.dense import Dense
from synthgrad.nn.losses import Loss
from synthgrad.nn.module import Module
from synthgrad.nn.optimizers import Optimizer
from synthgrad.schedules.options import Coins
from synthgrad.types import Array, Batch, Lead, State

Source = Generator | Oracle
Place = tuple[Dense | Module, Optimizer, Source | Loss, Source | None]
"""A module, its optimiser, the model that gives it its delta, and the one below that it teaches."""


class Unlocked:
    """h_i = f_i(h_{i-1}), or f_i(I_i(x)) where there is an input model; a module learns where its coin says so.

    A module that learns teaches the generator below it, whether that one's module learns in this step or not, and its
    own input model. With coins that always say so, and without input models, this is the sweep of DNI.
    """

    def __init__(
        self, modules: Sequence[Place], predicted: Sequence[InputModel | None], coins: Coins, lead: Lead
    ) -> None:
        self.places = list(zip(modules, predicted, strict=True))
        self.coins, self.lead = coins, lead
        self.updates = [0] * len(modules)

    def step(self, x: Array, batch: Batch) -> None:
        """Work on one batch."""
        h, below = x, True
        for k, learns in enumerate(self.coins.toss()):
            (f, optimizer, M, M_below), I = self.places[k]
            h_below, h = h, f.forward(I.delta(x, batch) if I else h)  # h_i = f_i(h_{i-1}), or f_i(I_i(x))
            if learns:
                f.backward(M.delta(h, batch))  # grad = sg_i · dh_i/dtheta_i
                target = f.delta_below() if M_below else None
                optimizer.update()  # theta_i <- theta_i - alpha · grad
                if M_below is not None and target is not None:
                    if not below:
                        M_below.delta(h_below, batch)
                    M_below.fit(target)  # sg_{i-1} -> sg_i · dh_i/dh_{i-1}
                if I:
                    I.fit(h_below)  # I_i(x) -> h_{i-1}
                self.updates[k] += 1
            below = learns

    def columns(self) -> list[str]:
        """The names of the counts in ``figures``."""
        return list(self._counts())

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """Errors of the input models and updates by layer, since the last call."""
        errors = {f"input_error.{I.i}": I.take_error() for _, I in self.places if I}
        counts = {name: np.full(self.lead, float(count)) for name, count in self._counts().items()}
        self.updates = [0] * len(self.places)
        return errors | counts

    def _counts(self) -> dict[str, int]:
        sizes = [len(f.layers) if isinstance(f, Module) else 1 for (f, *_), _ in self.places]
        by_layer = [count for count, size in zip(self.updates, sizes, strict=True) for _ in range(size)]
        return {f"updates.{i}": count for i, count in enumerate(by_layer, 1)}

    def state(self) -> State:
        """How far the coins are."""
        return self.coins.state()
