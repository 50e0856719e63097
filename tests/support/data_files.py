"""Data as users have them, small: IDX, CSV and NPZ files, and the least that each task needs to be told."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np

from synthgrad.tasks import TASKS

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(90, 4, 5)).astype(np.uint8)
LABELS = np.arange(90).astype(np.uint8) % 3
TRAIN = 60
"""The first so many images are those of the training files."""
TABLE = RNG.normal(5, 3, (80, 3))
KINDS = ["setosa", "versicolor", "virginica"]


def idx_bytes(values: np.ndarray) -> bytes:
    """An array of bytes in IDX format."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_idx(
    directory: Path,
    images: np.ndarray = IMAGES,
    labels: np.ndarray = LABELS,
    train: str = "train",
    test: str = "t10k",
    mark: str = "-",
    end: str = "",
) -> Path:
    """The four files of a data set, the first ``TRAIN`` examples for training."""
    for prefix, part in ((train, slice(None, TRAIN)), (test, slice(TRAIN, None))):
        for kind, values in (("images", images[part]), ("labels", labels[part])):
            data = idx_bytes(values)
            path = directory / f"{prefix}-{kind}{mark}idx{values.ndim}-ubyte{end}"
            path.write_bytes(gzip.compress(data) if end else data)
    return directory


def write_csv(directory: Path, text: str | None = None, name: str = "table.csv") -> Path:
    """A table with the inputs a, b and c, the value d = a - b, and the class ``kind``; or one of this text."""
    if text is None:
        rows = [f"{a!r},{b!r},{c!r},{a - b!r},{KINDS[i % 3]}" for i, (a, b, c) in enumerate(TABLE.tolist())]
        text = "\n".join(["a,b,c,d,kind", *rows, ""])
    path = directory / name
    path.write_text(text)
    return path


def write_npz(directory: Path, name: str = "table.npz", **arrays: Any) -> Path:
    """The same as arrays: ``inputs`` (80, 3), ``d`` (80,), ``kind`` (80,) as numbers."""
    path = directory / name
    np.savez(path, **(arrays or {"inputs": TABLE, "d": TABLE[:, 0] - TABLE[:, 1], "kind": np.arange(80) % 3}))
    return path


def rows(directory: Path) -> dict[str, dict[str, Any]]:
    """By a word for each: options of every task, several of those that have several kinds of outputs."""
    idx, csv, npz = (str(write(directory)) for write in (write_idx, write_csv, write_npz))
    made = {name: {"name": name} for name in TASKS}
    made["idx"] |= {"path": idx}
    made["table"] |= {"path": csv, "target": "kind", "columns": ["a", "b", "c"]}
    values = {"name": "table", "path": npz, "target": "d"}
    classes = {"name": "linear-teacher", "kind": "classes"}
    return {**made, "table-of-values": values, "linear-teacher-of-classes": classes}


ROWS = [*TASKS, "table-of-values", "linear-teacher-of-classes"]
"""The words of ``rows``, which need no files to be listed."""
