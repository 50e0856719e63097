"""What a person sees of a run while it trains, and the summary after it. All of it goes to stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TextIO

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthgrad.cli.quiet import Display
from synthgrad.cli.summary import verdict
from synthgrad.compare.sparkline import sparkline
from synthgrad.experiment import Config, Diverged, Epoch, Experiment, Record
from synthgrad.processes import cores, threads

if TYPE_CHECKING:
    from synthgrad.runs.log import Log
    from synthgrad.workers import Load

FRAMES_PER_SECOND = 5
SCORES = {"bit_accuracy": "bits", "exact_accuracy": "sums", "accuracy": "right", "r2": "r2"}


class Tolerant:
    """A text file to which nothing fails to be written: a display that nobody can see must not end a run.

    At the first failure (a closed pipe, a full disk) the file's descriptor is given to the null device.
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def write(self, text: str) -> int:
        """Write, or go unseen."""
        return self._try(lambda: self.file.write(text)) or len(text)

    def flush(self) -> None:
        """Flush, or go unseen."""
        self._try(self.file.flush)

    def _try(self, do: Callable[[], int | None]) -> int | None:
        try:
            return do()
        except OSError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
            return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class Spoken(Display):
    """Prints a title before and a summary after."""

    whole_lines = True
    """Leave it to the reader's terminal or editor where a long line breaks."""

    def __init__(self, log: Log, experiment: Experiment) -> None:
        super().__init__(log, experiment)
        file: Any = Tolerant(sys.stderr)
        self.console = Console(file=file, highlight=False, soft_wrap=self.whole_lines)
        self.begun = time.monotonic()
        self.guess = guess(experiment)
        self.opening = [
            self.title,
            *self._goes_on(),
            *timed(self.config),
            *crowded(log.replica.processes(), cores(), threads()),
            *unstable(self.config, experiment.stability()),
        ]

    def open(self) -> None:
        """Say what is trained, and what a person should know before."""
        for line in self.opening:
            self.say(line)

    def say(self, text: str) -> None:
        """Print text as it is: a name such as [red] is a name."""
        self.console.print(Text(text))

    def summary(self, log: Log) -> None:
        for line in verdict(self.config, log, self.guess):
            self.say(line)

    def _goes_on(self) -> list[str]:
        """What is said of a run that was taken up again."""
        if not self.log.resumed:
            return []
        epoch = self.log.epoch
        return [f"Goes on after epoch {epoch}." if epoch else "There is no checkpoint: it starts again from epoch 1."]

    def count(self, epoch: int) -> str:
        """How far it is, as wide in the first epoch as in the last."""
        return f"epoch {epoch:>{len(str(self.epochs))}}/{self.epochs}"


