"""What the machine has too little of is said, and is not called a bug."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from support.commands import typed, write

from synthgrad import cli
from synthgrad.errors import shortage

MAPPED = "libscipy_openblas.so: failed to map segment from shared object"
THREADS = "no more threads or processes can be started (ulimit -u prints the limit)"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (MemoryError("Unable to allocate 7 GiB"), "not enough memory: Unable to allocate 7 GiB"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory"),
        (ImportError(MAPPED), "not enough memory"),
        (RuntimeError("can't start new thread"), THREADS),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), THREADS),
        (RuntimeError("dictionary changed size during iteration"), ""),
        (ImportError("No module named 'numpy'"), ""),
        (OSError(errno.ENOSPC, "No space left on device"), ""),
    ],
)
def test_an_error_says_what_the_machine_lacks(error: Exception, said: str) -> None:
    """Memory, threads, processes; nothing for other errors."""
    assert shortage(error) == said


@pytest.mark.parametrize("error", [ImportError(MAPPED), RuntimeError("can't start new thread"), MemoryError()])
def test_what_the_machine_lacks_is_no_bug(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message, exit code 1."""

    def fail(*given: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(cli.group, "main", fail)
    said = typed("config", "list")
    assert (said.code, said.out, said.err) == (1, "", f"synthgrad: {shortage(error)}\n")


def test_a_sweep_without_threads_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool listens to each of its processes with one."""

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    said = typed("sweep", write(tmp_path), "--seed", "1", "--runs", tmp_path / "runs", "-q")
    assert (said.code, said.err) == (1, f"sweep: {THREADS}\n")
