"""Fixed feedback: the matrices that some trainers have in the place of transposed weights."""

from __future__ import annotations

import math

import numpy as np

from synthgrad.config import option
from synthgrad.nn.context import Context
from synthgrad.nn.product import product
from synthgrad.trainers.trainer import TrainerOptions
from synthgrad.types import Array, Number, per_replica


class FeedbackOptions(TrainerOptions):
    """A trainer whose feedback is drawn once."""

    feedback_scale: float = option(
        1.0, "factor on the feedback matrices, standard normal numbers over the root of their rows", ge=0, stacks=True
    )


def draw_feedback(context: Context, scale: Number, i: int, shape: tuple[int, int]) -> Array:
    """B_i (n, n_i) = scale * normal / sqrt(n), which hands n numbers to hidden layer ``i`` at their own size.

    Drawn from the stream ``feedback.i`` of the seed: the same for all runs of a seed, and shifting no other draw.
    """
    normal = context.draw(f"feedback.{i}", shape)
    return np.ascontiguousarray(normal * per_replica(scale, 2, np.float64) / math.sqrt(shape[0]), context.dtype)


class Projection:
    """e B with a fixed B (n_e, n), written to a buffer of its own (B, n)."""

    def __init__(self, B: Array, context: Context) -> None:
        self.B, self.context = B, context
        self.dot = product(context.replicas)
        self._sets: dict[int, Array] = {}

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffer for batches of ``rows`` examples."""
        if rows not in self._sets:
            self._sets[rows] = np.empty((*self.context.replicas, rows, self.B.shape[-1]), self.context.dtype)
        self.out = self._sets[rows]

    def __call__(self, e: Array) -> Array:
        """Project e (B, n_e)."""
        self.dot(e, self.B, self.out)
        return self.out
