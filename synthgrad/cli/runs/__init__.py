"""``synthgrad runs``: list, show, diff, verify, export, archive, prune what was recorded."""

from __future__ import annotations

import click

from synthgrad.cli.lazy_commands import LazyGroup


@click.group(
    cls=LazyGroup,
    package=__name__,
    about={
        "list": "List runs: outcome, epochs, held-out accuracies, time.",
        "show": "Show a run: settings, curves, layers, environment, damage.",
        "diff": "Say how two runs differ, and from which epoch on.",
        "verify": "Train runs again and compare every number with the record.",
        "export": "Export runs as one CSV table or for TensorBoard.",
        "archive": "Put runs into one file that others can compare from.",
        "prune": "Delete runs: incomplete ones, or those you say.",
    },
)
def runs() -> None:
    """List, show, diff, repeat, share and delete recorded runs.

    A RUN is named by its path, its directory's name or the beginning of it, its last four letters, or latest; one in an
    archive by FILE.zip and such a name.
    """
