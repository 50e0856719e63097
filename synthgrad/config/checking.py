"""Hold a tree against the options that exist and say everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from synthgrad.config.options import OneOf, Options, Section, sections
from synthgrad.config.reading import Key, Tree, dotted, override, parse, read
from synthgrad.errors import ConfigError, Problem

T = TypeVar("T", bound=Options)


def load(path: Path, options: type[T], settings: Iterable[str] = ()) -> T:
    """Read a config file, apply the overrides ``KEY=VALUE``, check everything.

    Raises ConfigError with one line for each problem: ``file:line:column: key: what (what is allowed)``.
    """
    tree = read(path)
    problems: list[str] = []
    for setting in settings:
        try:
            override(tree, setting)
        except ConfigError as error:
            problems += error.lines
    try:
        value = check(tree, options)
    except ConfigError as error:
        raise ConfigError(problems + error.lines) from None
    if problems:
        raise ConfigError(problems)
    return value


def check(tree: Tree | str, options: type[T]) -> T:
    """Make the options of a tree (or of YAML text). Raises ConfigError with every problem."""
    if isinstance(tree, str):
        tree = parse(tree, "config")
    if not isinstance(tree.data, dict):
        raise ConfigError(f"{tree.place(())}: expected sections such as 'task:' and 'trainer:', got {_show(tree.data)}")
    lines = _Lines(tree)
    data = lines.section(options, tree.data, ())
    try:
        value = options.model_validate(data)
    except ValidationError as error:
        lines.invalid(error, options, data)
        raise ConfigError(lines.sorted()) from None
    if not lines.found:
        for key, problem in walk(value):
            lines.add(key + tuple(problem.key), problem.message)
    if lines.found:
        raise ConfigError(lines.sorted())
    return value


def walk(value: Options, key: Key = ()) -> Iterator[tuple[Key, Problem]]:
    """Every problem that a section of ``value`` finds in itself, with the key of that section."""
    for problem in value.problems():
        yield key, problem
    for name in type(value).model_fields:
        below = getattr(value, name)
        if isinstance(below, Options):
            yield from walk(below, (*key, name))


class _Lines:
    """The problems found so far, each with its place."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found: dict[tuple[Key, str], str] = {}
        self.left_out: set[Key] = set()

    def add(self, key: Key, message: str, of_key: bool = False) -> None:
        place = self.tree.place(key, of_key)
        text = f"{place}: {dotted(key)}: {message}" if key else f"{place}: {message}"
        self.found.setdefault((key, message), text)

    def sorted(self) -> list[str]:
        return sorted(self.found.values(), key=_line_number)

    # keys ---------------------------------------------------------------------------------------

    def section(self, section: Section, data: Any, key: Key) -> Any:
        """Check the keys of a section and of those below; return it ready for the values' check."""
        if isinstance(section, OneOf):
            data = section.expand(data)
        if data is None:
            data = {}
        if not isinstance(data, dict):
            chosen = f" (to choose one, set {dotted((*key, section.key))})" if isinstance(section, OneOf) else ""
            self.add(key, f"expected a section with keys, got {_show(data)}{chosen}")
            self.left_out.add(key)
            return None
        if isinstance(section, OneOf):
            name = data.get(section.key)
            if not isinstance(name, str) or name not in section.registry:
                self._name(section, name, key)
                return None
            options = section.options(name)
            data = self._foreign(section, options, data, key)
        else:
            options = section
        known = sections(options)
        checked = {}
        for name, value in data.items():
            if name not in known:
                self._unknown(name, options, section, key)
            else:
                below = known[name]
                checked[name] = value if below is None else self.section(below, value, (*key, name))
        return checked

    def _name(self, section: OneOf, name: Any, key: Key) -> None:
        full = (*key, section.key)
        self.left_out.add(key)
        if name is None:
            self.add(full, f"is missing (one of {_list(section.registry)})")
        else:
            self.add(full, f"{_show(name)} is not one of {_list(section.registry)}{_near(name, section.registry)}")

    def _foreign(self, section: OneOf, options: type[Options], data: dict[str, Any], key: Key) -> dict[str, Any]:
        """Leave out what the file says for another choice, where an override made the choice."""
        if (*key, section.key) not in self.tree.overridden:
            return data
        known = {k for name in section.registry for k in section.options(name).model_fields}
        mine = options.model_fields
        overridden = {o[: len(key) + 1] for o in self.tree.overridden}
        return {k: v for k, v in data.items() if k in mine or k not in known or (*key, k) in overridden}

    def _unknown(self, name: str, options: type[Options], section: Section, key: Key) -> None:
        known = list(options.model_fields)
        message = f"unknown key{_near(name, known)}; known here: {_list(known)}"
        if isinstance(section, OneOf):
            others = [n for n in section.registry if name in section.options(n).model_fields]
            mine = next(n for n in section.registry if section.options(n) is options)
            if others:
                message = f"{mine} has no such option ({_list(others)} {'has' if len(others) == 1 else 'have'} it)"
        self.add((*key, name), message, of_key=True)

    # values -------------------------------------------------------------------------------------

    def invalid(self, error: ValidationError, options: type[Options], data: Any) -> None:
        """Say each of pydantic's errors in the user's words."""
        for item in error.errors(include_url=False):
            key = _key_of(item["loc"], options, data)
            if any(key[: len(gone)] == gone for gone in self.left_out):
                continue
            self.add(key, _message(item))


def _key_of(loc: tuple[str | int, ...], section: Section | None, data: Any) -> Key:
    """A location without the names that pydantic puts in for the choice of a registry's entry."""
    key: list[str | int] = []
    parts = list(loc)
    while parts:
        if isinstance(section, OneOf):
            if len(section.registry) > 1:
                section = section.options(str(parts.pop(0)))
                continue
            section = section.options(next(iter(section.registry)))
        part = parts.pop(0)
        key.append(part)
        section = sections(section).get(str(part)) if isinstance(section, type) else None
    return tuple(key)


_LIMITS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a word",
    "tuple_type": "a list such as [128, 64]",
    "list_type": "a list",
    "literal_error": "",
}


def _message(item: Any) -> str:
    kind, value, ctx = item["type"], item["input"], item.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        allowed = [part.strip("'") for part in ctx["expected"].replace(" or ", ", ").split(", ")]
        return f"{_show(value)} is not one of {_list(allowed)}{_near(value, allowed)}"
    if kind == "name":
        return f"{_show(ctx['value'])} is not one of {_list(ctx['words'])}{_near(ctx['value'], ctx['words'])}"
    if kind in _LIMITS:
        name, sign = _LIMITS[kind]
        return f"{_show(value)} is out of range (must be {sign} {ctx[name]})"
    if kind == "finite_number":
        return f"{_show(value)} is not a finite number"
    if kind in _KINDS:
        quoted = ""
        if isinstance(value, str) and kind in ("int_type", "float_type"):
            quoted = "; write it without quotes" if _is_number(value) else ""
        return f"expected {_KINDS[kind]}, got {_show(value)}{quoted}"
    return str(ctx.get("error") or item["msg"])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "a section" if isinstance(value, dict) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _near(name: Any, allowed: Iterable[str]) -> str:
    close = get_close_matches(str(name).lower(), list(allowed), 1, 0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _line_number(text: str) -> tuple[int, int]:
    parts = text.split(": ", 1)[0].rsplit(":", 2)
    return (int(parts[1]), int(parts[2])) if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit() else (0, 0)
