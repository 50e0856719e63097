"""What the figures of a run mean to whoever compares them."""

from __future__ import annotations

DIAGNOSES = ("cosine", "skill")
"""How well the generator of a layer does; ``cosine.1`` is that of hidden layer 1."""
SCORES = ("accuracy", "r2")
"""How well a task is done: the share that is right, or of the variance that is explained, 1 at best."""


def is_up(name: str) -> bool:
    """Whether more of a figure is better; of losses, errors and seconds less is."""
    return name.partition(".")[0].endswith((*SCORES, *DIAGNOSES))


def has_ratios(name: str) -> bool:
    """Whether one value of a figure over another means anything: not if it may be negative, as r2 and cosines."""
    return not name.partition(".")[0].endswith(("r2", *DIAGNOSES))


def is_score(name: str) -> bool:
    """Whether a figure says how well the task is done."""
    return name.endswith(SCORES)


def diagnosis(name: str) -> str:
    """Cosine or skill, where the figure is that of a layer; else nothing."""
    kind, dot, _ = name.partition(".")
    return kind if dot and kind in DIAGNOSES else ""
