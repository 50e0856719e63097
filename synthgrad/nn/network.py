"""A network: dense layers whose weights lie in one flat vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.nn.context import Draw
from synthgrad.nn.dense import Dense, DenseSpec, Reduce
from synthgrad.nn.initial import Initial
from synthgrad.nn.modules import Chain
from synthgrad.nn.parameters import allocate
from synthgrad.types import Array, Number, ReplicaShape, State


class Part(NamedTuple):
    """Consecutive layers of a network and their share of its flat vectors: what one optimiser moves."""

    layers: Sequence[Dense]
    theta: Array
    grad: Array


class Network(Chain):
    """f_L(... f_1(x)): one flat ``theta`` and ``grad``, and the layers, each of class ``layer``, that own its parts."""

    def __init__(
        self, specs: Sequence[DenseSpec], reduce: Reduce, replicas: ReplicaShape, dtype: npt.DTypeLike,
        layer: type[Dense] = Dense,
    ) -> None:  # fmt: skip
        self.specs, self.replicas, self.dtype = specs, replicas, np.dtype(dtype)
        self.theta, self.grad, parts = allocate([spec.shapes for spec in specs], replicas, dtype)
        super().__init__([layer(s, p, reduce, replicas, dtype) for s, p in zip(specs, parts, strict=True)])

    def initialize(self, init: Initial, draw: Draw, prefix: str = "layer") -> None:
        """Draw the weights: ``init`` is an entry of INITIAL, names are ``layer.1.W`` and so on."""
        for i, layer in enumerate(self.layers, 1):
            scale, shift = init.law(layer.n_in, layer.n_out, last=layer is self.layers[-1])
            for name, value in layer.params.value.items():
                if name == "W" or (name in ("b", "beta") and init.biases == "like-weights"):
                    normal = draw(f"{prefix}.{i}.{name}", layer.params.shapes[name])
                    value[...] = normal * _column(scale) + _column(shift)

    def part(self, start: int, stop: int) -> Part:
        """Layers start .. stop - 1, counted from 0."""
        first, last = self.layers[start].params, self.layers[stop - 1].params
        where = slice(first.start, last.start + last.theta.shape[-1])
        return Part(self.layers[start:stop], self.theta[..., where], self.grad[..., where])

    def arrays(self, prefix: str = "layer") -> Iterator[tuple[str, Array]]:
        """Every weight array with its name: ``layer.1.W``."""
        for i, layer in enumerate(self.layers, 1):
            for name, value in {**layer.params.value, **layer.state()}.items():
                yield f"{prefix}.{i}.{name}", value

    def state(self) -> State:
        """Everything that training changes: theta and running statistics."""
        return {"theta": self.theta, **super().state()}


def _column(value: Number) -> Number:
    return value.reshape(-1, 1, 1) if isinstance(value, np.ndarray) else value
