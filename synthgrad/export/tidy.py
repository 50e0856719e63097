"""One table of all runs: a row for each run and epoch, as pandas.read_csv and R's read.csv open it unaided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from synthgrad.runs.directory import hand_over
from synthgrad.runs.reading import Recorded
from synthgrad.spreadsheets import csv_line, scalar


def export(runs: Sequence[Recorded], to: Path | None) -> Iterator[str]:
    """Run, seed, outcome, every key of their configs, then every column of their metrics, digit for digit.

    So runs of one kind have the same columns, whichever of them are exported.

    Without ``to`` its lines, else the path of the file that was made. Raises RunError.
    """
    if to is None:
        yield from (line.decode("utf-8", "surrogateescape") for line in lines(runs))
        return
    hand_over(to, lambda file: file.writelines(line + b"\n" for line in lines(runs)))
    if to.is_file():
        yield str(to)


def lines(runs: Sequence[Recorded]) -> Iterator[bytes]:
    """The header and the rows; what a run has not is blank."""
    keys = dict.fromkeys(key for run in runs for key in run.config if key != "seed")
    metrics = dict.fromkeys(name for run in runs for name in run.metrics().names)
    yield _line(["run", "seed", "outcome", *keys, *metrics])
    for run in runs:
        front = [run.name, run.seed, run.outcome, *(_cell(run.config.get(key)) for key in keys)]
        log = run.metrics()
        for row in log.rows():
            cells = dict(zip(log.names, row, strict=True))
            yield _line([*front, *(cells.get(name) for name in metrics)])
        run.note_damage(log.damage)


def _cell(value: object) -> Any:
    return str(value).lower() if isinstance(value, bool) else scalar(value)


def _line(cells: Sequence[Any]) -> bytes:
    return csv_line(cells).encode("utf-8", "surrogateescape")
