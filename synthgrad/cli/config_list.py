"""What a config can say, read off the options that the code declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Literal, NamedTuple, get_args, get_origin

from synthgrad.config import AnyOf, FieldInfo, NameOf, OneOf, Options, default_of, dump, fields, nested, value_of
from synthgrad.experiment import Config
from synthgrad.text import closest

Registries = dict[str, tuple[Mapping[str, Any], OneOf | AnyOf | NameOf]]


class Choice(NamedTuple):
    """An entry that is chosen for a section, the key that chooses it, and among how many."""

    section: str
    key: str
    entry: str
    among: int


class Found(NamedTuple):
    """A key that a config may have, the default of the section around it, and the choices that bring it along."""

    key: str
    field: FieldInfo
    above: Options | None
    choices: tuple[Choice, ...]

    @property
    def written(self) -> str:
        """The key that is set."""
        return _plain(self.key, _choice(self.field))

    def fits(self, name: str) -> bool:
        """Whether the key is called so: all of it, its end, or a section of it below everything that is chosen."""
        if any(f".{key}".endswith(f".{name}") for key in (self.key, self.written)):
            return True
        parts, wanted = self.written.split("."), name.split(".")
        chosen = len(self.choices[-1].section.split(".")) if self.choices else 0
        ends = range(max(len(wanted), chosen + 1), len(parts))
        return any(parts[end - len(wanted) : end] == wanted for end in ends)


def registries() -> Registries:
    """Every registry that a key of the config chooses from, under the first key that does.

    Under that key alone: a trainer that takes fewer optimisers than the others has no registry of its own.
    """
    found: Registries = {}
    seen: list[Mapping[str, Any]] = []
    for key, field, *_ in _walk(Config):
        choice = _choice(field)
        if choice is not None and all(choice.registry is not known for known in seen):
            seen.append(choice.registry)
            found.setdefault(_plain(key, choice), (choice.registry, choice))
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

    ``names`` narrow it to keys or entries; a name that nothing has raises KeyError.
    """
    blocks = [("sections", "", _rows(_options(Config, ""), width)), *_entries(width)]
    if names:
        found = {name: [key for key in _walk(Config) if key.fits(name)] for name in names}
        for name in names:
            if not found[name] and not any(_fits(name, block[0], block[1]) for block in blocks):
                raise KeyError(name)
        blocks = [block for block in blocks if any(_fits(name, block[0], block[1]) for name in names)]
        rows = _rows(_told(key for several in found.values() for key in several), width)
        blocks = [("", "", rows), *blocks] if rows else blocks
    return "\n".join("\n".join([*lines, ""]) for _, _, lines in blocks)


def _entries(width: int) -> Iterator[tuple[str, str, list[str]]]:
    """Every entry of every registry: the key that chooses it, its name, and what there is to say of it."""
    known = registries()
    for key, (registry, choice) in known.items():
        for name, entry in registry.items():
            lines = [f"{key}: {name}", *_fill(meaning(entry), 4, width)]
            if isinstance(choice, OneOf):
                own = [row for row in _options(choice.options(name), "") if row[0] != choice.key]
                lines += _rows(own, width, indent=4)
            yield key, name, lines


def meaning(entry: Any) -> str:
    """The one line that an entry of a registry says about itself; nothing where Python runs without docstrings."""
    if isinstance(entry, str):
        return entry
    return str(getattr(entry, "meaning", None) or (entry.__doc__ or "").strip().partition("\n")[0]).rstrip(".")


def _fits(name: str, key: str, entry: str) -> bool:
    return name == entry or f".{name}." in f".{key}."


# reading the options ------------------------------------------------------------------------------


def _walk(
    options: type[Options], path: str = "", above: Options | None = None, choices: tuple[Choice, ...] = ()
) -> Iterator[Found]:
    """Every key below ``options``, those of every entry that could be chosen included."""
    for name, field in fields(options).items():
        key = f"{path}.{name}".lstrip(".")
        choice = _choice(field)
        below = nested(field.annotation)
        if choice is not None or below is None:
            yield Found(key, field, above, choices)
        if isinstance(choice, OneOf):
            for entry in choice.registry:
                chosen = (*choices, Choice(key, _plain(key, choice), entry, len(choice.registry)))
                every = _walk(choice.options(entry), key, None, chosen)
                yield from (each for each in every if each.key != f"{key}.{choice.key}")
        elif below is not None:
            usual = value_of(above, name) if above else None
            yield from _walk(below, key, usual or default_of(options, name), choices)


