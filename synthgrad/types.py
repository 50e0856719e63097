"""Array types and the letters used for shapes.

``B`` examples in a batch, ``R`` replicas (networks trained side by side), ``n`` the width of a
layer, ``L`` the number of layers. Every numeric function works on the last two axes, ``(B, n)``,
and lets any axes before them stand: none for one network, ``(R,)`` for a stack of them. The shape of
those leading axes is called ``replicas``.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]
"""Of any dtype: labels as a file has them."""
ReplicaShape = tuple[int, ...]
State = dict[str, AnyArray]
"""Everything that a step of training changes, by name: what a snapshot copies."""
Metrics = dict[str, AnyArray]
"""Numbers of an epoch by column, shape ``replicas`` each."""

Outputs = Literal["bits", "classes", "values"]
"""What the labels of a task are: each 0 or 1, one-hot rows, or any numbers."""

Number = float | Array
"""One number for all replicas, or an array ``(R,)`` of one for each."""


class Batch:
    """The examples of one step: inputs x (B, n_x), labels y (B, n_y), and h (B, n_y).

    ``h`` is where the output layer writes: a part of the epoch's record, from which losses and accuracies
    are computed once an epoch.
    """

    __slots__ = ("h", "rows", "x", "y")

    def __init__(self, x: Array, y: Array, h: Array) -> None:
        self.x, self.y, self.h = x, y, h
        self.rows = x.shape[-2]


def per_replica(value: Number, trailing: int, dtype: npt.DTypeLike) -> Array:
    """Shape a number so that it broadcasts against ``replicas`` plus ``trailing`` more axes.

    A plain number becomes a 0-d array: a ufunc reads it faster than a Python float, and an array of
    the layer's own dtype can never drag float32 up to float64.
    """
    array = np.asarray(value, dtype=dtype)
    return array.reshape(array.shape + (1,) * trailing) if array.ndim else array
