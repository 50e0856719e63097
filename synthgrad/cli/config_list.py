"""``config list``: every key and entry of a config with default and meaning, read from the options in the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from textwrap import wrap
from typing import Any, Literal, NamedTuple, Protocol, get_args, get_origin, runtime_checkable

from synthgrad.config import AnyOf, FieldInfo, NameOf, OneOf, Options, default_of, fields, nested, value_of, written
from synthgrad.experiment import Config
from synthgrad.text import closest

Rule = OneOf | AnyOf | NameOf
Registries = dict[str, tuple[Mapping[str, object], Rule]]
_wrap = partial(wrap, break_on_hyphens=False, break_long_words=False)


@runtime_checkable
class Described(Protocol):
    """An entry of a registry that says what it is."""

    meaning: str


class Row(NamedTuple):
    """A line of the list."""

    key: str
    default: str
    meaning: str


class Choice(NamedTuple):
    """An entry that is chosen for a section, the key that chooses it, and the number of entries."""

    section: str
    key: str
    entry: str
    entries: int


class Found(NamedTuple):
    """A key of the config, the default of the section around it, and the choices without which it does not exist."""

    key: str
    field: FieldInfo
    section: Options | None
    choices: tuple[Choice, ...]

    @property
    def written(self) -> str:
        """The key as ``-s`` sets it."""
        return _setting(self.key, _rule(self.field))

    def fits(self, name: str) -> bool:
        """Whether ``name`` is the key, its end, or a section of it inside everything that is chosen."""
        if any(f".{key}".endswith(f".{name}") for key in (self.key, self.written)):
            return True
        parts, wanted = self.written.split("."), name.split(".")
        chosen = len(self.choices[-1].section.split(".")) if self.choices else 0
        ends = range(max(len(wanted), chosen + 1), len(parts))
        return any(parts[end - len(wanted) : end] == wanted for end in ends)


def registries() -> Registries:
    """Every registry that a key of the config chooses from, under the first key that does.

    A trainer that takes fewer optimisers than the others adds no registry.
    """
    found: Registries = {}
    seen: list[Mapping[str, object]] = []
    for key, field, *_ in _walk(Config):
        rule = _rule(field)
        if rule is not None and all(rule.registry is not known for known in seen):
            seen.append(rule.registry)
            found.setdefault(_setting(key, rule), (rule.registry, rule))
    return found


def keys() -> dict[str, list[str]]:
    """Every dotted key of the config, with the names that it can have."""
    known: dict[str, list[str]] = {}
    for found in _walk(Config):
        known.setdefault(found.written, _names(found.field))
    return known


def near(name: str) -> str | None:
    """The entry, key or end of a key that was probably meant."""
    ends = (part for key in keys() for part in (key, *key.split(".")))
    entries = (entry for registry, _ in registries().values() for entry in registry)
    return closest(name, dict.fromkeys((*entries, *ends)))


def listing(names: tuple[str, ...], width: int) -> str:
    """Plain text: the keys of every section, then every registry with its entries and their options.

    ``names`` limit it to keys or entries. Raises KeyError with a name that fits none.
    """
    blocks = [("sections", "", _table(_own_rows(Config), width)), *_entries(width)]
    if names:
        found = {name: [key for key in _walk(Config) if key.fits(name)] for name in names}
        for name in names:
            if not found[name] and not any(_fits(name, block[0], block[1]) for block in blocks):
                raise KeyError(name)
        blocks = [block for block in blocks if any(_fits(name, block[0], block[1]) for name in names)]
        rows = _table(_distinct_rows(key for several in found.values() for key in several), width)
        blocks = [("", "", rows), *blocks] if rows else blocks
    return "\n".join("\n".join([*lines, ""]) for _, _, lines in blocks)


def _entries(width: int) -> Iterator[tuple[str, str, list[str]]]:
    """For every entry of every registry: the key that chooses it, its name, and the lines about it."""
    for key, (registry, rule) in registries().items():
        for name, entry in registry.items():
            lines = [f"{key}: {name}", *(f"    {part}" for part in _wrap(meaning(entry), width - 4))]
            if isinstance(rule, OneOf):
                own = [row for row in _own_rows(rule.options(name)) if row.key != rule.key]
                lines += _table(own, width, indent=4)
            yield key, name, lines


def meaning(entry: object) -> str:
    """What an entry of a registry says about itself in one line; nothing if Python runs without docstrings."""
    if isinstance(entry, str):
        return entry
    text = entry.meaning if isinstance(entry, Described) else (entry.__doc__ or "").strip().partition("\n")[0]
    return text.rstrip(".")


def _fits(name: str, key: str, entry: str) -> bool:
    return name == entry or f".{name}." in f".{key}."


# reading the options ------------------------------------------------------------------------------


def _walk(
    options: type[Options], path: str = "", section: Options | None = None, choices: tuple[Choice, ...] = ()
) -> Iterator[Found]:
    """Every key below ``options``, including those of every entry that could be chosen."""
    for name, field in fields(options).items():
        key = f"{path}.{name}".lstrip(".")
        rule = _rule(field)
        below = nested(field.annotation)
        if rule is not None or below is None:
            yield Found(key, field, section, choices)
        if isinstance(rule, OneOf):
            for entry in rule.registry:
                chosen = (*choices, Choice(key, _setting(key, rule), entry, len(rule.registry)))
                every = _walk(rule.options(entry), key, None, chosen)
                yield from (each for each in every if each.key != f"{key}.{rule.key}")
        elif below is not None:
            default = value_of(section, name) if section else None
            yield from _walk(below, key, default or default_of(options, name), choices)


def _own_rows(options: type[Options]) -> list[Row]:
    """The keys below ``options``, without those that exist for some of its choices only."""
    return [_row(found) for found in _walk(options) if not found.choices]


def _distinct_rows(found: Iterable[Found]) -> list[Row]:
    """Each key and meaning once, with the entries that have it if not all do, without repetitions in a branch."""
    known = {each.written for each in _walk(Config)}
    rows: dict[Row, dict[Choice, None]] = {}
    for each in found:
        short = each.written.removeprefix("branch.")
        row = _row(each)._replace(key=short if short in known and each.choices else each.written)
        rows.setdefault(row, {}).update(dict.fromkeys(each.choices[-1:]))
    return [row._replace(meaning=f"{row.meaning}{_only_with(list(choices))}") for row, choices in rows.items()]


def _row(found: Found) -> Row:
    names = _names(found.field)
    allowed = f" [{' | '.join(names)}]" if names else ""
    return Row(found.written, _default(found), f"{found.field.description or ''}{allowed}")


def _only_with(choices: Sequence[Choice]) -> str:
    """The entries that have a key, if not all do."""
    entries = list(dict.fromkeys(choice.entry for choice in choices))
    return f" ({choices[0].key}: {', '.join(entries)})" if choices and len(entries) < choices[0].entries else ""


def _setting(key: str, rule: Rule | None) -> str:
    """The key that chooses by name."""
    return f"{key}.{rule.key}" if isinstance(rule, OneOf) and not rule.shorthand else key


def _rule(field: FieldInfo) -> Rule | None:
    return next((m for m in field.metadata if isinstance(m, Rule)), None)


def _names(field: FieldInfo) -> list[str]:
    """The names that a key can have; none if it takes numbers or text."""
    rule = _rule(field)
    if rule is not None:
        return [*rule.registry, *(rule.aliases if isinstance(rule, AnyOf) else ())]
    return [str(a) for a in get_args(field.annotation)] if get_origin(field.annotation) is Literal else []


def _default(found: Found) -> str:
    field, rule = found.field, _rule(found.field)
    if field.is_required():
        return ""
    value: Any = value_of(found.section, found.key.rpartition(".")[2]) if found.section else None
    value = field.get_default(call_default_factory=True) if value is None else value
    if isinstance(rule, OneOf):
        return str(value_of(value, rule.key))
    return written(rule.write(value) if isinstance(rule, AnyOf) else value)


# layout -------------------------------------------------------------------------------------------


def _table(rows: list[Row], width: int, indent: int = 0) -> list[str]:
    """Three columns: key, default, meaning wrapped to the width."""
    if not rows:
        return []
    first = max(len(row.key) for row in rows) + 2
    second = max(len(row.default) for row in rows) + 2
    left = indent + first + second
    lines = []
    for key, default, text in rows:
        parts = _wrap(text, max(width - left, 24)) or [""]
        lines.append(f"{'':{indent}}{key:<{first}}{default:<{second}}{parts[0]}".rstrip())
        lines += [f"{'':{left}}{part}" for part in parts[1:]]
    return lines
