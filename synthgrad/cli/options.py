"""Options that several commands share."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from synthgrad.errors import SynthgradError

OUTCOMES = ("finished", "diverged", "interrupted", "failed", "unfinished", "unreadable")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A point in time: a date, with or without a time of day, in local time, or an age."""
    try:
        if text is None or not (age := re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text)):
            return datetime.fromisoformat(text).astimezone() if text is not None else None
        return datetime.now().astimezone() - timedelta(**{UNITS[age[2]]: float(age[1])})
    except (ValueError, OverflowError):
        message = f"{text!r} is not a time (2026-11-24, 2026-11-24T18:00, or an age: 90m, 2h, 3d, 1w)"
        raise click.BadParameter(message, context, parameter) from None


def complete_setting(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a dotted key of the config and, after =, its values that have names."""
    from synthgrad.cli.config_list import keys

    known = keys()
    key, equals, value = incomplete.partition("=")
    if equals:
        return [CompletionItem(f"{key}={name}") for name in known.get(key, ()) if name.startswith(value)]
    return [CompletionItem(f"{name}=") for name in known if name.startswith(key)]


def complete_name(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the keys and entries that ``config list`` can be limited to."""
    from synthgrad.cli.config_list import keys, registries

    names = dict.fromkeys(name for key, (registry, _) in registries().items() for name in (key, *registry))
    names |= dict.fromkeys(keys())
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete ``latest`` and the names of runs below --runs, newest first; directories if no name fits."""
    from synthgrad.runs.finding import LATEST, below

    there: list[str] = []
    with suppress(SynthgradError):  # a damaged archive
        there = [path.name for path in below(Path(context.params.get("runs") or "runs"))]
    names = [LATEST, *sorted(there, reverse=True)]
    found = [CompletionItem(name) for name in names if name.startswith(incomplete) and name.isprintable()]
    return found or [CompletionItem(incomplete, type="dir")]


def complete_fork(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a run with @ and, after it, the last epoch that the run has recorded."""
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


file_option = partial(click.option, type=click.Path(path_type=Path), metavar="FILE")

format_option = partial(click.option, "--format", "kind", show_default=True)

text_or_json = format_option(type=click.Choice(["text", "json"]), default="text", help="Of the output.")

run_argument = partial(click.argument, metavar="RUN", shell_complete=complete_run)

several_runs = run_argument("names", nargs=-1, required=True, metavar="RUN...")

places = run_argument("places", nargs=-1, metavar="[PLACE]...")

runs_option = partial(click.option, "--runs", type=click.Path(path_type=Path), default="runs", show_default=True)

run_names = runs_option(help="The directory in which runs are found by name.")

new_runs = runs_option(help="The directory for new runs.")

new_name = click.option("--name", help="Name of new runs; by default the file name of the config.")

where = click.option(
    "--where", "conditions", multiple=True, metavar="'KEY<=VALUE'",
    help="Only runs that meet this condition (= != < <= > >=); repeatable.",
)  # fmt: skip

outcome = click.option(
    "--outcome", "outcomes", multiple=True, type=click.Choice(OUTCOMES), help="Only runs with this outcome; repeatable."
)

since = click.option(
    "--since", callback=_moment, metavar="WHEN",
    help="Only runs started then or later: 2026-11-24, 2026-11-24T18:00, or an age: 90m, 2h, 3d, 1w.",
)  # fmt: skip

before = click.option("--before", callback=_moment, metavar="WHEN", help="Only runs started before; see --since.")

set_option = partial(click.option, "-s", "--set", multiple=True)

settings = set_option(
    "settings", metavar="KEY=VALUE", shell_complete=complete_setting,
    help="Set a dotted key of the config to a YAML value; repeatable.",
)  # fmt: skip

seed = click.option("--seed", metavar="N", help="The same as -s seed=N.")

quiet = partial(click.option, "-q", "--quiet", is_flag=True)
