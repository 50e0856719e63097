"""YAML files and ``-s`` overrides as trees that know where every value stands."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from synthgrad.errors import ConfigError

Key = tuple[str | int, ...]

MAX_VALUES = 10_000
"""A config of more values than this is an anchor that explodes, not an experiment."""
MAX_BYTES = 1 << 20


class _Loader(yaml.SafeLoader):
    """Scalars as people write them: 1e-2 is a number; on, off, yes, no are words; 012 is twelve."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _tag, _pattern, _first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    ("float", r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.?(inf|Inf|INF)|\.?(nan|NaN|NAN)", "-+.iInN"),
    ("merge", r"<<", "<"),
]:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


@dataclass
class Tree:
    """Plain data and, for each key, the place where its value (or the key itself) stands."""

    data: Any
    source: str
    values: dict[Key, str] = field(default_factory=dict)
    keys: dict[Key, str] = field(default_factory=dict)
    overridden: set[Key] = field(default_factory=set)

    def place(self, key: Key, of_key: bool = False) -> str:
        """Where ``key`` stands; for one that is not there, where the section around it begins."""
        if of_key and key in self.keys:
            return self.keys[key]
        while key and key not in self.values:
            key = key[:-1]
        return self.values.get(key, self.source)


def read(path: Path) -> Tree:
    """Read a YAML file. Raises ConfigError with ``file:line:column`` where it is not one mapping."""
    return parse(_text(path), str(path))


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise ConfigError(f"{path}: is a directory (expected a YAML file)")
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: is larger than 1 MiB (expected a config of a few lines)")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{_nearest(path)}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start + 1}); save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _nearest(path: Path) -> str:
    from difflib import get_close_matches

    try:
        names = [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, 1, 0.5)
    return f" (did you mean {path.parent / near[0]}?)" if near else ""


def parse(text: str, source: str) -> Tree:
    """Read YAML text; ``source`` names it in messages."""
    loader = _Loader("")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.composer.ComposerError as error:
        if error.context and "single document" in error.context:
            raise ConfigError(f"{_mark(source, error.problem_mark)}: a second document begins (expected one)") from None
        raise ConfigError(_yaml_message(source, error)) from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_yaml_message(source, error)) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{source}: holds a character that YAML does not allow (#x{error.character:02x})") from None
    except RecursionError:
        raise ConfigError(f"{source}: is nested too deeply") from None
    finally:
        loader.dispose()
    tree = Tree(None, source)
    if node is None:
        raise ConfigError(f"{source}: is empty (expected at least task.name and trainer.name)")
    _Builder(tree).build(node, (), ())
    return tree


def _mark(source: str, mark: Any) -> str:
    return f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source


def _yaml_message(source: str, error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not YAML"
    hint = " (indent with spaces)" if "\\t" in problem else ""
    return f"{_mark(source, error.problem_mark or error.context_mark)}: not valid YAML: {problem}{hint}"


class _Builder:
    """Turns nodes into data, remembering positions and refusing what is surely a slip."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.count = tree, 0

    def build(self, node: yaml.Node, key: Key, above: tuple[int, ...]) -> None:
        self.tree.data = self._value(node, key, above)

    def _value(self, node: yaml.Node, key: Key, above: tuple[int, ...]) -> Any:
        place = _mark(self.tree.source, node.start_mark)
        self.tree.values[key] = place
        self.count += 1
        if self.count > MAX_VALUES:
            raise ConfigError(f"{place}: more than {MAX_VALUES} values: an anchor that explodes? (write it out)")
        if id(node) in above:
            raise ConfigError(f"{place}: an anchor that contains itself (write it out)")
        above = (*above, id(node))
        if len(above) > 30:
            raise ConfigError(f"{place}: is nested too deeply")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key, above)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*key, i), above) for i, child in enumerate(node.value)]
        return _scalar(node, place)

    def _mapping(self, node: yaml.MappingNode, key: Key, above: tuple[int, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for name_node, value_node in node.value:
            place = _mark(self.tree.source, name_node.start_mark)
            if name_node.tag == "tag:yaml.org,2002:merge":
                part = self._value(value_node, key, above)
                for mapping in part if isinstance(part, list) else [part]:
                    if not isinstance(mapping, dict):
                        raise ConfigError(f"{place}: '<<' takes an anchor of a mapping")
                    merged = {**mapping, **merged}
                continue
            if not isinstance(name_node, yaml.ScalarNode):
                raise ConfigError(f"{place}: a key is a word, not a list or a mapping")
            name = name_node.value
            if name in own:
                raise ConfigError(f"{place}: {dotted((*key, name))}: stands twice (keep one)")
            own[name] = self._value(value_node, (*key, name), above)
            self.tree.keys[(*key, name)] = place
        return {**merged, **own}


def _scalar(node: yaml.Node, place: str) -> Hashable:
    text, kind = node.value, node.tag.rpartition(":")[2]
    if kind == "bool":
        return bool(text.lower() == "true")
    if kind == "null":
        return None
    if kind == "int":
        return int(text.replace("_", ""))
    if kind == "float":
        bare = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
        return float(bare)
    if kind in ("str", "timestamp"):
        return str(text)
    raise ConfigError(f"{place}: the tag {node.tag!r} is not supported (expected plain values)")


# overrides ----------------------------------------------------------------------------------------


def override(tree: Tree, setting: str) -> None:
    """Apply ``KEY=VALUE``: a dotted key and a YAML value. Raises ConfigError."""
    label = f"-s {setting}"
    name, equals, text = setting.partition("=")
    name = name.strip()
    if not equals or not name or any(not part for part in name.split(".")):
        raise ConfigError(f"{label}: expected KEY=VALUE (for example -s trainer.alpha=1e-2)")
    part = parse(text, label) if text.strip() else Tree(None, label)
    put(tree, tuple(name.split(".")), part.data, label)


def put(tree: Tree, key: Key, value: Any, label: str) -> None:
    """Set one key, making the sections on the way."""
    if not isinstance(tree.data, dict):
        return
    at = tree.data
    for depth, name in enumerate(key[:-1], 1):
        below = at.get(str(name))
        if isinstance(below, str) and not isinstance(value, dict):  # a shorthand such as `optimizer: adam`
            below = {"name": below}
        if below is not None and not isinstance(below, dict):
            raise ConfigError(f"{label}: {dotted(key[:depth])} is {below!r}, not a section")
        at[str(name)] = at = dict(below or {})
    at[str(key[-1])] = value
    for places in (tree.values, tree.keys):
        for old in [k for k in places if k[: len(key)] == key]:
            del places[old]
    tree.values[key] = tree.keys[key] = label
    tree.overridden.add(key)


def dotted(key: Key) -> str:
    """A key as it is written: ``network.hidden[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


# writing ------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value) if math.isfinite(value) else {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
    if "e" in text and "." not in text:  # other YAML readers take 1e-05 for text
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(float, _represent_float)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, _represent_list)


def dump(data: Any) -> str:
    """Plain data as YAML that reads back to the same values."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
