"""Arrays in memory that several processes share."""

from __future__ import annotations

import errno
import mmap
import os
import subprocess

import numpy as np
import pytest
from support.commands import only_small_files
from support.processes import mapped, open_files

from synthgrad import processes
from synthgrad.nn.parameters import LINE
from synthgrad.workers import shared_memory
from synthgrad.workers.shared_memory import ArraySpec, SharedMemory, total

PLOTS = [
    ArraySpec("a", (3, 5), "float64"),
    ArraySpec("count", (), "int64"),
    ArraySpec("none", (0, 4), "float32"),
    ArraySpec("b", (2,), "i8"),
]
OTHER = """
import sys
from synthgrad.workers.shared_memory import SharedMemory, ArraySpec
def main():
    arrays = SharedMemory(int(sys.argv[1]), [ArraySpec("a", (3, 5), "float64"), ArraySpec("count", (), "int64")]).arrays
    arrays["count"][...] = arrays["a"].sum()
    arrays["a"][1, 2] = -1
"""


@pytest.fixture
def shared():
    """A memory, closed in the end."""
    made = SharedMemory.make(PLOTS)
    yield made
    made.close()


def test_an_arena_holds_zeros_of_every_shape_and_kind(shared):
    """Scalars and arrays without a number too."""
    assert {spec.name: (spec.shape, np.dtype(spec.dtype)) for spec in PLOTS} == {
        name: (array.shape, array.dtype) for name, array in shared.arrays.items()
    }
    assert not any(array.any() for array in shared.arrays.values())


def test_every_array_begins_a_cache_line(shared):
    """No two processes write into one line, unless they write into one array."""
    addresses = [array.ctypes.data for array in shared.arrays.values()]
    assert [address % LINE for address in addresses] == [0] * len(PLOTS)
    assert addresses == [addresses[0] + LINE * k for k in (0, 2, 3, 3)]
    assert total(PLOTS) == 4 * LINE


def test_an_arena_is_never_empty():
    """No system maps nothing."""
    made = SharedMemory.make([])
    assert (made.size, made.arrays) == (LINE, {})
    made.close()


def test_what_one_process_writes_another_reads(shared, tmp_path, monkeypatch):
    """Through the descriptor, which is all that it is given."""
    (tmp_path / "other_side.py").write_text(OTHER)
    monkeypatch.syspath_prepend(tmp_path)
    shared.arrays["a"][...] = 2
    process = processes.start("other_side", str(shared.file), pass_fds=(shared.file,), stderr=subprocess.PIPE)
    assert process.communicate()[1] == b""
    assert shared.arrays["count"] == 30
    assert shared.arrays["a"][1, 2] == -1


@pytest.mark.parametrize("anonymous", [True, False], ids=["memory", "a file that is unlinked"])
def test_nothing_is_left_of_shared_memory_that_is_closed(monkeypatch, tmp_path, anonymous):
    """No descriptor, no memory, no file: with or without files of memory alone, which not every system has."""
    if not anonymous:
        monkeypatch.delattr(os, "memfd_create")
        monkeypatch.setattr(shared_memory.tempfile, "tempdir", str(tmp_path))
    before = open_files(), mapped()
    made = SharedMemory.make(PLOTS)
    assert set(tmp_path.iterdir()) == set()
    made.arrays["a"][...] = 1
    assert (open_files(), mapped()) != before
    made.close()
    assert (open_files(), mapped()) == before


def test_an_array_that_somebody_holds_keeps_the_memory():
    """Not the memory: that may be in the traceback of an error for long."""
    made = SharedMemory.make(PLOTS)
    held = made.arrays["a"]
    made.close()
    held[...] = 3
    assert held.sum() == 45
    before = mapped()
    del held
    assert any("synthgrad" in name for name in before - mapped())


@pytest.mark.parametrize("call", ["posix_fallocate", "mmap"])
def test_room_that_is_not_there_is_an_error_at_once(monkeypatch, call):
    """Not a process that is killed when it touches a page; and nothing is left open."""

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((os, call) if call == "posix_fallocate" else (mmap, call)), full)
    before = open_files()
    with pytest.raises(OSError, match="No space left"):
        SharedMemory.make(PLOTS)
    assert open_files() == before


def test_more_than_there_is_cannot_be_had():
    """A limit that the system itself sets."""
    with only_small_files(4096):
        SharedMemory.make([ArraySpec("small", (512,), "float64")]).close()
        with pytest.raises(OSError, match="File too large"):
            SharedMemory.make([ArraySpec("large", (513,), "float64")])
