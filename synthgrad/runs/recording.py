"""Training and its logs: every record of an experiment written into the logs of its replicas, and every log ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from synthgrad.experiment import Diverged, Epoch, Experiment, Record, train
from synthgrad.runs.log import Log


def record(experiment: Experiment, logs: Sequence[Log], stop: Callable[[], object]) -> Iterator[Record]:
    """Train and log, one log a replica, and hand on every record; ``stop`` ends it at the next one.

    In the end every log has its outcome: finished, diverged, interrupted, or failed where an exception ends it.
    All logs begin after the same epoch. Raises RunError.
    """
    records = train(experiment, logs[0].epoch)
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
        epochs = experiment.config.training.epochs
        for log in logs:
            if not log.outcome:
                log.finish("finished" if log.epoch == epochs else "interrupted")
    except Exception as error:
        records.close()
        for log in logs:
            if not log.outcome:
                log.fail(error)
        raise
