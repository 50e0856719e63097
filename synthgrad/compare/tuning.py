"""Sweeps: methods against the settings that were tried; which method is better at its best, ``paired_test`` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthgrad.compare.curves import curve
from synthgrad.compare.groups import UNSET, RunGroup, alike, differing, form, labels, shown
from synthgrad.compare.judging import G, difference, judged, with_gaps
from synthgrad.compare.measure import Measure, arrivals, pace
from synthgrad.compare.missing import BACKPROP, FROZEN
from synthgrad.compare.report import Cell, Difference, Sweep, Tuned
from synthgrad.compare.scored_groups import Method, ScoredGroup
from synthgrad.runs.filters import is_number

NEAR = 0.95
"""A setting is near the best if it gets so much of its figure."""
POINTS = 12
"""Of a cell's small curve."""
BUDGET = ("training.epochs", "training.evaluate_every", "branch.epoch")
"""Nobody tunes how long a run is, nor where it branches; groups are compared at the last epoch that all have."""
STEP = "trainer.generator.alpha"
"""The step size that has a stability bound."""


def swept_keys(members: Sequence[RunGroup], by: Sequence[str] = ()) -> list[str]:
    """The keys that were swept: numbers of which one method was tried with several, or those of ``by``."""
    keys = differing([m.settings for m in members])
    if by:
        return [key for key in by if key in keys]
    numeric = [key for key in keys if key not in BUDGET and all(is_number(m.settings.get(key, 0)) for m in members)]
    found: set[str] = set()
    for same in _apart(members, [key for key in keys if key not in numeric]):
        found.update(key for key in differing([m.settings for m in same]) if key in numeric)
    return [key for key in numeric if key in found]


def sweep(table: int, scores: Sequence[ScoredGroup], keys: list[str], measure: Measure, target: float | None) -> Sweep:
    """Every method at its best, and compared with the control; ``target`` is what runs are to reach."""
    clusters = _apart(scores, _methods_by(scores, keys))
    rest = [{k: v for k, v in c[0].settings.items() if k not in keys} for c in clusters]
    names = labels(rest)
    if "trainer.name" in keys:
        names = [name.removeprefix(UNSET).strip() or "all methods" for name in names]
    methods = [Method(name, cluster) for name, cluster in zip(names, clusters, strict=True)]
    methods.sort(key=lambda method: method.best.rank)
    control, reference = (next((m for m in methods if m.trainer == name), None) for name in (FROZEN, BACKPROP))
    differences = _differences(table, methods, control, reference)
    return Sweep(
        keys=keys,
        control=control.label if control is not None else None,
        methods=[_told(m, keys, measure.metric, target, differences.get(m.label)) for m in methods],
        marginals=_marginals(methods, keys) if len(keys) > 1 else {},
        bounds=_bounds(scores, keys),
    )


def _methods_by(members: Sequence[RunGroup], keys: Sequence[str]) -> list[str]:
    """The keys that tell methods apart: not those swept, nor what only some algorithms have if these are an axis."""
    apart = [key for key in differing([m.settings for m in members]) if key not in keys]
    if "trainer.name" not in keys:
        return apart
    within = {key for same in _apart(members, ["trainer.name"]) for key in differing([m.settings for m in same])}
    return [key for key in apart if key in within or all(key in m.settings for m in members)]


def _differences(
    table: int, methods: Sequence[Method], control: Method | None, reference: Method | None
) -> dict[str, Difference]:
    """The methods against the control, best against best, one family."""
    if control is None:
        return {}
    others = [method for method in methods if method is not control]
    family = judged([difference(table, method, control) for method in others])
    family = family if reference is None else with_gaps(family, others, control, reference)
    return {each.of: each for each in family}


