"""The figures that a person follows while a run trains, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from synthgrad.numbers import fixed
from synthgrad.scores import SCORES

if TYPE_CHECKING:
    from synthgrad.workers import Load

GAP = "   "
"""Between the figures of a line."""
MAX_LINES = 6
"""The lines of a row."""


class Row(NamedTuple):
    """Figures that belong side by side, each with its label."""

    name: str
    pairs: list[str]


def rows(figures: dict[str, float]) -> list[Row]:
    """The figures that a person follows: those in training, those held out, the generators' of each layer."""
    shown = []
    training = [*_scores(figures, ""), f"loss {figures['loss']:<7.4g}"] if "loss" in figures else []
    for name, pairs in (("training", training), ("held-out", _scores(figures, "test_"))):
        if pairs:
            shown.append(Row(name, pairs))
    errors = {name: value for name, value in figures.items() if name.startswith("generator_error.")}
    layers = [name.partition(".")[2] for name in errors or figures if name.startswith(("generator_error.", "cosine."))]
    each = layers == [str(i) for i in range(1, len(layers) + 1)]
    marks = ["" if each else f"{i}: " for i in layers]  # whose a figure is, where not every layer has one
    if errors:
        shown.append(Row("generator error", [f"{mark}{v:.3g}" for mark, v in zip(marks, errors.values(), strict=True)]))
    cosines = [figures.get(f"cosine.{i}") for i in layers]
    if any(cosine is not None for cosine in cosines):
        texts = ["    -" if cosine is None else f"{cosine:5.2f}" for cosine in cosines]
        shown.append(Row("layers cos", [mark + text for mark, text in zip(marks, texts, strict=True)]))
    return shown


def at_work(loads: Sequence[Load], *, queues: bool = True) -> list[Row]:
    """How busy each module is, and between those of two workers how many batches wait, of how many that can.

    Between epochs all ``queues`` are empty, and not worth telling.
    """
    pairs = []
    for load in loads:
        layers = f"{load.first}" if load.first == load.last else f"{load.first}-{load.last}"
        pairs.append(f"layer{'s' * (load.first != load.last)} {layers} {load.busy:4.0%}")
        if load.room and queues:
            pairs.append(f"queue {load.queue}/{load.room}")
    return [Row("busy", pairs)] if pairs else []


def _scores(figures: dict[str, float], prefix: str) -> list[str]:
    """The scores of training or held-out examples, all of one width."""
    there = [(s, figures[prefix + s.column]) for s in reversed(SCORES) if prefix + s.column in figures]
    return [f"{score.name} {f'{v:.1%}' if score.share else fixed(v, 3):>6}" for score, v in there]


def wrapped(row: Row, width: int) -> list[Text]:
    """A row's figures, none of them cut, in as many lines as it takes; of more than ``MAX_LINES`` a mark tells."""
    found = [_line(row.name, "dim")]
    for pair in row.pairs:
        if len(found[-1]) + len(GAP) + len(pair) > width:
            if len(found) == MAX_LINES:
                found[-1].append(" ...")
                break
            found.append(_line(" " * len(row.name)))
        found[-1].append(f"{GAP}{pair}")
    return found


def _line(text: str, style: str = "") -> Text:
    return Text(no_wrap=True, overflow="crop").append(text, style)
