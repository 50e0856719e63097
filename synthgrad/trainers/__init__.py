"""Training algorithms: who gets which delta. To add one: a file and a line here."""

from synthgrad.trainers.backprop import Backprop
from synthgrad.trainers.dni import DNI
from synthgrad.trainers.frozen import Frozen
from synthgrad.trainers.printed_listing import PrintedListing
from synthgrad.trainers.trainer import NetworkOptions, Setup, Trainer, TrainerOptions

TRAINERS: dict[str, type[Trainer]] = {
    "backprop": Backprop,
    "frozen": Frozen,
    "dni": DNI,
    "printed-listing": PrintedListing,
}

__all__ = ["TRAINERS", "NetworkOptions", "Setup", "Trainer", "TrainerOptions"]
