"""Figures as files and as text: the same bytes whenever they are made of the same report."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

from synthgrad.compare.figures.style import Figure
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.runs.directory import hand_over

KINDS = ("svg", "pdf", "png")
DOTS = 300
"""Of a PNG, per inch."""
UNDATED: dict[str, Settings] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}


def kind(path: Path) -> str:
    """The kind of file that its name asks for. Raises ConfigError."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in KINDS:
        raise ConfigError(f"--plot {path}: a figure is a file in .svg, .pdf or .png")
    return suffix


def write(figure: Figure, path: Path) -> None:
    """Write a figure to a temporary file and rename it. Raises ConfigError, RunError."""
    suffix = kind(path)

    def _write(file: BinaryIO) -> None:
        made = io.BytesIO()
        figure.savefig(made, format=suffix, dpi=DOTS, metadata=UNDATED[suffix])
        file.write(_shorter(made.getvalue()) if suffix == "svg" else made.getvalue())

    hand_over(path, _write)


def _shorter(svg: bytes) -> bytes:
    """An SVG with its paths to a hundredth of a point: half the size."""
    return re.sub(rb' d="[^"]*"', lambda path: re.sub(rb"(\.\d\d)\d+", rb"\1", path[0]), svg)


def as_svg(figure: Figure) -> str:
    """A figure as SVG whose letters are text, for a page."""
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata=UNDATED["svg"])
        return file.getvalue().decode()
