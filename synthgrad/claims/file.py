"""A file of claims: the sweeps whose runs they are about, and what is said of all of them.

    sweeps:                # the words after ``synthgrad sweep``; the configs' paths start from the file's directory
      - backprop.yaml frozen.yaml dni.yaml --seed 0..9
    metric: test_exact_accuracy
    seeds: 10              # metric, at, where, seeds: what a claim that does not say it means
    claims:
      - dni both > frozen
      - backprop - dni both < 0.01 at best

A sweep may also be given by its parts, ``{configs: [dni.yaml], set: [trainer.alpha=0.01..0.1:3], seed: 0..9}``.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synthgrad.claims.grammar import Claim, conditions, is_condition
from synthgrad.compare.measure import asked
from synthgrad.config import show
from synthgrad.config.files import read_text
from synthgrad.config.messages import Key
from synthgrad.config.reading import Finding, Tree, in_order, parse
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.text import did_you_mean, listed


@dataclass(frozen=True)
class SweepWords:
    """The words after ``synthgrad sweep``, as they are written, and where."""

    words: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class ClaimsFile:
    """What a file says. Without ``sweeps`` its claims are about whatever runs are there."""

    path: Path
    sweeps: tuple[SweepWords, ...]
    claims: tuple[Claim, ...]


def read(path: Path) -> ClaimsFile:
    """Read a file of claims. Raises ConfigError with everything that is wrong, each with its line."""
    text = read_text(path)
    if not text.strip():
        raise ConfigError(f"{path}: is empty (expected claims: and a list of them)")
    reader = _Reader(parse(text, str(path)))
    sweeps, claims = tuple(reader.sweeps()), tuple(reader.claims())
    reader.settle()
    return ClaimsFile(path, sweeps, claims)


class _Reader:
    """Takes a tree apart and collects what is wrong with it."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.findings = tree, list(tree.findings)
        self.data: Settings = tree.data if isinstance(tree.data, dict) else {}
        if not isinstance(tree.data, dict):
            self._note((), f"expected {listed(_KEYS)}, got {show(tree.data)}")
        elif "claims" not in self.data:
            self._note((), "claims: is missing (expected a list of claims)")
        for name in self.data.keys() - _KEYS.keys():
            hint = did_you_mean(name, _KEYS, f"there are {listed(_KEYS)}")
            self._note((name,), f"is not known here ({hint})", of_key=True)

    def settle(self) -> None:
        """Raises ConfigError if anything was wrong."""
        if self.findings:
            raise ConfigError(in_order(self.findings))

    def sweeps(self) -> Iterator[SweepWords]:
        """The lines; those that are wrong are noted."""
        for key, item in self._list("sweeps"):
            with self._noting(key):
                yield SweepWords(tuple(_words(item)), str(self.tree.place(key)))

    def claims(self) -> Iterator[Claim]:
        """The claims, with what the file says of all of them where they say nothing themselves."""
        common = self._common()
        where = common.pop("where", ())
        for key, item in self._list("claims"):
            if not isinstance(item, str):
                self._note(key, f"expected a claim, got {show(item)} (quote a text that has ': ' in it)")
                continue
            place = self.tree.place(key)
            try:
                claim = Claim.parse(item, str(place))
            except ConfigError as error:
                self.findings += [Finding(place, (), line.removeprefix(f"{place}: ")) for line in error.lines]
            else:
                left = {name: value for name, value in common.items() if getattr(claim, name) is None}
                yield replace(claim, **left, where=(*where, *claim.where))

    def _common(self) -> Settings:
        found = {}
        for name in _COMMON.keys() & self.data.keys():
            if (name,) not in self.tree.broken:
                with self._noting((name,)):
                    found[name] = _COMMON[name](self.data[name])
        return found

    def _list(self, name: str) -> Iterator[tuple[Key, Any]]:
        """The items of a list, each with its key."""
        found = self.data.get(name)
        if isinstance(found, list) and found:
            yield from (((name, i), item) for i, item in enumerate(found))
        elif name in self.data and (name,) not in self.tree.broken:
            self._note((name,), f"expected a list (a line with a dash for each), got {show(found)}")

    def _note(self, key: Key, message: str, of_key: bool = False) -> None:
        self.findings.append(Finding(self.tree.place(key, of_key), key, message))

    @contextmanager
    def _noting(self, key: Key) -> Iterator[None]:
        try:
            yield
        except ConfigError as error:
            for line in error.lines:
                self._note(key, line)


# sweeps -------------------------------------------------------------------------------------------

_PARTS = ("configs", "set", "seed", "name", "ablate")


def _words(item: object) -> list[str]:
    """The words of a sweep, from one text or from its parts by name. Raises ConfigError."""
    if not isinstance(item, dict):
        return _split(item)
    unknown = [name for name in item if name not in _PARTS]
    if unknown or "configs" not in item:
        what = f"{show(unknown[0])} is no part of a sweep" if unknown else "has no configs"
        raise ConfigError(f"{what} (there are {listed(_PARTS)})")
    options = [(f"--{name}", text) for name in _PARTS[1:] if name in item for text in _texts(item[name])]
    return [*_texts(item["configs"]), *(word for option in options for word in option)]


def _split(item: object) -> list[str]:
    try:
        words = shlex.split(item) if isinstance(item, str) else []
    except ValueError:
        raise ConfigError(f"{show(item)} has a quote that is never closed") from None
    if not words:
        raise ConfigError(f"expected the words after 'synthgrad sweep', got {show(item)}")
    return words


def _texts(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in found):
        raise ConfigError(f"expected words, got {show(value)}")
    return [str(each) for each in found]


# what is said of all claims -----------------------------------------------------------------------


def _metric(value: object) -> str:
    if not isinstance(value, str) or not value or " " in value:
        raise ConfigError(f"{show(value)} is not a metric (expected one, such as test_exact_accuracy)")
    return value


def _at(value: object) -> str:
    asked(str(value), show(value))
    return str(value)


def _seeds(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ConfigError(f"{show(value)} is not a number of seeds (expected 1 or more)")
    return value


def _where(value: object) -> tuple[str, ...]:
    found = [each for text in _texts(value) for each in conditions(text)]
    wrong = [each for each in found if not is_condition(each)]
    if wrong:
        raise ConfigError(f"{show(wrong[0])} is not a condition (expected KEY=VALUE)")
    return tuple(found)


_COMMON: dict[str, Callable[[Any], Any]] = {"metric": _metric, "at": _at, "seeds": _seeds, "where": _where}
_KEYS = dict.fromkeys(("sweeps", *_COMMON, "claims"))
