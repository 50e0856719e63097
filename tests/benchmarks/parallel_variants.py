"""One variant of the table of parallel.py, in a process of its own: examples a second, burst by burst.

    python tests/benchmarks/parallel_variants.py NET TRAINER [INTERFACES]    (JSON; started by parallel.py)

Its environment says how many threads BLAS has. It makes up its data, says so by a line, and waits; every line that it
reads is an order for a burst of so many seconds, answered by examples a second, from the training seconds of the
epochs' records. Before its first burst it trains one epoch to warm up. With INTERFACES, a list of placements, it trains
nothing and answers the seconds of the stages between them, one after the other in this one process.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from children import arguments, serve

from synthgrad.config import check, dump
from synthgrad.experiment import Config, Diverged, Epoch, Experiment, train
from synthgrad.scores import measured
from synthgrad.tasks.task import Examples
from synthgrad.workers.balance import costs

EPOCH_PRODUCTS = 4e9
"""Multiplications of backprop in an epoch, and so its length, but for these bounds:"""
STEPS = 32, 1024


class Bits:
    """Random bits of any width, with what an experiment wants of a task."""

    fresh, outputs, scores, score = False, "bits", ("bit_accuracy", "exact_accuracy"), partial(measured, "bits")

    def __init__(self, n: int, n_x: int, n_y: int) -> None:
        rng = np.random.default_rng(0)
        self.n_x, self.n_y = n_x, n_y
        x, y = ((rng.random((n, width), np.float32) > 0.5).astype(np.float32) for width in (n_x, n_y))
        self.train, self.test = Examples(x, y), Examples(x[:0], y[:0])


def steps(widths: list[int], batch: int) -> int:
    """Steps of an epoch: an eighth of a second, more where steps are so slow that the epoch's ends would count."""
    products = 3 * batch * sum(a * b for a, b in itertools.pairwise(widths))
    fewest, most = STEPS
    return min(max(round(EPOCH_PRODUCTS / products), fewest), most)


def experiment(net: dict[str, Any], trainer: dict[str, Any]) -> Experiment:
    """The objects of a variant, with step sizes at which random labels do no harm."""
    widths, batch = net["widths"], net["batch"]
    n = batch * steps(widths, batch)
    tree = {
        "seed": net.get("seed", 0),
        "task": {"name": "binary-addition", "train_examples": n},
        "network": {"hidden": widths[1:-1], "activation": "relu", "dtype": "float32", "init": {"scheme": "he"}},
        "trainer": {"loss": "cross-entropy", "alpha": 1e-4, **trainer},
        "training": {"epochs": 1_000_000, "batch_size": batch, "evaluate_every": 1_000_000},
        "diagnostics": False,
    }
    return Experiment([check(dump(tree), Config)], [Bits(n, widths[0], widths[-1])])


def bursts(net: dict[str, Any], trainer: dict[str, Any]) -> Callable[[float], float]:
    """Examples a second of whole epochs, which last together for at least so many seconds."""
    made = experiment(net, trainer)
    records = _epochs(made)
    examples, last = len(made.feed.source_x), 0.0

    def burst(seconds: float) -> float:
        nonlocal last
        last = last or next(records).seconds
        begun, count = last, 0
        while last < begun + seconds:
            last, count = next(records).seconds, count + 1
        return count * examples / (last - begun) if count else 0.0

    return burst


def _epochs(made: Experiment) -> Iterator[Epoch]:
    for record in train(made):
        assert not isinstance(record, Diverged), record
        if isinstance(record, Epoch):
            yield record


def stages(net: dict[str, Any], trainer: dict[str, Any], placements: list[Any]) -> Callable[[float], list[list[float]]]:
    """Seconds a batch of the stages, by placement of the interfaces."""
    made = [experiment(net, {**trainer, "interfaces": each, "schedule": "pipelined"}) for each in placements]
    for each in made:
        each.begin_epoch(1)

    def look(_: float) -> list[list[float]]:
        return [_costs(each) for each in made]

    look(0)
    return look


def _costs(made: Experiment) -> list[float]:
    pipeline = made.trainer.schedule
    assert pipeline is not None
    found = costs(pipeline, next(made.feed.epoch(1)))
    pipeline.restart()
    return found


def answers(net: dict[str, Any], trainer: dict[str, Any], *placements: list[Any]) -> Callable[[float], Any]:
    """What an order is answered with."""
    return stages(net, trainer, *placements) if placements else bursts(net, trainer)


if __name__ == "__main__":
    serve(answers(*arguments()))
