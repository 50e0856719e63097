"""What a task is: fixed examples to learn from, others held out, and the figures that say how well."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.streams import Streams

Values = npt.NDArray[np.float64]


class Examples(NamedTuple):
    """Inputs (N, n_x) and labels (N, n_y), rows are examples."""

    x: Values
    y: Values


class Task(ABC):
    """Data as values: ``train`` and ``test`` are drawn once, from the streams given."""

    Options: ClassVar[Any]
    meaning: str
    scores: tuple[str, ...]
    n_x: int
    n_y: int
    train: Examples
    test: Examples
    fresh = False

    @abstractmethod
    def __init__(self, options: Any, streams: Streams) -> None: ...

    @staticmethod
    @abstractmethod
    def sizes(options: Any) -> tuple[int, int]:
        """Inputs and outputs, n_x and n_y."""

    @staticmethod
    @abstractmethod
    def score(o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """How well the outputs o (..., N, n_y) answer the labels y: the figures named in ``scores``, (...)."""

    def draw(self, epoch: int) -> Examples:
        """The training examples of one epoch (1-based), for a task that is ``fresh``."""
        raise NotImplementedError


def score_bits(o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Share of bits right, and of examples with every bit right; o and y (..., N, n_y) -> (...)."""
    right = (o > 0.5) == (y > 0.5)
    n, n_y = right.shape[-2:]
    by_output = np.ascontiguousarray(right.swapaxes(-1, -2))  # a reduction over the outer axis is ten times faster
    return {
        "bit_accuracy": right.sum((-2, -1)) / (n * n_y),
        "exact_accuracy": by_output.all(-2).sum(-1) / n,
    }
