"""The context that a network and its models are built in: widths of the data, precision, replicas, random draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.nn.dense import Dense
from synthgrad.types import Outputs, ReplicaShape

Draw = Callable[[str, tuple[int, ...]], npt.NDArray[np.float64]]
"""Standard normal numbers for the array of a name, shape ``(*replicas, *shape)``."""


class Context(NamedTuple):
    """Inputs and outputs of the whole network, and what all its arrays have in common."""

    n_x: int
    n_y: int
    replicas: ReplicaShape
    dtype: npt.DTypeLike
    draw: Draw
    outputs: Outputs = "bits"
    layer: type[Dense] = Dense
