"""A config becomes objects becomes a stream of records.

``train`` is a generator: the caller's ``for`` loop writes and shows what it yields, and ends training by
leaving the loop. No files and no terminal here; the clock only measures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.config import Flag, Fractions, Int, NameOf, OneOf, Options, option
from synthgrad.errors import Problem
from synthgrad.generators.generator import Surroundings
from synthgrad.streams import STREAMS, Draw, Streams, TutorialStreams, make_streams
from synthgrad.tasks import TASKS
from synthgrad.tasks.feed import Feed, Order
from synthgrad.trainers import TRAINERS, NetworkOptions, Setup, Trainer
from synthgrad.types import Array, State

# config -------------------------------------------------------------------------------------------


class Decay(Options):
    """Every step size divided at given fractions of the epochs, as in arXiv 1608.05343."""

    at: Fractions = option((), "fractions of the epochs, e.g. [0.6, 0.85]")
    divide_by: float = option(10.0, "what every step size is divided by at each of them", gt=0)

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor on every step size in ``epoch``, counted from 1."""
        return float(self.divide_by ** -sum(epoch > fraction * epochs for fraction in self.at))


class Training(Options):
    """How long, in which batches, and how often to look at the held-out examples."""

    epochs: Int = option(1000, "passes over the training examples", ge=1)
    batch_size: Int = option(10, "examples a step", ge=1)
    shuffle: Flag = option(False, "a new random order for every epoch")
    evaluate_every: Int = option(1, "epochs between held-out evaluations; the last epoch always has one", ge=1)
    decay: Decay = option(Decay(), "a schedule for the step sizes")


class Config(Options):
    """One experiment."""

    seed: Int = option(1, "of all randomness", ge=0, lt=2**32)
    stream: Annotated[str, NameOf(STREAMS)] = option(
        "named", "random numbers: independent named streams, or the tutorial's one legacy stream"
    )
    task: Annotated[Options, OneOf(TASKS)] = option(meaning="what is learned")
    network: NetworkOptions = option(NetworkOptions(), "dense layers between input and output")
    trainer: Annotated[Options, OneOf(TRAINERS)] = option(meaning="the training algorithm")
    training: Training = option(Training(), "epochs, batches, evaluation")

    def problems(self) -> Iterator[Problem]:
        task: Any = self.task
        batch = self.training.batch_size
        if batch > task.train_examples:
            yield Problem(
                ("training", "batch_size"),
                f"{batch} is more than there are training examples (at most {task.train_examples})",
            )
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
        task: Any = TASKS[self.task.name]  # type: ignore[attr-defined]
        n_x, n_y = task.sizes(self.task)
        widths = [n_x, *self.network.hidden, n_y]
        weights = sum(a * b for a, b in zip(widths, widths[1:], strict=False))
        return 3 * weights * np.dtype(self.network.dtype).itemsize


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not known on this system
        return 1 << 62


# objects ------------------------------------------------------------------------------------------


