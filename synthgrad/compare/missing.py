"""The runs that a comparison lacks: the control, and seeds that only some groups have. One command line each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from synthgrad.compare.groups import Members
from synthgrad.compare.subjects import DIVERGED, FINISHED, Subject
from synthgrad.runs.reading import UNFINISHED

CONTROL, REFERENCE = "frozen", "backprop"


def missing(groups: Sequence[Members], control: bool) -> list[str]:
    """The command lines that make the missing runs; each starts from the recorded config of a run that is there."""
    seeds = sorted({s.seed for members in groups for s in members.subjects})
    lines = [line for members in groups for line in _seeds(members, seeds)]
    if control and not any(members.trainer == CONTROL for members in groups):
        lines += _control(groups, seeds)
    return lines


def _seeds(members: Members, seeds: Sequence[int]) -> Iterator[str]:
    """What is unfinished may still be running, so it is not missing."""
    there = {s.seed for s in members.subjects if s.outcome in (FINISHED, DIVERGED, UNFINISHED)}
    base = members.subjects[0]
    for seed in seeds:
        if seed not in there:
            yield _train(base, seed, _name(base))


def _control(groups: Sequence[Members], seeds: Sequence[int]) -> Iterator[str]:
    """Frozen layers, all else as in backprop or, without it, in the first method."""
    base = next((m for m in groups if m.trainer == REFERENCE), groups[0]).subjects[0]
    for seed in seeds:
        yield _train(base, seed, CONTROL, "-s", f"trainer.name={CONTROL}")


def _train(base: Subject, seed: int, name: str, *more: str) -> str:
    runs = Path(base.path).parent
    config = f"{base.path}/config.yaml"
    config = f"./{config}" if config.startswith("-") else config  # a path, no option
    words = ["synthgrad", "train", config, *more, "--seed", str(seed), "--name", name]
    return shlex.join([*words, "--runs", str(runs), "-q"])


def _name(base: Subject) -> str:
    """The name that the run was given: its directory's name without stamp, seed and letters."""
    words = base.name.split("-")
    return "-".join(words[2:-2]) or base.name
