"""Binary addition: two numbers in, their sum out, all as bits (the tutorial's task).

x is the ``bits`` bits of the left operand, then those of the right, most significant first, 0.0 or 1.0;
y the ``bits`` bits of the sum. Operands have ``bits - 1`` random bits, so the sum never overflows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from synthgrad.config import Flag, Int, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams, TutorialStreams
from synthgrad.tasks.task import Examples, Sizes, Task, TaskOptions

Pairs = npt.NDArray[np.int64]
"""A pair (left, right) as one number, left * 2^(bits - 1) + right."""


class BinaryAdditionOptions(TaskOptions):
    """Add two binary numbers."""

    bits: Int = option(12, "width of the sum; operands have bits - 1 random bits", ge=2, le=31)
    train_examples: Int = option(1000, "training pairs", ge=1, le=10_000_000)
    test_examples: Int = option(1000, "held-out pairs, none of them in the training set", ge=0, le=10_000_000)
    fresh: Flag = option(False, "draw new training pairs for every epoch")

    def problems(self) -> Iterator[Problem]:
        pairs, train, test = 4 ** (self.bits - 1), self.train_examples, self.test_examples
        have = f"{self.bits} bits have {pairs} pairs"
        if train > pairs:
            yield self._problem("train_examples", f"{have}: at most {pairs} can train, not {train}")
        elif train + test > pairs:
            rest = f"at most {pairs - train} can be held out, not {test}"
            yield self._problem("test_examples", f"{have}, of which {train} train: {rest}")

    def _problem(self, key: str, message: str) -> Problem:
        """At the key that is to be changed, or, where it was left at its default, at the number of bits."""
        return Problem((key if key in self.model_fields_set else "bits",), message)

    def sizes(self) -> Sizes:
        return Sizes(2 * self.bits, self.bits, self.train_examples, self.test_examples, "bits")


class BinaryAddition(Task):
    """The examples of ``binary-addition``.

    Training pairs are distinct, and uniform over all pairs; with the tutorial's stream they are drawn
    as the tutorial draws them, one ``rand`` for each operand, repetitions and all. Held-out pairs come
    from a stream of their own and never stand in the training set.
    """

    Options = BinaryAdditionOptions
    meaning = "the sum of two binary numbers; scored by bits right and by whole sums right"
    skill = "add"
    example = "pair"

    def __init__(self, options: BinaryAdditionOptions, streams: Streams) -> None:
        self.options, self.streams = options, streams
        self.fresh = options.fresh
        self.n_x, self.n_y, *_ = options.sizes()
        self.space = 4 ** (options.bits - 1)
        if isinstance(streams, TutorialStreams):
            train = self._as_the_tutorial(streams.legacy)
            taken = np.array(sorted(set(train.tolist())), np.int64)
            held_out = self._distinct(streams.rng("held-out"), options.test_examples, taken)
        else:
            total = options.train_examples + options.test_examples
            pairs = self._distinct(streams.rng("pairs"), total, np.empty(0, np.int64))
            train, held_out = pairs[: options.train_examples], pairs[options.train_examples :]
        self.held_out = np.sort(held_out)
        self.train, self.test = self._examples(train), self._examples(held_out)

    def draw(self, epoch: int) -> Examples:
        rng = self.streams.rng("fresh pairs", epoch)
        return self._examples(self._distinct(rng, self.options.train_examples, self.held_out))

    def _as_the_tutorial(self, legacy: np.random.RandomState) -> Pairs:
        half = 2 ** (self.options.bits - 1)
        left = (legacy.rand(self.options.train_examples) * half).astype(np.int64)
        right = (legacy.rand(self.options.train_examples) * half).astype(np.int64)
        pairs: Pairs = left * half + right
        return pairs

    def _distinct(self, rng: np.random.Generator, count: int, taken: Pairs) -> Pairs:
        """``count`` different pairs, uniform over those that are not in the sorted array ``taken``."""
        if self.space <= max(1 << 20, 2 * (count + len(taken))):  # few enough to list, or too few to guess
            free: Pairs = np.setdiff1d(np.arange(self.space), taken, assume_unique=True)
            chosen: Pairs = rng.permutation(free)[:count]
            return chosen
        pairs = np.empty(0, np.int64)
        while len(pairs) < count:
            pairs = np.append(pairs, rng.integers(self.space, size=count))
            _, first = np.unique(pairs, return_index=True)
            pairs = pairs[np.sort(first)]
            pairs = pairs[~np.isin(pairs, taken)]
        return np.asarray(pairs[:count], np.int64)

    def _examples(self, pairs: Pairs) -> Examples:
        bits = self.options.bits
        left, right = np.divmod(pairs, 2 ** (bits - 1))
        x = np.concatenate([to_bits(left, bits), to_bits(right, bits)], axis=1)
        return Examples(x, to_bits(left + right, bits))


def to_bits(numbers: Pairs, bits: int) -> npt.NDArray[np.float64]:
    """The bits of whole numbers, most significant first, (N, bits) of 0.0 and 1.0."""
    places = np.arange(bits - 1, -1, -1)
    return ((numbers[:, None] >> places) & 1).astype(np.float64)
