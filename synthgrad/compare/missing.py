"""The runs that a comparison lacks: the control, and seeds that only some groups have. One sweep each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from synthgrad.compare import judging
from synthgrad.compare.groups import APART, RunGroup
from synthgrad.compare.report import Difference, Missing, Sweep
from synthgrad.compare.subjects import DIVERGED, FINISHED, LeftOut, Subject
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import archive_of, given
from synthgrad.runs.liveness import in_use
from synthgrad.runs.methods import FREEZE, UNSET, fork, method
from synthgrad.runs.reading import UNFINISHED

FROZEN, BACKPROP = "frozen", "backprop"
"""The trainers of the control, whose hidden layers stay as they were drawn, and of the reference."""
RUNS = Path("runs")
"""Where runs go by default."""


ENDED = (FINISHED, DIVERGED)


def in_flight(subject: Subject) -> bool:
    """Whether a run is being trained at this moment, or may be."""
    return subject.outcome == UNFINISHED and in_use(Run(Path(subject.path)))


@dataclass(frozen=True)
class Lacking:
    """What groups lack: seeds that others have, and a ``control`` if one is wanted.

    New runs go beside the run whose config they start from; where it is in an archive, into ``runs``. What is only
    ``left_out`` is not missing.
    """

    groups: Sequence[RunGroup]
    control: bool
    runs: Path = RUNS
    left_out: Sequence[LeftOut] = ()

    def sweeps(self, needed: int = 0) -> list[Missing]:
        """The sweeps that make the missing runs; seeds that are ``needed`` beyond those that there are come next."""
        seeds = sorted({s.seed for members in self.groups for s in members.subjects})
        seeds += range(seeds[-1] + 1, seeds[-1] + 1 + needed - len(seeds))
        found = [each for members in self.groups for each in self._seeds(members, seeds)]
        if self.control and not any(members.trainer == FROZEN for members in self.groups):
            found.append(_control(self.groups, seeds, self.runs))
        return found

    def _seeds(self, members: RunGroup, seeds: Sequence[int]) -> Iterator[Missing]:
        """What is being trained is not missing."""
        there = {s.seed for s in members.subjects if s.outcome in ENDED or in_flight(s)}
        there |= {x.seed for x in self.left_out if x.settings == members.settings and x.outcome in (*ENDED, UNFINISHED)}
        lacking = [seed for seed in seeds if seed not in there]
        base = members.subjects[0]
        if lacking:
            yield _sweep(base, lacking, _name(base), self.runs)


def seeds_needed(differences: Sequence[Difference], sweep: Sweep | None) -> int:
    """As many seeds as those verdicts need for which there are too few; of a sweep, the tuned ones."""
    if sweep is not None:
        differences = [method.difference for method in sweep.methods if method.difference is not None]
    return max((judging.seeds_needed(d, d.family) for d in differences if d.verdict == judging.TOO_FEW), default=0)


def controls(left_out: Sequence[LeftOut], subjects: Sequence[Subject], by: Sequence[str]) -> int:
    """How many runs of the control are left out that would be in the table of these subjects."""
    keys = dict.fromkeys(key for s in subjects for key in s.settings if key.startswith(APART) and key not in by)
    own = subjects[0].settings
    alike = [x for x in left_out if all(x.settings.get(key, UNSET) == own.get(key, UNSET) for key in keys)]
    return sum(method(each.settings) == FROZEN for each in alike)


def _control(groups: Sequence[RunGroup], seeds: Sequence[int], runs: Path) -> Missing:
    """Frozen layers from the first epoch on, all else as in backprop or, without it, in the first method."""
    base = next((m for m in groups if m.trainer == BACKPROP), groups[0]).subjects[0]
    whole = ["-s", "branch=null"] if fork(base.settings) is not None else []
    whole += ["-s", f"{FREEZE}=[]"] if base.settings.get(FREEZE) else []
    return _sweep(base, seeds, FROZEN, runs, *whole, "-s", f"trainer.name={FROZEN}")


def _sweep(base: Subject, seeds: Sequence[int], name: str, runs: Path, *more: str) -> Missing:
    config = f"{base.path}/config.yaml"
    config = f"./{config}" if config.startswith("-") else config  # a path, no option
    words = ["synthgrad", "sweep", config, *more, "-s", f"seed={_spelt(seeds)}", "--name", name]
    return Missing(shlex.join([*words, "--runs", str(_home(base, runs)), "-q"]), len(seeds))


def _spelt(seeds: Sequence[int]) -> str:
    """Ascending seeds as a sweep takes them, three or more in a row as a range: 3..7,9."""
    words: list[str] = []
    for _, row in groupby(enumerate(seeds), lambda each: each[1] - each[0]):
        own = [str(seed) for _, seed in row]
        words += own if len(own) < 3 else [f"{own[0]}..{own[-1]}"]
    return ",".join(words)


def _home(base: Subject, runs: Path) -> Path:
    """The directory that new runs go to."""
    beside = Path(base.path).parent
    return next((place for place in (beside, runs) if archive_of(place) is None), RUNS)


def _name(base: Subject) -> str:
    """The name that the run was given: its directory's name without stamp, seed and letters."""
    return given(base.name) or base.name
