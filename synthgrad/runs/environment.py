"""What two runs were made with, side by side."""

from __future__ import annotations

from typing import Any

from synthgrad.config import flat
from synthgrad.records import Record, Settings

LIKE = ("synthgrad", "git", "python", "numpy", "blas", "threads", "host", "system")
"""What may change the last bits of a run; its start and its command line are its own."""
HASHES = {"data": "data", "weights": "initial weights", "order": "batch order"}
"""Fingerprints of what a run begins with, and what they are called."""

Pairs = dict[str, tuple[Any, Any]]


def differing(a: Record, b: Record) -> Pairs:
    """By dotted key, what differs between two mappings; None stands for what is missing."""
    return {key: (a.get(key), b.get(key)) for key in [*a, *(k for k in b if k not in a)] if not same(a, b, key)}


def same(a: Record, b: Record, key: str) -> bool:
    """Whether two mappings have equal values under a key, or both none; true is not 1."""
    one, other = a.get(key), b.get(key)
    return (key in a) == (key in b) and isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def environment(about: Record) -> Settings:
    """The content of a ``run.json`` that may change a run's last bits, by dotted key."""
    return flat({key: about[key] for key in LIKE if about.get(key) is not None})


def hashes(about: Record) -> Settings:
    """The fingerprints of a ``run.json``; empty for runs that are older than they."""
    found = about.get("hashes")
    return found if isinstance(found, dict) else {}
