"""Training algorithms: who gets which delta. To add one: a file and a line here."""

from synthgrad.trainers.backprop import Backprop
from synthgrad.trainers.delayed_gradient import DelayedGradient
from synthgrad.trainers.direct_feedback_alignment import DirectFeedbackAlignment
from synthgrad.trainers.dni import DNI
from synthgrad.trainers.drtp import DRTP
from synthgrad.trainers.feedback_alignment import FeedbackAlignment
from synthgrad.trainers.frozen import Frozen
from synthgrad.trainers.local_loss import LocalLoss
from synthgrad.trainers.printed_listing import PrintedListing
from synthgrad.trainers.sign_symmetry import SignSymmetry
from synthgrad.trainers.trainer import NetworkOptions, Setup, Trainer, TrainerOptions

TRAINERS: dict[str, type[Trainer]] = {
    "backprop": Backprop,
    "frozen": Frozen,
    "dni": DNI,
    "feedback-alignment": FeedbackAlignment,
    "direct-feedback-alignment": DirectFeedbackAlignment,
    "sign-symmetry": SignSymmetry,
    "drtp": DRTP,
    "local-loss": LocalLoss,
    "delayed-gradient": DelayedGradient,
    "printed-listing": PrintedListing,
}

__all__ = ["TRAINERS", "NetworkOptions", "Setup", "Trainer", "TrainerOptions"]
