"""The screen of two runs side by side: a difference between two runs, not between two methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.groups import UNSET, differing, shown, told
from synthgrad.compare.metrics import DEFAULTS, EVALUATIONS, reached
from synthgrad.compare.missing import CONTROL
from synthgrad.compare.numbers import short
from synthgrad.compare.report import Table
from synthgrad.compare.screens.layout import Column, cut, fill, lay_out
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.subjects import Subject
from synthgrad.runs.figures import diagnosis, is_up

WIDE = 100
EXPECTED = ("trainer.name", "trainer.generator.input")
"""What two runs are compared for; any other key that differs is a second change."""


def two(a: Subject, b: Subject, table: Table, width: int) -> Iterator[str]:
    """Two runs: what they share, where they end, how they got there."""
    yield from _runs(a, b, width)
    yield ""
    yield from _settings(a, b, width)
    yield ""
    yield from _figures(a, b, table, width)
    yield ""
    yield from _curves(a, b, table.metric, width)
    yield ""
    yield from _cautions(a, b, table, width)


def _runs(a: Subject, b: Subject, width: int) -> list[str]:
    epochs = [f"{int(s.epochs[-1])} epochs" if len(s.epochs) else "no epoch" for s in (a, b)]
    columns = [
        Column("", ["A", "B"], right=False),
        Column("", [cut(s.name, width - 30) for s in (a, b)], right=False),
        Column("", [s.outcome for s in (a, b)], right=False),
        Column("", epochs, rank=2),
        Column("", [f"{s.seconds:.1f} s" for s in (a, b)], rank=1),
    ]
    return lay_out(columns, width)[1:]


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
        yield from lay_out(columns, width)[1:]
    equal = len(a.settings.keys() & b.settings.keys() - set(keys))
    yield from fill(f"same     {equal} keys; {_shared(a, b)}", width, 9)


def _value(subject: Subject, key: str) -> str:
    value = subject.settings.get(key, UNSET)
    return "-" if value == UNSET else shown(value)


def _shared(a: Subject, b: Subject) -> str:
    if a.seed != b.seed:
        return f"different seeds ({a.seed} and {b.seed}): not paired"
    if not a.hashes or not b.hashes:
        return f"seed {a.seed}; too old to prove that they share data and weights"
    words = {"data": "data", "weights": "initial weights", "order": "batch order"}
    other = [word for key, word in words.items() if a.hashes.get(key) != b.hashes.get(key)]
    return f"other {', '.join(other)}" if other else f"same data, initial weights and batch order (seed {a.seed})"


def _figures(a: Subject, b: Subject, table: Table, width: int) -> list[str]:
    """The last figures; the best ones too where there is room."""
    names = [name for name in (table.metric, *DEFAULTS, "test_loss", "loss") if _has(name, a, b)]
    rows = [
        _figure(name, "up" if is_up(name) else "down", _last(a, name), _last(b, name)) for name in dict.fromkeys(names)
    ]
    if table.target is not None:
        epochs = [reached(s, table.metric, table.target) for s in (a, b)]
        rows.append(_figure(f"epochs to {short(table.target)}", "down", *epochs))
    rows.append(_figure("seconds per epoch", "down", a.seconds_per_epoch, b.seconds_per_epoch))
    layers = dict.fromkeys(name for s in (a, b) for name in s.columns if diagnosis(name))
    rows += [_figure(f"{name} of layer {i}", "up", _last(a, full), _last(b, full))
             for full in layers for name, _, i in [full.partition(".")]]  # fmt: skip
    headers = ("last epoch", "", "A", "B", "B - A", "B/A")
    columns = [Column(h, [row[i] for row in rows], i > 1, 1 if i == 5 else 0) for i, h in enumerate(headers)]
    if width >= WIDE:
        columns += _best(list(dict.fromkeys(names)), len(rows), a, b)
    return lay_out(columns, width)


def _best(names: Sequence[str], rows: int, a: Subject, b: Subject) -> list[Column]:
    def cell(subject: Subject, name: str) -> str:
        epochs, values = subject.curve(name)
        if not len(values):
            return "-"
        at = values.argmax() if is_up(name) else values.argmin()
        return f"{short(float(values[at]))}@{int(epochs[at])}"

    return [
        Column(f"best {letter}", [cell(s, name) for name in names] + [""] * (rows - len(names)), rank=2)
        for letter, s in (("A", a), ("B", b))
    ]


def _has(name: str, a: Subject, b: Subject) -> bool:
    return _last(a, name) is not None or _last(b, name) is not None


def _last(subject: Subject, name: str) -> float | None:
    values = subject.curve(name)[1]
    return float(values[-1]) if len(values) else None


def _figure(name: str, direction: str, a: float | None, b: float | None) -> list[str]:
    both = a is not None and b is not None
    return [
        name,
        direction,
        short(a),
        short(b),
        f"{b - a:+.3g}" if both else "",  # type: ignore[operator]
        f"{b / a:.2f}" if both and a else "",  # type: ignore[operator]
    ]


def _curves(a: Subject, b: Subject, metric: str, width: int) -> Iterator[str]:
    values = [list(map(float, s.curve(metric)[1])) for s in (a, b)]
    every = [value for line in values for value in line]
    if not every:
        return
    yield f"{metric}, {short(min(every))} to {short(max(every))}"
    for letter, subject, line in zip("AB", (a, b), values, strict=True):
        if line:
            epochs, _ = subject.curve(metric)
            best = max(line) if is_up(metric) else min(line)
            told = f"{short(line[0])} > {short(line[-1])}  best {short(best)}@{int(epochs[line.index(best)])}"
            yield f"{letter} {sparkline(line, width - len(told) - 4, min(every), max(every))}  {told}"


def _cautions(a: Subject, b: Subject, table: Table, width: int) -> Iterator[str]:
    yield "One seed: this is a difference between two runs, not between two methods."
    trainers = {str(s.settings.get("trainer.name")) for s in (a, b)}
    if CONTROL not in trainers:
        yield from fill(
            "No frozen control among them: whether hidden layers learn cannot be told. Next, or with --complete --run:",
            width,
        )
        yield from (f"  {line}" for line in table.missing)
    for subject in (a, b):
        if subject.diverged:
            where = subject.diverged
            yield from fill(f"{subject.name} diverged in epoch {where.get('epoch')}: {where.get('where')}.", width)
    if table.target is not None and EVALUATIONS > 1:
        yield from fill(f"Epochs to a target: the first of {EVALUATIONS} evaluations that hold it.", width)
