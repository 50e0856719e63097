"""Training and its logs: every record of an experiment written into the logs of its replicas, and every log ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from synthgrad.errors import RunError
from synthgrad.experiment import Diverged, Epoch, Experiment, Record, train
from synthgrad.runs.log import Log


def record(experiment: Experiment, logs: Sequence[Log], stop: Callable[[], object]) -> Iterator[Record]:
    """Train and log, one log a replica, and hand on every record; ``stop`` ends it at the next one.

    In the end every log has its outcome: finished, diverged, interrupted, or failed where an exception ends it.
    All logs begin after the same epoch. Raises RunError.
    """
    (after,) = {log.epoch for log in logs}
    records = train(experiment, after)
    try:
        for each in records:
            if isinstance(each, Epoch):
                for replica, figures in each.each():
                    logs[replica.number].epoch_done(each.epoch, each.step, each.seconds, figures)
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
