"""Groups: runs that differ in nothing but the seed; what tells them apart, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from synthgrad.compare.subjects import DIVERGED, FINISHED, Subject
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.runs.methods import UNSET as UNSET
from synthgrad.runs.methods import method
from synthgrad.text import did_you_mean, numbered

APART = ("task.", "network.")
"""Runs that differ in a key of these sections are in different tables: they are never pooled."""
FIRST = ("trainer.name", "trainer.generator.input", "trainer.generator.hidden", "trainer.alpha")
"""The keys that a label is made of first; after them any key, in the order of the config."""
CHOICES = ("", ".name", ".kind", ".scheme")
"""How a section's name goes on under which a config says what was chosen for it; by itself it is a section left out."""

T = TypeVar("T")


@dataclass
class RunGroup:
    """The runs of one group, one for each seed, in the order of the seeds."""

    settings: Settings
    subjects: list[Subject]
    label: str

    @cached_property
    def words(self) -> set[str]:
        """Every word that it may be called by."""
        return words(self.settings)

    @property
    def trainer(self) -> str:
        """The algorithm; a branch, or one with frozen layers, is another."""
        return method(self.settings)


def tables(subjects: Sequence[Subject], by: Sequence[str] = ()) -> list[list[Subject]]:
    """The runs of each task and network, the most runs first; a key of ``by`` sets nobody apart."""

    def setting(subject: Subject) -> Settings:
        return {k: v for k, v in subject.settings.items() if k.startswith(APART) and k not in by}

    return sorted(_together(subjects, setting), key=lambda table: -len(table))


