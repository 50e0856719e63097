"""Directories that are a run's as far as archives go, and archives of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from synthgrad.runs.archive import pack, packable
from synthgrad.runs.finding import find

A = "20261124-191841-backprop-s0-b19d"
B = "20261124-191844-dni-both-s1-7eec"
CONFIG = b"seed: 1\n"
OWN = {"config.yaml": CONFIG, "metrics.csv": b"epoch\n1\n2\n", "weights.npz": b"\0" * 5000}


def run(path: Path, files: Mapping[str, bytes] = OWN) -> Path:
    """Write a directory with these files."""
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def packed(*places: object, weights: bool = True) -> tuple[Path, list[str]]:
    """a.zip, of the runs in these places, and what was said."""
    chosen, notes = packable(find(map(str, places), Path("runs")))
    return Path("a.zip"), notes + pack(chosen, Path("a.zip"), weights)


def two_runs(there: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs below runs/, seen from the directory above."""
    monkeypatch.chdir(there)
    for name in (A, B):
        run(Path("runs") / name)
    return Path("runs")
