"""Which keys of a run's config are not at their defaults, as far as this version knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthgrad.config import OneOf, Options, check, dump, flat, plain, sections
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.runs.circumstances import Pairs, differing


def changed(config: Mapping[str, Any]) -> Pairs | None:
    """By dotted key, value and default where they differ; None where this version does not know the choices made.

    What a choice brings along is held against that choice's own defaults; a key that this version does not know
    has the default None.
    """
    choices = chosen(Config, config)
    try:
        defaults = _complete(choices)
        usual = _complete({name: {"name": config.get(f"{name}.name")} for name in ("task", "trainer")})
    except ConfigError:
        return None
    defaults |= {key: usual[key] for key in flat(choices) if key in usual}
    return {key: pair for key, pair in differing(config, defaults).items() if key in config}


def _complete(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A config with every default filled in. Raises ConfigError."""
    return flat(plain(check(dump(dict(tree)), Config)))


def chosen(options: type[Options], config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """The part of a config that chooses entries of registries: names of task, trainer, optimisers, schemes."""
    tree: dict[str, Any] = {}
    for name, below in sections(options).items():
        section = below
        if isinstance(below, OneOf):
            entry = config.get(f"{above}{name}.{below.key}")
            if not isinstance(entry, str):
                continue
            tree[name] = {below.key: entry}
            section = below.options(entry) if entry in below.registry else None
        if section is not None and not isinstance(section, OneOf):
            tree[name] = {**tree.get(name, {}), **chosen(section, config, f"{above}{name}.")}
    return {name: value for name, value in tree.items() if value}