class Lines(Spoken):
    """Plain lines, for files and pipes: ten a run, and one every half minute."""

    def __enter__(self) -> Self:
        self.open()
        self.said = time.monotonic()
        return self

    def show(self, record: Record) -> None:
        self.note(record)
        if not isinstance(record, Epoch):
            return
        tenth = max(1, self.epochs // 10)
        if record.epoch == 1 or record.epoch % tenth == 0 or time.monotonic() - self.said > 30:
            self.said = time.monotonic()
            shown = [*rows(self.figures), *at_work(self.loads)]
            parts = ["  ".join([row.name, *row.pairs]) for row in shown]
            self.say("   ".join([self.count(record.epoch), *parts]).rstrip())


class Live(Spoken):
    """A bar, the latest figures and a small curve, redrawn a few times a second."""

    whole_lines = False

    @staticmethod
    def possible() -> bool:
        """Whether stderr is a terminal that can move its cursor."""
        return sys.stderr.isatty() and Console(stderr=True).is_terminal and not Console(stderr=True).is_dumb_terminal

    def __enter__(self) -> Self:
        self.open()
        self.losses: list[float] = []
        self.first: float | None = None
        self.first_step = self.log.step
        self.every, self.drawn, self.epoch, self.step = 1, 0.0, self.log.epoch, self.log.step
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
        if isinstance(record, Epoch):
            self._keep(record.epoch)
        now = time.monotonic()
        if now - self.drawn > 1 / FRAMES_PER_SECOND:
            self.drawn = now
            self.live.update(self._picture(now - self.begun), refresh=True)

    def _keep(self, epoch: int) -> None:
        """Keep the loss for the curve; thin out, so that a curve of any length costs the same."""
        if self.first is None:
            self.first = self.figures["loss"]
        if epoch % self.every == 0:
            self.losses.append(self.figures["loss"])
            if len(self.losses) == 512:
                self.losses, self.every = self.losses[1::2], self.every * 2

    def _picture(self, elapsed: float) -> Group:
        width = self.console.width
        lines: list[Any] = [self._bar(elapsed, width)]
        lines += [_line(row, width) for row in [*rows(self.figures), *at_work(self.loads)]]
        if self.losses:
            lines.append(self._curve(width))
        return Group(*lines)

    def _bar(self, elapsed: float, width: int) -> Table:
        speed = (self.step - self.first_step) / elapsed if elapsed else 0.0
        left = (self.steps - self.step) / speed if speed else 0.0
        rate = f"{speed:,.0f} steps/s  " if width >= 60 else ""
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        bar.add_row(
            Text(self.count(self.epoch), "bold"),
            ProgressBar(total=self.steps, completed=self.step),
            Text(f"{self.step / self.steps:4.0%}  {rate}{clock(left)} left"),
        )
        return bar

    def _curve(self, width: int) -> Text:
        curve = Text(no_wrap=True, overflow="crop").append("loss ", "dim")
        curve.append(sparkline(self.losses, max(10, min(width - 30, 60))), "cyan")
        return curve.append(f"  {self.first:.3g} > {self.losses[-1]:.3g}", "dim")


# text ---------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """Figures that belong side by side, each with its label."""

    name: str
    pairs: list[str]


def rows(figures: dict[str, float]) -> list[Row]:
    """The figures that a person follows: those in training, those held out, the generators' of each layer."""
    shown = []
    training = [*_scores(figures, ""), f"loss {figures['loss']:<7.4g}"] if "loss" in figures else []
    for name, pairs in (("training", training), ("held-out", _scores(figures, "test_"))):
        if pairs:
            shown.append(Row(name, pairs))
    errors = {name: value for name, value in figures.items() if name.startswith("generator_error.")}
    if errors:
        shown.append(Row("generator error", [f"{value:.3g}" for value in errors.values()]))
    layers = [name.partition(".")[2] for name in errors or figures if name.startswith(("generator_error.", "cosine."))]
    cosines = [figures.get(f"cosine.{i}") for i in layers]
    if any(cosine is not None for cosine in cosines):
        shown.append(Row("layers cos", ["    -" if cosine is None else f"{cosine:5.2f}" for cosine in cosines]))
    return shown


def at_work(loads: Sequence[Load]) -> list[Row]:
    """How busy each module is, and between those of two workers how many batches wait, of how many that can."""
    pairs = []
    for load in loads:
        layers = f"{load.first}" if load.first == load.last else f"{load.first}-{load.last}"
        pairs.append(f"layer{'s' * (load.first != load.last)} {layers} {load.busy:4.0%}")
        if load.room:
            pairs.append(f"queue {load.queue}/{load.room}")
    return [Row("busy", pairs)] if pairs else []


def _scores(figures: dict[str, float], prefix: str) -> list[str]:
    """Shares of what is right, or of the variance that is explained, all of one width."""
    there = {key: figures[prefix + key] for key in SCORES if prefix + key in figures}
    return [f"{SCORES[key]} {f'{value:6.3f}' if key == 'r2' else f'{value:6.1%}'}" for key, value in there.items()]


def guess(experiment: Experiment) -> float:
    """The held-out score of whoever does not look at the inputs: with classes, of always naming the commonest."""
    y = experiment.test_y
    return float(y.mean(-2).max()) if experiment.task.outputs == "classes" and len(y) else 0.0


def timed(config: Config) -> list[str]:
    """What is to be known of a run that depends on timing."""
    if not config.varies:
        return []
    return ["trainer.schedule: free: the result varies with timing: no run repeats another (pipelined: each does)"]


def crowded(processes: int, cores: int, threads: str) -> list[str]:
    """What is to be known where processes share the modules and have few cores, or BLAS has more than one thread."""
    said = []
    if processes > cores:
        few = f"{cores} core{'' if cores == 1 else 's'}"
        said.append(f"trainer.schedule.workers: {processes} processes on {few} may be slower than fewer (workers: 1)")
    if processes > 1 and threads not in ("", "1"):
        said.append(f"each process has one BLAS thread; what is done beside them has the environment's {threads}")
    return said


def unstable(config: Config, bounds: dict[str, float]) -> list[str]:
    """A warning, where the generators' step size is above a bound of ``Experiment.stability``."""
    trainer: Any = config.trainer
    if not bounds or (alpha := trainer.generator.alpha) <= min(bounds.values()):
        return []
    i = min(bounds, key=bounds.__getitem__)
    return [
        f"trainer.generator.alpha: {alpha:g} is above {bounds[i]:.3g}, the largest step at which generator {i}'s "
        "regression is stable on this data (from lambda_max of Z^T Z); set it well below, or expect it to diverge"
    ]


def _line(row: Row, width: int) -> Text:
    """As many of a row's figures as fit, none of them cut."""
    line = Text(no_wrap=True, overflow="crop").append(row.name, "dim")
    for pair in row.pairs:
        if len(line) + 3 + len(pair) <= width:
            line.append(f"   {pair}")
    return line


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
