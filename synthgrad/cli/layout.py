"""Text as wide as the terminal: names as they are, tables that give up columns before they break."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import click

from synthgrad.compare.layout import Column, lay_out
from synthgrad.records import finite
from synthgrad.text import counted, escaped

PIPED = 100
"""The width of a page that goes into a file or a pipe."""


def emit(lines: Iterable[str]) -> None:
    """Print lines on stdout, whatever its encoding; a name that is no text comes out as the bytes that it is."""
    out = sys.stdout.buffer
    for line in lines:
        out.write(line.encode("utf-8", "surrogateescape") + b"\n")
    out.flush()


def as_json(data: object) -> str:
    """Plain data as JSON that every reader takes: what is not finite becomes text, what JSON does not know too."""
    import json

    return json.dumps(finite(data), indent=2, allow_nan=False, default=str)


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


def table(headings: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Lines of a table as wide as there is room; of headings without text there is no line."""
    if not rows:
        return []
    columns = [replace(h, cells=texts) for h, texts in zip(headings, zip(*rows, strict=True), strict=True)]
    return lay_out(columns, width or math.inf, cuts=True, head=lambda text: painted(text, bold=True))
