"""Options: how a thing that can be configured declares its keys, once, next to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, reduce
from keyword import iskeyword
from types import NoneType
from typing import Any, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    TypeAdapter,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from synthgrad.config.kinds import Json
from synthgrad.config.messages import not_one_of
from synthgrad.errors import Problem


class Options(BaseModel):
    """A section of a config: frozen, checked when it is made, without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True,
        validate_by_name=True, serialize_by_alias=True,
    )  # fmt: skip

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong between values that are right by themselves; keys are relative to this section."""
        return iter(())

    def decided(self) -> Self:
        """The section with what the program decides from data, for a run to record; called if there are no problems."""
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """For editors: the name of an entry may be left out if the entry is the default."""
        made = handler(schema)
        properties = handler.resolve_ref_schema(made)["properties"]
        for key, section in sections(cls).items():
            if isinstance(section, OneOf) and (default := default_of(cls, key)):
                section.allow_unnamed(properties[key], value_of(default, section.key))
        return made


def option(default: object = ..., meaning: str = "", *, stacks: bool = False, **limits: Any) -> Any:
    """Declare one key: its default, what it means in one line (with the unit), its limits.

    ``default`` may be the class of a section, which then has its own defaults. ``stacks`` marks a number that may
    differ between the replicas of one stack.
    """
    limits |= {"description": meaning, "json_schema_extra": {"stacks": True} if stacks else None}
    if isinstance(default, type) and issubclass(default, Options):  # made when it is needed, for a quick start
        return Field(default_factory=default.model_construct, **limits)
    return Field(default, **limits)


def attribute(key: str) -> str:
    """The name of a key in Python, which reserves some words: ``lambda`` is ``lambda_``."""
    return f"{key}_" if iskeyword(key) else key


def value_of(options: Options, *path: str) -> Any:
    """The value of a dotted key in parts."""
    return reduce(getattr, map(attribute, path), options)


@cache
def fields(options: type[Options]) -> Mapping[str, FieldInfo]:
    """The fields of ``options`` by key, as it is written in a config."""
    return {field.alias or name: field for name, field in options.model_fields.items()}


class OneOf:
    """Field metadata: the section is that of one entry of a registry, which ``key`` names.

    With ``shorthand`` the bare name means the section with all other keys at their defaults.
    """

    def __init__(self, registry: Mapping[str, Any], key: str = "name", shorthand: bool = False) -> None:
        self.registry, self.key, self.shorthand = registry, key, shorthand

    def options(self, name: str) -> type[Options]:
        """The options of the entry ``name``."""
        entry = self.registry[name]
        return entry if issubclass(entry, Options) else entry.Options  # type: ignore[no-any-return]

    def expand(self, value: object) -> object:
        """The section that a bare name means; any other value unchanged."""
        return {self.key: value} if self.shorthand and isinstance(value, str) else value

    def make(self, value: object) -> Options:
        """The options that ``value`` names and sets. The registry may have grown since the import: it is read now."""
        value = self.expand(value)
        name = value.get(self.key) if isinstance(value, dict) else getattr(value, self.key, None)
        if name not in self.registry:
            raise PydanticCustomError("choice", "is missing" if name is None else not_one_of(name, self.registry))
        return self.options(str(name)).model_validate(value)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(_dumped, info_arg=True)
        return core_schema.no_info_plain_validator_function(self.make, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        choices = {name: _core_schema(self.options(name)) for name in self.registry}
        made = handler(core_schema.tagged_union_schema(choices, self.key))["oneOf"]
        entries = dict(zip(self.registry, made, strict=True))
        for name, entry in entries.items():
            options = handler.resolve_ref_schema(entry)
            options["required"] = [key for key in options.get("required", []) if key != self.key]
            options["properties"][self.key]["description"] = self._meaning(name)
            entry |= {"properties": {self.key: {"const": name}}, "required": [self.key]}
        meanings = "; ".join(f"{name}: {self._meaning(name).rstrip('.')}" for name in self.registry)
        section: Json = {
            "type": "object",
            "properties": {self.key: {"enum": list(self.registry), "description": meanings}},
            "required": [self.key],
            "oneOf": list(entries.values()),
        }
        return {"anyOf": [{"enum": list(self.registry)}, section]} if self.shorthand else section

    def _meaning(self, name: str) -> str:
        return (self.options(name).__doc__ or self.registry[name].meaning).partition("\n")[0]

    def allow_unnamed(self, schema: Json, name: str) -> None:
        """Change the JSON Schema of a field whose default is the entry ``name``: without a name, it is that entry."""
        section = schema["anyOf"][-1] if self.shorthand else schema
        del section["required"], section["oneOf"][list(self.registry).index(name)]["required"]


def _dumped(options: Options, info: SerializationInfo) -> Json:
    return options.model_dump(mode=info.mode)


def _core_schema(options: type[Options]) -> core_schema.CoreSchema:
    options.model_rebuild()
    return options.__pydantic_core_schema__


Section = type[Options] | OneOf


@cache
def sections(options: type[Options]) -> Mapping[str, Section | None]:
    """For each key of ``options`` the section below it, None for a plain value."""
    marks = {key: [m for m in field.metadata if isinstance(m, OneOf)] for key, field in fields(options).items()}
    return {key: mark[0] if mark else nested(fields(options)[key].annotation) for key, mark in marks.items()}


def nested(kind: object) -> type[Options] | None:
    """The options of a field that is a section, also of one that may be left out: ``Decay``, ``Branch | None``."""
    own = next((k for k in get_args(kind) if k is not NoneType), kind) if optional(kind) else kind
    return own if isinstance(own, type) and issubclass(own, Options) else None


def optional(kind: object) -> bool:
    """Whether a field may be None."""
    return NoneType in get_args(kind)


@cache
def default_of(options: type[Options], key: str) -> Any:
    """The default of a key, None if it has none."""
    field = fields(options)[key]
    return None if field.is_required() else field.get_default(call_default_factory=True)


def schema_of(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a dataclass and of those inside it; no other fields, and each of them there."""
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
            part["required"] = list(part["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
