"""A trainer of the same form as another, made without drawing numbers: to be given another's state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthgrad.trainers import TRAINERS, Setup, Trainer
from synthgrad.types import ReplicaShape


@dataclass(frozen=True)
class Zeros:
    """Zeros in the place of random numbers; a class, so that another process can be told of it."""

    replicas: ReplicaShape

    def __call__(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return np.zeros((*self.replicas, *shape))


def zeroed(setup: Setup) -> Trainer:
    """A trainer of these options, its weights not drawn."""
    context = replace(setup.context, draw=Zeros(setup.context.replicas))
    return TRAINERS[setup.trainer.name](replace(setup, context=context))
