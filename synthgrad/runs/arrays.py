"""The arrays that a run has stored, read from a file that anybody may have written."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from synthgrad.files import open_regular
from synthgrad.types import AnyArray

DAMAGE = (
    OSError, ValueError, LookupError, EOFError, TypeError, AttributeError, ArithmeticError, RuntimeError, SyntaxError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and zipfile raise at bytes that make no sense to them."""


def read_arrays(path: Path) -> dict[str, AnyArray]:
    """Every array of an ``.npz`` file by name. Raises one of ``DAMAGE``, MemoryError; nothing in it is executed.

    A run's arrays are stored as they are: a file that is compressed is not a run's, and may unpack to any size.
    """
    with open_regular(path) as file, np.load(file, allow_pickle=False) as archive:
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.zip.infolist()):
            raise ValueError("it is compressed")
        arrays = dict(archive)
    if not all(isinstance(each, np.ndarray) for each in arrays.values()):
        raise ValueError("it holds what is not an array")
    return arrays
