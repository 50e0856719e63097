"""Run directories written without training: whole ones with given figures, damaged ones, and what is asked of them."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conftest import tiny

from synthgrad.claims.report import build
from synthgrad.compare.measure import Measure
from synthgrad.compare.question import Question
from synthgrad.compare.report import Difference, Group, Report, Tuned
from synthgrad.compare.scored_groups import ScoredGroup
from synthgrad.compare.subjects import Gathered, Subject, gather
from synthgrad.config import dump, plain
from synthgrad.runs.finding import find

BACKPROP = {"trainer.name": "backprop"}
FROZEN = {"trainer.name": "frozen"}
BOTH = {"trainer.name": "dni", "trainer.generator.input": "both"}
LABEL = {"trainer.name": "dni", "trainer.generator.input": "label"}
BITS = "test_bit_accuracy"
EXACT = "test_exact_accuracy"
ABOUT = {"synthgrad": "0.1.0", "numpy": "2.4.6", "blas": "openblas 0.3", "host": "vm", "git": None, "threads": {}}
DEEP = 10
"""Epochs of a run for which none are asked."""
_number = itertools.count(1)

Figures = float | Sequence[float | None]


def run(
    runs: Path,
    keys: Mapping[str, Any] | None = None,
    seed: int = 0,
    figures: Mapping[str, Figures] | None = None,
    outcome: str | None = "finished",
    *,
    name: str = "a",
    about: Mapping[str, Any] | None = None,
    hashes: Mapping[str, str] | None = None,
    pace: float = 0.5,
) -> Path:
    """Write a run directory and return its path; those written later have later names.

    A figure is its column, None for a blank, or one number for every epoch. Without an outcome there is no result.
    """
    columns = {BITS: 0.5} if figures is None else figures
    epochs = max((len(f) for f in columns.values() if not isinstance(f, float | int)), default=DEEP)
    number = next(_number)
    path = runs / f"20261124-{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-{name}-s{seed}-{number:04x}"
    path.mkdir(parents=True)
    path.joinpath("config.yaml").write_text(config(keys or BACKPROP, seed))
    found = {key: f"{key}{seed}" for key in ("data", "weights", "order")} if hashes is None else dict(hashes)
    path.joinpath("run.json").write_text(json.dumps({**ABOUT, **(about or {}), "hashes": found}))
    path.joinpath("metrics.csv").write_text(_table(columns, epochs, pace))
    if outcome is not None:
        where = {"diverged": {"epoch": epochs, "step": 4 * epochs, "where": "layer 1"}}
        result = {"outcome": outcome, "epoch": epochs, **(where if outcome == "diverged" else {})}
        path.joinpath("result.json").write_text(json.dumps(result))
    return path


def group(runs: Path, keys: Mapping[str, Any], ends: Iterable[float | None], metric: str = BITS, **more: Any) -> None:
    """A run for each of these final values, seeds 0, 1, ...; one without a value diverged."""
    for seed, end in enumerate(ends):
        figures = {metric: 0.5 if end is None else end}
        run(runs, keys, seed, figures, "diverged" if end is None else "finished", **more)


def config(keys: Mapping[str, Any], seed: int) -> str:
    """The file of a resolved config."""
    return f"seed: {seed}\n{_config(json.dumps(dict(keys)))}"


@functools.cache
def _config(keys: str) -> str:
    return dump(plain(tiny(json.loads(keys), seed=0))).removeprefix("seed: 0\n")


def _table(columns: Mapping[str, Figures], epochs: int, pace: float) -> str:
    lines = [",".join(["epoch", "step", "seconds", *columns])]
    for at in range(epochs):
        cells = [f if isinstance(f, float | int) else f[at] if at < len(f) else None for f in columns.values()]
        words = ["" if cell is None else repr(cell) for cell in cells]
        lines.append(",".join([str(at + 1), str(4 * at + 4), f"{pace * (at + 1):.6f}", *words]))
    return "\n".join(lines) + "\n"


# asking -------------------------------------------------------------------------------------------


def gathered(*places: Path, where: Sequence[str] = ()) -> Gathered:
    """Every column of the runs in these places."""
    return gather(find(map(str, places), places[0]), where)


def subjects(*places: Path) -> list[Subject]:
    """The runs in these places."""
    return gathered(*places).subjects


def reported(runs: Path, /, where: Sequence[str] = (), **question: Any) -> Report:
    """The report on the runs in a directory."""
    return build(gathered(runs, where=where), Question(**question), ["synthgrad", "compare", str(runs)])


def found(report: Report, label: str) -> Group:
    """The group of this label."""
    return next(group for group in report.groups if group.label == label)


def between(report: Report, of: str, against: str) -> Difference:
    """The difference between these groups."""
    return next(d for d in report.differences if (d.of, d.against) == (of, against))


def tuned(report: Report, method: str) -> Tuned:
    """A method of the sweep in the first table."""
    sweep = report.tables[0].sweep
    assert sweep is not None
    return next(m for m in sweep.methods if m.method == method)


def scores(runs: Path, metric: str = BITS, at: str = "last", epoch: int | None = DEEP) -> dict[str, ScoredGroup]:
    """By label, what a measure reads of each group in a directory."""
    from synthgrad.compare.groups import groups

    return {m.label: ScoredGroup.read(m, Measure(metric, at, epoch)) for m in groups(subjects(runs))[0]}
