"""The generator M: a small network that predicts a layer's gradient from what is at hand.

    z  = the chosen inputs side by side: h (layer-output), y (label), x (input)
    sg = M(z), the synthetic gradient, per example and in the place of dL/dh
    fit: one step on 1/2 |sg - target|^2, the target coming from the next layer only

arXiv 1608.05343, section 2. Linear by default, its last layer zero at the start, so that the first
step leaves the layer's weights as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from numpy import copyto, multiply, subtract

from synthgrad.config import AnyOf, Flag, Int, NameOf, OneOf, Options, Widths, Word, option
from synthgrad.errors import Problem
from synthgrad.generators.error_sum import ErrorSum
from synthgrad.generators.model import Model
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.context import Context
from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.initial import He
from synthgrad.nn.network import Network
from synthgrad.nn.normalize import Standardize
from synthgrad.nn.optimizers import OPTIMIZERS, OptimizerOptions, SGDOptions
from synthgrad.types import Array, Batch, per_replica


@dataclass(frozen=True)
class Input:
    """Something that a generator may see: its width and how it is had in a step."""

    meaning: str
    width: Callable[[Context, int], int]
    array: Callable[[Array, Batch], Array]


INPUTS = {
    "layer-output": Input(
        "h, the output of the layer whose gradient is predicted", lambda context, n: n, lambda h, batch: h
    ),
    "label": Input("y, the target of the whole network", lambda context, n: context.n_y, lambda h, batch: batch.y),
    "input": Input("x, the input of the whole network", lambda context, n: context.n_x, lambda h, batch: batch.x),
}
BOTH = ("layer-output", "label")


class GeneratorOptions(Options):
    """Models that learn to predict the gradients of the hidden layers, one for each."""

    kind: str = "learned"
    input: Annotated[tuple[str, ...], AnyOf(INPUTS, both=BOTH)] = option(
        BOTH, "what a generator sees: one of its inputs, both (layer-output and label), or a list"
    )
    hidden: Widths = option((), "widths of the generator's hidden layers; [] is linear")
    activation: Annotated[str, NameOf(ACTIVATIONS)] = option("relu", "of the generator's hidden layers")
    bias: Flag = option(True, "biases in the generator")
    normalize: Flag = option(False, "batch-normalise the layer output that a generator sees")
    normalize_hidden: Flag = option(False, "batch normalisation in the generator's hidden layers")
    alpha: float = option(0.01, "step size of the generators", ge=0, stacks=True)
    optimizer: Annotated[OptimizerOptions, OneOf(OPTIMIZERS, shorthand=True)] = option(
        SGDOptions, "optimiser of the generators"
    )
    reduce: Reduce = option(Reduce, "reduction of the generators' gradients over the batch")
    last_layer: Literal["zeros", "random"] = option("zeros", "last layer at the start (zeros: no step at first)")
    scale: float = option(
        1.0, "factor on what a layer receives from its generator, which is fitted without it", ge=0, stacks=True
    )
    every: Int = option(1, "generators are fitted in every k-th step only, the first included; this is k", ge=1)
    target: Annotated[Literal["synthetic", "true"], Word()] = option(
        "synthetic",
        "what generators are fitted to: what the next layer hands down, or the true gradient, a control that takes a "
        "pass through the whole network and decouples nothing",
    )
    targets: Literal["before", "after"] = option(
        "before", "synthetic targets are handed down through a layer's weights from before or after its own update"
    )

    def extra_weights(self, widths: Sequence[int], at: Sequence[int]) -> int:
        """Numbers that are read beside the network's weights: those of all generators, and of a twin of the network.

        There is one after each of the hidden layers ``at``.
        """
        ends = {"label": widths[-1], "input": widths[0]}
        rows = [[sum(ends.get(name, widths[i]) for name in self.input), *self.hidden, widths[i]] for i in at]
        if self.target == "true":
            rows.append([*widths])
        return sum(a * b for row in rows for a, b in itertools.pairwise(row))

    def problems(self) -> Iterator[Problem]:
        if self.target == "true" and self.targets == "after":
            said = "after is for target: synthetic; the true gradient is that of the weights before any update"
            yield Problem(("targets",), f"{said} (write before)")


class Generator(Model):
    """M of the hidden layer ``i`` (counted from 1), whose output has ``n`` units."""

    kind, gives, error = "generator", "synthetic gradient", "generator_error"

    def __init__(self, options: Any, i: int, n: int, context: Context, init: Any = None) -> None:
        self.options, self.i, self.n, self.context = options, i, n, context
        self.column = f"{self.error}.{i}"
        replicas, dtype = context.replicas, context.dtype
        self.inputs = [INPUTS[name] for name in options.input]
        self.widths = [each.width(context, n) for each in self.inputs]
        self.network = Network(self._specs(), options.reduce, replicas, dtype)
        self.network.initialize(init or He(scheme="he"), context.draw, f"{self.kind}.{i}")
        if options.last_layer == "zeros":
            self.network.layers[-1].W[...] = 0
        optimizer = options.optimizer
        self.optimizer = OPTIMIZERS[optimizer.name](optimizer, self.network.part(0, len(self.network.layers)))
        self.standardize = Standardize(n, replicas, dtype) if self._normalizes else None
        self.scale = None if np.all(options.scale == 1) else per_replica(options.scale, 2, dtype)
        self.single = self.inputs[0].array if len(self.inputs) == 1 else None
        self.sg: Array = np.zeros((*replicas, 1, n), dtype)
        self._arrange()

    def _arrange(self) -> None:
        self.layers = self.network.layers
        bottom = self.layers[0]  # a linear generator is one layer, which needs no loop
        self._forward = bottom.forward if len(self.layers) == 1 else self.network.forward
        self._backward = bottom.backward if len(self.layers) == 1 else self.network.backward
        self._sets: dict[int, tuple[Array, Array, ErrorSum]] = {}
        self.rows = 0

    def in_flight(self, count: int) -> list[Self]:
        """This generator and copies, ``count`` in all, that share weights, optimiser and statistics.

        Each can be fitted to the target of its own ``delta`` while the others go on; step sizes that the generator is
        given later are handed on by ``follow``. The network's input is copied, which does not last as long.
        """
        if "input" in self.options.input:
            self.single = None
        return [self, *(self._copy() for _ in range(count - 1))]

    def _copy(self) -> Self:
        other = copy(self)
        other.network = self.network.copy_sharing_weights()
        if self.standardize is not None:
            other.standardize = self.standardize.copy_sharing_weights()
        other._arrange()
        return other

    def follow(self, M: Self) -> None:
        """Take over the step size of the generator that this is a copy of."""
        for f, own in zip(self.layers, M.layers, strict=True):
            f.scale_by(own.step)

    @property
    def _normalizes(self) -> bool:
        return self.options.normalize and "layer-output" in self.options.input

    def _specs(self) -> list[DenseSpec]:
        o = self.options
        widths = [sum(self.widths), *o.hidden, self.n]
        pairs = list(itertools.pairwise(widths))
        hidden = [DenseSpec(a, b, o.activation, o.bias, o.normalize_hidden) for a, b in pairs[:-1]]
        return [*hidden, DenseSpec(*pairs[-1], "identity", o.bias)]

    # buffers ------------------------------------------------------------------------------------

    def set_batch_size(self, rows: int) -> None:
        context = self.context
        if rows not in self._sets:
            n_z, n = self.network.specs[0].n_in, self.n if self.scale is not None else 0
            z, scaled = (np.empty((*context.replicas, rows, width), context.dtype) for width in (n_z, n))
            self._sets[rows] = z, scaled, ErrorSum(rows, self.n, context.replicas, context.dtype)
        self.z, self.scaled, self.errors = self._sets[rows]
        ends = itertools.accumulate(self.widths)
        self.parts = [
            (self.z[..., end - width : end], each.array)
            for each, width, end in zip(self.inputs, self.widths, ends, strict=True)
        ]
        self.rows = rows
        self.network.set_batch_size(rows)
        if self.standardize is not None:
            self.standardize.set_batch_size(rows)

    # one step -----------------------------------------------------------------------------------

    def delta(self, h: Array, batch: Batch) -> Array:
        """What the layer receives: scale * sg, the synthetic gradient being sg = M(z); shape (B, n)."""
        sg = self.sg = self._forward(self._gather(h, batch))
        return sg if self.scale is None else multiply(sg, self.scale, self.scaled)

    def _gather(self, h: Array, batch: Batch) -> Array:
        """z: the inputs side by side, (B, n_z); a single one as it is."""
        if self.standardize is not None:
            h = self.standardize.forward(h)
        if self.single is not None:
            return self.single(h, batch)
        for part, array in self.parts:
            copyto(part, array(h, batch))
        return self.z

    def again(self) -> None:
        """Predict once more from what the last ``delta`` saw, with the weights of now; ``fit`` starts from that."""
        x = self.layers[0].x
        assert x is not None
        self.sg = self._forward(x)

    def fit(self, target: Array) -> None:
        """One step towards sg = target."""
        self._backward(subtract(self.sg, target, self.errors.slot()))  # error = sg - target
        self.optimizer.update()

    # between epochs -----------------------------------------------------------------------------

    def take_error(self) -> npt.NDArray[Any]:
        """Sum |target - sg| since the last call, shape ``replicas``."""
        errors = [tape.take() for *_, tape in self._sets.values()]
        return np.sum(errors, axis=0) if errors else np.zeros(self.context.replicas)
