"""The resolved config that a run directory keeps: plain data as dotted keys, read without checking.

A run of an older version may lack keys and one of a newer version have more; both can still be compared.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from synthgrad.config.files import read_text
from synthgrad.errors import ConfigError

_SEED = re.compile(r"^seed: (\d+)\n", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Any YAML reader understands what ``dump`` writes; libyaml's is ten times faster, where it is there."""


def read_resolved(path: Path) -> dict[str, Any]:
    """The values of a resolved config by dotted key, in the order of the file. Raises ConfigError."""
    text = read_text(path)
    found = _SEED.search(text)
    rest = text[: found.start()] + text[found.end() :] if found else text  # the same for all seeds: parsed once
    values = _parse(rest)
    if values is None:
        raise ConfigError(f"{path}: is not the config of a run (damaged, or written by something else)")
    return {"seed": int(found[1]), **values} if found else dict(values)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> dict[str, Any] | None:
    try:
        data = yaml.load(text, Loader=_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return flat(data) if isinstance(data, dict) else None


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
