"""What two runs were made with, side by side."""

from __future__ import annotations

from synthgrad.config import flat
from synthgrad.records import Record, Settings

LIKE = ("synthgrad", "git", "python", "numpy", "blas", "threads", "host", "system")
"""What may change the last bits of a run; its start and its command line are its own."""
HASHES = {"data": "data", "weights": "initial weights", "order": "batch order"}
"""Fingerprints of what a run begins with, and what they are called."""


def environment(about: Record) -> Settings:
    """The content of a ``run.json`` that may change a run's last bits, by dotted key."""
    return flat({key: about[key] for key in LIKE if about.get(key) is not None})


def hashes(about: Record) -> Settings:
    """The fingerprints of a ``run.json``; empty for runs that are older than they."""
    found = about.get("hashes")
    return found if isinstance(found, dict) else {}
