"""Which keys a config can have, given the entries of registries that it chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synthgrad.config.kinds import Json
from synthgrad.config.messages import Key
from synthgrad.config.options import OneOf, Options, Section, default_of, fields, sections, value_of
from synthgrad.text import closest


def chosen(section: OneOf, data: Json, default: Any) -> str | None:
    """The entry that a section chooses, by its name or by default; None if there is no such entry."""
    name = data.get(section.key)
    if name is None and default is not None:
        return str(value_of(default, section.key))
    return name if isinstance(name, str) and name in section.registry else None


def meant(section: OneOf, data: Json) -> str | None:
    """The entry that was probably meant if none is chosen."""
    name = data.get(section.key)
    return closest(name, section.registry) if isinstance(name, str) else None


def depth(key: Key, section: Section | None, data: object, default: object = None) -> int:
    """How many parts of a key exist below the entries that ``data`` chooses; all of them if that cannot be said."""
    if not key or section is None:
        return 0
    options = section
    if isinstance(section, OneOf):
        data = section.expand(data)
        data = data if isinstance(data, dict) else {}
        entry = chosen(section, data, default) or meant(section, data)
        if entry is None:
            return len(key)
        options = section.options(entry)
    assert not isinstance(options, OneOf)
    name = str(key[0])
    if name not in fields(options):
        return 0
    below = data.get(name) if isinstance(data, dict) else None
    return 1 + depth(key[1:], sections(options)[name], below, default_of(options, name))


def choices(section: Section) -> list[type[Options]]:
    """The options that a section can have: those of every entry of its registry."""
    return [section.options(name) for name in section.registry] if isinstance(section, OneOf) else [section]


def below(section: Section | None, name: str) -> list[Section | None]:
    """The sections that may be below ``name``, whichever entry of a registry is chosen."""
    every = choices(section) if section else []
    return [sections(options)[name] for options in every if name in fields(options)]


def chooses(key: Key, options: type[Options]) -> bool:
    """Whether the value of ``key`` may decide which other keys there are: it is a choice, or a whole section."""
    around: list[Section | None] = [options]
    for name in key[:-1]:
        around = [inner for section in around for inner in below(section, str(name))]
    choice = any(isinstance(section, OneOf) and section.key == key[-1] for section in around)
    return choice or any(inner for section in around for inner in below(section, str(key[-1])))


def paths(section: Section, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every dotted key in parts, whichever entries of registries are chosen; some occur several times."""
    for options in choices(section):
        for name, inner in sections(options).items():
            yield (*above, name)
            if inner is not None:
                yield from paths(inner, (*above, name))
