"""Options that several commands share."""

from __future__ import annotations

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


settings = click.option(
    "-s",
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=_complete,
    help="Set a dotted key of the config to a YAML value; may be repeated.",
)
