"""Read the resolved config of a run as dotted keys, without checks: other versions have fewer keys, or more."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from synthgrad.config.files import read_text
from synthgrad.config.reading import MAX_DEPTH, MAX_DIGITS, MAX_VALUES
from synthgrad.errors import ConfigError

_SEED = re.compile(rf"^seed: (\d{{1,{MAX_DIGITS}}})\n", re.MULTILINE | re.ASCII)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Any YAML reader understands what ``dump`` writes; libyaml's, if it is installed, is ten times faster."""
_INT, _TEXT, _DATE = (f"tag:yaml.org,2002:{name}" for name in ("int", "str", "timestamp"))
_KINDS = {_INT, _TEXT, *(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "float", "bool", "null", "merge"))}
_WRONG = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises if a text is not YAML, or a value is not what its tag says."""


def read_resolved(path: Path) -> dict[str, Any]:
    """The values of a resolved config by dotted key, in the order of the file. Raises ConfigError."""
    text = read_text(path, regular=True)
    found = _SEED.search(text)
    rest = text[: found.start()] + text[found.end() :] if found else text  # the same for all seeds: parsed once
    values = _parse(rest)
    if values is None:
        raise ConfigError(f"{path}: is not the config of a run (damaged, or written by something else)")
    return {"seed": int(found[1]), **values} if found else dict(values)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> dict[str, Any] | None:
    try:
        data = _load(_LOADER(text))
    except _WRONG:
        return None
    return flat(data) if isinstance(data, dict) else None


def _load(loader: Any) -> Any:
    """The values of a document. Raises one of ``_WRONG``."""
    try:
        node = loader.get_single_node()
        _check(node, itertools.count(1))
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check(node: yaml.Node, count: Iterator[int], depth: int = 0) -> None:
    """Raise ValueError if aliases make a document too large, or a config cannot have a value; make dates text."""
    if node.tag == _DATE:
        node.tag = _TEXT
    digits = len(node.value) if node.tag == _INT else 0
    if next(count) > MAX_VALUES or depth > MAX_DEPTH or digits > MAX_DIGITS or node.tag not in _KINDS:
        raise ValueError
    if not isinstance(node, yaml.ScalarNode):
        children = itertools.chain(*node.value) if isinstance(node, yaml.MappingNode) else node.value
        for child in children:
            _check(child, count, depth + 1)


def flat(data: dict[Any, Any], above: str = "") -> dict[str, Any]:
    """Nested sections as dotted keys; lists are values."""
    values: dict[str, Any] = {}
    for name, value in data.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and value:
            values |= flat(value, f"{key}.")
        else:
            values[key] = value
    return values
