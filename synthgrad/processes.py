"""How other Python processes are started: with the same modules to import, one BLAS thread, and no signal lost.

Limiting BLAS in a process that has loaded it comes too late: its threads are there, and spin. So these are new
processes with the limit in their environment, not forks.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""What ends a run in good order: a person, a batch system, a terminal that is closed; those that this system has."""
START = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"
"""A process finds what its parent finds, wherever it was started."""


def start(module: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process in ``main`` of a module. Raises OSError."""
    import subprocess  # which takes a while, and most who ask for the threads or the cores start none

    code = START.format(path=sys.path, module=module)
    with _held_back():
        return subprocess.Popen([sys.executable, "-c", code, *arguments], env=_environment(), **options)


def one_blas_thread() -> None:
    """Give BLAS one thread, unless the environment says otherwise. Call it before NumPy is imported.

    Networks of this size gain nothing from more, and results then do not depend on the number of cores.
    """
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # which is all that is known on this system


def threads() -> str:
    """The threads that BLAS has here, as the environment says, nothing where it does not."""
    return next((os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name)), "")


def handled() -> list[signal.Signals]:
    """Those of ``SIGNALS`` that this process answers: one that it was started to ignore (``nohup``) stays ignored."""
    return [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]


def heed(*numbers: signal.Signals) -> None:
    """In such a process: from here on these signals act, which were held back while it began."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def ended(process: subprocess.Popen[bytes], seconds: float) -> int:
    """The exit code of a process that is to end by itself; it is killed if that takes longer than this."""
    import subprocess

    try:
        return process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def how(code: int) -> str:
    """How a process ended, by its exit code."""
    if code < 0:
        known = -code in set(signal.Signals)
        return f"was killed by {signal.Signals(-code).name}" if known else f"was killed ({-code})"
    return f"ended with exit code {code}"


@contextmanager
def _held_back() -> Iterator[None]:
    """Signals come later, to a process that begins now as well: it says when it is ready for them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _environment() -> dict[str, str]:
    """That of this process, with one BLAS thread."""
    return {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
