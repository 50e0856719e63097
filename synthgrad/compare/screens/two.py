"""The screen of two runs side by side: a difference between two runs, not between two methods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from synthgrad.compare.arithmetic import minus
from synthgrad.compare.groups import UNSET, differing, shown, told
from synthgrad.compare.layout import WIDE, Column, fits, lay_out
from synthgrad.compare.measure import EVALUATIONS, Measure, reached
from synthgrad.compare.report import Table
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.subjects import FINISHED, Subject
from synthgrad.compare.text import ARROW, cut, fill
from synthgrad.numbers import short
from synthgrad.runs.environment import HASHES
from synthgrad.runs.first_difference import part, shared
from synthgrad.runs.methods import method
from synthgrad.scores import COLUMNS, diagnosis, has_ratios, is_up

EXPECTED = ("trainer.name", "trainer.generator.input")
"""What two runs are compared for; any other key that differs is a second change."""


def two(a: Subject, b: Subject, table: Table, width: int) -> Iterator[str]:
    """Two runs: what they share, where they end, how they got there."""
    at = _epoch(a, b, table)
    parts = [
        _runs(a, b, width),
        _settings(a, b, width),
        _figures(a, b, table, at, width),
        _curves(a, b, table.metric, width),
        _cautions(a, b, table, at, width),
    ]
    told = [lines for lines in map(list, parts) if lines]
    for number, lines in enumerate(told):
        yield from ["", *lines] if number else lines


def _epoch(a: Subject, b: Subject, table: Table) -> int | None:
    """Where figures are read: that of the table or, with a run that did not finish, the last epoch that both have."""
    if table.at not in ("last", "common") or a.outcome == b.outcome == FINISHED:
        return table.epoch
    both = np.intersect1d(a.curve(table.metric)[0], b.curve(table.metric)[0])
    return int(both[-1]) if len(both) else 0


def _runs(a: Subject, b: Subject, width: int) -> list[str]:
    epochs = [f"{int(s.epochs[-1])} epochs" if len(s.epochs) else "no epoch" for s in (a, b)]
    columns = [
        Column("", ["A", "B"], right=False),
        Column("", [cut(s.name, max(10, width - 30)) for s in (a, b)], right=False),
        Column("", [s.outcome for s in (a, b)], right=False),
        Column("", epochs, rank=2),
        Column("", [f"{s.seconds:.1f} s" for s in (a, b)], rank=1),
    ]
    return lay_out(columns, width)


def _settings(a: Subject, b: Subject, width: int) -> Iterator[str]:
    both = [a.settings, b.settings]
    keys = [key for key in differing(both) if key in EXPECTED or key in told(both)]
    changes = [key for key in keys if key not in EXPECTED]
    more = changes[1:] if changes == keys else changes
    marks = ["! another change" if key in more else "" for key in keys]
    if keys:
        columns = [
            Column("", ["differs", *[""] * (len(keys) - 1)], right=False),
            Column("", keys, right=False),
            *(Column("", [_value(s, key) for key in keys], right=False) for s in (a, b)),
            Column("", marks, right=False, rank=1),
        ]
        if fits(columns, width):
            yield from lay_out(columns, width)
        else:
            yield from (line for k, mark in zip(keys, marks, strict=True) for line in _setting(a, b, k, mark, width))
    equal = len(a.settings.keys() & b.settings.keys() - set(keys))
    yield from fill(f"same     {equal} keys; {_shared(a, b)}{_together(a, b)}", width, 9)


def _setting(a: Subject, b: Subject, key: str, mark: str, width: int) -> list[str]:
    """One difference on lines of its own, where a table is too wide."""
    return fill(f"differs  {key}: {_value(a, key)} | {_value(b, key)} {mark}".rstrip(), width, 9)


def _value(subject: Subject, key: str) -> str:
    value = method(subject.settings) if key == "trainer.name" else subject.settings.get(key, UNSET)
    return "-" if value == UNSET else shown(value)


def _shared(a: Subject, b: Subject) -> str:
    if a.seed != b.seed:
        return f"different seeds ({a.seed} and {b.seed}): not paired"
    if not a.hashes or not b.hashes:
        return f"seed {a.seed}; too old to prove that they share data and weights"
    other = [word for key, word in HASHES.items() if a.hashes.get(key) != b.hashes.get(key)]
    return f"other {', '.join(other)}" if other else f"same data, initial weights and batch order (seed {a.seed})"


def _together(a: Subject, b: Subject) -> str:
    """How far the figures that both have are the same to the last bit, if they are so at all."""
    names = ["epoch", *shared(a.columns, b.columns)]
    one, other = ({"epoch": s.epochs, **s.columns} for s in (a, b))
    both = min(len(a.epochs), len(b.epochs)) if len(names) > 1 else 0
    first = part(names, one, other)
    same = a.epochs[:both] if first is None else a.epochs[a.epochs < first.epoch]
    return f"; identical to epoch {int(same[-1])}" if len(same) else ""


def _figures(a: Subject, b: Subject, table: Table, at: int | None, width: int) -> list[str]:
    """The figures where they are compared; the best ones too where there is room."""

    def read(name: str) -> list[float | None]:
        return [Measure(name, table.at, at).value(s) for s in (a, b)]

    names = [n for n in dict.fromkeys((table.metric, *COLUMNS, "test_loss", "loss")) if read(n) != [None, None]]
    rows = [_figure(name, name, *read(name)) for name in names]
    if table.target is not None:
        epochs = [reached(s, table.metric, table.target) for s in (a, b)]
        rows.append(_figure(f"epochs to {short(table.target)}", "epochs", *epochs))
    rows.append(_figure("seconds per epoch", "seconds", a.seconds_per_epoch, b.seconds_per_epoch))
    layers = dict.fromkeys(name for s in (a, b) for name in s.columns if diagnosis(name))
    rows += [_figure("{0} of layer {2}".format(*name.partition(".")), name, *read(name)) for name in layers]
    headers = {_where(a, b, table, at): 0, "": 3, "A": 0, "B": 0, "B - A": 1, "B/A": 2}
    columns = [Column(h, [row[i] for row in rows], i > 1, rank) for i, (h, rank) in enumerate(headers.items())]
    if width >= WIDE:
        columns += _best(names, len(rows), a, b)
    return lay_out(columns, width)


def _where(a: Subject, b: Subject, table: Table, at: int | None) -> str:
    if at is None:
        return "best epoch"
    return "last epoch" if all(len(s.epochs) and s.epochs[-1] == at for s in (a, b)) else f"epoch {at}"


def _best(names: Sequence[str], rows: int, a: Subject, b: Subject) -> list[Column]:
    def cell(subject: Subject, name: str) -> str:
        epochs, values = subject.curve(name)
        if not len(values):
            return "-"
        at = values.argmax() if is_up(name) else values.argmin()
        return f"{short(float(values[at]))}@{int(epochs[at])}"

    return [
        Column(f"best {letter}", [cell(s, name) for name in names] + [""] * (rows - len(names)), rank=4)
        for letter, s in (("A", a), ("B", b))
    ]


def _figure(label: str, metric: str, a: float | None, b: float | None) -> list[str]:
    """A row: which way is better, both values, their difference and, where it means anything, their ratio."""
    known = [label, "up" if is_up(metric) else "down", short(a), short(b)]
    if a is None or b is None:
        return [*known, "", ""]
    return [*known, f"{minus(b, a):+.3g}", _ratio(a, b) if has_ratios(metric) else ""]


def _ratio(a: float, b: float) -> str:
    """B over A; nothing if one is 0 or the signs differ, because a ratio then means nothing."""
    if a == 0 or b == 0 or (a < 0) != (b < 0) or not math.isfinite(b / a):
        return ""
    return f"{b / a:.2f}" if 0.01 <= b / a < 1000 else short(b / a)


def _curves(a: Subject, b: Subject, metric: str, width: int) -> Iterator[str]:
    values = [list(map(float, s.curve(metric)[1])) for s in (a, b)]
    every = [value for line in values for value in line]
    if not every:
        return
    yield from fill(f"{metric}, {short(min(every))} to {short(max(every))}", width)
    for letter, subject, line in zip("AB", (a, b), values, strict=True):
        if line:
            epochs, _ = subject.curve(metric)
            best = max(line) if is_up(metric) else min(line)
            told = f"{short(line[0])} {ARROW} {short(line[-1])}  best {short(best)}@{int(epochs[line.index(best)])}"
            space = max(1, width - len(told) - 4)
            yield f"{letter} {sparkline(line, space, min(every), max(every))}  {told}"


def _cautions(a: Subject, b: Subject, table: Table, at: int | None, width: int) -> Iterator[str]:
    one = "One seed" if a.seed == b.seed else "One run each"
    yield from fill(f"{one}: this is a difference between two runs, not between two methods.", width)
    if at != table.epoch:
        what = f"the figures are those of epoch {at}, the last that both have" if at else "they have no epoch in common"
        yield from fill(f"One of them has no result: {what}.", width)
    if table.lacks_control and table.controls_left_out:
        yield from fill("No frozen control among them (--where leaves it out).", width)
    elif table.lacks_control:
        yield from fill(
            "No frozen control among them: whether hidden layers learn cannot be told. Next, or with --complete --run:",
            width,
        )
        yield from (f"  {each.line}" for each in table.missing)
    elif table.missing:
        yield "Missing runs:"
        yield from (f"  {each.line}" for each in table.missing)
    for subject in (a, b):
        if subject.diverged:
            where = subject.diverged
            yield from fill(f"{subject.name} diverged in epoch {where.get('epoch')}: {where.get('where')}.", width)
    if table.target is not None and EVALUATIONS > 1:
        yield from fill(
            f"Epochs to a target: the first of {EVALUATIONS} evaluations that hold it; -: not reached.", width
        )
