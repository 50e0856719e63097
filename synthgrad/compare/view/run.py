"""What the page of one run says, once for the terminal and for HTML: sentences, columns, names and values."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from synthgrad.compare.layout import Column
from synthgrad.compare.view.cells import Cell, number, shown
from synthgrad.config import written
from synthgrad.numbers import fixed, short
from synthgrad.records import Record
from synthgrad.scores import score_in

LAYERS = {
    "generator_error": "error", "cosine": "cosine", "skill": "skill", "bound": "stable below",
    "input_error": "input error", "staleness": "late by", "updates": "updates",
}  # fmt: skip
"""What is known of a layer: of its generator (a step size of its own too), its input model, its schedule."""
ERRORS = ("generator_error", "input_error")
COUNTED = ("bound", "staleness", "updates")
"""Shown with as few digits as tell them."""
LARGE = 1000
"""From here on a skill is shown by its magnitude."""


def happened(said: Record) -> Iterator[str]:
    """Sentences: outcome, epochs, when, how long; who was trained; where it went wrong."""
    done = said["epoch"] or 0
    parts = [said["outcome"], f"{done} of {said['epochs']} epochs" if said["epochs"] else f"{done} epochs"]
    if said["started"]:
        parts.append(f"started {said['started'][:16].replace('T', ' ')}")
    if said["seconds"]:
        rate = said["steps_per_second"]
        parts.append(f"{said['seconds']:.1f} s of training" + (f" ({rate:,.0f} steps a second)" if rate else ""))
    yield ", ".join(parts)
    yield f"{said['trainer'] or 'unknown'} on {said['config'].get('task.name') or 'unknown'}, seed {said['seed']}"
    about = said["about"]
    if isinstance(parent := about.get("branch"), dict):
        yield f"Its first {parent.get('epoch')} epochs are those of {parent.get('run')}."
    if isinstance(processes := about.get("processes"), int) and processes > 1:
        yield f"{processes} processes shared its layers."
    if about.get("varies") is True:
        yield "Its schedule is free, so its numbers vary with timing: no run repeats it."
    if said["diverged"]:
        epoch, step, where = (said["diverged"].get(name) for name in ("epoch", "step", "where"))
        yield f"Diverged in epoch {epoch}, step {step}: {where} stopped being finite."
    if said["error"]:
        yield f"Failed: {said['error']}"
    if said["outcome"] == "unfinished":
        yield "It has no result: it is still running, or it was killed."


def settings(said: Record) -> list[Column]:
    """The settings that are not at their defaults; all of them where the defaults are not known."""
    if said["changed"] is None:
        return every_setting(said)
    pairs = {key: pair for key, pair in said["changed"].items() if key != "seed"}
    defaults = [_default(pair["default"]) for pair in pairs.values()]
    values = [written(pair["value"]) for pair in pairs.values()]
    return [
        _names("key", pairs),
        Column("value", values, right=False),
        Column("default", defaults, right=False, rank=1),
    ]


def every_setting(said: Record) -> list[Column]:
    """The whole config."""
    values = list(map(written, said["config"].values()))
    return [_names("key", said["config"]), Column("value", values, right=False)]


def _default(value: object) -> str:
    return "unknown to this version" if value is None else "none" if value == "" else written(value)


def metrics(said: Record, names: Iterable[str]) -> list[Column]:
    """The first, last and best value of these metrics."""
    found = {name: said["figures"][name] for name in names}

    def values(end: str) -> list[Cell]:
        return [shown(f[end], fixed(f[end], 4) if score_in(name) else short(f[end])) for name, f in found.items()]

    epochs = [number(f["best_epoch"]) for f in found.values()]
    ends = [Column(end, values(end)) for end in ("first", "last")]
    return [_names("metric", found), *ends, Column("best", values("best"), rank=1), Column("in epoch", epochs, rank=1)]


def layers(said: Record) -> list[Column]:
    """The last measured values of each layer's generator, and the step size that it does not bear."""
    bounds = said["about"].get("stability")
    bounds = bounds if isinstance(bounds, dict) else {}
    numbers = sorted(dict.fromkeys([*said["layers"], *bounds]), key=_place)
    values = [{**said["layers"].get(n, {}), "bound": bounds.get(n)} for n in numbers]
    columns = [Column(t, [_grade(name, v.get(name)) for v in values], rank=1) for name, t in LAYERS.items()]
    for column in columns[:3]:
        column.rank = 0
    return [_names("layer", numbers), *(column for column in columns if not column.empty)] if numbers else []


def _place(number: str) -> tuple[int, str]:
    """Layers in their order; names that are not numbers after them."""
    return (int(number), "") if number.isdecimal() and len(number) < 9 else (10**9, number)


def _grade(name: str, value: object) -> Cell:
    if not isinstance(value, int | float):
        return Cell()
    if name in ERRORS:
        return shown(value, short(value, 4))
    return shown(value, short(value) if name in COUNTED or abs(value) >= LARGE else fixed(value, 3))


def made_with(about: Record) -> Mapping[str, str]:
    """Command, commit, versions, BLAS and machine of a run; empty where they are not known."""
    command, versions = about.get("command"), {name: about.get(name) for name in ("synthgrad", "python", "numpy")}
    return {
        "command": shlex.join(map(str, command)) if isinstance(command, list) else "",
        "commit": _commit(about.get("git")),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        "BLAS": " ".join(filter(None, [str(about.get("blas") or ""), _threads(about.get("threads"))])),
        "machine": ", ".join(str(about[name]) for name in ("host", "system") if about.get(name)),
    }


def _commit(git: object) -> str:
    if not isinstance(git, dict) or not git.get("commit"):
        return ""
    return f"{git['commit']}{' with changes' if git.get('dirty') else ''}"


def _threads(threads: object) -> str:
    """The threads that BLAS had, as its variables say."""
    given = {str(value) for value in threads.values() if value} if isinstance(threads, dict) else set()
    return f"({'/'.join(sorted(given))} thread{'' if given == {'1'} else 's'})" if given else ""


def _names(header: str, of: Iterable[str]) -> Column:
    return Column(header, list(of), right=False)
