"""What all training algorithms share: a network, a loss, and the question which delta each layer receives."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from synthgrad.config import Flag, NameOf, OneOf, Options, Widths, option
from synthgrad.generators.generator import Generator, Surroundings
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.initial import INITIAL, Normal
from synthgrad.nn.losses import LOSSES
from synthgrad.nn.network import Network
from synthgrad.nn.optimizers import OPTIMIZERS, Optimizer, SGDOptions
from synthgrad.types import Array, Batch, State


class NetworkOptions(Options):
    """The network: dense layers between the task's input and its output."""

    hidden: Widths = option((128, 64), "widths of the hidden layers; [] connects input and output directly")
    activation: Annotated[str, NameOf(ACTIVATIONS)] = option("sigmoid", "of the hidden layers")
    bias: Flag = option(True, "biases in every layer")
    normalize: Flag = option(False, "batch normalisation of every hidden layer, before its activation")
    init: Annotated[Options, OneOf(INITIAL, "scheme")] = option(
        lambda: Normal.model_construct(scheme="normal"), "initial weights"
    )
    dtype: Literal["float64", "float32"] = option("float64", "precision of all numbers of the network")


class TrainerOptions(Options):
    """What every trainer has."""

    name: str
    alpha: float = option(0.1, "step size of the layers", ge=0, stacks=True)
    loss: Annotated[str, NameOf(LOSSES)] = option("squared-error", "objective, on sigmoid outputs")
    optimizer: Annotated[Options, OneOf(OPTIMIZERS, shorthand=True)] = option(
        lambda: SGDOptions.model_construct(name="sgd"), "optimiser of the layers"
    )
    reduce: Reduce = option(Reduce, "reduction of the layers' gradients over the batch")


@dataclass(frozen=True)
class Setup:
    """What a trainer is made from: options, the task's sizes, the leading axes, the random draws."""

    network: NetworkOptions
    trainer: Any
    around: Surroundings


class Trainer(ABC):
    """One algorithm: an answer to the question which delta each layer receives."""

    Options: ClassVar[Any]
    meaning: str
    generators: list[Generator]

    def __init__(self, setup: Setup) -> None:
        around, net, options = setup.around, setup.network, setup.trainer
        self.setup, self.options, self.around = setup, options, around
        self.loss = LOSSES[options.loss](around.n_y, around.lead, around.dtype)
        widths = [around.n_x, *net.hidden, around.n_y]
        pairs = list(itertools.pairwise(widths))
        specs = [DenseSpec(a, b, net.activation, net.bias, net.normalize) for a, b in pairs[:-1]]
        specs.append(DenseSpec(*pairs[-1], self.loss.link, net.bias))
        self.network = Network(specs, options.reduce, around.lead, around.dtype)
        self.network.initialize(net.init, around.draw)
        self.layers = self.network.layers
        self.output = self.layers[-1]
        self.generators = []
        self.optimizers: list[Optimizer] = []
        self.rows = 0

    def optimizer(self, start: int, stop: int) -> Optimizer:
        """An optimiser of the configured kind for layers start .. stop - 1, counted from 0."""
        options = self.options.optimizer
        made = OPTIMIZERS[options.name](options, self.network.part(start, stop))
        self.optimizers.append(made)
        return made

    # one step -----------------------------------------------------------------------------------

    @abstractmethod
    def step(self, batch: Batch) -> None:
        """Train on one batch; the output layer's h is left in ``batch.h``."""

    def begin(self, batch: Batch) -> Array:
        """Ready the buffers for this batch and return its inputs."""
        if batch.rows != self.rows:
            self.use(batch.rows)
        self.output.h = batch.h
        return batch.x

    def use(self, rows: int) -> None:
        """Take up the buffers for batches of ``rows`` examples."""
        self.rows = rows
        self.network.use(rows)
        self.loss.use(rows)
        for generator in self.generators:
            generator.use(rows)

    # between epochs -----------------------------------------------------------------------------

    def set_rate(self, factor: float) -> None:
        """Set every step size to ``factor`` times its configured value."""
        for optimizer in self.optimizers:
            optimizer.set_alpha(self.options.alpha * factor)
        for generator in self.generators:
            generator.set_alpha(generator.options.alpha * factor)

    def columns(self) -> list[str]:
        """The names of ``figures``."""
        return [f"generator_error.{g.i}" for g in self.generators if g.i < len(self.layers)]

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """What this trainer adds to an epoch, shape ``lead`` each: sum |target - sg| per hidden layer."""
        errors = {f"generator_error.{g.i}": g.take_error() for g in self.generators}
        return {name: errors[name] for name in self.columns()}

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Every weight array by name, for the file of final weights."""
        yield from self.network.arrays()
        for generator in self.generators:
            yield from generator.arrays()

    def state(self) -> State:
        """Every array that training changes, by name; a copy of them is a snapshot."""
        state = {f"network.{name}": value for name, value in self.network.state().items()}
        for i, optimizer in enumerate(self.optimizers):
            state |= {f"optimizer.{i}.{name}": value for name, value in optimizer.state().items()}
        for g in self.generators:
            state |= {f"generator.{g.i}.{name}": value for name, value in g.state().items()}
        return state

    def places(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Where a number may first stop being finite, in the order of cause and effect."""
        for i, layer in enumerate(self.layers, 1):
            yield f"the activations of layer {i}", layer.h
        for g in self.generators:
            yield f"the synthetic gradient of generator {g.i}", g.sg
        for i, layer in enumerate(self.layers, 1):
            yield f"the weights of layer {i}", layer.params.theta
        for g in self.generators:
            yield f"the weights of generator {g.i}", g.network.theta
        for name, value in self.state().items():
            if np.issubdtype(value.dtype, np.floating):
                yield name, value
