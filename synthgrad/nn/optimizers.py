"""Optimisers: theta <- theta - step, on flat vectors ``(*replicas, P)``.

An optimiser that only scales the gradient by alpha leaves that to the layer (``folds`` is true):
the scale then costs a pass over a delta (B, n), not over a gradient (n_in, n_out).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy import subtract

from synthgrad.config import Options, option
from synthgrad.nn.network import Part
from synthgrad.nn.parameters import aligned
from synthgrad.types import Number, State, per_replica


class OptimizerOptions(Options):
    """What every optimiser has: its name."""

    name: str


class Optimizer(ABC):
    """Turns a gradient into a step. ``alpha`` is set before every epoch."""

    Options: TypeAlias = OptimizerOptions
    folds = False

    def __init__(self, options: OptimizerOptions, part: Part) -> None:
        self.options = options
        self.layers, self.theta, self.grad = part

    def set_alpha(self, alpha: Number) -> None:
        """Take ``alpha`` as the step size from here on."""
        self.alpha = per_replica(alpha, 1, self.theta.dtype)
        for layer in self.layers:
            layer.scale_by(alpha if self.folds else 1.0)

    @abstractmethod
    def update(self) -> None:
        """Make one step."""

    def state(self) -> State:
        """The arrays that the optimiser keeps from step to step."""
        return {}


class SGDOptions(OptimizerOptions):
    """theta <- theta - alpha g."""

    name: str = "sgd"


class SGD(Optimizer):
    """theta <- theta - alpha g; the layer has already put alpha into g."""

    Options = SGDOptions
    folds = True

    def update(self) -> None:
        subtract(self.theta, self.grad, self.theta)


class MomentumOptions(OptimizerOptions):
    """v <- mu v + alpha g, theta <- theta - v (classical momentum)."""

    mu: float = option(0.9, "share of the last step that is kept", ge=0, lt=1)


class Momentum(Optimizer):
    """v <- mu v + alpha g,  theta <- theta - v  (classical momentum; Sutskever et al. 2013)."""

    Options = MomentumOptions
    folds = True

    def __init__(self, options: MomentumOptions, part: Part) -> None:
        super().__init__(options, part)
        self.mu = np.asarray(options.mu, self.theta.dtype)
        self.v = aligned(self.theta.shape, self.theta.dtype)

    def update(self) -> None:
        np.multiply(self.v, self.mu, self.v)
        np.add(self.v, self.grad, self.v)
        np.subtract(self.theta, self.v, self.theta)

    def state(self) -> State:
        return {"v": self.v}


class AdamOptions(OptimizerOptions):
    """Adam: steps scaled by running moments of the gradient (arXiv 1412.6980)."""

    beta1: float = option(0.9, "decay of the first moment", ge=0, lt=1)
    beta2: float = option(0.999, "decay of the second moment", ge=0, lt=1)
    epsilon: float = option(1e-8, "added to the root of the second moment", gt=0)


class Adam(Optimizer):
    """Steps scaled by running moments of the gradient (Kingma and Ba, arXiv 1412.6980).

    The moments are kept as plain sums, m' = m / (1 - beta1) and v' = v / (1 - beta2), which saves two
    passes; the factors go into the step size and epsilon:

        m' <- beta1 m' + g,   v' <- beta2 v' + g^2
        theta <- theta - alpha_t m' / (sqrt(v') + eps_t)
        alpha_t = alpha (1 - beta1) / (1 - beta1^t) / c,   eps_t = eps / c,
        c = sqrt((1 - beta2) / (1 - beta2^t))
    """

    Options = AdamOptions
    options: AdamOptions

    def __init__(self, options: AdamOptions, part: Part) -> None:
        super().__init__(options, part)
        theta = self.theta
        self.beta1 = np.asarray(options.beta1, theta.dtype)
        self.beta2 = np.asarray(options.beta2, theta.dtype)
        self.m = aligned(theta.shape, theta.dtype)
        self.v = aligned(theta.shape, theta.dtype)
        self.t = np.zeros((), np.int64)
        # buffers
        self.s = aligned(theta.shape, theta.dtype)
        self.rate = np.empty((), theta.dtype)
        self.epsilon = np.empty((), theta.dtype)

    def set_alpha(self, alpha: Number) -> None:
        super().set_alpha(alpha)
        self.rate = np.empty_like(self.alpha)

    def update(self) -> None:
        self.t += 1
        t, o = int(self.t), self.options
        c = math.sqrt((1 - o.beta2) / (1 - o.beta2**t))
        np.multiply(self.alpha, (1 - o.beta1) / (1 - o.beta1**t) / c, self.rate)
        self.epsilon[...] = o.epsilon / c

        s = self.s
        np.multiply(self.m, self.beta1, self.m)
        np.add(self.m, self.grad, self.m)
        np.multiply(self.grad, self.grad, s)
        np.multiply(self.v, self.beta2, self.v)
        np.add(self.v, s, self.v)
        np.sqrt(self.v, s)
        np.add(s, self.epsilon, s)
        np.divide(self.m, s, s)
        np.multiply(s, self.rate, s)
        np.subtract(self.theta, s, self.theta)

    def state(self) -> State:
        return {"m": self.m, "v": self.v, "t": self.t}


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}


def share_gradients(optimizers: Sequence[Optimizer]) -> None:
    """Give the optimisers of single layers one gradient array, which each ``backward`` overwrites.

    Every ``backward`` must be followed by its ``update`` before the next one. This halves what goes through the cache.
    """
    single = [optimizer for optimizer in optimizers if len(optimizer.layers) == 1]
    if not single:
        return
    largest = max((optimizer.theta for optimizer in single), key=lambda theta: theta.shape[-1])
    scratch = aligned(largest.shape, largest.dtype)
    for optimizer in single:
        optimizer.grad = scratch[..., : optimizer.theta.shape[-1]]
        optimizer.layers[0].params.place_gradient(optimizer.grad)
