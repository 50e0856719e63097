"""Processes that stand by until the benchmarks want work of them: a line goes in, a measurement comes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from synthgrad.processes import THREAD_VARIABLES

ROOT = Path(__file__).parents[2]
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment(threads: int) -> dict[str, str]:
    """That of a process that is timed: with so many BLAS threads, and nothing else said to BLAS."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "PYTHONPATH": path, **dict.fromkeys(THREAD_VARIABLES, str(threads))}


class Child(AbstractContextManager["Child"]):
    """A script of this directory in a process of its own, whose arguments are ``parts``, as JSON."""

    def __init__(self, script: str, threads: int, *parts: Any) -> None:
        line = [sys.executable, str(Path(__file__).with_name(script)), *map(json.dumps, parts)]
        self.process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads)
        )
        self._script, self._ready = script, False

    def ready(self) -> None:
        """Wait until it has started; others may start meanwhile."""
        self._ready = self._ready or self._line() == "ready"
        assert self._ready, f"{self._script} has failed: see above"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def order(self, seconds: float) -> None:
        """Have it begin."""
        self.ready()
        assert self.process.stdin is not None
        print(seconds, file=self.process.stdin, flush=True)

    def answer(self) -> Any:
        """What it has measured, when it has."""
        line = self._line()
        assert line, "a process has ended: see above"
        return json.loads(line)

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def together(children: Iterable[Child], seconds: float) -> list[Any]:
    """What children measure that work at the same time."""
    working = list(children)
    for child in working:
        child.order(seconds)
    return [child.answer() for child in working]


def serve(answer: Callable[[float], Any]) -> None:
    """Be a child: say so when ready, then answer orders until there are no more."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(float(line))), flush=True)


def arguments() -> list[Any]:
    """The parts a child was started with."""
    return [json.loads(each) for each in sys.argv[1:]]
