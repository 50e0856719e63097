"""Tables of a page: every rounded number carries its exact value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from synthgrad.compare.layout import Column
from synthgrad.compare.page.markup import Node, e
from synthgrad.compare.view.cells import Cell

NONE = "–"
LONG = 30
"""Letters; a longer cell may have more than one line."""


def table(caption: str, columns: Sequence[Column]) -> Element:
    """A table in a box of its own, in which it scrolls; the first cell of a row is its name."""
    head = e("tr", (e("th", c.header, scope="col", class_="n" if c.right else None) for c in columns))
    body = (e("tr", _cells(row, columns)) for row in zip(*(column.cells for column in columns), strict=True))
    whole = e("table", e("caption", caption), e("thead", head), e("tbody", body), class_="sortable")
    return e("div", whole, class_="box", role="region", aria_label=caption, tabindex="0")


def node(cell: str) -> Node:
    """What a page shows of a cell; a dash for nothing."""
    if not isinstance(cell, Cell) or cell in ("", "-"):
        return NONE if cell in ("", "-") else cell
    return e("span", (e("span", p[0], data_value=repr(p[1])) if isinstance(p, tuple) else p for p in cell.parts))


def _cells(row: Sequence[str], columns: Sequence[Column]) -> Iterator[Element]:
    first, *rest = row
    yield e("th", node(first), scope="row", class_=_kinds(first))
    for cell, column in zip(rest, columns[1:], strict=True):
        best = isinstance(cell, Cell) and cell.best
        hint = cell.hint if isinstance(cell, Cell) else None
        yield e("td", node(cell), class_=_kinds(cell, "n" * column.right, "chosen" * best), title=hint)


def _kinds(cell: str, *kinds: str) -> str | None:
    """The classes of a cell."""
    return " ".join(filter(None, [*kinds, "long" * (len(cell) > LONG)])) or None
