"""Write plain data as YAML that every YAML reader understands in the same way."""

from __future__ import annotations

import math
from typing import Any

import yaml

from synthgrad.config.options import Options, sections
from synthgrad.config.reading import Loader


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value) if math.isfinite(value) else {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
    if "e" in text and "." not in text:  # other YAML readers take 1e-05 for text
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    ours = Loader("").resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    style = None if ours == "tag:yaml.org,2002:str" else "'"  # the dumper itself quotes what others misread
    if not value.isprintable():
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def _represent_list(dumper: yaml.SafeDumper, value: list[Any] | tuple[Any, ...]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(float, _represent_float)
_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, _represent_list)


def dump(data: Any) -> str:
    """Plain data as YAML that reads back to the same values."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


def plain(options: Options) -> dict[str, Any]:
    """Options as plain data with all defaults; an optional section is left out if the options have none."""
    known = sections(type(options))
    data = options.model_dump(mode="json")
    return {name: value for name, value in data.items() if value is not None or known[name] is None}
