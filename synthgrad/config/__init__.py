"""YAML <-> validated, frozen values.

With ``options`` and ``kinds`` of values an algorithm, a task, a layer declares what can be set. ``reading`` turns a
file, and ``overrides`` turn ``-s KEY=VALUE``, into a tree that knows the location of each value; ``checking`` checks it
against the options and reports every problem; ``loading`` does all of it, with one set of overrides or many.
``recorded`` is the config that a run keeps. The registries are put together in ``synthgrad.experiment``.
"""

from pydantic.fields import FieldInfo

from synthgrad.config.checking import check, decided
from synthgrad.config.keys import chooses
from synthgrad.config.kinds import (
    AUTO,
    AnyOf,
    Auto,
    FilePath,
    Flag,
    Fractions,
    Int,
    Json,
    LayerSelection,
    Name,
    NameOf,
    Names,
    Numbers,
    Widths,
    Word,
    selected_layers,
)
from synthgrad.config.loading import Template, load, replaced
from synthgrad.config.messages import show
from synthgrad.config.options import OneOf, Options, default_of, fields, nested, option, schema_of, sections, value_of
from synthgrad.config.overrides import Setting, key_and_value, label, setting
from synthgrad.config.reading import Location
from synthgrad.config.recorded import dump, flat, plain, read_resolved, written

__all__ = [
    "AUTO",
    "AnyOf",
    "Auto",
    "FieldInfo",
    "FilePath",
    "Flag",
    "Fractions",
    "Int",
    "Json",
    "LayerSelection",
    "Location",
    "Name",
    "NameOf",
    "Names",
    "Numbers",
    "OneOf",
    "Options",
    "Setting",
    "Template",
    "Widths",
    "Word",
    "check",
    "chooses",
    "decided",
    "default_of",
    "dump",
    "fields",
    "flat",
    "key_and_value",
    "label",
    "load",
    "nested",
    "option",
    "plain",
    "read_resolved",
    "replaced",
    "schema_of",
    "sections",
    "selected_layers",
    "setting",
    "show",
    "value_of",
    "written",
]
