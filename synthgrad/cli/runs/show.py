"""``synthgrad runs show``: a page about one run."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.layout import PIPED, as_json, emit, painted, table, width
from synthgrad.cli.options import file_option, run_argument, run_names, text_or_json
from synthgrad.compare.layout import Column, taken
from synthgrad.compare.text import GAP, fill, legible
from synthgrad.records import Record
from synthgrad.text import escaped

if TYPE_CHECKING:
    from synthgrad.types import Floats

INDENT = "  "
CURVE = (8, 60)
"""The fewest and the most blocks of a curve."""


@click.command
@run_argument("run")
@text_or_json
@file_option("--html", help="Write a page instead.")
@run_names
def show(run: str, kind: str, html: Path | None, runs: Path) -> None:
    """Show a run's results, settings, curves and environment.

    Settings are those that are not at their defaults.

    \b
    Examples:
      synthgrad runs show latest
      synthgrad runs show b7e7 --format json
      synthgrad runs show b7e7 --html run.html
    """
    from synthgrad.runs.description import describe
    from synthgrad.runs.finding import named
    from synthgrad.runs.reading import Recorded

    recorded = Recorded(named(run, runs))
    if html is not None:
        from synthgrad.compare.page import show_page
        from synthgrad.runs.directory import write_text

        write_text(html, show_page(recorded))
        return
    metrics = recorded.metrics()
    columns = metrics.columns(metrics.names)
    recorded.note_damage(metrics.damage)
    said = describe(recorded, columns)
    lines = [as_json(said)] if kind == "json" else page(said, columns, width() or PIPED)
    emit(lines if kind == "json" else (legible(line, sys.stdout) for line in lines))


def page(said: Record, columns: Mapping[str, Floats], room: int) -> list[str]:
    """The lines of the page."""
    from synthgrad.compare.view import run

    all_of_them = [] if said["changed"] is not None else [f"{INDENT}(of another version: all of them)"]
    return [
        painted(escaped(said["name"]), bold=True),
        *(line for sentence in run.happened(said) for line in fill(escaped(sentence), room)),
        *_block("settings", [*all_of_them, *_table(run.settings(said), room)]),
        *_block("curves", _curves(said, columns, room)),
        *_block("layers", _table(run.layers(said), room)),
        *_block("made with", _pairs(run.made_with(said["about"]), room)),
        *_block(
            "damage", [line for note in said["damage"] for line in fill(INDENT + escaped(note), room, len(INDENT))]
        ),
    ]


def _block(title: str, lines: list[str]) -> list[str]:
    return ["", painted(title, bold=True), *lines] if lines else []


def _table(columns: Sequence[Column], room: int) -> list[str]:
    lines = table(
        columns, list(zip(*(map(escaped, column.cells) for column in columns), strict=True)), room - len(INDENT)
    )
    return [INDENT + line for line in lines]


def _curves(said: Record, columns: Mapping[str, Floats], room: int) -> list[str]:
    """The loss and the held-out metrics; those of training where nothing was held out."""
    from synthgrad.compare.sparkline import sparkline
    from synthgrad.compare.view.run import metrics
    from synthgrad.scores import score_in

    names = [name for name in said["figures"] if name == "loss" or name.startswith("test_")]
    if names in ([], ["loss"]):
        names = [name for name in said["figures"] if name == "loss" or score_in(name)]
    if not names:
        return []
    found = metrics(said, names)
    blocks = max(CURVE[0], min(CURVE[1], room - len(INDENT) - taken(found) - GAP))
    values = ([value for value in columns[name].tolist() if math.isfinite(value)] for name in names)
    curves = Column("", [sparkline(line, blocks) for line in values], right=False)
    return _table([found[0], curves, *found[1:]], room)


def _pairs(rows: Mapping[str, str], room: int) -> list[str]:
    """Names and texts, filled."""
    first, lines = max(map(len, rows)) + GAP, []
    for name, text in rows.items():
        head, *more = fill(escaped(text), max(room - first - len(INDENT), 20)) or [""]
        lines += [f"{INDENT}{name:<{first}}{head}", *(f"{INDENT}{'':{first}}{line}" for line in more)] if head else []
    return lines
