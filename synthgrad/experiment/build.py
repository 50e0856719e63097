"""From configs to parts: the tasks, the trainers in their order, the batches, of one network or of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from synthgrad.config import Options
from synthgrad.experiment.diagnosis import Diagnosis
from synthgrad.experiment.phases import Phase
from synthgrad.experiment.settings import Config
from synthgrad.nn.context import Context
from synthgrad.records import Settings
from synthgrad.streams import Normals, TutorialStreams, make_streams
from synthgrad.tasks import TASKS
from synthgrad.tasks.feed import Feed, Order
from synthgrad.tasks.task import Examples, Task
from synthgrad.trainers import TRAINERS, NetworkOptions, Setup
from synthgrad.types import AnyArray, Array

O = TypeVar("O", bound=Options)


class Parts:
    """What an experiment consists of. ``tasks``, one a config, stand in for those of the configs.

    Raises ValueError where the configs cannot be one stack.
    """

    def __init__(self, configs: Sequence[Config], tasks: Sequence[Task] | None = None) -> None:
        config = self.config = configs[0]
        self.replica_shape = () if len(configs) == 1 else (len(configs),)
        self.dtype = np.dtype(config.network.dtype)
        self.streams = [make_streams(c.stream, c.seed) for c in configs]
        if tasks and config.stream != "named":
            raise ValueError("weights of the tutorial's stream are drawn after its data, so the task is its own")
        self.tasks: Sequence[Task] = tasks or [
            TASKS[config.task.name](c.task, streams) for c, streams in zip(configs, self.streams, strict=True)
        ]
        task = self.task = self.tasks[0]
        widths = config.network.widths(task.n_x, task.n_y)
        for c, streams in zip(configs, self.streams, strict=True):
            if isinstance(streams, TutorialStreams):
                streams.draw_weights(widths, c.network.bias)
        context = Context(task.n_x, task.n_y, self.replica_shape, self.dtype, self.draw, task.outputs)
        stacked([c.task for c in configs])  # the same for all replicas, as is training
        stacked([c.training for c in configs])
        if self.replica_shape and not all(trainer.timing.stacks for _, trainer in config.trainers()):
            raise ValueError("a network whose modules update by chance or by timing is no part of a stack")
        if any(c.diagnostics != config.diagnostics for c in configs):
            raise ValueError("diagnostics differs within a stack")
        self.phases = list(self._phases(configs, stacked([c.network for c in configs]), context))
        self.feed = self.feed_of([t.train for t in self.tasks])
        self.test_x, self.test_y = self.sides([t.test for t in self.tasks])

    def _phases(self, configs: Sequence[Config], network: NetworkOptions, context: Context) -> Iterator[Phase]:
        """A phase for each trainer, in the order in which they train."""
        training, first = self.config.training, 1
        branch = stacked_or_none([c.branch for c in configs])
        if branch is not None:
            was = branch.training
            epochs, every = was.epochs or training.epochs, was.evaluate_every or training.evaluate_every
            yield self._phase(Setup(network, branch.trainer, context), first, branch.epoch, epochs, every)
            first = branch.epoch + 1
        options = stacked([c.trainer for c in configs])
        last = training.epochs
        yield self._phase(Setup(network, options, context), first, last, last, training.evaluate_every)

    def _phase(self, setup: Setup, *when: int) -> Phase:
        trainer = TRAINERS[setup.trainer.name](setup)
        estimates = trainer.estimates and setup.network.depth > 0
        diagnosis = Diagnosis(trainer) if self.config.diagnostics and estimates else None
        return Phase(trainer, diagnosis, *when)

    def feed_of(self, examples: Sequence[Examples]) -> Feed:
        """The batches of these training examples, one set a replica."""
        x, y = self.sides(examples)
        if self.task.fresh:  # the feed's own, to be overwritten epoch by epoch
            x, y = x.copy(), y.copy()
        training = self.config.training
        return Feed(x, y, training.batch_size, self.order if training.shuffle else None)

    def sides(self, examples: Sequence[Examples]) -> tuple[Array, Array]:
        """Inputs and labels of all replicas, (*replica_shape, N, n_x) and (*replica_shape, N, n_y)."""
        return self.stack([e.x for e in examples]), self.stack([e.y for e in examples])

    def stack(self, arrays: Sequence[AnyArray]) -> Array:
        """One replica's array as it is, or several side by side, in the network's dtype; what all share, once."""
        first = arrays[0]
        if self.replica_shape and all(array is first for array in arrays):
            return np.broadcast_to(np.ascontiguousarray(first, dtype=self.dtype), (*self.replica_shape, *first.shape))
        return np.ascontiguousarray(np.stack(arrays) if self.replica_shape else first, dtype=self.dtype)

    def draw(self, name: str, shape: tuple[int, ...]) -> Normals:
        """Standard normal numbers for an array, each replica's from its own streams."""
        drawn = [streams.normal(name, shape) for streams in self.streams]
        return np.stack(drawn) if self.replica_shape else drawn[0]

    def order(self, epoch: int) -> Order:
        """The shuffled order of an epoch's examples, (*replica_shape, N)."""
        n = len(self.task.train.x)
        orders = [streams.rng("order", epoch).permutation(n) for streams in self.streams]
        return np.stack(orders) if self.replica_shape else orders[0]


def stacked_or_none(options: Sequence[O | None]) -> O | None:
    """The same of a section that may be left out, by all of a stack or by none. Raises ValueError."""
    there = [each for each in options if each is not None]
    if there and len(there) < len(options):
        raise ValueError("a section of some is left out by others within a stack")
    return stacked(there) if there else None


def stacked(options: Sequence[O]) -> O:
    """The options of a stack: numbers that differ become arrays (R,).

    Raises ValueError where something differs that a stack cannot hold side by side.
    """
    first = options[0]
    update: Settings = {}
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
