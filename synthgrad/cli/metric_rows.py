"""The metrics that a display shows while a run trains, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from synthgrad.cli.terminal import line
from synthgrad.numbers import fixed
from synthgrad.scores import SCORES

if TYPE_CHECKING:
    from synthgrad.workers import Load

GAP = "   "
"""Between the metrics of a line."""
MAX_LINES = 6
"""The most lines of a row."""


class Row(NamedTuple):
    """Metrics that belong side by side, each with its label."""

    name: str
    pairs: list[str]


def rows(metrics: dict[str, float]) -> list[Row]:
    """Training scores and loss, held-out scores, errors of the generators, cosines of the layers."""
    shown = []
    training = [*_scores(metrics, ""), f"loss {metrics['loss']:<7.4g}"] if "loss" in metrics else []
    for name, pairs in (("training", training), ("held-out", _scores(metrics, "test_"))):
        if pairs:
            shown.append(Row(name, pairs))
    errors = {name: value for name, value in metrics.items() if name.startswith("generator_error.")}
    layers = [name.partition(".")[2] for name in errors or metrics if name.startswith(("generator_error.", "cosine."))]
    each = layers == [str(i) for i in range(1, len(layers) + 1)]
    marks = ["" if each else f"{i}: " for i in layers]  # the layer's number, unless every layer has one
    if errors:
        shown.append(Row("generator error", [f"{mark}{v:.3g}" for mark, v in zip(marks, errors.values(), strict=True)]))
    cosines = [metrics.get(f"cosine.{i}") for i in layers]
    if any(cosine is not None for cosine in cosines):
        texts = ["    -" if cosine is None else f"{cosine:5.2f}" for cosine in cosines]
        shown.append(Row("layers cos", [mark + text for mark, text in zip(marks, texts, strict=True)]))
    return shown


def busy(loads: Sequence[Load], *, queues: bool = True) -> list[Row]:
    """How busy each module is and, between two workers, how many batches wait in a queue of which length.

    Without ``queues``, which are empty between epochs.
    """
    pairs = []
    for load in loads:
        layers = f"{load.first}" if load.first == load.last else f"{load.first}-{load.last}"
        pairs.append(f"layer{'s' * (load.first != load.last)} {layers} {load.busy:4.0%}")
        if load.room and queues:
            pairs.append(f"queue {load.queue}/{load.room}")
    return [Row("busy", pairs)] if pairs else []


def _scores(metrics: dict[str, float], prefix: str) -> list[str]:
    """The scores of training or held-out examples, all of one width."""
    there = [(s, metrics[prefix + s.column]) for s in reversed(SCORES) if prefix + s.column in metrics]
    return [f"{score.name} {f'{v:.1%}' if score.share else fixed(v, 3):>6}" for score, v in there]


def wrapped(row: Row, width: int) -> list[Text]:
    """A row in as many lines as it takes, no metric cut; after ``MAX_LINES`` lines a mark says that there are more."""
    found = [line().append(row.name, "dim")]
    for pair in row.pairs:
        if len(found[-1]) + len(GAP) + len(pair) > width:
            if len(found) == MAX_LINES:
                found[-1].append(" ...")
                break
            found.append(line(" " * len(row.name)))
        found[-1].append(f"{GAP}{pair}")
    return found
