"""A dense layer: h = f(x W + b), its gradient, and its pull-back."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from numpy import add, multiply

from synthgrad.config import Options, option
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.normalize import BatchNorm
from synthgrad.nn.parameters import Parameters, Shapes
from synthgrad.nn.product import product
from synthgrad.types import Array, Number, ReplicaShape, State, per_replica


class DenseSpec(NamedTuple):
    """The form of a layer: everything about it except its weights."""

    n_in: int
    n_out: int
    activation: str = "identity"
    bias: bool = True
    normalize: bool = False

    @property
    def shapes(self) -> Shapes:
        """The layer's arrays. Batch normalisation takes any constant away, so its beta is the bias."""
        shapes = {"W": (self.n_in, self.n_out)}
        if self.normalize:
            shapes["gamma"] = (1, self.n_out)
        if self.bias:
            shapes["beta" if self.normalize else "b"] = (1, self.n_out)
        return shapes


class Reduce(Options):
    """How gradients are reduced over the batch."""

    weights: Literal["mean", "sum"] = option("mean", "reduction of the weights' gradients")
    biases: Literal["mean", "sum"] = option("mean", "reduction of the gradients of biases, gamma and beta")


class _Buffers(NamedTuple):
    """What a layer needs to train on batches of one size."""

    h: Array  # (B, n_out)  output
    d: Array  # (B, n_out)  dL/da, per example
    ds: Array  # (B, n_out)  d times the scale of the weights' gradient
    below: Array  # (B, n_in)   dL/dx
    row: Array  # (1, B)      scale of the biases' gradient: row @ d sums or averages over the batch


