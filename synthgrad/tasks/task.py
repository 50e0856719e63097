"""What a task is: fixed examples to learn from, others held out, and the figures that say how well."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.config import Options
from synthgrad.streams import Streams
from synthgrad.tasks.files import Stamp
from synthgrad.types import Outputs

Values = npt.NDArray[np.float64]
Score = Callable[[npt.NDArray[Any], npt.NDArray[Any]], dict[str, npt.NDArray[Any]]]

FEW = 20
"""Whole numbers in a CSV file, or text among whole numbers, of at most so many kinds are taken for classes."""


class TaskOptions(Options):
    """What every task has: its name."""

    name: str


class Examples(NamedTuple):
    """Inputs (N, n_x) and labels (N, n_y), rows are examples."""

    x: Values
    y: Values


class Sizes(NamedTuple):
    """What is known of a task before its data are made: widths, numbers of examples, the kind of outputs."""

    n_x: int
    n_y: int
    train: int
    test: int
    outputs: Outputs = "bits"

    def bytes(self, item: int) -> int:
        """What the examples take while training: in float64 as they are made, in numbers of ``item`` bytes as used."""
        return (8 + item) * (self.train + self.test) * (self.n_x + self.n_y)


class Task(ABC):
    """Data as values: ``train`` and ``test`` are drawn once, from the streams given.

    ``outputs`` is what the labels are: bits, each 0 or 1; classes, one-hot rows; values, any numbers. ``fixed`` tasks
    have the same examples, as the same arrays, for every seed.
    """

    Options: ClassVar[type[TaskOptions]]
    meaning: str
    n_x: int
    n_y: int
    outputs: Outputs = "bits"
    train: Examples
    test: Examples
    fresh = False
    fixed = False
    locations: ClassVar[tuple[str, ...]] = ()
    """The options that only say where ``files`` lie: with the same bytes elsewhere the examples are the same."""

    @abstractmethod
    def __init__(self, options: Any, streams: Streams) -> None: ...

    @staticmethod
    @abstractmethod
    def sizes(options: Any) -> Sizes:
        """The sizes of the examples that these options make.

        Raises ConfigError where a file that they name does not say; the options' own problems say it too.
        """

    @staticmethod
    def files(options: Any) -> tuple[Stamp, ...]:
        """The files of the user that the examples are read from, as they are now.

        Raises ConfigError where one is not there.
        """
        return ()

    @staticmethod
    def data(options: Any) -> dict[str, Any]:
        """What a run records of its data beside their sizes: the file, the target. Raises ConfigError."""
        return {}

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of what ``score`` gives."""
        return SCORES[self.outputs][0]

    def score(self, o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """How well the outputs o (..., N, n_y) answer the labels y: the figures named in ``scores``, (...).

        NaN where a figure is not defined.
        """
        return SCORES[self.outputs][1](o, y)

    def draw(self, epoch: int) -> Examples:
        """The training examples of one epoch (1-based), for a task that is ``fresh``."""
        raise NotImplementedError


def kept(x: Values, y: Values) -> Examples:
    """Examples that several experiments share, so that none may write into them."""
    x.flags.writeable = y.flags.writeable = False
    return Examples(x, y)


def one_hot(labels: npt.NDArray[Any], classes: npt.NDArray[Any]) -> Values:
    """Rows with a 1 in the column of the example's class, (N, n_y), of labels (N,) and the sorted classes (n_y,)."""
    y = np.zeros((len(labels), len(classes)))
    y[np.arange(len(labels)), np.searchsorted(classes, labels)] = 1
    return y


def score_bits(o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Share of bits right, and of examples with every bit right; o and y (..., N, n_y) -> (...)."""
    right = (o > 0.5) == (y > 0.5)
    n, n_y = right.shape[-2:]
    by_output = np.ascontiguousarray(right.swapaxes(-1, -2))  # a reduction over the outer axis is ten times faster
    return {
        "bit_accuracy": right.sum((-2, -1)) / (n * n_y),
        "exact_accuracy": by_output.all(-2).sum(-1) / n,
    }


def score_classes(o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Share of examples whose largest output is that of their class; o and one-hot y (..., N, n_y) -> (...)."""
    right = o.argmax(-1) == y.argmax(-1)
    return {"accuracy": right.sum(-1) / right.shape[-1]}


def score_values(o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """The share of the labels' variance that is explained, over all outputs together; o and y (..., N, n_y) -> (...).

    R^2 = 1 - SSE / SST, SSE = sum (o - y)^2, SST = sum (y - mean y)^2, both over all examples and outputs; the mean is
    that of each output over these same examples. So an output counts as much as it varies, in the units of o and y
    (scikit-learn's r2_score calls it variance_weighted). NaN where no label varies.
    """
    y64 = y.astype(np.float64, order="C")  # what replicas share is a view without strides
    varies = np.ptp(y64, -2, keepdims=True) > 0  # the mean of equal labels may be another number, by rounding
    spread = np.where(varies, y64 - y64.mean(-2, keepdims=True), 0)
    order = np.frexp(np.abs(spread).max((-2, -1), keepdims=True))[1]  # of a power of two: scaling by it is exact
    left, whole = _squares(np.ldexp(o - y64, -order)), _squares(np.ldexp(spread, -order))
    return {"r2": np.where(whole > 0, 1 - left / np.where(whole > 0, whole, 1), np.nan)}


def _squares(e: Values) -> Values:
    """Sum e^2 over the last two axes, as of each replica alone: a dot product's order would depend on where e lies."""
    return np.asarray((e * e).sum((-2, -1)))


SCORES: dict[Outputs, tuple[tuple[str, ...], Score]] = {
    "bits": (("bit_accuracy", "exact_accuracy"), score_bits),
    "classes": (("accuracy",), score_classes),
    "values": (("r2",), score_values),
}
"""By the kind of outputs: the names of the figures that say how well, and the function that gives them."""
