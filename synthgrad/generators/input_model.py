"""The input model I: a small network that predicts a module's input from the input of the whole network.

    x^ = I_i(x), in the place of h_i, for the module above hidden layer i
    fit: one step on 1/2 |x^ - h_i|^2

With synthetic inputs beside synthetic gradients no module waits for any other: the paper's complete unlock (arXiv
1608.05343, section 2 and figure 2d). Held-out examples go through the modules themselves, one after the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from synthgrad.config import Flag, NameOf, OneOf, Options, Widths, option
from synthgrad.generators.generator import Generator
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import Reduce
from synthgrad.nn.optimizers import OPTIMIZERS, OptimizerOptions, SGDOptions


class InputModelOptions(Options):
    """Models that learn to predict each module's input from the network's input: nothing waits for a layer below."""

    hidden: Widths = option((), "widths of the input model's hidden layers; [] is linear")
    activation: Annotated[str, NameOf(ACTIVATIONS)] = option("relu", "of the input model's hidden layers")
    bias: Flag = option(True, "biases in the input model")
    normalize_hidden: Flag = option(False, "batch normalisation in the input model's hidden layers")
    alpha: float = option(0.01, "step size of the input models", ge=0, stacks=True)
    optimizer: Annotated[OptimizerOptions, OneOf(OPTIMIZERS, shorthand=True)] = option(
        SGDOptions, "optimiser of the input models"
    )
    reduce: Reduce = option(Reduce, "reduction of the input models' gradients over the batch")
    last_layer: Literal["zeros", "random"] = option("zeros", "last layer at the start (zeros: no input at first)")

    input: ClassVar[tuple[str, ...]] = ("input",)
    normalize: ClassVar[bool] = False
    scale: ClassVar[float] = 1.0

    def extra_weights(self, widths: Sequence[int], at: Sequence[int]) -> int:
        """Numbers that are read beside the network's weights; there is a model for each of the hidden layers ``at``."""
        rows = [[widths[0], *self.hidden, widths[i]] for i in at]
        return sum(a * b for row in rows for a, b in itertools.pairwise(row))


class InputModel(Generator):
    """I of the hidden layer ``i`` (counted from 1), whose output it predicts: a generator of h, with all its ways."""

    kind, gives, error = "input_model", "synthetic input", "input_error"
    options: Any
