"""Feedback alignment: backpropagation through fixed random matrices.

Lillicrap, Cownden, Tweed and Akerman, "Random feedback weights support learning in deep neural networks", arXiv
1411.0247. Nobody tells the weights to align with the feedback; they do.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from synthgrad.trainers.feedback import FeedbackOptions, draw_feedback
from synthgrad.trainers.trainer import Setup, Trainer
from synthgrad.types import Batch


class FeedbackAlignmentOptions(FeedbackOptions):
    """The error comes down through fixed random matrices."""

    def extra_weights(self, widths: Sequence[int]) -> int:
        return sum(a * b for a, b in itertools.pairwise(widths[1:]))


class FeedbackAlignment(Trainer):
    """delta_L = dL/dh_L,  delta_{i-1} = d_i B_{i-1}, where backpropagation has d_i W_i^T; d_i = dL/da_i.

    B_i (n_{i+1}, n_i) is random and stays as it was drawn.
    """

    Options = FeedbackAlignmentOptions
    options: FeedbackAlignmentOptions
    meaning = "backpropagation through fixed random matrices in the place of transposed weights"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        for i, f in enumerate(self.layers[1:], 1):
            B = draw_feedback(setup.context, self.options.feedback_scale, i, (f.n_out, f.n_in))
            self.fixed[f"feedback.{i}.B"] = B
            f.pull_through(B)
        self.all = self.optimizer(0, len(self.layers))

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.network.backward(self.loss.delta(h, batch))  # delta_{i-1} = d_i B_{i-1}
        self.all.update()  # theta <- theta - alpha · grad
