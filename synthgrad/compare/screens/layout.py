"""Columns of text side by side, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from unicodedata import east_asian_width

GAP = 2


@dataclass
class Column:
    """One column of a table. Where the width does not do, the column with the highest ``rank`` goes first."""

    header: str
    cells: list[str]
    right: bool = True
    rank: int = 0

    @property
    def width(self) -> int:
        return max(map(room, [self.header, *self.cells]))

    @property
    def empty(self) -> bool:
        """Whether no cell says anything."""
        return not any(cell.strip("- ") for cell in self.cells)


def lay_out(columns: Sequence[Column], width: int) -> list[str]:
    """Header and rows, at most ``width`` wide but for what has rank 0."""
    kept = [column for column in columns if not column.empty or column.rank == 0]
    while taken(kept) > width and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    rows = zip(*([column.header, *column.cells] for column in kept), strict=True)
    return [(" " * GAP).join(_pad(cell, c) for cell, c in zip(row, kept, strict=True)).rstrip() for row in rows]


def taken(columns: Sequence[Column]) -> int:
    """The width of columns side by side."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _pad(cell: str, column: Column) -> str:
    space = " " * (column.width - room(cell))
    return space + cell if column.right else cell + space


def room(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def ends(left: str, right: str, width: int) -> list[str]:
    """Two texts at the ends of one line, or on two lines where they do not fit on one."""
    space = width - room(left) - room(right)
    return [left + " " * space + right] if space >= GAP else [*fill(left, width), *fill(right, width)]


def fill(text: str, width: int, hang: int = 0) -> list[str]:
    """Text wrapped at spaces; lines after the first begin with ``hang`` spaces."""
    return wrap(text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False) or [""]


def cut(text: str, width: int) -> str:
    """Text that is not wider than this."""
    return text if room(text) <= width else text[: max(1, width - 1)] + "…"


def plain(text: str) -> str:
    """Text without control characters: a name must not move the cursor."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
