"""Figures of a comparison, drawn with matplotlib from what its report says.

``style`` has colours and the door to matplotlib, ``sheet`` a figure in the making with labels at the ends of lines,
``scales`` its axes, ``series`` what is drawn of a table. A panel each: ``lines``, ``seeds``, ``layers``, ``settings``,
and ``traces`` of a single run; ``panels`` puts them together and ``files`` writes them.
"""

from __future__ import annotations

from pathlib import Path

from synthgrad.compare.figures.files import as_svg, kind, write
from synthgrad.compare.figures.panels import Panel, alone, panels, together
from synthgrad.compare.figures.style import NARROW, PRINT, WIDE, Palette, available, drawing
from synthgrad.compare.figures.traces import traces
from synthgrad.compare.report import Report

__all__ = ["NARROW", "WIDE", "Palette", "Panel", "available", "panels", "save", "svg", "traces"]


def save(report: Report, path: Path, width: float = WIDE) -> None:
    """Write all there is to see of a report into one figure, ``.svg``, ``.pdf`` or ``.png``.

    Raises ConfigError for any other suffix; RunError without matplotlib, or where it cannot be written.
    """
    kind(path)
    with drawing(PRINT):
        write(together(report, width, PRINT).finish(), path)


def svg(panel: Panel, palette: Palette, width: float) -> str:
    """One panel as the text of an SVG file."""
    with drawing(palette):
        return as_svg(alone(panel, width, palette).finish())
