"""What a comparison holds equal, and what else differs between its groups than what is being compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from synthgrad.compare.groups import RunGroup, alike, differing
from synthgrad.compare.missing import FROZEN
from synthgrad.compare.scored_groups import ScoredGroup
from synthgrad.compare.subjects import Subject
from synthgrad.records import Settings
from synthgrad.runs.environment import HASHES
from synthgrad.runs.methods import FREEZE, fork
from synthgrad.text import counted

MADE_WITH: dict[str, Callable[[Settings], object]] = {
    "synthgrad version": lambda about: about.get("synthgrad"),
    "git commit": lambda about: _git(about).get("commit"),
    "NumPy version": lambda about: about.get("numpy"),
    "BLAS": lambda about: about.get("blas"),
    "BLAS threads": lambda about: _threads(about.get("threads")),
    "host": lambda about: about.get("host"),
}
SPEED: tuple[Callable[[Settings], object], ...] = (
    *(MADE_WITH[what] for what in ("host", "BLAS", "BLAS threads")),
    lambda about: stack(about),
)
"""What speed depends on."""
MANY = 4
"""More groups than these are not named but counted."""


def remarks(scores: Sequence[ScoredGroup], selected: bool, metric: str) -> Iterator[str]:
    """Sentences on everything that may make the comparison unfair."""
    yield from _pairing(scores)
    yield from _forks(scores)
    if selected and metric.startswith("test_"):
        yield f"best {metric} of each run: selected on test, so it flatters every method"
    subjects = [s for each in scores for s in each.subjects]
    for what, read in MADE_WITH.items():
        if len(_values(subjects, read) - {"None"}) > 1:
            yield f"{what} differs between the runs"
    sizes = {stack(s.about) for s in subjects if s.about}
    if len(sizes) > 1:
        yield f"runs were trained in stacks of {min(sizes)} to {max(sizes)}, so their times are not comparable"
    shared = {_count(s.about, "processes") for s in subjects if s.about}
    if len(shared) > 1:
        yield f"networks were shared by {min(shared)} to {max(shared)} processes: seconds are those of the clock"
    if any(_git(s.about).get("dirty") for s in subjects):
        yield "some runs were made with uncommitted changes"


def _forks(scores: Sequence[ScoredGroup]) -> Iterator[str]:
    """What branches have from another trainer."""
    for same in alike(scores, lambda s: (fork(s.settings), str(s.settings.get("branch.trainer.name")))):
        settings = same[0].settings
        if (epoch := fork(settings)) is not None:
            yield f"{_who(same)} had {counted(epoch, 'epoch')} of {settings.get('branch.trainer.name')} first"


def environment(subjects: Sequence[Subject]) -> dict[str, str]:
    """Everything that some run was made with, by name; several values where runs differ."""
    known = {what: _values(subjects, read) - {"None"} for what, read in MADE_WITH.items()}
    return {what: ", ".join(sorted(values)) for what, values in known.items() if values}


def budgets(scores: Sequence[ScoredGroup], control: ScoredGroup | None) -> Iterator[str]:
    """Groups whose training was longer, or whose layers were trained otherwise, than those of any control."""
    if control is None:
        return
    controls = [s for s in scores if s.trainer == control.trainer]
    for section, what in (("training.", "another budget than"), ("trainer.", "other settings than")):
        for same in alike(scores, partial(_unlike_any, controls=controls, section=section)):
            if keys := _unlike_any(same[0], controls, section):
                yield f"{_who(same)} had {what} the control: {_and(keys)}"


def untuned(members: Sequence[RunGroup], control: ScoredGroup | None, swept: Sequence[str]) -> list[str]:
    """A control tried with one setting beside methods that were tried with several."""
    controls = [m for m in members if m.trainer == FROZEN]
    if len(controls) != 1 or not any(key in controls[0].settings for key in swept):
        return []
    return [f"control untuned: {control.label if control else FROZEN} was tried with one setting"]


def left_out(controls: int, control: ScoredGroup | None, asked: bool) -> list[str]:
    """That there are runs of a control, but not among those that were asked for."""
    if not controls or control is not None or not asked:
        return []
    return [f"no control here: --where leaves out {counted(controls, 'run')} of it"]


def _unlike_any(scores: ScoredGroup, controls: Sequence[ScoredGroup], section: str) -> tuple[str, ...]:
    """The keys of a section in which a group differs from the control that is most like it."""
    return min((tuple(k for k in unlike(scores, c) if k.startswith(section)) for c in controls), key=len)


def unlike(a: ScoredGroup, b: ScoredGroup) -> list[str]:
    """The keys in which two groups differ, except the algorithm, its frozen layers, and keys that only one has."""
    both = a.settings, b.settings
    return [key for key in differing(both) if key not in ("trainer.name", FREEZE) and all(key in each for each in both)]


def _who(scores: Sequence[ScoredGroup]) -> str:
    return _and([s.label for s in scores]) if len(scores) <= MANY else f"{len(scores)} groups"


def other_machine(a: ScoredGroup, b: ScoredGroup) -> bool:
    """Whether two groups were run on different machines or in other stacks, so that their speeds are not comparable."""
    return any(_values(a.subjects, read) != _values(b.subjects, read) for read in SPEED)


def stack(about: Settings) -> int:
    """How many runs were trained side by side with this one, itself among them."""
    return _count(about, "stack")


def _count(about: Settings, name: str) -> int:
    """A number of which there is one where nothing is recorded."""
    count = about.get(name)
    return count if isinstance(count, int) else 1


def _values(subjects: Sequence[Subject], read: Callable[[Settings], object]) -> set[str]:
    return {str(read(s.about)) for s in subjects if s.about}


def _threads(found: object) -> object:
    """What was asked of BLAS, OPENBLAS_NUM_THREADS=1."""
    if not isinstance(found, dict):
        return found
    return ", ".join(f"{name}={number}" for name, number in found.items() if number is not None) or "no limit"


def _git(about: Settings) -> Settings:
    """What is known of the commit, which may be nothing, or anything in a file that was written by hand."""
    found = about.get("git")
    return found if isinstance(found, dict) else {}


def _pairing(scores: Sequence[ScoredGroup]) -> Iterator[str]:
    """Whether runs of the same seed have the same data, initial weights and batch order."""
    by_seed = alike((s for each in scores for s in each.subjects), lambda s: s.seed)
    pairs = [subjects for subjects in by_seed if len(subjects) > 1]
    if not pairs and len(scores) > 1:
        yield "no seed was run with more than one method: nothing is paired"
        return
    same: list[str] = []
    differ: list[str] = []
    unknown = False
    for key, words in HASHES.items():
        seen = [{s.hashes.get(key) for s in subjects} for subjects in pairs]
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
