"""Text for people: counted nouns, lists, near misses, and names that cannot move a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 100
"""Letters of a name that are compared when a near miss is looked for: the time grows with their square."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 run, 2 runs, 1,000 runs; ``plural`` if it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """1 is, 2 are: the verb alone."""
    return "is" if number == 1 else "are"


def numbered(numbers: Sequence[object], noun: str = "seed") -> str:
    """Seed 3; seeds 3, 5, 7."""
    return f"{noun}{'s' * (len(numbers) > 1)} {listed(numbers)}"


def listed(things: Iterable[object], most: int | None = None) -> str:
    """Things side by side: ``a, b, c``; of more than ``most`` the first, ``a, b and 3 more``."""
    texts = list(map(str, things))
    shown = ", ".join(texts[:most])
    return shown if most is None or len(texts) <= most else f"{shown} and {len(texts) - most:,} more"


def closest(name: object, allowed: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The allowed name that ``name`` was probably meant to be, if one is at least this similar (0 to 1)."""
    from difflib import get_close_matches  # takes long to import

    text, names = str(name)[:LONGEST], list(allowed)
    near = get_close_matches(text, names, 1, cutoff) or get_close_matches(text.lower(), names, 1, cutoff)
    return near[0] if near else None


def did_you_mean(name: object, allowed: Iterable[str], otherwise: str, cutoff: float = 0.6) -> str:
    """A question with the allowed name that was probably meant, or what else there is to say."""
    near = closest(name, allowed, cutoff)
    return f"did you mean {near!r}?" if near else otherwise


def printable(text: str) -> str:
    """Text with � in place of control characters: a name must not move the cursor."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def escaped(thing: object) -> str:
    r"""Text on one line, with what cannot be printed spelt out: ``\x1b``."""
    text = str(thing)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
