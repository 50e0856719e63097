"""What a person sees of a sweep while it runs. All of it goes to stderr."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Self

from rich.text import Text

from synthgrad.cli.signals import Stop
from synthgrad.cli.stack_names import Name, Names
from synthgrad.cli.sweep_progress import Running, SweepProgress
from synthgrad.cli.terminal import SILENCE, LineDisplay, Picture, bar, clock, line
from synthgrad.compare.text import cell_width, cut
from synthgrad.sweep.events import Begun, Done, Ended, Event, Lost
from synthgrad.text import are, counted, printable

MARGIN = 4
"""Columns for the ^C that a terminal writes into the last line: if that line broke, all others would move."""
STACKS = 8
"""The most stacks with a line of their own."""
COLOURS = {"diverged": "yellow", "failed": "red", "interrupted": "yellow"}


class Lines(LineDisplay[Event]):
    """Plain lines, for files and pipes: one every tenth of the runs, and one every half minute."""

    def __init__(self, progress: SweepProgress, stop: Stop) -> None:
        super().__init__()
        self.progress, self.stop, self.tenth = progress, stop, 0

    def warn(self, text: str) -> None:
        self.say(text)

    def conclude(self) -> None:
        if self.progress.orders:
            self.say(self.progress.summary(clock(time.monotonic() - self.progress.begun)))

    def show(self, event: Event) -> None:
        if isinstance(event, Lost) and event.again:
            runs = f"{counted(len(event.runs), 'run')} {are(len(event.runs))}"
            self.say(f"A worker {event.how}; its {runs} trained again.")
        self.update(event)

    def update(self, event: Event) -> None:
        """Print a line if it is time to, but not between the runs of a stack that end together."""
        progress = self.progress
        if isinstance(event, Ended | Done) or progress.over == len(progress.orders):
            return
        tenth, now = 10 * progress.over // len(progress.orders), time.monotonic()
        if tenth > self.tenth or now - self.said > SILENCE:
            self.tenth, self.said = tenth, now
            self.say("   ".join([f"{self.count()} {self.percent()}", *self.counts(), self.left()]))

    def count(self) -> str:
        """How many runs have ended, as wide in the beginning as in the end."""
        total = str(len(self.progress.orders))
        return f"{self.progress.over:>{len(total)}}/{total}"

    def percent(self) -> str:
        """How much of the work is done; 100% only if all is."""
        return f"{math.floor(100 * self.progress.share):3}%"

    def counts(self) -> list[str]:
        """How many runs are finished and running, and at other points if there are any."""
        found = self.progress.counts().items()
        return [f"{count} {name}" for name, count in found if count or name in ("finished", "running")]

    def left(self) -> str:
        """The time that is left, if it is known."""
        if self.stop.signal:
            return "stopping"
        seconds = self.progress.left()
        return f"{'-:--' if seconds is None else clock(seconds)} left"


class Live(Lines):
    """A bar, the counts and a line for each stack in training, redrawn a few times a second."""

    whole_lines = False

    def __enter__(self) -> Self:
        self.names = Names([stack.orders for stack in self.progress.plan.stacks])
        self.running: dict[int, Name] = {}
        self.picture = Picture(self.console)
        self._draw()
        return self

    def __exit__(self, *exception: object) -> None:
        self.picture.remove()

    def update(self, event: Event) -> None:
        """Draw, if the last picture is old."""
        if isinstance(event, Begun):
            self.running[event.stack] = self.names.of(self.progress.running[event.stack].orders.values())
        if self.picture.old:
            self._draw()

    def _draw(self) -> None:
        counts = line("   ".join(self.counts()))
        for name, colour in COLOURS.items():
            counts.highlight_regex(rf"\d+ {name}", colour)
        end = f"{self.percent()}  {self.left()}"
        self.picture.draw(bar(self.count(), self.progress.share, end), counts, *self._stacks())

    def _stacks(self) -> Iterator[Text]:
        """A line for each stack in training, as many as there is room for."""
        running = list(self.progress.running.items())
        room = max(1, min(STACKS, self.console.height - 4))
        for number, stack in running[:room]:
            text = line(stack_line(self.running[number], stack, self.console.width - MARGIN))
            text.highlight_regex(r"^\S+", "cyan")
            yield text
        if len(running) > room:
            yield Text(f"and {counted(len(running) - room, 'stack')} more", "dim")


def stack_line(name: Name, stack: Running, width: int) -> str:
    """The name of a stack and how far it is, with as many words of the name as fit."""
    far = f"   {name.size}   epoch {stack.epoch:>{len(str(stack.epochs))}}/{stack.epochs}"
    room = max(width - len(far), 8)
    text = ""
    for each in map(printable, name.words):
        text += f" {each}" if text and cell_width(text) + 1 + cell_width(each) <= room else ""
        text = text or cut(each, room)
    return text + " " * (room - cell_width(text)) + far
