"""Event files for TensorBoard: one directory a run, a scalar for each column, its settings as hyperparameters.

The same runs give the same bytes: an export that is repeated replaces the one before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from synthgrad.errors import ConfigError, RunError
from synthgrad.records import Record
from synthgrad.runs.directory import reason, whole
from synthgrad.runs.reading import Recorded
from synthgrad.spreadsheets import scalar

DIRECTORY = Path("tensorboard")
FILE = "events.out.tfevents.{started:.0f}.synthgrad"
"""TensorBoard looks for tfevents in a name; the second of the start keeps them in order."""
COUNTERS = ("epoch", "step", "seconds")


def export(runs: Sequence[Recorded], to: Path | None) -> Iterator[str]:
    """Write each run's events into a directory of its name below ``to``, and say which.

    Raises ConfigError without tensorboardX and where two runs have one name, RunError where nothing can be written.
    """
    _needed()
    _check_names(runs)
    for run in runs:
        directory = (to or DIRECTORY) / run.name
        try:
            directory.mkdir(parents=True, exist_ok=True)
            path = directory / FILE.format(started=_started(run))
            whole(path, lambda file, run=run: file.writelines(map(_framed, events(run))))  # type: ignore[misc]
        except OSError as error:
            raise RunError(f"{directory}: cannot be written: {reason(error)}") from None
        yield str(directory)


def tag(column: str) -> str:
    """The name of a column in TensorBoard, which makes a group of what stands before the slash."""
    kind, dot, layer = column.partition(".")
    if dot:
        return f"{kind}/{layer}"
    return f"test/{column.removeprefix('test_')}" if column.startswith("test_") else f"train/{column}"


def events(run: Recorded) -> Iterator[bytes]:
    """The serialised events of a run: version, settings, then one for each epoch. Blank cells are left out."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    metrics, started = run.metrics(), _started(run)
    tags = {name: tag(name) for name in metrics.names if name not in COUNTERS}
    yield Event(wall_time=started, file_version="brain.Event:2").SerializeToString()
    for summary in _settings(run, tags.values()):
        yield Event(wall_time=started, summary=summary).SerializeToString()
    for row in metrics.rows():
        cells = dict(zip(metrics.names, row, strict=True))
        values = [Summary.Value(tag=tags[name], simple_value=float(cells[name])) for name in tags if cells[name]]
        time = started + float(cells.get("seconds") or 0)
        event = Event(wall_time=time, step=int(float(cells["epoch"])), summary=Summary(value=values))
        yield event.SerializeToString()
    run.note_damage(metrics.damage)


def _settings(run: Recorded, tags: Iterable[str]) -> Sequence[Any]:
    """The summaries that make TensorBoard's table of hyperparameters."""
    from tensorboardX.summary import hparams

    settings: Record = {key: scalar(value) for key, value in run.config.items()}
    made: Sequence[Any] = hparams(settings, dict.fromkeys(tags))
    return made


def _framed(record: bytes) -> bytes:
    """One record of a TFRecord file: length, its checksum, data, their checksum."""
    from tensorboardX.record_writer import masked_crc32c

    length = struct.pack("<Q", len(record))
    return b"".join(
        [length, struct.pack("<I", masked_crc32c(length)), record, struct.pack("<I", masked_crc32c(record))]
    )


def _started(run: Recorded) -> float:
    """Seconds since 1970 at the start; 0 where the run does not say."""
    return run.started.timestamp() if run.started else 0.0


def _needed() -> None:
    """Raise ConfigError where tensorboardX is not installed."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError:
        message = "--to tensorboard: needs tensorboardX (pip install 'synthgrad[tensorboard]')"
        raise ConfigError(message) from None


def _check_names(runs: Sequence[Recorded]) -> None:
    """Raise ConfigError where two runs would write into one directory."""
    paths: dict[str, Path] = {}
    for run in runs:
        other = paths.setdefault(run.name, run.run.path)
        if other != run.run.path:
            raise ConfigError(f"{run.run.path}: has the name of {other} (export them to different directories)")
