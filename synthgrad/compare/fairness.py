"""What a comparison holds equal, and what else differs between its groups than what is being compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from synthgrad.compare.groups import differing
from synthgrad.compare.judging import Scores
from synthgrad.compare.subjects import Subject

CIRCUMSTANCES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "synthgrad version": lambda about: about.get("synthgrad"),
    "git commit": lambda about: (about.get("git") or {}).get("commit"),
    "NumPy version": lambda about: about.get("numpy"),
    "BLAS": lambda about: about.get("blas"),
    "BLAS threads": lambda about: str(about.get("threads")),
    "host": lambda about: about.get("host"),
}
MACHINE = ("host", "BLAS", "BLAS threads")
"""What speed depends on."""
HASHES = {"data": "data", "weights": "initial weights", "order": "batch order"}


def remarks(scores: Sequence[Scores], selected: bool, metric: str) -> Iterator[str]:
    """Sentences on everything that may make the comparison unfair."""
    yield from _pairing(scores)
    if selected and metric.startswith("test_"):
        yield f"best {metric} of each run: selected on test, so it flatters every method"
    subjects = [s for each in scores for s in each.members.subjects]
    for what, read in CIRCUMSTANCES.items():
        values = {read(s.about) for s in subjects if s.about} - {None, "None"}
        if len(values) > 1:
            yield f"{what} differs between the runs"
    if any((s.about.get("git") or {}).get("dirty") for s in subjects):
        yield "some runs were made with uncommitted changes"


def budgets(scores: Sequence[Scores], control: Scores | None) -> Iterator[str]:
    """Groups whose training was longer, or another, than the control's."""
    for each in scores:
        if control is None or each is control:
            continue
        keys = [k for k in differing([each.members.settings, control.members.settings]) if k.startswith("training.")]
        if keys:
            yield f"{each.label} had another budget than its control: {_and(keys)}"


def other_machine(a: Scores, b: Scores) -> bool:
    """Whether two groups were run on different machines, so that their speeds do not compare."""
    return any(_seen(a, read) != _seen(b, read) for read in map(CIRCUMSTANCES.__getitem__, MACHINE))


def _seen(scores: Scores, read: Callable[[dict[str, Any]], Any]) -> set[Any]:
    return {read(s.about) for s in scores.members.subjects if s.about}


def _pairing(scores: Sequence[Scores]) -> Iterator[str]:
    """Whether runs of the same seed have the same data, initial weights and batch order."""
    by_seed: dict[int, list[Subject]] = {}
    for each in scores:
        for subject in each.members.subjects:
            by_seed.setdefault(subject.seed, []).append(subject)
    same: list[str] = []
    differ: list[str] = []
    unknown = False
    for key, words in HASHES.items():
        seen = [{s.hashes.get(key) for s in subjects} for subjects in by_seed.values()]
        unknown = unknown or any(None in values for values in seen)
        (differ if any(len(values - {None}) > 1 for values in seen) else same).append(words)
    if len(scores) > 1:
        if same and not unknown:
            yield f"same {_and(same)} in every seed"
        if differ:
            yield f"{_and(differ)} differ between runs of the same seed" + (
                "; those are not paired" if "data" in differ else ""
            )
        if unknown:
            yield "some runs are too old to prove that runs of the same seed share data and weights"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
