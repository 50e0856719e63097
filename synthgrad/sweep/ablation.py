"""Ablation: every run of a grid again with each hidden layer frozen in turn: what does it lose without that one?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from synthgrad.config import replaced
from synthgrad.errors import ConfigError, collect
from synthgrad.sweep.grid import Planned
from synthgrad.sweep.values import LIMIT
from synthgrad.trainers import TRAINERS

FREEZE = ("trainer", "freeze")
ABLATIONS = ("layers",)


def ablated(grid: Sequence[Planned]) -> list[Planned]:
    """Each run, and after it those with one of its own network's hidden layers frozen; none twice.

    Where no hidden layer learns there is nothing to freeze. Raises ConfigError.
    """
    each_frozen = collect(lambda planned: list(_frozen(planned)), grid)
    runs = {each.config: each for each in itertools.chain(*each_frozen)}
    if len(runs) > LIMIT:
        raise ConfigError(f"sweep: {len(runs):,} runs with --ablate layers (at most {LIMIT:,})")
    return list(runs.values())


def _frozen(planned: Planned) -> Iterator[Planned]:
    """A run as it is, and with each of its hidden layers frozen."""
    trainer = planned.config.trainer
    if trainer.freeze:
        there = f"trainer.freeze is {list(trainer.freeze)} already"
        said = f"--ablate layers freezes one layer after the other, and {there} (leave one of the two out)"
        raise ConfigError(f"{planned.source}: {said}")
    yield planned
    depth = planned.config.network.depth if TRAINERS[trainer.name].hidden_learn else 0
    for i in range(1, depth + 1):
        config = replaced(planned.config, FREEZE, (i,))
        yield replace(planned, settings=(*planned.settings, f"{'.'.join(FREEZE)}=[{i}]"), config=config)
