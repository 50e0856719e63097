"""What the runs of a group came to, seed by seed: a number, or that the run diverged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from synthgrad.compare import arithmetic
from synthgrad.compare.groups import UNSET, RunGroup
from synthgrad.compare.measure import Measure
from synthgrad.compare.subjects import DIVERGED


@dataclass
class ScoredGroup(RunGroup):
    """A group with what the measure reads of it: values by seed of the runs that count, and the seeds that diverged."""

    up: bool
    values: dict[int, float]
    diverged: set[int]

    @classmethod
    def read(cls, members: RunGroup, measure: Measure) -> ScoredGroup:
        """The scores of a group's runs."""
        values = {s.seed: measure.value(s) for s in members.subjects if measure.counts(s)}
        known = {seed: value for seed, value in values.items() if value is not None}
        diverged = {s.seed for s in members.subjects if s.outcome == DIVERGED}
        return cls(members.settings, members.subjects, members.label, measure.up, known, diverged)

    @cached_property
    def given(self) -> set[int]:
        """The seeds that the group was given, whether their runs have an outcome or not."""
        return {s.seed for s in self.subjects} | self.known

    @property
    def known(self) -> set[int]:
        """The seeds whose runs have an outcome."""
        return self.values.keys() | self.diverged

    @cached_property
    def data(self) -> dict[int, str | None]:
        """The fingerprint of the data of each seed; None where it is not known."""
        return {s.seed: s.hashes.get("data") for s in self.subjects}

    @property
    def mean(self) -> float | None:
        """Of the values."""
        return arithmetic.mean(list(self.values.values())) if self.values else None

    @property
    def rank(self) -> float:
        """The better the mean, the smaller; infinite without one."""
        return float("inf") if self.mean is None else -self.mean if self.up else self.mean


class Method:
    """The groups of one method, one for each setting that was tried, the best first."""

    def __init__(self, label: str, settings: list[ScoredGroup]) -> None:
        self.label = label
        self.settings = sorted(settings, key=lambda s: (s.mean is None, bool(s.diverged), s.rank))

    @classmethod
    def alone(cls, scores: ScoredGroup) -> Method:
        """A method of which one setting was tried."""
        return cls(scores.label, [scores])

    @property
    def trainer(self) -> str:
        """The algorithm of all settings; "(unset)" where it is an axis."""
        trainers = {s.trainer for s in self.settings}
        return trainers.pop() if len(trainers) == 1 else UNSET

    @property
    def best(self) -> ScoredGroup:
        """The setting with the best mean of those that never diverged or, if all did, of all."""
        return self.settings[0]

    @property
    def given(self) -> set[int]:
        """The seeds that some setting was given."""
        return set().union(*(s.given for s in self.settings))


def shared(scores: Sequence[ScoredGroup]) -> list[int]:
    """The seeds in which all have an outcome, of the same data as far as that is known."""
    known = set.intersection(*(s.known for s in scores))
    return [seed for seed in sorted(known) if len({s.data.get(seed) for s in scores} - {None}) <= 1]
