"""Lines of CSV that pandas, R and a spreadsheet read alike: no cell of them is a formula or moves a cursor."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable

from synthgrad.text import escaped

Scalar = str | int | float | bool
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf|[-+]?nan", re.ASCII)
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""A spreadsheet takes what begins so for a formula; in some languages these letters at full width too."""
NO_TEXT = range(0xDC80, 0xDD00)
"""How Python reads bytes of a path that are not text; they are written as the bytes that they are."""


def csv_line(cells: Iterable[object]) -> str:
    """One line, without its end. Text that a spreadsheet would take for a formula has an apostrophe in front."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(map(_inert, cells))  # which has cells with either of them quoted
    return text.getvalue().removesuffix("\r\n")


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Lines of CSV."""
    return "".join(f"{csv_line(row)}\n" for row in rows)


def _inert(value: object) -> object:
    """A number as it is; of text no control character but the end of a line, which stands in quotes."""
    if not isinstance(value, str):
        return value
    text = "".join(c if c == "\n" or ord(c) in NO_TEXT else escaped(c) for c in value)
    if text[:1].isalnum() or NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def scalar(value: object) -> Scalar | None:
    """A value as one cell: numbers, words and switches as they are, lists as text."""
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)
