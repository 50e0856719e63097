"""Read YAML text: plain data, and for every value and key its location."""

from __future__ import annotations

import copy
import math
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, cast

import yaml

from synthgrad.config.files import has_claims, read_text
from synthgrad.config.kinds import Json
from synthgrad.config.messages import Key, dotted, show
from synthgrad.config.syntax import explain
from synthgrad.errors import ConfigError

MAX_VALUES = 10_000
"""More values than this come from anchors that multiply, not from a person."""
MAX_DEPTH = 30
MAX_DIGITS = 300
"""Longer whole numbers are read as floats, that is as infinity."""

PATTERNS = {
    "bool": r"true|True|TRUE|false|False|FALSE",
    "null": r"~|null|Null|NULL|",
    "int": r"[-+]?([0-9]+|[0-9]{1,3}(_[0-9]{3})+)",
    "float": r"[-+]?([0-9]+|[0-9]{1,3}(_[0-9]{3})+)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?"
    r"|[-+]?\.?(inf|Inf|INF)|\.?(nan|NaN|NAN)",
    "merge": r"<<",
}
"""Scalars as people write them: 1e-2 is a number; on, off, yes, no are words; 012 is twelve; _ is for thousands."""
_CORE = "tag:yaml.org,2002:"


class Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of ``PATTERNS``; an alias has the location where it is written."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event() if self.check_event(yaml.AliasEvent) else None  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if event is not None:
            node = copy.copy(node)
            cast(yaml.Node, node).start_mark = event.start_mark
        return node


for _kind, _pattern in PATTERNS.items():
    Loader.add_implicit_resolver(_CORE + _kind, re.compile(rf"(?:{_pattern})\Z"), None)


class Location(NamedTuple):
    """The location of a value or a key: ``file:line:column``, or ``-s KEY=VALUE`` (line 0)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class Finding(NamedTuple):
    """One problem: its location, its key, and a message."""

    place: Location
    key: Key
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {dotted(self.key)}: {self.message}" if self.key else f"{self.place}: {self.message}"


@dataclass
class Tree:
    """Plain data, the locations of its values and keys, and the problems found while reading.

    ``broken`` are keys whose values could not be read (they are None), ``texts`` the texts of values that YAML does not
    read as text, ``overridden`` the keys that ``-s`` has set, ``replaced`` the file's values of these.
    """

    data: object
    source: str
    values: dict[Key, Location] = field(default_factory=dict)
    keys: dict[Key, Location] = field(default_factory=dict)
    overridden: dict[Key, Location] = field(default_factory=dict)
    replaced: dict[Key, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: set[Key] = field(default_factory=set)
    texts: dict[Key, str] = field(default_factory=dict)

    def place(self, key: Key, of_key: bool = False) -> Location:
        """The location of ``key``; of a missing one, that of the section around it."""
        if of_key and key in self.keys:
            return self.keys[key]
        while key and key not in self.values:
            key = key[:-1]
        return self.values.get(key, Location(self.source, 1, 1))

    def copy(self) -> Tree:
        """A copy for overrides, which replace the sections above them and change none in place."""
        return Tree(*(copy.copy(getattr(self, each.name)) for each in fields(self)))

    def forget(self, key: Key) -> None:
        """Drop what is known of ``key`` and of the keys below it."""
        notes: tuple[dict[Key, Any], ...] = (self.values, self.keys, self.overridden, self.replaced, self.texts)
        for note in notes:
            for old in [k for k in note if k[: len(key)] == key]:
                del note[old]


def read(path: Path) -> Tree:
    """Read a YAML file. Raises ConfigError if it is not one YAML document, or is a claims file."""
    text = read_text(path)
    if has_claims(text):
        raise ConfigError(f"{path}: is a claims file, not a config (synthgrad compare --claims FILE)")
    return parse(text, str(path))


def parse(text: str, source: str, in_file: bool = True) -> Tree:
    """Read YAML text; ``source`` names it in messages, with line and column if it is a file's."""
    tree = Tree(None, source)
    builder = _Builder(tree, in_file, text)
    node: yaml.Node | None = None
    try:
        node = Loader(text).get_single_node()
    except RecursionError:
        raise ConfigError(f"{source}: is nested too deeply (at most {MAX_DEPTH} levels)") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark, message = explain(error, text)
        raise ConfigError(f"{builder.place(mark)}: {message}") from None
    if node is None and not in_file:  # YAML reads all of it as a comment
        tree.data = text.strip()
        return tree
    if node is None or (in_file and isinstance(node, yaml.ScalarNode) and not node.value and not node.style):
        raise ConfigError(f"{source}: is empty (expected at least task.name and trainer.name)")
    tree.data = builder.value(node, (), ())
    if not in_file:
        _keep_comment(tree, node, text)
    return tree


def _keep_comment(tree: Tree, node: yaml.Node, text: str) -> None:
    """Keep the whole text of an override if YAML would drop its end as a comment: ``my #1.csv``."""
    rest = text[node.end_mark.index :].strip()
    if rest.startswith("#") and isinstance(node, yaml.ScalarNode) and not node.style:
        tree.data = text.strip()
        tree.findings.clear()
        tree.broken.clear()
        tree.texts.clear()
    elif rest.startswith("#"):
        said = "the text after # would be ignored (quote it, or delete it)"
        tree.findings.append(Finding(Location(tree.source), (), said))


