"""Training and its logs: every record of an experiment written into the logs of its replicas, and every log ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from synthgrad.config import AUTO
from synthgrad.errors import RunError
from synthgrad.experiment import Diverged, Epoch, Experiment, Record, train
from synthgrad.runs.log import Log

CHECKPOINT_SECONDS = 60.0
"""Between two checkpoints, where the config leaves it to the program."""


class Due:
    """Says after which epochs a checkpoint is due: the same for all runs of a stack, to be resumed as one."""

    def __init__(self, every: int | Literal["auto"]) -> None:
        self.every, self.since = every, time.monotonic()

    def __call__(self, epoch: int) -> bool:
        """Whether one is due after an epoch."""
        if self.every == AUTO:
            return time.monotonic() - self.since >= CHECKPOINT_SECONDS
        return bool(self.every) and epoch % self.every == 0

    def written(self) -> None:
        """Begin to count the seconds until the next one, those of writing left out."""
        self.since = time.monotonic()


def record(experiment: Experiment, logs: Sequence[Log], stop: Callable[[], object]) -> Iterator[Record]:
    """Train and log, one log a replica, and hand on every record; ``stop`` ends it at the next one.

    In the end every log has its outcome: finished, diverged, interrupted, or failed where an exception ends it.
    All logs begin after the same epoch. Raises RunError.
    """
    (after,) = {log.epoch for log in logs}
    records, due = train(experiment, after), Due(experiment.config.training.checkpoint_every)
    try:
        for each in records:
            if isinstance(each, Epoch):
                _epoch_done(each, logs, due)
            elif isinstance(each, Diverged):
                logs[each.replica.number].finish("diverged", each)
            yield each
            if stop():
                break
        records.close()
        _end([log for log in logs if not log.outcome], experiment.config.training.epochs)
    except Exception as error:
        records.close()
        for log in logs:
            if not log.outcome:
                log.fail(error)
        raise


def _epoch_done(epoch: Epoch, logs: Sequence[Log], due: Due) -> None:
    """Write the rows of an epoch and, if they are due, the checkpoints. Raises RunError."""
    for replica, metrics in epoch.each():
        logs[replica.number].epoch_done(epoch.epoch, epoch.step, epoch.seconds, metrics)
    if due(epoch.epoch):
        for replica in epoch.replicas:
            logs[replica.number].checkpoint()
        due.written()


def _end(logs: Sequence[Log], epochs: int) -> None:
    """Give logs their outcome. What fails one of them keeps no other from its own. Raises RunError."""
    failure: RunError | None = None
    for log in logs:
        try:
            log.finish("finished" if log.epoch == epochs else "interrupted")
        except RunError as error:
            failure = failure or error
    if failure:
        raise failure
