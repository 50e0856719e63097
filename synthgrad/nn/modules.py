"""Modules: one layer, or a chain of layers with backpropagation inside, trained from a single delta."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple, Protocol, Self

import numpy as np

from synthgrad.nn.dense import Dense
from synthgrad.types import Array, State

INFER_BYTES = 1 << 18
"""Evaluation takes as many examples at a time as keep one activation within this size."""


class Module(Protocol):
    """h = f(x; theta), trained by a delta = dL/dh from anywhere (arXiv 1608.05343, section 2).

    Arrays handed out are valid until the next call. ``layers`` are those inside, the lowest first.
    """

    @property
    def x(self) -> Array: ...
    @property
    def h(self) -> Array: ...
    @property
    def n_in(self) -> int: ...
    @property
    def n_out(self) -> int: ...
    @property
    def layers(self) -> Sequence[Dense]: ...
    def set_batch_size(self, rows: int) -> None: ...
    def write_h_to(self, h: Array) -> None: ...
    def write_delta_below_to(self, below: Array) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, delta: Array) -> None: ...
    def delta_below(self) -> Array: ...
    def infer(self, x: Array, out: Array) -> Array: ...
    def state(self) -> State: ...
    def copy_sharing_weights(self) -> Self: ...
    def copy_with_weights(self) -> Self: ...


class Chain:
    """h = f_b(... f_a(x)): inside, the delta is handed down layer by layer."""

    def __init__(self, layers: Sequence[Dense]) -> None:
        self._hold(layers)

    def _hold(self, layers: Sequence[Dense]) -> None:
        self.layers = layers
        self.bottom, self.top, self._upper = layers[0], layers[-1], layers[:0:-1]
        self.n_in, self.n_out = self.bottom.n_in, self.top.n_out
        self._scratch: dict[tuple[int, int], Array] = {}

    @property
    def x(self) -> Array:
        """The input of the last ``forward``, shape (B, n_in)."""
        return self.bottom.x

    @property
    def h(self) -> Array:
        """The output of the last ``forward``, shape (B, n_out)."""
        return self.top.h

    def copy_sharing_weights(self) -> Self:
        """A copy that shares the weights; its layers have their own buffers."""
        other = copy(self)
        other._hold([f.copy_sharing_weights() for f in self.layers])
        return other

    def copy_with_weights(self) -> Self:
        """A copy whose layers have their own buffers and weights."""
        other = copy(self)
        other._hold([f.copy_with_weights() for f in self.layers])
        return other

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        for f in self.layers:
            f.set_batch_size(rows)

    def write_h_to(self, h: Array) -> None:
        """Have ``forward`` write its output to ``h`` (B, n_out)."""
        self.top.write_h_to(h)

    def write_delta_below_to(self, below: Array) -> None:
        """Have ``delta_below`` write to ``below`` (B, n_in)."""
        self.bottom.write_delta_below_to(below)

    def forward(self, x: Array) -> Array:
        """Return h of the top layer, shape (B, n_out)."""
        for f in self.layers:
            x = f.forward(x)
        return x

    def backward(self, delta: Array) -> None:
        """Backpropagation: from delta = dL/dh of the top layer leave every layer's gradient."""
        for f in self._upper:
            f.backward(delta)
            delta = f.delta_below()  # delta_{i-1} = delta_i · dh_i/dh_{i-1}
        self.bottom.backward(delta)

    def delta_below(self) -> Array:
        """Return dL/dx, shape (B, n_in): the gradient handed to the module below."""
        return self.bottom.delta_below()

    def infer(self, x: Array, out: Array) -> Array:
        """Evaluate all examples of x (..., N, n_in) into ``out`` (..., N, n_out)."""
        widest = max(f.n_out * np.dtype(f.dtype).itemsize for f in self.layers)
        rows = max(1, INFER_BYTES // widest)
        for start in range(0, x.shape[-2], rows):
            stop = min(start + rows, x.shape[-2])
            h = x[..., start:stop, :]
            for i, f in enumerate(self.layers):
                h = f.infer(h, out[..., start:stop, :] if f is self.top else self._space(i, stop - start))
        return out

    def _space(self, i: int, rows: int) -> Array:
        if (i, rows) not in self._scratch:
            f = self.layers[i]
            self._scratch[i, rows] = np.empty((*f.replicas, rows, f.n_out), f.dtype)
        return self._scratch[i, rows]

    def state(self) -> State:
        """What training changes besides the parameters, by layer and name."""
        return {f"{i}.{name}": value for i, f in enumerate(self.layers, 1) for name, value in f.state().items()}


def module(layers: Sequence[Dense]) -> Dense | Chain:
    """The layers as one module; a single layer needs no chain around it."""
    return layers[0] if len(layers) == 1 else Chain(layers)


class Interface(NamedTuple):
    """Where a synthetic gradient stands: at the output of module ``f``, which ends with hidden layer ``i`` (from 1)."""

    i: int
    f: Module

    def column(self, kind: str) -> str:
        """The name of what is measured here: ``generator_error.1``, ``cosine.1``."""
        return f"{kind}.{self.i}"
