"""The settings of runs as the columns of a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from synthgrad.runs.circumstances import same
from synthgrad.runs.reading import Recorded

Scalar = str | int | float | bool


def differing_keys(runs: Sequence[Recorded]) -> list[str]:
    """The keys of the configs, but for the seed, that are not the same in all of these runs."""
    first = runs[0].config if runs else {}
    keys = dict.fromkeys(key for run in runs for key in run.config if key != "seed")
    return [key for key in keys if not all(same(first, run.config, key) for run in runs)]


def scalar(value: Any) -> Scalar | None:
    """A value as one cell: numbers, words and switches as they are, lists as text."""
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)
