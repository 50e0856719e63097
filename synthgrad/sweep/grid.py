"""The grid of a sweep: every combination of the values that ``-s KEY=V1,V2,...`` name, for every config.

A key counts where the choices made there have it: ``trainer.generator.input`` is left out of the runs of
``backprop``, and runs that are then alike are one. The first key varies slowest, the configs slower still.
Other than for ``train``, a section set as a whole (``trainer.optimizer=sgd,adam``) undoes no key within it, in
whichever order they are typed: it goes before them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from synthgrad.config import Setting, Template, chooses, key_and_value, label, setting
from synthgrad.errors import ConfigError, ErrorCollector, collect
from synthgrad.experiment import Config
from synthgrad.runs.finding import config_file
from synthgrad.sweep.values import LIMIT, values


@dataclass(frozen=True)
class Planned:
    """One run of a grid: its config, and the words that make ``synthgrad train`` train the same."""

    source: Path
    settings: tuple[str, ...]
    config: Config


def grid(sources: Sequence[Path], settings: Sequence[str]) -> list[Planned]:
    """Every run of the grid, none twice. Raises ConfigError with everything that is wrong, each line once."""
    errors = ErrorCollector()
    axes = _axes(settings, errors)
    parts: list[list[_Part]] = []
    for source in sources:
        with errors:
            parts.append(list(_parts(Path(source), axes)))
    every = list(itertools.chain(*parts))
    _bounded(sum(part.size() for part in every), "runs in the grid")
    if every and not errors.lines:
        _complain_of_idle(axes, every, errors)
    runs: dict[Config, Planned] = {}
    for planned in itertools.chain(*(_in_order(some, errors) for some in parts)):
        runs.setdefault(planned.config, planned)
    errors.raise_if_any()
    return list(runs.values())


def varied(settings: Iterable[str]) -> list[str]:
    """The keys that have several values. Raises ConfigError."""
    errors = ErrorCollector()
    axes = _axes(settings, errors)
    errors.raise_if_any()
    return [".".join(axis.key) for axis in axes if len(axis.texts) > 1]


# keys and their values ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Axis:
    """A key; ``KEY=VALUE`` for each of its values, as text and as it was read; whether other keys depend on it."""

    key: tuple[str, ...]
    texts: list[str]
    settings: list[Setting]
    chooses: bool


def _axes(settings: Iterable[str], errors: ErrorCollector) -> list[_Axis]:
    """Each key once, as it was set last, and a section as a whole before the keys within it, which it would undo."""
    axes: dict[tuple[str, ...], _Axis] = {}
    for text in settings:
        with errors:
            axis = _axis(text)
            axes[axis.key] = axis
    keys = list(axes)
    first = {key: min(n for n, other in enumerate(keys) if other[: len(key)] == key) for key in keys}
    return [axes[key] for key in sorted(keys, key=lambda key: (first[key], len(key)))]


def _axis(text: str) -> _Axis:
    key, rest = key_and_value(text)
    try:
        texts = [f"{'.'.join(key)}={value}" for value in values(rest)]
    except ConfigError as error:
        raise ConfigError(f"{label(text)}: {line}" for line in error.lines) from None
    return _Axis(key, texts, collect(setting, texts), chooses(key, Config))


# combinations -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """The runs of one config that make the same choices.

    ``at`` has the number of each axis's value, 0 for an axis that chooses nothing; ``depths`` how many parts
    of its key exist here.
    """

    source: Path
    template: Template[Config]
    axes: list[_Axis]
    at: tuple[int, ...]
    depths: list[int]

    def has(self, n: int) -> bool:
        """Whether the key of axis ``n`` exists."""
        return self.depths[n] == len(self.axes[n].key)

    def spans(self) -> list[range]:
        """The numbers of each axis's values."""
        fixed = [axis.chooses or not self.has(n) for n, axis in enumerate(self.axes)]
        every = [range(len(axis.texts)) for axis in self.axes]
        return [range(i, i + 1) if one else all_ for i, one, all_ in zip(self.at, fixed, every, strict=True)]

    def size(self) -> int:
        """How many runs."""
        return math.prod(map(len, self.spans()))

    def runs(self) -> Iterator[tuple[tuple[int, ...], Planned]]:
        """Each run with its place in the grid. Raises ConfigError."""
        used = [n for n in range(len(self.axes)) if self.has(n)]
        spans = self.spans()
        configs = self.template.product([[self.axes[n].settings[i] for i in spans[n]] for n in used])
        for at, config in zip(itertools.product(*spans), configs, strict=True):
            yield at, Planned(self.source, tuple(self.axes[n].texts[at[n]] for n in used), config)


def _parts(source: Path, axes: list[_Axis]) -> Iterator[_Part]:
    """One for each combination of choices; where a key does not exist, its first value stands for all."""
    template = Template(config_file(source), Config)
    choices = [range(len(axis.texts) if axis.chooses else 1) for axis in axes]
    _bounded(math.prod(map(len, choices)), "combinations of choices")
    for at in itertools.product(*choices):
        depths = template.depths([axis.settings[i] for axis, i in zip(axes, at, strict=True)])
        part = _Part(source, template, axes, at, depths)
        if all(i == 0 or part.has(n) for n, i in enumerate(at)):
            yield part


def _in_order(parts: Iterable[_Part], errors: ErrorCollector) -> list[Planned]:
    """The runs of one config."""
    runs: list[tuple[tuple[int, ...], Planned]] = []
    for part in parts:
        with errors:
            runs += part.runs()
    return [planned for _, planned in sorted(runs, key=itemgetter(0))]


def _complain_of_idle(axes: list[_Axis], parts: list[_Part], errors: ErrorCollector) -> None:
    """Say of a key that exists nowhere what ``train`` says, there where most of it exists."""
    for n in range(len(axes)):
        part = max(parts, key=lambda part: part.depths[n])
        if not part.has(n):
            used = [m for m in range(len(axes)) if m == n or part.has(m)]
            with errors:
                part.template.resolve(axes[m].settings[part.at[m]] for m in used)


def _bounded(count: int, what: str) -> None:
    if count > LIMIT:
        raise ConfigError(f"sweep: {count:,} {what} (at most {LIMIT:,})")
