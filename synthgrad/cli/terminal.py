"""What the displays of ``train`` and ``sweep`` share: a tolerant stderr, a picture that is redrawn, a bar, a clock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthgrad.cli.quiet_display import Event, QuietDisplay

FRAMES_PER_SECOND = 5
SILENCE = 30.0
"""The longest time between two plain lines, in seconds."""
COMMAND = "  "
"""The beginning of a line to be copied, which is never folded."""


class Tolerant:
    """A text file to which nothing fails to be written: a display that nobody can see must not end a run.

    At the first failure (a closed pipe, a full disk) the file's descriptor is given to the null device.
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def write(self, text: str) -> int:
        """Write, if possible."""
        return self._try(lambda: self.file.write(text)) or len(text)

    def flush(self) -> None:
        """Flush, if possible."""
        self._try(self.file.flush)

    def _try(self, do: Callable[[], int | None]) -> int | None:
        try:
            return do()
        except OSError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
            return None

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


class LineDisplay(QuietDisplay[Event]):
    """Prints lines on stderr as they are: a name such as [red] is a name."""

    whole_lines = True
    """The reader's terminal or editor decides where a long line breaks."""

    def __init__(self) -> None:
        self.console = Console(file=cast(TextIO, Tolerant(sys.stderr)), highlight=False)
        self.said = time.monotonic()

    def say(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=self.whole_lines or text.startswith(COMMAND))


class Picture:
    """The last lines of a terminal, redrawn a few times a second and removed in the end."""

    def __init__(self, console: Console) -> None:
        self.drawn = 0.0
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()

    @staticmethod
    def possible() -> bool:
        """Whether stderr is a terminal that can move its cursor."""
        return sys.stderr.isatty() and Console(stderr=True).is_terminal and not Console(stderr=True).is_dumb_terminal

    @property
    def old(self) -> bool:
        """Whether it is time to draw again."""
        return time.monotonic() - self.drawn > 1 / FRAMES_PER_SECOND

    def draw(self, *parts: RenderableType) -> None:
        """Replace the picture."""
        self.drawn = time.monotonic()
        self._live.update(Group(*parts), refresh=True)

    def remove(self) -> None:
        """Clear the lines, and show the cursor again."""
        self._live.stop()


def bar(title: str, share: float, end: str) -> Table:
    """A progress bar between two texts, as wide as the terminal."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, justify="right")
    table.add_row(Text(title, "bold"), ProgressBar(total=1.0, completed=share), Text(end))
    return table


def line(text: str = "") -> Text:
    """One line, cropped at the width of the terminal."""
    return Text(text, no_wrap=True, overflow="crop")


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
