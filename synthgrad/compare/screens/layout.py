"""Columns of text side by side, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.compare.text import GAP, cell_width, cut, fill
from synthgrad.compare.view.cells import Column, brief

WIDE = 100
"""From this width on there is room for more."""


def lay_out(columns: Sequence[Column], width: int) -> list[str]:
    """Header and rows, at most ``width`` wide; where even the columns of rank 0 are too many, every row is filled.

    A header is left out if no column has one.
    """
    kept = [column for column in brief(columns) if not column.empty or column.rank == 0]
    while taken(kept) > width and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    head = any(column.header for column in kept)
    if taken(kept) > width and len(kept) > 1:
        return _filled(kept, width)[not head :]
    rows = list(zip(*([column.header, *column.cells] for column in kept), strict=True))[not head :]
    return [(" " * GAP).join(_pad(cell, c) for cell, c in zip(row, kept, strict=True)).rstrip() for row in rows]


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether these can stand side by side, those that may go left out."""
    return taken([column for column in brief(columns) if not column.rank]) <= width


def _filled(columns: Sequence[Column], width: int) -> list[str]:
    """Each row as text, every cell behind its header."""
    first, *rest = columns
    lines = [cut(first.header, width)]
    for at, cell in enumerate(first.cells):
        parts = [f"{column.header} {column.cells[at]}".strip() for column in rest if column.cells[at]]
        lines += fill(f"{cell}{':' if cell and parts else ''} {', '.join(parts)}".strip(), width, GAP)
    return lines


def taken(columns: Sequence[Column]) -> int:
    """The width of columns side by side."""
    return sum(map(_width, columns)) + GAP * (len(columns) - 1)


def _width(column: Column) -> int:
    return max(map(cell_width, [column.header, *column.cells]))


def _pad(cell: str, column: Column) -> str:
    space = " " * (_width(column) - cell_width(cell))
    return space + cell if column.right else cell + space
