"""One stack from orders to run directories: what every worker does, on this machine or another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from synthgrad.errors import RunError, SynthgradError
from synthgrad.experiment import Diverged, Epoch, Experiment, Pulse
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log, close
from synthgrad.runs.recording import record
from synthgrad.runs.resuming import take_up
from synthgrad.runs.survey import now
from synthgrad.sweep.events import Begun, Done, Ended, Event, Progress
from synthgrad.sweep.stacks import Order, Stack

PROGRESS_SECONDS = 0.2


def train_stack(stack: Stack, about: Mapping[str, Any], stop: Callable[[], object]) -> Iterator[Event]:
    """Train a stack into one directory a run, each exactly like that of ``train``, and tell what happens.

    ``about`` are the circumstances of this process. A failure is an event, not an exception.
    """
    logs: list[Log] = []
    error: Exception | None = None
    try:
        experiment = Experiment([order.config for order in stack.orders])
        for order, replica in zip(stack.orders, experiment.replicas, strict=True):
            mine = {**about, "started": now(), "command": list(order.command), "stack": len(stack.orders)}
            if order.resume is not None:
                logs.append(take_up(Run(order.resume), replica, mine))
            else:
                run = Run.create(stack.runs, order.name, order.config.seed)
                logs.append(Log.begin(run, replica, mine))
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
            yield Ended(stack.number, order.number, str(its.run.path), its.outcome or "failed", told)
    yield Done(stack.number, isinstance(error, RunError | MemoryError))


def _followed(experiment: Experiment, stack: Stack, logs: list[Log], stop: Callable[[], object]) -> Iterator[Event]:
    said = time.monotonic()
    for each in record(experiment, logs, stop):
        if isinstance(each, Diverged):
            order: Order = stack.orders[each.replica.number]
            path = str(logs[each.replica.number].run.path)
            yield Ended(stack.number, order.number, path, "diverged")
        elif isinstance(each, Epoch | Pulse) and time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            yield Progress(stack.number, each.epoch)


def _told(error: Exception) -> str:
    if isinstance(error, SynthgradError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    return f"{type(error).__name__}: {error} (a bug)"
