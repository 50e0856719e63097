"""What a sweep costs: one grid by a shell loop over ``train``, by one process, stacked, and by a process for each core.

    python tests/benchmarks/sweep.py [--epochs 300] [--rounds 3] [--seeds 10]

The grid is {backprop, frozen, dni on layer-output, label, both} x 3 step sizes x seeds of the tutorial's 8-bit task, by
the same command lines that a person types, each way into a directory of its own, the ways alternating; medians of
rounds. "without start-up" counts of the shell loop only what its runs record, from start to end, not how long their
processes take to get there; of the sweeps it counts everything. Every run of every way is then compared with that of
the loop, bit for bit but for what a clock measured.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-m", "synthgrad"]
CONFIG = str(ROOT / "configs" / "tutorial" / "dni-both.yaml")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    for dtype in ("float64", "float32"):
        with tempfile.TemporaryDirectory() as folder:
            table(dtype, chosen, Path(folder))


def table(dtype: str, chosen: argparse.Namespace, folder: Path) -> None:
    """Time every way, and compare what came of it."""
    words = grid(dtype, chosen.epochs, chosen.seeds)
    lines = subprocess.run(
        [*PYTHON, *words, "--dry-run"], capture_output=True, text=True, check=True, env=environment(), cwd=folder
    ).stdout.splitlines()
    ways = {
        "shell loop over train": lambda runs: loop(lines, runs),
        "sweep, 1 process, unstacked": lambda runs: call([*words, "--jobs", "1", "--stack", "1", "--runs", runs]),
        "sweep, 1 process": lambda runs: call([*words, "--jobs", "1", "--runs", runs]),
        f"sweep, {CORES} processes": lambda runs: call([*words, "--jobs", str(CORES), "--runs", runs]),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(chosen.rounds):
        for number, (way, run) in enumerate(ways.items()):
            start = time.perf_counter()
            run(str(folder / f"{turn}-{number}"))
            seconds[way].append(time.perf_counter() - start)
    bare = statistics.median(sum(map(trained, (folder / f"{turn}-0").glob("2*"))) for turn in range(chosen.rounds))
    report(dtype, len(lines), chosen, {way: statistics.median(s) for way, s in seconds.items()}, bare)
    check(folder, len(ways), len(lines))


def grid(dtype: str, epochs: int, seeds: int) -> list[str]:
    """The line of the sweep."""
    settings = [
        "trainer.name=backprop,frozen,dni", "trainer.generator.input=layer-output,label,both",
        "trainer.alpha=0.003,0.01,0.03", f"seed=1..{seeds}", f"training.epochs={epochs}", f"network.dtype={dtype}",
    ]  # fmt: skip
    return ["sweep", CONFIG, "-q", *(word for setting in settings for word in ("-s", setting))]


def loop(lines: list[str], runs: str) -> None:
    """One process after the other, as a shell does it."""
    script = "\n".join(
        line.replace("synthgrad train", f"{' '.join(PYTHON)} train", 1) + f" --runs {runs}" for line in lines
    )
    subprocess.run(["sh", "-c", f"set -e\n{script}"], check=True, stdout=subprocess.DEVNULL, env=environment())


def call(words: list[str]) -> None:
    """One command."""
    subprocess.run([*PYTHON, *words], check=True, stdout=subprocess.DEVNULL, env=environment())


def trained(run: Path) -> float:
    """Seconds from the start of a run to its end."""
    started = json.loads((run / "run.json").read_text())["started"]
    ended = json.loads((run / "result.json").read_text())["ended"]
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()


def environment() -> dict[str, str]:
    """One BLAS thread for everyone."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}


def report(dtype: str, runs: int, chosen: argparse.Namespace, seconds: dict[str, float], bare: float) -> None:
    """The table of one precision."""
    print(f"\n{dtype}: {runs} runs of {chosen.epochs} epochs, median of {chosen.rounds} rounds\n")
    print(f"{'':30}{'seconds':>9}{'ms a run':>10}{'times the loop':>16}{'without start-up':>18}")
    first, *others = seconds.items()
    print(f"{first[0]:30}{first[1]:9.1f}{first[1] / runs * 1e3:10.0f}{1:16.2f}{1:18.2f}")
    for way, taken in others:
        print(f"{way:30}{taken:9.1f}{taken / runs * 1e3:10.0f}{first[1] / taken:16.2f}{bare / taken:18.2f}")
    unstacked, stacked = (seconds[way] for way in list(seconds)[1:3])
    print(f"\nstacking alone {unstacked / stacked:.2f}; the loop without start-up {bare:.1f} s", flush=True)


def check(folder: Path, ways: int, runs: int) -> None:
    """Every run of the first round is that of the loop, bit for bit."""
    found = [{identity(path): path for path in (folder / f"0-{way}").iterdir() if path.is_dir()} for way in range(ways)]
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        assert all(same(found[0][key], other[key]) for key in other)
    assert len(found[0]) == runs
    print(f"all {runs} runs of the {ways - 1} sweeps equal those of the loop, bit for bit", flush=True)


def identity(run: Path) -> str:
    """Which run it is."""
    return (run / "config.yaml").read_text()


def same(run: Path, other: Path) -> bool:
    """Whether all rows agree but for their seconds, and all weights."""
    rows = [[{**row, "seconds": ""} for row in csv.DictReader((r / "metrics.csv").open())] for r in (run, other)]
    return rows[0] == rows[1] and weights(run) == weights(other)


def weights(run: Path) -> bytes:
    """The file of final weights, whose bytes hold no time."""
    return (run / "weights.npz").read_bytes()


if __name__ == "__main__":
    main()
