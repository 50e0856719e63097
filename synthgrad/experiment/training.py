"""Training as a stream of records.

``train`` is a generator: the caller's ``for`` loop writes and shows what it yields, and ends training by
leaving the loop. No files and no terminal here; the clock only measures.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.experiment.objects import Experiment
from synthgrad.trainers import Trainer
from synthgrad.types import Array, State

Figures = dict[str, npt.NDArray[Any]]


class Pulse(NamedTuple):
    """A sign of life, a few times a second, for displays and for those who want to stop."""

    epoch: int
    step: int


@dataclass
class Epoch:
    """A finished epoch. Each figure has shape ``lead``; what was not measured is absent."""

    epoch: int
    step: int
    seconds: float
    figures: Figures


@dataclass
class Diverged:
    """A number stopped being finite; the state is that of the last finite epoch. Ends the stream."""

    epoch: int
    step: int
    where: str


Record = Pulse | Epoch | Diverged
PULSE_SECONDS = 0.05


def train(experiment: Experiment) -> Generator[Record, None, None]:
    """Train and yield what happens, to the last epoch or to the first number that is not finite.

    Whoever leaves the loop within an epoch finds the state of the last finished epoch.
    """
    records = _train(experiment)
    try:
        while True:
            with np.errstate(all="ignore"):  # non-finite numbers are looked for, not warned of
                record = next(records, None)
            if record is None:
                return
            yield record
    finally:
        records.close()


def _train(experiment: Experiment) -> Generator[Record, None, None]:
    trainer = experiment.trainer
    seconds, step, clock = 0.0, 0, time.perf_counter
    for epoch in range(1, experiment.config.training.epochs + 1):
        experiment.begin_epoch(epoch)
        before = snapshot(trainer)
        try:
            start = clock()
            for batch in experiment.feed.epoch(epoch):
                trainer.step(batch)
                step += 1
                if (now := clock()) > start + PULSE_SECONDS:
                    seconds += now - start
                    yield Pulse(epoch, step)
                    start = clock()
            seconds += clock() - start
            record = _close_epoch(experiment, epoch, step, seconds, before)
        except BaseException:
            restore(trainer, before)
            raise
        yield record
        if isinstance(record, Diverged):
            return


def _close_epoch(experiment: Experiment, epoch: int, step: int, seconds: float, before: State) -> Epoch | Diverged:
    """The epoch's figures, or where it stopped being finite."""
    training = experiment.config.training
    if not _finite(experiment):
        return _locate(experiment, epoch, before)
    figures = training_figures(experiment)
    evaluated = epoch % training.evaluate_every == 0 or epoch == training.epochs
    if evaluated:
        figures |= test_figures(experiment)
    odd = next((name for name, value in figures.items() if not np.isfinite(value).all()), None)
    if odd is None:
        return Epoch(epoch, step, seconds, figures | (diagnostics(experiment, epoch) if evaluated else {}))
    restore(experiment.trainer, before)
    kind, _, i = odd.partition(".")
    return Diverged(
        epoch, step, f"the summed error of generator {i}" if kind == "generator_error" else f"the figure {odd}"
    )


def training_figures(experiment: Experiment) -> Figures:
    """The figures of the epoch that the feed has just recorded, each batch before its own update."""
    feed = experiment.feed
    return _figures(experiment, feed.h, feed.y) | experiment.trainer.figures()


def test_figures(experiment: Experiment) -> Figures:
    """Evaluate the held-out examples: loss and scores, named ``test_...``."""
    if not experiment.test_x.shape[-2]:
        return {}
    h = experiment.trainer.network.infer(experiment.test_x, experiment.test_h)
    loss = experiment.trainer.loss
    figures = {"loss": loss.objective(h, experiment.test_y)}
    figures |= experiment.task.score(loss.outputs(h), experiment.test_y)
    return {f"test_{name}": value for name, value in figures.items()}


def diagnostics(experiment: Experiment, epoch: int) -> Figures:
    """Cosine and skill of the generators on the epoch's first batch, NaN in a stack where a replica has none."""
    if experiment.diagnosis is None:
        return {}
    figures = experiment.diagnosis.figures(next(experiment.feed.epoch(epoch)))
    return {name: value for name, value in figures.items() if not np.isnan(value).all()}


def _figures(experiment: Experiment, h: Array, y: Array) -> Figures:
    loss = experiment.trainer.loss
    o = loss.outputs(h)
    error = np.abs(o - y)
    slope = o * (1 - o)  # of the sigmoid
    both, f64 = (-2, -1), np.float64
    return {
        "loss": loss.objective(h, y),
        "abs_error": error.sum(both, dtype=f64),
        "abs_delta": np.multiply(error, slope, error).sum(both, dtype=f64),
        **experiment.task.score(o, y),
    }


def snapshot(trainer: Trainer) -> State:
    """A copy of everything that training changes."""
    return {name: value.copy() for name, value in trainer.state().items()}


def restore(trainer: Trainer, state: State) -> None:
    """Put a snapshot back, and drop what an unfinished epoch has left in the trainer's figures."""
    trainer.figures()
    for name, value in trainer.state().items():
        value[...] = state[name]


def _finite(experiment: Experiment) -> bool:
    """Whether the epoch's outputs and everything that training changes are finite."""
    arrays = [experiment.feed.h, *experiment.trainer.state().values()]
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _locate(experiment: Experiment, epoch: int, before: State) -> Diverged:
    """Repeat the epoch from its start, looking everywhere after each step; end in its start's state."""
    trainer = experiment.trainer
    restore(trainer, before)
    steps = experiment.feed.steps
    step, where = (epoch - 1) * steps, "the outputs"
    for batch in experiment.feed.epoch(epoch):
        trainer.step(batch)
        step += 1
        found = next((name for name, array in trainer.places() if not np.isfinite(array).all()), None)
        if found:
            where = found
            break
    restore(trainer, before)
    return Diverged(epoch, step, where)
