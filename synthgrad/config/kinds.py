"""Kinds of values that options can have, beyond numbers and words: what a file may say, and how it is written again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from synthgrad.config.messages import not_one_of, show

Json = dict[str, Any]
SWITCHES = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


def wrong_items(problems: list[tuple[int | None, str]]) -> PydanticCustomError:
    """Several problems of one value: positions in its list (None: the whole value) and messages."""
    return PydanticCustomError("items", "wrong items", {"wrong": problems})


# numbers and switches -----------------------------------------------------------------------------


def _switch(value: object) -> object:
    return SWITCHES.get(value.lower(), value) if isinstance(value, str) else value


def _whole(value: object) -> Any:
    """A whole number that is written with a point or an exponent, as an int; anything else unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


_SWITCH_SCHEMA = {"anyOf": [{"type": "boolean"}, {"enum": ["on", "off", "yes", "no"]}]}
Flag = Annotated[bool, BeforeValidator(_switch), WithJsonSchema(_SWITCH_SCHEMA)]
"""A switch; on, off, yes and no mean what a person means by them."""
Int = Annotated[int, BeforeValidator(_whole)]
"""A whole number; 1e3 is one."""
Width = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_whole)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_tuple)]
"""The widths of some layers; [] is allowed."""
Numbers = Annotated[tuple[Annotated[int, Field(ge=1), BeforeValidator(_whole)], ...], BeforeValidator(_tuple)]
"""Numbers of layers, counted from 1."""
Fraction = Annotated[float, Field(gt=0, lt=1)]
Fractions = Annotated[tuple[Fraction, ...], BeforeValidator(_tuple)]
"""Fractions between 0 and 1."""


# a number or auto, layers or all ------------------------------------------------------------------

AUTO: Literal["auto"] = "auto"
ALL: Literal["all"] = "all"


def _auto(value: object) -> object:
    number = _whole(value)
    if value == AUTO or _is_whole(number, 0):
        return number
    raise wrong_items([(None, f"expected auto, or a whole number of at least 0, got {show(value)}")])


def _layers(value: object) -> object:
    """``all``, or the numbers in a list in ascending order."""
    if value == ALL:
        return ALL
    if not isinstance(value, list | tuple):
        raise wrong_items([(None, f"expected all, or a list of numbers such as [1, 3], got {show(value)}")])
    numbers = [_whole(number) for number in value]
    wrong: list[tuple[int | None, str]] = []
    for at, number in enumerate(numbers):
        if not _is_whole(number, 1):
            wrong.append((at, f"expected a whole number of at least 1, got {show(number)}"))
        elif number in numbers[:at]:
            wrong.append((at, f"names {number} twice (leave one out)"))
    if wrong:
        raise wrong_items(wrong)
    return tuple(sorted(numbers))


Auto = Annotated[
    int | Literal["auto"],
    PlainValidator(_auto),
    WithJsonSchema({"anyOf": [{"enum": [AUTO]}, {"type": "integer", "minimum": 0}]}),
]
"""``auto``: the program chooses; or a whole number from 0 on."""
_LAYERS = {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 1}}
LayerSelection = Annotated[
    tuple[int, ...] | Literal["all"],
    PlainValidator(_layers),
    PlainSerializer(lambda value: value if value == ALL else list(value)),
    WithJsonSchema({"anyOf": [{"enum": [ALL]}, _LAYERS]}),
]
"""``all``, or the numbers of some layers, counted from 1."""


def selected_layers(selection: tuple[int, ...] | Literal["all"], count: int) -> tuple[int, ...]:
    """The numbers of the selected layers, of ``count`` layers."""
    return tuple(range(1, count + 1)) if selection == ALL else selection


# names out of a registry --------------------------------------------------------------------------


class NameOf:
    """Field metadata: one name out of a registry."""

    def __init__(self, registry: Mapping[str, object]) -> None:
        self.registry = registry

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.registry))


class Word:
    """Field metadata of a choice between names, one of them ``true``: it may be written with quotes and without."""

    @staticmethod
    def parse(value: object) -> object:
        """A switch as the name that it was meant to be."""
        return str(value).lower() if isinstance(value, bool) else value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        return {"enum": [*handler(schema)["enum"], True]}


class AnyOf:
    """Field metadata: one or more names out of a registry, as a name, a list, or an alias of a list.

    The value is a tuple in the registry's order, and is written in the shortest form.
    """

    def __init__(self, registry: Mapping[str, object], **aliases: tuple[str, ...]) -> None:
        self.registry, self.aliases = registry, aliases

    def parse(self, value: object) -> tuple[str, ...]:
        """Read a name, an alias or a list of names."""
        if isinstance(value, str) and value in self.aliases:
            return self.aliases[value]
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not names:
            words = ", ".join([*self.registry, *self.aliases])
            raise wrong_items([(None, f"expected one of {words}, or a list of them, got {show(value)}")])
        wrong = [(None if isinstance(value, str) else i, message) for i, message in self._problems(names)]
        if wrong:
            raise wrong_items(wrong)
        return tuple(name for name in self.registry if name in names)

    def _problems(self, names: list[Any] | tuple[Any, ...]) -> Iterator[tuple[int, str]]:
        for i, name in enumerate(names):
            if isinstance(name, str) and name in self.aliases and len(names) > 1:
                yield i, f"{name!r} is short for a list ({', '.join(self.aliases[name])}): write its names"
            elif isinstance(name, str) and name in self.aliases:
                yield i, f"{name!r} is short for a list: write it without brackets"
            elif not isinstance(name, str) or name not in self.registry:
                yield i, not_one_of(name, [*self.registry, *(self.aliases if len(names) == 1 else ())])
            elif name in names[:i]:
                yield i, f"names {name!r} twice (leave one out)"

    def write(self, value: tuple[str, ...]) -> Any:
        """The shortest form that ``parse`` reads back."""
        alias = next((name for name, names in self.aliases.items() if names == value), None)
        return alias or (value[0] if len(value) == 1 else list(value))

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        names = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(self.registry)}}
        return {"anyOf": [{"enum": [*self.registry, *self.aliases]}, names]}


# files, and names in them -------------------------------------------------------------------------


def _absolute(value: object) -> object:
    return os.path.abspath(os.path.expanduser(value)) if isinstance(value, str) else value


def _name(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str | int) else value


class Quotable:
    """Field metadata: a name of the user's (``many``: names) that needs quotes if YAML would not read it as text."""

    def __init__(self, many: bool = False) -> None:
        self.many = many


FilePath = Annotated[str, BeforeValidator(_absolute)]
"""A file or a directory; the path is made absolute, so that a run's config finds it from any directory."""
_NAME = {"type": ["string", "integer"]}
Name = Annotated[str, BeforeValidator(_name), Quotable(), WithJsonSchema(_NAME)]
"""A name in a file; it may look like a number."""
_NAMES = {"anyOf": [_NAME, {"type": "array", "items": _NAME}]}
Names = Annotated[tuple[Name, ...], BeforeValidator(_names), Quotable(many=True), WithJsonSchema(_NAMES)]
"""Names in a file, such as those of columns; a single one needs no brackets."""
