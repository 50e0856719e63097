"""The display of ``--quiet``, and what every display of a command that trains has; without rich, which loads slowly."""

from __future__ import annotations

from contextlib import suppress
from typing import Generic, Self, TypeVar

import click

Event = TypeVar("Event", contravariant=True)


class QuietDisplay(Generic[Event]):
    """Shows nothing but errors."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, event: Event) -> None:
        """Show what has changed with this event."""

    def say(self, text: str) -> None:
        """Print a line that is good to know."""

    def conclude(self) -> None:
        """Print the result."""

    def warn(self, text: str) -> None:
        """Print an error."""
        with suppress(OSError):  # even if nobody sees it, the command goes on and prints its directories
            click.echo(text, err=True)
