"""What a person sees of a run while it trains, and the summary after it. All of it goes to stderr."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthgrad.cli.summary import verdict
from synthgrad.experiment import Config, Diverged, Epoch, Experiment, Record

if TYPE_CHECKING:
    from synthgrad.runs import Log

FRAMES_PER_SECOND = 5
BLOCKS = "▁▂▃▄▅▆▇█"


class Display:
    """Shows nothing: ``--quiet``."""

    def __init__(self, path: Path, config: Config, experiment: Experiment) -> None:
        self.path, self.config = path, config
        self.epochs = config.training.epochs
        self.steps = self.epochs * experiment.feed.steps
        self.figures: dict[str, float] = {}
        trainer: Any = config.trainer
        network = experiment.trainer.network
        widths = [network.specs[0].n_in, *(spec.n_out for spec in network.specs)]
        weights = network.theta.shape[-1]
        self.title = f"{trainer.name}, seed {config.seed}, {'-'.join(map(str, widths))} ({weights:,} weights)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, record: Record) -> None:
        """Take notice of a record."""

    def summary(self, outcome: str, log: Log, diverged: Diverged | None) -> None:
        """Say what came of it."""

    def note(self, record: Record) -> None:
        """Keep the latest figures."""
        if isinstance(record, Epoch):
            self.figures |= {name: float(value) for name, value in record.figures.items()}


class Spoken(Display):
    """Prints a title before and a summary after."""

    def __init__(self, path: Path, config: Config, experiment: Experiment) -> None:
        super().__init__(path, config, experiment)
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.begun = time.monotonic()

    def say(self, text: str) -> None:
        """Print text as it is: a name such as [red] is a name."""
        self.console.print(Text(text))

    def summary(self, outcome: str, log: Log, diverged: Diverged | None) -> None:
        for line in verdict(self.config, outcome, log.last, log, diverged):
            self.say(line)


class Lines(Spoken):
    """Plain lines, for files and pipes: ten a run, and one every half minute."""

    def __enter__(self) -> Self:
        self.say(self.title)
        self.said = time.monotonic()
        return self

    def show(self, record: Record) -> None:
        self.note(record)
        if not isinstance(record, Epoch):
            return
        tenth = max(1, self.epochs // 10)
        if record.epoch == 1 or record.epoch % tenth == 0 or time.monotonic() - self.said > 30:
            self.said = time.monotonic()
            parts = [f"epoch {record.epoch}/{self.epochs}", *(f"{a} {b}" for a, b in columns(self.figures))]
            self.say("  ".join(parts))


class Live(Spoken):
    """A bar, the latest figures and a small curve, redrawn a few times a second."""

    @staticmethod
    def possible() -> bool:
        """Whether stderr is a terminal that can move its cursor."""
        return sys.stderr.isatty() and Console(stderr=True).is_terminal and not Console(stderr=True).is_dumb_terminal

    def __enter__(self) -> Self:
        self.say(self.title)
        self.losses: list[float] = []
        self.every, self.drawn, self.epoch, self.step = 1, 0.0, 0, 0
        self.live = RichLive(console=self.console, auto_refresh=False, transient=True)
        self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def show(self, record: Record) -> None:
        self.note(record)
        if isinstance(record, Diverged):
            return
        self.epoch, self.step = record.epoch, record.step
        if isinstance(record, Epoch) and record.epoch % self.every == 0:
            self.losses.append(self.figures["loss"])
            if len(self.losses) == 512:  # thin out, so that a curve of any length costs the same
                self.losses, self.every = self.losses[1::2], self.every * 2
        now = time.monotonic()
        if now - self.drawn > 1 / FRAMES_PER_SECOND:
            self.drawn = now
            self.live.update(self._picture(now - self.begun), refresh=True)

    def _picture(self, elapsed: float) -> Group:
        speed = self.step / elapsed if elapsed else 0.0
        left = (self.steps - self.step) / speed if speed else 0.0
        width = self.console.width
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        bar.add_row(
            Text(f"epoch {self.epoch}/{self.epochs}", "bold"),
            ProgressBar(total=self.steps, completed=self.step),
            Text(f"{self.step / self.steps:4.0%}  {speed:,.0f} steps/s  {clock(left)} left"),
        )
        line = Text(no_wrap=True, overflow="ellipsis")
        for label, value in columns(self.figures):
            line.append(f"{label} ", "dim").append(f"{value}   ")
        curve = Text(no_wrap=True, overflow="crop")
        if self.losses:
            start, end = self.losses[0], self.losses[-1]
            room = max(10, width - 30)
            curve.append("loss ", "dim").append(sparkline(self.losses, min(room, 60)), "cyan")
            curve.append(f"  {start:.3g} > {end:.3g}", "dim")
        return Group(bar, line, curve)


# text ---------------------------------------------------------------------------------------------


def columns(figures: dict[str, float]) -> list[tuple[str, str]]:
    """The figures that a person follows, with short labels."""
    shown = []
    if "loss" in figures:
        shown.append(("loss", f"{figures['loss']:.4g}"))
    if "bit_accuracy" in figures:
        shown.append(("bits", f"{figures['bit_accuracy']:.1%}"))
        shown.append(("sums", f"{figures['exact_accuracy']:.1%}"))
    if "test_bit_accuracy" in figures:
        shown.append(("held-out bits", f"{figures['test_bit_accuracy']:.1%}"))
        shown.append(("sums", f"{figures['test_exact_accuracy']:.1%}"))
    errors = [value for name, value in figures.items() if name.startswith("generator_error.")]
    if errors:
        shown.append(("generator error", " ".join(f"{value:.3g}" for value in errors)))
    return shown


def sparkline(values: list[float], width: int) -> str:
    """A curve of block characters; each stands for the mean of its share of the values."""
    count = min(width, len(values))
    edges = [round(i * len(values) / count) for i in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in zip(edges, edges[1:], strict=False)]
    low, high = min(means), max(means)
    if high <= low:
        return BLOCKS[0] * count
    return "".join(BLOCKS[min(7, int((value - low) / (high - low) * 8))] for value in means)


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
