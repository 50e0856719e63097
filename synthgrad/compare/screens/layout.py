"""Columns of text side by side, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthgrad.compare.text import GAP, cell_width, cut, fill


@dataclass
class Column:
    """One column of a table. Where the width does not do, the column with the highest ``rank`` goes first."""

    header: str
    cells: list[str]
    right: bool = True
    rank: int = 0

    @property
    def width(self) -> int:
        return max(map(cell_width, [self.header, *self.cells]))

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
    space = " " * (column.width - cell_width(cell))
    return space + cell if column.right else cell + space
