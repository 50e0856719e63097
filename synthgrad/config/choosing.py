"""Which entries of registries are chosen, and so which keys there are."""

from __future__ import annotations

from typing import Any

from synthgrad.config.messages import Key
from synthgrad.config.options import OneOf, Options, Section, default_of, fields, sections, value_of
from synthgrad.text import closest


def chosen(section: OneOf, data: dict[str, Any], default: Any) -> str | None:
    """The entry that a section chooses, by its name or by default; None if that is no entry."""
    name = data.get(section.key)
    if name is None and default is not None:
        return str(value_of(default, section.key))
    return name if isinstance(name, str) and name in section.registry else None


def meant(section: OneOf, data: dict[str, Any]) -> str | None:
    """The entry that was probably meant where none is chosen."""
    name = data.get(section.key)
    return closest(name, section.registry) if isinstance(name, str) else None


def depth(key: Key, section: Section | None, data: Any, default: Any = None) -> int:
    """How many parts of a key exist below the entries that ``data`` chooses; all, where nothing can be said."""
    if not key or section is None:
        return 0
    options = _options(section, data, default)
    if options is None:
        return len(key)
    name = str(key[0])
    if name not in fields(options):
        return 0
    below = data.get(name) if isinstance(data, dict) else None
    return 1 + depth(key[1:], sections(options)[name], below, default_of(options, name))


def _options(section: Section, data: Any, default: Any) -> type[Options] | None:
    if not isinstance(section, OneOf):
        return section
    data = section.expand(data)
    data = data if isinstance(data, dict) else {}
    name = chosen(section, data, default) or meant(section, data)
    return section.options(name) if name else None


def below(section: Section | None, name: str) -> list[Section | None]:
    """What may stand under ``name``, whichever entry of a registry is chosen."""
    if section is None:
        return []
    choices = [section.options(n) for n in section.registry] if isinstance(section, OneOf) else [section]
    return [sections(choice)[name] for choice in choices if name in fields(choice)]


def chooses(key: Key, options: type[Options]) -> bool:
    """Whether which other keys there are may depend on the value of ``key``: a choice, or a whole section."""
    around: list[Section | None] = [options]
    for name in key[:-1]:
        around = [inner for section in around for inner in below(section, str(name))]
    choice = any(isinstance(section, OneOf) and section.key == key[-1] for section in around)
    return choice or any(inner for section in around for inner in below(section, str(key[-1])))
