"""Did it work? One sentence for each method, and for each that freezes layers, on what it loses by that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.groups import form, shown
from synthgrad.compare.judging import BETTER, DECIDED, INCOMPLETE, LEVEL, TOO_FEW, WORSE, seeds_needed
from synthgrad.compare.missing import BACKPROP, FROZEN
from synthgrad.compare.report import Difference, Group, Sweep
from synthgrad.compare.scored_groups import ScoredGroup
from synthgrad.numbers import decimals, fixed
from synthgrad.records import Settings
from synthgrad.runs.methods import FREEZE, method
from synthgrad.text import counted, numbered

UNTRAINED = (FROZEN, BACKPROP)
"""Trainers of which nobody asks whether their hidden layers learn."""


def answers(
    groups: Sequence[Group], differences: Sequence[Difference], control: str | None, reference: str | None
) -> Iterator[str]:
    """What each method's difference from the control, and from backprop, says of its hidden layers."""
    methods = [g for g in groups if method(g.config) not in UNTRAINED] or [g for g in groups if g.label == reference]
    found = {(d.of, d.against): d for d in reversed(differences)}
    for group in methods:
        from_control = found.get((group.label, control or ""))
        from_reference = found.get((group.label, reference or ""))
        if control is not None and from_control is None:  # something else was asked
            continue
        said = learning(from_control)
        if from_control and from_control.verdict == BETTER and from_reference and from_reference.verdict in DECIDED:
            said += f"; {beside(from_reference)} {reference}"
        yield f"{group.label}: {said}."


def tuned_answers(sweep: Sweep) -> Iterator[str]:
    """The same of a sweep, of each method with its tuned setting; nothing where the algorithm is itself an axis."""
    if "trainer.name" in sweep.keys:
        return
    for tuned in sweep.methods:
        name, *rest = tuned.method.split()
        if name in UNTRAINED and not any(word == "from" or word.startswith("freeze=") for word in rest):
            continue
        yield f"{tuned.method}, tuned: {learning(tuned.difference)}."


def learning(difference: Difference | None) -> str:
    """Whether hidden layers learn, from the difference to the control."""
    if difference is None:
        return "no control to tell whether its hidden layers learn"
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


# frozen layers ------------------------------------------------------------------------------------


def families(scores: Sequence[ScoredGroup]) -> Iterator[tuple[ScoredGroup, list[ScoredGroup]]]:
    """Each group, with the groups that differ from it only in frozen layers, in the order given."""
    for whole in scores:
        parts = [each for each in scores if ablates(each.settings, whole.settings)]
        if parts:
            yield whole, parts


def ablates(settings: Settings, whole: Settings) -> bool:
    """Whether settings freeze hidden layers, and else are those of a run that freezes none."""
    return bool(settings.get(FREEZE)) and not whole.get(FREEZE) and _others(settings) == _others(whole)


def _others(settings: Settings) -> Settings:
    return {key: form(value) for key, value in settings.items() if key != FREEZE}


def losses(groups: Sequence[Group], differences: Sequence[Difference]) -> dict[str, str]:
    """By label of the group that freezes layers, a sentence on what that costs."""
    by_label = {group.label: group.config for group in groups}
    found = [d for d in differences if ablates(by_label[d.of], by_label[d.against])]
    return {d.of: f"{_without(by_label[d.of][FREEZE])}: {_lost(d)}." for d in found}


def _without(layers: object) -> str:
    """``without training hidden layer 2 (freeze=[2])``."""
    every = layers if isinstance(layers, list) else [layers]
    return f"without training {numbered(every, 'hidden layer')} (freeze={shown(layers)})"


def _lost(difference: Difference) -> str:
    told = "" if difference.mean is None else f"{gain(difference)} ({difference.wins}-{difference.losses} in seeds), "
    if difference.verdict not in DECIDED:
        return f"{told}undecided against {difference.against}: {lacking(difference)}"
    return f"{told}{beside(difference)} {difference.against}"
