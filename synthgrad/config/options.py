"""Options: how a thing that can be configured declares its keys, once, next to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, reduce
from keyword import iskeyword
from types import NoneType
from typing import Annotated, Any, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from synthgrad.config.messages import not_one_of, show
from synthgrad.errors import Problem

Json = dict[str, Any]
WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


class Options(BaseModel):
    """A section of a config: frozen, every key known, checked when it is made."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True,
        validate_by_name=True, serialize_by_alias=True,
    )  # fmt: skip

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong beyond single values; keys are relative to this section."""
        return iter(())

    def decided(self) -> Self:
        """The section with what it left to be found out, which a run records; asked where there are no problems."""
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """For editors: the name of an entry may be left out where the entry is the default."""
        made = handler(schema)
        properties = handler.resolve_ref_schema(made)["properties"]
        for key, section in sections(cls).items():
            if isinstance(section, OneOf) and (default := default_of(cls, key)):
                section.allow_unnamed(properties[key], value_of(default, section.key))
        return made


def option(default: Any = ..., meaning: str = "", *, stacks: bool = False, **limits: Any) -> Any:
    """Declare one key: its default, what it means in one line (with the unit), its limits.

    ``default`` may be a section's class (all its own defaults) or a function that makes the section: sections
    are made when they are needed, which keeps the start quick. ``stacks`` marks a number that may differ
    between the replicas of one stack.
    """
    extra: Any = {"stacks": True} if stacks else None
    if isinstance(default, type) and issubclass(default, Options):
        default = default.model_construct
    if callable(default):
        return Field(default_factory=default, description=meaning, json_schema_extra=extra, **limits)
    return Field(default, description=meaning, json_schema_extra=extra, **limits)


def attribute(key: str) -> str:
    """The name of a key in Python, which keeps some words for itself: ``lambda`` is ``lambda_``."""
    return f"{key}_" if iskeyword(key) else key


def value_of(options: Options, *path: str) -> Any:
    """The value of a dotted key in parts."""
    return reduce(getattr, map(attribute, path), options)


@cache
def fields(options: type[Options]) -> Mapping[str, FieldInfo]:
    """Each key of ``options`` as it is written in a config."""
    return {field.alias or name: field for name, field in options.model_fields.items()}


def _flag(value: Any) -> Any:
    return WORDS.get(value.lower(), value) if isinstance(value, str) else value


def whole(value: Any) -> Any:
    """A whole number that was written with a point or an exponent as one; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_FLAG_SCHEMA = {"anyOf": [{"type": "boolean"}, {"enum": ["on", "off", "yes", "no"]}]}
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema(_FLAG_SCHEMA)]
"""A switch; on, off, yes and no count as a person means them."""
Int = Annotated[int, BeforeValidator(whole)]
"""A whole number; 1e3 is one."""
Width = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(whole)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_tuple)]
"""The widths of a row of layers, [] included."""
Numbers = Annotated[tuple[Annotated[int, Field(ge=1), BeforeValidator(whole)], ...], BeforeValidator(_tuple)]
"""Which of a row of things, counted from 1."""
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

    def make(self, value: Any) -> Options:
        """The options that ``value`` chooses and sets. The registry is read now: it may have grown since the import."""
        value = self.expand(value)
        name = value.get(self.key) if isinstance(value, dict) else getattr(value, self.key, None)
        if name not in self.registry:
            raise PydanticCustomError("choice", "is missing" if name is None else not_one_of(name, self.registry))
        return self.options(str(name)).model_validate(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(_dumped, info_arg=True)
        return core_schema.no_info_plain_validator_function(self.make, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        choices = {name: _core_schema(self.options(name)) for name in self.registry}
        entries = handler(core_schema.tagged_union_schema(choices, self.key))["oneOf"]
        named = list(zip(self.registry, entries, strict=True))
        for name, entry in named:
            options = handler.resolve_ref_schema(entry)
            options["required"] = [key for key in options.get("required", []) if key != self.key]
            options["properties"][self.key]["description"] = self._meaning(name)
        section: Json = {
            "type": "object",
            "properties": {self.key: {"enum": list(self.registry), "description": self._meanings()}},
            "required": [self.key],
            "oneOf": [{**e, "properties": {self.key: {"const": name}}, "required": [self.key]} for name, e in named],
        }
        return {"anyOf": [{"enum": list(self.registry)}, section]} if self.shorthand else section

    def _meanings(self) -> str:
        return "; ".join(f"{name}: {self._meaning(name).rstrip('.')}" for name in self.registry)

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


class NameOf:
    """Field metadata: one name out of a registry."""

    def __init__(self, registry: Mapping[str, Any]) -> None:
        self.registry = registry

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.registry))


