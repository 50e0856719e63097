"""The frozen control: hidden layers receive nothing; only the output layer learns.

"No-Bprop" in arXiv 1608.05343. What a method reaches above this, its hidden layers have learned.
"""

from __future__ import annotations

from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Batch


class FrozenOptions(TrainerOptions):
    """Hidden layers stay as they were drawn: the control."""


class Frozen(Trainer):
    """delta_L = dL/dh_L for the output layer, no delta for any other."""

    Options = FrozenOptions
    meaning = "the control: hidden layers never updated, only the output layer learns"
    hidden_learn = False

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.top = self.optimizer(len(self.layers) - 1, len(self.layers))

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.output.backward(self.loss.delta(h, batch))
        self.top.update()
