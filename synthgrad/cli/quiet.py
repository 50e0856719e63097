"""The display of ``--quiet``: what all displays know, shown to nobody; without rich, which takes a while to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from synthgrad.config import flat, plain
from synthgrad.experiment import Epoch, Experiment, Record
from synthgrad.nn.parameters import count
from synthgrad.runs.methods import method

if TYPE_CHECKING:
    from synthgrad.runs.log import Log


class Display:
    """Shows nothing: ``--quiet``."""

    def __init__(self, log: Log, experiment: Experiment) -> None:
        config = experiment.config
        self.log, self.config = log, config
        self.epochs = config.training.epochs
        self.steps = self.epochs * experiment.feed.steps
        self.figures: dict[str, float] = {}
        network = experiment.trainer.network
        widths = [network.specs[0].n_in, *(spec.n_out for spec in network.specs)]
        weights = sum(count(spec.shapes) for spec in network.specs)
        what = method(flat(plain(config)))
        self.title = f"{what}, seed {config.seed}, {'-'.join(map(str, widths))} ({weights:,} weights)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, record: Record) -> None:
        """Take notice of a record."""

    def summary(self, log: Log) -> None:
        """Say what came of it."""

    def note(self, record: Record) -> None:
        """Keep the latest figures."""
        if isinstance(record, Epoch):
            self.figures |= {name: float(value) for name, value in record.figures.items()}
