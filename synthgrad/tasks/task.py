"""What a task is: examples to train on, held-out examples, and the scores that say how well it is learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from synthgrad.config import Options
from synthgrad.scores import measured, scores_of
from synthgrad.streams import Streams
from synthgrad.tasks.data_files import Stamp
from synthgrad.tasks.learned import learned
from synthgrad.types import AnyArray, Array, Metrics, Outputs

Values = npt.NDArray[np.float64]

FEW = 20
"""At most this many different whole numbers in a CSV file, or texts among whole numbers, are taken for classes."""


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
        """Bytes of the examples in training: in float64 as they are made, and in numbers of ``item`` bytes as used."""
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
    """Completes "It learned to ..."; "" for the words of its kind of outputs."""
    example: ClassVar[str] = "example"
    """What one of its examples is called."""
    fresh = False
    fixed = False
    locations: ClassVar[tuple[str, ...]] = ()
    """The options that only say where ``files`` are: the same bytes in another place give the same examples."""

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


def read_only(x: Values, y: Values) -> Examples:
    """Examples that several experiments share and none may change."""
    x.flags.writeable = y.flags.writeable = False
    return Examples(x, y)


def one_hot(labels: AnyArray, classes: AnyArray) -> Values:
    """Rows (N, n_y) with a 1 in the column of the class, from labels (N,) and the sorted classes (n_y,)."""
    y = np.zeros((len(labels), len(classes)))
    y[np.arange(len(labels)), np.searchsorted(classes, labels)] = 1
    return y
