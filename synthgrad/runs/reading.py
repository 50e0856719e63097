"""A run as its directory tells it: nothing there needs to be whole, or written by this version."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from synthgrad.config import read_resolved
from synthgrad.config.reading import MAX_DEPTH, MAX_DIGITS
from synthgrad.errors import ConfigError
from synthgrad.files import read_bytes
from synthgrad.records import Settings
from synthgrad.runs.deciding import decided
from synthgrad.runs.directory import MOST_BYTES, Run, reason
from synthgrad.runs.finding import is_run, not_a_run
from synthgrad.runs.settings import edited, summary
from synthgrad.text import listed
from synthgrad.types import Floats

UNFINISHED = "unfinished"
"""What a run without a result is: it is still running, or it was killed."""
UNREADABLE = "unreadable"
"""The outcome of a run that cannot be read, or whose result cannot: how it ended is unknown."""
RESULTS = ("finished", "diverged", "interrupted", "failed")
OPEN = ("failed", "interrupted", UNFINISHED)
"""Outcomes of unfinished runs: they can be resumed or pruned."""


class Recorded:
    """One run directory: its config by dotted key, its environment, its result, and what is damaged.

    ``edited`` has the keys of its config that are not what it began with; ``unproved`` is whether a damaged run.json
    leaves that unknown.
    """

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where the directory holds no run or its config cannot be read."""
        self.run = Run(path)
        self.name = os.path.basename(os.path.abspath(path))  # of . too
        self.damage: list[str] = []
        if not is_run(path):
            raise ConfigError(not_a_run(path))
        self.config = decided(self.run, read_resolved(self.run.config))
        self.seed = self.config.get("seed")
        self.about = self._json(self.run.about) or {}
        self.unproved = bool(self.damage) or not isinstance(self.about.get("config", {}), dict)
        before = len(self.damage)
        self.result = self._json(self.run.result)
        if self.result is not None and self.result.get("outcome") not in RESULTS:
            self.note_damage(f"{self.run.result}: is damaged: it has no outcome (expected {listed(RESULTS)})")
            self.result = None
        self._result_damaged = len(self.damage) > before
        self.edited = edited(self.about, self.config)
        if self.edited:
            self.note_damage(summary(self.run.config, self.edited))

    @property
    def outcome(self) -> str:
        """finished, diverged, interrupted or failed; unfinished if there is no result, unreadable if it is damaged."""
        return str(self.result["outcome"]) if self.result else UNREADABLE if self._result_damaged else UNFINISHED

    @property
    def diverged(self) -> Settings:
        """Where it diverged: epoch, step, where; empty if it did not."""
        where = (self.result or {}).get("diverged")
        return where if isinstance(where, dict) else {}

    @cached_property
    def started(self) -> datetime | None:
        """When it began, in local time: as run.json says, or else its name."""
        said = self.about.get("started")
        stamp = re.match(r"\d{8}-\d{6}(?=-)", self.name)
        try:
            return datetime.fromisoformat(said).astimezone() if isinstance(said, str) else _local(stamp)
        except (ValueError, OverflowError):
            return _local(stamp)

    @property
    def epochs(self) -> int | None:
        """As many as it was to train."""
        epochs = self.config.get("training.epochs")
        return epochs if isinstance(epochs, int) else None

    def number(self, name: str) -> float | None:
        """A number of the result: epoch, step, seconds, steps_per_second."""
        return _number((self.result or {}).get(name))

    @property
    def last(self) -> dict[str, float]:
        """The last metrics that its result holds."""
        last = (self.result or {}).get("last")
        metrics = {name: _number(value) for name, value in last.items()} if isinstance(last, dict) else {}
        return {name: value for name, value in metrics.items() if value is not None}

    def metrics(self) -> Metrics:
        """The rows of its metrics file, read anew."""
        return Metrics(self.run.metrics)

    def note_damage(self, found: str) -> None:
        """Keep what was found to be damaged, once."""
        if found and found not in self.damage:
            self.damage.append(found)

    def _json(self, path: Path) -> Settings | None:
        try:
            return read_json(path)
        except FileNotFoundError:
            return None
        except ConfigError as error:
            self.note_damage(str(error))
            return None


def read_json(path: Path) -> Settings:
    """The object in a JSON file of a run. Raises FileNotFoundError, ConfigError where it is damaged."""
    try:
        data = json.loads(contents(path, MOST_BYTES[path.name]), parse_int=_whole)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not _shallow(data, MAX_DEPTH):
        raise ConfigError(f"{path}: is damaged and was ignored")
    return data


