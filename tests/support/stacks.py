"""Orders and stacks of the tiny experiment, and what is heard of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conftest import tiny

from synthgrad.sweep.events import Ended, Event
from synthgrad.sweep.stacks import Order, Stack

SHUFFLED = {"training.shuffle": True, "network.normalize": True}


def orders(keys: Iterable[Mapping[str, Any]], first: int = 0) -> list[Order]:
    """An order for each of these settings of the tiny experiment."""
    return [Order(i, tiny(each), "tiny", ("synthgrad", "train", str(i))) for i, each in enumerate(keys, first)]


def stack(runs: Path, keys: Iterable[Mapping[str, Any]], number: int = 0, first: int = 0) -> Stack:
    """One stack of them, its runs counted from ``first``."""
    return Stack(number, tuple(orders(keys, first)), runs)


def ended(events: Iterable[Event]) -> dict[int, Ended]:
    """By number of the run, its end; each is told of once."""
    found: dict[int, Ended] = {}
    for event in events:
        if isinstance(event, Ended):
            assert event.run not in found, event
            found[event.run] = event
    return found
