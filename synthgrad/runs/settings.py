"""Settings of runs: which matter, where two differ, and whether a config is still what its run began with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from synthgrad.config import flat, show
from synthgrad.records import Record, Settings
from synthgrad.runs.data import Data, locations

Pairs = dict[str, tuple[Any, Any]]
SILENT = ("training.checkpoint_every",)
"""Keys on which nothing depends that a run records."""
DECIDED = "task.classes"
"""Nor on this one, which says of a table how many classes were found in it."""
WORKERS = "schedule.workers"
"""Nor does it on this one, where the schedule is pipelined: any number of processes comes to the same bits."""
SHOWN = 8
"""As many keys as are named."""


def relevant_settings(config: Record, data: Data | None = None) -> Settings:
    """A resolved config, by dotted key, without the keys that change no number of the run but by chance.

    If its ``data`` are known, they stand in place of the keys that say where they lie.
    """
    told = {key: value for key, value in config.items() if key not in SILENT and not _silent(config, key)}
    return data.put_into(told) if data else told


def _silent(config: Record, key: str) -> bool:
    if key == DECIDED:
        return config.get("task.name") == "table"
    return key.endswith(WORKERS) and config.get(f"{key.removesuffix('workers')}kind") == "pipelined"


def differing(a: Record, b: Record) -> Pairs:
    """By dotted key, what differs between two mappings; None stands for what is missing."""
    return {key: (a.get(key), b.get(key)) for key in [*a, *(k for k in b if k not in a)] if not same(a, b, key)}


def same(a: Record, b: Record, key: str) -> bool:
    """Whether two mappings have equal values under a key, or both none; true is not 1."""
    one, other = a.get(key), b.get(key)
    return (key in a) == (key in b) and isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def original(about: Record) -> Settings | None:
    """The config that a ``run.json`` keeps, by dotted key; None where there is none, as in runs of 0.1."""
    config = about.get("config")
    with suppress(RecursionError):  # too deep to be one
        return flat(config) if isinstance(config, dict) else None
    return None


def edited(about: Record, config: Record) -> Pairs:
    """By dotted key, what a run began with and what its config says now; keys that change no number may differ."""
    then = original(about)
    if then is None:
        return {}
    elsewhere = locations(config) if about.get("files") else ()  # their bytes count, and have fingerprints
    pairs = differing(relevant_settings(then), relevant_settings(config))
    return {key: pair for key, pair in pairs.items() if key not in elsewhere}


def told(config: Path, pairs: Pairs) -> Iterator[str]:
    """A line for each key that differs."""
    for key, (then, now) in list(pairs.items())[:SHOWN]:
        yield f"{config}: {key}: is {_value(now)}, but the run began with {_value(then)}"
    if len(pairs) > SHOWN:
        yield f"{config}: and {len(pairs) - SHOWN} more keys differ from what the run began with"


def summary(config: Path, pairs: Pairs) -> str:
    """The same in one sentence."""
    key, (then, now) = next(iter(pairs.items()))
    more = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
    return f"{config}: is not what the run began with: {key} is {_value(now)}, it was {_value(then)}{more}"


def _value(value: object) -> str:
    return "missing" if value is None else show(value)
