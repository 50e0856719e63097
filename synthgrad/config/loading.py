"""From a file and overrides to checked options: once, or for every combination of many overrides."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from synthgrad.config.checking import check_only, decided, walk
from synthgrad.config.choosing import depth
from synthgrad.config.options import Options, attribute, value_of
from synthgrad.config.overrides import Setting, put, setting
from synthgrad.config.reading import Tree, read
from synthgrad.errors import ErrorCollector

T = TypeVar("T", bound=Options)
LOOKED_AT = 100
"""How many values of a key are still checked where something else is wrong already."""


def load(path: Path, options: type[T], settings: Iterable[str] = ()) -> T:
    """Read a config file, apply the overrides ``KEY=VALUE``, check everything.

    Raises ConfigError with one line for each problem: ``file:line:column: key: what (what is allowed)``.
    """
    errors = ErrorCollector()
    changes = []
    for text in settings:
        with errors:
            changes.append(setting(text))
    with errors:
        value = Template(path, options).resolve(changes)
    errors.raise_if_any()
    return value


class Template(Generic[T]):
    """A config file, read once, to be resolved under any number of sets of overrides."""

    def __init__(self, path: Path, options: type[T]) -> None:
        self.tree, self.options = read(path), options

    def resolve(self, changes: Iterable[Setting]) -> T:
        """The options of the file with these overrides, everything decided. Raises ConfigError with every problem."""
        return decided(self._undecided(changes))

    def _undecided(self, changes: Iterable[Setting]) -> T:
        return check_only(self._changed(changes), self.options)

    def depths(self, changes: Sequence[Setting]) -> list[int]:
        """For each override how many parts of its key exist, given the choices of all of them and of the file."""
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

        Single values are checked once, not once a combination; what is beyond them, in every combination. An axis
        of several overrides must therefore be of single values, neither choices nor sections, and no section around
        them may be set after them. Raises ConfigError with every problem.
        """
        first = tuple(axis[0] for axis in axes)
        errors = ErrorCollector()
        base: T | None = None
        with errors:
            base = self._undecided(first)
        made = [] if base is None else [base]
        for i, axis in enumerate(axes):
            values = []
            for change in axis[1:] if base else axis[1:LOOKED_AT]:
                with errors:
                    values.append(self._value(base, change, (*first[:i], change, *first[i + 1 :])))
            key = first[i].key
            made = [each for one in made for each in (one, *(replaced(one, key, value) for value in values))]
        errors.raise_if_any()
        return self._sound(made, axes)

    def _value(self, base: T | None, change: Setting, changes: tuple[Setting, ...]) -> Any:
        """The value of one change, checked within its section of ``base``, or where that fails with all the changes."""
        if base is not None:
            with suppress(ValidationError):
                return taken(base, change)
        return value_of(self._undecided(changes), *change.key)

    def _sound(self, made: list[T], axes: Sequence[Sequence[Setting]]) -> list[T]:
        """All of them decided; those in which a section finds something wrong are resolved again, to complain."""
        errors = ErrorCollector()
        for i, changes in enumerate(itertools.product(*axes)):
            if any(walk(made[i])):
                with errors:
                    made[i] = self.resolve(changes)
        errors.raise_if_any()
        return [decided(each) for each in made]


def taken(options: Options, change: Setting) -> Any:
    """The value that a section makes of an override, all its other values as they are. Raises ValidationError."""
    *above, name = change.key
    section: Options = value_of(options, *above)
    return value_of(type(section).model_validate({**dict(section), attribute(name): change.value}), name)


def replaced(options: T, key: tuple[str, ...], value: Any) -> T:
    """The same options with another value for one key; what is not on the way to it is shared."""
    name, *rest = key
    below = replaced(value_of(options, name), tuple(rest), value) if rest else value
    return options.model_copy(update={attribute(name): below})
