"""Memory that several processes share, without a name in any file system: it is gone with the last of them."""

from __future__ import annotations

import itertools
import math
import mmap
import os
import tempfile
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from synthgrad.nn.parameters import LINE
from synthgrad.types import AnyArray


class ArraySpec(NamedTuple):
    """The place of one array: its name, shape and dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Bytes, in whole cache lines, as no two processes are to write into one."""
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        return -(-size // LINE) * LINE


class SharedMemory:
    """Arrays by name, behind each other in memory that processes share by the descriptor of an open file.

    The file has no name: of memory alone where the system has such files, else a temporary one, unlinked at once. So
    however processes end, nothing stays behind, and a full /dev/shm is nothing to it.
    """

    def __init__(self, file: int, specs: Sequence[ArraySpec]) -> None:
        """Map the shared memory of an open file."""
        self.file, self.specs = file, specs
        self.size = total(specs)
        self.memory = mmap.mmap(file, self.size)
        starts = itertools.accumulate((spec.size for spec in specs), initial=0)
        self.arrays: dict[str, AnyArray] = {
            spec.name: np.frombuffer(self.memory, spec.dtype, math.prod(spec.shape), start).reshape(spec.shape)
            for spec, start in zip(specs, starts, strict=False)
        }

    @classmethod
    def make(cls, specs: Sequence[ArraySpec]) -> Self:
        """A memory of zeros. Raises OSError where there is no room for it."""
        file = _file()
        try:
            if hasattr(os, "posix_fallocate"):  # or the lack would show only when a page is touched, and kill
                os.posix_fallocate(file, 0, total(specs))
            else:
                os.ftruncate(file, total(specs))
            return cls(file, specs)
        except BaseException:
            os.close(file)
            raise

    def close(self) -> None:
        """Let go of file and memory, which goes with the last array that somebody holds."""
        self.arrays = {}
        del self.memory  # a traceback may still refer to the memory, but not to this
        os.close(self.file)


def total(specs: Sequence[ArraySpec]) -> int:
    """The bytes of a memory, never none."""
    return max(LINE, sum(spec.size for spec in specs))


def _file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("synthgrad")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
