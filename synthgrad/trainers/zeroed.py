"""A trainer of the same form as another, made without drawing numbers: to be given another's state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthgrad.trainers import TRAINERS, Setup, Trainer
from synthgrad.types import ReplicaShape


class Zeros:
    """Zeros in the place of random numbers; a class, so that another process can be told of it."""

    def __init__(self, replicas: ReplicaShape) -> None:
        self.replicas = replicas

    def __call__(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return np.zeros((*self.replicas, *shape))


def zeroed(setup: Setup) -> Trainer:
    """A trainer of these options, its weights not drawn."""
    context = setup.context._replace(draw=Zeros(setup.context.replicas))
    return TRAINERS[setup.trainer.name](setup._replace(context=context))
