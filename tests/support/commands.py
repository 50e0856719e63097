"""Commands as they are typed: in this process where that is enough, in one of their own where it matters."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from conftest import TINY

from synthgrad.cli import main
from synthgrad.config import dump

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-W", "error", "-m", "synthgrad"]
SMALL = 1 << 14
"""Bytes that config.yaml and run.json need by far not, and a hundred rows of metrics.csv do."""
ENDLESS = ("-s", "training.epochs=100000000")


class Said(NamedTuple):
    """What a command answered."""

    code: int | None
    out: str
    err: str

    @property
    def run(self) -> Path:
        """The run directory that it printed."""
        return Path(self.out.removesuffix("\n"))


def write(directory: Path, name: str = "tiny.yaml") -> Path:
    """A config file that trains in a few milliseconds."""
    path = directory / name
    path.write_text(dump(TINY))
    return path


def typed(*arguments: object) -> Said:
    """Run a command line in this process, as ``main`` does: with its exit code and its messages."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    code = None
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with patch.object(sys, "argv", ["synthgrad", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        finally:
            with suppress(ValueError):  # in a thread
                for number, handler in before.items():
                    signal.signal(number, handler)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Said(code, *texts)


def environment(**more: str) -> dict[str, str]:
    """The environment of a command in a process of its own.

    It writes no bytecode: a process that may write only small files would leave modules that are cut off.
    """
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **{**pipes, **options})


def ran(*arguments: object, **options: Any) -> Said:
    """Run a command in a process of its own."""
    process = started(*arguments, **options)
    out, err = process.communicate(timeout=60)
    return Said(process.returncode, out, err)


def no_file_above(size: int) -> Callable[[], None]:
    """For a child process in ``environment()``: writing beyond ``size`` bytes fails, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@contextmanager
def only_small_files(size: int) -> Iterator[None]:
    """While entered, this process can write no file beyond ``size`` bytes; it writes no bytecode meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with patch.object(sys, "dont_write_bytecode", True):
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def only(directory: Path) -> Path:
    """The one thing in a directory."""
    (path,) = directory.iterdir()
    return path


def metrics(run: Path) -> list[dict[str, str]]:
    """The rows of a run's metrics file, as they are written."""
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def result(run: Path) -> dict[str, Any]:
    """What came of a run."""
    return dict(json.loads((run / "result.json").read_text()))


def weights(run: Path) -> dict[str, np.ndarray]:
    """The final weights of a run."""
    with np.load(run / "weights.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def numbers(run: Path) -> list[dict[str, str]]:
    """The rows of the metrics file but for what a clock measured."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in metrics(run)]
