"""``synthgrad runs show``: a page about one run."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.layout import PIPED, as_json, emit, emit_all, painted, table, width
from synthgrad.cli.options import complete_run, run_names
from synthgrad.compare.layout import Column
from synthgrad.compare.text import ARROW, cell_width, fill, legible
from synthgrad.records import Record
from synthgrad.text import escaped

if TYPE_CHECKING:
    from synthgrad.types import Floats

LAYERS = {
    "generator_error": "error", "cosine": "cosine", "skill": "skill", "bound": "stable below",
    "input_error": "input error", "staleness": "late by", "updates": "updates",
}  # fmt: skip
"""What is known of a layer: of its generator (a step size of its own too), its input model, its schedule."""
COUNTED = ("bound", "staleness", "updates")
"""Shown with as few digits as tell them."""
LARGE = 1000
"""From here on a skill is shown by its magnitude."""
INDENT = "  "
PLAIN = Column("", right=False)
CURVE = (8, 60)
"""The fewest and the most blocks of a curve."""


@click.command
@click.argument("run", metavar="RUN", shell_complete=complete_run)
@click.option(
    "--format", "kind", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of the output."
)
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page instead.")
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
    if kind == "json":
        emit(as_json(said))
    else:
        emit_all(legible(line, sys.stdout) for line in page(said, columns, width() or PIPED))


def page(said: Record, columns: Mapping[str, Floats], room: int) -> list[str]:
    """The lines of the page."""
    return [
        painted(escaped(said["name"]), bold=True),
        *(line for sentence in _happened(said) for line in fill(sentence, room)),
        *_block("settings", _settings(said, room)),
        *_block("curves", _curves(said["figures"], columns, room)),
        *_block("layers", _layers(said, room)),
        *_block("made with", _made_with(said["about"], room)),
        *_block("damage", _damage(said["damage"], room)),
    ]


def _damage(notes: Iterable[str], room: int) -> list[str]:
    return [line for note in notes for line in fill(INDENT + escaped(note), room, len(INDENT))]


def _block(title: str, lines: list[str]) -> list[str]:
    return ["", painted(title, bold=True), *lines] if lines else []


def _table(headings: list[Column], rows: Iterable[list[str]], room: int) -> list[str]:
    return [INDENT + line for line in table(headings, list(rows), room - len(INDENT))]


# what happened ------------------------------------------------------------------------------------


def _happened(said: Record) -> Iterable[str]:
    """Sentences: outcome, epochs, when, how long; who was trained; where it went wrong."""
    done = said["epoch"] or 0
    parts = [said["outcome"], f"{done} of {said['epochs']} epochs" if said["epochs"] else f"{done} epochs"]
    if said["started"]:
        parts.append(f"started {said['started'][:16].replace('T', ' ')}")
    if said["seconds"]:
        rate = said["steps_per_second"]
        parts.append(f"{said['seconds']:.1f} s of training" + (f" ({rate:,.0f} steps a second)" if rate else ""))
    yield escaped(", ".join(parts))
    task = said["config"].get("task.name")
    yield escaped(f"{said['trainer'] or 'unknown'} on {task or 'unknown'}, seed {said['seed']}")
    if isinstance(parent := said["about"].get("branch"), dict):
        yield escaped(f"Its first {parent.get('epoch')} epochs are those of {parent.get('run')}.")
    if isinstance(processes := said["about"].get("processes"), int) and processes > 1:
        yield f"{processes} processes shared its layers."
    if said["about"].get("varies") is True:
        yield "Its schedule is free, so its numbers vary with timing: no run repeats it."
    if said["diverged"]:
        epoch, step, where = (said["diverged"].get(name) for name in ("epoch", "step", "where"))
        yield escaped(f"Diverged in epoch {epoch}, step {step}: {where} stopped being finite.")
    if said["error"]:
        yield escaped(f"Failed: {said['error']}")
    if said["outcome"] == "unfinished":
        yield "It has no result: it is still running, or it was killed."


# settings -----------------------------------------------------------------------------------------


def _settings(said: Record, room: int) -> list[str]:
    if said["changed"] is None:
        rows = [[escaped(key), _value(value), ""] for key, value in said["config"].items()]
        return [f"{INDENT}(of another version: all of them)", *_table([PLAIN] * 3, rows, room)]
    rows = [
        [escaped(key), _value(pair["value"]), _default(pair["default"])]
        for key, pair in said["changed"].items()
        if key != "seed"
    ]
    return _table([PLAIN, PLAIN, replace(PLAIN, rank=1)], rows, room)


def _value(value: object) -> str:
    """A value as YAML writes it."""
    from synthgrad.config import dump

    return escaped(str(dump({"v": value})).removeprefix("v: ").strip().replace("\n", " "))


def _default(value: object) -> str:
    known = "(no default)" if value == "" else f"(default {_value(value)})"
    return "(unknown to this version)" if value is None else known


# curves -------------------------------------------------------------------------------------------


def _curves(figures: Mapping[str, Mapping[str, float]], columns: Mapping[str, Floats], room: int) -> list[str]:
    """The loss and the held-out figures; those of training where nothing was held out."""
    from synthgrad.compare.sparkline import sparkline

    names = _worth_a_curve(figures)
    ends = [f"{_figure(n, figures[n]['first'])} {ARROW} {_figure(n, figures[n]['last'])}" for n in names]
    bests = [f"{_figure(n, figures[n]['best'])}@{figures[n]['best_epoch']}" for n in names]
    headings = [
        PLAIN,
        PLAIN,
        Column(f"first {ARROW} last"),
        Column("best@epoch", rank=1),
    ]
    taken = sum(
        max(map(cell_width, [h.header, *texts]), default=0)
        for h, texts in zip(headings, [names, [], ends, bests], strict=True)
    )
    least, most = CURVE
    blocks = max(least, min(most, room - len(INDENT) - taken - 6))
    lines = [sparkline(_measured(columns[name]), blocks) for name in names]
    return _table(headings, [list(row) for row in zip(names, lines, ends, bests, strict=True)], room)


def _measured(column: Floats) -> list[float]:
    """The values of a column without the epochs that were not evaluated."""
    return [value for value in column.tolist() if math.isfinite(value)]


def _worth_a_curve(figures: Record) -> list[str]:
    from synthgrad.scores import score_in

    held_out = [name for name in figures if name.startswith("test_")]
    scores = held_out or [name for name in figures if score_in(name)]
    return [name for name in ("loss",) if name in figures] + scores


def _figure(name: str, value: float) -> str:
    from synthgrad.numbers import fixed, short
    from synthgrad.scores import score_in

    return fixed(value, 4) if score_in(name) else short(value)


def _layers(said: Record, room: int) -> list[str]:
    """The last measured values of each layer's generator, and the step size that it does not bear."""
    bounds = said["about"].get("stability")
    bounds = bounds if isinstance(bounds, dict) else {}
    rows = []
    for number in sorted(dict.fromkeys([*said["layers"], *bounds]), key=_place):
        values = {**said["layers"].get(number, {}), "bound": bounds.get(number)}
        rows.append([escaped(number), *(_grade(name, values.get(name)) for name in LAYERS)])
    ranks = [int(name not in ("generator_error", "cosine", "skill")) for name in LAYERS]
    headings = [Column(text, rank=rank) for text, rank in zip(LAYERS.values(), ranks, strict=True)]
    return _table([Column("layer", right=False), *headings], rows, room)


