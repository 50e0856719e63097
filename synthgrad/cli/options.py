"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Dotted keys of the config, after them the names that a key can have."""
    from synthgrad.cli.listing import keys

    known = keys()
    key, equals, value = incomplete.partition("=")
    if equals:
        return [CompletionItem(f"{key}={name}") for name in known.get(key, ()) if name.startswith(value)]
    return [CompletionItem(f"{name}=") for name in known if name.startswith(key)]


def complete_name(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Keys and entries that ``config list`` can be narrowed to."""
    from synthgrad.cli.listing import registries

    names = dict.fromkeys(name for key, (registry, _) in registries().items() for name in (key, *registry))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``latest`` and the names of the runs below --runs, those made last first; directories where none is meant."""
    from synthgrad.runs.finding import LATEST, below

    there = (path.name for path in below(Path(context.params.get("runs") or "runs")))
    names = [LATEST, *sorted(there, reverse=True)]
    found = [CompletionItem(name) for name in names if name.startswith(incomplete) and name.isprintable()]
    return found or [CompletionItem(incomplete, type="dir")]


run_names = click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Where runs are looked for by their names.",
)

settings = click.option(
    "-s",
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=_complete,
    help="Set a dotted key of the config to a YAML value; may be repeated.",
)
