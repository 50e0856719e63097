"""How numbers of things are said."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 run, 2 runs, 1,000 runs; ``plural`` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """1 is, 2 are: the verb alone."""
    return "is" if number == 1 else "are"
