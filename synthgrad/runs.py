"""One run, one directory. Every file name of a run lives here.

A directory is taken with ``mkdir``, so any number of processes may start in the same second. Files that
must be whole are written beside and renamed; ``metrics.csv`` grows by one whole row an epoch.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from synthgrad import __version__
from synthgrad.config import dump
from synthgrad.errors import RunError
from synthgrad.experiment import Config, Diverged, Epoch, Experiment

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Run:
    """The directory of one run: what is in it, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.about = path / "run.json"
        self.metrics = path / "metrics.csv"
        self.result = path / "result.json"
        self.weights = path / "weights.npz"

    @classmethod
    def create(cls, runs: Path, name: str, seed: int) -> Run:
        """Take a new directory ``YYYYMMDD-HHMMSS-<name>-s<seed>-<4 hex>``. Raises RunError."""
        label = _label(name)
        for _ in range(1000):
            stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
            path = runs / f"{stamp}-{label}-s{seed}-{secrets.token_hex(2)}"
            try:
                runs.mkdir(parents=True, exist_ok=True)
                path.mkdir()
            except FileExistsError:
                if not runs.is_dir():
                    raise RunError(f"{runs}: is not a directory (choose another with --runs)") from None
                continue
            except OSError as error:
                raise RunError(f"{runs}: no run directory can be made there: {_reason(error)}") from None
            return cls(path)
        raise RunError(f"{runs}: no free name for a run directory")

    def remove(self) -> None:
        """Take the directory away again."""
        shutil.rmtree(self.path, ignore_errors=True)


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
            hashes = experiment.hashes()
            whole(run.config, lambda file: file.write(dump(plain(experiment.config)).encode()))
            whole(run.about, lambda file: file.write(_json({**about, "hashes": hashes})))
            self.file = run.metrics.open("xb", buffering=0)
            self._append(",".join(["epoch", "step", "seconds", *self.columns]))
        except BaseException as error:
            self.close()
            run.remove()
            if isinstance(error, OSError):
                raise RunError(f"{run.path}: cannot be written: {_reason(error)}") from None
            raise

    def epoch_done(self, record: Epoch) -> None:
        """Append one row. Raises RunError; the rows before stay whole."""
        figures = {name: float(value) for name, value in record.figures.items()}
        row = [str(record.epoch), str(record.step), f"{record.seconds:.6f}"]
        row += [repr(figures[name]) if name in figures else "" for name in self.columns]
        try:
            self._append(",".join(row))
        except OSError as error:
            raise RunError(f"{self.run.metrics}: cannot be written: {_reason(error)}") from None
        self.epoch, self.step, self.seconds = record.epoch, record.step, record.seconds
        self.last |= figures
        for name, value in figures.items():
            best = self.best.get(name)
            if best is None or (value > best["value"] if name.endswith("accuracy") else value < best["value"]):
                self.best[name] = {"value": value, "epoch": record.epoch}

    def finish(self, outcome: str, diverged: Diverged | None = None) -> None:
        """Write the weights and, last, the result. Raises RunError."""
        more = {"diverged": vars(diverged)} if diverged else {}
        try:
            self._write_weights()
            self._write_result(outcome, more)
        except OSError as error:
            raise RunError(f"{self.run.path}: the result cannot be written: {_reason(error)}") from None

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
            "ended": _now(),
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


def plain(config: Config) -> dict[str, Any]:
    """A config as plain data, every default spelt out."""
    return config.model_dump(mode="json")


def whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and rename it, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            write(file)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


# what a run was made with -------------------------------------------------------------------------


class Surveyor:
    """Looks at the circumstances of a run; git is asked while the experiment is being made."""

    def __init__(self, command: Iterable[str]) -> None:
        self.command = list(command)
        self.started = _now()
        self.git: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # no git on this machine
            self.git = subprocess.Popen(
                ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def about(self) -> dict[str, Any]:
        """The content of ``run.json`` but for the hashes."""
        commit, _, dirty = self._described().partition("-")
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {
            "schema": "synthgrad.run/1",
            "synthgrad": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "blas": f"{blas.get('name')} {blas.get('version')}",
            "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES},
            "git": {"commit": commit, "dirty": bool(dirty)} if commit else None,
            "host": platform.node(),
            "system": f"{platform.system()} {platform.machine()}",
            "started": self.started,
            "command": self.command,
        }

    def _described(self) -> str:
        if self.git is None:
            return ""
        try:
            out, _ = self.git.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.git.kill()
            return ""
        return out.decode().strip() if self.git.returncode == 0 else ""


def _label(name: str) -> str:
    """The name as a part of a directory's name: no separators, no dots in front, at most 150 bytes."""
    plain = re.sub(r"[^\w.+=-]+", "-", name).encode("utf-8", "ignore")[:150].decode("utf-8", "ignore")
    return plain.strip("-.") or "run"


def command_line() -> list[str]:
    """The command as it was typed."""
    return ["synthgrad", *sys.argv[1:]]


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
