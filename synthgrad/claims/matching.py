"""Where a claim can be answered: in every table that has its groups, each called by its name there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from synthgrad.claims.grammar import Claim
from synthgrad.compare.groups import RunGroup, groups
from synthgrad.compare.judging import called, unknown
from synthgrad.compare.measure import Measure, choose, measure
from synthgrad.compare.scored_groups import Method, ScoredGroup
from synthgrad.compare.subjects import Subject
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.runs.filters import select
from synthgrad.text import did_you_mean, listed


@dataclass(frozen=True)
class Match:
    """A claim in one table: its groups with their scores, by their names in it.

    ``seeds`` are those that all its groups have or are to have; ``unclear`` says why it cannot be answered here.
    """

    claim: Claim
    table: int
    title: str
    measure: Measure
    methods: dict[str, Method]
    seeds: list[int]
    begun: bool
    unclear: str = ""

    @property
    def of(self) -> Method:
        """What the claim is about."""
        return self.methods[self.claim.of]

    @property
    def against(self) -> Method | None:
        """What it is held against, None for a number."""
        name = self.claim.minus or (self.claim.than if self.claim.number is None else "")
        return self.methods[name] if name else None


class _Run(NamedTuple):
    """What conditions ask of a run."""

    config: Settings
    outcome: str
    name: str
    seed: int
    subject: Subject
    started: datetime | None = None


class _Table(NamedTuple):
    """The groups of one table that a claim may mean."""

    number: int
    title: str
    members: list[RunGroup]


class _Called(NamedTuple):
    """The groups of a table that the names of a claim may mean."""

    table: _Table
    members: dict[str, list[RunGroup]]

    @classmethod
    def by(cls, claim: Claim, table: _Table) -> _Called:
        return cls(table, {name: called(name, table.members) for name in claim.names})

    def clear(self, tuned: bool) -> bool:
        """Whether no two names mean the same group, and each means one; the settings of a ``tuned`` method are many."""
        labels = [each.label for several in self.members.values() for each in several]
        return len(labels) == len(set(labels)) and (tuned or len(labels) == len(self.members))

    def ambiguous(self, tuned: bool) -> str:
        """Which name may mean several groups, or which two mean one."""
        for name, several in self.members.items():
            if len(several) > 1 and not tuned:
                labels = listed(each.label for each in several)
                return f"'{name}' may be {labels} in {self.table.title} (say more of its words, or where KEY=VALUE)"
        names = " and ".join(f"'{name}'" for name in self.members)
        return f"{names} are the same group in {self.table.title} (say more of their words)"


@dataclass
class Tables:
    """The runs of each task and network; what a claim leaves open, metric and where it is read, as in the tables.

    ``metrics`` are those of the tables, one for each. A claim is answered in every table that knows its names; where it
    cannot be, as a name may be several groups, that is its answer or, if the runs were ``planned``, an error.
    """

    subjects: list[list[Subject]]
    titles: list[str]
    names: set[str]
    metrics: list[str] | None = None
    at: str = "last"
    planned: bool = False
    _by_conditions: dict[tuple[str, ...], list[_Table]] = field(default_factory=dict)

    def matches(self, claim: Claim) -> list[Match]:
        """The claim in every table that has its groups. Raises ConfigError where none has, or none its metric."""
        tables = self._meeting(claim)
        found = [each for each in (_Called.by(claim, table) for table in tables) if all(each.members.values())]
        unclear = [each for each in found if not each.clear(claim.tuned)]
        if not found:
            raise ConfigError(f"{claim.place}: {_nobody(claim, tables)}")
        if len(unclear) == len(found) or (self.planned and unclear):
            raise ConfigError(f"{claim.place}: {unclear[0].ambiguous(claim.tuned)}")
        matches = [self._case(claim, each) for each in found]
        if all(match.unclear for match in matches):
            hint = did_you_mean(claim.metric, self.names, f"there are {listed(sorted(self.names))}")
            raise ConfigError(f"{claim.place}: no run has {claim.metric} ({hint})")
        return matches

    def _meeting(self, claim: Claim) -> list[_Table]:
        """The tables of the runs that meet the claim's conditions, empty ones left out."""
        if claim.where not in self._by_conditions:
            runs = [_run(subject) for table in self.subjects for subject in table]
            try:
                met = {id(run.subject) for run in select(runs, claim.where)}
            except ConfigError as error:
                raise ConfigError(f"{claim.place}: {line.removeprefix('--')}" for line in error.lines) from None
            self._by_conditions[claim.where] = [
                _Table(number, title, groups(there)[0])
                for number, (table, title) in enumerate(zip(self.subjects, self.titles, strict=True), 1)
                if (there := [subject for subject in table if id(subject) in met])
            ]
        return self._by_conditions[claim.where]

    def _case(self, claim: Claim, called: _Called) -> Match:
        """The claim in one table."""
        table, members = called
        named = [each for several in members.values() for each in several]
        there = [s for each in named for s in each.subjects if s.columns]
        metric = claim.metric or self._metric(claim, table)
        unclear = "" if called.clear(claim.tuned) else called.ambiguous(claim.tuned)
        if there and not any(metric in s.columns for s in there):
            unclear = unclear or f"no run here has {metric}"
        read = measure(there, metric, claim.at or self.at)[0]
        methods = {
            name: Method(name, [ScoredGroup.read(m, read) for m in several]) for name, several in members.items()
        }
        seeds = set.intersection(*({s.seed for s in each.subjects} for each in named))
        return Match(claim, table.number, table.title, read, methods, sorted(seeds), bool(there), unclear)

    def _metric(self, claim: Claim, table: _Table) -> str:
        if self.metrics is not None:
            return self.metrics[table.number - 1]
        there = [[s for s in each.subjects if s.columns] for each in table.members]
        if not any(there):
            return ""
        try:
            return choose(there, claim.at or self.at)
        except ConfigError:
            names = listed(sorted(self.names - {"seconds"}))
            raise ConfigError(f"{claim.place}: the runs have no accuracy (say on which metric: {names})") from None


def _run(subject: Subject) -> _Run:
    locations = subject.data.locations if subject.data else {}
    config = {"seed": subject.seed, **subject.settings, **locations}
    return _Run(config, subject.outcome, subject.name, subject.seed, subject)


# names --------------------------------------------------------------------------------------------


def _nobody(claim: Claim, tables: Sequence[_Table]) -> str:
    """Which name no group has, or that no table has all names."""
    every = [each for table in tables for each in table.members]
    if not every:
        return f"no run meets {', '.join(claim.where)}"
    for name in claim.names:
        if not called(name, every):
            return unknown(name, every)
    places = "; ".join(f"{name} is in {_places(name, tables)}" for name in claim.names)
    return f"no table has all its groups ({places})"


def _places(name: str, tables: Sequence[_Table]) -> str:
    return " and ".join(table.title for table in tables if called(name, table.members))
