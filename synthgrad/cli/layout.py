"""Text as wide as the terminal: names as they are, tables that give up columns before they break."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from synthgrad.compare.text import GAP, cell_width, cut
from synthgrad.text import counted, escaped

PIPED = 100
"""The width of a page that goes into a file or a pipe."""
NARROWEST = 8


class Heading(NamedTuple):
    """A column of a table. Where room is short the highest rank goes first; rank 0 stays."""

    text: str
    rank: int = 0
    right: bool = False
    paint: Callable[[str], str] = str


def emit(*lines: str) -> None:
    """Print on stdout."""
    emit_all(lines)


def emit_all(lines: Iterable[str]) -> None:
    """Print lines on stdout, whatever its encoding; a name that is no text comes out as the bytes that it is."""
    out = sys.stdout.buffer
    for line in lines:
        out.write(line.encode("utf-8", "surrogateescape") + b"\n")
    out.flush()


def as_json(data: object) -> str:
    """Plain data as JSON that every reader takes: what is not finite becomes text, what JSON does not know too."""
    import json

    return json.dumps(_finite(data), indent=2, allow_nan=False, default=str)


def _finite(data: object) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return repr(data) if isinstance(data, float) and not math.isfinite(data) else data


def warn(lines: Iterable[str]) -> None:
    """Say on stderr what a person should know, each on a line of its own."""
    for line in lines:
        click.echo(escaped(line), err=True)


def some(notes: Iterable[str], most: int = 5) -> Iterator[str]:
    """The first few notes, and how many more there are."""
    notes = list(notes)
    yield from notes[:most]
    if len(notes) > most:
        yield f"and {counted(len(notes) - most, 'more run')} that cannot be read"


def width() -> int | None:
    """The columns of the terminal; None where the output goes into a file or a pipe, whatever COLUMNS says."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None


def painted(text: str, **style: Any) -> str:
    """The text in a colour, on a terminal that has one and may."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return click.style(text, **style) if coloured else text


def table(headings: Sequence[Heading], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Lines of a table without empty columns, as wide as there is room; of headings without text there is no line."""
    if not rows:
        return []
    columns = [Column(h, texts) for h, texts in zip(headings, zip(*rows, strict=True), strict=True) if any(texts)]
    shown = _fitting(columns, width)
    lines = ["  ".join(line).rstrip() for line in zip(*(column.lines() for column in shown), strict=True)]
    return lines if any(h.text for h in headings) else lines[1:]


class Column:
    """A heading and the texts below it, as wide as the widest."""

    def __init__(self, heading: Heading, texts: Sequence[str]) -> None:
        self.heading, self.texts = heading, texts
        self.width = max(cell_width(heading.text), *map(cell_width, texts))

    def lines(self) -> Iterator[str]:
        """Heading and texts, all of one width."""
        yield painted(self._padded(self.heading.text), bold=True)
        yield from (self.heading.paint(self._padded(text)) for text in self.texts)

    def _padded(self, text: str) -> str:
        text = cut(text, self.width)
        space = " " * (self.width - cell_width(text))
        return space + text if self.heading.right else text + space


def _fitting(columns: list[Column], width: int | None) -> list[Column]:
    """The columns that fit, those of the highest rank left out first, then the widest cut as far as it must be."""
    shown = list(columns)
    while width is not None and sum(c.width + GAP for c in shown) - GAP > width:
        last = max(reversed(shown), key=lambda column: column.heading.rank)
        widest = max(shown, key=lambda column: column.width)
        if last.heading.rank:
            shown.remove(last)
        elif widest.width > NARROWEST:
            widest.width -= 1
        else:
            break
    return shown
