"""What survives a loss of power: data are synced before a file gets its name, and rows before what needs them."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import tiny
from support.archives import OWN, packed
from support.archives import run as bare
from support.trained_runs import killed, made

from synthgrad.experiment import Experiment
from synthgrad.runs import checkpoints
from synthgrad.runs.directory import Run, whole
from synthgrad.runs.locking import take
from synthgrad.runs.recording import record
from synthgrad.runs.resuming import take_up
from synthgrad.sweep import packing
from synthgrad.sweep.reservations import reserving
from synthgrad.sweep.stacks import Order

KEYS = {"training.epochs": 5, "training.checkpoint_every": 2}


class Sync(NamedTuple):
    """A file or directory was synced: its number, and its bytes then."""

    number: int
    size: int


class Rename(NamedTuple):
    """A file got its name: its number, its path, and the bytes that the metrics file beside it had then."""

    number: int
    path: Path
    rows: int


@pytest.fixture
def disk(monkeypatch):
    """What is synced and renamed from here on, in order."""
    done, sync, replace = [], os.fsync, os.replace

    def synced(file):
        sync(file)
        found = os.fstat(file)
        done.append(Sync(found.st_ino, found.st_size))

    def renamed(old, new, **more):
        number, rows = os.stat(old).st_ino, Path(new).with_name("metrics.csv")
        replace(old, new, **more)
        done.append(Rename(number, Path(new), rows.stat().st_size if rows.exists() else -1))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return done


def names(disk):
    """The files that were renamed."""
    return [each.path.name for each in disk if isinstance(each, Rename)]


def check_names(disk):
    """Every file that was renamed was synced just before, and its directory just after."""
    assert names(disk)
    for at, each in enumerate(disk):
        if isinstance(each, Rename):
            assert (type(disk[at - 1]), disk[at - 1].number) == (Sync, each.number), each
            assert disk[at + 1].number == each.path.parent.stat().st_ino, each


def check_rows(disk, run, name):
    """Whenever a file called so got its name, all rows that were there had been synced."""
    metrics, synced, checked = (run / "metrics.csv").stat().st_ino, -1, 0
    for each in disk:
        if isinstance(each, Sync) and each.number == metrics:
            synced = each.size
        elif isinstance(each, Rename) and each.path.parent == run and each.path.name.startswith(name):
            assert synced == each.rows, each
            checked += 1
    assert checked


# whole files --------------------------------------------------------------------------------------


def test_a_lasting_file_is_on_the_disk_before_it_has_its_name_and_its_name_after_it(tmp_path, disk):
    """First the bytes, then the name, then the directory that holds the name."""
    whole(tmp_path / "a.json", lambda file: file.write(b"12345"), lasting=True)
    number, folder = (tmp_path / "a.json").stat().st_ino, tmp_path.stat().st_ino
    assert disk[0] == Sync(number, 5)
    assert disk[1] == Rename(number, tmp_path / "a.json", -1)
    assert disk[2].number == folder


def test_every_file_of_a_run_lasts(tmp_path, disk):
    """Config, environment, checkpoints, weights, result."""
    made(tmp_path, KEYS)
    check_names(disk)
    states = [f"checkpoint-{epoch:08}.npz" for epoch in (2, 4)]
    assert names(disk) == ["config.yaml", "run.json", *states, "weights.npz", "result.json"]


def resumed(run):
    """Resume a run, to its end."""
    experiment = Experiment([tiny(KEYS)])
    with closing(take_up(run, experiment.replicas[0], {})) as log:
        for _ in record(experiment, [log], lambda: False):
            pass


def test_every_file_of_a_resumed_run_lasts(tmp_path, disk):
    """Its environment too, which is written again."""
    run = Run(killed(tmp_path, KEYS, stop=3))
    disk.clear()
    resumed(run)
    check_names(disk)
    assert names(disk) == ["run.json", "checkpoint-00000004.npz", "weights.npz", "result.json"]


def test_every_file_of_a_run_that_starts_again_lasts(tmp_path, disk):
    """Without a checkpoint it begins anew in its directory, with the settings and environment of now."""
    run = Run(killed(tmp_path, KEYS, stop=1))
    checkpoints.clear(run)
    disk.clear()
    resumed(run)
    check_names(disk)
    assert {"config.yaml", "run.json", "result.json"} <= set(names(disk))


def test_the_name_of_a_new_run_lasts(tmp_path, disk):
    """Its directory is an entry of the one above, and that of the one above it where it was made too."""
    Run.create(tmp_path / "new" / "runs", "tiny", 3)
    above = (tmp_path, tmp_path / "new", tmp_path / "new" / "runs")
    assert {each.number for each in disk} == {path.stat().st_ino for path in above}


def test_the_name_of_a_directory_that_a_sweep_makes_lasts(tmp_path, disk):
    """Its claims are made before its runs."""
    runs = tmp_path / "new" / "runs"
    with reserving(runs):
        assert {tmp_path.stat().st_ino, (tmp_path / "new").stat().st_ino} <= {each.number for each in disk}


def test_an_archive_lasts(tmp_path, disk, monkeypatch):
    """A person who then deletes the runs must not lose both."""
    monkeypatch.chdir(tmp_path)
    bare(Path("runs") / "20261124-191841-backprop-s0-b19d", OWN)
    packed("runs")
    check_names(disk)


def test_a_note_of_who_writes_is_never_empty(tmp_path, disk, monkeypatch):
    """Where there are no locks, an empty note after a loss of power would be that of an unknown process."""
    monkeypatch.setattr("fcntl.flock", no_flock)
    path = tmp_path / "metrics.csv"
    with path.open("wb") as file:
        assert take(file, path)
    (at,) = [at for at, each in enumerate(disk) if isinstance(each, Rename)]
    assert disk[at - 1].number == disk[at].number
    assert disk[at - 1].size > 0


def no_flock(file, how):
    """Answer as a file system without locks does."""
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


# rows ---------------------------------------------------------------------------------------------


def test_rows_are_on_the_disk_before_their_checkpoint(tmp_path, disk):
    """A checkpoint without its rows is of no use."""
    check_rows(disk, made(tmp_path, KEYS), "checkpoint-")


def test_rows_are_on_the_disk_before_the_result(tmp_path, disk):
    """A run that is finished has all its rows; here no checkpoint has synced any of them."""
    check_rows(disk, made(tmp_path, {**KEYS, "training.checkpoint_every": 0}), "result.json")


def test_rows_that_come_from_another_machine_are_on_the_disk_before_the_result(tmp_path, disk):
    """A run of a sweep with a scheduler is written here when it has ended there."""
    source = made(tmp_path / "there", KEYS)
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    run = packing.unpack(Order(0, tiny(KEYS), "tiny", ("synthgrad",)), tmp_path / "here", files)
    check_rows(disk, run, "result.json")
