"""YAML <-> validated, frozen values.

``options`` is how an algorithm, a task, a layer declares what can be set; ``reading`` turns files and
``-s`` overrides into a tree that knows where each value stands; ``checking`` holds the two together and
says everything that is wrong at once. The config of a whole experiment is put together from the
registries in ``synthgrad.experiment``.
"""

from pydantic.fields import FieldInfo

from synthgrad.config.checking import check, load, walk
from synthgrad.config.options import (
    AnyOf,
    Flag,
    Fractions,
    Int,
    NameOf,
    OneOf,
    Options,
    Widths,
    default_of,
    option,
    sections,
)
from synthgrad.config.resolved import flat, read_resolved
from synthgrad.config.schemas import schema_of
from synthgrad.config.writing import dump, plain

__all__ = [
    "AnyOf",
    "FieldInfo",
    "Flag",
    "Fractions",
    "Int",
    "NameOf",
    "OneOf",
    "Options",
    "Widths",
    "check",
    "default_of",
    "dump",
    "flat",
    "load",
    "option",
    "plain",
    "read_resolved",
    "schema_of",
    "sections",
    "walk",
]
