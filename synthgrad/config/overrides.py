"""``-s KEY=VALUE``: a dotted key and a YAML value, put into a tree."""

from __future__ import annotations

from typing import Any, NamedTuple

from synthgrad.config.messages import Key, dotted
from synthgrad.config.options import OneOf, Options, Section, sections
from synthgrad.config.reading import Finding, Place, Tree, parse
from synthgrad.errors import ConfigError

WIDEST = 120


class Setting(NamedTuple):
    """An override that could be read."""

    key: tuple[str, ...]
    value: Any
    place: Place


def setting(text: str) -> Setting:
    """Read ``KEY=VALUE``. Raises ConfigError."""
    label = _label(text)
    name, equals, value = text.partition("=")
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        raise ConfigError(f"{label}: expected KEY=VALUE (for example -s trainer.alpha=1e-2)")
    if "[" in name:
        whole = dotted(key).partition("[")[0]
        raise ConfigError(f"{label}: a list is set as a whole (for example -s {whole}='[64, 32]')")
    if not value.strip():
        return Setting(key, None, Place(label))
    part = parse(value, label, in_file=False)
    if part.findings:
        raise ConfigError(str(f._replace(key=(*key, *f.key))) for f in part.findings)
    return Setting(key, part.data, Place(label))


def _label(text: str) -> str:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f"-s {shown}" if len(shown) <= WIDEST else f"-s {shown[: WIDEST - 3]}..."


def put(tree: Tree, change: Setting, options: type[Options]) -> None:
    """Set one key, making the sections on the way, where ``options`` have sections."""
    if not isinstance(tree.data, dict):
        return
    key, at = change.key, tree.data
    here: list[Section | None] = [options]
    for depth, name in enumerate(key[:-1], 1):
        here = [below for section in here for below in _below(section, name)]
        if here and not any(here):
            whole = dotted(key[:depth])
            message = f"takes one value and has no keys of its own (set it as a whole: -s {whole}=VALUE)"
            tree.findings.append(Finding(change.place, key[:depth], message))
            return
        value = _expanded(tree, key[:depth], at.get(name), here)
        if value is not None and not isinstance(value, dict):
            return  # what the file has there is wrong itself
        for notes in (tree.values, tree.keys):
            notes.setdefault(key[:depth], change.place)
        at[name] = at = dict(value or {})
    old = tree.replaced.get(key, at.get(key[-1]))
    tree.forget(key)
    at[key[-1]] = change.value
    tree.replaced[key] = old
    tree.values[key] = tree.keys[key] = tree.overridden[key] = change.place


def _below(section: Section | None, name: str) -> list[Section | None]:
    """What may stand under ``name``, whichever entry of a registry is chosen."""
    if section is None:
        return []
    choices = [section.options(n) for n in section.registry] if isinstance(section, OneOf) else [section]
    return [sections(choice)[name] for choice in choices if name in choice.model_fields]


def _expanded(tree: Tree, key: Key, value: Any, here: list[Section | None]) -> Any:
    """The section that a shorthand such as ``optimizer: adam`` stands for."""
    for section in here:
        if isinstance(section, OneOf) and isinstance(value, str) and (full := section.expand(value)) != value:
            tree.values[*key, section.key] = tree.values[key]
            return full
    return value
