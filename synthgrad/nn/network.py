"""A network: dense layers whose weights lie in one flat vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from synthgrad.nn.context import Draw
from synthgrad.nn.dense import Dense, DenseSpec, Reduce
from synthgrad.nn.initial import Initial
from synthgrad.nn.parameters import allocate
from synthgrad.types import Array, ReplicaShape, State

INFER_BYTES = 1 << 18
"""Evaluation takes as many examples at a time as keep one activation within this size."""


class Part(NamedTuple):
    """Consecutive layers of a network and their share of its flat vectors: what one optimiser moves."""

    layers: Sequence[Dense]
    theta: Array
    grad: Array


class Network:
    """f_L(... f_1(x)): one flat ``theta`` and ``grad``, and the layers that own its parts."""

    def __init__(
        self, specs: Sequence[DenseSpec], reduce: Reduce, replicas: ReplicaShape, dtype: npt.DTypeLike
    ) -> None:
        self.specs, self.replicas, self.dtype = specs, replicas, np.dtype(dtype)
        self.theta, self.grad, parts = allocate([spec.shapes for spec in specs], replicas, dtype)
        self.layers = [Dense(s, p, reduce, replicas, dtype) for s, p in zip(specs, parts, strict=True)]
        self._arrange()

    def _arrange(self) -> None:
        self._bottom, self._upper = self.layers[0], self.layers[:0:-1]
        self._scratch: dict[tuple[int, int], Array] = {}

    def copy_sharing_weights(self) -> Self:
        """A copy that shares the weights; its layers have their own buffers."""
        other = copy(self)
        other.layers = [f.copy_sharing_weights() for f in self.layers]
        other._arrange()
        return other

    def initialize(self, init: Initial, draw: Draw, prefix: str = "layer") -> None:
        """Draw the weights: ``init`` is an entry of INITIAL, names are ``layer.1.W`` and so on."""
        for i, layer in enumerate(self.layers, 1):
            scale, shift = init.law(layer.spec.n_in, layer.spec.n_out, last=layer is self.layers[-1])
            for name, value in layer.params.value.items():
                if name == "W" or (name in ("b", "beta") and init.biases == "like-weights"):
                    normal = draw(f"{prefix}.{i}.{name}", layer.params.shapes[name])
                    value[...] = normal * _column(scale) + _column(shift)

    def part(self, start: int, stop: int) -> Part:
        """Layers start .. stop - 1, counted from 0."""
        first, last = self.layers[start].params, self.layers[stop - 1].params
        where = slice(first.start, last.start + last.theta.shape[-1])
        return Part(self.layers[start:stop], self.theta[..., where], self.grad[..., where])

    def forward(self, x: Array) -> Array:
        """All layers upward; returns the output."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, delta: Array) -> None:
        """Backpropagation: from dL/dh of the last layer leave every layer's gradient."""
        for layer in self._upper:
            layer.backward(delta)
            delta = layer.delta_below()
        self._bottom.backward(delta)

    def set_batch_size(self, rows: int) -> None:
        """Take up the buffers for batches of ``rows`` examples."""
        for layer in self.layers:
            layer.set_batch_size(rows)

    def infer(self, x: Array, out: Array) -> Array:
        """Evaluate all examples of x (..., N, n_x) into out (..., N, n_y)."""
        widest = max(spec.n_out for spec in self.specs) * self.dtype.itemsize
        rows = max(1, INFER_BYTES // widest)
        for start in range(0, x.shape[-2], rows):
            stop = min(start + rows, x.shape[-2])
            h = x[..., start:stop, :]
            for i, layer in enumerate(self.layers):
                last = i == len(self.layers) - 1
                h = layer.infer(h, out[..., start:stop, :] if last else self._space(i, stop - start))
        return out

    def _space(self, layer: int, rows: int) -> Array:
        key = (layer, rows)
        if key not in self._scratch:
            self._scratch[key] = np.empty((*self.replicas, rows, self.specs[layer].n_out), self.dtype)
        return self._scratch[key]

    def arrays(self, prefix: str = "layer") -> Iterator[tuple[str, Array]]:
        """Every weight array with its name: ``layer.1.W``."""
        for i, layer in enumerate(self.layers, 1):
            for name, value in {**layer.params.value, **layer.state()}.items():
                yield f"{prefix}.{i}.{name}", value

    def state(self) -> State:
        """All that training changes: theta and running statistics."""
        state: State = {"theta": self.theta}
        for i, layer in enumerate(self.layers, 1):
            state |= {f"{i}.{name}": value for name, value in layer.state().items()}
        return state


def _column(value: Any) -> Any:
    return value.reshape(-1, 1, 1) if isinstance(value, np.ndarray) else value
