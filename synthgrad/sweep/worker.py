"""A process of a sweep: takes stacks from its stdin, trains them, tells on its stdout what happens, as pickles.

Only its parent speaks to it. When the parent is gone, however it went, the stack at hand is ended as interrupted.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from typing import IO

from synthgrad.processes import SIGNALS, handled, heed
from synthgrad.runs.provenance import Provenance
from synthgrad.sweep.events import Event
from synthgrad.sweep.stacks import Stack
from synthgrad.sweep.training import train_stack


def main() -> None:
    """Train what comes until nothing comes any more."""
    stopping = threading.Event()
    for number in handled():  # those of a terminal or a batch system reach every process: the parent decides
        signal.signal(number, signal.SIG_IGN)
        if number == signal.SIGTERM:
            signal.signal(number, lambda *_: stopping.set())
    heed(*SIGNALS)
    orders: queue.SimpleQueue[Stack | None] = queue.SimpleQueue()
    out = _own_stdout()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders, stopping), daemon=True).start()
    about = Provenance([]).about()
    while (stack := orders.get()) is not None and not stopping.is_set():
        for event in train_stack(stack, about, stopping.is_set):
            _tell(out, event)


def _own_stdout() -> IO[bytes]:
    """The pipe to the parent; what anything prints goes to stderr from here on."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _listen(source: IO[bytes], orders: queue.SimpleQueue[Stack | None], stopping: threading.Event) -> None:
    """Queue the stacks that come; the end of them, or of the parent, is the wish to stop."""
    try:
        while True:
            orders.put(pickle.load(source))
    except (EOFError, OSError, pickle.UnpicklingError):  # cut off within a stack, if the parent was killed
        stopping.set()
        orders.put(None)


def _tell(out: IO[bytes], event: Event) -> None:
    try:
        pickle.dump(event, out)
        out.flush()
    except BrokenPipeError:  # nobody is there to hear it; what is trained is written all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
