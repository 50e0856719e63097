"""``synthgrad runs``: list, show, diff, verify, export, archive, prune what was recorded."""

from __future__ import annotations

import click

from synthgrad.cli.runs.archive import archive
from synthgrad.cli.runs.diff import diff
from synthgrad.cli.runs.export import export
from synthgrad.cli.runs.list import list_
from synthgrad.cli.runs.prune import prune
from synthgrad.cli.runs.show import show
from synthgrad.cli.runs.verify import verify


@click.group()
def runs() -> None:
    """List, show, diff, repeat, share and delete recorded runs.

    A RUN is named by its path, its directory's name or the beginning of it, its last four letters, or latest; one in an
    archive by FILE.zip and such a name.
    """


for _command in (list_, show, diff, verify, export, archive, prune):
    runs.add_command(_command)
