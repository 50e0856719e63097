"""A config becomes objects becomes a stream of records."""

from synthgrad.experiment.build import stacked
from synthgrad.experiment.experiment import Experiment, Replica
from synthgrad.experiment.phases import restore, snapshot
from synthgrad.experiment.settings import Before, Config, Decay
from synthgrad.experiment.training import Diverged, Epoch, Pulse, Record, train

__all__ = [
    "Before",
    "Config",
    "Decay",
    "Diverged",
    "Epoch",
    "Experiment",
    "Pulse",
    "Record",
    "Replica",
    "restore",
    "snapshot",
    "stacked",
    "train",
]
