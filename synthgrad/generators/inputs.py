"""What a generator can see of a step, a class for each. To add one: a class and a line in ``GENERATOR_INPUTS``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from synthgrad.nn.context import Context
from synthgrad.nn.modules import Module
from synthgrad.types import Array, Batch


class Widths(NamedTuple):
    """Units of the network's input x, of the module's input and output h, and of the label y."""

    x: int
    below: int
    h: int
    y: int


class GeneratorInput(ABC):
    """Something that a generator sees beside a ``module``, whose delta it predicts; it may have buffers of its own.

    ``reads_x``: it may hold network inputs, which the next batches overwrite; a prediction in flight copies them.
    """

    meaning: ClassVar[str]
    reads_x: ClassVar[bool] = False

    def __init__(self, module: Module, context: Context) -> None:
        self.module, self.context = module, context

    @staticmethod
    @abstractmethod
    def width(widths: Widths) -> int:
        """How many units it has."""

    @abstractmethod
    def array(self, h: Array, batch: Batch) -> Array:
        """What the generator sees, (B, width), when the module has just put out h."""

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""


class LayerOutput(GeneratorInput):
    """The module's output, standardised if the generator normalises it."""

    meaning = "h, the output of the layer whose gradient is predicted"

    @staticmethod
    def width(widths: Widths) -> int:
        return widths.h

    def array(self, h: Array, batch: Batch) -> Array:
        return h


class Label(GeneratorInput):
    """The same label for all modules."""

    meaning = "y, the target of the whole network"

    @staticmethod
    def width(widths: Widths) -> int:
        return widths.y

    def array(self, h: Array, batch: Batch) -> Array:
        return batch.y


class NetworkInput(GeneratorInput):
    """The same input for all modules."""

    meaning = "x, the input of the whole network"
    reads_x = True

    @staticmethod
    def width(widths: Widths) -> int:
        return widths.x

    def array(self, h: Array, batch: Batch) -> Array:
        return batch.x


GENERATOR_INPUTS: dict[str, type[GeneratorInput]] = {
    "layer-output": LayerOutput,
    "label": Label,
    "input": NetworkInput,
}
BOTH = ("layer-output", "label")
