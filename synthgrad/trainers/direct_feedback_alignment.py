"""Direct feedback alignment: the output's error, projected at random, is every hidden layer's delta.

Nøkland, "Direct Feedback Alignment Provides Learning in Deep Neural Networks", arXiv 1609.01596. All hidden layers can
learn at once as soon as the outputs are there; nothing is handed from layer to layer.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.trainers.feedback import FeedbackOptions, Projection, draw_feedback
from synthgrad.trainers.trainer import Setup, Trainer
from synthgrad.types import Batch


class DirectFeedbackAlignmentOptions(FeedbackOptions):
    """The output's error comes to every layer through a fixed random matrix of its own."""

    def extra_weights(self, widths: Sequence[int]) -> int:
        return widths[-1] * sum(widths[1:-1])


class DirectFeedbackAlignment(Trainer):
    """delta_L = dL/dh_L,  delta_i = e B_i with e = dL/da_L (B, n_y), the error before the output's activation.

    B_i (n_y, n_i) is random and stays as it was drawn.
    """

    Options = DirectFeedbackAlignmentOptions
    options: DirectFeedbackAlignmentOptions
    meaning = "the output's error, through a fixed random matrix, directly to every hidden layer"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        scale, n, hidden = self.options.feedback_scale, self.output.n_out, self.layers[:-1]
        feedback = [draw_feedback(setup.context, scale, i, (n, f.n_out)) for i, f in enumerate(hidden, 1)]
        self.fixed |= {f"feedback.{i}.B": B for i, B in enumerate(feedback, 1)}
        self.projections = [Projection(B, setup.context) for B in feedback]
        self.buffered += self.projections
        self.all = self.optimizer(0, len(self.layers))

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.output.backward(self.loss.delta(h, batch))
        for f, project in zip(self.layers, self.projections, strict=False):
            f.backward(project(self.output.d))  # delta_i = e B_i
        self.all.update()  # theta <- theta - alpha · grad
