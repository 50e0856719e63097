"""What a run costs beyond its steps: metrics, logging, display, evaluation, diagnostics, memory, start-up.

    python tests/benchmarks/overhead.py

At the tutorial's 12-bit setting, one BLAS thread, medians of alternating rounds. The display draws to a terminal of 80
columns that is thrown away. Start-up is measured on whole processes.
"""

import os

PLAIN = dict(os.environ)  # the environment of the whole processes: a user's, in which nobody has set BLAS threads
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    PLAIN.pop(name, None)
    os.environ[name] = "1"

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console

from synthgrad.cli.train_display import Live
from synthgrad.config import load
from synthgrad.experiment import Config, Epoch, Experiment, train
from synthgrad.experiment.training import test_figures as evaluate
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log

CONFIGS = Path(__file__).parents[2] / "configs" / "tutorial"
EPOCHS = 20


def alternate(*variants: Callable[[], object], rounds: int = 15) -> list[float]:
    """The median seconds of each variant, all run in turn."""
    times: list[list[float]] = [[] for _ in variants]
    for k in range(rounds + 1):
        for variant, mine in zip(variants, times, strict=True):
            start = time.perf_counter()
            variant()
            if k:
                mine.append(time.perf_counter() - start)
    return [median(mine) for mine in times]


def loop(trainer: str, folder: Path) -> tuple[float, float]:
    """Seconds an epoch of the bare steps, and of the same with metrics, log and display."""
    settings = [f"trainer.name={trainer}", "training.evaluate_every=1000000", "training.epochs=1000000"]
    config = load(CONFIGS / "vanilla.yaml", Config, settings)
    bare, full = Experiment([config]), Experiment([config])
    bare.begin_epoch(1)
    log = Log.begin(Run.create(folder, trainer, 1), full.replicas[0], {})
    display = Live(log, full)
    display.console = Console(file=io.StringIO(), force_terminal=True, width=80)
    records = train(full)

    def steps() -> None:
        for _ in range(EPOCHS):
            for batch in bare.feed.epoch(1):
                bare.trainer.step(batch)

    def run() -> None:
        done = 0
        for record in records:
            if isinstance(record, Epoch):
                for _, figures in record.each():
                    log.epoch_done(record.epoch, record.step, record.seconds, figures)
                done += 1
            display.show(record)
            if done == EPOCHS:
                return

    with display:
        a, b = alternate(steps, run)
    log.close()
    return a / EPOCHS, b / EPOCHS


def evaluation() -> tuple[float, float]:
    """Seconds of a forward pass over the held-out examples as a script would write it, and of an evaluation."""
    experiment = Experiment([load(CONFIGS / "vanilla.yaml", Config)])
    x, Ws = experiment.test_x, [layer.W for layer in experiment.trainer.layers]

    def forward() -> None:
        h = x
        for W in Ws:
            h = 1 / (1 + np.exp(-h.dot(W)))

    a, b = alternate(*(lambda f=f: [f() for _ in range(5)] for f in (forward, lambda: evaluate(experiment))))
    return a / 5, b / 5


def diagnosis(every: int) -> tuple[float, float]:
    """Seconds of training a DNI network with held-out evaluations, and of the same with its generators looked at."""
    settings = ["trainer.name=dni", f"training.evaluate_every={every}", "training.epochs=1000000"]
    config = load(CONFIGS / "vanilla.yaml", Config, settings)
    without, looking = (
        (r for r in train(Experiment([config.model_copy(update={"diagnostics": on})])) if isinstance(r, Epoch))
        for on in (False, True)
    )
    a, b = alternate(*(lambda r=records: [next(r) for _ in range(EPOCHS)] for records in (without, looking)))
    return a / EPOCHS, b / EPOCHS


def memory(epochs: int) -> float:
    """Peak memory in MiB of a process that trains the 8-bit setting."""
    line = ["train", str(CONFIGS / "vanilla-8bit.yaml"), "-q", "-s", f"training.epochs={epochs}"]
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([sys.executable, "-m", "synthgrad", *line, "--runs", folder], stdout=subprocess.PIPE)
        child.stdout.read()
        _, _, usage = os.wait4(child.pid, 0)
    return usage.ru_maxrss / 1024


def startup(folder: Path) -> list[tuple[str, float, float]]:
    """Seconds of whole processes: what is measured, the reference, ours."""
    config = folder / "one.yaml"
    config.write_text(
        "task: {name: binary-addition, bits: 8, train_examples: 100, test_examples: 100}\n"
        "trainer: {name: backprop}\ntraining: {epochs: 1}\n"
    )

    def process(*arguments: str) -> Callable[[], object]:
        line = [sys.executable, *arguments]
        return lambda: subprocess.run(line, stdout=subprocess.DEVNULL, check=True, env=PLAIN)

    imports = "import numpy, click, yaml, pydantic, rich.progress"
    a, b = alternate(process("-c", "import click"), process("-m", "synthgrad", "--help"), rounds=12)
    c, d = alternate(
        process("-c", imports),
        process("-m", "synthgrad", "train", str(config), "-q", "--runs", str(folder / "runs")),
        rounds=12,
    )
    return [("--help / import click", a, b), ("train, 1 epoch / imports", c, d)]


def main() -> int:
    rows: list[tuple[str, float, float, str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for trainer in ("backprop", "dni"):
            bare, full = loop(trainer, folder / "runs")
            rows.append((f"{trainer}: metrics, log, display / steps", bare * 1e3, full * 1e3, "ms", 1.10))
        a, b = evaluation()
        rows.append(("evaluation / forward pass", a * 1e3, b * 1e3, "ms", 1.3))
        for every in (10, 1):
            a, b = diagnosis(every)
            rows.append((f"dni, evaluate_every {every}: diagnostics / none", a * 1e3, b * 1e3, "ms", 1.10))
        rows.append(("peak memory, 10,000 / 1,000 epochs", memory(1000), memory(10000), "MiB", 1.05))
        for (what, a, b), goal in zip(startup(folder), (1.6, 1.5), strict=True):
            rows.append((what, a * 1e3, b * 1e3, "ms", goal))
    print(f"{'what':<43} {'reference':>10} {'synthgrad':>10}      {'ratio':>6}  goal")
    for what, a, b, unit, goal in rows:
        held = "ok" if b / a <= goal else "MISSED"
        print(f"{what:<43} {a:>10.2f} {b:>10.2f} {unit:<4} {b / a:>6.3f}  {goal} {held}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return int(any(b / a > goal for _, a, b, _, goal in rows))


if __name__ == "__main__":
    sys.exit(main())
