"""Numbers and tables: every rounded number carries its exact value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from synthgrad.compare.page.markup import Node, e
from synthgrad.compare.report import Interval
from synthgrad.numbers import decimals, fixed

NONE = "–"
LONG = 30
"""Letters; a longer cell may have more than one line."""


def number(value: float | None, digits: int = 0, sign: str = "", text: str | None = None) -> Node:
    """A number for eyes, by default with so many digits after the point; a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return NONE
    return e("span", fixed(value, digits, sign) if text is None else text, data_value=repr(value))


def interval(ends: Interval | None, digits: int, sign: str = "") -> Node:
    """An interval, ``0.705..0.719``."""
    if ends is None:
        return NONE
    return e("span", number(ends[0], digits, sign), "..", number(ends[1], digits, sign))


def record(wins: int, losses: int, ties: int) -> Node:
    """Wins, losses and, if there are any, ties: ``9-0-1``."""
    counts = [wins, losses, *([ties] if ties else [])]
    return e("span", *(part for i, count in enumerate(counts) for part in ("-" if i else None, number(count))))


def digits_for(intervals: Iterable[Interval | None], magnitude: float = 1.0) -> int:
    """Digits after the point for numbers with these intervals."""
    return decimals([ends[1] - ends[0] for ends in intervals if ends is not None], magnitude)


Row = Sequence[Node]


def table(caption: str, headings: Sequence[str], rows: Iterable[Row], numeric: bool = True) -> Element:
    """A table in a box of its own, in which it scrolls; the first cell of a row is its name.

    Columns of numbers stand at the right, unless the table has none.
    """
    listed = [list(row) for row in rows]
    right = [numeric and _of_numbers([row[i] for row in listed]) for i in range(len(headings))]
    head = e(
        "tr",
        (e("th", heading, scope="col", class_="n" if r else None) for heading, r in zip(headings, right, strict=True)),
    )
    body = (e("tr", _cells(row, right)) for row in listed)
    whole = e("table", e("caption", caption), e("thead", head), e("tbody", body), class_="sortable")
    return e("div", whole, class_="box", role="region", aria_label=caption, tabindex="0")


def _cells(row: Row, right: Sequence[bool]) -> list[Node]:
    first, *rest = row
    return [
        e("th", first, scope="row", class_=_long(first)),
        *(_cell(cell, r) for cell, r in zip(rest, right[1:], strict=True)),
    ]


def _cell(cell: Node, right: bool) -> Element:
    chosen = isinstance(cell, Element) and cell.get("class") == "chosen"
    kinds = ["n" if right else None, "chosen" if chosen else None, _long(cell)]
    return e("td", cell, class_=" ".join(filter(None, kinds)) or None)


def _long(cell: Node) -> str | None:
    return "long" if isinstance(cell, str) and len(cell) > LONG else None


def _of_numbers(cells: Sequence[Node]) -> bool:
    return any(map(_is_number, cells)) or all(cell == NONE for cell in cells)


def _is_number(cell: Node) -> bool:
    return isinstance(cell, Element) and any("data-value" in part.attrib for part in cell.iter())
