"""A running Dask scheduler as its client sees it: whether it is there, its workers, and what they have installed.

The client runs in our own event loop, because two of its waits never time out: for the greeting of something that is
not a scheduler, and for the answer of one that hangs.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any

from synthgrad.config import show
from synthgrad.errors import ConfigError, RunError
from synthgrad.records import Settings

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
ANSWER_SECONDS = 30.0
WORKERS_SECONDS = 60.0
"""How long workers are waited for: they often start together with the sweep, and again when they were killed."""
LOOK_SECONDS = 2.0
"""Between two looks at how many workers there are."""
POLL_SECONDS = 0.05
SETTINGS = {
    "distributed.comm.timeouts.tcp": "12s",  # after which a host that has fallen silent is gone
    "distributed.admin.large-graph-warning-threshold": "1TB",  # resumed runs bring their checkpoints
}
NOISY = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")
"""Loggers that tell of a lost connection in their own words."""
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[\da-fA-F:.%]+\]|[^\s:/\[\]]+):\d{1,5}")

Versions = dict[str, str]


@contextmanager
def connected(address: str, stop: Callable[[], object]) -> Iterator[Scheduler | None]:
    """The scheduler at an address such as ``tcp://127.0.0.1:8786``, or None where it is to stop before it answers.

    No word of Dask's reaches stderr. Raises ConfigError where that is no address or Dask is not installed, RunError
    where nobody answers.
    """
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(f"--scheduler: {show(address)} is no address (expected one like tcp://127.0.0.1:8786)")
    try:
        import dask
        import distributed  # noqa: F401
    except ImportError:
        raise ConfigError("--scheduler: needs Dask (pip install 'synthgrad[dask]')") from None
    with _quiet(), dask.config.set(SETTINGS), _loop() as loop:
        scheduler = Scheduler(address, loop, stop)
        try:
            yield scheduler if scheduler.connect() else None
        finally:
            scheduler.close()


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own; in the end whatever still goes on there is broken off."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, __: None)  # of what is broken off nobody needs to hear
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        wait([asyncio.run_coroutine_threadsafe(_break_off(), loop)], CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _break_off() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Scheduler:
    """A scheduler; ``threads`` are those of its workers, all in all; ``so_far`` belongs to what is said of its end."""

    def __init__(self, address: str, loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
        self.address, self.loop, self.stop = address, loop, stop
        self.client: Any = None
        self.threads, self.so_far = 0, ""
        self._looked, self._seen = 0.0, time.monotonic()

    def connect(self) -> bool:
        """Whether it answered before it was to stop. Raises RunError."""
        nobody = f"{self.address}: no scheduler answers there (start one with: dask scheduler)"
        self.client = self._ask(lambda: _client(self.address), RunError(nobody), CONNECT_SECONDS + 1)
        return self.client is not None

    def close(self) -> None:
        """Give up everything that was asked of it."""
        if self.client is not None:
            wait([self._start(self.client.close)], CLOSE_SECONDS)

    def look(self) -> None:
        """See that it is there, and now and then how many workers it has. Raises RunError."""
        if self.client.status != "running":
            raise self.gone()
        if self.threads and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        threads = self._ask(self.client.nthreads, self.gone()) or {}
        self.threads, self._looked = sum(threads.values()), time.monotonic()
        if self.threads:
            self._seen = self._looked
        elif self._looked - self._seen > WORKERS_SECONDS:
            line = f"start one with: dask worker {self.address} --nthreads 1"
            raise RunError(f"{self.address}: has had no worker for {WORKERS_SECONDS:.0f} s{self.so_far} ({line})")

    def wait_for_workers(self) -> bool:
        """Wait for a worker; whether there is one before it is to stop. Raises RunError."""
        self.look()
        while not self.threads and not self.stop():
            time.sleep(POLL_SECONDS)
            self.look()
        return self.threads > 0

    def compare(self, mine: Versions, versions: Callable[[], Versions]) -> None:
        """Raise ConfigError where something else is installed than here, one line for each worker.

        ``versions`` looks on a worker; it goes by value, so first of all Pythons must be alike.
        """
        known = self._ask(self.client.get_versions, self.gone()) or {"scheduler": None, "workers": {}}
        every = {self.address: known["scheduler"], **known["workers"]}
        found = {address: {"Python": _python(its)} for address, its in every.items() if its}
        alike = [address for address in known["workers"] if found.get(address) == {"Python": mine["Python"]}]
        if alike:
            there = self._ask(lambda: self.client.run(versions, workers=alike, on_error="ignore"), self.gone())
            found |= there or {}
        lines = [differing(address, its, mine) for address, its in found.items()]
        if any(lines):
            raise ConfigError(line for line in lines if line)

    def gone(self) -> RunError:
        """That the connection is lost."""
        then = "start it and its workers again, and run the same line"
        return RunError(f"{self.address}: the scheduler is gone{self.so_far} ({then})")

    def _ask(self, question: Callable[[], Awaitable[Any]], error: RunError, seconds: float = ANSWER_SECONDS) -> Any:
        """The answer, or None where it is to stop before there is one. Raises ``error`` where none comes."""
        answer = self._start(question)
        until = time.monotonic() + seconds
        while not answer.done() and time.monotonic() < until:
            if self.stop():
                answer.cancel()
                return None
            wait([answer], POLL_SECONDS)
        try:
            return answer.result(0)
        except OSError:  # a timeout is one
            answer.cancel()
            raise error from None

    def _start(self, question: Callable[[], Awaitable[Any]]) -> Future[Any]:
        async def asked() -> Any:  # the client wants to be called in its loop
            return await question()

        return asyncio.run_coroutine_threadsafe(asked(), self.loop)


async def _client(address: str) -> Any:
    """A client in the loop that runs. Raises OSError."""
    import distributed

    with warnings.catch_warnings():  # that versions differ: those that matter are compared later
        warnings.simplefilter("ignore")
        client = distributed.Client(address, timeout=CONNECT_SECONDS, asynchronous=True, set_as_default=False)
        try:
            return await client
        except BaseException as error:
            await client.close()
            if isinstance(error, Exception):  # of any kind: a worker, for one, answers to the wrong questions
                raise ConnectionError(str(error)) from None
            raise


def differing(address: str, its: Versions, mine: Versions) -> str:
    """What differs from what is installed here, as a message; empty where nothing does."""
    names = [name for name in its if its[name] != mine[name]]
    has, expected = (", ".join(f"{name} {some[name]}" for name in names) for some in (its, mine))
    return f"{address}: has {has} (expected {expected}, as here)" if names else ""


def _python(its: Settings) -> str:
    """Major and minor version."""
    return ".".join(its["packages"]["python"].split(".")[:2])
