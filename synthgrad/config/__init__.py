"""YAML <-> validated, frozen values.

``options`` is how an algorithm, a task, a layer declares what can be set; ``reading`` turns files and
``-s`` overrides into a tree that knows where each value stands; ``checking`` holds the two together and
says everything that is wrong at once; ``loading`` does all of it, for one set of overrides or for many. The
config of a whole experiment is put together from the registries in ``synthgrad.experiment``.
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
from synthgrad.config.options import (
    OneOf,
    Options,
    default_of,
    fields,
    nested,
    option,
    sections,
    value_of,
)
from synthgrad.config.overrides import Setting, key_and_value, label, setting
from synthgrad.config.reading import Location
from synthgrad.config.resolved import flat, read_resolved
from synthgrad.config.schemas import schema_of
from synthgrad.config.writing import dump, plain

__all__ = [
    "AUTO",
    "AnyOf",
    "Auto",
    "FieldInfo",
    "FilePath",
    "Flag",
    "Fractions",
    "Int",
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
]
