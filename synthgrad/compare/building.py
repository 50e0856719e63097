"""From runs to a report: tables of runs that may be compared, their groups, differences and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synthgrad import __version__
from synthgrad.compare import fairness, learning, statistics
from synthgrad.compare.arithmetic import bounded, total
from synthgrad.compare.curves import curve
from synthgrad.compare.groups import alike, axes, differing, groups, tables, titles, told
from synthgrad.compare.judging import called, difference, estimate, judged, unknown, with_gaps
from synthgrad.compare.measure import arrivals, choose, measure, pace
from synthgrad.compare.missing import BACKPROP, FROZEN, Lacking, controls, seeds_needed
from synthgrad.compare.question import Question
from synthgrad.compare.report import SCHEMA, Answer, Curve, Difference, Estimate, Group, Layer, Report, Sweep, Table
from synthgrad.compare.scored_groups import Method, ScoredGroup, shared
from synthgrad.compare.subjects import DIVERGED, FINISHED, Gathered, Subject
from synthgrad.compare.tuning import sweep, swept_keys
from synthgrad.errors import ConfigError
from synthgrad.scores import COLUMNS, diagnosis
from synthgrad.text import counted, did_you_mean, listed

TARGET = 0.95
"""Of backprop's final mean: the target where none is given."""


class Comparison:
    """The tables of runs that may be compared. Raises ConfigError where the question does not fit the runs."""

    def __init__(self, gathered: Gathered, question: Question) -> None:
        if not gathered.subjects:
            raise ConfigError([*gathered.notes, "compare: no run is left to compare"])
        for metric in question.metrics:
            if metric not in gathered.names:
                hint = did_you_mean(metric, gathered.names, f"there are {listed(sorted(gathered.names))}", 0.5)
                raise ConfigError(f"--metric {metric}: no run has it ({hint})")
        subjects = sorted(gathered.subjects, key=lambda s: (s.name, s.path))
        question = replace(question, by=axes(question.by, subjects), metrics=tuple(dict.fromkeys(question.metrics)))
        self.gathered = gathered
        self.subjects, self.notes = _measured(tables(subjects, question.by), question.metrics)
        titled = zip(titles([table[0].settings for table in self.subjects], question.by), self.subjects, strict=True)
        self.tables = [_Table(i, title, table, question, gathered) for i, (title, table) in enumerate(titled, 1)]
        asked, every = question.against, [scores for each in self.tables for scores in each.scores]
        if asked is not None and not called(asked, every):
            raise ConfigError(f"--against {asked}: {unknown(asked, every)}")

    def report(self, command: Sequence[str], claims: Sequence[Answer] = ()) -> Report:
        """Everything that is said of the tables, and the answers to claims about them."""
        built, first = self.tables, self.tables[0].table
        return Report(
            schema=SCHEMA,
            synthgrad=__version__,
            command=list(command),
            metric=first.metric,
            at=first.at,
            family=first.family,
            tables=[each.table for each in built],
            groups=[group for each in built for group in each.groups],
            differences=[d for each in built for d in each.differences],
            claims=list(claims),
            environment=fairness.environment(self.gathered.subjects),
            warnings=[*self.gathered.notes, *self.notes, *(note for each in built for note in each.notes)],
        )


def _measured(split: list[list[Subject]], metrics: Sequence[str]) -> tuple[list[list[Subject]], list[str]]:
    """The tables without those that have no accuracy yet, unless another metric was asked for or none has one."""
    known = [table for table in split if any(name in s.columns for s in table for name in metrics or COLUMNS)]
    left = sum(map(len, split)) - sum(map(len, known))
    if not known or not left:
        return split, []
    what = " or ".join(metrics) or "an accuracy"
    return known, [f"left out: {counted(left, 'run')} of another task or network, without {what}"]