def axes(by: Sequence[str], subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The keys that are meant, by themselves or by their unique end. Raises ConfigError."""
    keys = dict.fromkeys(key for subject in subjects for key in subject.settings)
    return tuple(_axis(text, list(keys)) for text in by)


def _axis(text: str, keys: Sequence[str]) -> str:
    found = [text] if text in keys else [k for k in keys if f".{k}".endswith((f".{text}", f".{text}.name"))]
    if len(found) == 1:
        return found[0]
    right = did_you_mean(text, keys, "synthgrad runs show RUN lists the keys of a run")
    what = f"may be {' or '.join(found)} (write the whole key)" if found else f"no run has such a key ({right})"
    raise ConfigError(f"--by {text}: {what}")


def groups(subjects: Sequence[Subject]) -> tuple[list[RunGroup], list[str]]:
    """The groups of a table with their labels, and a note on seeds that were run more than once."""
    found, notes = [], []
    together = _together(subjects, lambda subject: subject.settings)
    for same, label in zip(together, labels([same[0].settings for same in together]), strict=True):
        kept = {subject.seed: subject for subject in sorted(same, key=_preference)}
        found.append(RunGroup(same[0].settings, [kept[seed] for seed in sorted(kept)], label))
        twice = sorted(seed for seed, runs in Counter(s.seed for s in same).items() if runs > 1)
        if twice:
            notes.append(f"{label}: {numbered(twice)} ran more than once; the latest that finished counts")
    return found, notes


def _together(subjects: Sequence[Subject], part: Callable[[Subject], Settings]) -> list[list[Subject]]:
    """Subjects that are equal in this part of their settings."""
    return alike(subjects, lambda subject: frozenset((key, form(value)) for key, value in part(subject).items()))


def alike(things: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """The things in lists of those that have the same key, in the order in which keys come first."""
    found: dict[Hashable, list[T]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return list(found.values())


def form(value: object) -> Any:
    """What is equal where two settings are, and can be hashed: 10 and 10.0 are equal, 1 and true are not."""
    if isinstance(value, list):
        return tuple(map(form, value))
    return (bool, value) if isinstance(value, bool) else value


def _preference(subject: Subject) -> tuple[int, str]:
    """The last in this order is kept: what finished before what did not, the later run before the earlier."""
    return {FINISHED: 2, DIVERGED: 1}.get(subject.outcome, 0), subject.name


def differing(settings: Sequence[Settings]) -> list[str]:
    """The keys in which some differ, in the order of the config."""
    keys = list(dict.fromkeys(key for each in settings for key in each))
    return [key for key in keys if len(_values(settings, key)) > 1]


def _values(settings: Sequence[Settings], key: str) -> set[Any]:
    """The different values under a key; having none is a value too."""
    return {(form(s[key]),) if key in s else () for s in settings}


def told(settings: Sequence[Settings]) -> list[str]:
    """The differing keys that are worth telling: not those that only another algorithm, schedule or optimiser has."""
    keys = []
    for key in differing(settings):
        having = [s for s in settings if key in s]
        lacking = {_chosen(s, key) for s in settings if key not in s}
        if differing([{key: s[key]} for s in having]) or lacking & {_chosen(s, key) for s in having}:
            keys.append(key)
    return keys


def _chosen(settings: Settings, key: str) -> tuple[Any, ...]:
    """The algorithm, and what is chosen for every section that a key is in: its kind, or none at all."""
    words = key.split(".")
    sections = [".".join(words[:n]) for n in range(1, len(words))]
    names = (section + end for section in sections for end in CHOICES)
    return method(settings), *(form(settings.get(name, UNSET)) for name in names)


# labels -------------------------------------------------------------------------------------------


def labels(settings: Sequence[Settings]) -> list[str]:
    """The shortest labels that stay unique: the algorithm, then as few of the differing keys as tell apart."""
    parts: list[list[str]] = [[method(s)] for s in settings]
    _tell_apart(range(len(settings)), settings, parts, frozenset())
    while ambiguous := _alike(range(len(settings)), parts):  # settings that differ and read alike
        for number, i in [(number, i) for same in ambiguous for number, i in enumerate(same, 1)]:
            parts[i].append(f"({number})")
    return [" ".join(words) for words in parts]


def _tell_apart(
    same: Iterable[int], settings: Sequence[Settings], parts: list[list[str]], used: frozenset[str]
) -> None:
    """Add words to those labels that are alike: of keys that all of them have, those that tell most apart first."""
    for still in _alike(same, parts):
        those = [settings[i] for i in still]
        apart = [key for key in differing(those) if key not in used]
        key = min(apart, key=partial(_rank, those), default=None)
        if key is not None:
            for i in still:
                parts[i].append(word(key, settings[i].get(key, UNSET), [k for s in those for k in s]))
            _tell_apart(still, settings, parts, used | {key})


def _rank(settings: Sequence[Settings], key: str) -> tuple[bool, int, int]:
    """How late a key tells settings apart: one that some lack, that is none of the ``FIRST``, that has few values."""
    values = _values(settings, key)
    return () in values, FIRST.index(key) if key in FIRST else len(FIRST), -len(values)


def _alike(indices: Iterable[int], parts: list[list[str]]) -> list[list[int]]:
    return [same for same in alike(indices, lambda i: " ".join(parts[i])) if len(same) > 1]


def word(key: str, value: object, keys: Iterable[str] = ()) -> str:
    """A setting as a word of a label: names as they are, numbers and flags with the end of their key."""
    if key == "trainer.generator.input" and isinstance(value, list):
        return "+".join(map(str, value))
    if isinstance(value, str) and value not in (UNSET, ""):
        return value
    return f"{end(key, keys)}={shown(value)}"


def words(settings: Settings) -> set[str]:
    """Every word that a label could have for these settings, and each value after any end of its key."""
    labels = {spelt(each) for key, value in settings.items() for each in word(key, value).split()}
    return (
        labels
        | set(method(settings).split())
        | {spelt(f"{end}={shown(value)}") for key, value in settings.items() for end in _ends(key)}
    )


def _ends(key: str) -> list[str]:
    parts = key.split(".")
    return [".".join(parts[n:]) for n in range(len(parts))]


def spelt(word: str) -> str:
    """A word with its number spelt in the one way that all ways lead to: ``alpha=1e-2`` is ``alpha=0.01``."""
    key, equals, value = word.partition("=")
    try:
        return f"{key}={shown(float(value))}" if equals else word
    except ValueError:
        return word


def end(key: str, keys: Iterable[str]) -> str:
    """As much of the end of a key as no shorter one has: alpha for trainer.alpha, generator.alpha beside it."""
    parts = key.split(".")
    rivals = [k for k in dict.fromkeys(keys) if k != key and k.count(".") < len(parts)]
    ends = (".".join(parts[-n:]) for n in range(1, len(parts)))
    return next((text for text in ends if not any(f".{k}".endswith(f".{text}") for k in rivals)), key)


def titles(settings: Sequence[Settings], by: Sequence[str] = ()) -> list[str]:
    """Of several tables: the task where there are several, and as few words as tell them apart.

    No word says that a table lacks a key, nor what it has for a key of ``by``.
    """
    tasks = [shown(each.get("task.name", "")) for each in settings]
    parts = [[task] if len(set(tasks)) > 1 else [] for task in tasks]
    apart = [{key: value for key, value in each.items() if key.startswith(APART)} for each in settings]
    _tell_apart(range(len(settings)), apart, parts, frozenset({"task.name", *by}))
    there = [[word for word in words if not word.endswith(f"={UNSET}")] for words in parts]
    return [" ".join(words) or task for words, task in zip(there, tasks, strict=True)]


def shown(value: object) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list):
        return f"[{','.join(shown(v) for v in value)}]"
    return str(value)
