"""Kinds of values that name what lies outside a config: files, and the names in them."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema


def _absolute(value: Any) -> Any:
    return os.path.abspath(os.path.expanduser(value)) if isinstance(value, str) else value


def _word(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _row(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str | int) else value


class Quotable:
    """Field metadata: a name, or names, of the user's; one that YAML reads as something else must be in quotes."""

    def __init__(self, many: bool = False) -> None:
        self.many = many


FilePath = Annotated[str, BeforeValidator(_absolute)]
"""A file or a directory; kept as an absolute path, so that the config of a run finds it from wherever it is read."""
_WORD = {"type": ["string", "integer"]}
Name = Annotated[str, BeforeValidator(_word), Quotable(), WithJsonSchema(_WORD)]
"""A name in a file; it may look like a number."""
_ROW = {"anyOf": [_WORD, {"type": "array", "items": _WORD}]}
Names = Annotated[tuple[Name, ...], BeforeValidator(_row), Quotable(many=True), WithJsonSchema(_ROW)]
"""Names in a file, such as those of columns; one alone needs no brackets."""
