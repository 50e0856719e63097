"""What a figure shows, in words and numbers, for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.figures import Panel
from synthgrad.compare.groups import shown
from synthgrad.compare.report import Curve, Group, Table
from synthgrad.compare.view.cells import digits_for
from synthgrad.numbers import fixed, short, spread

CAPTIONS = {
    "curve": "Mean over seeds with its 95 % interval; a hairline for each seed. Thin where fewer runs are left.",
    "loss": "Training loss: mean over seeds with its 95 % interval; a hairline for each seed.",
    "seeds": "A dot for each run, a line between runs of the same seed; the mean and its 95 % interval.",
    "layer": "Cosine of synthetic to true gradient; below, the generator's skill: 1 is perfect, 0 as good as none, "
    "and what lies below −1 is drawn at −1.",
    "sweep": "Mean over seeds and its 95 % interval at each setting; bars at the foot: runs that diverged.",
}
TITLES = {
    "curve": "{} against epochs",
    "loss": "{} against epochs",
    "seeds": "{} of every run",
    "layer": "generator of hidden layer {}",
    "sweep": "the metric against {}",
}


def title(panel: Panel) -> str:
    """The short text alternative of a figure."""
    return TITLES[panel.kind].format(panel.of)


def numbers(panel: Panel, table: Table, groups: Sequence[Group]) -> str:
    """The long one: a sentence for every method."""
    if panel.kind == "sweep":
        return " ".join(_settings(table, panel.of))
    if panel.kind == "seeds":
        return " ".join(_seeds(groups))
    names = [f"cosine.{panel.of}", f"skill.{panel.of}"] if panel.kind == "layer" else [panel.of]
    return " ".join(
        _curve(f"{group.label}, {name}" if panel.kind == "layer" else group.label, group.curves[name])
        for group in groups
        for name in names
        if name in group.curves
    )


def _curve(label: str, curve: Curve) -> str:
    """Where it begins and where it ends."""
    known = [
        (epoch, mean, i)
        for i, (epoch, mean) in enumerate(zip(curve.epoch, curve.mean, strict=True))
        if mean is not None
    ]
    if not known:
        return f"{label}: nothing."
    (first, start, _), (last, end, at) = known[0], known[-1]
    ends = (curve.low[at], curve.high[at])
    interval = None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
    digits = digits_for([interval], abs(end))
    of = f", 95 % {spread(interval, digits)}" if interval else ""
    return (
        f"{label}: {fixed(start, digits)} in epoch {first}, {fixed(end, digits)} in epoch {last}{of}, n {curve.n[at]}."
    )


def _seeds(groups: Sequence[Group]) -> Iterator[str]:
    digits = digits_for([group.interval for group in groups])
    for group in groups:
        runs = zip(group.seeds, group.values, group.outcomes, strict=True)
        values = ", ".join(f"seed {seed} {outcome if v is None else fixed(v, digits)}" for seed, v, outcome in runs)
        yield f"{group.label}: mean {fixed(group.mean, digits)}; {values}."


def _settings(table: Table, key: str) -> Iterator[str]:
    assert table.sweep is not None
    for method in table.sweep.methods:
        cells = "; ".join(
            f"{cell.label}: {short(cell.mean, 4)}{f', {cell.diverged} diverged' if cell.diverged else ''}"
            for cell in method.cells
        )
        best = next((shown(cell.setting[key]) for cell in method.cells if cell.best), "none")
        yield f"{method.method}: {cells}; best at {key} {best}."
