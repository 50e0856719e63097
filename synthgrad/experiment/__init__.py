"""A config becomes objects becomes a stream of records."""

from synthgrad.experiment.objects import Experiment, stacked
from synthgrad.experiment.phases import restore, snapshot
from synthgrad.experiment.replicas import Replica
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
