"""What the seeds say of a claim in one table, before anything is concluded from it.

Equivalence within a margin is two one-sided tests at 5 % each, of "at least M below" and "at least M above". The 90 %
interval inverts them, so both reject where it lies within the margins; as both must, being two calls for no correction.

References: Schuirmann 1987, J. Pharmacokin. Biopharm. 15, 657; Berger and Hsu 1996, Statistical Science 11, 283.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from synthgrad.compare import statistics
from synthgrad.compare.cases import Case
from synthgrad.compare.judging import ALPHA, difference, estimate, shared
from synthgrad.compare.report import Estimate, Interval

ONE_SIDED = 1 - 2 * ALPHA
"""The confidence of the interval that inverts two one-sided tests at ``ALPHA``."""
ROUNDING = 2.0**-50
"""Subtracting equal numbers leaves less than this share of them."""


def moved(interval: Interval | None, number: float) -> Interval | None:
    """An interval further up by a number."""
    return None if interval is None else (interval[0] + number, interval[1] + number)


class Evidence:
    """The figures of a claim's groups, by seed.

    ``seeds`` have an outcome in every group; ``values`` are what is said to be above, below or about 0, of those seeds
    in which no run diverged.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.claim = case, case.claim
        of, against = case.of, case.against
        self.seeds = sorted(of.values.keys() | of.diverged) if against is None else shared(of, against)
        both = [seed for seed in self.seeds if all(seed in s.values for s in case.scores.values())]
        self.values = {seed: self._left(seed) for seed in both}

    def _left(self, seed: int) -> float:
        """What is left of ``of`` - ``against`` - number; what is only rounding is 0, but if the last bit counts."""
        of, against = self.case.of, self.case.against
        terms = [of.values[seed], -against.values[seed] if against else 0.0, -(self.claim.number or 0.0)]
        left = terms[0] + terms[1] + terms[2]
        return left if self.claim.sign == "=" or abs(left) > ROUNDING * max(map(abs, terms)) else 0.0

    # on average ---------------------------------------------------------------------------------

    @cached_property
    def known(self) -> Estimate:
        """The mean of the values, and its interval."""
        return estimate(list(self.values.values()))

    @property
    def told(self) -> Estimate:
        """The same of what was claimed to be above, below or about a number, not of its distance from that number."""
        known, number = self.known, self.claim.number or 0.0
        mean = None if known.mean is None else known.mean + number
        return replace(known, mean=mean, interval=moved(known.interval, number))

    @cached_property
    def p(self) -> float | None:
        """Of the sign-flip test, where that decides."""
        tested = self.claim.directed or (self.claim.sign == "~" and self.claim.within is None)
        return float(statistics.sign_flip_p(list(self.values.values()))) if tested and self.values else None

    @cached_property
    def equivalence(self) -> Interval | None:
        """The interval of two one-sided tests, where those decide; None for fewer than five values."""
        if self.claim.within is None or not self.values:
            return None
        ends = statistics.interval(list(self.values.values()), ONE_SIDED)
        return None if ends is None else (float(ends[0]), float(ends[1]))

    @property
    def diverges(self) -> bool:
        """Whether a side that the claim favours diverged more often."""
        of, against, sign = self.case.of, self.case.against, self.claim.sign
        if against is None:
            return bool(of.diverged)
        told, back = difference(0, of, against), difference(0, against, of)
        favoured = {"~": told.diverges or back.diverges, ">" if of.up else "<": told.diverges}
        return favoured.get(sign, back.diverges)

    # seed by seed -------------------------------------------------------------------------------

    @cached_property
    def otherwise(self) -> list[int]:
        """The seeds in which it is not so, of a claim that is about each of them."""
        return [seed for seed in self.seeds if not self._so(seed)] if self.claim.each else []

    def _so(self, seed: int) -> bool:
        sign = self.claim.sign
        if seed in self.values:
            value = self.values[seed]
            return value == 0 if sign == "=" else value > 0 if sign == ">" else value < 0
        return self._so_of_diverged(seed)

    def _so_of_diverged(self, seed: int) -> bool:
        """A run that diverged is worse than one that did not; of a number, or of two such runs, nothing is so."""
        of, against, sign = self.case.of, self.case.against, self.claim.sign
        if against is None or self.claim.minus or sign == "=":
            return False
        lost, won = seed in of.diverged, seed in against.diverged
        return lost != won and won == (of.up == (sign == ">"))
