"""Figures of a comparison, drawn with matplotlib from what its report says, as files and as text.

``style`` has colours and the door to matplotlib, ``sheet`` a figure in the making with labels at the ends of lines,
``scales`` its axes, ``series`` what is drawn of a table. A panel each: ``lines``, ``seeds``, ``layers``, ``settings``,
and ``traces`` of a single run; ``panels`` puts them together.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from synthgrad.compare.figures.panels import alone, panels, together
from synthgrad.compare.figures.sheet import Panel
from synthgrad.compare.figures.style import NARROW, PRINT, WIDE, Palette, available, drawing
from synthgrad.compare.figures.traces import traces
from synthgrad.compare.report import Report
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.runs.directory import hand_over

__all__ = ["NARROW", "WIDE", "Palette", "Panel", "available", "panels", "save", "svg", "traces"]

DOTS = 300
"""Of a PNG, per inch."""
UNDATED: dict[str, Settings] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}
"""The kinds of files, and what must not be written into them, so that a report always makes the same bytes."""


def save(report: Report, path: Path, width: float = WIDE) -> None:
    """Write all there is to see of a report into one figure, ``.svg``, ``.pdf`` or ``.png``.

    Raises ConfigError for any other suffix; RunError without matplotlib, or where it cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in UNDATED:
        raise ConfigError(f"--plot {path}: a figure is a file in .svg, .pdf or .png")
    made = io.BytesIO()
    with drawing(PRINT):
        figure = together(report, width, PRINT).finish()
        figure.savefig(made, format=kind, dpi=DOTS, metadata=UNDATED[kind])
    data = _shorter(made.getvalue()) if kind == "svg" else made.getvalue()
    hand_over(path, lambda file: file.write(data))


def svg(panel: Panel, palette: Palette, width: float) -> str:
    """One panel as the text of an SVG file whose letters are text, for a page."""
    with drawing(palette):
        import matplotlib

        figure, made = alone(panel, width, palette).finish(), io.BytesIO()
        with matplotlib.rc_context({"svg.fonttype": "none"}):
            figure.savefig(made, format="svg", transparent=True, metadata=UNDATED["svg"])
        return made.getvalue().decode()


def _shorter(svg: bytes) -> bytes:
    """An SVG with its paths to a hundredth of a point: half the size."""
    return re.sub(rb' d="[^"]*"', lambda path: re.sub(rb"(\.\d\d)\d+", rb"\1", path[0]), svg)
