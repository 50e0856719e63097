"""Options: how a thing that can be configured declares its keys, once, next to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from synthgrad.errors import Problem

WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


class Options(BaseModel):
    """A section of a config: frozen, every key known, checked when it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong beyond single values; keys are relative to this section."""
        return iter(())


def option(default: Any = ..., meaning: str = "", *, stacks: bool = False, **limits: Any) -> Any:
    """Declare one key: its default, what it means in one line (with the unit), its limits.

    ``stacks`` marks a number that may differ between the replicas of one stack.
    """
    extra: Any = {"stacks": True} if stacks else None
    if isinstance(default, Options):
        return Field(default_factory=lambda: default, description=meaning, json_schema_extra=extra, **limits)
    return Field(default, description=meaning, json_schema_extra=extra, **limits)


def _flag(value: Any) -> Any:
    return WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
"""A switch; on, off, yes and no count as a person means them."""
Int = Annotated[int, BeforeValidator(_whole)]
"""A whole number; 1e3 is one."""
Width = Annotated[Int, Field(ge=1, le=100_000)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_tuple)]
"""The widths of a row of layers, [] included."""
Fraction = Annotated[float, Field(gt=0, lt=1)]
Fractions = Annotated[tuple[Fraction, ...], BeforeValidator(_tuple)]
"""Shares of a whole, each between 0 and 1."""


class OneOf:
    """Field metadata: the section is that of one entry of a registry, chosen by ``key``.

    With ``shorthand`` the bare name stands for the section with every other key at its default.
    """

    def __init__(self, registry: Mapping[str, Any], key: str = "name", shorthand: bool = False) -> None:
        self.registry, self.key, self.shorthand = registry, key, shorthand

    def options(self, name: str) -> type[Options]:
        """The options of the entry ``name``."""
        entry = self.registry[name]
        return entry if issubclass(entry, Options) else entry.Options  # type: ignore[no-any-return]

    def expand(self, value: Any) -> Any:
        """Put the section in place of its shorthand."""
        return {self.key: value} if self.shorthand and isinstance(value, str) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        choices = tuple(self.options(name) for name in self.registry)
        if len(choices) == 1:
            return core_schema.no_info_before_validator_function(self.expand, handler.generate_schema(choices[0]))
        union = Annotated[Union[choices], Field(discriminator=self.key)]  # type: ignore[valid-type]
        return core_schema.no_info_before_validator_function(self.expand, handler.generate_schema(union))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        section = handler(schema)
        if not self.shorthand:
            return section
        return {"anyOf": [{"type": "string", "enum": list(self.registry)}, section]}


class AnyOf:
    """Field metadata: one or more names out of a registry, as a name, a list, or an alias for a list.

    The value is a tuple in the registry's order, and written the shortest way.
    """

    def __init__(self, registry: Mapping[str, Any], **aliases: tuple[str, ...]) -> None:
        self.registry, self.aliases = registry, aliases

    def parse(self, value: Any) -> tuple[str, ...]:
        """Read a name, an alias or a list of names."""
        words = [*self.registry, *self.aliases]
        if isinstance(value, str):
            value = self.aliases.get(value, (value,))
        if not isinstance(value, list | tuple) or not value:
            raise PydanticCustomError("any_of", "expected one of {words}, or a list", {"words": ", ".join(words)})
        for name in value:
            if name not in self.registry:
                raise PydanticCustomError("name", "", {"value": name, "words": words})
        if len(set(value)) < len(value):
            raise PydanticCustomError("any_of", "names an entry twice", {})
        return tuple(name for name in self.registry if name in value)

    def write(self, value: tuple[str, ...]) -> Any:
        """The shortest form that ``parse`` reads back."""
        alias = next((name for name, names in self.aliases.items() if names == value), None)
        return alias or (value[0] if len(value) == 1 else list(value))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=writer)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        names = {"type": "string", "enum": [*self.registry, *self.aliases]}
        several = {"type": "array", "minItems": 1, "uniqueItems": True}
        return {"anyOf": [names, {**several, "items": {"type": "string", "enum": list(self.registry)}}]}


Section = type[Options] | OneOf


def sections(options: type[Options]) -> dict[str, Section | None]:
    """Each key of ``options``: the section below it, or None for a plain value."""
    found: dict[str, Section | None] = {}
    for key, field in options.model_fields.items():
        choice = next((m for m in field.metadata if isinstance(m, OneOf)), None)
        nested = isinstance(field.annotation, type) and issubclass(field.annotation, Options)
        found[key] = choice or (field.annotation if nested else None)
    return found
