"""Which keys of a run's config are not at their defaults, as far as this version knows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from synthgrad.config import OneOf, Options, default_of, fields, flat, plain, sections, value_of
from synthgrad.experiment import Config
from synthgrad.records import Record, Settings
from synthgrad.runs.settings import Pairs, differing


def changed(config: Record) -> Pairs | None:
    """By dotted key, value and default where they differ; None where this version does not know the choices made.

    What a choice brings along is held against that choice's own defaults; a key that this version does not know
    has the default None, one that has none the default "".
    """
    choices = chosen(Config, config)
    needed = {name: _values(choices.get(name, {})) for name in ("task", "trainer")}
    branch = choices.get("branch")
    before = {"branch": {**_values(branch), "trainer": _values(branch.get("trainer", {}))}} if branch else {}
    try:
        defaults = _complete(choices)
        usual = _complete(needed | before)
    except ValueError:  # pydantic's
        return None
    defaults |= {key: usual[key] for key in flat(choices) if key in usual}
    defaults |= {key: "" for key in flat(needed) if not key.endswith(".name")}
    return {key: pair for key, pair in differing(config, defaults).items() if key in config}


def _values(section: Record) -> Settings:
    """What a section says itself, without what those below it say."""
    return {key: value for key, value in section.items() if not isinstance(value, dict)}


def filled(config: Record, keys: Iterable[str]) -> Settings:
    """A config with the defaults of those ``keys`` that it lacks: a run of an older version had no other choice."""
    lacking = [key for key in keys if key not in config]
    if not lacking:
        return dict(config)
    defaults = _defaults(json.dumps(chosen(Config, config), default=str))
    return {**config, **{key: defaults[key] for key in lacking if key in defaults}}


def completed(config: Record) -> Settings:
    """A config with the defaults of all keys that it lacks."""
    return {**_defaults(json.dumps(chosen(Config, config), default=str)), **config}


@lru_cache(maxsize=256)
def _defaults(choices: str) -> Record:
    """The defaults that belong to these choices; none where this version does not know them."""
    try:
        return _complete(json.loads(choices))
    except ValueError:  # pydantic's
        return {}


def _complete(tree: Record) -> Settings:
    """A config with every default filled in; no problem beyond single values is looked for. Raises ValueError."""
    return flat(plain(Config.model_validate(dict(tree))))


def chosen(options: type[Options], config: Record, above: str = "") -> Settings:
    """The part of a config that has no defaults or chooses entries of registries: names of task, trainer, schemes."""
    tree: Settings = {}
    for name, below in sections(options).items():
        section = below
        if below is None and f"{above}{name}" in config and fields(options)[name].is_required():
            tree[name] = config[f"{above}{name}"]
        if isinstance(below, OneOf):
            entry = config.get(f"{above}{name}.{below.key}") or _unsaid(options, name, config, above)
            if not isinstance(entry, str):
                continue
            tree[name] = {below.key: entry}
            section = below.options(entry) if entry in below.registry else None
        if section is not None and not isinstance(section, OneOf):
            tree[name] = {**tree.get(name, {}), **chosen(section, config, f"{above}{name}.")}
    return {name: value for name, value in tree.items() if value}


def _unsaid(options: type[Options], name: str, config: Record, above: str) -> Any:
    """The usual entry of a section that is there and does not name one: older versions had no other."""
    there = any(key.startswith(f"{above}{name}.") for key in config)
    choice, usual = sections(options)[name], default_of(options, name)
    return value_of(usual, choice.key) if there and usual and isinstance(choice, OneOf) else None
