"""``-s KEY=VALUE``: a dotted key and a YAML value, put into a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from synthgrad.config.keys import below
from synthgrad.config.messages import Key, dotted, with_hint
from synthgrad.config.options import OneOf, Options, Section
from synthgrad.config.reading import Finding, Location, Tree, parse
from synthgrad.errors import ConfigError
from synthgrad.text import escaped

WIDEST = 120
_PART = re.compile(r"""'[^']*'|"[^"]*"|\d\.\.(?=[-+]?\.?\d)|.""")
"""A quoted text, the beginning of a range, or a single character."""
_NEARLY = re.compile(r"[\[{] *\d+\.\.\d+ *[\]}]|\d+ *[-:] *\d+")
"""A range as other tools write it."""


class Setting(NamedTuple):
    """An override ``KEY=VALUE``; ``texts`` as in a tree, by the key below its own."""

    key: tuple[str, ...]
    value: object
    place: Location
    texts: Mapping[Key, str] = {}


def setting(text: str) -> Setting:
    """Read ``KEY=VALUE``. Raises ConfigError."""
    key, value = key_and_value(text)
    place = Location(label(text))
    if not value.strip():
        return Setting(key, None, place)
    try:
        part = parse(value, place.source, in_file=False)
    except ConfigError as error:
        raise ConfigError(hinted(line, place) for line in error.lines) from None
    if part.findings:
        raise ConfigError(str(f._replace(key=(*key, *f.key))) for f in part.findings)
    return Setting(key, part.data, place, part.texts)


def key_and_value(text: str) -> tuple[tuple[str, ...], str]:
    """The key in parts and the text of the value of ``KEY=VALUE``. Raises ConfigError."""
    name, equals, value = text.partition("=")
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        raise ConfigError(f"{label(text)}: expected KEY=VALUE (for example -s trainer.alpha=1e-2)")
    if "[" in name:
        whole = dotted(key).partition("[")[0]
        raise ConfigError(f"{label(text)}: a list is set as a whole (for example -s {whole}='[64, 32]')")
    return key, value


def label(text: str) -> str:
    """``-s KEY=VALUE`` as the location of a problem, in one short line."""
    shown = escaped(text)
    return f"-s {shown}" if len(shown) <= WIDEST else f"-s {shown[: WIDEST - 3]}..."


def hinted(message: str, place: Location) -> str:
    """A message about an override, with a hint at sweeps if its value looks like several: 1,2 or 0-9."""
    value = "" if place.line else place.source.partition("=")[2]
    if _NEARLY.fullmatch(value):
        return with_hint(message, "a range is written 0..9, for synthgrad sweep")
    return with_hint(message, "several values are for synthgrad sweep") if _several(value) else message


def _several(text: str) -> bool:
    """Whether a text has a comma or a range outside brackets and quotes."""
    depth = 0
    for part in _PART.findall(text):
        depth += (part in "[{(") - (part in ")}]")
        if not depth and (part == "," or part.endswith("..")):
            return True
    return False


def put(tree: Tree, change: Setting, options: type[Options]) -> None:
    """Set one key, and make the missing sections above it where ``options`` have sections."""
    if not isinstance(tree.data, dict):
        return
    key, at = change.key, tree.data
    here: list[Section | None] = [options]
    for depth, name in enumerate(key[:-1], 1):
        here = [inner for section in here for inner in below(section, name)]
        if here and not any(here):
            whole = dotted(key[:depth])
            message = f"takes one value and has no keys of its own (set it as a whole: -s {whole}=VALUE)"
            tree.findings.append(Finding(change.place, key[:depth], message))
            return
        value = _expanded(tree, key[:depth], at.get(name), here)
        if value is not None and not isinstance(value, dict):
            return  # the file is wrong there, which is reported
        for notes in (tree.values, tree.keys):
            notes.setdefault(key[:depth], change.place)
        at[name] = at = dict(value or {})
    old = tree.replaced.get(key, at.get(key[-1]))
    tree.forget(key)
    at[key[-1]] = change.value
    tree.replaced[key] = old
    tree.values[key] = tree.keys[key] = tree.overridden[key] = change.place
    tree.texts |= {(*key, *below): text for below, text in change.texts.items()}


def _expanded(tree: Tree, key: Key, value: object, here: list[Section | None]) -> Any:
    """The section that a shorthand such as ``optimizer: adam`` means."""
    for section in here:
        if isinstance(section, OneOf) and isinstance(value, str) and (full := section.expand(value)) != value:
            tree.values[*key, section.key] = tree.place(key)
            return full
    return value
