"""The page of a single run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from synthgrad.compare import figures
from synthgrad.compare.groups import shown as setting_text
from synthgrad.compare.layout import Column
from synthgrad.compare.page.cells import node, table
from synthgrad.compare.page.comparison import NO_FIGURES, data_section, pairs
from synthgrad.compare.page.markup import Node, document, e
from synthgrad.compare.page.pictures import picture
from synthgrad.compare.page.tables import keyed
from synthgrad.compare.view.cells import number, shown
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
ENDS = ("first", "last", "best")
LEFT_OUT = "The page holds all but the curves as JSON; they are in the run's metrics.csv."


def show_page(recorded: Recorded) -> str:
    """One run as one HTML file that needs no network, and no script to be read."""
    metrics = recorded.metrics()
    columns = metrics.columns(metrics.names)
    recorded.note_damage(metrics.damage)
    said = describe(recorded, columns)
    body = [e("h1", said["name"]), e("p", *_happened(said)), *_figures(columns, fork(recorded.config))]
    body += [*_metrics(said), *_config(said), *_circumstances(said), *_repeat(said, recorded), *data_section(LEFT_OUT)]
    return document(str(said["name"]), e("main", body), said, "run.json")


def _happened(said: Record) -> Iterator[Node]:
    yield from (e("strong", said["outcome"]), ": ", node(number(said["epoch"])), " epochs")
    if said["epochs"]:
        yield from (" of ", node(number(said["epochs"])))
    if said["seconds"]:
        yield from (", ", node(number(said["seconds"], 1)), " s of training")
    if said["steps_per_second"]:
        yield from (" (", node(number(said["steps_per_second"])), " steps a second)")
    yield f". {said['trainer'] or 'unknown'} on {said['config'].get('task.name') or 'unknown'}, seed {said['seed']}."
    if isinstance(parent := said["about"].get("branch"), dict):
        yield f" Its first {parent.get('epoch')} epochs are those of {parent.get('run')}."
    if said["diverged"]:
        epoch, step, where = (said["diverged"].get(key) for key in ("epoch", "step", "where"))
        yield f" Diverged in epoch {epoch}, step {step}: {where} stopped being finite."
    if said["error"]:
        yield f" Failed: {said['error']}"


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
    metrics, layers = said["figures"], said["layers"]
    if metrics:
        yield e("h2", "Metrics")
        ends = [Column(end, [shown(m[end], short(m[end], 5)) for m in metrics.values()]) for end in ENDS]
        best = Column("best epoch", [number(m["best_epoch"]) for m in metrics.values()])
        yield table("first, last and best value of every metric", [_names("metric", metrics), *ends, best])
    if kinds := list(dict.fromkeys(kind for values in layers.values() for kind in values)):
        yield e("h2", "Layers")
        columns = [Column(k, [shown(v.get(k), short(v.get(k), 4)) for v in layers.values()]) for k in kinds]
        yield table("the generator of each hidden layer, last values", [_names("layer", layers), *columns])


def _config(said: Record) -> Iterator[Node]:
    yield e("h2", "Config")
    changed = said["changed"]
    if changed:
        pairs = {key: pair for key, pair in changed.items() if key != "seed"}
        columns = [Column(w, [_value(p[w]) for p in pairs.values()], right=False) for w in ("value", "default")]
        yield table("what is not at its default", [_names("key", pairs), *columns])
    whole = keyed("the whole config", {key: _value(value) for key, value in said["config"].items()})
    yield e("details", e("summary", "The whole config"), whole) if changed is not None else whole


def _names(header: str, of: Iterable[str]) -> Column:
    return Column(header, list(of), right=False)


def _value(value: object) -> str:
    return "" if value is None else setting_text(value)


def _circumstances(said: Record) -> Iterator[Node]:
    yield e("h2", "Circumstances")
    rows = {"started": said["started"]} | {k: v for k, v in said["about"].items() if k != "command"}
    yield pairs({key: _told(value) for key, value in rows.items() if value not in (None, {})})
    if said["damage"]:
        yield from (e("h2", "Damage"), e("ul", (e("li", note) for note in said["damage"])))


def _told(value: object) -> str:
    """A value of run.json as words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(v)}" for key, v in value.items() if v is not None)
    return setting_text(value)


def _repeat(said: Record, recorded: Recorded) -> Iterator[Node]:
    yield e("h2", "Repeat this")
    again = shlex.join(["synthgrad", "train", str(recorded.run.config)])
    command = said["about"].get("command")
    typed = f"{shlex.join(map(str, command))}  # as it was typed\n" if isinstance(command, list) else ""
    yield e("pre", f"{typed}{again}  # bit for bit, from its own config")
