"""The config of a whole experiment, put together from the registries."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from synthgrad.config import Flag, Fractions, Int, NameOf, OneOf, Options, option
from synthgrad.errors import Problem
from synthgrad.streams import STREAMS
from synthgrad.tasks import TASKS
from synthgrad.trainers import TRAINERS, NetworkOptions


class Decay(Options):
    """Every step size divided at given fractions of the epochs, as in arXiv 1608.05343."""

    at: Fractions = option((), "fractions of the epochs, e.g. [0.6, 0.85]")
    divide_by: float = option(10.0, "what every step size is divided by at each of them", gt=0)

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor on every step size in ``epoch``, counted from 1."""
        return float(self.divide_by ** -sum(epoch / epochs > fraction for fraction in self.at))


class Training(Options):
    """How long, in which batches, and how often to look at the held-out examples."""

    epochs: Int = option(1000, "passes over the training examples", ge=1)
    batch_size: Int = option(10, "examples a step", ge=1)
    shuffle: Flag = option(False, "a new random order for every epoch")
    evaluate_every: Int = option(1, "epochs between held-out evaluations; the last epoch always has one", ge=1)
    checkpoint_every: Int = option(0, "epochs between checkpoints, from which a run can be taken up; 0: none", ge=0)
    decay: Decay = option(Decay, "a schedule for the step sizes")


class Config(Options):
    """One experiment."""

    seed: Int = option(1, "of all randomness", ge=0, lt=2**32)
    stream: Annotated[str, NameOf(STREAMS)] = option(
        "named", "random numbers: independent named streams, or the tutorial's one legacy stream"
    )
    task: Annotated[Options, OneOf(TASKS)] = option(meaning="what is learned")
    network: NetworkOptions = option(NetworkOptions, "dense layers between input and output")
    trainer: Annotated[Options, OneOf(TRAINERS)] = option(meaning="the training algorithm")
    training: Training = option(Training, "epochs, batches, evaluation")
    diagnostics: Flag = option(True, "cosine and skill of generators against the true gradient, on evaluated epochs")

    def problems(self) -> Iterator[Problem]:
        task: Any = self.task
        batch = self.training.batch_size
        if batch > task.train_examples:
            chosen = "batch_size" in self.training.model_fields_set
            said = f"{batch} is more than there are training examples (at most {task.train_examples})"
            if chosen:
                yield Problem(("training", "batch_size"), said)
            else:
                yield Problem(("task", "train_examples"), f"the default training.batch_size {said}")
        if self.network.normalize and (batch == 1 or task.train_examples % batch == 1):
            yield Problem(
                ("training", "batch_size"),
                "leaves a batch of one example, which batch normalisation cannot normalise",
            )
        need, have = self._bytes(), _memory()
        if need > have:
            yield Problem(
                ("network", "hidden"),
                f"the weights would need {need / 2**30:.1f} GiB while training (this machine has {have / 2**30:.1f})",
            )

    def _bytes(self) -> int:
        """Weights, gradients and a snapshot: a lower bound of what training needs."""
        task: Any = self.task
        n_x, n_y = TASKS[task.name].sizes(task)
        widths = [n_x, *self.network.hidden, n_y]
        weights = sum(a * b for a, b in itertools.pairwise(widths))
        return 3 * weights * np.dtype(self.network.dtype).itemsize


def _memory() -> int:
    try:
        return int(os.sysconf("SC_PAGE_SIZE")) * int(os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError, AttributeError):  # not known on this system
        return 1 << 62
