"""Fixed feedback: the matrices that some trainers have in the place of transposed weights."""

from __future__ import annotations

import math

import numpy as np

from synthgrad.config import option
from synthgrad.trainers.trainer import Setup, TrainerOptions
from synthgrad.types import Array, Number, per_replica


class FeedbackOptions(TrainerOptions):
    """A trainer whose feedback is drawn once."""

    feedback_scale: float = option(
        1.0, "factor on the feedback matrices, standard normal numbers over the root of their rows", ge=0, stacks=True
    )


def draw_feedback(setup: Setup, scale: Number, i: int, n: int) -> Array:
    """B_i (n, n_i) = scale * normal / sqrt(n), which hands n numbers to hidden layer ``i`` at their own size.

    Drawn from the stream ``feedback.i`` of the seed: the same for all runs of a seed, and shifting no other draw.
    """
    normal = setup.context.draw(f"feedback.{i}", (n, setup.network.hidden[i - 1]))
    return np.ascontiguousarray(normal * per_replica(scale, 2, np.float64) / math.sqrt(n), setup.context.dtype)
