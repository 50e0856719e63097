"""Options that several commands share."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from synthgrad.errors import SynthgradError

OUTCOMES = ("finished", "diverged", "interrupted", "failed", "unfinished", "unreadable")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A point in time: a date, a time of day, both in local time, or an age."""
    try:
        return _when(text) if text is not None else None
    except (ValueError, OverflowError):
        message = f"{text!r} is no time (2026-11-24, 2026-11-24T18:00, or an age: 90m, 2h, 3d, 1w)"
        raise click.BadParameter(message, context, parameter) from None


def _when(text: str) -> datetime:
    """Raises ValueError, OverflowError."""
    age = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text)
    if age:
        return datetime.now().astimezone() - timedelta(**{UNITS[age[2]]: float(age[1])})
    return datetime.fromisoformat(text).astimezone()


def complete_setting(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Dotted keys of the config, after them the names that a key can have."""
    from synthgrad.cli.config_list import keys

    known = keys()
    key, equals, value = incomplete.partition("=")
    if equals:
        return [CompletionItem(f"{key}={name}") for name in known.get(key, ()) if name.startswith(value)]
    return [CompletionItem(f"{name}=") for name in known if name.startswith(key)]


def complete_name(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Keys and entries that ``config list`` can be narrowed to."""
    from synthgrad.cli.config_list import keys, registries

    names = dict.fromkeys(name for key, (registry, _) in registries().items() for name in (key, *registry))
    names |= dict.fromkeys(keys())
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``latest`` and the names of the runs below --runs, those made last first; directories where none is meant."""
    from synthgrad.runs.finding import LATEST, below

    there: list[str] = []
    with suppress(SynthgradError):  # a damaged archive
        there = [path.name for path in below(Path(context.params.get("runs") or "runs"))]
    names = [LATEST, *sorted(there, reverse=True)]
    found = [CompletionItem(name) for name in names if name.startswith(incomplete) and name.isprintable()]
    return found or [CompletionItem(incomplete, type="dir")]


def complete_fork(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of runs with @, after it the last epoch that the run has recorded."""
    from synthgrad.files import read_bytes
    from synthgrad.runs.directory import MOST_BYTES
    from synthgrad.runs.finding import named

    name, at, epoch = incomplete.rpartition("@")
    if not at:
        items = complete_run(context, parameter, incomplete)
        return [item if item.type == "dir" else CompletionItem(f"{item.value}@") for item in items]
    last = ""
    with suppress(SynthgradError, OSError, IndexError, ValueError):
        path = named(name, Path(context.params.get("runs") or "runs"))
        last = read_bytes(path / "metrics.csv", MOST_BYTES["metrics.csv"]).decode().splitlines()[-1].partition(",")[0]
    return [CompletionItem(f"{name}@{last}")] if last.isdecimal() and last.startswith(epoch) else []


run_names = click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Where runs are looked for by their names.",
)

where = click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="'KEY<=VALUE'",
    help="Only runs that meet this (= != < <= > >=); repeatable.",
)

outcome = click.option(
    "--outcome", "outcomes", multiple=True, type=click.Choice(OUTCOMES), help="Only these; repeatable."
)

since = click.option(
    "--since",
    callback=_moment,
    metavar="WHEN",
    help="Only runs begun then or later: 2026-11-24, 2026-11-24T18:00, or an age: 90m, 2h, 3d, 1w.",
)

before = click.option("--before", callback=_moment, metavar="WHEN", help="Only runs begun before then, as for --since.")

settings = click.option(
    "-s",
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=complete_setting,
    help="Set a dotted key of the config to a YAML value; may be repeated.",
)
