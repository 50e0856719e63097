"""Digits: 1,797 handwritten digits of 8 x 8 pixels, part of the package (``digits.txt`` says whose they are).

x is 64 pixels, row by row, each 0 to 16 as a share of 16; y is one-hot, ten classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from synthgrad.config import Int, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams
from synthgrad.tasks.task import Examples, Sizes, Task, TaskOptions, one_hot, read_only

ALL = 1797
LEVELS = 16.0
Bytes = npt.NDArray[np.uint8]


class DigitsOptions(TaskOptions):
    """Recognise handwritten digits of 8 x 8 pixels."""

    train_examples: Int = option(1400, f"training images, of {ALL}", ge=1, le=ALL)
    test_examples: Int | None = option(None, "held-out images; null: all others", ge=0, le=ALL)
    split: Int = option(
        0, "which images train, the same for every seed: the first of RandomState(split)'s permutation", ge=0, lt=2**32
    )

    @property
    def held_out(self) -> int:
        """How many images are held out."""
        return ALL - self.train_examples if self.test_examples is None else self.test_examples

    def problems(self) -> Iterator[Problem]:
        rest = ALL - self.train_examples
        if self.held_out > rest:
            yield Problem(
                ("test_examples",),
                f"there are {ALL} images, of which {self.train_examples} train: "
                f"at most {rest} can be held out, not {self.held_out}",
            )

    def sizes(self) -> Sizes:
        return Sizes(64, 10, self.train_examples, self.held_out, "classes")


class Digits(Task):
    """The examples of ``digits``, the same for every seed: only weights and the order of batches differ."""

    Options = DigitsOptions
    meaning = "handwritten digits of 8 x 8 pixels, ten classes (UCI, 1,797 images, part of the package)"
    outputs = "classes"
    fixed = True

    def __init__(self, options: DigitsOptions, streams: Streams) -> None:
        self.options = options
        self.n_x, self.n_y, *_ = options.sizes()
        self.train, self.test = _split(options.train_examples, options.held_out, options.split)


@lru_cache(maxsize=8)
def _split(train: int, held_out: int, split: int) -> tuple[Examples, Examples]:
    images, labels = _data()
    order = np.random.RandomState(split).permutation(ALL)
    parts = order[:train], order[train : train + held_out]
    made = (read_only(images[part] / LEVELS, one_hot(labels[part], np.arange(10))) for part in parts)
    return next(made), next(made)


@lru_cache(maxsize=1)
def _data() -> tuple[Bytes, Bytes]:
    """Pixels (1797, 64), 0 to 16, and labels (1797,)."""
    from importlib.resources import files  # which takes long to import

    path = files("synthgrad.tasks").joinpath("digits.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return arrays["images"], arrays["labels"]
