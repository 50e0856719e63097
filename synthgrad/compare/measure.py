"""Which number of a run is compared: the metric, the epoch at which it is read, and when it reached a target."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synthgrad.compare.arithmetic import mean, median
from synthgrad.compare.subjects import DIVERGED, FINISHED, Subject
from synthgrad.errors import ConfigError
from synthgrad.scores import COLUMNS, diagnosis, is_up, score_in
from synthgrad.text import listed
from synthgrad.types import Floats

EVALUATIONS = 3
"""A target is reached when it is held for this many evaluations."""


def needed(names: Sequence[str], metrics: Sequence[str], whole: bool) -> list[str]:
    """The columns that a table needs: the metrics, what explains them, and the time they took.

    Numbers are slow to read, so other scores and losses are read only if the ``whole`` is shown, as for two
    runs side by side, or with curves.
    """
    scores = [name for name in COLUMNS if name in names]
    test = [name for name in scores if name.startswith("test_")]
    told = {*scores, "loss", "test_loss"} if whole else set() if metrics else set(test or scores)
    return [name for name in names if name in metrics or name in told or name == "seconds" or diagnosis(name)]


@dataclass(frozen=True)
class Measure:
    """A metric and where it is read: ``at`` is last, common, best or epoch=N; ``epoch`` what that came to."""

    metric: str
    at: str
    epoch: int | None

    @property
    def up(self) -> bool:
        return is_up(self.metric)

    def value(self, subject: Subject) -> float | None:
        """The number of one run; None where it was not measured there."""
        epochs, values = subject.curve(self.metric)
        if not len(values):
            return None
        if self.epoch is None:
            return float(values.max() if self.up else values.min())
        at = np.searchsorted(epochs, self.epoch)
        return float(values[at]) if at < len(epochs) and epochs[at] == self.epoch else None

    def counts(self, subject: Subject) -> bool:
        """Whether the run's number is a result: it finished, or what is compared is its state in mid-run."""
        return subject.outcome == FINISHED or (self.at not in ("last", "best") and subject.outcome != DIVERGED)


def measure(subjects: Sequence[Subject], metric: str, at: str) -> tuple[Measure, list[str]]:
    """How a metric is read of these runs, and what is to be said of it. Raises ConfigError."""
    found = Measure(metric, at, asked(at, f"--at {at}"))
    counted = [s for s in subjects if found.counts(s)]
    notes: list[str] = []
    if at in ("last", "common"):
        curves = [epochs for epochs in (s.curve(metric)[0] for s in counted) if len(epochs)]
        found = Measure(metric, at, _common(curves) if curves else 0)
        lasts = sorted({int(epochs[-1]) for epochs in curves})
        if curves and not found.epoch:
            return found, [f"{metric} was never measured at an epoch that all runs have"]
        if len(lasts) > 1:
            notes.append(f"runs of {listed(lasts, 4)} epochs: compared at epoch {found.epoch}, the last that all have")
    return found, [*notes, *_lacking(found, counted)]


def _lacking(measure: Measure, counted: Sequence[Subject]) -> Iterator[str]:
    """Whether there are runs without the number that is compared."""
    what = f"{measure.metric} at epoch {measure.epoch}" if "=" in measure.at else measure.metric
    lacking = sum(measure.value(s) is None for s in counted)
    if lacking == len(counted):
        yield f"no {'finished ' if measure.at in ('last', 'best') else ''}run has {what}"
    elif lacking:
        yield f"{lacking} of {len(counted)} runs {'has' if lacking == 1 else 'have'} no {what}"


def asked(at: str, place: str) -> int | None:
    """The epoch of ``epoch=N``, None for the other ways to say where. Raises ConfigError that names the ``place``."""
    word, _, number = at.partition("=")
    if word == "epoch" and number.isdecimal() and int(number) > 0:
        return int(number)
    if at in ("last", "best", "common"):
        return None
    raise ConfigError(f"{place}: is not known (last, best, common, or epoch=N)")


def _common(curves: Sequence[Floats]) -> int:
    """The last epoch that all have; 0 where there is none."""
    lasts = {epochs[-1] for epochs in curves}
    if len(lasts) == 1:
        return int(lasts.pop())
    shared = functools.reduce(np.intersect1d, curves)
    return int(shared[-1]) if len(shared) else 0


def choose(groups: Sequence[Sequence[Subject]], at: str) -> str:
    """The metric of a table where none was asked for. Raises ConfigError where there is nothing to compare.

    Never the tutorial's two sums: a saturated network has a small one at chance level.
    """
    subjects = [subject for group in groups for subject in group]
    named = {name for subject in subjects for name in subject.columns}
    there = {name for name in named if any(len(subject.curve(name)[0]) for subject in subjects)} or named
    candidates = [name for name in COLUMNS if name in there]
    if not candidates:
        other = sorted(there - {"seconds", "step"})
        what = f"have no accuracy (choose with --metric {other[0]})" if other else "have not measured anything yet"
        raise ConfigError(f"compare: the runs {what}")
    first, second = [*candidates, ""][:2]
    score, next_one = score_in(first), score_in(second)
    if score and score.tells_above and next_one and next_one.of == score.of and next_one is not score:
        read, _ = measure(subjects, first, at)
        return first if any(_mean(read, group) > score.tells_above for group in groups) else second
    return first


def _mean(measure: Measure, group: Sequence[Subject]) -> float:
    values = [measure.value(s) for s in group if measure.counts(s)]
    return mean([value for value in values if value is not None] or [0.0])


def reached(subject: Subject, metric: str, target: float) -> int | None:
    """The first epoch from which on the target was held for three evaluations; None if there is none."""
    epochs, values = subject.curve(metric)
    held = values >= target if is_up(metric) else values <= target
    runs = np.convolve(held, np.ones(EVALUATIONS, dtype=int), "valid") if len(held) >= EVALUATIONS else np.empty(0)
    first = np.flatnonzero(runs == EVALUATIONS)
    return int(epochs[first[0]]) if len(first) else None


def arrivals(subjects: Sequence[Subject], metric: str, target: float | None) -> tuple[int | None, float | None]:
    """How many of the runs reached a target, and the median of the epochs that it took; None without a target."""
    if target is None:
        return None, None
    found = [reached(s, metric, target) for s in subjects if s.outcome == FINISHED]
    got = [epoch for epoch in found if epoch is not None]
    return len(got), middle(got, sum(s.outcome in (FINISHED, DIVERGED) for s in subjects))


def pace(subjects: Sequence[Subject]) -> float | None:
    """The median seconds of training for an epoch, of the runs that measured them."""
    paces = [s.seconds_per_epoch for s in subjects]
    known = [seconds for seconds in paces if seconds is not None]
    return median(known) if known else None


def middle(epochs: Sequence[int], n: int) -> float | None:
    """The median of n runs, of which some reached the target; None where half of them or fewer did.

    The others come after all these: with exactly half, one of the two in the middle never got there.
    """
    ordered = sorted(epochs)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2 if 2 * len(ordered) > n else None
