"""Groups: runs that differ in nothing but the seed; what tells them apart, and what they are called."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from synthgrad.compare.subjects import DIVERGED, FINISHED, Subject

UNSET = "(unset)"
APART = ("task.", "network.")
"""Runs that differ in a key of these sections are in different tables: they are never pooled."""
FIRST = ("trainer.name", "trainer.generator.input", "trainer.generator.hidden", "trainer.alpha")
"""The keys that a label is made of first; after them any key, in the order of the config."""


@dataclass
class Members:
    """The runs of one group, one for each seed, in the order of the seeds."""

    settings: dict[str, Any]
    subjects: list[Subject]
    label: str = ""

    @property
    def trainer(self) -> str:
        """The algorithm."""
        return str(self.settings.get("trainer.name", UNSET))


def tables(subjects: Sequence[Subject], by: Sequence[str] = ()) -> list[list[Subject]]:
    """The runs of each task and network, the most runs first; a key of ``by`` sets nobody apart."""

    def setting(subject: Subject) -> dict[str, Any]:
        return {k: v for k, v in subject.settings.items() if k.startswith(APART) and k not in by}

    return sorted(_together(subjects, setting), key=lambda table: -len(table))


def groups(subjects: Sequence[Subject]) -> tuple[list[Members], list[str]]:
    """The groups of a table with their labels, and a note on seeds that were run more than once."""
    found, notes = [], []
    for same in _together(subjects, lambda subject: subject.settings):
        kept = {subject.seed: subject for subject in sorted(same, key=_preference)}
        found.append(Members(same[0].settings, [kept[seed] for seed in sorted(kept)]))
    for members, label in zip(found, labels([m.settings for m in found]), strict=True):
        members.label = label
    counts = [Counter(s.seed for s in subjects if s.settings == m.settings) for m in found]
    for members, count in zip(found, counts, strict=True):
        twice = sorted(seed for seed, runs in count.items() if runs > 1)
        if twice:
            notes.append(f"{members.label}: seed {_listed(twice)} was run more than once; the latest counts")
    return found, notes


def _together(subjects: Sequence[Subject], part: Callable[[Subject], dict[str, Any]]) -> list[list[Subject]]:
    """Subjects that are equal in this part of their settings; 10 and 10.0 are equal."""
    found: dict[str, list[Subject]] = {}
    for subject in subjects:
        values = {key: float(value) if type(value) is int else value for key, value in part(subject).items()}
        found.setdefault(json.dumps(values, sort_keys=True, default=str), []).append(subject)
    return list(found.values())


def _preference(subject: Subject) -> tuple[int, str]:
    """The last in this order is kept: what finished before what did not, the later run before the earlier."""
    return {FINISHED: 2, DIVERGED: 1}.get(subject.outcome, 0), subject.name


def differing(settings: Sequence[dict[str, Any]]) -> list[str]:
    """The keys in which some differ, in the order of the config."""
    keys = list(dict.fromkeys(key for each in settings for key in each))
    return [key for key in keys if any(_value(s, key) != _value(settings[0], key) for s in settings[1:])]


def told(settings: Sequence[dict[str, Any]]) -> list[str]:
    """The differing keys that are worth telling: not those that only another algorithm has."""
    keys = []
    for key in differing(settings):
        having = [s for s in settings if key in s]
        lacking = {_value(s, "trainer.name") for s in settings if key not in s}
        if differing([{key: s[key]} for s in having]) or lacking & {_value(s, "trainer.name") for s in having}:
            keys.append(key)
    return keys


def _value(settings: dict[str, Any], key: str) -> Any:
    return settings.get(key, UNSET)


# labels -------------------------------------------------------------------------------------------


def labels(settings: Sequence[dict[str, Any]]) -> list[str]:
    """The shortest labels that stay unique: the algorithm, then as few of the differing keys as tell apart."""
    parts: list[list[str]] = [[str(_value(s, "trainer.name"))] for s in settings]
    _tell_apart(range(len(settings)), settings, parts)
    return [" ".join(words) for words in parts]


def _tell_apart(same: Iterable[int], settings: Sequence[dict[str, Any]], parts: list[list[str]]) -> None:
    for alike in _alike(same, parts):
        keys = differing([settings[i] for i in alike])
        key = min(keys, key=lambda k: FIRST.index(k) if k in FIRST else len(FIRST))
        for i in alike:
            parts[i].append(word(key, _value(settings[i], key)))
        _tell_apart(alike, settings, parts)


def _alike(indices: Iterable[int], parts: list[list[str]]) -> list[list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for i in indices:
        found.setdefault(tuple(parts[i]), []).append(i)
    return [alike for alike in found.values() if len(alike) > 1]


def word(key: str, value: Any) -> str:
    """A setting as a word of a label: names as they are, numbers and flags with the end of their key."""
    if key == "trainer.generator.input" and isinstance(value, list):
        return "+".join(map(str, value))
    if isinstance(value, str) and value != UNSET:
        return value
    return f"{key.rpartition('.')[2]}={shown(value)}"


def shown(value: Any) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list):
        return f"[{','.join(shown(v) for v in value)}]"
    return str(value)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
