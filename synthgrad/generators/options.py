"""The options of the models beside the network: generators, the oracle, input models."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from synthgrad.config import AnyOf, Flag, Int, NameOf, OneOf, Options, Widths, Word, option
from synthgrad.errors import Problem
from synthgrad.generators.inputs import BOTH, GENERATOR_INPUTS
from synthgrad.generators.inputs import Widths as InputWidths
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import Reduce
from synthgrad.nn.optimizers import OPTIMIZERS, OptimizerOptions, SGDOptions


class GeneratorOptions(Options):
    """Models that learn to predict the gradients of the hidden layers, one for each."""

    kind: str = "learned"
    input: Annotated[tuple[str, ...], AnyOf(GENERATOR_INPUTS, both=BOTH)] = option(
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
        """Weights read in addition to the network's: a generator's for each hidden layer in ``at``, and a twin's."""
        twin = _weights(widths) if self.target == "true" else 0
        return twin + _weights_of_models(self, widths, at)

    def problems(self) -> Iterator[Problem]:
        if self.target == "true" and self.targets == "after":
            said = "after is for target: synthetic; the true gradient is that of the weights before any update"
            yield Problem(("targets",), f"{said} (write before)")


class OracleOptions(Options):
    """The true gradient of the moment: nothing is learned and nothing decoupled; for tests and demonstrations."""

    kind: str
    input: ClassVar[tuple[str, ...]] = ()
    normalize: ClassVar[bool] = False
    normalize_hidden: ClassVar[bool] = False
    every: ClassVar[int] = 1
    target: ClassVar[str] = "synthetic"  # what the error is measured against
    targets: ClassVar[str] = "before"

    def extra_weights(self, widths: Sequence[int], at: Sequence[int]) -> int:
        """Weights read in addition to the network's: those of its twin."""
        return _weights(widths)


GENERATORS: dict[str, type[GeneratorOptions] | type[OracleOptions]] = {
    "learned": GeneratorOptions,
    "oracle": OracleOptions,
}


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
        """Weights read in addition to the network's, with a model for each of the hidden layers ``at``."""
        return _weights_of_models(self, widths, at)


def _weights_of_models(options: GeneratorOptions | InputModelOptions, widths: Sequence[int], at: Sequence[int]) -> int:
    """How many weights models have, one after each of the hidden layers ``at``."""
    total = 0
    for below, i in itertools.pairwise([0, *at]):
        seen = InputWidths(widths[0], widths[below], widths[i], widths[-1])
        n_z = sum(GENERATOR_INPUTS[name].width(seen) for name in options.input)
        total += _weights([n_z, *options.hidden, widths[i]])
    return total


def _weights(widths: Sequence[int]) -> int:
    return sum(a * b for a, b in itertools.pairwise(widths))
