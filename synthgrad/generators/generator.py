"""The generator M: a small network that predicts a layer's gradient from what a module has at once.

    z  = the chosen inputs side by side: h (layer-output), y (label), x (input)
    sg = M(z), the synthetic gradient, per example and in the place of dL/dh
    fit: one step on 1/2 |sg - target|^2, the target coming from the next layer only

arXiv 1608.05343, section 2. Linear by default, its last layer zero at the start, so that the first
step leaves the layer's weights as they are.
"""

from __future__ import annotations

import itertools
from copy import copy
from typing import Self

import numpy as np
from numpy import copyto, multiply, subtract

from synthgrad.generators.error_sum import ErrorSum
from synthgrad.generators.inputs import GENERATOR_INPUTS, Widths
from synthgrad.generators.model import Model
from synthgrad.generators.options import GeneratorOptions, InputModelOptions
from synthgrad.nn.context import Context
from synthgrad.nn.dense import DenseSpec
from synthgrad.nn.initial import He, Initial
from synthgrad.nn.modules import Interface, module
from synthgrad.nn.network import Network
from synthgrad.nn.normalize import Standardize
from synthgrad.nn.optimizers import OPTIMIZERS
from synthgrad.types import Array, Batch, per_replica


class Generator(Model):
    """M ``at`` an interface, whose module has an output of ``n`` units."""

    kind, gives, error = "generator", "synthetic gradient", "generator_error"

    def __init__(
        self, options: GeneratorOptions | InputModelOptions, at: Interface, context: Context,
        init: Initial | None = None,
    ) -> None:  # fmt: skip
        self.options, self.alpha, self.at, self.context = options, options.alpha, at, context
        replicas, dtype = context.replicas, context.dtype
        n = self.n = at.f.n_out
        widths = Widths(context.n_x, at.f.n_in, n, context.n_y)
        self.widths = [GENERATOR_INPUTS[name].width(widths) for name in options.input]
        self.network = Network(self._specs(), options.reduce, replicas, dtype)
        self.network.initialize(init or He(scheme="he"), context.draw, f"{self.kind}.{at.i}")
        if options.last_layer == "zeros":
            self.network.layers[-1].W[...] = 0
        optimizer = options.optimizer
        self.optimizer = OPTIMIZERS[optimizer.name](optimizer, self.network.part(0, len(self.network.layers)))
        self.standardize = Standardize(n, replicas, dtype) if self._normalizes else None
        self.scale = None if np.all(options.scale == 1) else per_replica(options.scale, 2, dtype)
        self.sg: Array = np.zeros((*replicas, 1, n), dtype)
        self._arrange()

    def _arrange(self) -> None:
        self.layers = self.network.layers
        whole = module(self.layers)  # a linear generator is one layer, which needs no loop
        self._forward, self._backward = whole.forward, whole.backward
        self.inputs = [GENERATOR_INPUTS[name](self.at.f, self.context) for name in self.options.input]
        self.single = self.inputs[0].array if len(self.inputs) == 1 else None
        self._sets: dict[int, tuple[Array, Array, ErrorSum]] = {}
        self.rows = 0

    def in_flight(self, count: int) -> list[Self]:
        """This generator and copies, ``count`` in all, that share weights, optimiser and statistics.

        Each can be fitted to the target of its own ``delta`` after others have predicted. ``follow`` hands on later
        step sizes. Inputs that the next batches overwrite are copied.
        """
        copies = [self, *(self._copy() for _ in range(count - 1))]
        for M in copies:
            if any(each.reads_x for each in M.inputs):
                M.single = None
        return copies

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
        self.rows, self.parts, end = rows, [], 0
        for each, width in zip(self.inputs, self.widths, strict=True):
            each.set_batch_size(rows)
            self.parts.append((self.z[..., end : end + width], each.array))
            end += width
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
        """Predict again from what the last ``delta`` saw, with the present weights, for the next ``fit``."""
        self.sg = self._forward(self.layers[0].x)

    def fit(self, target: Array) -> None:
        """One step towards sg = target."""
        self._backward(subtract(self.sg, target, self.errors.slot()))  # error = sg - target
        self.optimizer.update()

    # between epochs -----------------------------------------------------------------------------

    def take_error(self) -> Array:
        """Sum |target - sg| since the last call, shape ``replicas``."""
        errors = [each.take() for *_, each in self._sets.values()]
        return np.sum(errors, axis=0) if errors else np.zeros(self.context.replicas)


class InputModel(Generator):
    """The input model I: predicts a module's input from the input of the whole network.

        x^ = I_i(x), in the place of h_i, for the module above hidden layer i
        fit: one step on 1/2 |x^ - h_i|^2

    With synthetic inputs and synthetic gradients no module waits for another: the paper's complete unlock (arXiv
    1608.05343, section 2 and figure 2d). Held-out examples go through the modules themselves, one after the other.
    """

    kind, gives, error = "input_model", "synthetic input", "input_error"
