"""How numbers of things are said."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 run, 2 runs, 1,000 runs; ``plural`` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """1 is, 2 are: the verb alone."""
    return "is" if number == 1 else "are"


def numbered(seeds: Sequence[int]) -> str:
    """Seed 3; seeds 3, 5, 7."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
