"""Sign symmetry: backpropagation through the signs of the weights.

Liao, Leibo and Poggio, "How Important is Weight Symmetry in Backpropagation?", arXiv 1510.05067: their uniform
sign-concordant feedback, V = sign(W). What comes down must have the right signs; its magnitudes matter less.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy import bitwise_and, bitwise_or

from synthgrad.config import option
from synthgrad.nn.parameters import aligned
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import AnyArray, Array, Batch


class SignSymmetryOptions(TrainerOptions):
    """The error comes down through the signs of the weights."""

    feedback_scale: float = option(1.0, "factor on the signs, beside the mean |W| at the start", ge=0, stacks=True)

    def extra_weights(self, widths: Sequence[int]) -> int:
        return sum(a * b for a, b in itertools.pairwise(widths[1:]))


class SignSymmetry(Trainer):
    """delta_L = dL/dh_L,  delta_{i-1} = d_i s_i sign(W_i)^T, where backpropagation has d_i W_i^T; d_i = dL/da_i.

    The signs are those of the moment (0 counts as positive). s_i is the mean of |W_i| at the start and stays: of all
    s sign(W) that one is nearest to W, so that the delta comes down at the size of the true one. (The paper has s = 1
    and throws the size of the gradient away afterwards; here the step size keeps its meaning.)
    """

    Options = SignSymmetryOptions
    options: SignSymmetryOptions
    meaning = "backpropagation through the signs of the weights, all of one size"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.signs = []
        for i, f in enumerate(self.layers[1:], 1):
            s = self.fixed[f"feedback.{i}.s"] = _size(f.W, self.options.feedback_scale)
            S = aligned(f.W.shape, f.W.dtype)  # s sign(W), (n_in, n_out) as W is
            f.pull_through(S.mT)
            self.signs.append((_bits(f.W), _bits(s), _bits(S)))
        self.sign = _bits(np.full((), -0.0, self.network.dtype))
        self.all = self.optimizer(0, len(self.layers))

    def step(self, batch: Batch) -> None:
        for W, s, S in self.signs:  # two passes over plain bits cost a third of np.copysign(s, W, S)
            bitwise_and(W, self.sign, S)
            bitwise_or(S, s, S)
        h = self.begin(batch)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.network.backward(self.loss.delta(h, batch))  # delta_{i-1} = d_i s_i sign(W_i)^T
        self.all.update()  # theta <- theta - alpha · grad


def _size(W: Array, scale: object) -> Array:
    """The mean of |W| times ``scale``, shape (*replicas, 1, 1)."""
    each = np.abs(W).reshape(*W.shape[:-2], -1).astype(np.float64).mean(-1)
    return np.asarray(each * scale, W.dtype).reshape(*W.shape[:-2], 1, 1)


def _bits(a: Array) -> AnyArray:
    """The same memory as unsigned numbers, whose highest bit is the sign."""
    return a.view(f"u{a.itemsize}")
