"""What a person sees of a run while it trains, and the summary after it. All of it goes to stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TextIO

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthgrad.cli.data_sentence import data_sentence
from synthgrad.cli.metric_rows import at_work, lines, rows
from synthgrad.cli.quiet_display import Display
from synthgrad.cli.train_summary import COMMAND, verdict
from synthgrad.cli.train_warnings import crowded, late, spared, timed, unlocked, unstable
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.text import ARROW, legible
from synthgrad.experiment import Diverged, Epoch, Experiment, Record
from synthgrad.processes import cores, threads

if TYPE_CHECKING:
    from synthgrad.runs.log import Log

FRAMES_PER_SECOND = 5


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
        processes = log.replica.processes()
        self.opening = [
            data_sentence(self.config.data()),
            self.title,
            *self._goes_on(),
            *unlocked(log),
            *timed(self.config),
            *late(self.config, experiment.feed.steps),
            *spared(self.config, processes),
            *crowded(processes, cores(), threads()),
            *unstable(self.config, experiment.stability()),
        ]

    def open(self) -> None:
        """Say what is trained, and what a person should know before."""
        for line in self.opening:
            self.say(line)

    def say(self, text: str) -> None:
        """Print text as it is: a name such as [red] is a name, and what is there to be copied is one line."""
        self.console.print(Text(text), soft_wrap=self.whole_lines or text.startswith(COMMAND))

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
            shown = [*rows(self.figures), *at_work(self.loads, queues=False)]
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
        picture: list[Any] = [self._bar(elapsed, width)]
        picture += [line for row in [*rows(self.figures), *at_work(self.loads)] for line in lines(row, width)]
        if self.losses:
            picture.append(self._curve(width))
        return Group(*picture)

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
        line = sparkline(self.losses, max(10, min(width - 30, 60)))
        curve.append(legible(line, self.console.file), "cyan")
        return curve.append(legible(f"  {self.first:.3g} {ARROW} {self.losses[-1]:.3g}", self.console.file), "dim")


# text ---------------------------------------------------------------------------------------------


def guess(experiment: Experiment) -> float:
    """The held-out score of whoever does not look at the inputs: with classes, of always naming the commonest."""
    y = experiment.test_y
    return float(y.mean(-2).max()) if experiment.task.outputs == "classes" and len(y) else 0.0


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
