"""Numbers as text for people, with as many digits as their uncertainty justifies."""

from __future__ import annotations

import math
from collections.abc import Iterable

MAX_DIGITS = 5
FEW = 3
"""Digits after the point if the uncertainty is unknown."""
LONG = 1e7
"""From here on only four digits are shown."""
ROUNDING = 1e-12
"""A smaller number is a rounding error and printed as 0."""


def decimals(widths: Iterable[float], magnitude: float = 1.0) -> int:
    """Digits after the point that show two digits of the median width.

    Without a width, three significant digits of the magnitude.
    """
    known = sorted(width for width in widths if ROUNDING * magnitude < width < math.inf)
    if not known:
        return max(0, FEW - 1 - math.floor(math.log10(magnitude))) if magnitude >= 1 else FEW
    return max(0, min(MAX_DIGITS, 1 - math.floor(math.log10(known[len(known) // 2]))))


def fixed(value: float | None, digits: int, sign: str = "") -> str:
    """A number with this many digits after the point; a dash for None; ``sign`` "+" shows it for gains too.

    More digits are used if it would otherwise read 0 or 1 without being so, and a power of ten if that is too long.
    """
    if value is None or not math.isfinite(value):
        return "-"
    if abs(value) < ROUNDING:
        value = 0.0
    if abs(value) >= LONG:
        return f"{value:{sign}.4g}"
    text = f"{value:{sign}.{digits}f}"
    rounded = float(text)
    if rounded != value and rounded in (0, 1, -1) and 0 < digits < MAX_DIGITS:
        return fixed(value, digits + 1, sign)
    if rounded == 0 != value and digits == MAX_DIGITS:
        return f"{value:{sign}.2g}"
    return text.replace("-", "") if rounded == 0 else text


def spread(interval: tuple[float, float] | None, digits: int, sign: str = "") -> str:
    """An interval, ``0.705..0.719``."""
    return "" if interval is None else "..".join(fixed(end, digits, sign) for end in interval)


def short(value: float | None, digits: int = 3) -> str:
    """A number with this many significant digits, as short as possible."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.{digits}g}"


def small(p: float | None) -> str:
    """A p-value, ``.006``; one below .05 is never shown as ``.050``."""
    if p is None:
        return "-"
    text = f"{p:.2f}" if p >= 0.095 else f"{p:.1g}" if p < 0.001 else f"{p:.4f}" if 0.0495 <= p < 0.05 else f"{p:.3f}"
    return text.removeprefix("0") if text.startswith("0.") else text


def percent(share: float | None) -> str:
    """A share in percent without digits after the point."""
    return "" if share is None else f"{share:.0%}"


def percentage(share: float) -> str:
    """A share as a percentage; 100% and 0% only if it is all or nothing."""
    if share in (0, 1):
        return f"{share:.0%}"
    digits = 1 if 0.0005 <= share < 0.9995 else 2
    return f"{min(max(share, 0.0001), 0.9999):.{digits}%}".replace(".0%", "%")


def amount(size: float) -> str:
    """Bytes as text: 999 bytes, 1.5 MiB."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} TiB" if size < 999.5 else f"{size:,.0f} TiB"
