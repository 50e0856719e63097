"""One group against another: differences of the seeds they share, and what may be concluded from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TypeVar

import numpy as np

from synthgrad.compare import arithmetic, statistics
from synthgrad.compare.groups import RunGroup, spelt
from synthgrad.compare.paired_test import ALPHA, PairedTest
from synthgrad.compare.report import Difference, Estimate, Interval
from synthgrad.compare.scored_groups import Method, shared
from synthgrad.runs.methods import names
from synthgrad.text import did_you_mean, listed

BETTER, WORSE, LEVEL, TOO_FEW, INCOMPLETE = "better", "worse", "~", "too few", "incomplete"
DECIDED = (BETTER, WORSE, LEVEL)


G = TypeVar("G", bound=RunGroup)


def called(name: str, groups: Sequence[G]) -> list[G]:
    """The group of this label, or those whose settings have all its words: ``dni both`` also where ``dni`` would do.

    A branch is meant only where its fork is named too, ``frozen from backprop@20``, and so are frozen layers.
    """
    exact = [group for group in groups if group.label == name]
    wanted = set(map(spelt, name.split()))
    return exact or [g for g in groups if names(wanted, g.settings) and wanted <= g.words]


def unknown(name: str, groups: Sequence[RunGroup]) -> str:
    """That no group has this name, and which there are."""
    labels = list(dict.fromkeys(group.label for group in groups))
    hint = did_you_mean(name, labels, f"there are {listed(labels)}", 0.5)
    return f"no group is called '{name}' ({hint})"


def estimate(values: Sequence[float]) -> Estimate:
    """The mean over seeds and its interval."""
    if not len(values):
        return Estimate(0, None, None, None)
    return Estimate(len(values), arithmetic.mean(values), interval(values), arithmetic.median(values))


def interval(values: Sequence[float]) -> Interval | None:
    """The 95 % interval of a mean; None where there are too few values for one."""
    ends = statistics.interval(values) if len(values) else None
    return None if ends is None else (float(ends[0]), float(ends[1]))


def difference(table: int, of: Method, against: Method) -> Difference:
    """``of`` minus ``against`` over their shared seeds; the p of Holm, the verdict and the gap are still open."""
    contest = PairedTest(of, against)
    first, second = contest.shown
    mine, other = of.settings[first], against.settings[second]
    found = contest.between(first, second)
    pairs = {seed: (mine.values[seed], other.values[seed]) for seed, d in found.items() if isfinite(d)}
    a, b = ([pair[side] for pair in pairs.values()] for side in (0, 1))
    d = [arithmetic.minus(*pair) for pair in pairs.values()]
    wins, losses = (sum(sign * each > 0 for each in found.values()) for sign in (1, -1))
    nearest, hardest = contest.deciding
    return Difference(
        table=table,
        of=of.label,
        against=against.label,
        seeds=list(pairs),
        values=d,
        n=len(d),
        mean=arithmetic.mean(d) if d else None,
        interval=contest.interval(),
        p=contest.p,
        p_holm=None,
        family=0,
        wins=wins,
        losses=losses,
        ties=len(contest.seeds) - wins - losses,
        gap=None,
        gap_interval=None,
        d_z=statistics.d_z(d) if d else None,
        cliffs_delta=statistics.cliffs_delta(a, b),
        correlation=_correlation(a, b, d),
        verdict=TOO_FEW,
        diverged=len(mine.diverged.intersection(contest.seeds)),
        against_diverged=len(other.diverged.intersection(contest.seeds)),
        tested=contest.tested,
        p_better=contest.p_better if contest.tested else None,
        p_worse=contest.p_worse if contest.tested else None,
        settings=contest.tried,
        deciding=[of.settings[nearest].label, against.settings[hardest].label] if contest.tried > 1 else [],
        incomplete=contest.incomplete,
    )


def _correlation(a: Sequence[float], b: Sequence[float], d: Sequence[float]) -> float | None:
    """What pairing takes from the variance of a difference: var(d) = (1 - r) (var(a) + var(b))."""
    of_a, of_b, of_d = map(np.var, arithmetic.alike(a, b, d)) if len(d) > 1 else (0.0, 0.0, 0.0)
    return 1 - float(of_d / (of_a + of_b)) if of_a + of_b > 0 else None


def judged(differences: Sequence[Difference]) -> list[Difference]:
    """A family of differences against one reference, with Holm's p and the verdicts.

    Too few are seeds that could not tell a difference from luck even if all of them agreed; incomplete is what waits
    for the outcome of runs that both were given.
    """
    adjusted = statistics.holm([1.0 if each.p is None else each.p for each in differences])
    m = len(differences)
    return [
        replace(each, p_holm=p if each.tested else None, family=m, verdict=_verdict(each, p, m))
        for each, p in zip(differences, adjusted, strict=True)
    ]


def _verdict(difference: Difference, p: float, family: int) -> str:
    if difference.incomplete:
        return INCOMPLETE
    if p >= ALPHA or difference.p_better is None or difference.p_worse is None:
        return TOO_FEW if difference.tested < seeds_needed(difference, family) else LEVEL
    return BETTER if difference.p_better < difference.p_worse else WORSE


def any_diverged(difference: Difference) -> bool:
    """Whether it is made of what runs that did not diverge have left."""
    return bool(difference.diverged or difference.against_diverged)


def seeds_needed(difference: Difference, family: int) -> int:
    """The fewest seeds that could decide it, if all agreed: every setting and comparison takes its share of .05."""
    return statistics.seeds_needed(max(1, family) * difference.settings)


def with_gaps(
    family: Sequence[Difference], of: Sequence[Method], control: Method, reference: Method
) -> list[Difference]:
    """A family of differences from the control with their gaps, if the reference itself beats the control."""
    way = next((d for d in family if d.of == reference.label), None)
    if way is None or way.verdict != BETTER or any_diverged(way):
        return list(family)
    return [_with_gap(d, method, control, reference) for d, method in zip(family, of, strict=True)]


def _with_gap(difference: Difference, method: Method, control: Method, reference: Method) -> Difference:
    """The share of the way from the control to the reference that the method goes: mean gain over mean way.

    0: its hidden layers learn nothing; 1: as good as the reference. None where a run of a shared seed diverged; of
    best settings, which were chosen, it has no interval.
    """
    every = [each.best for each in (method, control, reference)]
    seeds = shared(every)
    if not seeds or any_diverged(difference) or any(each.diverged.intersection(seeds) for each in every):
        return difference
    sign = 1 if every[1].up else -1
    gains, ways = ([sign * (s.values[seed] - every[1].values[seed]) for seed in seeds] for s in (every[0], every[2]))
    if arithmetic.mean(ways) <= 0:
        return difference
    gap = arithmetic.bounded(arithmetic.mean(gains) / arithmetic.mean(ways))
    interval = None if difference.settings > 1 else statistics.ratio_interval(gains, ways)
    return replace(difference, gap=gap, gap_interval=interval)
