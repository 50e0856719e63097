"""YAML <-> validated, frozen values.

``options`` is how an algorithm, a task, a layer declares what can be set; ``reading`` turns files and
``-s`` overrides into a tree that knows where each value stands; ``checking`` holds the two together and
says everything that is wrong at once; ``loading`` does all of it, for one set of overrides or for many. The
config of a whole experiment is put together from the registries in ``synthgrad.experiment``.
"""

from pydantic.fields import FieldInfo

from synthgrad.config.checking import check, walk
from synthgrad.config.choosing import chooses
from synthgrad.config.complaints import Complaints
from synthgrad.config.loading import Template, load
from synthgrad.config.messages import show
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
from synthgrad.config.overrides import Setting, key_and_value, label, setting
from synthgrad.config.resolved import flat, read_resolved
from synthgrad.config.schemas import schema_of
from synthgrad.config.writing import dump, plain

__all__ = [
    "AnyOf",
    "Complaints",
    "FieldInfo",
    "Flag",
    "Fractions",
    "Int",
    "NameOf",
    "OneOf",
    "Options",
    "Setting",
    "Template",
    "Widths",
    "check",
    "chooses",
    "default_of",
    "dump",
    "flat",
    "key_and_value",
    "label",
    "load",
    "option",
    "plain",
    "read_resolved",
    "schema_of",
    "sections",
    "setting",
    "show",
    "walk",
]
