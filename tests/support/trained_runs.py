"""Run directories for tests: real ones, of the tiny experiment, made in a few milliseconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from conftest import tiny

from synthgrad.experiment import Experiment
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log
from synthgrad.runs.provenance import Provenance
from synthgrad.runs.recording import record

DIVERGING = {"trainer.alpha": 1e200, "network.activation": "relu", "training.epochs": 3000}
LATE = {"trainer.name": "printed-listing", "trainer.alpha": 0.3, "training.epochs": 3000}
"""Diverges after some epochs."""


def made(
    runs: Path, keys: Mapping[str, Any] | None = None, *, name: str = "tiny", stop: int | None = None, **more: Any
) -> Path:
    """Train the tiny experiment into a directory below ``runs``; it is interrupted after ``stop`` epochs."""
    config = tiny(keys, **more)
    experiment = Experiment([config])
    run = Run.create(runs, name, config.seed)
    about = Provenance(["synthgrad", "train", "tiny.yaml"]).about()
    with closing(Log.begin(run, experiment.replicas[0], about)) as log:
        for _ in record(experiment, [log], lambda: log.epoch == stop):
            pass
    return run.path


def fork(before: Mapping[str, Any], after: Mapping[str, Any], epoch: int, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a branch: the trainer of ``before`` up to an epoch, that of ``after`` from there on."""
    first = {key.replace("trainer", "branch.trainer", 1): value for key, value in before.items()}
    return {**keys, **first, **after, "branch.epoch": epoch}


def killed(runs: Path, keys: Mapping[str, Any] | None = None, **more: Any) -> Path:
    """The same as a kill leaves it: no result, no weights."""
    path = made(runs, keys, **more)
    (path / "result.json").unlink()
    (path / "weights.npz").unlink()
    return path


def called(path: Path, name: str) -> Path:
    """The run under another name."""
    return path.rename(path.with_name(name))


def rewritten(path: Path, name: str, **more: Any) -> None:
    """Change keys of a run's JSON file; None takes one away."""
    data = {**json.loads((path / name).read_text()), **more}
    (path / name).write_text(json.dumps({key: value for key, value in data.items() if value is not None}))


def replaced(path: Path, old: str, new: str) -> None:
    """Change text in a file, where it stands for the first time."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1))