class _Builder:
    """Turns nodes into data; notes locations and obvious mistakes."""

    def __init__(self, tree: Tree, in_file: bool, text: str) -> None:
        self.tree, self.in_file, self.text, self.count = tree, in_file, text, 0

    def place(self, mark: Any) -> Location:
        if mark is None or not self.in_file:
            return Location(self.tree.source)
        return Location(self.tree.source, mark.line + 1, mark.column + 1)

    def note(self, place: Location, key: Key, message: str) -> None:
        self.tree.findings.append(Finding(place, key, message))

    def broken(self, place: Location, key: Key, message: str) -> None:
        self.note(place, key, message)
        self.tree.broken.add(key)

    def value(self, node: yaml.Node, key: Key, above: tuple[int, ...]) -> Any:
        """The data of a node; None if something is wrong with the node itself."""
        place = self.tree.values[key] = self.place(node.start_mark)
        self.count += 1
        if self.count > MAX_VALUES:
            raise ConfigError(f"{place}: more than {MAX_VALUES} values: do anchors multiply? (write it out)")
        if len(above) == MAX_DEPTH:
            return self.broken(place, key, f"is nested too deeply (at most {MAX_DEPTH} levels)")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place, key)
        if id(node.value) in above:
            return self.broken(place, key, "an anchor that contains itself (write it out)")
        if node.tag != _CORE + ("map" if isinstance(node, yaml.MappingNode) else "seq"):
            return self.broken(place, key, f"the tag {_tag(node)} has no meaning here (leave it out)")
        if isinstance(node, yaml.CollectionNode) and node.flow_style:
            self.tree.texts[key] = self.text[node.start_mark.index : node.end_mark.index]
        above = (*above, id(node.value))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key, above)
        return [self.value(child, (*key, i), above) for i, child in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, key: Key, above: tuple[int, ...]) -> Json:
        data: Json = {}
        merges: list[yaml.Node] = []
        for name_node, value_node in node.value:
            place = self.place(name_node.start_mark)
            name = name_node.value
            if not isinstance(name_node, yaml.ScalarNode):
                self.note(place, key, "a key is a word, not a list or a section")
            elif not name_node.tag.startswith(_CORE) or name_node.tag.startswith(_CORE + "python"):
                self.note(place, key, f"the tag {_tag(name_node)} has no meaning here (leave it out)")
            elif name_node.tag == _CORE + "merge":
                if merges:
                    self.note(place, (*key, name), "is given twice (write <<: [*one, *other]; the first has priority)")
                merges += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            elif name in data:
                first = self.tree.keys[*key, name]
                also = f"first in line {first.line}; " if first.line else ""
                self.note(place, (*key, name), f"is given twice ({also}keep one)")
            else:
                self.tree.keys[*key, name] = place
                data[name] = self.value(value_node, (*key, name), above)
        for merged in merges:
            self._merge(merged, data, key, above)
        return data

    def _merge(self, node: yaml.Node, data: Json, key: Key, above: tuple[int, ...]) -> None:
        """``<<``: add the keys that ``data`` does not have, with their locations."""
        if not isinstance(node, yaml.MappingNode):
            return self.note(self.place(node.start_mark), (*key, "<<"), "expected a section or its *anchor")
        tree = self.tree
        outer = tree.values, tree.keys
        tree.values, tree.keys = {}, {}
        part = self.value(node, key, above) or {}
        inner, (tree.values, tree.keys) = (tree.values, tree.keys), outer
        new = part.keys() - data.keys()
        data |= {name: value for name, value in part.items() if name in new}
        for notes, taken in zip(outer, inner, strict=True):
            notes |= {k: place for k, place in taken.items() if len(k) > len(key) and k[len(key)] in new}
        return None

    def _scalar(self, node: yaml.ScalarNode, place: Location, key: Key) -> Any:
        text, kind = node.value, node.tag.removeprefix(_CORE)
        if kind in ("str", "merge", "timestamp"):
            return str(text)
        if kind not in PATTERNS:
            return self.broken(place, key, f"the tag {_tag(node)} has no meaning here (leave it out)")
        if not re.fullmatch(PATTERNS[kind], text):
            return self.broken(place, key, f"{show(text)} is not what its tag {_tag(node)} says (leave the tag out)")
        self.tree.texts[key] = text or self._comment(node)
        value = _plain(text, kind)
        if kind in ("int", "float") and (problem := _unfit(text, value)):
            return self.broken(place, key, f"{show(text)} {problem}")
        return value

    def _comment(self, node: yaml.ScalarNode) -> str:
        """The comment that is written instead of a value."""
        rest = self.text[node.end_mark.index :].partition("\n")[0].strip()
        return rest if rest.startswith("#") else ""


def _unfit(text: str, value: object) -> str:
    """What is wrong with a number that a float cannot hold; "" for any other."""
    digits = text.lower().partition("e")[0]
    if value == 0 and any(digit in digits for digit in "123456789"):
        return f"is too small for a number (it would be read as 0; the smallest is {sys.float_info.min:.1e})"
    if isinstance(value, float) and math.isinf(value) and "inf" not in text.lower():
        return f"is too large for a number (at most {sys.float_info.max:.1e})"
    return ""


def _plain(text: str, kind: str) -> bool | int | float | None:
    if kind == "null":
        return None
    bare = text.replace("_", "").lower()
    if kind == "bool":
        return bare == "true"
    if kind == "int" and len(bare) <= MAX_DIGITS:
        return int(bare)
    return float(bare.replace(".inf", "inf").replace(".nan", "nan"))


def _tag(node: yaml.Node) -> str:
    tag = str(node.tag).replace(_CORE, "!!")
    return tag if tag.isprintable() else show(tag)


def in_order(findings: Iterable[Finding]) -> list[str]:
    """A line for each finding: overrides first, then in the order of the file."""
    return [str(f) for f in sorted(findings, key=lambda f: (f.place.line, f.place.column))]
