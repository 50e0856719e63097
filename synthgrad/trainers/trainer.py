"""What all training algorithms share: a network, a loss, and the question which delta each layer receives."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol, Self, TypeAlias

import numpy as np

from synthgrad.config import Flag, NameOf, Numbers, OneOf, Options, Widths, option
from synthgrad.generators.model import Model
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.context import Context
from synthgrad.nn.dense import Dense, DenseSpec, Reduce
from synthgrad.nn.initial import INITIAL, Initial, Normal
from synthgrad.nn.losses import LOSSES
from synthgrad.nn.network import Network
from synthgrad.nn.optimizers import OPTIMIZERS, Optimizer, OptimizerOptions, SGDOptions
from synthgrad.schedules.options import SEQUENTIAL, ScheduleOptions
from synthgrad.types import AnyArray, Array, Batch, Metrics, State


class NetworkOptions(Options):
    """The network: dense layers between the task's input and its output."""

    hidden: Widths = option((128, 64), "widths of the hidden layers; [] connects input and output directly")
    activation: Annotated[str, NameOf(ACTIVATIONS)] = option("sigmoid", "of the hidden layers")
    bias: Flag = option(True, "biases in every layer")
    normalize: Flag = option(False, "batch normalisation of every hidden layer, before its activation")
    init: Annotated[Initial, OneOf(INITIAL, "scheme")] = option(Normal, "initial weights")
    dtype: Literal["float64", "float32"] = option("float64", "precision of all numbers of the network")

    @property
    def depth(self) -> int:
        """How many hidden layers there are."""
        return len(self.hidden)

    def widths(self, n_x: int, n_y: int) -> list[int]:
        """The widths of all layers between inputs and outputs of these widths, both included."""
        return [n_x, *self.hidden, n_y]


class TrainerOptions(Options):
    """What every trainer has."""

    name: str
    alpha: float = option(0.1, "step size of the layers", ge=0, stacks=True)
    loss: Annotated[str, NameOf(LOSSES)] = option("squared-error", "objective, by the kind of the task's outputs")
    optimizer: Annotated[OptimizerOptions, OneOf(OPTIMIZERS, shorthand=True)] = option(
        SGDOptions, "optimiser of the layers"
    )
    reduce: Reduce = option(Reduce, "reduction of the layers' gradients over the batch")
    freeze: Numbers = option((), "hidden layers that do not learn, counted from 1; gradients pass through them")

    @property
    def timing(self) -> ScheduleOptions:
        """When the modules of the network work."""
        return SEQUENTIAL

    def in_order(self) -> Self:
        """The same with one module after the other, each in every step and on the output of the module below."""
        return self

    @property
    def normalizes(self) -> bool:
        """Whether a model beside the network normalises over the batch."""
        return False

    def extra_weights(self, widths: Sequence[int]) -> int:
        """How many numbers a step reads in addition to the network's weights; ``widths`` from the input on."""
        return 0

    def history_size(self, widths: Sequence[int], batch: int, steps: int) -> int:
        """How many numbers of past steps are kept, with batches of this size and ``steps`` of them in an epoch."""
        return 0


class Setup(NamedTuple):
    """What a trainer is made from: options, the task's sizes, the leading axes, the random draws."""

    network: NetworkOptions
    trainer: TrainerOptions
    context: Context


class Buffered(Protocol):
    """Something with buffers of a batch's size."""

    def set_batch_size(self, rows: int) -> None: ...


class Trainer(ABC):
    """One algorithm: an answer to the question which delta each layer receives.

    ``estimates`` says whether hidden layers receive something else than the true gradient of the same step, so that the
    two can be compared, ``hidden_learn`` whether they receive anything. ``models`` are trained beside the network.
    ``fixed`` are arrays by name that take part in training and are not changed by it, ``under_way`` gradients of layers
    that are still to move them.
    """

    Options: TypeAlias = TrainerOptions
    meaning: ClassVar[str]
    estimates: ClassVar[bool] = False
    hidden_learn: ClassVar[bool] = True
    options: TrainerOptions

    def __init__(self, setup: Setup) -> None:
        context, net, options = setup.context, setup.network, setup.trainer
        self.setup, self.options, self.context = setup, options, context
        self.loss = LOSSES[options.loss].kinds[context.outputs](context.n_y, context.replicas, context.dtype)
        pairs = list(itertools.pairwise(net.widths(context.n_x, context.n_y)))
        specs = [DenseSpec(a, b, net.activation, net.bias, net.normalize) for a, b in pairs[:-1]]
        specs.append(DenseSpec(*pairs[-1], self.loss.link, net.bias))
        self.network = Network(specs, options.reduce, context.replicas, context.dtype, context.layer)
        self.network.initialize(net.init, context.draw)
        self.layers = self.network.layers
        self.output = self.layers[-1]
        for i in options.freeze:
            self.layers[i - 1].freeze()
        self.models: Sequence[Model] = ()
        self.buffered: list[Buffered] = [self.network, self.loss]
        self.fixed: dict[str, Array] = {}
        self.under_way: list[tuple[Dense, Array]] = []
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

    def settle(self) -> None:
        """End an epoch: everything in flight arrives."""

    def forget(self) -> None:
        """Drop what an unfinished epoch has left: metrics, and predictions that will not be used."""
        for model in self.in_flight:
            model.forget()
        self.metrics()

    def begin(self, batch: Batch) -> Array:
        """Choose the buffers for this batch and return its inputs."""
        if batch.rows != self.rows:
            self.set_batch_size(batch.rows)
        self.output.write_h_to(batch.h)
        return batch.x

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        self.rows = rows
        for each in (*self.buffered, *self.models):
            each.set_batch_size(rows)

    # between epochs -----------------------------------------------------------------------------

    def set_rate(self, factor: float) -> None:
        """Set every step size to ``factor`` times its configured value."""
        for optimizer in self.optimizers:
            optimizer.set_alpha(self.options.alpha * factor)
        for model in self.models:
            model.set_alpha(model.alpha * factor)

    @property
    def in_flight(self) -> Sequence[Model]:
        """The models, each with all its copies that have a prediction of their own."""
        return self.models

    def columns(self) -> list[str]:
        """The names of ``metrics``, in the order of the file."""
        return []

    def metrics(self) -> Metrics:
        """What this trainer has measured since the last call, shape ``replicas`` each."""
        return {}

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Every weight array by name, for the file of final weights."""
        yield from self.network.arrays()
        for model in self.models:
            yield from model.arrays()
        yield from self.fixed.items()

    def state(self) -> State:
        """Every array that training changes, by name; a copy of them is a snapshot."""
        state = {f"network.{name}": value for name, value in self.network.state().items()}
        for i, optimizer in enumerate(self.optimizers):
            state |= {f"optimizer.{i}.{name}": value for name, value in optimizer.state().items()}
        for model in self.models:
            state |= {f"{model.kind}.{model.i}.{name}": value for name, value in model.state().items()}
        return state

    def places(self) -> Iterator[tuple[str, AnyArray]]:
        """Named arrays in which a number may first stop being finite, in the order of cause and effect."""
        for i, layer in enumerate(self.layers, 1):
            yield f"the activations of layer {i}", layer.h
        for model in self.in_flight:
            yield f"the {model.gives} of {model.kind} {model.i}", model.sg
        for i, layer in enumerate(self.layers, 1):
            yield f"the weights of layer {i}", layer.params.theta
        for model in self.models:
            yield f"the weights of {model.kind} {model.i}", model.network.theta
        for name, value in self.state().items():
            if np.issubdtype(value.dtype, np.floating):
                yield name, value
