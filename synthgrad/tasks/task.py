"""What a task is: fixed examples to learn from, others held out, and the figures that say how well."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from synthgrad.config import Options
from synthgrad.scores import measured, scores_of
from synthgrad.streams import Streams
from synthgrad.tasks.files import Stamp
from synthgrad.tasks.learned import learned
from synthgrad.types import AnyArray, Array, Metrics, Outputs

Values = npt.NDArray[np.float64]

FEW = 20
"""Whole numbers in a CSV file, or text among whole numbers, of at most so many kinds are taken for classes."""


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


class TaskOptions(Options):
    """What every task has: its name, and what is known of its data before they are made."""

    name: str

    def sizes(self) -> Sizes:
        """The sizes of the examples. Raises ConfigError if a file does not say; ``problems`` says it too."""
        raise NotImplementedError

    def files(self) -> tuple[Stamp, ...]:
        """The user's files that the examples are read from, as they are now. Raises ConfigError if one is missing."""
        return ()

    def data(self) -> dict[str, int | str]:
        """What a run records of its data in addition to the sizes: the file, the target. Raises ConfigError."""
        return {}


class Task(ABC):
    """Data as values: ``train`` and ``test`` are drawn once, from the streams given.

    ``outputs`` is what the labels are: bits, each 0 or 1; classes, one-hot rows; values, any numbers. ``fixed`` tasks
    have the same examples, as the same arrays, for every seed.
    """

    Options: TypeAlias = TaskOptions
    meaning: str
    n_x: int
    n_y: int
    outputs: Outputs = "bits"
    train: Examples
    test: Examples
    skill: ClassVar[str] = ""
    """What it learned, after "It learned to", if it did well; "" for what its kind of outputs says."""
    example: ClassVar[str] = "example"
    """What one of its examples is called."""
    fresh = False
    fixed = False
    locations: ClassVar[tuple[str, ...]] = ()
    """The options that only say where ``files`` lie: with the same bytes elsewhere the examples are the same."""

    @abstractmethod
    def __init__(self, options: TaskOptions, streams: Streams) -> None: ...

    @property
    def scores(self) -> tuple[str, ...]:
        """The columns of its scores."""
        return tuple(score.column for score in scores_of(self.outputs))

    def score(self, o: Array, y: Array) -> Metrics:
        """The scores of the outputs o for the labels y (..., N, n_y), by column, (...); NaN if not defined."""
        return measured(self.outputs, o, y)

    @classmethod
    def learned(cls, last: Mapping[str, float], guess: float) -> str:
        """One sentence: what a run with these last metrics learned.

        ``guess`` is the held-out score of always guessing the most common class. "" without held-out scores.
        """
        return learned(last, guess, cls.skill, cls.example)

    def draw(self, epoch: int) -> Examples:
        """The training examples of one epoch (1-based), for a task that is ``fresh``."""
        raise NotImplementedError


def kept(x: Values, y: Values) -> Examples:
    """Examples that several experiments share, so that none may write into them."""
    x.flags.writeable = y.flags.writeable = False
    return Examples(x, y)


def one_hot(labels: AnyArray, classes: AnyArray) -> Values:
    """Rows with a 1 in the column of the example's class, (N, n_y), of labels (N,) and the sorted classes (n_y,)."""
    y = np.zeros((len(labels), len(classes)))
    y[np.arange(len(labels)), np.searchsorted(classes, labels)] = 1
    return y