def _place(number: str) -> tuple[int, str]:
    """Layers in their order; names that are not numbers after them."""
    return (int(number), "") if number.isdecimal() and len(number) < 9 else (10**9, number)


def _grade(name: str, value: object) -> str:
    from synthgrad.numbers import fixed, short

    if not isinstance(value, int | float):
        return ""
    if name in ("generator_error", "input_error"):
        return short(value, 4)
    return short(value) if name in COUNTED or abs(value) >= LARGE else fixed(value, 3)


# circumstances ------------------------------------------------------------------------------------


def _made_with(about: Record, room: int) -> list[str]:
    rows = {
        "command": _command(about.get("command")),
        "commit": _commit(about.get("git")),
        "versions": _listed({name: about.get(name) for name in ("synthgrad", "python", "numpy")}),
        "BLAS": " ".join(filter(None, [str(about.get("blas") or ""), _threads(about.get("threads"))])),
        "machine": ", ".join(str(about[name]) for name in ("host", "system") if about.get(name)),
    }
    first = max(map(len, rows)) + 2
    lines = []
    for name, text in rows.items():
        head, *more = fill(escaped(text), max(room - first - len(INDENT), 20)) or [""]
        if head:
            lines += [f"{INDENT}{name:<{first}}{head}", *(f"{INDENT}{'':{first}}{line}" for line in more)]
    return lines


def _command(words: object) -> str:
    return shlex.join(map(str, words)) if isinstance(words, list) else ""


def _commit(git: object) -> str:
    if not isinstance(git, dict) or not git.get("commit"):
        return ""
    return f"{git['commit']}{' with changes' if git.get('dirty') else ''}"


def _listed(versions: Record) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def _threads(threads: object) -> str:
    """The threads that BLAS had, as its variables say."""
    given = {str(value) for value in threads.values() if value} if isinstance(threads, dict) else set()
    return f"({'/'.join(sorted(given))} thread{'' if given == {'1'} else 's'})" if given else ""
