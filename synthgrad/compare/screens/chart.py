"""The mean curves of a table drawn with braille dots: two across and four down in each letter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from synthgrad.compare.arithmetic import share
from synthgrad.compare.report import Curve, Group, Report
from synthgrad.compare.text import cut, fill
from synthgrad.numbers import short
from synthgrad.text import printable

ROWS = 8
MARK = 9
"""Letters of a number at the side, -1.23e-05."""
BRAILLE = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The bit of each dot in a letter of the braille block, by row and column."""


def chart(report: Report, width: int) -> Iterator[str]:
    """Every group of every table in a frame of its own, all of a table to one scale."""
    for table in report.tables:
        groups = report.of_table(table)[0]
        means = [v for group in groups for v in group.curves[table.metric].mean if v is not None]
        if not means:
            continue
        low, high = min(means), max(means)
        last = max(epoch for group in groups for epoch in group.curves[table.metric].epoch)
        yield from fill(f"{table.metric}, {short(low)} to {short(high)}, epochs 1 to {last}", width)
        for group in groups:
            yield from _frame(group, group.curves[table.metric], (low, high), last, min(width, 100) - MARK - 1)


def _frame(group: Group, curve: Curve, scale: tuple[float, float], last: int, width: int) -> Iterator[str]:
    known = [(epoch, mean) for epoch, mean in zip(curve.epoch, curve.mean, strict=True) if mean is not None]
    letters = _braille(_dots(known, scale, last, width))
    yield printable(cut(group.label, width))
    for at, row in enumerate(letters):
        mark = short(scale[1]) if at == 0 else short(scale[0]) if at == ROWS - 1 else ""
        yield f"{mark:>{MARK}} {row}".rstrip()


def _dots(known: list[tuple[int, float]], scale: tuple[float, float], last: int, width: int) -> npt.NDArray[np.bool_]:
    """One dot a column, as far as the curve goes."""
    dots = np.zeros((4 * ROWS, 2 * width), bool)
    if known:
        epochs, means = np.array(known, dtype=float).T
        at = np.linspace(1, last, dots.shape[1])
        shares = np.interp(at, epochs, share(means, *scale))
        there = (at >= epochs[0]) & (at <= epochs[-1])
        rows = ((1 - shares) * (dots.shape[0] - 1)).round().astype(int)
        dots[rows[there], np.flatnonzero(there)] = True
    return dots


def _braille(dots: npt.NDArray[np.bool_]) -> list[str]:
    height, width = dots.shape
    letters = (dots.reshape(height // 4, 4, width // 2, 2) * DOTS[None, :, None, :]).sum((1, 3)) + BRAILLE
    return ["".join(map(chr, row)).rstrip(chr(BRAILLE)) for row in letters]
