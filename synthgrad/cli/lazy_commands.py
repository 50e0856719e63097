"""Commands that are imported when they are used: ``--help`` and ``train`` do not wait for ``compare``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group of commands, each in the module of its name in a package; ``about`` has the line of each in the help."""

    def __init__(self, *, package: str, about: Mapping[str, str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # what click.group hands on
        self.package, self.about = package, about
        self.commands = dict.fromkeys(about)  # type: ignore[assignment]  # the names, for click to find near ones

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.about)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.about:
            return None
        found = vars(import_module(f"{self.package}.{cmd_name}")).values()
        return next(each for each in found if isinstance(each, click.Command) and each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.about[name]) for name in self.list_commands(ctx)])
