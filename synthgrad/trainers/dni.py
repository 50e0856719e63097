"""Decoupled neural interfaces: every hidden layer receives its generator's prediction.

Jaderberg et al., "Decoupled Neural Interfaces using Synthetic Gradients", arXiv 1608.05343. A
generator's target comes from the next layer only, so no layer waits for a pass through all others.
"""

from __future__ import annotations

from typing import Literal

from synthgrad.config import option
from synthgrad.generators import Generator, GeneratorOptions
from synthgrad.nn.losses import Loss
from synthgrad.nn.optimizers import share_gradients
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Batch


class DNIOptions(TrainerOptions):
    """Hidden layers learn from synthetic gradients."""

    name: Literal["dni"]
    generator: GeneratorOptions = option(GeneratorOptions, "the models of the hidden layers' gradients")


class DNI(Trainer):
    """delta_i = M_i(h_i, y, x);  M_i is fitted to delta_{i+1} dh_{i+1}/dh_i."""

    Options = DNIOptions
    meaning = "synthetic gradients: hidden layers learn from a generator's prediction"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        options = self.options.generator
        self.after = options.targets == "after"
        self.generators = [Generator(options, i, f.spec.n_out, setup.around) for i, f in enumerate(self.layers[:-1], 1)]
        optimizers = [self.optimizer(i, i + 1) for i in range(len(self.layers))]
        share_gradients([*optimizers, *(M.optimizer for M in self.generators)])
        models: list[Generator | Loss] = [*self.generators, self.loss]  # the loss is the one that is right
        self.modules = list(zip(self.layers, optimizers, models, [None, *self.generators], strict=True))

    def step(self, batch: Batch) -> None:
        """One sweep upward; there is no backward pass."""
        h = self.begin(batch)
        for f, optimizer, M, M_below in self.modules:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
            f.backward(M.delta(h, batch))  # grad = sg_i · dh_i/dtheta_i
            target = f.delta_below() if M_below and not self.after else None  # sg_i · dh_i/dh_{i-1}
            optimizer.update()  # theta_i <- theta_i - alpha · grad
            if M_below:
                M_below.fit(f.delta_below() if target is None else target)  # sg_{i-1} -> target
