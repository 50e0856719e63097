"""The settings of runs as the columns of a table."""

from __future__ import annotations

import json

Scalar = str | int | float | bool


def scalar(value: object) -> Scalar | None:
    """A value as one cell: numbers, words and switches as they are, lists as text."""
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)
