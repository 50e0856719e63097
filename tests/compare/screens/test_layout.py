"""Columns of text side by side, as many as fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.compare.layout import Column, lay_out
from synthgrad.compare.text import cell_width, cut, ends, fill, names
from synthgrad.text import printable

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=30)


def test_the_highest_rank_goes_first() -> None:
    """What has rank 0 stays, however wide."""
    columns = [Column("a", ["aaaa"]), Column("b", ["bbbb"], rank=1), Column("c", ["cccc"], rank=2)]
    assert lay_out(columns, 16) == ["   a     b     c", "aaaa  bbbb  cccc"]
    assert lay_out(columns, 15) == ["   a     b", "aaaa  bbbb"]
    assert lay_out(columns, 1) == ["   a", "aaaa"]


def test_a_column_that_says_nothing_is_not_shown() -> None:
    """Dashes and blanks; unless it has rank 0."""
    columns = [Column("a", ["-", ""]), Column("b", ["-", " "], rank=1), Column("c", ["-", "1"], rank=2)]
    assert lay_out(columns, 80) == ["a  c", "-  -", "   1"]


def test_wide_letters_take_two_places() -> None:
    """So that columns stay below each other; accents take none."""
    assert lay_out([Column("n", ["日本", "e\u0301"], right=False), Column("", ["1", "2"])], 80) == [
        "n",
        "日本  1",
        "e\u0301     2",
    ]
    assert cell_width("日本e\u0301") == 5


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("dni both", 8, "dni both"),
        ("dni layer-output", 10, "dni …utput"),
        ("abc", 1, "…"),
        ("日本語日本語", 7, "日…本語"),
    ],
)
def test_a_cut_leaves_out_the_middle(text: str, width: int, short: str) -> None:
    """Names differ at their ends."""
    assert cut(text, width) == short


@given(TEXT, st.integers(1, 40))
def test_what_is_cut_is_as_wide_as_it_may_be(text: str, width: int) -> None:
    """Never wider, and not cut where it fits."""
    short = cut(text, width)
    assert cell_width(short) <= width
    assert short == text or cell_width(text) > width


@given(st.lists(TEXT, unique=True, max_size=8), st.integers(1, 20))
def test_names_that_are_cut_stay_different(labels: list[str], width: int) -> None:
    """Or they are not cut: two groups must not read alike."""
    short = names(labels, width)
    assert len(set(short.values())) == len(labels)


@given(st.lists(st.text("ab日 ", min_size=1), max_size=12), st.integers(8, 40), st.integers(0, 4))
def test_filled_lines_are_no_wider_than_asked(words: list[str], width: int, hang: int) -> None:
    """But for a single word; and no word is lost or broken."""
    text = " ".join(words).strip()
    lines = fill(text, width, hang)
    assert " ".join(lines).split() == text.split()
    assert all(cell_width(line) <= width or len(line.split()) == 1 for line in lines)


def test_spaces_within_a_line_stay() -> None:
    """They set things apart."""
    assert fill("held  36 keys    differs  a, b", 80) == ["held  36 keys    differs  a, b"]
    assert fill("held  36 keys    differs  a, b", 18, 2) == ["held  36 keys", "  differs  a, b"]


def test_two_ends_of_a_line_or_two_lines() -> None:
    """As the width allows."""
    assert ends("left", "right", 12) == ["left   right"]
    assert ends("left", "right", 10) == ["left", "right"]


@pytest.mark.parametrize(
    "letter", ["\x1b", "\n", "\r", "\t", "\x00", "\x7f", "\x85", "\u2028", "\u202e", "\udcff", "\ufeff"]
)
def test_what_moves_the_cursor_is_shown_as_a_mark(letter: str) -> None:
    """Escapes, line ends of any kind, letters that turn the direction round."""
    assert printable(f"a{letter}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_other_letters_are_as_they_are() -> None:
    """Brackets and accents of any script."""
    text = "[red]<script>'\"日本é ▁█ ±"
    assert printable(text) == text
