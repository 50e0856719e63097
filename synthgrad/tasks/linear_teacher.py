"""A linear teacher: labels that are a linear function of the inputs, plus noise; for what theory says of linear nets.

    x ~ N(0, 1) in every input,  T ~ N(0, 1 / inputs),  y = x T + noise · N(0, 1)

T (inputs, outputs) is drawn once from the seed. Of ``classes`` the label is the largest of these outputs, one-hot.
Czarnecki et al., "Understanding Synthetic Gradients and Decoupled Neural Interfaces", arXiv 1703.00522.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

from synthgrad.config import Flag, Int, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams
from synthgrad.tasks.task import Examples, Sizes, Task, TaskOptions, one_hot


class LinearTeacherOptions(TaskOptions):
    """Learn a random linear map."""

    inputs: Int = option(20, "width of x", ge=1, le=100_000)
    outputs: Int = option(5, "width of y", ge=1, le=100_000)
    kind: Literal["values", "classes"] = option("values", "y itself, or which of its numbers is the largest")
    noise: float = option(0.1, "standard deviation of the noise in y, whose own is 1", ge=0)
    train_examples: Int = option(1000, "training examples", ge=1, le=10_000_000)
    test_examples: Int = option(1000, "held-out examples", ge=0, le=10_000_000)
    fresh: Flag = option(False, "draw new training examples for every epoch")

    def problems(self) -> Iterator[Problem]:
        if self.kind == "classes" and self.outputs == 1:
            yield Problem(("outputs",), "1 is no choice between classes (at least 2)")

    def sizes(self) -> Sizes:
        return Sizes(self.inputs, self.outputs, self.train_examples, self.test_examples, self.kind)


class LinearTeacher(Task):
    """The examples of ``linear-teacher``: teacher, training and held-out examples each from a stream of their own."""

    Options = LinearTeacherOptions
    meaning = "a random linear map of random inputs, with noise, as values or as classes"

    def __init__(self, options: LinearTeacherOptions, streams: Streams) -> None:
        self.options, self.streams = options, streams
        self.n_x, self.n_y, _, _, self.outputs = options.sizes()
        self.fresh = options.fresh
        self.teacher = streams.rng("teacher").standard_normal((self.n_x, self.n_y)) / math.sqrt(self.n_x)
        self.train = self._examples(streams.rng("examples"), options.train_examples)
        self.test = self._examples(streams.rng("held-out"), options.test_examples)

    def draw(self, epoch: int) -> Examples:
        return self._examples(self.streams.rng("fresh examples", epoch), self.options.train_examples)

    def _examples(self, rng: np.random.Generator, count: int) -> Examples:
        x = rng.standard_normal((count, self.n_x))
        y = x @ self.teacher + self.options.noise * rng.standard_normal((count, self.n_y))
        return Examples(x, y if self.outputs == "values" else one_hot(y.argmax(-1), np.arange(self.n_y)))
