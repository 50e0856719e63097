"""Recorded runs in the formats of other tools. An exporter is a file here with a function ``export``.

It takes runs and where to write them (None: where it usually does), and yields lines for stdout: the paths that it
made, or the export itself. Nothing heavy is imported before one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthgrad.runs.reading import Recorded

    Exporter = Callable[[Sequence[Recorded], Path | None], Iterator[str]]

EXPORTERS = {"csv": "synthgrad.export.tidy", "tensorboard": "synthgrad.export.tensorboard"}


def exporter(name: str) -> Exporter:
    """The function of a registered exporter."""
    export: Exporter = import_module(EXPORTERS[name]).export
    return export
