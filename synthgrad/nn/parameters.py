"""Parameters: all weights of a network in one flat vector, each array a named view of it.

One vector means that an optimiser updates any run of consecutive layers with one call, that a snapshot
is one copy and that a check for non-finite numbers reads one array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, Lead

Shapes = Mapping[str, tuple[int, int]]


class Parameters:
    """``theta`` and its gradient ``grad``, shape ``(*lead, P)``, with a view per array.

    ``value[name]`` and ``gradient[name]`` have shape ``(*lead, *shape)``.
    """

    def __init__(self, theta: Array, grad: Array, shapes: Shapes) -> None:
        self.theta = theta
        self.shapes = dict(shapes)
        self.value = self._views(theta)
        self.place_gradient(grad)

    def place_gradient(self, grad: Array) -> None:
        """Keep the gradient in ``grad`` from here on."""
        self.grad = grad
        self.gradient = self._views(grad)

    def _views(self, flat: Array) -> dict[str, Array]:
        views, at = {}, 0
        for name, shape in self.shapes.items():
            end = at + shape[0] * shape[1]
            views[name] = flat[..., at:end].reshape(*flat.shape[:-1], *shape)
            at = end
        return views


def allocate(groups: Sequence[Shapes], lead: Lead, dtype: npt.DTypeLike) -> tuple[Array, Array, list[Parameters]]:
    """Lay the arrays of several layers behind each other.

    Returns the whole ``theta``, the whole ``grad`` and, for each layer, the part that is its own.
    """
    sizes = [sum(a * b for a, b in shapes.values()) for shapes in groups]
    theta = np.zeros((*lead, sum(sizes)), dtype)
    grad = np.zeros_like(theta)
    ends = np.cumsum(sizes, dtype=int)
    parts = [
        Parameters(theta[..., end - size : end], grad[..., end - size : end], shapes)
        for size, end, shapes in zip(sizes, ends, groups, strict=True)
    ]
    return theta, grad, parts
