"""Types of what YAML and JSON files hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Settings = dict[str, Any]
"""Settings of a run by dotted key, or an object of its JSON files: values of any kind."""
Record = Mapping[str, Any]
"""The same, only to be read."""


def finite(data: object, other: Callable[[float], object] = repr) -> object:
    """Data as JSON can have them: keys are text; numbers that are not finite are what ``other`` makes of them."""
    if isinstance(data, Mapping):
        return {str(key): finite(value, other) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value, other) for value in data]
    return other(data) if isinstance(data, float) and not math.isfinite(data) else data
