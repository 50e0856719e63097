"""What a run learned, in one sentence, from its training and held-out scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from synthgrad.numbers import percentage
from synthgrad.scores import scores_of
from synthgrad.types import Outputs


def learned(last: Mapping[str, float], guess: float, skill: str, example: str) -> str:
    """The sentence for metrics of an epoch; "" without held-out scores.

    ``guess`` is the held-out score of always guessing the most common class; ``skill`` completes "It learned to ...".
    """
    for outputs, (kind, sentence) in SENTENCES.items():
        scores = [score for score in scores_of(outputs) if f"test_{score.column}" in last]
        if not scores:
            continue
        train, test = (
            ", ".join(f"{score.name} {score.text(last.get(f'{prefix}{score.column}', math.nan))}" for score in scores)
            for prefix in ("", "test_")
        )
        return f"{sentence(last, guess, skill or kind, f'training {example}s')}: training {train}; held-out {test}."
    return ""


def _bits(last: Mapping[str, float], _guess: float, skill: str, examples: str) -> str:
    bits, test_bits, test_exact = last["bit_accuracy"], last["test_bit_accuracy"], last["test_exact_accuracy"]
    if test_exact >= 0.95:
        return f"It learned to {skill}"
    if bits >= 0.95 and test_exact < 0.5:
        return f"It memorised its {examples} instead of learning to {skill}"
    if test_bits < 0.55 and bits >= 0.6:
        return f"It memorised some of its {examples} and learned almost nothing else"
    if test_bits < 0.55:
        return "It learned almost nothing (guessing scores 50% of the bits)"
    return f"It learned something, but not to {skill}"


def _classes(last: Mapping[str, float], guess: float, skill: str, examples: str) -> str:
    train, test = last["accuracy"], last["test_accuracy"]
    guessing = f"(always guessing the most common class scores {percentage(guess)})"
    if test - guess < 0.1 * (1 - guess):
        memorised = f"memorised its {examples} and " if train >= 0.95 else ""
        return f"It {memorised}learned almost nothing {guessing}"
    if test >= 0.95 or (test >= 0.9 and train - test < 0.05):
        return f"It learned to {skill}"
    if train >= 0.95 and train - test > 0.2:
        return f"It memorised its {examples} more than it learned"
    return f"It learned something {guessing}"


def _values(last: Mapping[str, float], _guess: float, skill: str, examples: str) -> str:
    train, test = last.get("r2", math.nan), last["test_r2"]
    if test < 0.1:
        return f"It {f'memorised its {examples} and ' if train >= 0.95 else ''}learned almost nothing"
    if test >= 0.9:
        return f"It learned to {skill}"
    return f"It memorised its {examples} more than it learned" if train - test > 0.2 else "It learned something"


SENTENCES: dict[Outputs, tuple[str, Callable[[Mapping[str, float], float, str, str], str]]] = {
    "bits": ("get every bit right", _bits),
    "classes": ("tell the classes apart", _classes),
    "values": ("predict the values", _values),
}
"""By the kind of outputs: the skill of a task that names none, and the function that judges the scores."""
