"""An experiment: the networks of one config, or of several trained side by side, and where their training stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from synthgrad.experiment.build import Parts
from synthgrad.experiment.diagnosis import Diagnosis
from synthgrad.experiment.epochs import Epochs
from synthgrad.experiment.fingerprints import fingerprints
from synthgrad.experiment.phases import Mark, Phase, restore, snapshot
from synthgrad.experiment.settings import Config
from synthgrad.tasks.task import Task
from synthgrad.trainers import Trainer
from synthgrad.types import AnyArray, Array, Metrics, State


class Experiment:
    """The objects of one config, or of several that differ only in numbers, trained as one stack.

    One config makes arrays without leading axes, R configs arrays with the leading axis (R,); replica r of
    a stack equals the run of config r alone, bit for bit. ``replicas`` are the handles of the single networks.
    ``tasks``, one a config, stand in for those of the configs.
    """

    def __init__(self, configs: Sequence[Config], tasks: Sequence[Task] | None = None) -> None:
        self.configs = list(configs)
        parts = self.parts = Parts(configs, tasks)
        self.config, self.replica_shape = parts.config, parts.replica_shape
        self.tasks, self.task = parts.tasks, parts.task
        self.phases, self.feed, self.test_x, self.test_y = parts.phases, parts.feed, parts.test_x, parts.test_y
        self.test_h = np.empty(self.test_y.shape, parts.dtype)
        self.phase = self.phases[0]
        self.replicas = [Replica(self, r) for r in range(len(self.configs))]
        self.epochs = Epochs(self.feed, shared=not self.replica_shape)

    # one trainer after the other ----------------------------------------------------------------

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
            self.feed.replace(*self.parts.sides([task.draw(epoch) for task in self.tasks]))

    def steps(self, epoch: int) -> Iterator[int]:
        """Train on the batches of an epoch that has begun; yields how many are done. Raises RunError."""
        return self.epochs.steps(self.trainer, epoch, self.factor(epoch), fresh=self.task.fresh)

    def columns(self) -> list[str]:
        """The names of an epoch's metrics, in the order of the metrics file."""
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
    def _bounds(self) -> Metrics:
        diagnosis = self.phases[-1].diagnosis
        if diagnosis is None or not diagnosis.bounded:
            return {}
        first = [task.draw(1) if task.fresh else task.train for task in self.tasks]
        return diagnosis.bounds(next(self.parts.feed_of(first).epoch(1)))

    def hashes(self, r: int = 0) -> dict[str, str]:
        """Fingerprints of what runs must share to be paired with replica r: data, initial weights, batch order."""
        own, task, training = self.replicas[r].own, self.tasks[r], self.config.training
        data = map(own, (self.feed.source_x, self.feed.source_y, self.test_x, self.test_y))
        order = (
            self.parts.streams[r].rng("order", 1).permutation(len(task.train.x)) if training.shuffle else np.empty(0)
        )
        return fingerprints(task, data, own(self.trainer.network.theta), order, training.batch_size)


class Replica:
    """A network of an experiment: the whole of one, or one of a stack; ``number`` is its place when that was made.

    A stack that loses a replica goes on as a smaller one, and the handles of all its replicas go with it.
    """

    def __init__(self, experiment: Experiment, number: int) -> None:
        self.number = number
        self.move(experiment, number)

    def move(self, experiment: Experiment, at: int) -> None:
        """Stand for network ``at`` of an experiment from here on."""
        self.experiment, self.at = experiment, at

    @property
    def alone(self) -> bool:
        """Whether it is the whole of its experiment."""
        return not self.experiment.replica_shape

    @property
    def config(self) -> Config:
        """Its own config."""
        return self.experiment.configs[self.at]

    @property
    def task(self) -> Task:
        """Its own task, with its own data."""
        return self.experiment.tasks[self.at]

    def columns(self) -> list[str]:
        """The names of its metrics, in the order of the metrics file."""
        return self.experiment.columns()

    def hashes(self) -> dict[str, str]:
        """Fingerprints of what runs must share to be paired: data, initial weights, batch order."""
        return self.experiment.hashes(self.at)

    def processes(self) -> int:
        """How many processes share its modules in the end, 1 where one trains them in order."""
        return self.experiment.epochs.processes(self.experiment.phases[-1].trainer)

    def stability(self) -> dict[str, float]:
        """By hidden layer, the step size above which fitting its generator does not settle, where there is one."""
        return self.experiment.stability(self.at)

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Every weight array by name, for the file of final weights."""
        for name, value in self.experiment.trainer.arrays():
            yield name, self.own(value)

    def state(self) -> State:
        """Every array that training changes, by name."""
        return self._state(self.experiment.phase)

    def _state(self, phase: Phase) -> State:
        return {name: self.own(value) for name, value in phase.trainer.state().items()}

    def restore(self, state: Mapping[str, AnyArray], epoch: int = 0) -> None:
        """Put back what ``state`` gave after ``epoch``; the experiment is there then.

        Raises ValueError where it is the state of another network, and changes nothing.
        """
        phase = self.experiment.phase_of(epoch)
        mine = self._state(phase)
        if mine.keys() != state.keys() or any(
            (value.shape, value.dtype) != (state[name].shape, state[name].dtype) for name, value in mine.items()
        ):
            raise ValueError("the state is that of another network or another trainer")
        self.experiment.phase = phase
        for name, value in mine.items():
            np.copyto(value, state[name])

    def own(self, value: AnyArray) -> AnyArray:
        """Its part of an array of the experiment; what has no replica axis, such as a count of steps, is everyone's."""
        replica_shape = self.experiment.replica_shape
        return value[self.at : self.at + 1].reshape(value.shape[1:]) if replica_shape and value.ndim else value
