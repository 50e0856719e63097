"""Reports of made-up runs as a comparison builds them: methods x seeds with curves, layers, differences, sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthgrad.compare import statistics
from synthgrad.compare.report import (
    SCHEMA,
    Answer,
    Cell,
    Curve,
    Difference,
    Estimate,
    Group,
    Interval,
    Layer,
    Missing,
    Report,
    Sweep,
    Table,
    Tuned,
)

METHODS = {"backprop": 0.712, "dni both": 0.698, "dni layer-output": 0.533, "frozen": 0.53}
"""Labels, and where their accuracy ends."""
ROLES = {"backprop": "reference", "frozen": "control"}
HOSTILE = "<script>alert(1)</script> & \"'][red]$x^2$\\frac \x00\n日本"
METRIC = "test_bit_accuracy"


def report(
    methods: Mapping[str, float] = METHODS,
    seeds: int = 10,
    epochs: int = 1000,
    layers: int = 2,
    diverged: Mapping[str, int] | None = None,
    sweep: Sequence[float] = (),
    metric: str = METRIC,
    tables: int = 1,
    lines: bool = True,
) -> Report:
    """A comparison; ``diverged`` says how many runs of a method did, ``sweep`` has the step sizes tried with each."""
    made = [
        _table(number, methods, seeds, epochs, layers, diverged or {}, sweep, metric) for number in range(1, tables + 1)
    ]
    groups = [group for _, found in made for group in found]
    if not lines:
        for group in groups:
            for curve in group.curves.values():
                curve.lines = []
    return Report(
        schema=SCHEMA,
        synthgrad="0.1.0",
        command=["synthgrad", "compare", "runs", "--format", "html"],
        metric=metric,
        at="last",
        family=made[0][0].family,
        tables=[table for table, _ in made],
        groups=groups,
        differences=[d for table, found in made for d in _differences(table, found)],
        claims=[
            Answer(1, "dni both > frozen", "held", 10, 0.168, (0.158, 0.178), 0.001953125, 0.005859375, ""),
            Answer(1, "dni both ~ backprop", "undecided", 10, -0.014, None, None, None, "no margin was given"),
        ],
        warnings=["runs/20261124-191841-backprop-s0-b19d/metrics.csv:41: is damaged; only the 39 rows before it count"],
    )


def _table(
    number: int,
    methods: Mapping[str, float],
    seeds: int,
    epochs: int,
    layers: int,
    diverged: Mapping[str, int],
    sweep: Sequence[float],
    metric: str,
) -> tuple[Table, list[Group]]:
    made = _Maker(number, seeds, epochs, layers, metric)
    if sweep:
        groups = [
            made.group(f"{label} alpha={alpha:g}", end - 0.01 * i, ROLES.get(label, "method"), alpha, i > 1 and label)
            for label, end in methods.items()
            for i, alpha in enumerate(sweep)
        ]
    else:
        groups = [
            made.group(label, end, ROLES.get(label, "method"), diverged=diverged.get(label, 0))
            for label, end in methods.items()
        ]
    control, reference = (next((g.label for g in groups if g.role == role), None) for role in ("control", "reference"))
    table = Table(
        number=number,
        title=f"binary-addition {11 + number} bits",
        task={"task.name": "binary-addition", "task.bits": 11 + number},
        network={"network.hidden": [128, 64]},
        metric=metric,
        up=True,
        at="last",
        epoch=epochs,
        family={"frozen": [label for label in methods if label != "frozen"]},
        control=control,
        lacks_control=control is None,
        reference=reference,
        target=0.676,
        held_equal=36,
        differs=["trainer.name", "trainer.generator.input"],
        runs=sum(len(g.runs) for g in groups),
        sweep=_sweep(methods, sweep, groups) if sweep else None,
        answers=[f"{label}: its hidden layers learn (+0.168 against the frozen control)." for label in methods],
        fairness=["same data, initial weights and batch order in every seed"],
        missing=[Missing("synthgrad sweep runs/a/config.yaml -s seed=3,5 --name frozen --runs runs -q", 2)],
    )
    return table, groups


class _Maker:
    """Makes groups of runs whose numbers are drawn once and for all."""

    def __init__(self, table: int, seeds: int, epochs: int, layers: int, metric: str) -> None:
        self.table, self.seeds, self.layers, self.metric = table, seeds, layers, metric
        self.rng = np.random.default_rng(7)
        self.epoch = np.unique(np.linspace(1, epochs, 120).round().astype(int))
        self.luck = self.rng.normal(0, 0.01, (seeds, 1))

    def group(self, label: str, end: float, role: str, alpha: float = 0.1, diverged: Any = 0) -> Group:
        """A method whose metric rises to ``end``; its last runs diverge, one after the other."""
        bad = int(diverged) if isinstance(diverged, int) else 4 if "both" in str(diverged) else 0
        t = self.epoch / self.epoch[-1]
        rise = 0.5 + (end - 0.5) * (1 - np.exp(-6 * t)) / (1 - np.exp(-6))
        near = min(1.0, 20 * abs(1 - end))  # so that nothing is above 1
        values = rise + (self.luck * t + self._noise(0.004)) * near
        for i in range(bad):
            values[self.seeds - 1 - i, len(t) * (i + 1) // (bad + 1) :] = np.nan
        curves = {self.metric: _curve(self.epoch, values)}
        curves["loss"] = _curve(self.epoch, np.exp(-30 * (end - 0.5) * t) * 5 * np.exp(self._noise(0.05)))
        method = role == "method"
        for i in range(1, self.layers + 1) if method else []:
            level = (end - 0.5) * (2 + i)
            curves[f"cosine.{i}"] = _curve(self.epoch, level * (1 - np.exp(-9 * t)) + self._noise(0.05))
            curves[f"skill.{i}"] = _curve(self.epoch, level - 3 * np.exp(-20 * t) + self._noise(0.05))
        return self._told(label, role, alpha, curves, values, bad)

    def _told(
        self, label: str, role: str, alpha: float, curves: dict[str, Curve], values: np.ndarray, bad: int
    ) -> Group:
        seeds = list(range(self.seeds))
        last = [float(v) if np.isfinite(v) else None for v in values[:, -1]]
        known = estimate(last)
        keys = {"trainer.name": label.split()[0], "trainer.generator.input": label.partition(" ")[2] or None}
        return Group(
            table=self.table,
            label=label,
            role=role,
            config={"trainer.alpha": alpha, "network.hidden": [128, 64], "task.bits": 12, **keys},
            keys_that_differ=keys,
            seeds=seeds,
            runs=[f"runs/20261124-191841-{label.replace(' ', '-')}-s{seed}-b19d" for seed in seeds],
            outcomes=["finished" if v is not None else "diverged" for v in last],
            values=last,
            n=known.n,
            mean=known.mean,
            interval=known.interval,
            median=known.median,
            diverged=bad,
            diverged_interval=statistics.wilson(bad, self.seeds),
            incomplete=0,
            reached=self.seeds - bad,
            epochs_to_target=287.0,
            seconds_per_epoch=0.0123456789,
            seconds=123.456,
            times_reference=None if role == "reference" else 1.5123,
            other_machine=False,
            layers=[Layer(i, _end(curves, f"cosine.{i}"), _end(curves, f"skill.{i}")) for i in self._numbers(curves)],
            others={"test_exact_accuracy": estimate([v / 10 for v in last if v is not None])},
            curves=curves,
        )

    def _numbers(self, curves: Mapping[str, Curve]) -> list[int]:
        return [i for i in range(1, self.layers + 1) if f"cosine.{i}" in curves]

    def _noise(self, scale: float) -> np.ndarray:
        return self.rng.normal(0, scale, (self.seeds, len(self.epoch)))


def estimate(values: Sequence[float | None]) -> Estimate:
    """The mean of what is known, its interval and its median."""
    known = [v for v in values if v is not None]
    if not known:
        return Estimate(0, None, None, None)
    return Estimate(len(known), float(np.mean(known)), interval(known), float(np.median(known)))


def interval(values: Sequence[float]) -> Interval | None:
    """Two floats, or None for fewer than six values."""
    ends = statistics.interval(values)
    return None if ends is None else (float(ends[0]), float(ends[1]))


def _curve(epoch: np.ndarray, values: np.ndarray) -> Curve:
    columns = [estimate([float(v) for v in column if np.isfinite(v)]) for column in values.T]
    return Curve(
        epoch=[int(e) for e in epoch],
        mean=[c.mean for c in columns],
        low=[c.interval[0] if c.interval else None for c in columns],
        high=[c.interval[1] if c.interval else None for c in columns],
        n=[c.n for c in columns],
        lines=[[float(v) if np.isfinite(v) else None for v in line] for line in values],
    )


def _end(curves: Mapping[str, Curve], name: str) -> Estimate:
    return estimate([line[-1] for line in curves[name].lines])


def _differences(table: Table, groups: Sequence[Group]) -> list[Difference]:
    control = next((g for g in groups if g.role == "control"), None)
    if control is None:
        return []
    return [_difference(table.number, g, control) for g in groups if g is not control]


def _difference(table: int, of: Group, against: Group) -> Difference:
    seeds = [s for s, a, b in zip(of.seeds, of.values, against.values, strict=True) if None not in (a, b)]
    d = [float(of.values[s]) - float(against.values[s]) for s in seeds]  # type: ignore[arg-type]
    known = estimate(d)
    return Difference(
        table=table,
        of=of.label,
        against=against.label,
        seeds=seeds,
        values=d,
        n=len(d),
        mean=known.mean,
        interval=known.interval,
        p=float(statistics.sign_flip_p(d)) if d else None,
        p_holm=0.005859375 if d else None,
        family=3,
        wins=sum(x > 0 for x in d),
        losses=sum(x < 0 for x in d),
        ties=0,
        gap=0.9234567,
        gap_interval=(0.9, 0.95) if known.interval else None,
        d_z=statistics.d_z(d),
        cliffs_delta=0.75,
        correlation=0.71,
        verdict="better" if known.interval and known.interval[0] > 0 else "~" if known.interval else "too few",
        diverged=of.diverged,
        against_diverged=against.diverged,
        tested=len(d),
        p_better=0.001 if d else None,
        p_worse=1.0 if d else None,
    )


def _sweep(methods: Mapping[str, float], alphas: Sequence[float], groups: Sequence[Group]) -> Sweep:
    return Sweep(
        keys=["trainer.alpha"],
        control=next((label for label in methods if ROLES.get(label) == "control"), None),
        methods=[
            _tuned(label, alphas, [g for g in groups if g.label.startswith(f"{label} alpha")]) for label in methods
        ],
        marginals={},
    )


def _tuned(label: str, alphas: Sequence[float], groups: Sequence[Group]) -> Tuned:
    best = max(groups, key=lambda g: (not g.diverged, g.mean or 0))
    return Tuned(
        method=label,
        cells=[
            Cell(
                setting={"trainer.alpha": alpha},
                label=f"{alpha:g}",
                n=g.n,
                diverged=g.diverged,
                mean=g.mean,
                best=g is best,
                curve=[0.5, g.mean or 0.5],
                group=g.label,
            )
            for alpha, g in zip(alphas, groups, strict=True)
        ],
        mean=best.mean,
        near_best=2,
        runs=len(best.seeds),
        reached=len(groups),
        epochs_to_target=12.0,
        seconds_per_epoch=0.25,
        edge="trainer.alpha=0.1",
        seconds=480.5,
        difference=None,
    )
