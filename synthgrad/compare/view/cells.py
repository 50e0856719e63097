"""Cells of a table, before it is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Self

from synthgrad.compare.report import Difference, Interval
from synthgrad.numbers import decimals, fixed, percent, small


class Cell(str):
    """Text that knows the numbers in it: ``parts`` side by side are texts, and texts with the numbers they show.

    ``best`` sets a cell off from others, ``hint`` is shown by a page when a mouse is over it.
    """

    parts: tuple[str | tuple[str, float], ...]
    best: bool
    hint: str | None

    def __new__(cls, *parts: str | tuple[str, float], best: bool = False, hint: str | None = None) -> Self:
        self = super().__new__(cls, "".join(part if isinstance(part, str) else part[0] for part in parts))
        self.parts, self.best, self.hint = parts, best, hint
        return self


def number(value: float | None, digits: int = 0, sign: str = "") -> Cell:
    """A number with so many digits after the point; a dash for what is not known."""
    return shown(value, fixed(value, digits, sign))


def shown(value: float | None, text: str) -> Cell:
    """A number as this text; the text alone for what is not known."""
    return Cell(text) if value is None or not math.isfinite(value) else Cell((text, value))


def interval(ends: Interval | None, digits: int, sign: str = "") -> Cell:
    """An interval, ``0.705..0.719``."""
    return (
        Cell()
        if ends is None
        else Cell(*number(ends[0], digits, sign).parts, "..", *number(ends[1], digits, sign).parts)
    )


def record(d: Difference | None) -> Cell:
    """Wins, losses and, if there are any, ties: ``9-0-1``."""
    counts = [] if d is None else [d.wins, d.losses, *([d.ties] if d.ties else [])]
    return Cell(*(part for i, count in enumerate(counts) for part in ("-" if i else "", (str(count), count))))


def verdict(d: Difference | None, digits: int, otherwise: str) -> Cell:
    """A mean difference and what may be concluded, ``+0.168 better``."""
    return Cell(otherwise) if d is None else Cell(*number(d.mean, digits, "+").parts, f" {d.verdict}")


def p_value(p: float | None) -> Cell:
    """A p-value, ``.006``."""
    return shown(p, small(p))


def gap(d: Difference | None, otherwise: str = "") -> Cell:
    """How much of the way from the control to the reference a method goes, in percent."""
    return Cell(otherwise) if d is None else shown(d.gap, percent(d.gap))


def digits_for(intervals: Iterable[Interval | None], magnitude: float = 1.0) -> int:
    """Digits after the point for numbers with these intervals."""
    return decimals([ends[1] - ends[0] for ends in intervals if ends is not None], magnitude)


def to_target(epochs: float | None, reached: int | None, runs: int) -> Cell:
    """The median of the epochs to the target or, where that is not reached, how many of the runs did: ``2/7``."""
    if reached is None:
        return Cell()
    return Cell((f"{epochs:g}", epochs)) if epochs is not None else Cell((str(reached), reached), f"/{runs}")
