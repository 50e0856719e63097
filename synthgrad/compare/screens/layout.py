"""Columns of text side by side, as many as fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

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
    """Header and rows, at most ``width`` wide; where even the columns of rank 0 are too many, every row is filled."""
    kept = [column for column in columns if not column.empty or column.rank == 0]
    while taken(kept) > width and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    if taken(kept) > width and len(kept) > 1:
        return _filled(kept, width)
    rows = zip(*([column.header, *column.cells] for column in kept), strict=True)
    return [(" " * GAP).join(_pad(cell, c) for cell, c in zip(row, kept, strict=True)).rstrip() for row in rows]


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether these can stand side by side, those that may go left out."""
    return taken([column for column in columns if not column.rank]) <= width


def _filled(columns: Sequence[Column], width: int) -> list[str]:
    """Each row as text, every cell behind its header."""
    first, *rest = columns
    lines = [cut(first.header, width)]
    for at, cell in enumerate(first.cells):
        told = [f"{column.header} {column.cells[at]}".strip() for column in rest if column.cells[at]]
        lines += fill(f"{cell}{':' if cell and told else ''} {', '.join(told)}".strip(), width, GAP)
    return lines


def taken(columns: Sequence[Column]) -> int:
    """The width of columns side by side."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _pad(cell: str, column: Column) -> str:
    space = " " * (column.width - room(cell))
    return space + cell if column.right else cell + space


def room(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def ends(left: str, right: str, width: int) -> list[str]:
    """Two texts at the ends of one line, or on two lines where they do not fit on one."""
    space = width - room(left) - room(right)
    return [left + " " * space + right] if space >= GAP else [*fill(left, width), *fill(right, width)]


def fill(text: str, width: int, hang: int = 0) -> list[str]:
    """Text wrapped at spaces; lines after the first begin with ``hang`` spaces. What is one word stays whole."""
    lines: list[str] = []
    for piece in re.findall(r"\s*\S+", text):  # a word and the space in front of it
        if lines and room(lines[-1]) + room(piece) <= width:
            lines[-1] += piece
        else:
            lines.append(" " * hang + piece.strip() if lines else piece)
    return lines or [""]


def cut(text: str, width: int) -> str:
    """Text that is not wider than this; what is left out is in its middle, as names differ at their ends."""
    if room(text) <= width:
        return text
    front, back = text, ""
    while room(front) > (width - 1) // 2:
        front = front[:-1]
    while len(front) + len(back) < len(text) and room(front) + room(text[-len(back) - 1 :]) < width:
        back = text[-len(back) - 1 :]
    return f"{front}…{back}"


def names(labels: Sequence[str], width: int) -> dict[str, str]:
    """Labels that are cut to this width, or to the least at which no two of them read alike."""
    most = max(map(room, labels), default=0)
    tries = ({label: cut(label, w) for label in labels} for w in range(width, max(width, most) + 1))
    return next(short for short in tries if len(set(short.values())) == len(short))


def plain(text: str) -> str:
    """Text without control characters: a name must not move the cursor."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
