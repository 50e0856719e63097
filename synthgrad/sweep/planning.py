"""What a sweep has to do: the runs of its grid that are not there yet, as stacks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthgrad.config import flat, plain, read_resolved
from synthgrad.errors import ConfigError, RunError
from synthgrad.runs.circumstances import other_files
from synthgrad.runs.defaults import completed
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below, called, is_run, not_a_run
from synthgrad.runs.reading import OPEN, Recorded
from synthgrad.runs.telling import telling
from synthgrad.sweep.claims import claiming, others
from synthgrad.sweep.grid import Planned
from synthgrad.sweep.stacks import Order, Stack, stacks

if TYPE_CHECKING:
    from synthgrad.experiment import Config


@dataclass
class Plan:
    """A grid, and what becomes of its runs, by number.

    They are ``there`` already (those that ``diverged`` too), trained ``elsewhere`` by another process, or to be
    trained as ``stacks``. ``others`` counts runs that would be those to be trained, by the files of the user that were
    not what they are now; ``damaged`` says of runs that cannot be read why not.
    """

    grid: list[Planned]
    there: dict[int, Path] = field(default_factory=dict)
    diverged: set[int] = field(default_factory=set)
    elsewhere: list[int] = field(default_factory=list)
    stacks: list[Stack] = field(default_factory=list)
    others: Counter[tuple[str, ...]] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)


@dataclass
class Found:
    """Runs of a grid by the fingerprint of their config: those that are, and of those on other data the file names.

    ``damaged`` says of runs that cannot be read why not.
    """

    there: dict[str, list[Recorded]] = field(default_factory=dict)
    others: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)


@contextmanager
def planned(
    grid: list[Planned], runs: Path, name: str | None, jobs: int, most: int | None, claim: bool
) -> Iterator[Plan]:
    """The plan of a grid. With ``claim`` its runs are this process's while entered: other sweeps leave them alone.

    Raises ConfigError where two runs of the grid would record the same, RunError where no claim can be made.
    """
    keys = _fingerprints(grid)
    if not claim:
        yield _plan(grid, keys, runs, name, jobs, most)
        return
    try:
        with claiming(runs) as mine:
            plan = _plan(grid, keys, runs, name, jobs, most)
            mine.take(keys[order.number] for stack in plan.stacks for order in stack.orders)
    except RunError:  # where nothing is to be written, nothing need be claimed
        plan = _plan(grid, keys, runs, name, jobs, most)
        if plan.stacks:
            raise
        yield plan
        return
    try:
        yield plan
    finally:
        mine.release()


def train_line(planned: Planned, runs: Path, name: str | None) -> list[str]:
    """The words of the line that trains one run of a grid alone."""
    source = str(planned.source)
    words = ["synthgrad", "train", f"./{source}" if source.startswith("-") else source]
    words += [word for setting in planned.settings for word in ("-s", setting)]
    words += ["--name", name] if name else []
    words += ["--runs", str(runs)] if str(runs) != "runs" else []
    return [*words, "-q"]


def identity(config: Mapping[str, Any]) -> str:
    """A fingerprint of a resolved config, by dotted key: equal for runs that record the same."""
    return blake2b(json.dumps(telling(config), sort_keys=True).encode(), digest_size=16).hexdigest()


def _fingerprints(grid: list[Planned]) -> list[str]:
    """Fingerprints of its configs. Raises ConfigError where two are equal."""
    configs = [flat(plain(each.config)) for each in grid]
    keys = [identity(config) for config in configs]
    before: dict[str, dict[str, Any]] = {}
    for key, config in zip(keys, configs, strict=True):
        one = before.setdefault(key, config)
        if one is not config:
            silent = ", ".join(name for name, value in config.items() if one.get(name) != value)
            raise ConfigError(f"sweep: {silent}: any value makes the same run (leave one of them)")
    return keys


def _plan(grid: list[Planned], keys: list[str], runs: Path, name: str | None, jobs: int, most: int | None) -> Plan:
    plan, orders = Plan(grid), []
    wanted = {key: each.config for key, each in zip(keys, grid, strict=True)}
    claimed, known = others(runs), found(below(runs), wanted)
    plan.damaged = known.damaged
    for number, (each, key) in enumerate(zip(grid, keys, strict=True)):
        recorded = known.there.get(key, [])
        ended = next((run for run in recorded if run.outcome not in OPEN), None)
        open_ = [run for run in recorded if run.outcome in OPEN]
        if ended is not None:
            plan.there[number] = ended.run.path
            plan.diverged |= {number} if ended.outcome == "diverged" else set()
        elif key in claimed or any(run.run.in_flight for run in open_):
            plan.elsewhere.append(number)
        else:
            plan.others.update(known.others.get(key, []))
            resume = max((run.run for run in open_), key=_progress, default=None)
            words = tuple(train_line(each, runs, name))
            label = name or called(each.source)
            orders.append(Order(number, each.config, label, words, resume.path if resume else None))
    plan.stacks = stacks(orders, runs, jobs, most)
    return plan


def found(paths: Iterable[Path], wanted: Mapping[str, Config]) -> Found:
    """Those of these runs whose config is wanted. Raises ConfigError where files that its task reads are not there."""
    runs = Found()
    for path in paths:
        try:
            recorded = _recorded(path, wanted)
        except ConfigError as error:
            runs.damaged += error.lines
            continue
        if recorded is None:
            continue
        if recorded.outcome in OPEN and (odd := recorded.run.odd()):
            runs.damaged.append(f"{path}: {odd} is not a file")
            continue
        key = _fingerprint(recorded.config)
        if names := other_files(recorded.about, wanted[key]):
            runs.others.setdefault(key, []).append(names)
        else:
            runs.there.setdefault(key, []).append(recorded)
    return runs


def left_behind(orders: Iterable[Order], runs: Path) -> dict[int, Path]:
    """By number, the runs of these orders that somebody has begun and left: open, and written by nobody."""
    wanted = {identity(flat(plain(order.config))): order for order in orders}
    known = found(below(runs), {key: order.config for key, order in wanted.items()}).there
    left = {key: [each.run for each in several if _is_left(each)] for key, several in known.items()}
    return {wanted[key].number: max(several, key=_progress).path for key, several in left.items() if several}


def _is_left(recorded: Recorded) -> bool:
    return recorded.outcome in OPEN and not recorded.run.in_flight


def _recorded(path: Path, wanted: Mapping[str, Config]) -> Recorded | None:
    """The run, if its config is wanted; others are not read any further. Raises ConfigError where it is damaged."""
    if not is_run(path):
        raise ConfigError(not_a_run(path))
    return Recorded(path) if _fingerprint(read_resolved(Run(path).config)) in wanted else None


def _fingerprint(config: Mapping[str, Any]) -> str:
    """That of a recorded config, with the keys that came after it at their defaults."""
    return identity(completed(config))


def _progress(run: Run) -> tuple[str, str]:
    """Of several attempts the one with the newest checkpoint, else the latest."""
    return next((path.name for path in run.checkpoints()), ""), run.path.name
