"""Columns of text side by side, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from synthgrad.compare.text import GAP, cell_width, cut, fill

WIDE = 100
"""From this width on there is room for more."""
NARROWEST = 8


@dataclass
class Column:
    """One column of a table. Where the width does not do, the column with the highest ``rank`` goes first.

    Only pages show ``detail``; a terminal may ``paint`` the cells.
    """

    header: str
    cells: Sequence[str] = ()
    right: bool = True
    rank: int = 0
    detail: bool = False
    paint: Callable[[str], str] = str

    @property
    def empty(self) -> bool:
        """Whether no cell says anything."""
        return not any(cell.strip("- ") for cell in self.cells)

    @property
    def width(self) -> int:
        """The cells of a terminal that it takes."""
        return max(map(cell_width, [self.header, *self.cells]))


def brief(columns: Iterable[Column]) -> list[Column]:
    """Columns without details."""
    return [column for column in columns if not column.detail]


def lay_out(
    columns: Sequence[Column], width: float, *, cuts: bool = False, head: Callable[[str], str] = str
) -> list[str]:
    """Header, as ``head`` paints it, and rows, at most ``width`` wide; a header is left out if no column has one.

    Where even the columns of rank 0 are too many, every row is filled or, if it ``cuts``, the widest columns are cut.
    """
    kept = [column for column in brief(columns) if not column.empty or column.rank == 0]
    while taken(kept) > width and any(column.rank for column in kept):
        kept.remove(max(reversed(kept), key=lambda column: column.rank))
    named = any(column.header for column in kept)
    widths = [column.width for column in kept]
    if taken(kept) > width and len(kept) > 1 and not cuts:
        return _filled(kept, int(width))[not named :]
    while cuts and sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = [[head(_padded(c.header, c, w)), *(c.paint(_padded(cell, c, w)) for cell in c.cells)]
             for c, w in zip(kept, widths, strict=True)]  # fmt: skip
    return [(" " * GAP).join(row).rstrip() for row in zip(*lines, strict=True)][not named :]


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether these can stand side by side, those that may go left out."""
    return taken([column for column in brief(columns) if not column.rank]) <= width


def taken(columns: Sequence[Column]) -> int:
    """The width of columns side by side."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _filled(columns: Sequence[Column], width: int) -> list[str]:
    """Each row as text, every cell behind its header."""
    first, *rest = columns
    lines = [cut(first.header, width)]
    for at, cell in enumerate(first.cells):
        parts = [f"{column.header} {column.cells[at]}".strip() for column in rest if column.cells[at]]
        lines += fill(f"{cell}{':' if cell and parts else ''} {', '.join(parts)}".strip(), width, GAP)
    return lines


def _padded(text: str, column: Column, width: int) -> str:
    text = cut(text, width)
    space = " " * (width - cell_width(text))
    return space + text if column.right else text + space
