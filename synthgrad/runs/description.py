"""One run, described as plain values: its line in a list, and what its page shows."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from synthgrad.records import Settings
from synthgrad.runs.defaults import changed
from synthgrad.runs.methods import method, schedule
from synthgrad.runs.reading import UNREADABLE, Recorded
from synthgrad.scores import HELD_OUT, is_up
from synthgrad.types import Floats

FIELDS = ("name", "outcome", "epoch", "epochs", "seed", "trainer", *HELD_OUT, "seconds", "started", "path", "note")

Overview = Settings
LAYER = re.compile(r"(\w+)\.(\d+)")
"""The column of one layer: ``cosine.1``."""
APART = ("schema", "started", "config", "pid", "pid_started", "pid_namespace")
"""What run.json has that is shown in another place, or tells nobody anything when the run has ended."""
COUNTERS = ("epoch", "step", "seconds")


def overview(run: Recorded) -> Overview:
    """By ``FIELDS``: None where it is not known, ``note`` what is damaged."""
    said: Overview = {
        "name": run.name,
        "outcome": run.outcome,
        "epochs": run.epochs,
        "seed": run.seed,
        "trainer": trainer(run),
        "started": run.started.isoformat(timespec="seconds") if run.started else None,
        "path": str(run.run.path),
        **(_result(run) if run.result else _recorded(run)),
        "note": None,
    }
    if run.damage:
        said["note"] = "; ".join(run.damage)
    return {field: said.get(field) for field in FIELDS}


def unreadable(name: str, path: str, message: str) -> Overview:
    """The line of a run whose config cannot be read."""
    said = {"name": name, "outcome": UNREADABLE, "path": path, "note": message}
    return {field: said.get(field) for field in FIELDS}


def trainer(run: Recorded) -> str | None:
    """The method, what its generators see, and its schedule: ``dni both pipelined``."""
    named, sees = "trainer.name" in run.config, run.config.get("trainer.generator.input")
    parts = [method(run.config)] if named else []
    if sees is not None:
        parts.append("+".join(map(str, sees)) if isinstance(sees, list) else str(sees))
    return " ".join(filter(None, [*parts, schedule(run.config)])) or None


def _result(run: Recorded) -> Overview:
    scores = {score: run.last.get(score) for score in HELD_OUT}
    return {"epoch": run.number("epoch"), "seconds": run.number("seconds"), **scores}


def _recorded(run: Recorded) -> Overview:
    """How far a run without a result has come: from its metrics file."""
    metrics = run.metrics()
    columns = metrics.columns(["seconds", *HELD_OUT])
    run.note_damage(metrics.damage)
    last = {name: float(there[-1]) for name, column in columns.items() if len(there := column[np.isfinite(column)])}
    return {"epoch": int(last.pop("epoch", 0)), **last}


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