class Dense:
    """One layer, trained by a delta = dL/dh from anywhere.

    Call ``forward``, then ``backward``, then, if the layer below needs its delta, ``delta_below``. Deltas are per
    example; only the gradients of W and b are reduced over the batch. Arrays handed out are valid until the next call.
    The gradient of a ``frozen`` layer is zero.
    """

    def __init__(
        self, spec: DenseSpec, params: Parameters, reduce: Reduce, replicas: ReplicaShape, dtype: npt.DTypeLike
    ) -> None:
        self.spec, self.params, self.reduce = spec, params, reduce
        self.replicas, self.dtype = replicas, dtype
        self.dot = product(replicas)
        self.activation = ACTIVATIONS[spec.activation](dtype)
        linear = spec.activation == "identity"
        self.activate = None if linear else self.activation.apply_
        self.pull = None if linear else self.activation.pull
        self.W, self.b = params.value["W"], params.value.get("b")
        self.back = self.W.mT
        self.n_in, self.n_out = spec.n_in, spec.n_out
        self.norm = BatchNorm(params, spec.n_out, replicas, dtype) if spec.normalize else None
        self.step: Number = 1.0
        self.frozen = False
        self.rows = 0
        self._sets: dict[int, _Buffers] = {}
        self.x: Array = np.empty(0)

    @property
    def layers(self) -> Sequence[Dense]:
        """The layers of this module: itself."""
        return (self,)

    def freeze(self) -> None:
        """Learn nothing from here on."""
        self.frozen = True

    def pull_through(self, back: Array) -> None:
        """Have ``delta_below`` multiply by ``back`` (n_out, n_in) in place of W^T."""
        self.back = back

    # buffers ------------------------------------------------------------------------------------

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples, made at the first call."""
        if rows not in self._sets:
            high, low = (np.empty((*self.replicas, rows, n), self.dtype) for n in (self.n_out, self.n_in))
            row = np.empty((*self.replicas, 1, rows), self.dtype)
            self._sets[rows] = _Buffers(high, np.empty_like(high), np.empty_like(high), low, row)
        self.h, self._d, self.ds, self.below, self.row = self._sets[rows]
        self.rows = rows
        if self.norm is not None:
            self.norm.set_batch_size(rows)
        self.leave_in(self.params.gradient)
        self.scale_by(self.step)

    def write_h_to(self, h: Array) -> None:
        """Have ``forward`` write its output to ``h`` (B, n_out)."""
        self.h = h

    def write_delta_below_to(self, below: Array) -> None:
        """Have ``delta_below`` write to ``below`` (B, n_in)."""
        self.below = below

    def leave_in(self, gradient: dict[str, Array]) -> None:
        """Have ``backward`` leave the gradient in these arrays, by name."""
        self.params.gradient = gradient
        self.gW, self.gb = gradient["W"], gradient.get("b")
        if self.norm is not None:
            self.norm.leave_in(gradient)

    def scale_by(self, step: Number) -> None:
        """Have ``backward`` leave ``step`` times the gradient: scaling d (B, n_out) costs less than scaling gW."""
        self.step = step
        if not self.rows:
            return
        step = np.asarray(0.0 if self.frozen else step)
        scale = step / (self.rows if self.reduce.weights == "mean" else 1)
        self.scale = None if scale.ndim == 0 and scale == 1 else per_replica(scale, 2, self.dtype)
        share = step / (self.rows if self.reduce.biases == "mean" else 1)
        self.row[...] = per_replica(share, 2, self.dtype)

    # one step -----------------------------------------------------------------------------------

    def forward(self, x: Array) -> Array:
        """Return h = f(x W + b), shape (B, n_out)."""
        if x is not self.x:
            self.x, self.xT = x, x.mT
        h = self.h
        self.dot(x, self.W, h)
        if self.norm is not None:
            self.norm.apply_(h)
        elif self.b is not None:
            add(h, self.b, h)
        if self.activate is not None:
            self.activate(h)  # h = f(a)
        return h

    def backward(self, delta: Array) -> None:
        """From delta = dL/dh leave the gradients: d = delta f'(a), gW = x^T d, gb = sum(d)."""
        d = delta if self.pull is None else self.pull(delta, self.h, self._d)
        if self.norm is not None:
            if d is delta:
                np.copyto(self._d, delta)
                d = self._d
            self.norm.pull_(d, self.row)
        elif self.gb is not None:
            self.dot(self.row, d, self.gb)
        self.d = d
        if self.scale is not None:
            d = multiply(d, self.scale, self.ds)
        self.dot(self.xT, d, self.gW)

    def delta_below(self) -> Array:
        """Return dL/dx = d W^T, shape (B, n_in): the gradient handed to the layer below."""
        self.dot(self.d, self.back, self.below)
        return self.below

    def copy_sharing_weights(self) -> Self:
        """A copy that shares the weights and has its own buffers for what a step leaves.

        A forward pass of one keeps what the other needs for its backward pass.
        """
        other = copy(self)
        other._sets, other.rows, other.x = {}, 0, np.empty(0)
        if self.norm is not None:
            other.norm = self.norm.copy_sharing_weights()
        return other

    def copy_with_weights(self) -> Self:
        """A copy with its own buffers and weights; it leaves its gradient where this layer does."""
        other = self.copy_sharing_weights()
        own = other.params = Parameters(np.empty_like(self.params.theta), self.params.grad, self.params.shapes, 0)
        other.W, other.b = own.value["W"], own.value.get("b")
        other.back = other.W.mT
        if other.norm is not None:
            other.norm.hold(own)
        return other

    # evaluation ---------------------------------------------------------------------------------

    def infer(self, x: Array, out: Array) -> Array:
        """Return h for evaluation, in ``out``: running statistics, and no trace left for ``backward``."""
        self.dot(x, self.W, out)
        if self.norm is not None:
            self.norm.infer_(out)
        elif self.b is not None:
            np.add(out, self.b, out)
        self.activation.apply_(out)
        return out

    def state(self) -> State:
        """What training changes in the layer besides its parameters."""
        return self.norm.state() if self.norm is not None else {}
