"""Writes a run as it happens: ``metrics.csv`` grows by one whole row an epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np

from synthgrad.config import dump, plain
from synthgrad.errors import RunError
from synthgrad.experiment import Diverged, Epoch, Experiment
from synthgrad.runs.directory import Run, reason, whole
from synthgrad.runs.figures import is_up
from synthgrad.runs.survey import now


class Log:
    """Writes a run as it happens; whatever ends the run, the directory can be read. ``close`` it in the end."""

    def __init__(self, run: Run, experiment: Experiment, about: Mapping[str, Any]) -> None:
        self.run, self.experiment = run, experiment
        self.columns = experiment.columns()
        self.last: dict[str, float] = {}
        self.best: dict[str, dict[str, float]] = {}
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.file: BinaryIO | None = None
        try:
            found = {"hashes": experiment.hashes(), "stability": experiment.stability()}
            whole(run.config, lambda file: file.write(dump(plain(experiment.config)).encode()))
            whole(run.about, lambda file: file.write(_json({**about, **found})))
            self.file = run.metrics.open("xb", buffering=0)
            self._append(",".join(["epoch", "step", "seconds", *self.columns]))
        except BaseException as error:
            self.close()
            run.remove()
            if isinstance(error, OSError):
                raise RunError(f"{run.path}: cannot be written: {reason(error)}") from None
            raise

    def epoch_done(self, record: Epoch) -> None:
        """Append one row. Raises RunError; the rows before stay whole."""
        figures = {name: float(value) for name, value in record.figures.items()}
        row = [str(record.epoch), str(record.step), f"{record.seconds:.6f}"]
        row += [repr(figures[name]) if name in figures else "" for name in self.columns]
        try:
            self._append(",".join(row))
        except OSError as error:
            raise RunError(f"{self.run.metrics}: cannot be written: {reason(error)}") from None
        self.epoch, self.step, self.seconds = record.epoch, record.step, record.seconds
        self.last |= figures
        for name, value in figures.items():
            best = self.best.get(name)
            if best is None or (value > best["value"] if is_up(name) else value < best["value"]):
                self.best[name] = {"value": value, "epoch": record.epoch}

    def finish(self, outcome: str, diverged: Diverged | None = None) -> None:
        """Write the weights and, last, the result. Raises RunError."""
        more = {"diverged": vars(diverged)} if diverged else {}
        try:
            self._write_weights()
            self._write_result(outcome, more)
        except OSError as error:
            raise RunError(f"{self.run.path}: the result cannot be written: {reason(error)}") from None

    def fail(self, error: Exception) -> None:
        """Say in the run directory that it failed, as far as that is still possible."""
        with suppress(OSError, MemoryError):
            self._write_weights()
        with suppress(OSError, MemoryError):
            self._write_result("failed", {"error": str(error) or type(error).__name__})

    def _write_weights(self) -> None:
        whole(self.run.weights, lambda file: np.savez(file, **dict(self.experiment.trainer.arrays())))  # type: ignore[arg-type]

    def _write_result(self, outcome: str, more: Mapping[str, Any]) -> None:
        result = {
            "outcome": outcome,
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "steps_per_second": self.step / self.seconds if self.seconds else None,
            "last": self.last,
            "best": self.best,
            "ended": now(),
            **more,
        }
        whole(self.run.result, lambda file: file.write(_json(result)))

    def close(self) -> None:
        """Close the metrics file."""
        if self.file is not None:
            self.file.close()

    def _append(self, row: str) -> None:
        """Write one whole line, or none."""
        assert self.file is not None
        line = f"{row}\n".encode()
        start = self.file.tell()
        try:
            written = self.file.write(line)
            if written != len(line):
                raise OSError(28, os.strerror(28))
        except OSError:
            self.file.truncate(start)
            raise


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()
