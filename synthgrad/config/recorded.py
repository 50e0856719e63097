"""The config that a run records: YAML that every YAML reader understands in the same way, read without checks.

A run of another version may have fewer keys, or more; both can be compared.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from synthgrad.config.files import read_text
from synthgrad.config.kinds import Json
from synthgrad.config.options import Options, sections
from synthgrad.config.reading import MAX_DEPTH, MAX_DIGITS, MAX_VALUES, Loader
from synthgrad.errors import ConfigError


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: object) -> bool:
        return True


_LOADED = Loader("")
"""Knows what a text would be read as."""


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value) if math.isfinite(value) else {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
    if "e" in text and "." not in text:  # other YAML readers take 1e-05 for text
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    ours = _LOADED.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    style = None if ours == "tag:yaml.org,2002:str" else "'"  # the dumper itself quotes what others misread
    if not value.isprintable():
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def _represent_list(dumper: yaml.SafeDumper, value: list[Any] | tuple[Any, ...]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(float, _represent_float)
_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, _represent_list)


def dump(data: object) -> str:
    """Plain data as YAML that reads back to the same values."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


def written(value: object) -> str:
    """A value as YAML writes it, on one line."""
    return dump({"v": value}).removeprefix("v: ").strip().replace("\n", " ")


def plain(options: Options) -> Json:
    """Options as plain data with all defaults; an optional section is left out if the options have none."""
    known = sections(type(options))
    data = options.model_dump(mode="json")
    return {name: value for name, value in data.items() if value is not None or known[name] is None}


# reading ------------------------------------------------------------------------------------------

_SEED = re.compile(rf"^seed: (\d{{1,{MAX_DIGITS}}})\n", re.MULTILINE | re.ASCII)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Any YAML reader understands what ``dump`` writes; libyaml's, if it is installed, is ten times faster."""
_INT, _TEXT, _DATE = (f"tag:yaml.org,2002:{name}" for name in ("int", "str", "timestamp"))
_KINDS = {_INT, _TEXT, *(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "float", "bool", "null", "merge"))}
_WRONG = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises if a text is not YAML, or a value is not what its tag says."""


def read_resolved(path: Path) -> Json:
    """The values of a resolved config by dotted key, in the order of the file. Raises ConfigError."""
    text = read_text(path, regular=True)
    found = _SEED.search(text)
    rest = text[: found.start()] + text[found.end() :] if found else text  # the same for all seeds: parsed once
    values = _parse(rest)
    if values is None:
        raise ConfigError(f"{path}: is not the config of a run (damaged, or written by something else)")
    return {"seed": int(found[1]), **values} if found else dict(values)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Json | None:
    try:
        loader = _LOADER(text)
        node: Any = loader.get_single_node()
        _check(node, itertools.count(1))
        data = loader.construct_document(node)
    except _WRONG:
        return None
    return flat(data) if isinstance(data, dict) else None


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


def flat(data: dict[Any, Any], above: str = "") -> Json:
    """Nested sections as dotted keys; lists are values."""
    values: Json = {}
    for name, value in data.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and value:
            values |= flat(value, f"{key}.")
        else:
            values[key] = value
    return values
