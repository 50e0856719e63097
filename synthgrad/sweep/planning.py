"""What a sweep has to do: the runs of its grid that are not there yet, as stacks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from synthgrad.config import flat, plain, read_resolved
from synthgrad.errors import ConfigError, RunError
from synthgrad.records import Record, Settings
from synthgrad.runs.data import Data, Files, locations, other_files, recorded_files
from synthgrad.runs.deciding import decided
from synthgrad.runs.defaults import completed
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below, called, is_run, not_a_run
from synthgrad.runs.liveness import in_use, liveness
from synthgrad.runs.reading import OPEN, UNREADABLE, Recorded
from synthgrad.runs.settings import original, relevant_settings
from synthgrad.sweep.grid import Planned
from synthgrad.sweep.reservations import Reserved, others, reserving
from synthgrad.sweep.stacks import Order, Stack, stacks
from synthgrad.text import counted

if TYPE_CHECKING:
    from synthgrad.experiment import Config


@dataclass
class Plan:
    """A grid, and what becomes of its runs, by number.

    They are ``there`` already (those that ``diverged`` too), trained ``elsewhere`` by another process, or to be
    trained as ``stacks``. ``others`` counts runs that would be those to be trained, by the files of the user that were
    not what they are now; where there are none, it is their config that was another. ``unproved`` counts runs to be
    resumed that do not say what they began with. ``unseen`` says of runs that may be trained elsewhere why nobody can
    tell; ``locked`` is whether the file system has locks. ``damaged`` says of runs that cannot be read why not.
    """

    grid: list[Planned]
    there: dict[int, Path] = field(default_factory=dict)
    diverged: set[int] = field(default_factory=set)
    elsewhere: list[int] = field(default_factory=list)
    stacks: list[Stack] = field(default_factory=list)
    others: Counter[tuple[str, ...]] = field(default_factory=Counter)
    unproved: int = 0
    unseen: list[str] = field(default_factory=list)
    locked: bool = True
    damaged: list[str] = field(default_factory=list)


@dataclass
class Found:
    """Runs of a grid by the fingerprint of their config: those that are, and of those on other data the file names.

    Runs whose config was edited are among the others, with no file's name. ``damaged`` says of runs that cannot be read
    why not.
    """

    there: dict[str, list[Recorded]] = field(default_factory=dict)
    others: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """What is asked of a sweep: where its runs go, their name, how many jobs, and stacks of at most ``most`` runs.

    With ``force`` runs that nobody can tell to be trained elsewhere are not.
    """

    runs: Path
    name: str | None = None
    jobs: int = 1
    most: int | None = None
    force: bool = False


@contextmanager
def planned(grid: list[Planned], request: Request, reserve: bool) -> Iterator[Plan]:
    """The plan of a grid. With ``reserve`` its runs are this process's while entered: other sweeps leave them alone.

    Raises ConfigError where two runs of the grid would record the same, RunError where no reservation can be made.
    """
    keys = _fingerprints(grid)
    if not reserve:
        yield _plan(grid, keys, request)
        return
    try:
        with reserving(request.runs, request.force) as mine:
            plan = _plan(grid, keys, request)
            plan.locked = mine.locked
            mine.take(keys[order.number] for stack in plan.stacks for order in stack.orders)
    except RunError:  # where nothing is to be written, no reservation is needed
        plan = _plan(grid, keys, request)
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


def identity(config: Record, files: Files | None = None) -> str:
    """A fingerprint of a resolved config, by dotted key, and of its ``files``: equal for runs that record the same.

    Without ``files`` it is where they lie that counts.
    """
    settings = relevant_settings(config, Data.of(config, files))
    return blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()


def _fingerprints(grid: list[Planned]) -> list[str]:
    """Fingerprints of its configs. Raises ConfigError where two are equal."""
    configs = [flat(plain(each.config)) for each in grid]
    keys = [identity(config, each.config.files()) for config, each in zip(configs, grid, strict=True)]
    before: dict[str, Settings] = {}
    for key, config in zip(keys, configs, strict=True):
        one = before.setdefault(key, config)
        if one is not config:
            silent = [name for name, value in config.items() if one.get(name) != value]
            what = "the same data at both make" if {*silent} & {*locations(config)} else "any value makes"
            raise ConfigError(f"sweep: {', '.join(silent)}: {what} the same run (leave one of them)")
    return keys


def _plan(grid: list[Planned], keys: list[str], request: Request) -> Plan:
    plan, orders = Plan(grid), []
    wanted = {key: each.config for key, each in zip(keys, grid, strict=True)}
    reserved, known = others(request.runs, request.force), found(below(request.runs), wanted)
    plan.damaged = known.damaged
    for number, (each, key) in enumerate(zip(grid, keys, strict=True)):
        recorded = known.there.get(key, [])
        ended = next((run for run in recorded if run.outcome not in OPEN), None)
        open_ = [run for run in recorded if run.outcome in OPEN]
        if ended is not None:
            plan.there[number] = ended.run.path
            plan.diverged |= {number} if ended.outcome == "diverged" else set()
        elif reasons := _elsewhere(key, reserved, open_, request.force):
            plan.elsewhere.append(number)
            plan.unseen += filter(None, reasons[:1])
        else:
            plan.others.update(known.others.get(key, []))
            resume = max(open_, key=_progress, default=None)
            plan.unproved += resume is not None and original(resume.about) is None
            words = tuple(train_line(each, request.runs, request.name))
            label = request.name or called(each.source)
            orders.append(Order(number, each.config, label, words, resume.run.path if resume else None, request.force))
    plan.stacks = stacks(orders, request.runs, request.jobs, request.most)
    return plan


def _elsewhere(key: str, reserved: Reserved, attempts: Iterable[Recorded], force: bool) -> list[str]:
    """Why a run is trained by another process, nothing where it is not; "" where that is known, the doubt where not."""
    lives = [(each.run.path, liveness(each.run)) for each in attempts]
    reasons = ["" if life.writing else f"{path}: {life.doubt}" for path, life in lives if life.taken(force)]
    if reserved.has(key):
        reasons.append("" if key in reserved.keys else f"reserved by a sweep, {reserved.unseen[key]}")
    return sorted(reasons)  # what is known comes first


def found(paths: Iterable[Path], wanted: Mapping[str, Config]) -> Found:
    """Those of these runs whose config is wanted, on the same data, wherever those lay when the run was made.

    Raises ConfigError if files that its task reads are not there.
    """
    runs = Found()
    places = {identity(config): key for key, each in wanted.items() if locations(config := flat(plain(each)))}
    for path in paths:
        try:
            key, place = _identities(path)
            mine = key if key in wanted else places.get(place, "")
            recorded = Recorded(path) if mine else None
        except ConfigError as error:
            runs.damaged += error.lines
            continue
        if recorded is None:
            continue
        if why := _damaged(recorded):
            runs.damaged.append(f"{path}: {why}")
            continue
        names = () if key in wanted else other_files(recorded.about, wanted[mine])  # it may not say which data it read
        if names or recorded.edited:
            runs.others.setdefault(mine, []).append(names)
        else:
            runs.there.setdefault(mine, []).append(recorded)
    return runs


def _damaged(recorded: Recorded) -> str:
    """Why a run is neither there nor to be resumed; nothing if it may be."""
    if recorded.outcome not in (*OPEN, UNREADABLE):
        return ""
    if odd := recorded.run.odd():
        return f"{odd} is not a file"
    damaged = "result.json" if recorded.outcome == UNREADABLE else "run.json" if recorded.unproved else ""
    return f"{damaged} is damaged" if damaged else ""


def left_behind(orders: Iterable[Order], runs: Path) -> dict[int, Path]:
    """By number, the runs of these orders that somebody has begun and left: open, and written by nobody."""
    wanted = {identity(flat(plain(order.config)), order.config.files()): order for order in orders}
    known = found(below(runs), {key: order.config for key, order in wanted.items()}).there
    left = {key: [each for each in several if _is_left(each)] for key, several in known.items()}
    return {wanted[key].number: max(several, key=_progress).run.path for key, several in left.items() if several}


def _is_left(recorded: Recorded) -> bool:
    return recorded.outcome in OPEN and not in_use(recorded.run)


def _identities(path: Path) -> tuple[str, str]:
    """The fingerprint of a run, by its data and by their place, the keys that came after it at their defaults.

    Raises ConfigError if it is damaged.
    """
    if not is_run(path):
        raise ConfigError(not_a_run(path))
    run = Run(path)
    config = completed(decided(run, read_resolved(run.config)))
    place = identity(config)
    files = recorded_files(Recorded(path).about) if locations(config) else None
    return identity(config, files) if files else place, place


def _progress(recorded: Recorded) -> tuple[str, str]:
    """Of several attempts the one with the newest checkpoint, else the latest."""
    return next((path.name for path in recorded.run.checkpoints()), ""), recorded.name


def not_of_the_grid(others: Mapping[tuple[str, ...], int]) -> Iterator[str]:
    """Why runs with the settings of a grid do not belong to it, by the names of the files that they read."""
    for names, count in others.items():
        edited = f"{'its' if count == 1 else 'their'} config.yaml is not what run.json recorded"
        why = f"trained on another {' and '.join(names)}" if names else edited
        yield f"{counted(count, 'run')} left alone: {why}"
