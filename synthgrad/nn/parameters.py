"""Parameters: all weights of a network in one flat vector, each array a named view of it.

So an optimiser updates consecutive layers with one call, a snapshot is one copy, and a check for non-finite numbers
reads one array.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, ReplicaShape

Shapes = Mapping[str, tuple[int, int]]

LINE = 64
"""Bytes of a cache line. A pass over large arrays that begin on one is a fifth faster."""


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Zeros whose first byte is on a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    zeros: Array = raw[start : start + size].view(dtype).reshape(shape)
    return zeros


class Parameters:
    """``theta`` and its gradient ``grad``, shape ``(*replicas, P)``, with a view per array.

    ``value[name]`` and ``gradient[name]`` have shape ``(*replicas, *shape)``; ``start`` is where theta begins in the
    whole network's.
    """

    def __init__(self, theta: Array, grad: Array, shapes: Shapes, start: int) -> None:
        self.theta, self.start = theta, start
        self.shapes = dict(shapes)
        self.value = self.views(theta)
        self.place_gradient(grad)

    def place_gradient(self, grad: Array) -> None:
        """Keep the gradient in ``grad`` from here on."""
        self.grad = grad
        self.gradient = self.views(grad)

    def views(self, flat: Array) -> dict[str, Array]:
        """The arrays by name, one after another in ``flat`` (*replicas, P)."""
        views, at = {}, 0
        for name, shape in self.shapes.items():
            end = at + shape[0] * shape[1]
            views[name] = flat[..., at:end].reshape(*flat.shape[:-1], *shape)
            at = end
        return views


def count(shapes: Shapes) -> int:
    """How many numbers arrays of these shapes hold."""
    return sum(a * b for a, b in shapes.values())


def allocate(
    groups: Sequence[Shapes], replicas: ReplicaShape, dtype: npt.DTypeLike
) -> tuple[Array, Array, list[Parameters]]:
    """Place the arrays of several layers one after another; each layer begins on a cache line.

    Returns the whole ``theta``, the whole ``grad`` and each layer's part of both.
    """
    unit = LINE // np.dtype(dtype).itemsize
    sizes = [count(shapes) for shapes in groups]
    starts = [0, *itertools.accumulate(-(-size // unit) * unit for size in sizes)]
    theta, grad = (aligned((*replicas, starts[-1]), dtype) for _ in range(2))
    parts = [
        Parameters(theta[..., start : start + size], grad[..., start : start + size], shapes, start)
        for start, size, shapes in zip(starts, sizes, groups, strict=False)
    ]
    return theta, grad, parts
