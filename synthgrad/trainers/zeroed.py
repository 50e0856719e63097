"""A trainer of the same form as another, made without drawing numbers: to be given another's state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthgrad.trainers import TRAINERS, Setup, Trainer
from synthgrad.types import Lead


@dataclass(frozen=True)
class Zeros:
    """Zeros in the place of random numbers; a class, so that another process can be told of it."""

    lead: Lead

    def __call__(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return np.zeros((*self.lead, *shape))


def zeroed(setup: Setup) -> Trainer:
    """A trainer of these options, its weights not drawn."""
    around = replace(setup.around, draw=Zeros(setup.around.lead))
    return TRAINERS[setup.trainer.name](replace(setup, around=around))
