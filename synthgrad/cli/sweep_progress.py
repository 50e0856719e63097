"""What is known of a sweep while it runs, and what is said before and after it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import click

from synthgrad.cli.data_sentence import data_sentence
from synthgrad.cli.signals import Stop
from synthgrad.runs.locking import UNLOCKED
from synthgrad.sweep.events import Begun, Ended, Event, Progress
from synthgrad.sweep.planning import Plan
from synthgrad.sweep.stacks import Order, cost
from synthgrad.wording import are, counted

OVER = ("finished", "diverged", "failed")
ERRORS = 5
"""As many different errors as are told."""


@dataclass
class Running:
    """A stack at work: its runs that have not ended, when it began, after which epoch, and to which it has come."""

    orders: dict[int, Order]
    epochs: int
    since: float
    first: int | None = None
    epoch: int = 0

    @property
    def left(self) -> float:
        """Seconds that it needs at its pace so far; 0 while there is none."""
        done = self.epoch - (self.first or 0)
        return (time.monotonic() - self.since) * (self.epochs - self.epoch) / done if done > 0 else 0.0


class SweepProgress:
    """Keeps count of the runs of a plan, of their cost, and of what went wrong."""

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
        self.begun, self.at_work = time.monotonic(), 0.0
        self._gone, self._given = 0.0, dict[int, float]()

    # while it runs ------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Take notice of what happens."""
        if isinstance(event, Begun):
            self.at_work = self.at_work or time.monotonic()
            self._begin(event)
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Ended):
            self._ended(event)
        else:
            self.running.pop(event.stack, None)

    def _begin(self, event: Begun) -> None:
        orders = {run: self.orders[run] for run in event.runs}
        epochs = orders[event.runs[0]].config.training.epochs  # of all runs of a stack
        self.running[event.stack] = Running(orders, epochs, time.monotonic())
        self.paths |= dict(zip(event.runs, map(Path, event.paths), strict=False))  # none from afar

    def _progress(self, event: Progress) -> None:
        running = self.running.get(event.stack)
        if running is None:
            return
        running.epoch = event.epoch
        if running.first is None:
            goes_on = any(order.resume for order in running.orders.values())
            running.first = event.epoch if goes_on else 0
            self._given[event.stack] = self._share(running, running.first)

    def _ended(self, event: Ended) -> None:
        self.outcomes[event.run] = event.outcome
        self.ended[event.outcome] += 1
        self._gone += self.costs[event.run] if event.outcome in OVER else 0.0
        if event.path:
            self.paths[event.run] = Path(event.path)
        if event.error:
            self.errors.setdefault(event.error, []).append(event.run)
        if event.stack in self.running:
            self.running[event.stack].orders.pop(event.run, None)

    @property
    def over(self) -> int:
        """How many runs have come to their end."""
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
        """Seconds until the last run ends, at the pace so far; None while there is none."""
        done = self._done()
        worked = done - sum(self._given.values())
        if worked <= 0:
            return None
        elapsed = time.monotonic() - self.at_work  # processes need a while to start
        return max([elapsed * (self.total - done) / worked, *(stack.left for stack in self.running.values())])

    def _done(self) -> float:
        return self._gone + sum(self._share(running, running.epoch) for running in self.running.values())

    def _share(self, running: Running, epoch: int) -> float:
        """The cost of the epochs of a stack's runs up to this one."""
        return sum(self.costs[run] for run in running.orders) * epoch / running.epochs

    # in the end ---------------------------------------------------------------------------------

    def diverged(self) -> int:
        """How many runs of the grid diverged, now or earlier."""
        return len(self.plan.diverged) + self.ended["diverged"]

    def missing(self) -> int:
        """How many runs of the grid are not there, and nobody is training them."""
        return sum(self.outcomes.get(run) not in ("finished", "diverged") for run in self.orders)

    def closing(self, took: str) -> str:
        """What came of those that were to be trained."""
        diverged = self.diverged() if self.plan.diverged else 0  # those of now alone are counted anyway
        state = _state(len(self.plan.grid), self.missing(), len(self.plan.elsewhere), diverged)
        names = {"waiting": "not taken up", "running": "lost"}
        parts = [f"{count:,} {names.get(name, name)}" for name, count in self.counts().items() if count]
        return f"{counted(len(self.orders), 'run')} in {took}: {', '.join(parts)}. {state}"

    def told(self) -> Iterator[str]:
        """Each different error once, the most frequent first, and a run that it befell."""
        for message, runs in sorted(self.errors.items(), key=lambda item: -len(item[1]))[:ERRORS]:
            path = str(self.paths.get(runs[0], ""))
            such = f"in {path}" if path and path not in message else ""
            if len(runs) > 1:
                such = f"{len(runs):,} runs{such and f', such as {path}'}"
            yield f"{message} ({such})" if such else message
        if len(self.errors) > ERRORS:
            yield f"and {len(self.errors) - ERRORS} errors more"