class Word:
    """Field metadata of a choice between names: ``true`` is one of them, with quotes and without."""

    @staticmethod
    def parse(value: Any) -> Any:
        """Take a switch for its name."""
        return str(value).lower() if isinstance(value, bool) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        return {"enum": [*handler(schema)["enum"], True]}


class AnyOf:
    """Field metadata: one or more names out of a registry, as a name, a list, or an alias for a list.

    The value is a tuple in the registry's order, and written the shortest way.
    """

    def __init__(self, registry: Mapping[str, Any], **aliases: tuple[str, ...]) -> None:
        self.registry, self.aliases = registry, aliases

    def parse(self, value: Any) -> tuple[str, ...]:
        """Read a name, an alias or a list of names."""
        words = [*self.registry, *self.aliases]
        if isinstance(value, str) and value in self.aliases:
            return self.aliases[value]
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not names:
            raise wrong_names([(None, f"expected one of {', '.join(words)}, or a list of them, got {show(value)}")])
        wrong = [(None if isinstance(value, str) else i, said) for i, said in self._slips(names)]
        if wrong:
            raise wrong_names(wrong)
        return tuple(name for name in self.registry if name in names)

    def _slips(self, names: Any) -> Iterator[tuple[int, str]]:
        for i, name in enumerate(names):
            if isinstance(name, str) and name in self.aliases and len(names) > 1:
                yield i, f"{name!r} stands for a list itself ({', '.join(self.aliases[name])}): write those"
            elif isinstance(name, str) and name in self.aliases:
                yield i, f"{name!r} stands for a list itself: write it without brackets"
            elif not isinstance(name, str) or name not in self.registry:
                yield i, not_one_of(name, [*self.registry, *(self.aliases if len(names) == 1 else ())])
            elif name in names[:i]:
                yield i, f"names {name!r} twice (leave one out)"

    def write(self, value: tuple[str, ...]) -> Any:
        """The shortest form that ``parse`` reads back."""
        alias = next((name for name, names in self.aliases.items() if names == value), None)
        return alias or (value[0] if len(value) == 1 else list(value))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        names = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(self.registry)}}
        return {"anyOf": [{"enum": [*self.registry, *self.aliases]}, names]}


def wrong_names(slips: list[tuple[int | None, str]]) -> PydanticCustomError:
    """Several things wrong with one value: positions in its list (None: the whole) and messages."""
    return PydanticCustomError("names", "wrong names", {"wrong": slips})


Section = type[Options] | OneOf


@cache
def sections(options: type[Options]) -> Mapping[str, Section | None]:
    """Each key of ``options``: the section below it, or None for a plain value."""
    found: dict[str, Section | None] = {}
    for key, field in fields(options).items():
        choice = next((m for m in field.metadata if isinstance(m, OneOf)), None)
        found[key] = choice or nested(field.annotation)
    return found


def nested(kind: Any) -> type[Options] | None:
    """The options of a field that is a section, also of one that may be left out: ``Decay``, ``Branch | None``."""
    own = next((k for k in get_args(kind) if k is not NoneType), kind) if optional(kind) else kind
    return own if isinstance(own, type) and issubclass(own, Options) else None


def optional(kind: Any) -> bool:
    """Whether a field may be None."""
    return NoneType in get_args(kind)


@cache
def default_of(options: type[Options], key: str) -> Any:
    """The default of a key, None if it has none."""
    field = fields(options)[key]
    return None if field.is_required() else field.get_default(call_default_factory=True)


def paths(section: Section, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every dotted key in parts, whichever entries of registries are chosen; some several times."""
    choices = [section.options(name) for name in section.registry] if isinstance(section, OneOf) else [section]
    for choice in choices:
        for name, below in sections(choice).items():
            yield (*above, name)
            if below is not None:
                yield from paths(below, (*above, name))
