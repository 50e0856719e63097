"""What a method loses where one of its hidden layers does not learn: groups that freeze some against the whole one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.answers import beside, gain, lacking
from synthgrad.compare.groups import form, shown
from synthgrad.compare.judging import DECIDED
from synthgrad.compare.outcomes import Scores
from synthgrad.compare.report import Difference, Group
from synthgrad.records import Settings
from synthgrad.runs.methods import FREEZE
from synthgrad.text import numbered


def families(scores: Sequence[Scores]) -> Iterator[tuple[Scores, list[Scores]]]:
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
    return {d.of: f"{_without(by_label[d.of][FREEZE])}: {_said(d)}." for d in found}


def _without(layers: object) -> str:
    """``without training hidden layer 2 (freeze=[2])``."""
    every = layers if isinstance(layers, list) else [layers]
    return f"without training {numbered(every, 'hidden layer')} (freeze={shown(layers)})"


def _said(difference: Difference) -> str:
    told = "" if difference.mean is None else f"{gain(difference)} ({difference.wins}-{difference.losses} in seeds), "
    if difference.verdict not in DECIDED:
        return f"{told}undecided against {difference.against}: {lacking(difference)}"
    return f"{told}{beside(difference)} {difference.against}"
