"""One group against another: differences of the seeds they share, and what may be concluded from them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from synthgrad.compare import arithmetic, statistics
from synthgrad.compare.groups import Members, spelt
from synthgrad.compare.metrics import Measure
from synthgrad.compare.report import Difference, Estimate, Interval
from synthgrad.compare.subjects import DIVERGED
from synthgrad.runs.methods import names

BETTER, WORSE, LEVEL, TOO_FEW = "better", "worse", "~", "too few"
ALPHA = 0.05
MORE_DIVERGED = 2
"""A method that diverged in so many more seeds than its reference is not simply better."""


@dataclass
class Scores:
    """What the measure reads of a group: values by seed of the runs that count, and the seeds that diverged."""

    label: str
    members: Members
    up: bool
    values: dict[int, float]
    diverged: set[int]

    @classmethod
    def read(cls, members: Members, measure: Measure) -> Scores:
        """The scores of a group's runs."""
        values = {s.seed: measure.value(s) for s in members.subjects if measure.counts(s)}
        known = {seed: value for seed, value in values.items() if value is not None}
        diverged = {s.seed for s in members.subjects if s.outcome == DIVERGED}
        return cls(members.label, members, measure.up, known, diverged)

    def only(self, seeds: Collection[int]) -> Scores:
        """The scores of these seeds alone."""
        values = {seed: value for seed, value in self.values.items() if seed in seeds}
        return replace(self, values=values, diverged=self.diverged.intersection(seeds))

    @property
    def settings(self) -> dict[str, Any]:
        """What the runs of the group have in common."""
        return self.members.settings

    @property
    def words(self) -> set[str]:
        """Every word that the group may be called by."""
        return self.members.words

    @cached_property
    def data(self) -> dict[int, str | None]:
        """The fingerprint of the data of each seed; None where it is not known."""
        return {s.seed: s.hashes.get("data") for s in self.members.subjects}


