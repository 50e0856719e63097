"""Did it work? One sentence for each method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.judging import BETTER, DECIDED, INCOMPLETE, LEVEL, TOO_FEW, WORSE, seeds_needed
from synthgrad.compare.missing import BACKPROP, FROZEN
from synthgrad.compare.report import Difference, Group, Sweep
from synthgrad.numbers import decimals, fixed
from synthgrad.runs.methods import method
from synthgrad.text import counted, numbered

UNTRAINED = (FROZEN, BACKPROP)
"""Trainers of which nobody asks whether their hidden layers learn."""


def answers(
    groups: Sequence[Group], differences: Sequence[Difference], control: str | None, reference: str | None
) -> Iterator[str]:
    """What each method's difference from the control, and from backprop, says of its hidden layers."""
    methods = [g for g in groups if method(g.config) not in UNTRAINED] or [g for g in groups if g.label == reference]
    for group in methods:
        from_control = _find(differences, group.label, control)
        from_reference = _find(differences, group.label, reference)
        if control is not None and from_control is None:  # something else was asked
            continue
        yield f"{group.label}: {_said(group, from_control, from_reference, control, reference)}."


def tuned_answers(sweep: Sweep) -> Iterator[str]:
    """The same of a sweep, of each method with its tuned setting; nothing where the algorithm is itself an axis."""
    if "trainer.name" in sweep.keys:
        return
    for tuned in sweep.methods:
        name, *rest = tuned.method.split()
        if name in UNTRAINED and not any(word == "from" or word.startswith("freeze=") for word in rest):
            continue
        said = learning(tuned.difference) if tuned.difference else "no control to tell whether its hidden layers learn"
        yield f"{tuned.method}, tuned: {said}."


def _said(
    group: Group,
    from_control: Difference | None,
    from_reference: Difference | None,
    control: str | None,
    reference: str | None,
) -> str:
    if from_control is None:
        return "no control to tell whether its hidden layers learn"
    said = learning(from_control)
    if from_control.verdict == BETTER and from_reference is not None and from_reference.verdict in DECIDED:
        said += f"; {beside(from_reference)} {reference}"
    return said


def learning(difference: Difference) -> str:
    """Whether hidden layers learn, from the difference to the control."""
    control = "the frozen control" if difference.against.startswith(FROZEN) else difference.against
    if difference.verdict not in DECIDED:
        return f"undecided: {lacking(difference)}"
    seeds = difference.wins + difference.losses + difference.ties
    lost = f"it diverged in {difference.diverged} of {counted(seeds, 'seed')}" if difference.diverged else ""
    also = f"; {lost}" if lost else ""
    if difference.verdict == LEVEL:
        return f"level with {control}: nothing shows that its hidden layers learn{also}"
    mean = "" if difference.mean is None else f"{gain(difference)} against {control}, "
    told = f"{mean}{difference.wins}-{difference.losses} in seeds"
    if difference.verdict == WORSE:
        return f"below {control}: {lost or 'its hidden layers learn the wrong thing'} ({told})"
    return f"its hidden layers learn ({told}){also}"


def lacking(difference: Difference) -> str:
    """What is missing before a difference can be decided."""
    if difference.verdict == INCOMPLETE:
        return f"not every run of {numbered(difference.incomplete)} has a result"
    shared = counted(difference.tested, "shared seed")
    return f"{shared}, {seeds_needed(difference, difference.family)} are needed"


def gain(difference: Difference) -> str:
    """The mean difference, as exact as it is known."""
    widths = [difference.interval[1] - difference.interval[0]] if difference.interval else []
    return fixed(difference.mean, decimals(widths, abs(difference.mean or 0.0)), "+")


def learns(difference: Difference) -> str:
    """The same in a word or two."""
    return {
        BETTER: "yes",
        WORSE: f"no: below {difference.against}",
        LEVEL: f"no: level with {difference.against}",
        TOO_FEW: "undecided",
        INCOMPLETE: "undecided",
    }[difference.verdict]


def beside(difference: Difference) -> str:
    """The verdict in words that the name of the reference follows."""
    return {BETTER: "better than", WORSE: "worse than", LEVEL: "not told apart from"}[difference.verdict]


def _find(differences: Sequence[Difference], of: str, against: str | None) -> Difference | None:
    return next((d for d in differences if d.of == of and d.against == against), None)
