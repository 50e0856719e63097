"""What comparing costs: 200 runs of 1,000 epochs, 40 of them, and 10,000 runs of 60 epochs.

    python tests/benchmarks/compare.py [few]

Whole processes are timed with the files in the page cache; reading is held against a bare read with the csv module, in
medians of alternating rounds of one process. With ``few`` the 10,000 runs are left out.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import csv
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from synthgrad.compare.measure import needed
from synthgrad.compare.subjects import gather
from synthgrad.config import check, dump, plain
from synthgrad.experiment import Config
from synthgrad.runs.finding import find
from synthgrad.runs.reading import Metrics

METHODS: list[dict[str, Any]] = [
    {"name": "backprop"},
    {"name": "frozen"},
    {"name": "dni", "generator": {"input": "both"}},
    {"name": "dni", "generator": {"input": "label"}},
]
TRAINING = ("loss", "abs_error", "abs_delta", "bit_accuracy", "exact_accuracy")
LAYERS = ("generator_error.1", "generator_error.2", "cosine.1", "cosine.2", "skill.1", "skill.2")
COLUMNS = (*TRAINING, "test_loss", "test_bit_accuracy", "test_exact_accuracy", *LAYERS)
DIFFERENT = 20
"""As many metrics files as differ; the others are copies of these."""


def make(directory: Path, runs: int, epochs: int) -> None:
    """Write finished runs: the methods in turn, a tenth of the seeds at a time."""
    configs = [plain(check(dump({"task": {"name": "binary-addition"}, "trainer": m}), Config)) for m in METHODS]
    tables = list(_tables(min(DIFFERENT, runs), epochs))
    about = {"synthgrad": "0.1.0", "numpy": np.__version__, "host": "vm", "git": {"commit": "a" * 40, "dirty": False}}
    for number in range(runs):
        seed, method = divmod(number, len(METHODS))
        path = directory / f"20261124-{number:06}-method{method}-s{seed}-{number & 0xFFFF:04x}"
        path.mkdir(parents=True)
        (path / "config.yaml").write_text(dump({**configs[method], "seed": seed}))
        hashes = {key: f"{key}{seed}" for key in ("data", "weights", "order")}
        (path / "run.json").write_text(json.dumps({**about, "hashes": hashes}, indent=2))
        (path / "metrics.csv").write_text(tables[number % len(tables)])
        (path / "result.json").write_text(json.dumps({"outcome": "finished", "epoch": epochs}, indent=2))


def _tables(count: int, epochs: int) -> Iterator[str]:
    rng = np.random.default_rng(1)
    for _ in range(count):
        figures = np.sort(rng.random((epochs, len(COLUMNS))), axis=0).tolist()
        rows = [f"{e},{e * 128},{e / 16:.6f},{','.join(map(repr, row))}" for e, row in enumerate(figures, 1)]
        yield "\n".join([",".join(["epoch", "step", "seconds", *COLUMNS]), *rows]) + "\n"


def process(directory: Path, *arguments: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a whole ``synthgrad compare``; what it prints is thrown away."""
    command = [sys.executable, "-m", "synthgrad", "compare", str(directory), *arguments]
    nowhere = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    start = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, os.environ, file_actions=nowhere)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    assert os.waitstatus_to_exitcode(status) == 0, command
    return seconds, usage.ru_maxrss / 1024


def alternate(*variants: Callable[[], object], rounds: int = 5) -> list[float]:
    """The median seconds of each variant, all run in turn."""
    times: list[list[float]] = [[] for _ in variants]
    for _ in range(rounds):
        for variant, mine in zip(variants, times, strict=True):
            start = time.perf_counter()
            variant()
            mine.append(time.perf_counter() - start)
    return [median(mine) for mine in times]


def bare(directory: Path) -> None:
    """Read all metrics files with the csv module and do nothing with them."""
    for path in directory.glob("*/metrics.csv"):
        with path.open(newline="") as file:
            for _ in csv.reader(file):
                pass


def read(directory: Path) -> None:
    """Read the columns of all metrics files that a comparison needs, as arrays."""
    for path in directory.glob("*/metrics.csv"):
        metrics = Metrics(path)
        metrics.columns(needed(metrics.names, (), whole=False))


def everything(directory: Path) -> None:
    """Read the runs as a comparison does: configs, environment, results and metrics."""
    gather(find([str(directory)], directory), (), lambda names: needed(names, (), whole=False))


class Table:
    """What was measured, printed as it comes, and whether a goal was missed."""

    missed = False

    def row(self, what: str, value: float, goal: float | None = None) -> None:
        """One line; a value has to be below its goal."""
        held = "" if goal is None else f"  {goal:>5g} {'ok' if value <= goal else 'MISSED'}"
        self.missed = self.missed or "MISSED" in held
        print(f"{what:<48} {value:>8.2f}{held}", flush=True)


def main() -> int:
    """Make the runs, measure, print."""
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        many, few, most = (Path(folder) / name for name in ("many", "few", "most"))
        make(many, 200, 1000)
        make(few, 40, 1000)
        size = sum(path.stat().st_size for path in many.glob("*/metrics.csv")) / 2**20
        print(f"200 runs x 1,000 epochs x {len(COLUMNS) + 3} columns, {size:.0f} MB")
        print(f"{'what':<48} {'measured':>8}   goal")
        seconds, memory = (median(each) for each in zip(*[process(many) for _ in range(4)][1:], strict=True))
        table.row("compare, whole process, s", seconds, 2.5)
        table.row("compare, peak memory, MiB", memory, 300)
        plain_, arrays, files = alternate(*(lambda part=part: part(many) for part in (bare, read, everything)))
        table.row("csv module, a bare read of the metrics, s", plain_)
        table.row("metrics as arrays, s", arrays)
        table.row("metrics as arrays / csv module", arrays / plain_, 2)
        table.row("all files of the runs, s", files)
        for arguments in ("--format json", "--format csv --curves", "--format html"):
            table.row(f"compare {arguments}, s", median(process(many, *shlex.split(arguments))[0] for _ in range(3)))
        table.row("40 runs x 1,000 epochs, s", median(process(few)[0] for _ in range(3)), 1)
        if "few" not in sys.argv:
            make(most, 10_000, 60)
            seconds, memory = process(most)
            table.row("10,000 runs x 60 epochs, s", seconds)
            table.row("10,000 runs x 60 epochs, peak memory, MiB", memory)
    return int(table.missed)


if __name__ == "__main__":
    sys.exit(main())
