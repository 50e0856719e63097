"""One table of all runs: a row for each run and epoch, as pandas.read_csv and R's read.csv open it unaided."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from synthgrad.export.settings import differing_keys, scalar
from synthgrad.runs.directory import hand_over
from synthgrad.runs.reading import Recorded


def export(runs: Sequence[Recorded], to: Path | None) -> Iterator[str]:
    """Run, seed, the settings in which the runs differ, then every column of their metrics, digit for digit.

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
    keys = differing_keys(runs)
    metrics = dict.fromkeys(name for run in runs for name in run.metrics().names)
    yield _line(["run", "seed", *keys, *metrics])
    for run in runs:
        front = [run.name, run.seed, *(_cell(run.config.get(key)) for key in keys)]
        log = run.metrics()
        for row in log.rows():
            cells = dict(zip(log.names, row, strict=True))
            yield _line([*front, *(cells.get(name) for name in metrics)])
        run.note_damage(log.damage)


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else scalar(value)


def _line(cells: Sequence[Any]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # which has cells with either of them quoted
    return text.getvalue().removesuffix("\r\n").encode("utf-8", "surrogateescape")
