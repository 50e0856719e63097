"""The grammar of claims: ``dni both > frozen on test_exact_accuracy, 10 seeds``.

    A [- B] SIGN C [in every seed] [within M] [tuned] [on METRIC] [at last|best|common|epoch=N]
                   [where KEY=VALUE, ...] [, N seeds]

A, B and C are groups by their labels or by words of their settings; C may be a number, and is one after ``A - B``.
SIGN is ``>``, ``<``, ``~`` (not told apart; with ``within M``: equivalent) or ``=`` (the same to the last bit); around
``=`` there are spaces, as ``alpha=0.1`` is a word of a name. What follows C comes in any order.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from synthgrad.compare.measure import asked
from synthgrad.errors import ConfigError
from synthgrad.records import Settings

EXAMPLES = "'dni both > frozen', 'backprop - dni both < 0.01', 'dni ~ backprop within 0.01', 'a = b'"
_SIGN = re.compile(r"\s*(?<![<>=!~])([<>~])(?![<>=~])\s*|\s+(=)\s+")
_CLAUSE = re.compile(
    r"(?:^|\s*,\s*|\s+)(?:(?P<word>within|on|at|where)(?!\S)|(?P<flag>in every seed|tuned)(?=[\s,]|$)"
    r"|(?P<n>\d+)\s+seeds?(?=[\s,]|$))"
)
_CONDITION = re.compile(r"\s*[^\s=!<>,]+\s*(?:==|!=|<=|>=|=|<|>)")


@dataclass(frozen=True)
class Claim:
    """``of`` [- ``minus``] ``sign`` ``than``, and under which circumstances; what is None is left open.

    ``line`` is that of its file, ``FILE:LINE:COLUMN``, nothing if it was typed.
    """

    text: str
    line: str
    of: str
    minus: str
    sign: str
    than: str
    within: float | None = None
    every: bool = False
    tuned: bool = False
    metric: str | None = None
    at: str | None = None
    where: tuple[str, ...] = ()
    seeds: int | None = None

    @classmethod
    def parse(cls, text: str, line: str = "") -> Claim:
        """Raises ConfigError."""
        text = " ".join(text.split())
        place = _place(text, line)
        found = _SIGN.search(text)
        subject, rest = (text[: found.start()], text[found.end() :]) if found else ("", "")
        than, clauses = _clauses(rest, place)
        of, _, minus = subject.partition(" - ")
        if found is None or not of.strip() or not than or (" - " in subject and not minus.strip()):
            raise ConfigError(f"{place}: is not a claim (expected {EXAMPLES})")
        claim = cls(text, line, of.strip(), minus.strip(), found[1] or found[2], than, **clauses)
        claim._check()
        return claim

    @property
    def number(self) -> float | None:
        """What ``than`` is if it is a number."""
        return number(self.than)

    @property
    def names(self) -> list[str]:
        """The groups that it is about."""
        than = () if self.number is not None else (self.than,)
        return list(dict.fromkeys(name for name in (self.of, self.minus, *than) if name))

    @property
    def directed(self) -> bool:
        """Whether a test with a direction decides it: one of the family that Holm's correction takes together."""
        return self.sign in "<>" and not self.every

    @property
    def each(self) -> bool:
        """Whether it is about every seed, not about their mean."""
        return self.every or self.sign == "="

    @property
    def place(self) -> str:
        """How messages name it."""
        return _place(self.text, self.line)

    def _check(self) -> None:
        if self.minus and self.number is None:
            raise ConfigError(f"{self.place}: {self.than} is not a number (expected one after a difference A - B)")
        if self.of in (self.minus, self.than):
            raise ConfigError(f"{self.place}: holds {self.of} against itself")
        if self.within is not None and self.sign != "~":
            raise ConfigError(f"{self.place}: within {self.within:g} goes with ~ (A ~ B within {self.within:g})")
        if self.every and self.sign not in "<>":
            raise ConfigError(f"{self.place}: in every seed goes with > or <")
        if self.tuned and self.sign == "=":
            raise ConfigError(f"{self.place}: tuned goes with >, < or ~ (= is about single runs)")


def _place(text: str, line: str) -> str:
    return f"{line}: '{text}'" if line else f"--check '{text}'"


def number(text: str) -> float | None:
    """A finite number, None if the text is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def conditions(text: str) -> tuple[str, ...]:
    """Conditions between commas; what has no sign is one more value of the condition before it."""
    found: list[str] = []
    for piece in re.split(r",(?![^\[]*\])", text):
        if found and not is_condition(piece):
            found[-1] += f",{piece}"
        else:
            found.append(piece)
    return tuple(each.strip() for each in found)


def is_condition(text: str) -> bool:
    """Whether a text begins with a key and a sign."""
    return _CONDITION.match(text) is not None


# what follows a claim -----------------------------------------------------------------------------


def _clauses(rest: str, place: str) -> tuple[str, Settings]:
    """What stands before the first clause, and the clauses as fields of a claim."""
    marks = list(_CLAUSE.finditer(rest))
    starts = [*(mark.start() for mark in marks), len(rest)]
    fields: Settings = {}
    for mark, end in zip(marks, starts[1:], strict=True):
        name, value = _clause(mark, rest[mark.end() : end].strip(" ,"), place)
        if name in fields:
            raise ConfigError(f"{place}: says '{mark[0].strip(' ,')}' after another of the kind (keep one)")
        fields[name] = value
    return rest[: starts[0]].strip(), fields


def _clause(mark: re.Match[str], argument: str, place: str) -> tuple[str, Any]:
    """The field that a clause sets, and its value. Raises ConfigError."""
    if mark["word"] is None:
        if argument:
            raise ConfigError(f"{place}: '{argument}' has no meaning after '{mark[0].strip(' ,')}'")
        name = {"in every seed": "every", "tuned": "tuned", None: "seeds"}[mark["flag"]]
        return name, _seeds(mark["n"], place) if mark["n"] else True
    if not argument:
        raise ConfigError(f"{place}: nothing stands after '{mark['word']}'")
    return _WORDS[mark["word"]](argument, place)


def _seeds(text: str, place: str) -> int:
    if int(text) < 1:
        raise ConfigError(f"{place}: {text} seeds decide nothing (expected 1 or more)")
    return int(text)


def _within(text: str, place: str) -> tuple[str, Any]:
    margin = number(text)
    if margin is None or margin <= 0:
        raise ConfigError(f"{place}: within {text}: is not a number above 0")
    return "within", margin


def _on(text: str, place: str) -> tuple[str, Any]:
    if " " in text:
        raise ConfigError(f"{place}: on {text}: is not a metric (expected one word, such as test_exact_accuracy)")
    return "metric", text


def _at(text: str, place: str) -> tuple[str, Any]:
    asked(text, f"{place}: at {text}")
    return "at", text


def _where(text: str, place: str) -> tuple[str, Any]:
    found = conditions(text)
    for each in found:
        if not is_condition(each):
            raise ConfigError(f"{place}: where {each}: expected KEY=VALUE (several between commas)")
    return "where", found


_WORDS = {"within": _within, "on": _on, "at": _at, "where": _where}
