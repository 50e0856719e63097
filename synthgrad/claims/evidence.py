"""What the seeds say of a claim in one table, before anything is concluded from it.

Equivalence within a margin is two one-sided tests at 5 % each, of "at least M below" and "at least M above". The 90 %
interval inverts them, so both reject where it lies between the margins; as both must, two need no correction.

References: Schuirmann 1987, J. Pharmacokin. Biopharm. 15, 657; Berger and Hsu 1996, Statistical Science 11, 283.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import isfinite

from synthgrad.claims.matching import Match
from synthgrad.compare.judging import estimate
from synthgrad.compare.paired_test import ALPHA, PairedTest
from synthgrad.compare.report import Estimate, Interval
from synthgrad.compare.scored_groups import ScoredGroup

ONE_SIDED = 1 - 2 * ALPHA
"""The confidence of the interval that inverts two one-sided tests at ``ALPHA``."""


def moved(interval: Interval | None, number: float) -> Interval | None:
    """An interval further up by a number."""
    return None if interval is None else (interval[0] + number, interval[1] + number)


class Evidence:
    """The numbers of a claim's groups, by seed.

    ``seeds`` have an outcome in every group; ``values`` are what is said to be above, below or about 0, of those seeds
    in which no run diverged. Of methods with several settings they are those of the best ones by mean, or of those that
    decide a claim about every seed.
    """

    def __init__(self, match: Match) -> None:
        self.match, self.claim = match, match.claim
        self.contest = self._test()
        self.seeds, self.incomplete = self.contest.seeds, self.contest.incomplete
        self.pair = self._pair() if self.seeds else (0, 0)
        self._signed = self.contest.between(*self.pair)
        sign = 1 if match.of.best.up else -1
        self.values = {seed: sign * d for seed, d in self._signed.items() if isfinite(d)}

    def _test(self, shift: float = 0.0) -> PairedTest:
        """``of`` - ``against`` - the number of the claim - a shift."""
        number = (self.claim.number or 0.0) + shift
        return PairedTest(self.match.of, self.match.against, number, exact=self.claim.sign == "=")

    def _pair(self) -> tuple[int, int]:
        """Of a method with several settings, the ones that are described."""
        if self.claim.each:
            return self.contest.in_every_seed(better=self._favours)
        return self.contest.shown if self.claim.directed else (0, 0)

    @property
    def _favours(self) -> bool:
        """Whether the claim says that its first group is the better one."""
        return (self.claim.sign == ">") == self.match.of.best.up

    @property
    def scores(self) -> dict[str, ScoredGroup]:
        """By the names of the claim, the settings that ``values`` are of."""
        first, second = self.pair
        methods = self.match.methods.items()
        return {name: m.settings[first if name == self.claim.of else second] for name, m in methods}

    # on average ---------------------------------------------------------------------------------

    @cached_property
    def known(self) -> Estimate:
        """The mean of the values, and the interval of the difference."""
        told = estimate(list(self.values.values()))
        return replace(told, interval=self.contest.interval())

    @property
    def told(self) -> Estimate:
        """The same of what was claimed to be above, below or about a number, not of its distance from that number."""
        known, number = self.known, self.claim.number or 0.0
        mean = None if known.mean is None else known.mean + number
        return replace(known, mean=mean, interval=moved(known.interval, number))

    @cached_property
    def p(self) -> float | None:
        """Of the test, where that decides."""
        tested = self.claim.directed or (self.claim.sign == "~" and self.claim.within is None)
        return self.contest.p if tested else None

    @property
    def score(self) -> str:
        """Seeds in which the number is more than claimed, and less: 9-1."""
        sign = 1 if self.contest.up else -1
        return "-".join(str(sum(way * sign * d > 0 for d in self._signed.values())) for way in (1, -1))

    @property
    def so(self) -> bool:
        """Whether the seeds point the way that the claim does."""
        return (self.contest.p_better < self.contest.p_worse) == self._favours

    @property
    def lost(self) -> bool:
        """Whether one of the two diverged where the other did not: then nothing shows that they are alike."""
        return len(self.values) < len(self._signed)

    @cached_property
    def equivalence(self) -> Interval | None:
        """The interval of two one-sided tests, where those decide; None for fewer than five values."""
        return None if self.claim.within is None else self.contest.interval(ONE_SIDED)

    @cached_property
    def beyond(self) -> bool:
        """Whether a two-sided test shows that what should be about 0 is further from it than the margin."""
        margin = self.claim.within or 0.0
        above, below = self._test(margin), self._test(-margin)
        more, less = (above.p_better, below.p_worse) if self.contest.up else (above.p_worse, below.p_better)
        return 2 * min(more, less) < ALPHA

    @cached_property
    def inside(self) -> bool:
        """Whether two one-sided tests show that it is nearer to 0 than the margin."""
        margin = self.claim.within or 0.0
        above, below = self._test(margin), self._test(-margin)
        less, more = (above.p_worse, below.p_better) if self.contest.up else (above.p_better, below.p_worse)
        return not self.lost and max(more, less) < ALPHA

    # seed by seed -------------------------------------------------------------------------------

    @cached_property
    def otherwise(self) -> list[int]:
        """The seeds in which it is not so, of a claim that is about each of them."""
        return [seed for seed in self.seeds if not self._so(self._signed.get(seed))] if self.claim.each else []

    def _so(self, d: float | None) -> bool:
        """Of two runs that diverged, None, nothing is so."""
        if d is None or self.claim.sign == "=":
            return d == 0
        return d > 0 if self._favours else d < 0
