"""What a cell of a table is: a number, a number in another notation, a date, a missing value, or a name.

Numbers in another notation are not read, because what 1,000 means depends on who wrote it. They are recognised, so
that a column of numbers does not become one of names, and a message can say what to write.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

_MISSING = r"""
na n/a n.a. n.a n/d n.d. #n/a #na #n/a! #null! #value! #ref! #div/0! #name? #num! <na> nan -nan +nan nat null <null> nil
none (null) (none) (blank) (empty) (missing) \n missing <missing> undefined void ? ?? ??? - -- --- – — ― − . .. ... …
* ** _ __ / 1.#ind -1.#ind 1.#qnan -1.#qnan
"""
MISSING = {*_MISSING.split(), "", "#n/a n/a", "not available", "not applicable", "no data", "no value", "not a number"}
"""How programs and people write that there is no value, in small letters."""
FLAGS = {"true": 1.0, "false": 0.0}


class Notation(NamedTuple):
    """What a text looks like, what to write instead, and the letters after a number that are not a known unit.

    ``affixed``: the number has a currency or a unit.
    """

    what: str
    right: str
    unit: str = ""
    affixed: bool = False

    @property
    def advice(self) -> str:
        """What to write, in a column that may have several units."""
        return f"{self.right}, all in one unit" if self.affixed else self.right


NUMBER, DATE = "a number in another notation", "a date or a time"
DECIMAL = "it as a decimal number"


def number(text: str) -> float | None:
    """A cell as a number in plain digits, which may be infinite or nan; None if it is not a number."""
    try:
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return " ".join(text.split()).casefold() in MISSING


def fault(text: str, right: str, column: Iterable[str] = ()) -> str:
    """What is wrong with a cell that should be a finite number, and what would be right; "" if it is one.

    The other cells of its ``column`` may show whether a comma is a decimal one.
    """
    text = text.strip()
    value = number(text)
    if value is not None and math.isfinite(value):
        return ""
    if not text:
        return "is missing (fill it in, or leave the row out)"
    if missing(text):
        return f"{text!r} looks like a missing value (fill it in, or leave the row out)"
    if value is not None:
        return f"{text[:40]!r} is not a finite number (leave the row out)"
    found = other_notation(text, decimal_comma([*column, text]))
    if found:
        return f"{text[:40]!r} looks like {found.what} (write {found.advice})"
    return f"{text[:40]!r} is not a number ({right})"


# other notations ----------------------------------------------------------------------------------

_CORE = r"\d[\d.,'_ ]*(?<=[\d.])(?:e[-+]?\d+)?|[.,]\d+(?:e[-+]?\d+)?"
_PARTS = re.compile(
    r"""([-+]?)[ ]*([~≈±]|[^\W\d_]{0,4}[^\w\s.,'()<>=+\-/:#"\[\]&*]?|[^\W\d_]{1,4}\.)[ ]*([-+]?)[ ]*"""
    rf"""({_CORE})[ ]*"""
    r"""([^\d\s.,'()<>=+\-:_][^\d()]{0,20}[23]?)?(-?)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Sign, currency, sign, number, unit, sign."""
_SPACED = re.compile(r"\d{1,3}(?:([ '_])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?")
_POINTED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}")
_POWER = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*(?:[x×*·⋅]\s*10\s*\^?|d)\s*\(?([-+]?\d+)\)?", re.IGNORECASE)
_FRACTION = re.compile(r"([-+]?)(?:(\d+)\s+)?(\d+)\s*[/⁄]\s*(\d+)")
_ANGLE = re.compile(
    r"""[-+]?\d+(?:°\s*\d+(?:\.\d+)?\s*(?:'\s*(?:\d+(?:\.\d+)?\s*["']*)?)?|\s*'\s*\d+\s*["'])\s*[NSEW]?"""
)
"""Degrees and minutes, feet and inches."""
_HEX = re.compile(r"[-+]?0x[0-9a-f]+", re.IGNORECASE)
_NOT_UNITS = re.compile(r"(st|nd|rd|th)\b.*", re.IGNORECASE)
"""As in 1st, 2nd, 3rd, which are names."""
_CURRENCIES = """
usd eur gbp jpy chf cny rmb inr aud cad nzd sek nok dkk pln czk huf ron bgn try rub brl mxn ars clp cop zar krw sgd hkd
twd thb idr myr php vnd ils aed sar egp ngn kes uah isk rs fr kr kn ft zł kč lei din руб грн лв 元 円 원 dm btc eth
"""
CURRENCIES = frozenset(_CURRENCIES.split())
"""What may stand before a number; so may letters before a sign such as $."""
_UNITS = """
% ‰ ° °c °f k g kg mg µg μg ug t lb lbs oz st m mm cm km nm µm μm um in ft yd mi mile miles m2 m3 cm2 cm3 km2 ft2 sqft
ha acre acres l ml dl cl µl gal s sec secs ms µs us ns min mins h hr hrs hour hours day days week weeks month months yr
yrs year years hz khz mhz ghz w kw mw kwh wh v mv kv ma ah mah kj cal kcal pa hpa kpa mpa bar mbar psi atm mmhg mol mmol
mmol/l mg/dl mg/l g/l km/h kmh mph m/s kg/m2 kg/m3 kb mb gb tb kib mib gib bit bits px pt dpi rpm bpm db ppm ppb pct
percent bn mio mrd million billion " '
"""
UNITS = frozenset(_UNITS.split())


def other_notation(text: str, comma: bool = False) -> Notation | None:
    """How a text writes a number in another notation, or a date; ``comma``: 1,000 is one, not a thousand."""
    if len(text) > 60 or not any(c.isnumeric() for c in text):
        return None
    if any(unicodedata.category(c) == "No" and (not i or text[i - 1].isnumeric()) for i, c in enumerate(text)):
        return Notation(NUMBER, DECIMAL)  # ½, 10³
    plain = _plain(text)
    if _ANGLE.fullmatch(plain):
        return Notation(NUMBER, DECIMAL)
    if any(pattern.fullmatch(plain) for pattern in _DATES):
        return Notation(DATE, "a number, such as the days since a first day")
    special = _special(plain)
    return Notation(NUMBER, special) if special else _with_unit(plain, comma)


def _plain(text: str) -> str:
    """The text with ASCII digits, signs and spaces in place of others."""
    text = "".join(_ALIKE.get(c, c) for c in unicodedata.normalize("NFKC", text))
    text = "".join(str(unicodedata.decimal(c, c)) for c in text)
    return " ".join(text.split())


_ALIKE = {
    **dict.fromkeys("−‐‑‒–﹣", "-"), **dict.fromkeys("’‘ʼ´`′＇", "'"), "٫": ".", "٬": ",", "·": ".", "⎖": ".", "٪": "%",
}  # fmt: skip


def _special(text: str) -> str:
    """The decimal number of a power of ten, a fraction or hexadecimal digits; "" for other texts."""
    if found := _POWER.fullmatch(text):
        return f"{found[1].replace(',', '.')}e{int(found[2])}"
    if (found := _FRACTION.fullmatch(text)) and int(found[4]):
        return f"{found[1]}{int(found[2] or 0) + int(found[3]) / int(found[4]):.6g}"
    return str(int(text, 16)) if _HEX.fullmatch(text) else ""


def _with_unit(text: str, comma: bool) -> Notation | None:
    inner = text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text  # as accountants write losses
    found = _PARTS.fullmatch(re.sub("[.,]-+$", "", inner))  # 1'000.- francs
    if not found:
        return None
    sign, before, second, core, after, last = (part or "" for part in found.groups())
    digits = _digits(core.strip(), comma)
    if digits is None or not _currency(before) or _NOT_UNITS.match(after):
        return None
    negative = (inner is not text) or "-" in (sign, second, last)
    unit = after.strip().casefold()
    unknown = "" if unit in UNITS or _currency(unit) else unit
    return Notation(NUMBER, f"{'-' if negative else ''}{digits}", unknown, bool(before or unit))


def _currency(text: str) -> bool:
    """Whether a text may stand before a number, as a currency or as nothing."""
    word = text.casefold().rstrip(".")
    return not word or word in CURRENCIES or word in ("~", "≈", "±", "ca") or unicodedata.category(word[-1]) == "Sc"


def _digits(core: str, comma: bool) -> str | None:
    """The plain number that digits and separators write."""
    body, e, exponent = core.lower().partition("e")
    if _SPACED.fullmatch(body):
        body = re.sub("[ '_]", "", body).replace(",", ".")
    elif not comma and _GROUPED.fullmatch(body) and not body.startswith("0"):
        body = body.replace(",", "")
    elif _POINTED.fullmatch(body):
        body = body.replace(".", "").replace(",", ".")
    elif body.count(",") == 1:
        body = body.replace(",", ".")
    return f"{body}{e}{exponent}" if number(f"{body}{e}{exponent}") is not None and " " not in body else None


def decimal_comma(texts: Iterable[str]) -> bool:
    """Whether one of these texts is like 31,53 or 1.000,5, so that 1,000 is 1."""
    return any(_COMMA.search(_plain(text)) for text in texts if "," in text or "٫" in text)


_COMMA = re.compile(r"^[^\d,]*(?:0,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:[. ]\d{3})+,\d+|\d{4,},\d+)(?!\d)[^\d,.]*$")

_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[-+]\d{2}:?\d{2})?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez)[^\W\d_]*\.?"
_MM = r"(?:0?[1-9]|1[0-2])"
_DAY = "|".join(
    (
        r"\d{4}(?P<a>[-/.])\d{1,2}(?P=a)\d{1,2}",
        r"\d{1,2}(?P<b>[-/.])\d{1,2}(?P=b)(?:\d{4}|\d{2})",
        rf"(?:1[6-9]|20)\d\d[-/]{_MM}",
        rf"{_MM}/(?:1[6-9]|20)\d\d",
        rf"\d{{1,2}}(?:st|nd|rd|th)?[-. /]*{_MONTH}(?:[-., /]*(?:\d{{4}}|\d{{2}}))?",
        rf"{_MONTH}[-. /]*\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*\d{{4}})?",
        rf"{_MONTH}[-., /]*\d{{4}}",
        rf"\d{{4}}[-. /]*{_MONTH}(?:[-. /]*\d{{1,2}})?",
        r"\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?",
    )
)
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[., ]+)?(?:{_DAY})(?:[T ,]+{_TIME})?",
        _TIME,
        r"(?:(?:1[6-9]|20)\d\d[-/ ]?[QW]\d{1,2}(?:-\d)?|Q[1-4][-/ ](?:1[6-9]|20)\d\d)",
        r"(?:\d+\s*(?:days?|d|hours?|h|minutes?|mins?|m|seconds?|secs?|s),?\s*){2,}",
        rf"\d+\s*days?,?\s+{_TIME}|\d{{8}}T\d{{4,6}}Z?",
    )
]
