"""A config becomes objects becomes a stream of records."""

from synthgrad.experiment.objects import Experiment, stacked
from synthgrad.experiment.replicas import Replica
from synthgrad.experiment.settings import Config, Decay
from synthgrad.experiment.training import Diverged, Epoch, Pulse, Record, restore, snapshot, train

__all__ = [
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
