"""Check a tree against the options that exist, and report everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from synthgrad.config.keys import chosen, meant, paths
from synthgrad.config.kinds import Json, Quotable
from synthgrad.config.messages import Key, describe, dotted, not_one_of, quoted_line, show
from synthgrad.config.options import OneOf, Options, Section, default_of, fields, optional, sections, value_of
from synthgrad.config.overrides import hinted
from synthgrad.config.reading import Finding, Tree, in_order, parse
from synthgrad.errors import ConfigError, Problem
from synthgrad.text import closest, listed

T = TypeVar("T", bound=Options)


def check(tree: Tree | str, options: type[T]) -> T:
    """The options of a tree, or of YAML text, before ``decided``. Raises ConfigError with every problem."""
    if isinstance(tree, str):
        tree = parse(tree, "config")
    checker = _Checker(tree, options)
    value: T | None = checker.run()
    if value is None or checker.found:
        raise ConfigError(in_order(checker.found.values()))
    return value


def walk(value: Options, key: Key = ()) -> Iterator[tuple[Key, Problem]]:
    """The problems that ``value`` and the sections below it find in themselves, each with the key of its section."""
    for problem in value.problems():
        yield key, problem
    for name, below in value:
        if isinstance(below, Options):
            yield from walk(below, (*key, name))


def decided(value: T) -> T:
    """A section and those below it with everything that they decide from data."""
    value = value.decided()
    below = {name: (old, decided(old)) for name, old in value if isinstance(old, Options)}
    changed = {name: new for name, (old, new) in below.items() if new is not old}
    return value.model_copy(update=changed) if changed else value


READ_AS = {bool: "a switch", int: "a number", float: "a number", list: "a list", dict: "a section"}
"""What YAML may read a name without quotes as, by type."""


class _Checker:
    """The problems found so far in a tree; ``given_up`` are keys about which nothing more is reported."""

    def __init__(self, tree: Tree, options: type[Options]) -> None:
        self.tree, self.options = tree, options
        self.found: dict[tuple[Key, str], Finding] = {(f.key, f.message): f for f in tree.findings}
        self.given_up = set(tree.broken)

    def add(self, key: Key, message: str, of_key: bool = False) -> None:
        if not any(key[: len(gone)] == gone for gone in self.given_up):
            place = self.tree.place(key, of_key)
            said = message if of_key else hinted(message, place)
            self.found.setdefault((key, message), Finding(place, key, said))

    def run(self) -> Any:
        data = self.tree.data
        if not isinstance(data, dict):
            if not self.found:
                space = " (a key ends with ': ', colon and space)" if isinstance(data, str) and ":" in data else ""
                self.add((), f"expected sections such as 'task:' and 'trainer:', got {show(data)}{space}")
            return None
        data = self.section(self.options, data, ())
        value = None
        try:
            value = self.options.model_validate(data)
        except ValidationError as error:
            self.values(error, data)
        self.between(self.options, data, (), value)
        return value

    # keys ---------------------------------------------------------------------------------------

    def section(self, section: Section, data: object, key: Key, default: object = None) -> Any:
        """Check the keys of a section and of those below; return the data whose values can be checked."""
        data = section.expand(data) if isinstance(section, OneOf) else data
        data = {} if data is None else data
        if not isinstance(data, dict):
            self.add(key, self._no_section(section, data, key))
            self.given_up.add(key)
            return None
        options = section
        if isinstance(section, OneOf):
            name = self._choice(section, data, key, default)
            if name is None:
                self.given_up.add(key)
                return None
            options = section.options(name)
            data = {**self._without_foreign(section, options, data, key), section.key: name}
        assert not isinstance(options, OneOf)
        known = sections(options)
        checked = {}
        for name, value in data.items():
            if name not in known:
                self._unknown(name, options, section, key)
            elif (below := known[name]) is None or (value is None and optional(fields(options)[name].annotation)):
                checked[name] = value
                mark = next((m for m in fields(options)[name].metadata if isinstance(m, Quotable)), None)
                if mark is not None:
                    self._quoted((*key, name), value, mark.many)
            else:
                checked[name] = self.section(below, value, (*key, name), default_of(options, name))
        for name, below in known.items():
            if isinstance(below, OneOf) and name not in data and default_of(options, name) is None:
                checked[name] = self.section(below, None, (*key, name))
        return checked

    def _quoted(self, key: Key, value: object, many: bool) -> None:
        """Report a name without quotes that YAML does not read as text, with the line to write."""
        row = value if many and isinstance(value, list) else None
        items = {key: value} if row is None else {(*key, i): item for i, item in enumerate(row)}
        texts = {at: self.tree.texts.get(at) or str(item) for at, item in items.items()}
        for at, item in items.items():
            if texts[at] != str(item):
                line = quoted_line(key, texts[at] if row is None else [*texts.values()], key in self.tree.overridden)
                read = next((word for kind, word in READ_AS.items() if isinstance(item, kind)), "nothing")
                self.add(at, f"{texts[at]} without quotes is read as {read} (write {line})")
                self.given_up.add(key)

    def _no_section(self, section: Section, value: object, key: Key) -> str:
        if isinstance(section, OneOf):
            full, name = dotted((*key, section.key)), closest(value, section.registry)
            right = f"{full} is one of {listed(section.registry)}"
            if isinstance(value, str) and name and key in self.tree.overridden:
                right = f"write -s {full}={name}"
            elif isinstance(value, str) and name:
                right = f"write {key[-1]}: {{{section.key}: {name}}}"
        else:
            right = f"its keys: {listed(fields(section))}"
        dashes = "; drop the dashes" if isinstance(value, list) else ""
        return f"expected a section, got {show(value)} ({right}{dashes})"

    def _choice(self, section: OneOf, data: Json, key: Key, default: object) -> str | None:
        """The entry chosen, or the one that was probably meant."""
        if name := chosen(section, data, default):
            return name
        said, missing = data.get(section.key), f"is missing (one of {listed(section.registry)})"
        self.add((*key, section.key), missing if said is None else not_one_of(said, section.registry))
        return meant(section, data)

    def _without_foreign(self, section: OneOf, options: type[Options], data: Json, key: Key) -> Json:
        """Leave out the keys of the choice that an override has replaced."""
        chosen = (*key, section.key)
        if chosen not in self.tree.overridden:
            return data
        old = self.tree.replaced.get(chosen)
        names = [old] if isinstance(old, str) and old in section.registry else list(section.registry)
        foreign = {k for name in names for k in fields(section.options(name))} - fields(options).keys()
        explicit = {o[len(key)] for o in self.tree.overridden if len(o) > len(key) and o[: len(key)] == key}
        return {k: v for k, v in data.items() if k not in foreign or k in explicit}

    def _unknown(self, name: str, options: type[Options], section: Section, key: Key) -> None:
        full = (*key, name)
        self.add(full, self._not_known(full, options, section), of_key=True)
        late = [place for k, place in self.tree.overridden.items() if k[: len(full)] == full]
        if late and isinstance(section, OneOf) and (*key, section.key) in self.tree.overridden:
            self.found.update({k: f._replace(place=late[-1]) for k, f in self.found.items() if f.key == full})

    def _not_known(self, key: Key, options: type[Options], section: Section) -> str:
        name = str(key[-1])
        known = f"known here: {listed(fields(options))}"
        if isinstance(section, OneOf):
            others = [n for n in section.registry if name in fields(section.options(n))]
            if others:
                mine = next(n for n in section.registry if section.options(n) is options)
                return f"{mine} has no such option ({listed(others)} {'has' if len(others) == 1 else 'have'} it)"
        first, dot, rest = name.partition(".")
        if dot and first in fields(options):
            return f"a dotted key is for -s (in a file write a section, {first}: {{{rest}: ...}})"
        elsewhere = [path for path in paths(self.options) if path[-1] == name]
        if not elsewhere or key in elsewhere:  # by another choice further up
            near = closest(name, fields(options))
        else:
            near = min(map(dotted, elsewhere), key=len)
        return f"unknown key (did you mean {near!r}? {known})" if near else f"unknown key ({known})"

    # values -------------------------------------------------------------------------------------

    def values(self, error: ValidationError, data: object) -> None:
        """Report pydantic's errors in the user's words."""
        for item in error.errors(include_url=False):
            key = item["loc"]
            options, name = _locate(key, self.options, data)
            if item["type"] == "items":
                for index, message in item["ctx"]["wrong"]:
                    self.add(key if index is None else (*key, index), message)
            else:
                self.add(key, describe(item, fields(options)[name]))

    def between(self, section: Section, data: object, key: Key, value: Options | None) -> None:
        """Add the problems between values, of every section whose values are right; with ``value`` they all are."""
        if not isinstance(data, dict):
            return
        options = _options(section, data)
        if not any(k[: len(key)] == key for k, _ in self.found):
            for where, problem in walk(value or options.model_validate(data), key):
                self.add((*where, *problem.key), problem.message)
            return
        for name, below in sections(options).items():
            if below is not None and name in data:
                self.between(below, data[name], (*key, name), value and value_of(value, name))


def _options(section: Section, data: Any) -> type[Options]:
    """The options of a section in which all choices are made."""
    return section.options(data[section.key]) if isinstance(section, OneOf) else section


def _locate(loc: tuple[str | int, ...], options: type[Options], data: Any) -> tuple[type[Options], str]:
    """The field (of which options) that one of pydantic's locations is in or below."""
    section: Section | None = options
    name = ""
    for part in loc:
        if section is None:
            break
        options, name = _options(section, data), str(part)
        section, data = sections(options).get(name), data.get(name)
    return options, name
