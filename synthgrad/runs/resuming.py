"""Resuming a run: from its last checkpoint, or from the start; it ends with the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from synthgrad.config import dump, plain
from synthgrad.errors import ConfigError, RunError
from synthgrad.experiment import Replica
from synthgrad.records import Record
from synthgrad.runs import checkpoints
from synthgrad.runs.checkpoints import Checkpoint
from synthgrad.runs.data import other_files
from synthgrad.runs.directory import Run, not_written, whole
from synthgrad.runs.first_difference import last_epoch
from synthgrad.runs.liveness import liveness
from synthgrad.runs.locking import take
from synthgrad.runs.log import Log, as_json, beginnings
from synthgrad.runs.reading import OPEN, Metrics, Recorded, read_json
from synthgrad.runs.settings import told
from synthgrad.text import counted


class Row(NamedTuple):
    """A row of the metrics file: its numbers, and where it ends in the file."""

    epoch: int
    step: int
    seconds: float
    metrics: dict[str, float]
    end: int


def check(recorded: Recorded, force: bool = False) -> None:
    """Raise ConfigError where a run has come to its end, is being written, or has other settings than it began with.

    With ``force`` a run that nobody can tell to be written is not.
    """
    if odd := recorded.run.odd():
        raise ConfigError(f"{recorded.run.path}: {odd} is not a file: the run cannot be resumed (train it anew)")
    if recorded.outcome not in OPEN:
        said = "has diverged" if recorded.diverged else f"is {recorded.outcome}"
        right = "another step size may help" if recorded.diverged else "train it anew from its config.yaml"
        raise ConfigError(f"{recorded.run.path}: {said}: there is nothing to resume ({right})")
    if recorded.unproved:
        said = "run.json is damaged, and with it what the run began with: it cannot be resumed"
        raise ConfigError(f"{recorded.run.path}: {said} (train it anew from its config.yaml)")
    if said := trained_elsewhere(recorded.run, force):
        raise ConfigError(said)
    _check_settings(recorded, recorded.epochs)


def trained_elsewhere(run: Run, force: bool) -> str:
    """A message where a run is being written by another process, or may be; else nothing."""
    found = liveness(run)
    if not found.taken(force):
        return ""
    if found.writing:
        return f"{run.path}: is being trained by another process (wait for it, or end it first)"
    return f"{run.path}: may still be trained: {found.doubt} (if that process has ended: --force)"


def _check_settings(recorded: Recorded, epochs: int | None) -> None:
    """Raise ConfigError where a run has more epochs than it is to have, or other settings than it began with."""
    path, done = recorded.run.path, last_epoch(recorded.metrics().columns([]))
    lines = []
    if epochs is not None and epochs < done:
        right = f"put the number back, or train the shorter run anew: synthgrad train {recorded.run.config}"
        lines.append(f"{path}: has {counted(done, 'epoch')}, the config says {epochs} ({right})")
    if recorded.edited:
        other = f"synthgrad train --from {path}@EPOCH -s KEY=VALUE goes on with others"
        right = f"put the values back, run.json has them; {other}"
        lines += [*told(recorded.run.config, recorded.edited), f"{path}: is resumed only as it began ({right})"]
    if lines:
        raise ConfigError(lines)


def reached(run: Run) -> int:
    """The epoch after which a run goes on: that of its newest checkpoint that is whole and has its rows, else 0."""
    rows = Metrics(run.metrics).columns(["epoch"])["epoch"]
    return next((found.epoch for found in checkpoints.read(run) if found.epoch <= len(rows)), 0)


def take_up(run: Run, replica: Replica, about: Record, force: bool = False) -> Log:
    """The log of a run that goes on, its replica in the state of ``log.epoch``; 0 where it has to start again.

    Raises RunError where the directory cannot be written or is being written by another process, and where the files
    that its task reads are not what they were; ConfigError where its settings are not.
    """
    log = Log(run, replica)
    log.resumed = True
    try:
        log.file = run.metrics.open("r+b" if run.metrics.exists() else "x+b", buffering=0)
        log.lock = take(log.file, run.metrics, force=force)
        if log.lock is None:
            raise RunError(f"{run.path}: is being trained by another process (wait for it, or end it first)")
        _check_again(Recorded(run.path), replica)
        run.result.unlink(missing_ok=True)
        run.weights.unlink(missing_ok=True)
        rows = list(_rows(log.file, log.columns))
        found = _restore(run, replica, rows)
        kept = rows[: found.epoch] if found else []
        _note(run, replica, found.epoch if found else 0, about)
        log.file.truncate(kept[-1].end if kept else 0)
        log.file.seek(0, 2)
        if not found:
            log.write_header()
            checkpoints.clear(run)
    except OSError as error:
        log.close()
        raise not_written(f"{run.path}: cannot be resumed", error) from None
    except BaseException:
        log.close()
        raise
    for row in kept:
        log.note(row.epoch, row.step, row.seconds, row.metrics)
    if found:
        log.before = log.seconds = found.seconds
    return log


def _check_again(recorded: Recorded, replica: Replica) -> None:
    """Raise RunError where a run is not what it was when it was looked at before, or its data are not; ConfigError."""
    path = recorded.run.path
    if recorded.outcome not in OPEN:
        raise RunError(f"{path}: has ended meanwhile: it is {recorded.outcome}")
    _check_settings(recorded, replica.config.training.epochs)
    if (others := other_files(recorded.about, replica.config)) and reached(recorded.run):
        raise RunError(f"{path}: began with another {' and '.join(others)} (train it anew from its config.yaml)")


def _restore(run: Run, replica: Replica, rows: Iterable[Row]) -> Checkpoint | None:
    """Put the newest checkpoint back that is whole, fits, and has all its rows."""
    epochs = sum(1 for _ in rows)
    for found in checkpoints.read(run):
        if found.epoch > epochs:
            continue
        try:
            replica.restore(found.state, found.epoch)
        except (ValueError, KeyError):
            continue
        return found
    return None


def _rows(file: BinaryIO, columns: Iterable[str]) -> Iterator[Row]:
    """The whole rows of a metrics file with these columns, epoch 1, 2, ..., up to the first that is not so."""
    file.seek(0)
    names = list(columns)
    header, *lines = file.read().split(b"\n")[:-1] or [b""]
    if header.decode("utf-8", "replace") != ",".join(["epoch", "step", "seconds", *names]):
        return
    end = len(header) + 1
    for epoch, line in enumerate(lines, 1):
        end += len(line) + 1
        try:
            first, step, seconds, *cells = line.decode().split(",")
            metrics = {name: float(cell) for name, cell in zip(names, cells, strict=True) if cell}
            row = Row(int(first), int(step), float(seconds), metrics, end)
        except ValueError:
            return
        if row.epoch != epoch:
            return
        yield row


def _note(run: Run, replica: Replica, epoch: int, about: Record) -> None:
    """Record in run.json that the run was resumed; a run that starts again gets the present environment and config."""
    try:
        then = read_json(run.about)
    except (FileNotFoundError, ConfigError):
        then = {}
    if epoch and then:
        before = then.get("resumed")
        content = {**then, "resumed": [*(before if isinstance(before, list) else []), {"after_epoch": epoch, **about}]}
    else:
        parent = {"branch": then["branch"]} if "branch" in then else {}
        content = {**about, **parent, **beginnings(replica)}
        whole(run.config, lambda file: file.write(dump(plain(replica.config)).encode()), lasting=True)
    whole(run.about, lambda file: file.write(as_json(content)), lasting=True)