def contents(path: Path, most: int) -> bytes:
    """The bytes of a file of a run, at most so many. Raises FileNotFoundError, ConfigError where it cannot be read."""
    try:
        return read_bytes(path, most)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from None


def _whole(digits: str) -> int:
    """A whole number that can be made a float. Raises ValueError."""
    if len(digits) > MAX_DIGITS:
        raise ValueError
    return int(digits)


def _shallow(data: object, room: int) -> bool:
    """Whether nothing in plain data is nested more than ``room`` times."""
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return room >= 0 and all(_shallow(each, room - 1) for each in inside)


def _local(stamp: re.Match[str] | None) -> datetime | None:
    """The time at the front of a name, 20261124-191841."""
    try:
        return datetime.strptime(stamp[0], "%Y%m%d-%H%M%S").astimezone() if stamp else None
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return value if real and math.isfinite(value) else None


class Metrics:
    """The whole rows of a metrics file, any column of it as float64; what is blank is nan.

    A row that was cut off when its process died is not there; nor is anything from a damaged row on.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.damage = path, ""
        whole = self._read().rpartition(b"\n")[0].replace(b"\r\n", b"\n").removesuffix(b"\r")
        header, _, self._body = whole.partition(b"\n")
        self.names = header.decode("utf-8", "replace").split(",") if header else []
        sound = "epoch" in self.names and len(set(self.names)) == len(self.names) and "".join(self.names).isprintable()
        if header and not sound:
            self.damage = f"{path}:1: is damaged (a header begins with epoch); no row was used"
            self.names, self._body = [], b""

    def columns(self, names: Iterable[str]) -> dict[str, Floats]:
        """The named columns, those that there are, and ``epoch``. Each call goes through the file: ask for all."""
        wanted = [name for name in dict.fromkeys(["epoch", *names]) if name in self.names]
        try:
            columns = self._columns(wanted)
        except ValueError:
            self._body = self._undamaged()
            columns = self._columns(wanted)
        return {"epoch": np.empty(0)} | columns

    def rows(self) -> Iterator[list[str]]:
        """The undamaged rows, each cell as it is written."""
        self.columns(self.names)
        for row in self._body.split(b"\n") if self._body else []:
            yield row.decode().split(",")

    def _read(self) -> bytes:
        try:
            return contents(self.path, MOST_BYTES["metrics.csv"])
        except FileNotFoundError:
            return b""
        except ConfigError as error:
            self.damage = str(error)
            return b""

    def _columns(self, names: list[str]) -> dict[str, Floats]:
        """Raises ValueError at rows of different lengths, at a cell that is not a number, at epochs out of order."""
        width = len(self.names)
        rows = self._body.split(b"\n") if self._body else []
        if any(row.count(b",") != width - 1 for row in rows):
            raise ValueError
        cells = self._body.replace(b"\n", b",").split(b",") if rows else []
        columns = {name: _numbers(cells[self.names.index(name) :: width]) for name in names}
        if "epoch" in columns and not _in_order(columns["epoch"]).all():
            raise ValueError
        return columns

    def _undamaged(self) -> bytes:
        """The rows before the first that has too few or too many cells, words, or an epoch out of order."""
        good = list(itertools.takewhile(self._is_row, self._body.split(b"\n")))
        epoch = self.names.index("epoch")
        epochs = _numbers([row.split(b",")[epoch] for row in good])
        good = good[: next((i for i, right in enumerate(_in_order(epochs)) if not right), len(good))]
        rows = "the row" if len(good) == 1 else f"the {len(good)} rows"
        used = f"only {rows} before it {'was' if len(good) == 1 else 'were'} used" if good else "no row was used"
        self.damage = f"{self.path}:{len(good) + 2}: is damaged; {used}"
        return b"\n".join(good)

    def _is_row(self, row: bytes) -> bool:
        cells = row.split(b",")
        try:
            return len(cells) == len(self.names) and bool(_numbers(cells).size)
        except ValueError:
            return False


@np.errstate(invalid="ignore")
def _in_order(epochs: Floats) -> npt.NDArray[np.bool_]:
    """Whether each is a whole number above the one before it, as a float can count; the first is 1 or more."""
    right: npt.NDArray[np.bool_] = (epochs < 2**53) & (epochs == np.floor(epochs))
    right &= np.diff(epochs, prepend=0.0) > 0
    return right


def _numbers(cells: list[bytes]) -> Floats:
    if b"" in cells:
        cells = [cell or b"nan" for cell in cells]
    return np.array(cells, dtype=np.float64)
