"""One network of an experiment, as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, State

if TYPE_CHECKING:
    from synthgrad.experiment.objects import Experiment
    from synthgrad.experiment.phases import Phase
    from synthgrad.experiment.settings import Config


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
    def task(self) -> Any:
        """Its own task, with its own data."""
        return self.experiment.tasks[self.at]

    def columns(self) -> list[str]:
        """The names of its figures, in the order of the metrics file."""
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

    def restore(self, state: Mapping[str, npt.NDArray[Any]], epoch: int = 0) -> None:
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

    def own(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Its part of an array of the experiment; what has no replica axis, such as a count of steps, is everyone's."""
        replica_shape = self.experiment.replica_shape
        return value[self.at : self.at + 1].reshape(value.shape[1:]) if replica_shape and value.ndim else value
