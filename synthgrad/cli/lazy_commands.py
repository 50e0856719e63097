"""Commands that are imported when they are used: ``train`` does not wait for the imports of ``compare``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import click


class Commands(Mapping[str, click.Command]):
    """The commands of a package by name; each is defined in the module of its name."""

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        self.package, self.names = package, names

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.names:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f"{self.package}.{name}"), name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
