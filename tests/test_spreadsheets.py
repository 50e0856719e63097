"""CSV: what a spreadsheet would run, or a terminal obey, is text; numbers stay numbers."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.spreadsheets import csv_line, csv_text

FORMULAS = "=+-@\N{FULLWIDTH EQUALS SIGN}"


def cells(line: str) -> list[str]:
    """The cells of one line, as any reader has them."""
    (row,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    return row


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", " =1", "-", "-1+1", "\N{FULLWIDTH EQUALS SIGN}1"])
def test_a_formula_is_text(text: str) -> None:
    """With an apostrophe in front, which a spreadsheet does not show."""
    assert cells(csv_line([text])) == [f"'{text}"]


@pytest.mark.parametrize("text", ["-1", "+0.5", "-1e-05", "-.5", "-inf", "nan", "-nan", "a=b", "dni both", "1"])
def test_numbers_and_names_stay_as_they_are(text: str) -> None:
    """Digit for digit."""
    assert csv_line([text]) == text


@pytest.mark.parametrize("value", [-1, -0.5, -math.inf, True, None])
def test_what_is_not_text_stays_as_it_is(value: object) -> None:
    """As the csv module writes it."""
    assert cells(csv_line([value, 0])) == ["" if value is None else str(value), "0"]


@pytest.mark.parametrize(
    ("text", "shown"), [("\x1b[2J", r"\x1b[2J"), ("\t=1", r"\t=1"), ("\r=1", r"\r=1"), ("a\0", r"a\x00")]
)
def test_control_characters_are_spelt_out(text: str, shown: str) -> None:
    """No cell moves a cursor."""
    assert cells(csv_line([text])) == [shown]


@given(st.lists(st.text(), min_size=2))
def test_any_text_is_one_inert_cell(texts: list[str]) -> None:
    """Whatever it is, the columns are those that were written."""
    line = csv_line(texts)
    assert len(cells(line)) == len(texts)
    assert all(c.isprintable() or c == "\n" or 0xDC80 <= ord(c) < 0xDD00 for c in line)
    assert not any(c.startswith(tuple(FORMULAS)) for c in cells(line) if not c[1:2].isdigit())


def test_lines_end_alike() -> None:
    """On every system."""
    assert csv_text([["a", "b"], [1, None]]) == "a,b\n1,\n"
