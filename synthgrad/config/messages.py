"""The words of error messages: keys, values, what is allowed, near misses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Any, get_args
from unicodedata import decimal

from pydantic.fields import FieldInfo

from synthgrad.text import closest, listed

Key = tuple[str | int, ...]
"""A dotted key in parts; whole numbers are positions in a list."""
WIDEST = 60
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a word",
}


def dotted(key: Key) -> str:
    """A key as it is written: ``network.hidden[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_word(part)}" for part in key).removeprefix(".")


def _word(part: str) -> str:
    return part if part and part.isprintable() and len(part) <= WIDEST else show(part)


def show(value: object) -> str:
    """A value in a message, in one short line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        return "a list of sections or lists"
    text = f"[{', '.join(map(str, value))}]" if isinstance(value, list | tuple) else repr(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def not_one_of(value: object, allowed: Iterable[str]) -> str:
    """``'rellu' is not one of ...``, with the near miss."""
    names = list(allowed)
    near = closest(value, names)
    return f"{show(value)} is not one of {listed(names)}" + (f" (did you mean {near!r}?)" if near else "")


def with_hint(message: str, hint: str) -> str:
    """A message with a hint in parentheses, after the hint that it has already."""
    if not message.endswith(")"):
        return f"{message} ({hint})"
    return f"{message[:-1]}{'' if message.endswith('?)') else ';'} {hint})"


def quoted_line(key: Key, names: str | list[str], override: bool) -> str:
    """The line that sets a name, or names, as text whatever they look like: ``target: "2.50"``."""
    texts = [json.dumps(name, ensure_ascii=False) for name in ([names] if isinstance(names, str) else names)]
    value = texts[0] if isinstance(names, str) else f"[{', '.join(texts)}]"
    return f"-s {shlex.quote(f'{dotted(key)}={value}')}" if override else f"{key[-1]}: {value}"


def bounds(field: FieldInfo) -> str:
    """The limits of a number, or of the numbers in a list: ``2 to 31``, ``>= 0 and < 1``."""
    marks = [*field.metadata]
    for arg in get_args(field.annotation):
        for mark in getattr(arg, "__metadata__", ()):
            marks += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    found: dict[str, Any] = {}
    for mark in marks:
        found |= {name: getattr(mark, name) for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)}
    if found.keys() == {"ge", "le"}:
        return f"{_number(found['ge'])} to {_number(found['le'])}"
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return " and ".join(f"{signs[name]} {_number(limit)}" for name, limit in found.items())


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def describe(item: Any, field: FieldInfo) -> str:
    """One of pydantic's errors about a value, in the user's words."""
    kind, value, ctx = item["type"], item["input"], item.get("ctx", {})
    if kind == "literal_error":
        return not_one_of(value, [part.strip("'") for part in ctx["expected"].replace(" or ", ", ").split(", ")])
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return f"{show(value)} is out of range (must be {bounds(field)})"
    if kind == "finite_number":
        limits = bounds(field)
        return f"{show(value)} is not a finite number" + (f" (must be {limits})" if limits else "")
    if kind == "tuple_type":
        return f"expected a list, got {show(value)}" + _in_brackets(value)
    if kind in _KINDS:
        return f"expected {_KINDS[kind]}, got {show(value)}" + _hint(kind, value)
    return "is missing" if kind == "missing" else str(ctx.get("error") or item["msg"])


def _in_brackets(value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f" (write [{value}])" if number or (isinstance(value, str) and "," in value) else ""


def _hint(kind: str, value: object) -> str:
    if value is None:
        return " (leave the key out for its default)"
    if isinstance(value, str) and kind in ("int_type", "float_type"):
        if "_" in value and _is_number(value):
            return f" (write {value.replace('_', '')}; _ is for thousands, 1_000)"
        if _is_number(value) and not value.isascii():
            return f" (write {''.join(str(decimal(letter, letter)) for letter in value)})"
        if _is_number(value):
            return " (write it without quotes)"
        if _is_number(value.replace(",", ".", 1)):
            return " (a decimal point, not a comma)" if kind == "float_type" else " (without the comma)"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
