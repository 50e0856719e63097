"""One stack from orders to run directories: what every worker does, on this machine or another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from synthgrad.errors import DiskError, SynthgradError, shortage
from synthgrad.experiment import Diverged, Epoch, Experiment, Pulse, Replica
from synthgrad.records import Record
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import is_run
from synthgrad.runs.log import Log, close
from synthgrad.runs.provenance import now
from synthgrad.runs.reading import OPEN, Recorded
from synthgrad.runs.recording import record
from synthgrad.runs.resuming import reached, take_up, trained_elsewhere
from synthgrad.sweep.events import Begun, Done, Ended, Event, Progress
from synthgrad.sweep.stacks import Order, Stack

PROGRESS_SECONDS = 0.2


def train_stack(stack: Stack, about: Record, stop: Callable[[], object]) -> Iterator[Event]:
    """Train a stack into one directory a run, each exactly like that of ``train``, and tell what happens.

    ``about`` is the environment of this process. A failure is an event, not an exception. Runs whose checkpoints
    turn out to be of different epochs (one was torn) are trained one group after the other.
    """
    orders: list[Order] = []
    for order in stack.orders:
        yield from _looked_at(stack, order, orders)
    parts: dict[int, list[Order]] = {}
    for order in orders:
        parts.setdefault(reached(Run(order.resume)) if order.resume else 0, []).append(order)
    broken = False
    for part in parts.values():
        if stop():
            yield from (Ended(stack.number, o.number, str(o.resume or ""), "interrupted") for o in part)
            continue
        broken = (yield from _train(replace(stack, orders=tuple(part)), about, stop)) or broken
    yield Done(stack.number, broken)


def _train(stack: Stack, about: Record, stop: Callable[[], object]) -> Generator[Event, None, bool]:
    """Train what begins after the same epoch; whether the disk is to blame that something failed."""
    logs: list[Log] = []
    error: Exception | None = None
    try:
        experiment = Experiment([order.config for order in stack.orders])
        experiment.epochs.in_order(experiment.config.varies)  # cores are better used for other runs
        for order, replica in zip(stack.orders, experiment.replicas, strict=True):
            logs.append(_log(stack, order, replica, {**about, "stack": len(stack.orders)}))
        yield Begun(stack.number, tuple(o.number for o in stack.orders), tuple(str(log.run.path) for log in logs))
        yield from _followed(experiment, stack, logs, stop)
    except Exception as caught:
        error = caught
        for log in logs:
            if not log.outcome:
                log.fail(caught)
    finally:
        close(logs)
    told = _told(error) if error else ""
    for order, its in itertools.zip_longest(stack.orders, logs):
        if its is None:
            yield Ended(stack.number, order.number, "", "failed", told)
        elif its.diverged is None:  # those that diverged have been told of
            failed = its.outcome in ("", "failed")
            yield Ended(stack.number, order.number, str(its.run.path), its.outcome or "failed", told if failed else "")
    return isinstance(error, DiskError)


def _looked_at(stack: Stack, order: Order, orders: list[Order]) -> Iterator[Event]:
    """Begin an order as things are now: the attempt to be resumed may have been finished or deleted since."""
    path = order.resume
    if path is None or not is_run(path):
        orders.append(replace(order, resume=None))
    elif (outcome := Recorded(path).outcome) not in OPEN:
        yield Ended(stack.number, order.number, str(path), outcome)
    elif said := trained_elsewhere(Run(path), order.force):
        yield Ended(stack.number, order.number, str(path), "failed", said)
    else:
        orders.append(order)


def _log(stack: Stack, order: Order, replica: Replica, about: Record) -> Log:
    mine = {**about, "started": now(), "command": list(order.command)}
    if order.resume is not None:
        return take_up(Run(order.resume), replica, mine, order.force)
    return Log.begin(Run.create(stack.runs, order.name, order.config.seed), replica, mine)


def _followed(experiment: Experiment, stack: Stack, logs: Sequence[Log], stop: Callable[[], object]) -> Iterator[Event]:
    said = time.monotonic()
    for each in record(experiment, logs, stop):
        if isinstance(each, Diverged):
            number = each.replica.number
            yield Ended(stack.number, stack.orders[number].number, str(logs[number].run.path), "diverged")
        elif isinstance(each, Epoch | Pulse) and time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            yield Progress(stack.number, each.epoch)


def _told(error: Exception) -> str:
    if isinstance(error, SynthgradError):
        return str(error)
    if said := shortage(error):
        return said
    return f"{type(error).__name__}: {error} (a bug)"
