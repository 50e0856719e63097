"""The rows of the table of parallel.py, each a process or two, and the rounds in which they take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from statistics import median
from typing import Any, NamedTuple

from children import Child, together
from quiet import Turn, Watch

from synthgrad.processes import cores

CHILD = "parallel_variants.py"
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

    @property
    def cores(self) -> int:
        """As many does it use."""
        return max(self.workers, self.threads, self.copies)

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
"""Between these are the ratios that have goals: their turns are side by side, in every round, and wait for quiet."""
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


class Measured(NamedTuple):
    """Examples a second of every variant, turn by turn; where the interface stood; seconds a batch of the stages.

    ``quiet`` has the turns that nothing disturbed.
    """

    rates: dict[str, list[float]]
    quiet: dict[str, list[float]]
    interface: int
    stages: dict[str, list[float]]

    def rate(self, name: str) -> float:
        """Examples a second of a variant, the median of its quiet turns, or where it has none, of all."""
        return median(self.quiet[name] or self.rates[name])

    def ratios(self, a: str, b: str) -> list[float]:
        """Of two variants, first quiet turn by first and so on, or where one has none, by all turns."""
        of = self.quiet if self.quiet[a] and self.quiet[b] else self.rates
        return [x / y for x, y in zip(of[a], of[b], strict=False)]


def measure(net: Net, rounds: int, seconds: float, watch: Watch) -> Measured:
    """Start all variants of a net and have them work in turn."""
    about = {"widths": net.widths, "batch": net.batch}
    interface, variants = balanced(about, net.candidates()), rows(net)
    with ExitStack() as stack:
        stages = stack.enter_context(Child(CHILD, 1, about, DNI, [[interface], "all"]))
        children = {
            name: [
                stack.enter_context(Child(CHILD, row.threads, {**about, "seed": seed}, row.options(interface)))
                for seed in range(row.copies)
            ]
            for name, row in variants.items()
        }
        _burst([*chain(*children.values())], 0)
        turns: dict[str, list[Turn[float]]] = {name: [] for name in variants}
        looks: list[Turn[list[list[float]]]] = []
        for number in range(rounds):
            looks.append(watch.turn(lambda: together([stages], seconds)[0], at_once=False, patient=False))
            names = COMPARED if number % OTHERS_EVERY else [*children]
            for name in names[:: -1 if number % 2 else 1]:  # or who comes first would always come first
                work, row = partial(_burst, children[name], seconds), variants[name]
                how = {"at_once": row.cores > 1, "threads": row.threads > 1, "patient": name in COMPARED}
                turns[name].append(watch.turn(work, **how))
    quiet = [turn.value for turn in looks if watch.quiet(turn)] or [turn.value for turn in looks]
    by_placement = dict(zip(("middle", "every"), over(quiet, median), strict=True))
    rates = {name: [turn.value for turn in every] for name, every in turns.items()}
    kept = {name: [turn.value for turn in every if watch.quiet(turn)] for name, every in turns.items()}
    return Measured(rates, kept, interface, by_placement)


def _burst(children: Sequence[Child], seconds: float) -> float:
    return float(sum(together(children, seconds)))


def balanced(about: Mapping[str, Any], candidates: Sequence[int]) -> int:
    """The layer after which an interface leaves the slower of two modules fastest, by times measured in one process."""
    with Child(CHILD, 1, about, DNI, [[i] for i in candidates]) as child:
        looks = [together([child], 0)[0] for _ in range(LOOKS)]
    slower = [max(times) for times in over(looks, min)]
    return candidates[slower.index(min(slower))]


def over(looks: Sequence[Sequence[Sequence[float]]], middle: Callable[[Sequence[float]], float]) -> list[list[float]]:
    """By placement, the seconds of each stage: the median of several looks, or another mean."""
    return [[middle(times) for times in zip(*found, strict=True)] for found in zip(*looks, strict=True)]
