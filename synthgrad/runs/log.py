"""Writes a run as it happens: ``metrics.csv`` grows by one whole row an epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import BinaryIO, Self

import numpy as np

from synthgrad.config import dump, plain
from synthgrad.experiment import Diverged, Replica
from synthgrad.records import Record, Settings
from synthgrad.runs import checkpoints
from synthgrad.runs.checkpoints import Checkpoint
from synthgrad.runs.directory import Run, not_written, whole
from synthgrad.runs.locking import Lock, take
from synthgrad.runs.provenance import now
from synthgrad.scores import is_up


class Log:
    """Writes a run as it happens; whatever ends the run, the directory can be read. ``close`` it in the end.

    While it is open, the lock of its metrics file tells other processes that the run is being written.
    """

    def __init__(self, run: Run, replica: Replica) -> None:
        self.run, self.replica = run, replica
        self.columns = replica.columns()
        self.last: dict[str, float] = {}
        self.best: dict[str, dict[str, float]] = {}
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.before, self.resumed = 0.0, False
        self.outcome = ""
        self.diverged: Diverged | None = None
        self.file: BinaryIO | None = None
        self.lock: Lock | None = None

    @classmethod
    def begin(cls, run: Run, replica: Replica, about: Record) -> Self:
        """The log of a run that begins, in a directory that was just taken. Raises RunError."""
        log = cls(run, replica)
        try:
            found = beginnings(replica)
            log.file = run.metrics.open("xb", buffering=0)
            log.lock = take(log.file, run.metrics)
            whole(run.config, lambda file: file.write(dump(plain(replica.config)).encode()), lasting=True)
            whole(run.about, lambda file: file.write(as_json({**about, **found})), lasting=True)
            log.write_header()
        except BaseException as error:
            log.close()
            run.remove()
            if isinstance(error, OSError):
                raise not_written(f"{run.path}: cannot be written", error) from None
            raise
        return log

    # rows ---------------------------------------------------------------------------------------

    def write_header(self) -> None:
        """Append the names of the columns."""
        self._append(",".join(["epoch", "step", "seconds", *self.columns]))

    def epoch_done(self, epoch: int, step: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Append one row. Raises RunError; the rows before stay whole."""
        seconds += self.before
        row = [str(epoch), str(step), f"{seconds:.6f}"]
        row += [repr(metrics[name]) if name in metrics else "" for name in self.columns]
        try:
            self._append(",".join(row))
        except OSError as error:
            raise not_written(f"{self.run.metrics}: cannot be written", error) from None
        self.note(epoch, step, seconds, metrics)

    def note(self, epoch: int, step: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Keep what the result will say of an epoch."""
        self.epoch, self.step, self.seconds = epoch, step, seconds
        self.last |= metrics
        for name, value in metrics.items():
            best = self.best.get(name)
            if best is None or (value > best["value"] if is_up(name) else value < best["value"]):
                self.best[name] = {"value": value, "epoch": epoch}

    def checkpoint(self) -> None:
        """Write the state of the last recorded epoch, which must be that of the replica. Raises RunError."""
        assert self.file is not None
        try:
            os.fsync(self.file.fileno())  # a checkpoint without its rows would be no use
            checkpoints.write(self.run, Checkpoint(self.epoch, self.seconds, self.replica.state()))
        except OSError as error:
            raise not_written(f"{self.run.path}: the checkpoint cannot be written", error) from None

    # the end ------------------------------------------------------------------------------------

    def finish(self, outcome: str, diverged: Diverged | None = None) -> None:
        """Write the weights and, last, the result. Raises RunError."""
        self.diverged = diverged
        more = {"diverged": diverged.place()} if diverged else {}
        if outcome == "interrupted" and self.epoch:
            self.checkpoint()
        try:
            self._write_weights()
            self._write_result(outcome, more)
            if outcome != "interrupted":
                checkpoints.clear(self.run)
        except OSError as error:
            raise not_written(f"{self.run.path}: the result cannot be written", error) from None

    def fail(self, error: Exception) -> None:
        """Say in the run directory that it failed, as far as that is still possible."""
        with suppress(OSError, MemoryError):
            self._write_weights()
        with suppress(OSError, MemoryError):
            self._write_result("failed", {"error": str(error) or type(error).__name__})

    def _write_weights(self) -> None:
        arrays = dict(self.replica.arrays())
        whole(self.run.weights, lambda file: np.savez(file, **arrays), lasting=True)  # type: ignore[arg-type]

    def _write_result(self, outcome: str, more: Record) -> None:
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
        if self.file is not None:
            os.fsync(self.file.fileno())
        whole(self.run.result, lambda file: file.write(as_json(result)), lasting=True)
        self.outcome = outcome

    def close(self) -> None:
        """Close the metrics file, and give up the right to write it."""
        if self.file is not None:
            self.file.close()
        if self.lock is not None:
            self.lock.close()

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


def beginnings(replica: Replica) -> Settings:
    """What ``run.json`` says of the experiment itself. Raises ConfigError where its data are no longer there."""
    return {
        "config": plain(replica.config),
        "hashes": replica.hashes(),
        "files": replica.config.files(),
        "data": replica.config.data(),
        "stability": replica.stability(),
        "processes": replica.processes(),
        "varies": replica.config.varies,
    }


def close(logs: Sequence[Log]) -> None:
    """Close several logs."""
    for log in logs:
        log.close()


def as_json(data: object) -> bytes:
    """Plain data as a file of JSON."""
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()
