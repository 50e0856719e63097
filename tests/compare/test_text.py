"""Text for a terminal: what stands for signs that its encoding lacks."""

from __future__ import annotations

import io

import pytest

from synthgrad.compare.sparkline import BLOCKS
from synthgrad.compare.text import PLAIN, legible


class Terminal(io.TextIOWrapper):
    """A stream of this encoding that says that it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "0.5 → 1 ±2 a…b 日"), ("ascii", "0.5 > 1 +-2 a~b 日"), ("latin-1", "0.5 > 1 ±2 a~b 日"),
     ("cp1252", "0.5 > 1 ±2 a…b 日")],
)  # fmt: skip
def test_signs_that_a_terminal_lacks_are_written_in_ascii(encoding: str, said: str) -> None:
    """Those of screens, and only those that it lacks; names stay."""
    assert legible("0.5 → 1 ±2 a…b 日", Terminal(io.BytesIO(), encoding=encoding)) == said


def test_curves_stay_curves() -> None:
    """Every block has a letter of its own."""
    letters = legible(BLOCKS, Terminal(io.BytesIO(), encoding="ascii"))
    assert letters.isascii()
    assert len(set(letters)) == len(letters) == len(BLOCKS)
    assert all(letter.isascii() for letter in PLAIN.values())


def test_what_goes_into_a_file_is_utf_8() -> None:
    """Whatever the locale says."""
    assert legible("→", io.TextIOWrapper(io.BytesIO(), encoding="ascii")) == "→"
