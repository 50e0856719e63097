"""From a file and overrides to checked options: once, or for every combination of many overrides."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from synthgrad.config.checking import check, decided, walk
from synthgrad.config.keys import depth
from synthgrad.config.options import Options, attribute, value_of
from synthgrad.config.overrides import Setting, put, setting
from synthgrad.config.reading import Tree, read
from synthgrad.errors import ErrorCollector

T = TypeVar("T", bound=Options)
CHECKED = 100
"""How many values of a key are still checked if something else is wrong already."""


def load(path: Path, options: type[T], settings: Iterable[str] = ()) -> T:
    """Read a config file, apply the overrides ``KEY=VALUE``, check everything.

    Raises ConfigError with one line for each problem: ``file:line:column: key: what (what is allowed)``.
    """
    errors, changes = ErrorCollector(), []
    for text in settings:
        with errors:
            changes.append(setting(text))
    with errors:
        value = Template(path, options).resolve(changes)
    errors.raise_if_any()
    return value


class Template(Generic[T]):
    """A config file that is read once and resolved with any number of sets of overrides."""

    def __init__(self, path: Path, options: type[T]) -> None:
        self.tree, self.options = read(path), options

    def resolve(self, changes: Iterable[Setting]) -> T:
        """The options of the file with these overrides. Raises ConfigError with every problem."""
        return decided(self._undecided(changes))

    def _undecided(self, changes: Iterable[Setting]) -> T:
        return check(self._changed(changes), self.options)

    def depths(self, changes: Sequence[Setting]) -> list[int]:
        """For each override, how many parts of its key exist with the choices of the file and of all overrides."""
        data = self._changed(changes).data
        return [depth(change.key, self.options, data) for change in changes]

    def _changed(self, changes: Iterable[Setting]) -> Tree:
        tree = self.tree.copy()
        for change in changes:
            put(tree, change, self.options)
        return tree

    # many at once -------------------------------------------------------------------------------

    def product(self, axes: Sequence[Sequence[Setting]]) -> list[T]:
        """What ``resolve`` gives for each combination of one override from every axis, the first varying slowest.

        Each value is checked once, what is wrong between values in every combination. An axis of several overrides
        must therefore set a single value, neither a choice nor a section, and no section around it may be set after
        it. Raises ConfigError with every problem.
        """
        first = tuple(axis[0] for axis in axes)
        errors = ErrorCollector()
        base: T | None = None
        with errors:
            base = self._undecided(first)
        made = [] if base is None else [base]
        for i, axis in enumerate(axes):
            values = []
            for change in axis[1:] if base else axis[1:CHECKED]:
                with errors:
                    values.append(self._value(base, change, (*first[:i], change, *first[i + 1 :])))
            key = first[i].key
            made = [each for one in made for each in (one, *(replaced(one, key, value) for value in values))]
        errors.raise_if_any()
        return self._sound(made, axes)

    def _value(self, base: T | None, change: Setting, changes: tuple[Setting, ...]) -> Any:
        """The value of one change, checked in its section of ``base``, or with all the changes if that fails."""
        if base is not None:
            with suppress(ValidationError):
                *above, name = change.key
                section: Options = value_of(base, *above)
                data = {**dict(section), attribute(name): change.value}
                return value_of(type(section).model_validate(data), name)
        return value_of(self._undecided(changes), *change.key)

    def _sound(self, made: list[T], axes: Sequence[Sequence[Setting]]) -> list[T]:
        """All of them, decided; one in which a section finds a problem is resolved again, to report it."""
        errors = ErrorCollector()
        for i, changes in enumerate(itertools.product(*axes)):
            if any(walk(made[i])):
                with errors:
                    made[i] = self.resolve(changes)
        errors.raise_if_any()
        return [decided(each) for each in made]


def replaced(options: T, key: tuple[str, ...], value: object) -> T:
    """The same options with another value for one key; all sections that do not contain it are shared."""
    name, *rest = key
    below = replaced(value_of(options, name), tuple(rest), value) if rest else value
    return options.model_copy(update={attribute(name): below})
