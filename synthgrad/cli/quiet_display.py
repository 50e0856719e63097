"""The display of ``--quiet``: what all displays know, shown to nobody; without rich, which takes a while to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from synthgrad.config import flat, plain
from synthgrad.experiment import Epoch, Experiment, Pulse, Record
from synthgrad.nn.parameters import count
from synthgrad.runs.methods import method, schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthgrad.runs.log import Log
    from synthgrad.workers import Load

NEW = 0.2
"""The weight of what was seen last: a picture of a moment would only flicker."""


class Display:
    """Shows nothing: ``--quiet``."""

    def __init__(self, log: Log, experiment: Experiment) -> None:
        config = experiment.config
        self.log, self.config = log, config
        self.epochs = config.training.epochs
        self.steps = self.epochs * experiment.feed.steps
        self.figures: dict[str, float] = {}
        self.loads: Sequence[Load] = ()
        network = experiment.trainer.network
        widths = [network.specs[0].n_in, *(spec.n_out for spec in network.specs)]
        weights = sum(count(spec.shapes) for spec in network.specs)
        settings = flat(plain(config))
        what = " ".join(filter(None, [method(settings), schedule(settings)]))
        processes = experiment.replicas[0].processes()
        shared = f", {processes} processes" if processes > 1 else ""
        self.title = f"{what}, seed {config.seed}, {'-'.join(map(str, widths))} ({weights:,} weights){shared}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, record: Record) -> None:
        """Take notice of a record."""

    def summary(self, log: Log) -> None:
        """Say what came of it."""

    def note(self, record: Record) -> None:
        """Keep the latest figures, and what the processes are doing that share the modules."""
        if isinstance(record, Pulse | Epoch):
            self.loads = blended(self.loads, record.loads)
        if isinstance(record, Epoch):
            self.figures |= {name: float(value) for name, value in record.figures.items()}


def blended(before: Sequence[Load], now: Sequence[Load]) -> Sequence[Load]:
    """The loads of some time: those of before with a share of those of now."""
    if len(before) != len(now):
        return now
    pairs = zip(before, now, strict=True)
    return [new._replace(busy=(1 - NEW) * old.busy + NEW * new.busy) for old, new in pairs]
