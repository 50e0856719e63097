"""Backpropagation: every layer receives the delta that the layer above hands down."""

from __future__ import annotations

from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Batch


class BackpropOptions(TrainerOptions):
    """Every layer waits for the true gradient."""


class Backprop(Trainer):
    """delta_L = dL/dh_L,  delta_{i-1} = delta_i dh_i/dh_{i-1}; then all weights move at once."""

    Options = BackpropOptions
    meaning = "the true gradient, handed down layer by layer"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.all = self.optimizer(0, len(self.layers))

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.network.backward(self.loss.delta(h, batch))  # delta_{i-1} = delta_i · dh_i/dh_{i-1}
        self.all.update()  # theta <- theta - alpha · grad
