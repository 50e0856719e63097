"""The values of ``-s KEY=V1,V2,...``: commas part them, and ranges stand for many.

    backprop,frozen,dni        three values
    [64],[64, 32]              two: a comma within brackets, braces or quotes parts nothing
    0..9  3..0                 whole numbers, both ends included
    0..100..10                 every tenth of them, as in a shell's {0..100..10}
    0.1..0.5:5                 five numbers evenly spaced, both ends included
    1e-4..1e-1:log4            four spaced evenly in the logarithm: 1e-4, 1e-3, 1e-2, 1e-1

What a range with a count has between its ends, which stay as they were typed, is rounded to 4 significant
digits, to more where its numbers could not be told apart otherwise; a whole number stays whole.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from synthgrad.config import show
from synthgrad.errors import ConfigError, collect

LIMIT = 100_000
"""More values, or runs, than this are a slip of the keyboard."""
DIGITS = 4

_PART = re.compile(r"""(?<!\w)'(?:[^']|'')*+'|(?<!\w)"(?:[^"\\]|\\.)*+"|.""", re.DOTALL)
"""A quoted text, or a single character."""
_DIGITS = r"(?:\d{1,3}(?:_\d{3}){1,9}|\d{1,30})"
_WHOLE = rf"[-+]?{_DIGITS}"
_NUMBER = rf"[-+]?(?:{_DIGITS}(?:\.\d{{0,29}}\d)?|\.\d{{1,30}})(?:[eE][-+]?\d{{1,4}})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:\.\.({_NUMBER}))?(?::(log)?(\d{{1,30}}))?")
_NEARLY = re.compile(rf"{_NUMBER}\.\.{_NUMBER}\b.*")
_FORMS = "0..9, 0..100..10, 0.1..0.5:5 or 1e-4..1e-1:log4"


def values(text: str) -> list[str]:
    """The YAML text of each value, each once. Raises ConfigError: what is wrong, without the place."""
    return list(dict.fromkeys(itertools.chain(*collect(lambda piece: list(_range(piece)), pieces(text)))))


def pieces(text: str) -> list[str]:
    """The parts between the commas that are in no brackets and no quotes."""
    found, depth = [""], 0
    for part in _PART.findall(text):
        if part == "," and not depth:
            found.append("")
            continue
        depth = max(0, depth + (part in "[{(") - (part in ")}]"))
        found[-1] += part
    return [piece.strip() for piece in found]


def _range(piece: str) -> Iterable[str]:
    """The values that a piece between two commas stands for."""
    if not piece:
        raise ConfigError("a value is missing (expected values between commas, for example 1,2 or 0..9)")
    parts = _RANGE.fullmatch(piece)
    if parts is None and _NEARLY.fullmatch(piece):
        raise ConfigError(f"{show(piece)} is no range (expected one like {_FORMS})")
    if parts is None or not all(math.isfinite(float(end)) for end in parts.group(1, 2)):
        return [piece]
    first, last, step, log, count = parts.groups()
    if count is None:
        return _stepped(piece, first, last, step)
    if step is not None:
        raise ConfigError(f"{show(piece)} has a step and a count (expected one of them)")
    return _spaced(piece, first, last, int(count), bool(log))


def _stepped(piece: str, first: str, last: str, step: str | None) -> Iterator[str]:
    """Whole numbers from the first to the last, which is not left out if the steps lead to it."""
    if not all(re.fullmatch(_WHOLE, number) for number in (first, last, step or "1")):
        raise ConfigError(f"{show(piece)} does not say how many numbers (expected {_counted(first, last, step)})")
    a, b, size = int(first), int(last), abs(int(step or 1))
    if not size:
        raise ConfigError(f"{show(piece)} has a step of 0 (expected 1 or more)")
    _bounded(piece, abs(b - a) // size + 1)
    way = 1 if b >= a else -1
    return map(str, range(a, b + way, way * size))


def _counted(first: str, last: str, step: str | None) -> str:
    """The ranges with a count that were perhaps meant."""
    a, b, size = float(first), float(last), abs(float(step or 0))
    count = round(abs(b - a) / size) + 1 if 0 < size < math.inf and abs(b - a) / size < LIMIT else 5
    even = f"{first}..{last}:{max(count, 2)} for {max(count, 2)} evenly spaced"
    return f"{even}, {first}..{last}:log5 for 5 on a log scale" if step is None and min(a, b) > 0 else even


def _spaced(piece: str, first: str, last: str, count: int, log: bool) -> list[str]:
    """``count`` numbers, the ends as they were typed."""
    _bounded(piece, count)
    a, b = float(first), float(last)
    if count < 2:
        raise ConfigError(f"{show(piece)} asks for fewer numbers than a range has ends (expected 2 or more)")
    if log and min(a, b) <= 0:
        raise ConfigError(f"{show(piece)} has no logarithm at an end (expected ends above 0)")
    between = list(_logarithmic(a, b, count) if log else _even(a, b, count))
    for digits in range(DIGITS, 18):
        texts = [first, *(_rounded(number, digits) for number in between), last]
        if _in_order([float(text) for text in texts]):
            return texts
    raise ConfigError(f"{show(piece)} has fewer than {count:,} numbers in it (expected ends further apart)")


def _even(a: float, b: float, count: int) -> Iterator[float]:
    """The numbers a + (b - a) i / (count - 1) between the ends, free of rounding: 0..99999:4 has 33333 in it."""
    for i in range(1, count - 1):
        yield float(Fraction(a) + (Fraction(b) - Fraction(a)) * i / (count - 1))


def _logarithmic(a: float, b: float, count: int) -> Iterator[float]:
    """The numbers a (b / a)^(i / (count - 1)) between the ends."""
    for i in range(1, count - 1):
        t = i / (count - 1)
        yield math.exp(math.log(a) * (1 - t) + math.log(b) * t)


def _rounded(number: float, digits: int) -> str:
    """The number to so many significant digits, all of them if it is whole: 0.3333, 33333, 1.5e-5."""
    for exact in (number, float(f"{number:.{digits}g}")):
        if exact.is_integer() and abs(exact) < 1e15:
            return str(int(exact))
    return repr(exact).replace("e-0", "e-").replace("e+", "e")


def _in_order(numbers: list[float]) -> bool:
    """Whether they all go up or all go down."""
    pairs = list(itertools.pairwise(numbers))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _bounded(piece: str, count: int) -> None:
    if count > LIMIT:
        raise ConfigError(f"{show(piece)} stands for {count:,} values (at most {LIMIT:,})")
