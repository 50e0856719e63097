"""Text as wide as the terminal: names as they are, tables that give up columns before they break."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

import click

PIPED = 100
"""The width of a page that goes into a file or a pipe."""
GAP = 2
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


def as_json(data: Any) -> str:
    """Plain data as JSON that every reader takes: what is not finite becomes text, what JSON does not know too."""
    import json

    return json.dumps(_finite(data), indent=2, allow_nan=False, default=str)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return repr(data) if isinstance(data, float) and not math.isfinite(data) else data


def warn(lines: Iterable[str]) -> None:
    """Say on stderr what a person should know, each on a line of its own."""
    for line in lines:
        click.echo(visible(line), err=True)


def width() -> int | None:
    """The columns of the terminal; None where the output goes into a file or a pipe, whatever COLUMNS says."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None


def painted(text: str, **style: Any) -> str:
    """The text in a colour, on a terminal that has one and may."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return click.style(text, **style) if coloured else text


def visible(name: object) -> str:
    """A name on one line of a terminal: what cannot be printed is spelt out."""
    text = str(name)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def cells(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def table(headings: Sequence[Heading], rows: Sequence[Sequence[str]], room: int | None) -> list[str]:
    """Lines of a table without empty columns, as wide as there is room; of headings without text there is no line."""
    if not rows:
        return []
    columns = [Column(h, texts) for h, texts in zip(headings, zip(*rows, strict=True), strict=True) if any(texts)]
    shown = _fitting(columns, room)
    lines = ["  ".join(line).rstrip() for line in zip(*(column.lines() for column in shown), strict=True)]
    return lines if any(h.text for h in headings) else lines[1:]


class Column:
    """A heading and the texts below it, as wide as the widest."""

    def __init__(self, heading: Heading, texts: Sequence[str]) -> None:
        self.heading, self.texts = heading, texts
        self.width = max(cells(heading.text), *map(cells, texts))

    def lines(self) -> Iterator[str]:
        """Heading and texts, all of one width."""
        yield painted(self._padded(self.heading.text), bold=True)
        yield from (self.heading.paint(self._padded(text)) for text in self.texts)

    def _padded(self, text: str) -> str:
        text = middle(text, self.width)
        space = " " * (self.width - cells(text))
        return space + text if self.heading.right else text + space


def _fitting(columns: list[Column], room: int | None) -> list[Column]:
    """The columns that fit, those of the highest rank left out first, then the widest cut as far as it must be."""
    shown = list(columns)
    while room is not None and sum(c.width + GAP for c in shown) - GAP > room:
        last = max(reversed(shown), key=lambda column: column.heading.rank)
        widest = max(shown, key=lambda column: column.width)
        if last.heading.rank:
            shown.remove(last)
        elif widest.width > NARROWEST:
            widest.width -= 1
        else:
            break
    return shown


def middle(text: str, width: int) -> str:
    """A text cut to so many columns in its middle: a run is known by its beginning and its end."""
    if cells(text) <= width:
        return text
    left, right = (width - 1) // 2, width - 1 - (width - 1) // 2
    while left + right > 2 and cells(text[:left]) + cells(text[-right:]) + 1 > width:
        left, right = (left - 1, right) if left >= right else (left, right - 1)
    return f"{text[:left]}…{text[-right:]}"


def filled(text: str, room: int, indent: str = "") -> list[str]:
    """A sentence on as many lines as it needs; words and paths stay whole."""
    return wrap(text, room, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