class _Table:
    """One table in the making."""

    def __init__(
        self, number: int, title: str, subjects: Sequence[Subject], question: Question, read: Gathered
    ) -> None:
        self.number, self.title, self.question, self.left_out = number, title, question, read.left_out
        self.members, self.notes = groups(subjects)
        self.controls = controls(read.left_out, subjects, question.by)
        self.differ = told([m.settings for m in self.members])
        metric = question.metrics[0] if question.metrics else choose([m.subjects for m in self.members], question.at)
        self.measure, notes = measure([s for m in self.members for s in m.subjects], metric, question.at)
        self.notes += notes
        self.scores = [ScoredGroup.read(members, self.measure) for members in self.members]
        self.control, self.reference = self._strongest(FROZEN), self._strongest(BACKPROP)
        self.target = self._target()
        self.sorted = sorted(self.scores, key=self._order)
        self.groups = [*map(self._group, self.sorted)]
        self.differences = self._differences()
        self.table = self._table()

    # who is compared with whom ------------------------------------------------------------------

    def _strongest(self, trainer: str) -> ScoredGroup | None:
        """The group of this algorithm that shares most with the others: seeds, then settings.

        Of several alike the one that does best: a reference that was tuned too little flatters the others.
        """
        found = [s for s in self.scores if s.trainer == trainer]
        others = [s for s in self.scores if s.trainer != trainer]

        def merit(scores: ScoredGroup) -> tuple[int, int, int, float]:
            seeds = sum(len(shared([scores, other])) for other in others)
            unlike = min((len(fairness.unlike(scores, other)) for other in others), default=0)
            return -seeds, -len(scores.values), unlike, scores.rank

        return min(found, key=merit, default=None)

    def _against(self) -> list[ScoredGroup]:
        asked = self.question.against
        if asked is None:
            return [s for s in (self.control, self.reference) if s is not None]
        found = called(asked, self.scores)
        if len(found) > 1:
            raise ConfigError(f"--against {asked}: may be {', '.join(s.label for s in found)}")
        return found

    def _differences(self) -> list[Difference]:
        every: list[Difference] = []
        for against in self._against():
            others = [s for s in self.sorted if s is not against]
            if against is self.reference and self.question.against is None:
                others = [s for s in others if s is not self.control]  # that difference has been told
            every += self._family(others, against)
        if self.question.against is None:
            for whole, parts in learning.families(self.sorted):
                if whole.label not in {d.against for d in every}:
                    every += self._family(parts, whole)
        return every

    def _family(self, others: Sequence[ScoredGroup], against: ScoredGroup) -> list[Difference]:
        methods, control = [*map(Method.alone, others)], Method.alone(against)
        family = judged([difference(self.number, of, control) for of in methods])
        if against is not self.control or self.reference is None:
            return family
        return with_gaps(family, methods, control, Method.alone(self.reference))

    # what is said of each group -----------------------------------------------------------------

    def _target(self) -> float | None:
        if self.question.target is not None or self.reference is None:
            return self.question.target
        mean = self.reference.mean
        if mean is None or mean < 0:  # of a negative mean no share is a target
            return None
        return mean * TARGET if self.measure.up else bounded(mean / TARGET)

    def _order(self, scores: ScoredGroup) -> tuple[str | float, float, str]:
        first: dict[str, str | float] = {
            "label": scores.label,
            "n": -len(scores.values),
            "seconds": pace(scores.subjects) or float("inf"),
            "diverged": len(scores.diverged),
        }
        return first.get(self.question.sort, scores.rank), scores.rank, scores.label

    def _group(self, scores: ScoredGroup) -> Group:
        subjects = scores.subjects
        known = estimate(list(scores.values.values()))
        n = sum(s.outcome in (FINISHED, DIVERGED) for s in subjects)
        got, epochs = arrivals(subjects, self.measure.metric, self.target)
        return Group(
            table=self.number,
            label=scores.label,
            role="control" if scores is self.control else "reference" if scores is self.reference else "method",
            config=scores.settings,
            keys_that_differ={key: scores.settings.get(key) for key in self.differ},
            seeds=[s.seed for s in subjects],
            runs=[s.path for s in subjects],
            outcomes=[s.outcome for s in subjects],
            values=[scores.values.get(s.seed) for s in subjects],
            n=known.n,
            mean=known.mean,
            interval=known.interval,
            median=known.median,
            diverged=len(scores.diverged),
            diverged_interval=statistics.wilson(len(scores.diverged), n) if n else None,
            incomplete=len(subjects) - n,
            reached=got,
            epochs_to_target=epochs,
            seconds_per_epoch=pace(subjects),
            times_reference=self._times_reference(scores),
            other_machine=self.reference is not None and fairness.other_machine(scores, self.reference),
            seconds=total([s.seconds for s in subjects]),
            layers=self._layers(scores),
            others={name: self._other(subjects, name) for name in self.question.metrics[1:]},
            curves=self._curves(subjects),
        )

    def _times_reference(self, scores: ScoredGroup) -> float | None:
        """How many times as long an epoch takes as one of the reference."""
        paces = [pace(s.subjects) for s in (scores, self.reference) if s is not None]
        return bounded(paces[0] / paces[1]) if len(paces) == 2 and paces[0] and paces[1] else None

    def _layers(self, scores: ScoredGroup) -> list[Layer]:
        names = {name for s in scores.subjects for name in s.columns if diagnosis(name)}
        numbers = sorted({int(name.rpartition(".")[2]) for name in names if name.rpartition(".")[2].isdecimal()})
        subjects = scores.subjects
        return [Layer(i, self._other(subjects, f"cosine.{i}"), self._other(subjects, f"skill.{i}")) for i in numbers]

    def _other(self, subjects: Sequence[Subject], name: str) -> Estimate:
        """Another metric at the epoch of the table's own, or its last one."""
        at = self.measure if self.measure.epoch is not None else measure(subjects, name, "last")[0]
        values = [replace(at, metric=name).value(s) if self.measure.counts(s) else None for s in subjects]
        return replace(estimate([value for value in values if value is not None]), values=values)

    def _curves(self, subjects: Sequence[Subject]) -> dict[str, Curve]:
        names = [self.measure.metric]
        if self.question.curves:
            there = dict.fromkeys(name for s in subjects for name in s.columns)
            names += [name for name in there if name == "loss" or diagnosis(name)]
        return {name: curve(subjects, name, band=self.question.curves) for name in dict.fromkeys(names)}

    # what is said of all of them ----------------------------------------------------------------

    def _table(self) -> Table:
        settings = self.members[0].settings
        keys = {key for m in self.members for key in m.settings}
        control, reference = (s.label if s is not None else None for s in (self.control, self.reference))
        swept = swept_keys(self.members, self.question.by)
        metric = self.measure.metric
        found = sweep(self.number, self.scores, swept, self.measure, self.target) if swept else None
        lacking = Lacking(self.members, self.question.control and not self.controls, self.question.runs, self.left_out)
        missing = lacking.sweeps()
        return Table(
            number=self.number,
            title=self.title,
            task={k: v for k, v in settings.items() if k.startswith("task.")},
            network={k: v for k, v in settings.items() if k.startswith("network.")},
            metric=metric,
            up=self.measure.up,
            at=self.question.at,
            epoch=self.measure.epoch,
            family={same[0].against: [d.of for d in same] for same in alike(self.differences, lambda d: d.against)},
            control=control,
            lacks_control=control is None and self.question.control and self.question.against is None,
            reference=reference,
            target=self.target,
            held_equal=len(keys) - len(differing([m.settings for m in self.members])),
            differs=self.differ,
            runs=sum(len(m.subjects) for m in self.members),
            sweep=found,
            answers=self._answers(found),
            fairness=[
                *fairness.left_out(self.controls, self.control, self.question.control),
                *fairness.remarks(self.scores, self.question.at == "best", metric),
                *fairness.budgets(self.scores, self.control),
                *fairness.untuned(self.members, self.control, swept),
            ],
            missing=missing,
            controls_left_out=self.controls,
            to_decide=missing or lacking.sweeps(seeds_needed(self.differences, found)),
        )

    def _answers(self, swept: Sweep | None) -> list[str]:
        """Whether hidden layers learn, unless a missing control is accepted; what a layer less costs."""
        unknown = self.control is None and not self.question.control
        if swept is not None:
            return [] if unknown else list(learning.tuned_answers(swept))
        control, reference = (s.label if s is not None else None for s in (self.control, self.reference))
        losses = learning.losses(self.groups, self.differences)
        asked = [g for g in self.groups if control is not None or g.label not in losses]
        learn = [] if unknown else learning.answers(asked, self.differences, control, reference)
        return [*learn, *losses.values()]