def _told(found: Iterable[Found]) -> list[tuple[str, str, str]]:
    """(key, default, meaning) of these keys, each meaning once, with the entries that have it if not all do.

    What a branch's first trainer repeats is left out.
    """
    known = {each.written for each in _walk(Config)}
    rows: dict[tuple[str, str, str], dict[Choice, None]] = {}
    for each in found:
        short = each.written.removeprefix("branch.")
        key = short if short in known and each.choices else each.written
        rows.setdefault((key, *_row(each)[1:]), {}).update(dict.fromkeys(each.choices[-1:]))
    return [(key, default, f"{text}{_having(list(having))}") for (key, default, text), having in rows.items()]


def _row(found: Found) -> tuple[str, str, str]:
    """(key, default, meaning) of a key."""
    names = _names(found.field)
    allowed = f" [{' | '.join(names)}]" if names else ""
    default = _default(found.field, value_of(found.above, found.key.rpartition(".")[2]) if found.above else None)
    return found.written, default, f"{found.field.description or ''}{allowed}"


def _having(choices: Sequence[Choice]) -> str:
    """Which entries have a key, if not all do."""
    entries = list(dict.fromkeys(choice.entry for choice in choices))
    return f" ({choices[0].key}: {', '.join(entries)})" if choices and len(entries) < choices[0].among else ""


def _options(options: type[Options], path: str, above: Options | None = None) -> list[tuple[str, str, str]]:
    """(key, default, meaning) of the keys below ``options``; what a choice brings along is left out.

    Defaults are those of the section's own default ``above``, where the section around it has one.
    """
    rows: list[tuple[str, str, str]] = []
    for name, field in fields(options).items():
        key = f"{path}.{name}".lstrip(".")
        choice, below = _choice(field), nested(field.annotation)
        if below is not None and choice is None:
            default = value_of(above, name) if above else field.get_default(call_default_factory=True)
            rows += [row for row in _options(below, key, default) if row[0] != f"{key}.name"]
            continue
        rows.append(_row(Found(key, field, above, ())))
    return rows


def _plain(key: str, choice: Any) -> str:
    """The key that is set to the chosen name."""
    return f"{key}.{choice.key}" if isinstance(choice, OneOf) and not choice.shorthand else key


def _choice(field: FieldInfo) -> OneOf | AnyOf | NameOf | None:
    return next((m for m in field.metadata if isinstance(m, OneOf | AnyOf | NameOf)), None)


def _names(field: FieldInfo) -> list[str]:
    """The names that a key can have; none where it takes numbers or text."""
    choice = _choice(field)
    if choice is not None:
        return [*choice.registry, *(choice.aliases if isinstance(choice, AnyOf) else ())]
    return [str(a) for a in get_args(field.annotation)] if get_origin(field.annotation) is Literal else []


def _default(field: FieldInfo, value: Any) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True) if value is None else value
    choice = _choice(field)
    if isinstance(choice, OneOf):
        return str(value_of(value, choice.key))
    if isinstance(choice, AnyOf):
        value = choice.write(value)
    return str(dump({"v": value})).removeprefix("v: ").strip()


# laying out ---------------------------------------------------------------------------------------


def _rows(rows: list[tuple[str, str, str]], width: int, indent: int = 0) -> list[str]:
    """Three columns: key, default, meaning wrapped to the width."""
    if not rows:
        return []
    first = max(len(key) for key, _, _ in rows) + 2
    second = max(len(default) for _, default, _ in rows) + 2
    left = indent + first + second
    lines = []
    for key, default, text in rows:
        parts = _wrap(text, max(width - left, 24)) or [""]
        lines.append(f"{'':{indent}}{key:<{first}}{default:<{second}}{parts[0]}".rstrip())
        lines += [f"{'':{left}}{part}" for part in parts[1:]]
    return lines


def _fill(text: str, indent: int, width: int) -> list[str]:
    return [f"{'':{indent}}{part}" for part in _wrap(text, width - indent)]


def _wrap(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False, break_long_words=False)
