"""The settings that a run began with, as run.json keeps them, held against what its config.yaml says now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from synthgrad.config import flat, show
from synthgrad.records import Record, Settings
from synthgrad.runs.data import locations
from synthgrad.runs.environment import Pairs, differing
from synthgrad.runs.relevant_settings import relevant_settings

SHOWN = 8
"""As many keys as are named."""


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
