"""Direct random target projection: a fixed random projection of the label is every hidden layer's delta.

Frenkel, Lefebvre and Bol, "Learning without feedback: Fixed random learning signals allow for feedforward training of
deep neural networks", arXiv 1909.01311. The untrained cousin of a generator that sees the label: no layer waits for
anything, not even for the outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import subtract

from synthgrad.nn.context import Context
from synthgrad.nn.losses import Loss
from synthgrad.nn.optimizers import share_gradients
from synthgrad.trainers.feedback import FeedbackOptions, Projection, draw_feedback
from synthgrad.trainers.trainer import Setup, Trainer
from synthgrad.types import Array, Batch


class DRTPOptions(FeedbackOptions):
    """The label comes to every layer through a fixed random matrix of its own."""

    def extra_weights(self, widths: Sequence[int]) -> int:
        return widths[-1] * sum(widths[1:-1])


class LabelProjection(Projection):
    """-(y - c) B with a fixed B (n_y, n)."""

    def __init__(self, B: Array, context: Context) -> None:
        super().__init__(B, context)
        self.c = np.asarray(0.5 if context.outputs == "bits" else 0.0, context.dtype)
        self._labels: dict[int, Array] = {}

    def delta(self, h: Array, batch: Batch) -> Array:
        """The projected label, shape (B, n), whatever h is."""
        return self(subtract(self.c, batch.y, self.e))

    def set_batch_size(self, rows: int) -> None:
        super().set_batch_size(rows)
        if rows not in self._labels:
            self._labels[rows] = np.empty((*self.context.replicas, rows, self.B.shape[-2]), self.context.dtype)
        self.e = self._labels[rows]


class DRTP(Trainer):
    """delta_L = dL/dh_L,  delta_i = -(y - c) B_i.

    For bits c = 1/2: -(y - 1/2) has the sign of the error o - y, whatever the output o between 0 and 1 is. For one-hot
    classes, as in the paper, and for values c = 0. B_i (n_y, n_i) is random and stays as it was drawn.
    """

    Options = DRTPOptions
    options: DRTPOptions
    meaning = "the label, through a fixed random matrix, directly to every hidden layer"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        context = setup.context
        scale, hidden = self.options.feedback_scale, enumerate(self.layers[:-1], 1)
        feedback = [draw_feedback(context, scale, i, (context.n_y, f.n_out)) for i, f in hidden]
        self.fixed |= {f"feedback.{i}.B": B for i, B in enumerate(feedback, 1)}
        self.projections = [LabelProjection(B, context) for B in feedback]
        self.buffered += self.projections
        optimizers = [self.optimizer(i, i + 1) for i in range(len(self.layers))]
        share_gradients(optimizers)
        models: list[LabelProjection | Loss] = [*self.projections, self.loss]
        self.modules = list(zip(self.layers, optimizers, models, strict=True))

    def step(self, batch: Batch) -> None:
        """One sweep upward; there is no backward pass."""
        h = self.begin(batch)
        for f, optimizer, M in self.modules:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
            f.backward(M.delta(h, batch))  # delta_i = -(y - c) B_i
            optimizer.update()  # theta_i <- theta_i - alpha · grad
