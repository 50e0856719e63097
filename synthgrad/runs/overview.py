"""What a run's line in a list says, as plain values."""

from __future__ import annotations

import numpy as np

from synthgrad.records import Settings
from synthgrad.runs.methods import method, schedule
from synthgrad.runs.reading import UNREADABLE, Recorded
from synthgrad.scores import HELD_OUT

FIELDS = ("name", "outcome", "epoch", "epochs", "seed", "trainer", *HELD_OUT, "seconds", "started", "path", "note")

Overview = Settings


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
