"""From configs to objects: the task's data, the network, the trainer, one alone or several as a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from synthgrad.config import Options
from synthgrad.experiment.diagnosis import Diagnosis
from synthgrad.experiment.epochs import Epochs
from synthgrad.experiment.phases import Mark, Phase, restore, snapshot
from synthgrad.experiment.replicas import Replica
from synthgrad.experiment.settings import Config
from synthgrad.nn.context import Context
from synthgrad.streams import Normals, TutorialStreams, make_streams
from synthgrad.tasks import TASKS
from synthgrad.tasks.feed import Feed, Order
from synthgrad.tasks.task import Examples, Task
from synthgrad.trainers import TRAINERS, NetworkOptions, Setup, Trainer
from synthgrad.types import Array

O = TypeVar("O", bound=Options)


class Experiment:
    """The objects of one config, or of several that differ only in numbers, trained as one stack.

    One config makes arrays without leading axes, R configs arrays with the leading axis (R,); replica r of
    a stack equals the run of config r alone, bit for bit. ``replicas`` are the handles of the single networks.
    ``tasks``, one a config, stand in for those of the configs.
    """

    def __init__(self, configs: Sequence[Config], tasks: Sequence[Task] | None = None) -> None:
        self.configs = list(configs)
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
        widths = [task.n_x, *config.network.hidden, task.n_y]
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
        self.phases = list(self._phases(stacked([c.network for c in configs]), context))
        self.phase = self.phases[0]
        self.feed = self._feed([t.train for t in self.tasks])
        self.test_x, self.test_y = self._sides([t.test for t in self.tasks])
        self.test_h = np.empty(self.test_y.shape, self.dtype)
        self.replicas = [Replica(self, r) for r in range(len(self.configs))]
        self.epochs = Epochs(self)

    # one trainer after the other ----------------------------------------------------------------

    def _phases(self, network: NetworkOptions, context: Context) -> Iterator[Phase]:
        """A phase for each trainer, in the order in which they train."""
        training, first = self.config.training, 1
        branch = stacked_or_none([c.branch for c in self.configs])
        if branch is not None:
            was = branch.training
            epochs, every = was.epochs or training.epochs, was.evaluate_every or training.evaluate_every
            yield self._phase(Setup(network, branch.trainer, context), first, branch.epoch, epochs, every)
            first = branch.epoch + 1
        options = stacked([c.trainer for c in self.configs])
        last = training.epochs
        yield self._phase(Setup(network, options, context), first, last, last, training.evaluate_every)

    def _phase(self, setup: Setup, *when: int) -> Phase:
        trainer = TRAINERS[setup.trainer.name](setup)
        estimates = trainer.estimates and len(setup.network.hidden) > 0
        diagnosis = Diagnosis(trainer) if self.config.diagnostics and estimates else None
        return Phase(trainer, diagnosis, *when)

    def phase_of(self, epoch: int) -> Phase:
        """The phase that an epoch belongs to; the state after the epoch is its trainer's."""
        return next((phase for phase in self.phases if epoch <= phase.last), self.phases[-1])

    @property
    def trainer(self) -> Trainer:
        """The trainer of the moment."""
        return self.phase.trainer

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the moment."""
        return self.phase.diagnosis

    def mark(self) -> Mark:
        """The moment between two epochs, to return to."""
        return Mark(self.phase, snapshot(self.trainer))

    def return_to(self, mark: Mark) -> None:
        """Forget what was trained since."""
        self.trainer.forget()
        self.phase = mark.phase
        restore(self.trainer, mark.state)

    # networks -----------------------------------------------------------------------------------

    def part(self, replicas: Sequence[Replica]) -> Experiment:
        """Some of the replicas as an experiment of their own, in the state of the moment; their handles move there."""
        if len(replicas) == len(self.replicas):
            return self
        named = self.config.stream == "named"
        rest = Experiment([r.config for r in replicas], [r.task for r in replicas] if named else None)
        for new, old in zip(rest.replicas, replicas, strict=True):
            new.restore(old.state(), self.phase.first)
        rest.epochs.shared = self.epochs.shared
        rest.replicas = list(replicas)
        for at, replica in enumerate(replicas):
            replica.move(rest, at)
        return rest

    def _feed(self, examples: Sequence[Examples]) -> Feed:
        x, y = self._sides(examples)
        if self.task.fresh:  # the feed's own, to be overwritten epoch by epoch
            x, y = x.copy(), y.copy()
        training = self.config.training
        return Feed(x, y, training.batch_size, self.order if training.shuffle else None)

    def _sides(self, examples: Sequence[Examples]) -> tuple[Array, Array]:
        """Inputs and labels of all replicas, (*replica_shape, N, n_x) and (*replica_shape, N, n_y)."""
        return self.stack([e.x for e in examples]), self.stack([e.y for e in examples])

    def stack(self, arrays: Sequence[npt.NDArray[Any]]) -> Array:
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

    def factor(self, epoch: int) -> float:
        """The factor on every step size in an epoch."""
        return float(self.config.training.decay.factor(epoch, self.phase.epochs))

    def begin_epoch(self, epoch: int) -> None:
        """Go over to the epoch's trainer, set its step sizes and, for a fresh task, draw its examples."""
        phase, before = self.phase_of(epoch), self.phase
        if phase is not before:
            phase.enter(before.trainer)
            self.phase = phase
        self.trainer.set_rate(self.factor(epoch))
        if self.task.fresh:
            self.feed.replace(*self._sides([task.draw(epoch) for task in self.tasks]))

    def columns(self) -> list[str]:
        """The names of an epoch's figures, in the order of the metrics file."""
        scores = self.task.scores
        sigmoid = any(phase.trainer.loss.answer == "sigmoid" for phase in self.phases)
        sums = ["abs_error", "abs_delta"] if sigmoid else ["abs_error"]
        training = ["loss", *sums, *scores]
        held_out = ["test_loss", *(f"test_{name}" for name in scores)]
        own = [name for phase in self.phases for name in phase.columns()]
        return list(dict.fromkeys([*training, *held_out, *own]))

    def stability(self, r: int = 0) -> dict[str, float]:
        """By hidden layer, the step size above which fitting the generator of replica r does not settle.

        On the first batch of epoch 1, at the weights there are when this is first asked; those of the last trainer,
        where there are two. Layers without such a bound are left out.
        """
        bounds = {i: float(np.ravel(bound)[r]) for i, bound in self._bounds.items()}
        return {i: bound for i, bound in bounds.items() if not np.isnan(bound)}

    @cached_property
    def _bounds(self) -> dict[str, npt.NDArray[Any]]:
        diagnosis = self.phases[-1].diagnosis
        if diagnosis is None or not diagnosis.bounded:
            return {}
        first = [task.draw(1) if task.fresh else task.train for task in self.tasks]
        return diagnosis.bounds(next(self._feed(first).epoch(1)))

    def hashes(self, r: int = 0) -> dict[str, str]:
        """Fingerprints of what runs must share to be paired with replica r: data, initial weights, batch order."""
        training, task, own = self.config.training, self.tasks[r], self.replicas[r].own
        n = len(task.train.x)
        first = self.streams[r].rng("order", 1).permutation(n) if training.shuffle else np.empty(0)
        fresh = [task.draw(1).x] if task.fresh else []
        data = (self.feed.source_x, self.feed.source_y, self.test_x, self.test_y)
        return {
            "data": _digest(*map(own, data), *fresh),
            "weights": _digest(own(self.trainer.network.theta)),
            "order": _digest(first, np.array([training.batch_size])),
        }


def _digest(*arrays: npt.NDArray[Any]) -> str:
    digest = blake2b(digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


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
