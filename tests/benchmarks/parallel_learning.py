"""Time to a given held-out figure, not only examples a second: the second table of parallel.py.

    python tests/benchmarks/parallel_learning.py TASK TRAINER SEED    (one run; started by parallel.py)

On two tasks, at a step size with which backprop learns fast: the epochs, and the training seconds of the metrics, to 95
and 99 % of what backprop has in the end, medians over seeds. Each run is a process of its own with one BLAS thread, the
trainers alternating.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from synthgrad.config import check, dump
from synthgrad.experiment import Config, Diverged, Epoch, Experiment, train

SHARES = 0.95, 0.99
"""Of backprop's last figure of the same seed."""
NETWORK = {"activation": "relu", "normalize": True, "init": {"scheme": "he"}, "dtype": "float32"}


class Race(NamedTuple):
    """A task, its network and the step size, and the layer with the interface that cuts the work in two halves."""

    about: str
    metric: str
    task: dict[str, Any]
    hidden: list[int]
    batch: int
    alpha: float
    interface: int
    epochs: int = 12


RACES = {
    "digits": Race(
        "digits, 8 layers of 128 with batch norm, Adam 1e-3, batch 16", "test_accuracy",
        {"name": "digits"}, [128] * 7, 16, 1e-3, 4,
    ),
    "addition": Race(
        "8-bit addition, held-out sums, 5 layers of 128 with batch norm, Adam 3e-3, batch 64", "test_exact_accuracy",
        {"name": "binary-addition", "bits": 8, "train_examples": 8192, "test_examples": 8192}, [128] * 4, 64, 3e-3, 2,
    ),
}  # fmt: skip
TWO = {"kind": "pipelined", "workers": 2}
TRAINERS: dict[str, dict[str, Any]] = {
    "backprop": {"name": "backprop"},
    "dni in order": {"name": "dni"},
    "dni pipelined, 2 workers": {"name": "dni", "schedule": TWO},
    "delayed gradients pipelined, 2 workers": {"name": "delayed-gradient", "schedule": TWO},
}

Curve = list[tuple[float, float]]
"""By epoch, the training seconds so far and the held-out figure."""


def config(race: Race, trainer: Mapping[str, Any], seed: int) -> Config:
    """One run."""
    adam = {"alpha": race.alpha, "optimizer": "adam"}
    inner = {"interfaces": [race.interface]} if trainer["name"] != "backprop" else {}
    models = {"generator": {"input": "both", **adam}} if trainer["name"] == "dni" else {}
    training = {"epochs": race.epochs, "batch_size": race.batch, "shuffle": True, "decay": {"at": [0.6, 0.85]}}
    tree = {
        "seed": seed, "task": race.task, "network": {"hidden": race.hidden, **NETWORK},
        "trainer": {"loss": "cross-entropy", **adam, **inner, **models, **trainer},
        "training": training, "diagnostics": False,
    }  # fmt: skip
    return check(dump(tree), Config)


def curve(race: Race, trainer: Mapping[str, Any], seed: int) -> Curve:
    """Train to the end."""
    points: Curve = []
    for record in train(Experiment([config(race, trainer, seed)])):
        assert not isinstance(record, Diverged), record
        if isinstance(record, Epoch):
            points.append((record.seconds, float(record.metrics[race.metric])))
    return points


def report(seeds: int, environment: Mapping[str, str]) -> None:
    """Run both races and print how they went."""
    over = f"medians over {seeds} seeds" if seeds > 1 else "one seed"
    print(f"\ntime to a held-out figure: {over}, training seconds; * where a seed never got there")
    for name, race in RACES.items():
        print(f"\n{race.about}, interface after layer {race.interface}", flush=True)
        print(f"  {'':40}{'last, %':>8}" + "".join(f"{f'to {share:.0%}: epochs':>17}{'s':>7}" for share in SHARES))
        curves: dict[str, list[Curve]] = {trainer: [] for trainer in TRAINERS}
        for seed in range(seeds):
            for trainer, found in curves.items():
                found.append(_run(name, trainer, seed, environment))
        for trainer, found in curves.items():
            print(f"  {trainer:40}{_row(found, curves['backprop'])}", flush=True)


def _run(race: str, trainer: str, seed: int, environment: Mapping[str, str]) -> Curve:
    line = [sys.executable, __file__, race, trainer, str(seed)]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, env=environment)
    points: Curve = json.loads(done.stdout)
    return points


def _row(found: Sequence[Curve], backprop: Sequence[Curve]) -> str:
    cells = [f"{100 * median(points[-1][1] for points in found):8.1f}"]
    for share in SHARES:
        reached = [_reach(points, share * best[-1][1]) for points, best in zip(found, backprop, strict=True)]
        epochs, seconds = (median(each) for each in zip(*reached, strict=True))
        star = "*" if math.inf in (epoch for epoch, _ in reached) else ""
        cells.append(f"{f'{epochs:g}{star}':>17}{seconds:7.2f}")
    return "".join(cells)


def _reach(points: Curve, figure: float) -> tuple[float, float]:
    """The first epoch with that figure or more, and its seconds."""
    there = ((epoch, seconds) for epoch, (seconds, value) in enumerate(points, 1) if value >= figure)
    return next(there, (math.inf, math.inf))


def main() -> None:
    """Train one run and print its curve."""
    race, trainer, seed = sys.argv[1:]
    print(json.dumps(curve(RACES[race], TRAINERS[trainer], int(seed))))


if __name__ == "__main__":
    main()
