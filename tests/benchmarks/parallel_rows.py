"""The rows of the table of parallel.py, each a process or two, and the rounds in which they take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from synthgrad.processes import THREAD_VARIABLES, cores

ROOT = Path(__file__).parents[2]
CHILD = str(Path(__file__).with_name("parallel_variants.py"))
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
CORES = cores()
GENERATOR = {"input": "both", "alpha": 1e-4}
LOOKS = 5
"""As often are stages timed before the interface is chosen."""


class Net(NamedTuple):
    """So many layers of weights of a width. The goals are what two workers reach, times in order and times backprop.

    8 layers are of equal width, inputs and outputs too; 4 layers are those of a classifier of small images.
    """

    layers: int
    width: int
    batch: int
    over_in_order: float | None = None
    over_backprop: float | None = None

    @property
    def name(self) -> str:
        """The sizes in short."""
        return f"{self.layers}x{self.width}, batch {self.batch}"

    @property
    def widths(self) -> list[int]:
        """Inputs, hidden layers, outputs."""
        inner = [self.width] * (self.layers - 1)
        return [784, *inner, 10] if self.layers == 4 else [self.width, *inner, self.width]

    def candidates(self) -> list[int]:
        """Layers about the middle, after one of which the interface will stand."""
        return [self.layers // 2 + k for k in (-1, 0, 1)]


class Row(NamedTuple):
    """A variant: its trainer, where it has interfaces, its workers, BLAS threads, and how many run side by side."""

    trainer: Mapping[str, Any]
    where: str = ""
    workers: int = 0
    threads: int = 1
    copies: int = 1

    def options(self, interface: int) -> dict[str, Any]:
        """The trainer's section of the config."""
        at = {"middle": [interface], "every": "all"}
        inner: dict[str, Any] = {"interfaces": at[self.where]} if self.where else {}
        if self.workers:
            inner["schedule"] = {"kind": "pipelined", "workers": self.workers}
        return {**self.trainer, **inner}


BACKPROP: dict[str, Any] = {"name": "backprop"}
DNI: dict[str, Any] = {"name": "dni", "generator": GENERATOR}
DELAYED: dict[str, Any] = {"name": "delayed-gradient"}
ONE, ALL = "backprop, 1 BLAS thread", f"backprop, {CORES} BLAS threads"
IN_ORDER = {"middle": "dni in order", "every": "dni in order, every layer"}
TWO = "dni pipelined, 2 workers"
COMPARED = ONE, ALL, TWO, IN_ORDER["middle"]
"""Between these are the ratios that have goals: they have their turns side by side, and in every round."""
OTHERS_EVERY = 3
"""In so many rounds the others have one turn."""


def rows(net: Net) -> dict[str, Row]:
    """The variants of a net by name."""
    counts = [n for n in (1, 2, 4, 8) if n <= min(CORES, net.layers)]
    return {
        ONE: Row(BACKPROP),
        ALL: Row(BACKPROP, threads=CORES),
        TWO: Row(DNI, "middle", 2),
        IN_ORDER["middle"]: Row(DNI, "middle"),
        "dni pipelined, 1 worker": Row(DNI, "middle", 1),
        "delayed gradients pipelined, 2 workers": Row(DELAYED, "middle", 2),
        "2 seeds side by side, backprop": Row(BACKPROP, copies=2),
        "2 seeds side by side, dni in order": Row(DNI, "middle", copies=2),
        IN_ORDER["every"]: Row(DNI, "every"),
        **{f"dni pipelined, every layer, {n} worker{'s' * (n > 1)}": Row(DNI, "every", n) for n in counts},
    }


def environment(threads: int) -> dict[str, str]:
    """That of a variant: with so many BLAS threads, and nothing else said to BLAS."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "PYTHONPATH": path, **dict.fromkeys(THREAD_VARIABLES, str(threads))}


class Child(AbstractContextManager["Child"]):
    """A process that waits for orders: seconds go in by the line, a measurement comes out."""

    def __init__(self, threads: int, *parts: Any) -> None:
        line = [sys.executable, CHILD, *map(json.dumps, parts)]
        self.process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads)
        )
        assert self._line() == "ready", "a variant has failed: see above"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def order(self, seconds: float) -> None:
        """Have it begin."""
        assert self.process.stdin is not None
        print(seconds, file=self.process.stdin, flush=True)

    def answer(self) -> Any:
        """What it has measured, when it has."""
        line = self._line()
        assert line, "a variant has ended: see above"
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


class Measured(NamedTuple):
    """Examples a second of every variant, by round; where the interface stood; seconds a batch of the stages.

    ``looks`` are the seconds of a batch in both modules, one after the other in one process, in every round.
    """

    rates: dict[str, dict[int, float]]
    interface: int
    stages: dict[str, list[float]]
    looks: list[float]

    @property
    def unrest(self) -> float:
        """How much longer the same work took in one round than in another."""
        return max(self.looks) / min(self.looks)


def measure(net: Net, rounds: int, seconds: float) -> Measured:
    """Start all variants of a net and have them work in turn."""
    about = {"widths": net.widths, "batch": net.batch}
    interface = balanced(about, net.candidates())
    with ExitStack() as stack:
        stages = stack.enter_context(Child(1, about, DNI, [[interface], "all"]))
        children = {
            name: [
                stack.enter_context(Child(row.threads, {**about, "seed": seed}, row.options(interface)))
                for seed in range(row.copies)
            ]
            for name, row in rows(net).items()
        }
        rates: dict[str, dict[int, float]] = {name: {} for name in children}
        looks = []
        for number in range(rounds):
            looks += together([stages], seconds)
            names = COMPARED if number % OTHERS_EVERY else [*children]
            for name in names[:: -1 if number % 2 else 1]:  # or who comes first would always come first
                rates[name][number] = sum(together(children[name], seconds))
    by_placement = dict(zip(("middle", "every"), over(looks, median), strict=True))
    return Measured(rates, interface, by_placement, [sum(middle) for middle, _ in looks])


def balanced(about: Mapping[str, Any], candidates: Sequence[int]) -> int:
    """The layer after which an interface leaves the slower of two modules fastest, by times measured in one process."""
    with Child(1, about, DNI, [[i] for i in candidates]) as child:
        looks = [together([child], 0)[0] for _ in range(LOOKS)]
    slower = [max(times) for times in over(looks, min)]
    return candidates[slower.index(min(slower))]


def over(looks: Sequence[Sequence[Sequence[float]]], middle: Callable[[Sequence[float]], float]) -> list[list[float]]:
    """By placement, the seconds of each stage: the median of several looks, or another mean."""
    return [[middle(times) for times in zip(*found, strict=True)] for found in zip(*looks, strict=True)]
