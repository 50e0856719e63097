"""What a person sees of a sweep while it runs. All of it goes to stderr."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthgrad.cli.signals import Stop
from synthgrad.cli.stack_names import Name, Names
from synthgrad.cli.sweep_progress import Running, Silent, SweepProgress
from synthgrad.cli.train_display import FRAMES_PER_SECOND, Tolerant, clock
from synthgrad.cli.train_display import Live as Display
from synthgrad.compare.text import cell_width, cut, plain
from synthgrad.sweep.events import Begun, Done, Ended, Event, Lost
from synthgrad.wording import are, counted

SECONDS = 30.0
"""The longest silence of plain lines."""
MARGIN = 4
"""Columns for the ^C of whoever stops it: one that broke the last line would put all others out of place."""
STACKS = 8
"""As many stacks as have a line of their own."""
COLOURS = {"diverged": "yellow", "failed": "red", "interrupted": "yellow"}


class Lines(Silent):
    """Plain lines, for files and pipes: one every tenth of the runs, and one every half minute."""

    whole_lines = True
    """Leave it to the reader's terminal or editor where a long line breaks."""

    def __init__(self, progress: SweepProgress, stop: Stop) -> None:
        super().__init__(progress, stop)
        file: Any = Tolerant(sys.stderr)
        self.console = Console(file=file, highlight=False, soft_wrap=self.whole_lines)
        self.said, self.tenth = time.monotonic(), 0

    def say(self, text: str) -> None:
        self.console.print(Text(text))

    def warn(self, text: str) -> None:
        self.say(text)

    def conclude(self) -> None:
        if self.progress.orders:
            self.say(self.progress.closing(clock(time.monotonic() - self.progress.begun)))

    def show(self, event: Event) -> None:
        if isinstance(event, Lost) and event.again:
            again = f"{counted(len(event.runs), 'run')} {are(len(event.runs))} tried once more"
            self.say(f"A process {event.how}: its {again}.")
        self.look(event)

    def look(self, event: Event) -> None:
        """Say how far it is, if it is time to; not amid the runs of a stack that end together."""
        progress = self.progress
        if isinstance(event, Ended | Done) or progress.over == len(progress.orders):
            return
        tenth, now = 10 * progress.over // len(progress.orders), time.monotonic()
        if tenth > self.tenth or now - self.said > SECONDS:
            self.tenth, self.said = tenth, now
            self.say(
                "   ".join([f"{how_far(progress)} {percent(progress)}", *counts(progress), left(progress, self.stop)])
            )


class Live(Lines):
    """A bar, the counts and a line for each stack at work, redrawn a few times a second."""

    whole_lines = False
    possible = staticmethod(Display.possible)

    def __enter__(self) -> Self:
        self.names = Names([stack.orders for stack in self.progress.plan.stacks])
        self.at_work: dict[int, Name] = {}
        self.live = RichLive(console=self.console, auto_refresh=False, transient=True)
        self.live.start()
        self._draw()
        return self

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def look(self, event: Event) -> None:
        """Draw, if the last picture is old."""
        if isinstance(event, Begun):
            self.at_work[event.stack] = self.names.of(self.progress.running[event.stack].orders.values())
        if time.monotonic() - self.drawn > 1 / FRAMES_PER_SECOND:
            self._draw()

    def _draw(self) -> None:
        self.drawn = time.monotonic()
        self.live.update(Group(self._bar(), self._counts(), *self._stacks()), refresh=True)

    def _bar(self) -> Table:
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        bar.add_row(
            Text(how_far(self.progress), "bold"),
            ProgressBar(total=1.0, completed=self.progress.share),
            Text(f"{percent(self.progress)}  {left(self.progress, self.stop)}"),
        )
        return bar

    def _counts(self) -> Text:
        line = Text("   ".join(counts(self.progress)), no_wrap=True, overflow="crop")
        for word_, colour in COLOURS.items():
            line.highlight_regex(rf"\d+ {word_}", colour)
        return line

    def _stacks(self) -> Iterator[Text]:
        """A line for each stack at work, as many as there is room for."""
        running = list(self.progress.running.items())
        room = max(1, min(STACKS, self.console.height - 4))
        for number, stack in running[:room]:
            text = stack_line(self.at_work[number], stack, self.console.width - MARGIN)
            line = Text(text, no_wrap=True, overflow="crop")
            line.highlight_regex(r"^\S+", "cyan")
            yield line
        if len(running) > room:
            yield Text(f"and {counted(len(running) - room, 'stack')} more", "dim")


# text ---------------------------------------------------------------------------------------------


def how_far(progress: SweepProgress) -> str:
    """Runs that are over out of all, as wide in the beginning as in the end."""
    total = str(len(progress.orders))
    return f"{progress.over:>{len(total)}}/{total}"


def percent(progress: SweepProgress) -> str:
    """How much of the work is done; 100% when all is."""
    return f"{math.floor(100 * progress.share):3}%"


def counts(progress: SweepProgress) -> list[str]:
    """How many runs are finished and running, and whatever else there is."""
    found = progress.counts().items()
    return [f"{count} {name}" for name, count in found if count or name in ("finished", "running")]


def left(progress: SweepProgress, stop: Stop) -> str:
    """The time that is left, as far as it is known."""
    if stop.signal:
        return "stopping"
    seconds = progress.left()
    return f"{'-:--' if seconds is None else clock(seconds)} left"


def stack_line(name: Name, stack: Running, width: int) -> str:
    """What a stack is and how far it is; of its settings as many as fit."""
    far = f"   {name.size}   epoch {stack.epoch:>{len(str(stack.epochs))}}/{stack.epochs}"
    room = max(width - len(far), 8)
    line = ""
    for each in map(plain, name.words):
        line += f" {each}" if line and cell_width(line) + 1 + cell_width(each) <= room else ""
        line = line or cut(each, room)
    return line + " " * (room - cell_width(line)) + far
