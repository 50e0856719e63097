"""What a config can say, read off the options that the code declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any, Literal, get_args, get_origin

from synthgrad.config import AnyOf, FieldInfo, NameOf, OneOf, Options, dump, nested
from synthgrad.experiment import Config

Registries = dict[str, tuple[Mapping[str, Any], OneOf | AnyOf | NameOf]]


def registries() -> Registries:
    """Every registry that a key of the config chooses from, under the first key that does.

    Under that key alone: a trainer that takes fewer optimisers than the others has no registry of its own.
    """
    found: Registries = {}
    seen: list[Mapping[str, Any]] = []
    for key, field in _walk(Config):
        choice = _choice(field)
        if choice is not None and all(choice.registry is not known for known in seen):
            seen.append(choice.registry)
            found.setdefault(_plain(key, choice), (choice.registry, choice))
    return found


def keys() -> dict[str, list[str]]:
    """Every dotted key of the config, with the names that it can have."""
    known: dict[str, list[str]] = {}
    for key, field in _walk(Config):
        known.setdefault(_plain(key, _choice(field)), _names(field))
    return known


def listing(names: tuple[str, ...], width: int) -> str:
    """Plain text: the keys of every section, then every registry with its entries and their options.

    ``names`` narrow it to keys or entries; a name that nothing has raises KeyError.
    """
    known = registries()
    blocks = [("sections", "", _rows(_options(Config, ""), width))]
    for key, (registry, choice) in known.items():
        for name, entry in registry.items():
            lines = [f"{key}: {name}", *_fill(meaning(entry), 4, width)]
            if isinstance(choice, OneOf):
                own = [row for row in _options(choice.options(name), "") if row[0] != choice.key]
                lines += _rows(own, width, indent=4)
            blocks.append((key, name, lines))
    if names:
        for name in names:
            if not any(_fits(name, block[0], block[1]) for block in blocks):
                raise KeyError(name)
        blocks = [block for block in blocks if any(_fits(name, block[0], block[1]) for name in names)]
    return "\n".join("\n".join([*lines, ""]) for _, _, lines in blocks)


def meaning(entry: Any) -> str:
    """The one line that an entry of a registry says about itself."""
    if isinstance(entry, str):
        return entry
    return str(getattr(entry, "meaning", None) or (entry.__doc__ or "").strip().splitlines()[0]).rstrip(".")


def _fits(name: str, key: str, entry: str) -> bool:
    return name in (key, key.rpartition(".")[2], entry) or name in key.split(".")[:-1]


# reading the options ------------------------------------------------------------------------------


def _walk(options: type[Options], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key below ``options``, those of every entry that could be chosen included."""
    for name, field in options.model_fields.items():
        key = f"{path}.{name}".lstrip(".")
        choice = _choice(field)
        below = nested(field.annotation)
        if choice is not None or below is None:
            yield key, field
        if isinstance(choice, OneOf):
            for entry in choice.registry:
                yield from ((k, f) for k, f in _walk(choice.options(entry), key) if k != f"{key}.{choice.key}")
        elif below is not None:
            yield from _walk(below, key)


def _options(options: type[Options], path: str, above: Options | None = None) -> list[tuple[str, str, str]]:
    """(key, default, meaning) of the keys below ``options``; what a choice brings along is left out.

    Defaults are those of the section's own default ``above``, where the section around it has one.
    """
    rows: list[tuple[str, str, str]] = []
    for name, field in options.model_fields.items():
        key = f"{path}.{name}".lstrip(".")
        choice, below = _choice(field), nested(field.annotation)
        if below is not None and choice is None:
            default = getattr(above, name) if above else field.get_default(call_default_factory=True)
            rows += [row for row in _options(below, key, default) if row[0] != f"{key}.name"]
            continue
        names = _names(field)
        allowed = f" [{' | '.join(names)}]" if names else ""
        rows.append(
            (_plain(key, choice), _default(field, getattr(above, name, None)), f"{field.description or ''}{allowed}")
        )
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
        return [*choice.registry, *getattr(choice, "aliases", {})]
    return [str(a) for a in get_args(field.annotation)] if get_origin(field.annotation) is Literal else []


def _default(field: FieldInfo, value: Any) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True) if value is None else value
    choice = _choice(field)
    if isinstance(choice, OneOf):
        return str(getattr(value, choice.key))
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
