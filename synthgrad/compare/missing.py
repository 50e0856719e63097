"""The runs that a comparison lacks: the control, and seeds that only some groups have. One sweep each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from synthgrad.compare.groups import Members
from synthgrad.compare.report import Missing
from synthgrad.compare.subjects import DIVERGED, FINISHED, Subject
from synthgrad.runs.finding import archive_of, given
from synthgrad.runs.methods import FREEZE, fork
from synthgrad.runs.reading import UNFINISHED

CONTROL, REFERENCE = "frozen", "backprop"
RUNS = Path("runs")
"""Where runs go by default."""


def missing(groups: Sequence[Members], control: bool, runs: Path = RUNS) -> list[Missing]:
    """The sweeps that make the missing runs; each starts from the recorded config of a run that is there.

    They go beside that run; where it is in an archive, into ``runs``.
    """
    seeds = sorted({s.seed for members in groups for s in members.subjects})
    found = [each for members in groups for each in _seeds(members, seeds, runs)]
    if control and not any(members.trainer == CONTROL for members in groups):
        found.append(_control(groups, seeds, runs))
    return found


def _seeds(members: Members, seeds: Sequence[int], runs: Path) -> Iterator[Missing]:
    """What is unfinished may still be running, so it is not missing."""
    there = {s.seed for s in members.subjects if s.outcome in (FINISHED, DIVERGED, UNFINISHED)}
    lacking = [seed for seed in seeds if seed not in there]
    base = members.subjects[0]
    if lacking:
        yield _sweep(base, lacking, _name(base), runs)


def _control(groups: Sequence[Members], seeds: Sequence[int], runs: Path) -> Missing:
    """Frozen layers from the first epoch on, all else as in backprop or, without it, in the first method."""
    base = next((m for m in groups if m.trainer == REFERENCE), groups[0]).subjects[0]
    whole = ["-s", "branch=null"] if fork(base.settings) is not None else []
    whole += ["-s", f"{FREEZE}=[]"] if base.settings.get(FREEZE) else []
    return _sweep(base, seeds, CONTROL, runs, *whole, "-s", f"trainer.name={CONTROL}")


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
