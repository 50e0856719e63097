"""The runs of the sweeps of a claims file: those that exist, and the lines that make the others."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from synthgrad.claims.file import ClaimsFile, SweepWords
from synthgrad.compare.report import Missing
from synthgrad.compare.subjects import Subject, planned
from synthgrad.config import flat, plain
from synthgrad.errors import ConfigError, collect
from synthgrad.experiment import Config
from synthgrad.runs.reading import OPEN
from synthgrad.sweep.line import SweepLine
from synthgrad.sweep.planning import Found, found, identity


class _Sweep(NamedTuple):
    """A sweep as it is typed from here, and the configs of its runs by fingerprint."""

    line: SweepLine
    runs: dict[str, Config]


class Grid:
    """The runs of all sweeps of a file, and which of them exist in ``paths``. Raises ConfigError."""

    def __init__(self, claims_file: ClaimsFile, paths: Sequence[Path] = ()) -> None:
        self.sweeps = collect(lambda words: _sweep(words, claims_file.path.parent), claims_file.sweeps)
        self.runs = {key: config for sweep in self.sweeps for key, config in sweep.runs.items()}
        known = found(paths, self.runs) if self.runs else Found()
        self.paths = [each.run.path for several in known.there.values() for each in several]
        self.ended = {key for key, several in known.there.items() if any(each.outcome not in OPEN for each in several)}
        self.damaged = [f"left out: {each}" for each in known.damaged]
        self.others = Counter(names for key, each in known.others.items() if key not in self.ended for names in each)

    def planned(self) -> list[Subject]:
        """The runs that have not ended, as subjects without metrics."""
        left = (config for key, config in self.runs.items() if key not in self.ended)
        return [planned(flat(plain(config)), config.files()) for config in left]

    def missing(self, home: Path) -> Iterator[Missing]:
        """The sweeps that make the missing runs; a run that an earlier one makes is not missing twice."""
        made = set(self.ended)
        for sweep in self.sweeps:
            lacking = sweep.runs.keys() - made
            made |= lacking
            if lacking:
                yield Missing(shlex.join([*sweep.line.words(), "--runs", str(home), "-q"]), len(lacking))


def _sweep(words: SweepWords, directory: Path) -> _Sweep:
    """The runs that a line of a file stands for. Raises ConfigError, which names the line."""
    try:
        line = SweepLine.parse(words.words, directory)
        configs = [each.config for each in line.runs()]
    except ConfigError as error:
        raise ConfigError(f"{words.place}: {each}" for each in error.lines) from None
    return _Sweep(line, {identity(flat(plain(config)), config.files()): config for config in configs})
