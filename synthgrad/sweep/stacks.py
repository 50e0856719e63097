"""Stacks: runs that differ only in their seed and in numbers that broadcast, trained side by side by one process."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthgrad.config import Options, fields, plain, value_of
from synthgrad.experiment import Config
from synthgrad.records import Settings
from synthgrad.runs.directory import Run
from synthgrad.tasks import TASKS, Sizes

CACHE_BYTES = 1 << 20
"""The second-level cache of a core, where the system does not say."""
SHARE = 2.5
"""A stack may need this many times the cache: layer by layer its steps touch a part at a time (measured: the best
of 1, 2, 4, 8, 16 networks at 16-64-32-8 and 24-128-64-12, both precisions, lies here; at 128-128 with Adam it is 1).
"""
MAX_REPLICAS = 32
"""Beyond this a stack of tiny networks gains no more, and a lost process loses too much."""
DATA_BYTES = 1 << 28
"""The examples of all runs of a stack take this much at most, where each has its own: every worker has a stack."""


@dataclass(frozen=True)
class Order:
    """One run to be trained: its number in the grid, its config, its name, and the line that trains it alone.

    ``resume`` is the directory of an earlier attempt, to be resumed; with ``force`` also if it is unknown whether
    it is still being written.
    """

    number: int
    config: Config
    name: str
    command: tuple[str, ...]
    resume: Path | None = None
    force: bool = False

    @property
    def form(self) -> str:
        """What the runs of a stack share: see ``form``; for resumed runs the epoch of their checkpoint too."""
        newest = Run(self.resume).checkpoints()[:1] if self.resume else []
        return f"{form(self.config)} {newest[0].name if newest else ''}"


@dataclass(frozen=True)
class Stack:
    """Orders that are trained as one experiment, into new directories below ``runs``."""

    number: int
    orders: tuple[Order, ...]
    runs: Path
    attempt: int = 1

    @property
    def cost(self) -> float:
        """Multiplications of all its runs, about: what is the largest goes first."""
        return _cost(self.orders)


def stacks(orders: Sequence[Order], runs: Path, jobs: int, most: int | None = None) -> list[Stack]:
    """All orders as stacks, the most expensive first, at least one for every job where there are so many runs.

    ``most`` bounds the runs of a stack, by default what fits a core's cache; 1 trains each alone.
    """
    forms: dict[str, list[Order]] = {}
    for order in orders:
        forms.setdefault(order.form, []).append(order)
    groups = list(forms.values())
    costs = [_cost(group) for group in groups]
    pieces = [math.ceil(len(group) / (most or room(group[0].config))) for group in groups]
    while sum(pieces) < jobs and any(n < len(g) for n, g in zip(pieces, groups, strict=True)):
        sizes = [c / n if n < len(g) else 0.0 for c, n, g in zip(costs, pieces, groups, strict=True)]
        pieces[sizes.index(max(sizes))] += 1
    parts = [part for group, n in zip(groups, pieces, strict=True) for part in _split(group, n)]
    parts.sort(key=_cost, reverse=True)
    return [Stack(number, tuple(part), runs) for number, part in enumerate(parts)]


def _split(group: Sequence[Order], pieces: int) -> list[Sequence[Order]]:
    """Pieces whose sizes differ by one at most."""
    ends = [len(group) * k // pieces for k in range(pieces + 1)]
    return [group[a:b] for a, b in itertools.pairwise(ends)]


def _cost(group: Sequence[Order]) -> float:
    return sum(cost(order.config) for order in group)


def form(config: Config) -> str:
    """What must be equal within a stack: everything but the seed and the numbers that broadcast."""
    return json.dumps(_form(config, {"seed"}), sort_keys=True)


def _form(options: Options, left_out: set[str]) -> Settings:
    values = plain(options)
    for name, field in fields(type(options)).items():
        below, extra = value_of(options, name), field.json_schema_extra
        if isinstance(below, Options):
            values[name] = _form(below, set())
        elif name in left_out or (isinstance(extra, dict) and extra.get("stacks")):
            del values[name]
    return values


def room(config: Config) -> int:
    """How many networks of this kind train side by side in a core's cache, their examples in little memory."""
    if not all(trainer.timing.stacks for _, trainer in config.trainers()):
        return 1
    data = 0 if TASKS[config.task.name].fixed else sizes(config).bytes(np.dtype(config.network.dtype).itemsize)
    few = DATA_BYTES // data if data else MAX_REPLICAS
    return max(1, min(MAX_REPLICAS, few, int(SHARE * _cache() / _bytes(config))))


def cost(config: Config) -> float:
    """Multiplications of a run, about: to order runs, not to predict seconds."""
    return float(config.training.epochs * sizes(config).train * (_weights(config) + 100.0))


def _bytes(config: Config) -> int:
    """What the steps of one network touch: weights, gradients, moments, a batch of activations."""
    moments = max({"momentum": 1, "adam": 3}.get(trainer.optimizer.name, 0) for _, trainer in config.trainers())
    numbers = _weights(config) * (2 + moments) + 4 * config.training.batch_size * sum(_widths(config))
    return numbers * np.dtype(config.network.dtype).itemsize


def _weights(config: Config) -> int:
    """Numbers that the products of a step read: the network's weights, and what a trainer has beside them."""
    widths = _widths(config)
    extra: int = max(trainer.extra_weights(widths) for _, trainer in config.trainers())
    return sum(a * b for a, b in itertools.pairwise(widths)) + extra


def _widths(config: Config) -> list[int]:
    n_x, n_y, *_ = sizes(config)
    return config.network.widths(n_x, n_y)


def sizes(config: Config) -> Sizes:
    """The sizes of the task's examples. Raises ConfigError where its files have changed since the config was read."""
    return config.task.sizes()


def _cache() -> int:
    try:
        return os.sysconf("SC_LEVEL2_CACHE_SIZE") or CACHE_BYTES
    except (ValueError, OSError, AttributeError):  # not known on this system
        return CACHE_BYTES
