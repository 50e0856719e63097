"""One run, described: what its page shows, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from synthgrad.records import Settings
from synthgrad.runs.defaults import changed
from synthgrad.runs.overview import overview
from synthgrad.runs.reading import Recorded
from synthgrad.scores import is_up
from synthgrad.types import Floats

LAYER = re.compile(r"(\w+)\.(\d+)")
"""The column of one layer: ``cosine.1``."""
APART = ("schema", "started", "config", "pid", "pid_started", "pid_namespace")
"""What run.json has that is shown in another place, or tells nobody anything when the run has ended."""
COUNTERS = ("epoch", "step", "seconds")


def describe(run: Recorded, columns: Mapping[str, Floats]) -> Settings:
    """Everything about a run except its curves; ``columns`` are all of its metrics."""
    differ = changed(run.config)
    about = {key: value for key, value in run.about.items() if key not in APART}
    said = overview(run)
    return {
        **{key: said[key] for key in ("name", "path", "outcome", "trainer", "seed", "started", "epoch", "epochs")},
        "seconds": said["seconds"],
        "steps_per_second": run.number("steps_per_second"),
        "diverged": run.diverged or None,
        "error": (run.result or {}).get("error"),
        "changed": None if differ is None else {key: {"value": v, "default": d} for key, (v, d) in differ.items()},
        "config": run.config,
        "figures": figures(columns),
        "layers": layers(columns),
        "about": about,
        "damage": run.damage,
    }


def figures(columns: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """First, last and best value of every figure that was measured, and the best one's first epoch."""
    epochs, found = columns["epoch"], {}
    for name, column in columns.items():
        there = np.isfinite(column)
        if name in COUNTERS or LAYER.fullmatch(name) or not there.any():
            continue
        values = column[there]
        best = int(values.argmax() if is_up(name) else values.argmin())
        found[name] = {
            "first": float(values[0]),
            "last": float(values[-1]),
            "best": float(values[best]),
            "best_epoch": int(epochs[there][best]),
        }
    return found


def layers(columns: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """The last values that were measured of each layer, by its number: generator_error, cosine, skill, updates ..."""
    found: dict[str, dict[str, float]] = {}
    for name, column in columns.items():
        match, values = LAYER.fullmatch(name), column[np.isfinite(column)]
        if match and len(values):
            found.setdefault(match[2], {})[match[1]] = float(values[-1])
    return found
