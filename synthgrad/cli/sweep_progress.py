"""The progress of a sweep: how many runs are at which point, how much of the work is done, what went wrong."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthgrad.sweep.events import Begun, Ended, Event, Progress
from synthgrad.sweep.planning import Plan
from synthgrad.sweep.stacks import Order, cost
from synthgrad.text import are, counted

OVER = ("finished", "diverged", "failed")
ERRORS = 5
"""The most different errors that are printed."""


@dataclass
class Running:
    """A stack in training: its runs that have not ended, their epochs, its start, its first and its latest epoch."""

    orders: dict[int, Order]
    epochs: int
    since: float
    first: int | None = None
    epoch: int = 0

    @property
    def left(self) -> float:
        """Seconds that it needs at its pace so far; 0 if it has none yet."""
        done = self.epoch - (self.first or 0)
        return (time.monotonic() - self.since) * (self.epochs - self.epoch) / done if done > 0 else 0.0

    def cost(self, costs: dict[int, float], epoch: int) -> float:
        """The cost of the epochs of its runs up to this one."""
        return sum(costs[run] for run in self.orders) * epoch / self.epochs


class SweepProgress:
    """Counts the runs of a plan, their cost and their errors, event by event."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.orders = {order.number: order for stack in plan.stacks for order in stack.orders}
        self.costs = {number: cost(order.config) for number, order in self.orders.items()}
        self.total = sum(self.costs.values())
        self.paths = plan.there | {number: order.resume for number, order in self.orders.items() if order.resume}
        self.outcomes: dict[int, str] = {}
        self.ended: Counter[str] = Counter()
        self.running: dict[int, Running] = {}
        self.errors: dict[str, list[int]] = {}
        self.begun, self.first_begun = time.monotonic(), 0.0
        self._over_cost = 0.0
        self._earlier_cost: dict[int, float] = {}  # by stack, of the epochs that earlier attempts have trained

    # while it runs ------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, Begun):
            self.first_begun = self.first_begun or time.monotonic()
            orders = {run: self.orders[run] for run in event.runs}
            epochs = orders[event.runs[0]].config.training.epochs  # the same for all runs of a stack
            self.running[event.stack] = Running(orders, epochs, time.monotonic())
            self.paths |= dict(zip(event.runs, map(Path, event.paths), strict=False))  # none on a cluster
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Ended):
            self._ended(event)
        else:
            self.running.pop(event.stack, None)

    def _progress(self, event: Progress) -> None:
        running = self.running.get(event.stack)
        if running is None:
            return
        running.epoch = event.epoch
        if running.first is None:
            continues = any(order.resume for order in running.orders.values())
            running.first = event.epoch if continues else 0
            self._earlier_cost[event.stack] = running.cost(self.costs, running.first)

    def _ended(self, event: Ended) -> None:
        self.outcomes[event.run] = event.outcome
        self.ended[event.outcome] += 1
        self._over_cost += self.costs[event.run] if event.outcome in OVER else 0.0
        if event.path:
            self.paths[event.run] = Path(event.path)
        if event.error:
            self.errors.setdefault(event.error, []).append(event.run)
        if event.stack in self.running:
            self.running[event.stack].orders.pop(event.run, None)

    @property
    def over(self) -> int:
        """How many runs have ended."""
        return sum(self.ended[outcome] for outcome in OVER)

    def counts(self) -> dict[str, int]:
        """How many runs are at which point; together all that are to be trained."""
        running = sum(len(stack.orders) for stack in self.running.values())
        waiting = len(self.orders) - len(self.outcomes) - running
        ended = {outcome: self.ended[outcome] for outcome in (*OVER, "interrupted")}
        return {**ended, "running": running, "waiting": waiting}

    @property
    def share(self) -> float:
        """How much of the work is done, from 0 to 1."""
        return self._done() / self.total if self.total else 1.0

    def left(self) -> float | None:
        """Seconds until the last run ends, at the pace so far; None if there is none yet."""
        done = self._done()
        worked = done - sum(self._earlier_cost.values())
        if worked <= 0:
            return None
        elapsed = time.monotonic() - self.first_begun  # processes need a while to start
        return max([elapsed * (self.total - done) / worked, *(stack.left for stack in self.running.values())])

    def _done(self) -> float:
        return self._over_cost + sum(stack.cost(self.costs, stack.epoch) for stack in self.running.values())

    # in the end ---------------------------------------------------------------------------------

    def diverged(self) -> int:
        """How many runs of the grid diverged, now or earlier."""
        return len(self.plan.diverged) + self.ended["diverged"]

    def missing(self) -> int:
        """How many runs of the grid neither exist nor are being trained."""
        return sum(self.outcomes.get(run) not in ("finished", "diverged") for run in self.orders)

    def summary(self, took: str) -> str:
        """How the runs ended that were to be trained, and whether the grid is complete."""
        names = {"waiting": "not started", "running": "lost"}
        parts = [f"{count:,} {names.get(name, name)}" for name, count in self.counts().items() if count]
        return f"{counted(len(self.orders), 'run')} in {took}: {', '.join(parts)}. {self._completeness()}"

    def _completeness(self) -> str:
        runs, missing, elsewhere = counted(len(self.plan.grid), "run"), self.missing(), len(self.plan.elsewhere)
        if missing:
            return f"{missing:,} of {runs} {are(missing)} missing: run the same line again to complete the grid."
        earlier = self.plan.diverged  # if none diverged earlier, the outcomes say it already
        note = f"; {self.diverged():,} of its {runs} diverged" if earlier else ""
        if not elsewhere:
            return f"The grid is complete{note}."
        those = f"{counted(elsewhere, 'run')} that another process is training"
        return f"The grid is complete except {those}{note} (run the same line again after that)."

    def error_lines(self) -> Iterator[str]:
        """Each different error once, the most frequent first, with a run that failed with it."""
        for message, runs in sorted(self.errors.items(), key=lambda item: -len(item[1]))[:ERRORS]:
            path = str(self.paths.get(runs[0], ""))
            where = f"in {path}" if path and path not in message else ""
            if len(runs) > 1:
                where = f"{len(runs):,} runs{where and f', such as {path}'}"
            yield f"{message} ({where})" if where else message
        if len(self.errors) > ERRORS:
            yield f"and {len(self.errors) - ERRORS} more errors"