def _told(method: Method, keys: list[str], metric: str, target: float | None, difference: Difference | None) -> Tuned:
    best = method.best
    reached, epochs = arrivals(best.subjects, metric, target)
    return Tuned(
        method=method.label,
        cells=[_cell(scores, keys, scores is best, metric) for scores in _as_swept(method, keys)],
        mean=best.mean,
        near_best=sum(_near(scores, best) for scores in method.settings),
        edge=_edge(method, best, keys),
        seconds=sum(float(sum(s.seconds for s in scores.subjects)) for scores in method.settings),
        runs=len(best.subjects),
        reached=reached,
        epochs_to_target=epochs,
        seconds_per_epoch=pace(best.subjects),
        difference=difference,
    )


def _as_swept(method: Method, keys: Sequence[str]) -> list[ScoredGroup]:
    """The settings in the order of their values."""
    return sorted(method.settings, key=lambda s: [order(s.settings.get(key, UNSET)) for key in keys])


def _cell(scores: ScoredGroup, keys: list[str], best: bool, metric: str) -> Cell:
    setting = {key: scores.settings.get(key, UNSET) for key in keys}
    line = curve(scores.subjects, metric, POINTS, band=False).mean
    return Cell(
        setting=setting,
        label=" ".join(shown(value) for value in setting.values()),
        n=len(scores.values),
        diverged=len(scores.diverged),
        mean=scores.mean,
        best=best,
        curve=[value for value in line if value is not None],
        group=scores.label,
    )


def _near(scores: ScoredGroup, best: ScoredGroup) -> bool:
    mean, top = scores.mean, best.mean
    if mean is None or top is None or scores.diverged:
        return False
    return mean >= top - (1 - NEAR) * abs(top) if scores.up else mean <= top + (1 / NEAR - 1) * abs(top)


def _edge(method: Method, best: ScoredGroup, keys: list[str]) -> str:
    """What to add where the best lies at the edge of the grid, ``trainer.alpha=0.1``; empty where it does not."""
    for key in keys:
        grid = sorted({s.settings[key] for s in method.settings if is_number(s.settings.get(key))})
        if len(grid) < 2 or best.settings.get(key) not in (grid[0], grid[-1]):
            continue
        last, before = (grid[-1], grid[-2]) if best.settings[key] == grid[-1] else (grid[0], grid[1])
        following = float(f"{last * last / before if before * last > 0 else 2 * last - before:.2g}")
        if all(isinstance(value, int) for value in grid):
            following = float(round(following))
        beyond = following < 0 <= grid[0] or (following == 0 and 0 not in grid)  # a grid from 0 up ends there
        if following != last and not beyond:
            return f"{key}={shown(following)}"
    return ""


def _marginals(methods: Sequence[Method], keys: list[str]) -> dict[str, dict[str, list[float | None]]]:
    """For each key and value, over the settings of the other keys: each method's mean and its best."""
    every = [scores for method in methods for scores in method.settings]
    told: dict[str, dict[str, list[float | None]]] = {}
    for key in keys:
        values = {shown(value): value for value in (s.settings.get(key, UNSET) for s in every)}
        ordered = sorted(values, key=lambda text: order(values[text]))
        told[key] = {text: [f for m in methods for f in _marginal(m, key, values[text])] for text in ordered}
    return told


def _marginal(method: Method, key: str, value: object) -> tuple[float | None, float | None]:
    there = [s for s in method.settings if s.settings.get(key, UNSET) == value and not s.diverged]
    means = [s.mean for s in there if s.mean is not None]
    if not means:
        return None, None
    return float(np.mean(means)), max(means) if there[0].up else min(means)


def _bounds(members: Sequence[RunGroup], keys: Sequence[str]) -> dict[str, float]:
    """The least of what the runs recorded for their generators."""
    recorded = [s.about.get("stability") for m in members for s in m.subjects]
    known = [b for each in recorded if isinstance(each, dict) for b in each.values() if is_number(b)]
    return {key: min(known) for key in keys if key == STEP and known}


def _apart(members: Sequence[G], keys: Sequence[str]) -> list[list[G]]:
    return alike(members, lambda each: tuple(form(each.settings.get(key, UNSET)) for key in keys))


def order(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, before everything else by name."""
    number = is_number(value)
    return not number, value if number else 0.0, shown(value)
