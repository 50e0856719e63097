"""A run as its directory tells it: nothing there needs to be whole, or written by this version."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from synthgrad.config import read_resolved
from synthgrad.errors import ConfigError
from synthgrad.runs.directory import Run

Column = npt.NDArray[np.float64]
UNFINISHED = "unfinished"
"""What a run without a result is: it is still running, or it was killed."""


class Recorded:
    """One run directory: its config by dotted key, its circumstances, its result, and what is damaged."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where the directory holds no run or its config cannot be read."""
        self.run, self.name = Run(path), path.name
        self.damage: list[str] = []
        if not is_run(path):
            raise ConfigError(f"{path}: is not the directory of a run (it has no config.yaml)")
        self.config = read_resolved(self.run.config)
        self.seed = self.config.get("seed")
        self.about = self._json(self.run.about) or {}
        self.result = self._json(self.run.result)

    @property
    def outcome(self) -> str:
        """finished, diverged, interrupted or failed; unfinished where there is no result."""
        return str((self.result or {}).get("outcome", UNFINISHED))

    @property
    def diverged(self) -> dict[str, Any]:
        """Where it diverged: epoch, step, where; empty if it did not."""
        where = (self.result or {}).get("diverged")
        return where if isinstance(where, dict) else {}

    def metrics(self) -> Metrics:
        """The rows of its metrics file, read anew."""
        return Metrics(self.run.metrics)

    def _json(self, path: Path) -> dict[str, Any] | None:
        try:
            data = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            self.damage.append(f"{path}: is damaged and was ignored")
            return None
        return data


class Metrics:
    """The whole rows of a metrics file, any column of it as float64; what is blank is nan.

    A row that was cut off when its process died is not there; nor is anything from a damaged row on.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.damage = path, ""
        whole = self._read().rpartition(b"\n")[0]
        header, _, self._body = whole.partition(b"\n")
        self.names = header.decode("utf-8", "replace").split(",") if header else []
        self._epochs: Column | None = None

    def columns(self, names: Iterable[str]) -> dict[str, Column]:
        """The named columns, those that there are. Ask for all at once: each call goes through the file."""
        wanted = [name for name in dict.fromkeys(["epoch", *names]) if name in self.names]
        try:
            columns = self._columns(wanted, self._body)
        except ValueError:
            columns = self._columns(wanted, self._undamaged())
        return {name: column for name, column in columns.items() if name in names or name == "epoch"}

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            self.damage = f"{self.path}: cannot be read: {(error.strerror or str(error)).lower()}"
            return b""

    def _columns(self, names: list[str], body: bytes) -> dict[str, Column]:
        """Raises ValueError at rows of different lengths, at a cell that is no number, at epochs out of order."""
        width = len(self.names)
        cells = body.replace(b"\n", b",").split(b",") if body else []
        if body and len(cells) != width * (body.count(b"\n") + 1):
            raise ValueError
        columns = {name: _numbers(cells[self.names.index(name) :: width]) for name in names}
        if "epoch" in columns and not (np.diff(columns["epoch"]) > 0).all():
            raise ValueError
        return columns

    def _undamaged(self) -> bytes:
        """The rows before the first that has too few or too many cells, words, or an epoch out of order."""
        rows = self._body.split(b"\n")
        good = list(itertools.takewhile(self._is_row, rows))
        epoch = self.names.index("epoch") if "epoch" in self.names else None
        if epoch is not None:
            epochs = _numbers([row.split(b",")[epoch] for row in good])
            good = good[: 1 + next((i for i, step in enumerate(np.diff(epochs)) if not step > 0), len(good))]
        self.damage = f"{self.path}:{len(good) + 2}: is damaged; only the {len(good)} rows before it were used"
        return b"\n".join(good)

    def _is_row(self, row: bytes) -> bool:
        cells = row.split(b",")
        try:
            return len(cells) == len(self.names) and bool(_numbers(cells).size)
        except ValueError:
            return False


def _numbers(cells: list[bytes]) -> Column:
    if b"" in cells:
        cells = [cell or b"nan" for cell in cells]
    return np.array(cells, dtype=np.float64)


def is_run(path: Path) -> bool:
    """Whether a directory is that of a run."""
    return Run(path).config.is_file()
