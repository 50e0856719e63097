"""Scores: how well a task is done. To add one: a formula and a row of SCORES.

A score of the training examples is a column of its own name in ``metrics.csv``, one of held-out examples ``test_`` and
that name. Beside them stand losses and errors, which are better when lower, and the diagnoses of each layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.numbers import fixed, percentage
from synthgrad.types import Array, Metrics, Outputs

Right = npt.NDArray[np.bool_]


def bits_right(_o: Array, _y: Array, right: Right) -> Array:
    """Share of bits right."""
    n, n_y = right.shape[-2:]
    return np.asarray(right.sum((-2, -1)) / (n * n_y))


def examples_right(_o: Array, _y: Array, right: Right) -> Array:
    """Share of examples with every bit right (exact match)."""
    by_output = np.ascontiguousarray(right.swapaxes(-1, -2))  # a reduction over the outer axis is ten times faster
    return np.asarray(by_output.all(-2).sum(-1) / right.shape[-2])


def classes_right(_o: Array, _y: Array, right: Right) -> Array:
    """Share of examples whose largest output is that of their class."""
    return np.asarray(right.sum(-1) / right.shape[-1])


def variance_explained(o: Array, y: Array, _right: Right) -> Array:
    """The share of the labels' variance that is explained, over all outputs together.

    R^2 = 1 - SSE / SST, SSE = sum (o - y)^2, SST = sum (y - mean y)^2, both over all examples and outputs; the mean is
    that of each output over these same examples. So an output counts as much as it varies, in the units of o and y
    (scikit-learn's r2_score calls it variance_weighted). NaN where no label varies.
    """
    y64 = y.astype(np.float64, order="C")  # what replicas share is a view without strides
    varies = np.ptp(y64, -2, keepdims=True) > 0  # the mean of equal labels may be another number, by rounding
    spread = np.where(varies, y64 - y64.mean(-2, keepdims=True), 0)
    order = np.frexp(np.abs(spread).max((-2, -1), keepdims=True))[1]  # of a power of two: scaling by it is exact
    left, whole = _squares(np.ldexp(o - y64, -order)), _squares(np.ldexp(spread, -order))
    return np.where(whole > 0, 1 - left / np.where(whole > 0, whole, 1), np.nan)


def _squares(e: Array) -> Array:
    """Sum e^2 over the last two axes, as of each replica alone: a dot product's order would depend on where e lies."""
    return np.asarray((e * e).sum((-2, -1)))


class Score(NamedTuple):
    """A score: ``formula`` takes outputs o and labels y (..., N, n_y), and which are ``right``; NaN if not defined."""

    column: str
    """In ``metrics.csv``, and ``--metric`` of the commands."""
    name: str
    """On screens."""
    meaning: str
    of: Outputs
    """The kind of outputs that have it."""
    formula: Callable[[Array, Array, Right], Array]
    up: bool = True
    """Whether more is better."""
    share: bool = True
    """Whether it is a share from 0 to 1, printed as a percentage; other scores may be negative and have no ratios."""
    rank: int = 2
    """A list that is wider than its screen drops the columns of the highest rank first."""
    tells_above: float = 0.0
    """If every group has at most this, the next score of these outputs is compared instead."""

    def text(self, value: float) -> str:
        """A value in a sentence: 97.5%, or 0.988."""
        return percentage(value) if self.share else fixed(value, 3)


SCORES = (
    Score("exact_accuracy", "exact", "share that is right", "bits", examples_right, rank=1, tells_above=0.02),
    Score("bit_accuracy", "bits", "share that is right", "bits", bits_right, rank=5),
    Score("accuracy", "accuracy", "share that is right", "classes", classes_right),
    Score("r2", "r2", "variance explained", "values", variance_explained, share=False),
)
"""Every score. Tables show them, and ``compare`` looks for them, in this order."""
HELD_OUT = tuple(f"test_{score.column}" for score in SCORES)
"""The columns of the scores of held-out examples."""
COLUMNS = (*HELD_OUT, *(score.column for score in SCORES))
"""The columns of all scores, those of held-out examples first."""
DIAGNOSES = {"cosine": "cosine to true gradient", "skill": "generator's skill"}
"""How close the synthetic gradient of a layer is to the true one, 1 at best; ``cosine.1`` is that of hidden layer 1."""
_BY_COLUMN = {score.column: score for score in SCORES}


def scores_of(outputs: Outputs) -> list[Score]:
    """The scores of a kind of outputs, in the order of their columns in ``metrics.csv``."""
    return [score for score in reversed(SCORES) if score.of == outputs]


def measured(outputs: Outputs, o: Array, y: Array) -> Metrics:
    """By column, every score of the outputs o for the labels y (..., N, n_y), (...)."""
    right = which_right(outputs, o, y)
    return {score.column: score.formula(o, y, right) for score in scores_of(outputs)}


def which_right(outputs: Outputs, o: Array, y: Array) -> Right:
    """Which bits (..., N, n_y), or which examples of one-hot classes (..., N), are right; nothing of values."""
    if outputs == "bits":
        return np.equal(o > 0.5, y > 0.5)
    return o.argmax(-1) == y.argmax(-1) if outputs == "classes" else np.zeros(0, bool)


def score_in(column: str) -> Score | None:
    """The score that a column of ``metrics.csv`` holds, of training or held-out examples; None if it holds none."""
    return _BY_COLUMN.get(column.removeprefix("test_"))


def is_up(column: str) -> bool:
    """Whether higher is better; of losses, errors and seconds lower is."""
    score = score_in(column)
    return score.up if score else bool(diagnosis(column))


def has_ratios(column: str) -> bool:
    """Whether dividing one value by another means anything: not if they may be negative, as r2 and cosines."""
    score = score_in(column)
    return score.share if score else not diagnosis(column)


def diagnosis(column: str) -> str:
    """Cosine or skill, if the column is that of a layer; else nothing."""
    kind, dot, _ = column.partition(".")
    return kind if dot and kind in DIAGNOSES else ""
