"""Pipelined experiments, small ones with everything that a run can have, and what they come to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from conftest import arrays, tiny

from support.trained_runs import fork
from synthgrad.experiment import Diverged, Epoch, Experiment, train
from synthgrad.generators import GENERATOR_INPUTS

WIDTHS = (12, 9, 8, 11, 7, 10, 9, 8)
SHORT = {"task.bits": 5, "task.train_examples": 47, "task.test_examples": 10, "training.batch_size": 5,
         "training.epochs": 21}  # fmt: skip
"""Ten steps an epoch, the last with two examples; more than two hundred steps."""
WHOLE = {**SHORT, "task.train_examples": 50}
FLOAT32 = {"network.dtype": "float32"}
NORMALIZED = {"network.normalize": True}
SHUFFLED = {"training.shuffle": True}
FRESH = {"task.fresh": True}
INPUT_MODEL = {"trainer.input_model": {"alpha": 0.05}}
DEEP = {"hidden": [6], "normalize": True, "normalize_hidden": True}
"""A generator with everything that it can have."""


def piped(
    workers: int, depth: int = 2, interfaces: Any = "all", delay: int = 1, optimizer: str = "sgd", **more: Any
) -> dict[str, Any]:
    """The keys of a pipelined run with so many hidden layers; ``more`` are keys of the generator."""
    generator = {"alpha": 0.05, "optimizer": optimizer, **more}
    return {**layered(workers, depth, interfaces, delay, optimizer), "trainer.name": "dni",
            "trainer.generator": generator}  # fmt: skip


def layered(
    workers: int, depth: int, interfaces: Any = "all", delay: int = 1, optimizer: str = "sgd"
) -> dict[str, Any]:
    """The same without generators: true gradients that come late."""
    return {
        "network.hidden": list(WIDTHS[:depth]), "trainer.name": "delayed-gradient", "trainer.optimizer": optimizer,
        "trainer.alpha": 0.01 if optimizer == "adam" else 0.1, "trainer.interfaces": interfaces,
        "trainer.schedule": {"kind": "pipelined", "delay": delay, "workers": workers},
    }  # fmt: skip


LAST = {**piped(2, 2, [2], optimizer="momentum", scale=0.5), **INPUT_MODEL}
ROWS: dict[str, tuple[int, dict[str, Any]]] = {
    "layer-output": (2, {**piped(2, 5, delay=2, optimizer="momentum", input="layer-output"), **SHORT, **SHUFFLED,
                         **NORMALIZED, **FLOAT32}),
    "label": (4, {**piped(4, 8, optimizer="adam", input="label"), **SHORT}),
    "input": (2, {**piped(2, 4, [1], delay=3, input="input"), **WHOLE, **FRESH, **SHUFFLED, **FLOAT32,
                  "trainer.freeze": [1]}),
    "layer-output+input": (2, {**piped(2, 6, [1, 3, 5], optimizer="momentum", input=["layer-output", "input"]),
                               **SHORT, **FRESH, **NORMALIZED, "training.decay.at": [0.5]}),
    "all-three": (2, {**piped(2, 7, [4], delay=3, **DEEP, input=list(GENERATOR_INPUTS)),
                      **WHOLE, **NORMALIZED, **SHUFFLED}),
    "both": (3, {**piped(3, 3, delay=2, optimizer="adam"), **SHORT, **SHUFFLED, **NORMALIZED, **FLOAT32,
                 "trainer.input_model": {"alpha": 0.05, "hidden": [6], "normalize_hidden": True}}),
    "delayed-gradient": (3, {**layered(3, 4, delay=2, optimizer="momentum"), **SHORT, **NORMALIZED, **FLOAT32}),
    "branch": (2, fork(layered(2, 2), LAST, 10, {**SHORT, **FRESH})),
}  # fmt: skip
"""By name, how many processes there are, and the keys: every value of everything in one row at least."""


def product() -> Iterator[Any]:
    """Inputs, depths, interfaces, workers and normalisation in all combinations, the rest in turn."""
    inputs = (*GENERATOR_INPUTS, "both", ["layer-output", "input"], list(GENERATOR_INPUTS))
    rest = itertools.count()
    for sees, depth, normalized in itertools.product(inputs, range(2, 9), (False, True)):
        for workers, interfaces in _shares(depth):
            keys = {**_in_turn(next(rest), workers, depth, interfaces, sees), "network.normalize": normalized}
            named = sees if isinstance(sees, str) else "+".join(sees)
            mark = f"{named}-{depth}-{interfaces}-{workers}{'-normalized' * normalized}"
            yield pytest.param(workers, keys, id=mark.replace(" ", ""))


def _shares(depth: int) -> list[tuple[int, Any]]:
    """Placements of interfaces, each with every number of processes that is not too many."""
    middle, every_other = (depth + 1) // 2, list(range(1, depth + 1, 2))
    placed: Sequence[Any] = ("all", [1], [middle], [depth], [1, depth], every_other)
    modules = [(depth if chosen == "all" else len(chosen)) + 1 for chosen in placed]
    found = [(n, chosen) for chosen, most in zip(placed, modules, strict=True) for n in range(2, min(4, most) + 1)]
    return [pair for at, pair in enumerate(found) if pair not in found[:at]]


def _in_turn(number: int, workers: int, depth: int, interfaces: Any, sees: Any) -> dict[str, Any]:
    """The keys of a combination; periods without a common divisor bring every pair of the other values together."""
    optimizer = ("sgd", "momentum", "adam")[number % 3]
    keys = piped(workers, depth, interfaces, 1 + number // 3 % 3, optimizer, input=sees, **({}, DEEP)[number % 7 == 0])
    more = (FLOAT32, SHUFFLED, FRESH, INPUT_MODEL)
    chosen = [extra for extra, period in zip(more, (2, 5, 11, 4), strict=True) if number % period == 1]
    return {**keys, **(WHOLE if number % 13 < 6 else SHORT), **dict(itertools.chain(*(e.items() for e in chosen)))}


# what they come to --------------------------------------------------------------------------------


class Course(NamedTuple):
    """Everything that a run comes to, as bytes, and how many processes had a part in it, epoch by epoch."""

    epochs: list[Mapping[str, bytes]]
    diverged: list[tuple[int, int, str]]
    arrays: Mapping[str, bytes]
    processes: set[int]


def in_order(keys: Mapping[str, Any]) -> Course:
    """What one process comes to that takes the modules in turn."""
    experiment = Experiment([tiny(keys)])
    experiment.epochs.in_order(experiment.config.varies)
    return course(experiment)


def shared(keys: Mapping[str, Any]) -> Course:
    """What processes come to that share the modules, where the keys say so."""
    return course(Experiment([tiny(keys)]))


def course(experiment: Experiment, after: int = 0) -> Course:
    """Train to the end."""
    epochs, diverged, processes = [], [], set()
    for record in train(experiment, after):
        processes.add(len(experiment.epochs.group.workers) if experiment.epochs.group else 1)
        if isinstance(record, Epoch):
            epochs.append({name: np.asarray(value).tobytes() for name, value in record.metrics.items()})
        elif isinstance(record, Diverged):
            diverged.append((record.epoch, record.step, record.where))
    left = {name: value.tobytes() for name, value in arrays(experiment).items()}
    return Course(epochs, diverged, {**left, "outputs": experiment.feed.h.tobytes()}, processes)
