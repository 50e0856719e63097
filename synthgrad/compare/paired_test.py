"""Best against best: what all seeds say of two methods, each at its best setting, without choosing a setting.

A setting that is chosen and scored on the same seeds flatters the method with more settings. So nothing is chosen. Of
settings a of one method and b of the other, each with the true mean mu, the question is whether

    theta = max_a mu_a - max_b mu_b

is above 0 (min for a loss). It is if some a is better than every b. For one a that is an intersection-union test: every
b must be beaten at the full level. For the choice of a, one of A, Bonferroni's correction pays:

    p_better = A min_a max_b p(a > b),    p_worse = B min_b max_a p(a < b),    p = min(1, 2 min(p_better, p_worse))

and the interval inverts it: L = max_a min_b L_ab, with L_ab the lower end for a - b at the level alpha/2A; U likewise.
Level and coverage hold by construction, and where each method has one setting this is the test of their differences.

Seed by seed, a run that diverged is worse than every number and than every run that did not; of two that diverged
nothing is known. With infinite differences it is their signs that are tested.

Reference: Berger and Hsu 1996, Statistical Science 11, 283 (intersection-union tests).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import isfinite

import numpy as np

from synthgrad.compare import arithmetic, statistics
from synthgrad.compare.report import Interval
from synthgrad.compare.scored_groups import Method, shared
from synthgrad.types import Floats

ALPHA = 0.05
ROUNDING = 2.0**-50
"""Subtracting equal numbers leaves less than this share of them."""


class PairedTest:
    """``of`` - ``against`` - ``number``, of every setting of one method and every setting of the other, or of none.

    ``seeds`` are those in which every setting has an outcome of the same data; in those of ``incomplete`` both methods
    were given a run, and one has no outcome yet. ``d`` (A, B, n) is positive where ``of`` is better: +-inf where one
    side diverged, nan where both did.
    """

    def __init__(self, of: Method, against: Method | None = None, number: float = 0.0, *, exact: bool = False) -> None:
        self.of, self.against, self.number = of, against, number
        self.up = of.best.up
        sides = [of] if against is None else [of, against]
        every = [scores for side in sides for scores in side.settings]
        self.seeds = shared(every)
        known = set.intersection(*(scores.known for scores in every))
        self.incomplete = sorted(set.intersection(*(side.given for side in sides)) - known)
        self.d = self._differences(exact)

    def _differences(self, exact: bool) -> Floats:
        """What rounding leaves of equal numbers is 0, unless the last bit counts."""
        sign = 1 if self.up else -1
        a = sign * _values(self.of, self.seeds, self.up)[:, None]
        b = sign * _values(self.against, self.seeds, self.up)[None] if self.against else np.zeros((1, 1, 1))
        c = sign * self.number
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf: both diverged
            d = a - b - c
        d = np.where(np.isfinite(a) & np.isfinite(b), np.clip(d, -arithmetic.LARGEST, arithmetic.LARGEST), d)
        largest = np.maximum(np.maximum(np.abs(a), np.abs(b)), abs(c))
        nothing = np.isfinite(largest) & (np.abs(d) <= ROUNDING * largest) & (not exact)
        return np.where(nothing, 0.0, d)

    # the test ---------------------------------------------------------------------------------

    @cached_property
    def p_better(self) -> float:
        """The p of "``of`` at its best is not better"."""
        return min(1.0, len(self.d) * float(self._p[0].max(axis=1).min()))

    @cached_property
    def p_worse(self) -> float:
        """The p of "``of`` at its best is not worse"."""
        return min(1.0, len(self.d[0]) * float(self._p[1].max(axis=0).min()))

    @property
    def p(self) -> float | None:
        """Two-sided; None where no seed says anything."""
        return min(1.0, 2 * min(self.p_better, self.p_worse)) if self.tested else None

    @property
    def tested(self) -> int:
        """As many seeds of the best settings as take part in the test: all but those in which both diverged."""
        return int(np.count_nonzero(~np.isnan(self.d[0, 0])))

    @property
    def tried(self) -> int:
        """The most settings that a side tried: as many times more flips it takes to decide."""
        return max(len(self.of.settings), len(self.against.settings) if self.against else 1)

    @cached_property
    def deciding(self) -> tuple[int, int]:
        """The setting that comes nearest to showing that its method is better, and its hardest opponent."""
        up, down = self._p
        if self.p_better <= self.p_worse:
            a = int(up.max(axis=1).argmin())
            return a, int(up[a].argmax())
        b = int(down.max(axis=0).argmin())
        return int(down[:, b].argmax()), b

    @cached_property
    def shown(self) -> tuple[int, int]:
        """The settings whose differences are described: the best by mean, whose difference lies in the interval.

        If settings that lost a seed tell the methods apart, these are shown: no mean of others may contradict them.
        """
        decides = self.deciding
        return decides if 2 * min(self.p_better, self.p_worse) < ALPHA and np.isinf(self.d[decides]).any() else (0, 0)

    @cached_property
    def _p(self) -> Floats:
        """The one-sided p of every pair: (2, A, B), better and worse."""
        return np.moveaxis(np.array([[statistics.one_sided(d) for d in row] for row in self._pairs]), -1, 0)

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """The interval of theta, as the metric goes; None where seeds are too few, or lost by one of those shown."""
        if not self.tested or np.isinf(self.d[self.shown]).any():
            return None
        alpha, (A, B) = (1 - confidence) / 2, self.d.shape[:2]
        low = self._ends(lambda d: statistics.low_end(d, alpha / A)).min(axis=1).max()
        high = self._ends(lambda d: -statistics.low_end(-d, alpha / B)).max(axis=0).min()
        if not (isfinite(low) and isfinite(high)):
            return None
        return (float(low), float(high)) if self.up else (-float(high), -float(low))

    def _ends(self, end: Callable[[Floats], float]) -> Floats:
        return np.array([[end(d) for d in row] for row in self._pairs])

    @property
    def _pairs(self) -> list[list[Floats]]:
        """The differences of each pair, without the seeds that say nothing."""
        return [[d[~np.isnan(d)] for d in row] for row in self.d]

    # seed by seed -----------------------------------------------------------------------------

    def in_every_seed(self, better: bool) -> tuple[int, int]:
        """The setting that is better (or worse) in the most seeds than its hardest opponent, and that opponent."""
        won = np.count_nonzero(self.d > 0 if better else self.d < 0, axis=-1)
        if better:
            a = int(won.min(axis=1).argmax())
            return a, int(won[a].argmin())
        b = int(won.min(axis=0).argmax())
        return int(won[:, b].argmin()), b

    def between(self, a: int, b: int) -> dict[int, float]:
        """The differences of two settings, positive where ``of`` is better; seeds in which both diverged have none."""
        return {seed: float(d) for seed, d in zip(self.seeds, self.d[a, b], strict=True) if d == d}


def _values(method: Method, seeds: list[int], up: bool) -> Floats:
    """(A, n), one row for each setting; a run that diverged is worse than every number."""
    worst = -np.inf if up else np.inf
    rows = [[s.values.get(seed, worst) for seed in seeds] for s in method.settings]
    return np.array(rows, np.float64).reshape(len(rows), len(seeds))
