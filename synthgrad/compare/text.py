"""Text for a terminal: how wide it is, and how it is made to fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO
from unicodedata import combining, east_asian_width

GAP = 2
"""Columns between two texts side by side."""
ARROW = "→"
"""Between the first value of a curve and its last."""
PLAIN = {ARROW: ">", "…": "~", "±": "+-", **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True))}
"""In ASCII, the signs of a screen that some encodings lack."""


def cell_width(text: str) -> int:
    """The cells of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def ends(left: str, right: str, width: int) -> list[str]:
    """Two texts at the ends of one line, or on two lines where they do not fit on one."""
    space = width - cell_width(left) - cell_width(right)
    return [left + " " * space + right] if space >= GAP else [*fill(left, width), *fill(right, width)]


def fill(text: str, width: int, hang: int = 0) -> list[str]:
    """Text wrapped at spaces; lines after the first begin with ``hang`` spaces. What is one word stays whole."""
    lines: list[str] = []
    for piece in re.findall(r"\s*\S+", text):  # a word and the space in front of it
        if lines and cell_width(lines[-1]) + cell_width(piece) <= width:
            lines[-1] += piece
        else:
            lines.append(" " * hang + piece.strip() if lines else piece)
    return lines or [""]


def cut(text: str, width: int) -> str:
    """Text that is not wider than this; what is left out is in its middle, as names differ at their ends."""
    if cell_width(text) <= width:
        return text
    front, back = text, ""
    while cell_width(front) > (width - 1) // 2:
        front = front[:-1]
    while len(front) + len(back) < len(text) and cell_width(front) + cell_width(text[-len(back) - 1 :]) < width:
        back = text[-len(back) - 1 :]
    return f"{front}…{back}"


def names(labels: Sequence[str], width: int) -> dict[str, str]:
    """Labels that are cut to this width, or to the least at which no two of them read alike."""
    most = max(map(cell_width, labels), default=0)
    tries = ({label: cut(label, w) for label in labels} for w in range(width, max(width, most) + 1))
    return next(short for short in tries if len(set(short.values())) == len(short))


def legible(text: str, stream: TextIO) -> str:
    """Text for a stream: ASCII in place of every sign of a screen that a terminal's encoding lacks; files get UTF-8."""
    if not stream.isatty():
        return text
    encoding = stream.encoding or "utf-8"
    return text.translate({ord(sign): letter for sign, letter in PLAIN.items() if not _has(encoding, sign)})


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