# sentences ----------------------------------------------------------------------------------------


def opening(plan: Plan, place: str, jobs: int, runs: Path) -> Iterator[str]:
    """What is good to know beforehand; then what there is to do, and where it is done, by so many at a time."""
    if not plan.locked:
        yield f"{runs}: {UNLOCKED}"
    for remark in (*left_alone(plan.others), *_unproved(plan.unproved), *_unseen(plan.unseen), *_varying(plan, jobs)):
        yield f"sweep: {remark}"
    yield from dict.fromkeys(_data(plan))
    yield _work(plan, place)


def _data(plan: Plan) -> Iterator[str]:
    """What was found in the user's files that are to be trained on, once each."""
    tasks = {order.config.task: order.config for stack in plan.stacks for order in stack.orders}
    for config in tasks.values():
        data = config.data()
        if "file" in data:
            yield data_sentence(data)


def _work(plan: Plan, place: str) -> str:
    orders = [order for stack in plan.stacks for order in stack.orders]
    there, elsewhere, resumed = len(plan.there), len(plan.elsewhere), sum(order.resume is not None for order in orders)
    parts = []
    if there:
        diverged = f" ({len(plan.diverged):,} diverged)" if plan.diverged else ""
        parts.append(f"{'all' if there == len(plan.grid) else f'{there:,}'} {are(there)} there{diverged}")
    if elsewhere:
        parts.append(f"{elsewhere:,} {are(elsewhere)} being trained by another process")
    if orders:
        stacks = f"in {counted(len(plan.stacks), 'stack')} on" if len(plan.stacks) < len(orders) else "on"
        parts.append(f"{len(orders):,} to train, {stacks} {place}")
    if resumed:
        parts[-1] += f" ({resumed:,} begun before, taken up again)"
    return f"{counted(len(plan.grid), 'run')}: {', '.join(parts)}"


def left_alone(others: Mapping[tuple[str, ...], int]) -> Iterator[str]:
    """Why runs with the settings of a grid are not those of it, by the names of the files that they read."""
    for names, count in others.items():
        what = f"of another {' and '.join(names)}" if names else "edited: config.yaml is not what run.json says"
        yield f"{counted(count, 'run')} {are(count)} {what}: left alone"


def _unproved(count: int) -> Iterator[str]:
    """That runs of older versions cannot prove their settings."""
    if count:
        yield f"{counted(count, 'run')} of an older version kept no copy of the settings: config.yaml is believed"


def _unseen(reasons: Sequence[str]) -> Iterator[str]:
    """That runs may be trained by processes that nobody can see from here."""
    if reasons:
        runs = f"{counted(len(reasons), 'run')} may still be trained by another process"
        yield f"{runs} ({reasons[0]}): left alone (if that process has ended: --force)"


def _varying(plan: Plan, jobs: int) -> Iterator[str]:
    """A word of caution, where runs that vary with timing would be trained beside others."""
    count = sum(order.config.varies for stack in plan.stacks for order in stack.orders)
    if count and min(jobs, len(plan.stacks)) > 1:
        yield (
            f"{counted(count, 'run')} of schedule free {'varies' if count == 1 else 'vary'} with what else the cores "
            "have to do: --jobs 1 trains one after the other"
        )


def _state(runs: int, missing: int, elsewhere: int, diverged: int) -> str:
    """How much of a grid is there."""
    if missing:
        those = f"{missing:,} of {counted(runs, 'run')} {are(missing)} missing"
        return f"{those}: run the same line again to complete the grid."
    note = f"; {diverged:,} of its {counted(runs, 'run')} diverged" if diverged else ""
    if elsewhere:
        those = counted(elsewhere, "run")
        return f"The grid is complete but for {those} that another process trains{note} (then run the line again)."
    return f"The grid is complete{note}."


class Silent:
    """The display of ``--quiet``: nothing but errors."""

    def __init__(self, progress: SweepProgress, stop: Stop) -> None:
        self.progress, self.stop = progress, stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, event: Event) -> None:
        """Show what has become of the progress with this event."""

    def say(self, text: str) -> None:
        """Print a line that is good to know."""

    def conclude(self) -> None:
        """Say what came of it all."""

    def warn(self, text: str) -> None:
        """Print an error."""
        with suppress(OSError):  # that nobody sees it must not keep the paths from being printed
            click.echo(text, err=True)
