"""The phases of an experiment: one trainer, or one up to the fork and another that goes on from its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from synthgrad.experiment.diagnosis import Diagnosis
from synthgrad.generators import Generator
from synthgrad.generators.model import Model
from synthgrad.nn.optimizers import Optimizer
from synthgrad.trainers import Trainer
from synthgrad.types import AnyArray, State


@dataclass
class Phase:
    """Epochs ``first`` to ``last`` of one trainer; ``epochs`` and ``evaluate_every`` are what training has there.

    ``epochs`` is not ``last`` where a branch begins: the trainer meant to go on, with step sizes that decay by it.
    """

    trainer: Trainer
    diagnosis: Diagnosis | None
    first: int
    last: int
    epochs: int
    evaluate_every: int
    start: State = field(init=False)

    def __post_init__(self) -> None:
        self.start = snapshot(self.trainer) if self.first > 1 else {}

    def enter(self, before: Trainer) -> None:
        """Go on from the state of another trainer; what only this one has is as it was made, however often."""
        restore(self.trainer, self.start)
        carry_over(before, self.trainer)

    def evaluates(self, epoch: int) -> bool:
        """Whether an epoch ends with a look at the held-out examples."""
        return epoch % self.evaluate_every == 0 or epoch == self.epochs

    def columns(self) -> list[str]:
        """The names of the metrics that its trainer and its diagnosis add."""
        return [*self.trainer.columns(), *(self.diagnosis.columns() if self.diagnosis else [])]


class Mark(NamedTuple):
    """A moment between two epochs: the phase whose trainer has the state, and the state."""

    phase: Phase
    state: State


def snapshot(trainer: Trainer) -> State:
    """A copy of everything that training changes."""
    return {name: value.copy() for name, value in trainer.state().items()}


def restore(trainer: Trainer, state: State) -> None:
    """Put a snapshot back, and drop what an unfinished epoch has left in the trainer's metrics."""
    trainer.forget()
    for name, value in trainer.state().items():
        value[...] = state[name]


# from one trainer to another ----------------------------------------------------------------------


def carry_over(before: Trainer, after: Trainer) -> None:
    """Put ``after`` in the state of ``before``, as far as it has the same things; the rest is left as it is.

    The same are: weights and running statistics; a model beside the network that has the same layers and sees the
    same; what an equal optimiser remembers, parameter by parameter; and what else a trainer keeps, if both keep all
    of it. Between two equal trainers that is everything.
    """
    _copy(before.network.state(), after.network.state())
    if before.options.optimizer == after.options.optimizer:
        _hand_over(before, after)
    known = {(model.kind, model.i): model for model in before.models}
    for model in after.models:
        old = known.get((model.kind, model.i))
        if old is not None and _form(old) == _form(model):
            _copy(old.state(), _lasting(model, old))
    kept, own = _own(before), _own(after)
    if _shapes(kept) == _shapes(own):  # half of a queue is none
        _copy(kept, own)
    for f, gradient in after.under_way:
        if f.frozen:  # what left before it was frozen would still move it
            gradient[...] = 0


def _copy(source: Mapping[str, AnyArray], into: State) -> None:
    """Copy what has the same name and shape."""
    for name, value in into.items():
        if name in source and source[name].shape == value.shape:
            np.copyto(value, source[name])


def _form(model: Model) -> Any:
    """What two models have in common whose weights mean the same."""
    seen = (model.options.input, model.options.normalize) if isinstance(model, Generator) else ()
    return type(model), model.network.specs, seen


def _lasting(model: Model, old: Model) -> State:
    """A model's state, without its optimiser's where that is not as it was."""
    state = model.state()
    if not state or model.optimizer.options == old.optimizer.options:
        return state
    return {name: value for name, value in state.items() if not name.startswith("optimizer.")}


def _own(trainer: Trainer) -> State:
    """What a trainer keeps beside network, optimisers and models."""
    others = ("network", "optimizer", *(model.kind for model in trainer.models))
    return {name: value for name, value in trainer.state().items() if name.partition(".")[0] not in others}


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in state.items()}


# what optimisers remember -------------------------------------------------------------------------


class Memory(NamedTuple):
    """What an optimiser remembers of one layer: arrays as long as its theta, and counts that all its layers share."""

    arrays: State
    counts: State


def _hand_over(before: Trainer, after: Trainer) -> None:
    """Give optimisers what other optimisers remembered of their layers, whether one covered all layers or each its own.

    A frozen layer gets nothing, or it would drift on. Counts, such as Adam's steps, must be known and equal in all
    layers of an optimiser; where they are not, it begins anew.
    """
    known, own = _memories(before), _memories(after)
    for optimizer in after.optimizers:
        covered = _covered(optimizer, after)
        old = {i: known[i] for i in covered if i in known}
        counts = [memory.counts for memory in old.values()]
        if any(own[i].counts for i in covered) and not (len(old) == len(covered) and _equal(counts)):
            continue
        for i, memory in old.items():
            _copy(memory.counts, own[i].counts)
            if not after.layers[i].frozen:
                _copy(memory.arrays, own[i].arrays)


def _memories(trainer: Trainer) -> dict[int, Memory]:
    """What is remembered of each layer, counted from 0: views."""
    found: dict[int, Memory] = {}
    for optimizer in trainer.optimizers:
        state, begin = optimizer.state(), optimizer.layers[0].params.start
        counts = {name: value for name, value in state.items() if value.shape != optimizer.theta.shape}
        for i in _covered(optimizer, trainer):
            params = trainer.layers[i].params
            own = slice(params.start - begin, params.start - begin + params.theta.shape[-1])
            arrays = {name: value[..., own] for name, value in state.items() if name not in counts}
            found[i] = Memory(arrays, counts)
    return found


def _covered(optimizer: Optimizer, trainer: Trainer) -> list[int]:
    """The layers of the network that an optimiser moves."""
    return [i for i, f in enumerate(trainer.layers) if any(f is own for own in optimizer.layers)]


def _equal(counts: list[State]) -> bool:
    return all(np.array_equal(each[name], counts[0][name]) for each in counts for name in each)