class Named(Protocol):
    """What can be called by its label, or by words of its settings."""

    label: str

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings by dotted key."""

    @property
    def words(self) -> set[str]:
        """Every word of them."""


N = TypeVar("N", bound=Named)


def called(name: str, groups: Sequence[N]) -> list[N]:
    """The group of this label, or those whose settings have all its words: ``dni both`` also where ``dni`` would do.

    A branch is meant only where its fork is named too, ``frozen from backprop@20``, and so are frozen layers.
    """
    exact = [group for group in groups if group.label == name]
    wanted = set(map(spelt, name.split()))
    return exact or [g for g in groups if names(wanted, g.settings) and wanted <= g.words]


def unknown(name: str, groups: Sequence[Named]) -> str:
    """That no group has this name, and which there are."""
    labels = list(dict.fromkeys(group.label for group in groups))
    near = difflib.get_close_matches(name, labels, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(labels)}"
    return f"no group is called '{name}' ({hint})"


def shared(a: Scores, b: Scores) -> list[int]:
    """The seeds that both have seen the same data with, whatever came of them."""
    seeds = (a.values.keys() | a.diverged) & (b.values.keys() | b.diverged)
    data = {seed: (a.data.get(seed), b.data.get(seed)) for seed in sorted(seeds)}
    return [seed for seed, (one, other) in data.items() if None in (one, other) or one == other]


def estimate(values: Sequence[float]) -> Estimate:
    """The mean over seeds and its interval."""
    if not len(values):
        return Estimate(0, None, None, None)
    return Estimate(len(values), arithmetic.mean(values), interval(values), arithmetic.median(values))


def interval(values: Sequence[float]) -> Interval | None:
    """The 95 % interval of a mean; None where there are too few values for one."""
    ends = statistics.interval(values) if len(values) else None
    return None if ends is None else (float(ends[0]), float(ends[1]))


def difference(table: int, of: Scores, against: Scores) -> Difference:
    """``of`` minus ``against`` over their shared seeds; the p of Holm, the verdict and the gap are still open."""
    seeds = shared(of, against)
    both = [seed for seed in seeds if seed in of.values and seed in against.values]
    d = [arithmetic.minus(of.values[seed], against.values[seed]) for seed in both]
    wins, losses = (sum(_beats(a, b, seed) for seed in seeds) for a, b in ((of, against), (against, of)))
    known = estimate(d)
    return Difference(
        table=table,
        of=of.label,
        against=against.label,
        seeds=both,
        values=d,
        n=len(d),
        mean=known.mean,
        interval=known.interval,
        p=float(statistics.sign_flip_p(d)) if d else None,
        p_holm=None,
        family=0,
        wins=wins,
        losses=losses,
        ties=len(seeds) - wins - losses,
        gap=None,
        gap_interval=None,
        d_z=statistics.d_z(d) if d else None,
        cliffs_delta=statistics.cliffs_delta([of.values[s] for s in both], [against.values[s] for s in both]),
        correlation=_correlation([of.values[s] for s in both], [against.values[s] for s in both], d),
        verdict=TOO_FEW,
        diverges=len(of.diverged.intersection(seeds)) >= len(against.diverged.intersection(seeds)) + MORE_DIVERGED,
    )


def _beats(a: Scores, b: Scores, seed: int) -> bool:
    """Whether a is better in this seed; a run that diverged is worse than any that did not."""
    if seed not in a.values or seed not in b.values:
        return seed in a.values and seed in b.diverged
    return a.values[seed] > b.values[seed] if a.up else a.values[seed] < b.values[seed]


def _correlation(a: Sequence[float], b: Sequence[float], d: Sequence[float]) -> float | None:
    """What pairing takes from the variance of a difference: var(d) = (1 - r) (var(a) + var(b))."""
    of_a, of_b, of_d = map(np.var, arithmetic.alike(a, b, d)) if len(d) > 1 else (0.0, 0.0, 0.0)
    return 1 - float(of_d / (of_a + of_b)) if of_a + of_b > 0 else None


def judged(differences: Sequence[Difference], up: bool) -> list[Difference]:
    """A family of differences against one reference, with Holm's p and the verdicts.

    Too few are seeds that could not tell a difference from luck even if all of them agreed.
    """
    adjusted = statistics.holm([1.0 if each.p is None else each.p for each in differences])
    m = len(differences)
    return [
        replace(each, p_holm=p if each.n else None, family=m, verdict=_verdict(each, p, up, m))
        for each, p in zip(differences, adjusted, strict=True)
    ]


def _verdict(difference: Difference, p: float, up: bool, family: int) -> str:
    if difference.interval is None or difference.mean is None:
        return TOO_FEW
    if p >= ALPHA:
        return TOO_FEW if difference.n < statistics.seeds_needed(family) else LEVEL
    return BETTER if (difference.mean > 0) == up else WORSE


def with_gaps(
    family: Sequence[Difference], of: Sequence[Scores], control: Scores, reference: Scores | None
) -> list[Difference]:
    """A family of differences from the control with their gaps, if the reference itself beats the control."""
    if reference is None or not any(d.of == reference.label and d.verdict == BETTER for d in family):
        return list(family)
    return [_with_gap(d, method, control, reference) for d, method in zip(family, of, strict=True)]


def _with_gap(difference: Difference, method: Scores, control: Scores, reference: Scores) -> Difference:
    """The share of the way from the control to the reference that the method goes: mean gain over mean way.

    0: its hidden layers learn nothing; 1: as good as the reference.
    """
    seeds = sorted(set(shared(method, control)) & set(shared(reference, control)))
    seeds = [s for s in seeds if all(s in each.values for each in (method, control, reference))]
    sign = 1 if control.up else -1
    gains, ways = ([sign * (s.values[seed] - control.values[seed]) for seed in seeds] for s in (method, reference))
    if not seeds or arithmetic.mean(ways) <= 0:
        return difference
    gap = arithmetic.bounded(arithmetic.mean(gains) / arithmetic.mean(ways))
    return replace(difference, gap=gap, gap_interval=statistics.ratio_interval(gains, ways))
