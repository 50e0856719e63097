"""Which settings of a run tell something of its numbers."""

from __future__ import annotations

from synthgrad.records import Record, Settings
from synthgrad.runs.data import Data

SILENT = ("training.checkpoint_every",)
"""Keys on which nothing depends that a run records."""
DECIDED = "task.classes"
"""Nor on this one, which says of a table how many classes were found in it."""
WORKERS = "schedule.workers"
"""Nor does it on this one, where the schedule is pipelined: any number of processes comes to the same bits."""


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
