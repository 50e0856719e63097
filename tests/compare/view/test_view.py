"""What tables say, before they are drawn: cells with the numbers in them, columns that every format shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from support.reports import report

from synthgrad.compare.formats import as_markdown, as_tex
from synthgrad.compare.layout import Column, brief
from synthgrad.compare.page import page
from synthgrad.compare.report import Report
from synthgrad.compare.screens import screen
from synthgrad.compare.view.cells import Cell, interval, number, to_target
from synthgrad.compare.view.methods import Methods, claims
from synthgrad.compare.view.settings import Settings


def test_a_cell_is_its_text_and_knows_its_numbers():
    """To the last bit; what is not known is a dash, and has none."""
    assert interval((0.12345, 0.5), 2) == "0.12..0.50"
    assert interval((0.12345, 0.5), 2).parts == (("0.12", 0.12345), "..", ("0.50", 0.5))
    assert (number(None), number(float("nan")).parts) == ("-", ("-",))
    assert [to_target(12.5, 9, 10), to_target(None, 5, 10), to_target(None, None, 10)] == ["12.5", "5/10", ""]


@pytest.mark.parametrize(
    ("means", "heading", "sign"),
    [([1], "value", ""), ([2], "difference", "+"), ([2, 1], "difference or value", "+")],
)
def test_the_value_that_a_claim_holds_against_a_number_has_no_sign(means: Sequence[int], heading: str, sign: str):
    """And stands under its own heading."""
    one = replace(report().claims[0], mean=0.75, interval=(0.5, 0.8))
    answers = [replace(one, means=dict.fromkeys("ab"[:n], 0.5)) for n in means]
    found = {column.header: column.cells for column in claims(answers)}
    assert found[heading][0] == f"{sign}0.75"
    assert found["95% interval"][-1] == ("0.50..0.80" if means[-1] == 1 else "+0.50..+0.80")
    assert claims([]) == []


def _screen(made: Report) -> str:
    return "\n".join(screen(made, [], 400, whole=True))


@pytest.mark.parametrize("sweep", [(), (0.01, 0.1)])
@pytest.mark.parametrize("draw", [_screen, as_markdown, as_tex, page])
def test_every_format_shows_every_cell(draw: Callable[[Report], str], sweep: Sequence[float]):
    """A column that is added to a table is there for the terminal, Markdown, LaTeX and a page."""
    made = report(epochs=20, seeds=7, sweep=sweep, diverged={"dni both": 1})
    table = made.tables[0]
    columns = Settings(table, table.sweep).grid() if table.sweep else Methods(made, table).columns()
    if table.sweep and draw in (as_markdown, as_tex):
        columns = Settings(table, table.sweep).tuned()
    text = _plain(draw(made))
    for column in brief(columns):
        assert column.empty or _plain(column.header) in text
        assert [cell for cell in column.cells if _plain(cell) not in text and cell not in ("", "-")] == []


def _plain(text: str) -> str:
    """Text without markup: what is left are letters and digits."""
    text = re.sub(r"<[^>]+>", "", text) if "<html" in text else text
    text = text.replace("\\,--\\,", "..").replace("\\textless{}", "<").replace("&lt;", "<")
    return re.sub(r"[\\\s\[\]]", "", text)


def test_details_are_for_pages_only():
    """They have room."""
    columns = [Column("a", [Cell("1")]), Column("b", [Cell("2")], detail=True)]
    assert brief(columns) == columns[:1]