class Experiment:
    """The objects of one config, or of several that differ only in numbers, trained as one stack.

    One config makes arrays without leading axes, R configs arrays with the leading axis (R,); replica r of
    a stack equals the run of config r alone. ``tasks``, one a config, stand in for those of the configs.
    """

    def __init__(self, configs: Sequence[Config], tasks: Sequence[Any] | None = None) -> None:
        self.configs = list(configs)
        config: Any = configs[0]
        self.config = config
        self.lead = () if len(configs) == 1 else (len(configs),)
        self.dtype = np.dtype(config.network.dtype)
        self.streams = [make_streams(c.stream, c.seed) for c in configs]
        self.tasks: Sequence[Any] = tasks or [
            TASKS[c.task.name](c.task, streams)  # type: ignore[attr-defined]
            for c, streams in zip(configs, self.streams, strict=True)
        ]
        task = self.task = self.tasks[0]
        widths = [task.n_x, *config.network.hidden, task.n_y]
        for c, streams in zip(configs, self.streams, strict=True):
            if isinstance(streams, TutorialStreams):
                streams.draw_weights(widths, c.network.bias)
        around = Surroundings(task.n_x, task.n_y, self.lead, self.dtype, self.draw)
        network: Any = stacked([c.network for c in configs])
        trainer: Any = stacked([c.trainer for c in configs])
        self.trainer: Trainer = TRAINERS[config.trainer.name](Setup(network, trainer, around))
        training = config.training
        self.feed = Feed(
            self.stack([t.train.x for t in self.tasks]),
            self.stack([t.train.y for t in self.tasks]),
            training.batch_size,
            self.order if training.shuffle else None,
        )
        self.test_x = self.stack([t.test.x for t in self.tasks])
        self.test_y = self.stack([t.test.y for t in self.tasks])
        self.test_h = np.empty_like(self.test_y)

    def stack(self, arrays: Sequence[npt.NDArray[Any]]) -> Array:
        """One replica's array as it is, or several side by side, in the network's dtype."""
        return np.ascontiguousarray(np.stack(arrays) if self.lead else arrays[0], dtype=self.dtype)

    def draw(self, name: str, shape: tuple[int, ...]) -> Draw:
        """Standard normal numbers for an array, each replica's from its own streams."""
        drawn = [streams.normal(name, shape) for streams in self.streams]
        return np.stack(drawn) if self.lead else drawn[0]

    def order(self, epoch: int) -> Order:
        """The shuffled order of an epoch's examples, (*lead, N)."""
        n = len(self.task.train.x)
        orders = [streams.rng("order", epoch).permutation(n) for streams in self.streams]
        return np.stack(orders) if self.lead else orders[0]

    def begin_epoch(self, epoch: int) -> None:
        """Set the step sizes of this epoch and, for a fresh task, its examples."""
        training = self.config.training
        self.trainer.set_rate(training.decay.factor(epoch, training.epochs))
        if self.task.fresh:
            drawn = [task.draw(epoch) for task in self.tasks]
            self.feed.replace(self.stack([e.x for e in drawn]), self.stack([e.y for e in drawn]))

    def columns(self) -> list[str]:
        """The names of an epoch's figures, in the order of the metrics file."""
        scores = self.task.scores
        training = ["loss", "abs_error", "abs_delta", *scores]
        held_out = ["test_loss", *(f"test_{name}" for name in scores)]
        return [*training, *held_out, *self.trainer.columns()]

    def hashes(self) -> dict[str, str]:
        """Fingerprints of what runs must share to be paired: data, initial weights, batch order."""
        first = self.order(1) if self.config.training.shuffle else np.empty(0)
        fresh = [self.task.draw(1).x] if self.task.fresh else []
        return {
            "data": _digest(self.feed.source_x, self.feed.source_y, self.test_x, self.test_y, *fresh),
            "weights": _digest(self.trainer.network.theta),
            "order": _digest(first, np.array([self.config.training.batch_size])),
        }


def _digest(*arrays: npt.NDArray[Any]) -> str:
    digest = blake2b(digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def stacked(options: Sequence[Options]) -> Options:
    """The options of a stack: numbers that differ become arrays (R,).

    Raises ValueError where something differs that a stack cannot hold side by side.
    """
    first = options[0]
    update: dict[str, Any] = {}
    for name, field in type(first).model_fields.items():
        values = [getattr(o, name) for o in options]
        if all(value == values[0] for value in values):
            continue
        extra = field.json_schema_extra
        if isinstance(values[0], Options) and len({type(v) for v in values}) == 1:
            update[name] = stacked(values)
        elif isinstance(extra, dict) and extra.get("stacks"):
            update[name] = np.array(values)
        else:
            raise ValueError(f"{name} differs within a stack")
    return first.model_copy(update=update)


Figures = dict[str, npt.NDArray[Any]]


# records ------------------------------------------------------------------------------------------


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

# training -----------------------------------------------------------------------------------------


def train(experiment: Experiment) -> Iterator[Record]:
    """Train and yield what happens, to the last epoch or to the first number that is not finite.

    Whoever leaves the loop within an epoch finds the state of the last finished epoch.
    """
    trainer, training = experiment.trainer, experiment.config.training
    seconds, step, clock = 0.0, 0, time.perf_counter
    with np.errstate(all="ignore"):  # non-finite numbers are looked for, not warned of
        for epoch in range(1, training.epochs + 1):
            experiment.begin_epoch(epoch)
            before = snapshot(trainer)
            start = clock()
            for batch in experiment.feed.epoch(epoch):
                trainer.step(batch)
                step += 1
                if (now := clock()) > start + PULSE_SECONDS:
                    seconds += now - start
                    try:
                        yield Pulse(epoch, step)
                    except GeneratorExit:
                        restore(trainer, before)
                        raise
                    start = clock()
            seconds += clock() - start
            if not _finite(experiment):
                yield _locate(experiment, epoch, before)
                return
            figures = training_figures(experiment)
            if epoch % training.evaluate_every == 0 or epoch == training.epochs:
                figures |= test_figures(experiment)
            yield Epoch(epoch, step, seconds, figures)


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
    """Put a snapshot back."""
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
    step, where = epoch * steps, "the outputs"
    for step, batch in enumerate(experiment.feed.epoch(epoch), (epoch - 1) * steps + 1):
        trainer.step(batch)
        found = next((name for name, array in trainer.places() if not np.isfinite(array).all()), None)
        if found:
            where = found
            break
    restore(trainer, before)
    return Diverged(epoch, step, where)
