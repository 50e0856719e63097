"""How figures look: colours, dashes, sizes; and the door to matplotlib, which is an optional library."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from synthgrad.errors import RunError
from synthgrad.records import Settings

if TYPE_CHECKING:
    from matplotlib.artist import Artist as Artist
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
    from matplotlib.figure import FigureBase as FigureBase
    from matplotlib.text import Annotation as Annotation
else:  # the base install must be able to import the files that name these types
    Annotation = Artist = Axes = Figure = FigureBase = object

NARROW, WIDE = 3.3, 6.8
"""Inches: one column of a paper, and both."""


@dataclass(frozen=True)
class Palette:
    """Colours by what they are for; those of ``methods`` are given out in order."""

    methods: tuple[str, ...]
    reference: str
    control: str
    ink: str
    muted: str
    grid: str


# Okabe and Ito's colours, the strong ones first; their yellow a little darker, for it must be seen on white
PRINT = Palette(
    methods=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#C9B400"),
    reference="#1A1A1A",
    control="#767676",
    ink="#1A1A1A",
    muted="#6A6A6A",
    grid="#E2E2E2",
)
HUES = len(PRINT.methods)
"""As many methods as can be told apart in one panel."""
Dash = tuple[float, tuple[float, ...]]
SOLID: Dash = (0, ())
DASHES: tuple[Dash, ...] = (
    SOLID,
    (0, (5, 1.5)),
    (0, (1.5, 1)),
    (0, (5, 1.5, 1.2, 1.5)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2.5, 2.5)),
)
CONTROL_DASH: Dash = (0, (3.5, 2))
SMALL = 6.0
"""Points: the size of remarks within a panel."""


@dataclass(frozen=True)
class Look:
    """How one method is drawn, everywhere."""

    colour: str
    dash: Dash


def available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


@contextmanager
def drawing(palette: Palette) -> Iterator[None]:
    """Matplotlib with a style that no matplotlibrc changes; outside, nothing is changed. Raises RunError."""
    try:
        import matplotlib.style
    except ImportError:
        raise RunError("figures need matplotlib (pip install 'synthgrad[plot]')") from None
    with matplotlib.style.context(["default", _settings(palette)]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a name in a script the font does not have
        warnings.filterwarnings("ignore", "constrained_layout not applied")  # long names: crowded, and drawn
        yield


def _settings(palette: Palette) -> Settings:
    return {
        "font.size": 7,
        "text.color": palette.ink,
        "text.parse_math": False,  # a name may hold dollar signs
        "axes.edgecolor": palette.muted,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.labelcolor": palette.ink,
        "axes.labelpad": 3,
        "axes.linewidth": 0.6,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": palette.grid,
        "grid.linewidth": 0.6,
        "xtick.color": palette.muted,
        "ytick.color": palette.muted,
        "xtick.labelcolor": palette.ink,
        "ytick.labelcolor": palette.ink,
        "xtick.major.size": 2,
        "ytick.major.size": 0,
        "xtick.major.width": 0.6,
        "lines.dash_capstyle": "butt",
        "lines.solid_capstyle": "round",
        "lines.scale_dashes": False,
        "path.simplify": True,
        "path.simplify_threshold": 0.5,
        "savefig.transparent": False,
        "svg.hashsalt": "synthgrad",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
    }
