"""The page of a single run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

import numpy as np

from synthgrad.compare import figures
from synthgrad.compare.groups import shown
from synthgrad.compare.page.cells import table
from synthgrad.compare.page.comparison import NO_FIGURES, data_section, pairs
from synthgrad.compare.page.markup import Node, document, e
from synthgrad.compare.page.pictures import picture
from synthgrad.compare.view import run
from synthgrad.numbers import short
from synthgrad.records import Record
from synthgrad.runs.description import describe
from synthgrad.runs.methods import fork
from synthgrad.runs.reading import Recorded
from synthgrad.types import Floats

CAPTIONS = {
    "loss": "Mean loss per example.",
    "score": "Shares of what is right, in training and held out.",
    "cosine": "Cosine of synthetic to true gradient.",
    "skill": "1 is perfect, 0 as good as no gradient; what lies below −1 is drawn at −1.",
    "generator_error": "Sum of |target - synthetic gradient|.",
}
LEFT_OUT = "The page holds all but the curves as JSON; they are in the run's metrics.csv."


def show_page(recorded: Recorded) -> str:
    """One run as one HTML file that needs no network, and no script to be read."""
    metrics = recorded.metrics()
    columns = metrics.columns(metrics.names)
    recorded.note_damage(metrics.damage)
    said = describe(recorded, columns)
    body = [
        e("h1", said["name"]),
        *(e("p", text) for text in run.happened(said)),
        *_figures(columns, fork(recorded.config)),
    ]
    body += [*_metrics(said), *_config(said), *_environment(said), *_repeat(said, recorded), *data_section(LEFT_OUT)]
    return document(str(said["name"]), e("main", body), said, "run.json")


def _figures(columns: Mapping[str, Floats], fork: int | None) -> Iterator[Node]:
    panels = figures.traces(columns, fork)
    if not panels:
        return
    yield e("h2", "Curves")
    if not figures.available():
        yield e("p", NO_FIGURES, class_="note")
        return
    yield e(
        "div",
        (
            picture(panel, f"f{i}", f"{panel.of} against epochs", _says(panel.columns), CAPTIONS[panel.kind])
            for i, panel in enumerate(panels)
        ),
        class_="figures",
    )


def _says(columns: Mapping[str, Floats]) -> str:
    finite = {name: column[np.isfinite(column)] for name, column in columns.items()}
    return " ".join(f"{name}: from {short(v[0], 4)} to {short(v[-1], 4)}." for name, v in finite.items())


def _metrics(said: Record) -> Iterator[Node]:
    if said["figures"]:
        yield e("h2", "Metrics")
        yield table("first, last and best value of every metric", run.metrics(said, said["figures"]))
    if columns := run.layers(said):
        yield e("h2", "Layers")
        yield table("the generator of each hidden layer, last values", columns)


def _config(said: Record) -> Iterator[Node]:
    yield e("h2", "Config")
    whole = table("the whole config", run.every_setting(said))
    if said["changed"]:
        yield table("what is not at its default", run.settings(said))
    yield whole if said["changed"] is None else e("details", e("summary", "The whole config"), whole)


def _environment(said: Record) -> Iterator[Node]:
    yield e("h2", "Environment")
    rows = {"started": said["started"]} | {k: v for k, v in said["about"].items() if k != "command"}
    yield pairs({key: _told(value) for key, value in rows.items() if value not in (None, {})})
    if said["damage"]:
        yield from (e("h2", "Damage"), e("ul", (e("li", note) for note in said["damage"])))


def _told(value: object) -> str:
    """A value of run.json as words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(v)}" for key, v in value.items() if v is not None)
    return shown(value)


def _repeat(said: Record, recorded: Recorded) -> Iterator[Node]:
    yield e("h2", "Repeat this")
    again = shlex.join(["synthgrad", "train", str(recorded.run.config)])
    command = said["about"].get("command")
    typed = f"{shlex.join(map(str, command))}  # as it was typed\n" if isinstance(command, list) else ""
    yield e("pre", f"{typed}{again}  # bit for bit, from its own config")
