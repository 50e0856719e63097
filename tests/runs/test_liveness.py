"""Where a file system has no locks, nothing that may be alive is taken over: notes and run.json say whose it is."""

from __future__ import annotations

import os
import time
from contextlib import closing

import pytest
from conftest import tiny
from support.trained_runs import killed, made, rewritten
from support.without_locks import GONE, WITHOUT, note, process, without_locks

from synthgrad.errors import ConfigError, RunError
from synthgrad.experiment import Experiment
from synthgrad.runs import archive, pruning
from synthgrad.runs.directory import Run
from synthgrad.runs.liveness import Liveness, in_use, liveness
from synthgrad.runs.reading import Recorded
from synthgrad.runs.resuming import check, take_up
from synthgrad.runs.writers import here


@pytest.fixture(params=WITHOUT)
def unlocked(request, monkeypatch):
    """No locks, in each of the ways that there are."""
    without_locks(monkeypatch, request.param)


@pytest.fixture
def no_locks(monkeypatch):
    """No locks."""
    without_locks(monkeypatch)


@pytest.fixture
def other():
    """A process that is there, and what ``here`` says in it."""
    with process() as started:
        yield started


def elsewhere(path, **said):
    """Have run.json name another process."""
    rewritten(path, "run.json", **{**here(), **said})
    return Run(path)


def test_a_run_that_is_written_here_is_alive(tmp_path, unlocked):
    """From its first moment to its last."""
    run = Run(made(tmp_path, {"training.epochs": 9}, stop=3))
    assert liveness(run) == Liveness(False)
    with closing(take_up(run, Experiment([tiny({"training.epochs": 9})]).replicas[0], here())):
        assert in_use(run)
        with pytest.raises(ConfigError, match="is being trained by another process"):
            check(Recorded(run.path))
        with pytest.raises(RunError, match="is being trained by another process"):
            take_up(run, Experiment([tiny({"training.epochs": 9})]).replicas[0], {}, force=True)
        assert pruning.delete(run.path, tmp_path, force=True) == "it is being written"
    assert not in_use(run)


def test_the_process_that_run_json_names_tells(tmp_path, no_locks, other):
    """There, gone, its number used again; also the last of those that took the run up."""
    _, said = other
    path = killed(tmp_path)
    assert liveness(elsewhere(path, **said)) == Liveness(True)
    assert liveness(elsewhere(path, **{**said, "pid_started": 1})) == Liveness(False)
    assert liveness(elsewhere(path, pid=GONE)) == Liveness(False)
    assert liveness(elsewhere(path, pid=GONE, resumed=[{"pid": GONE}, said])) == Liveness(True)


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ({"host": "nodeA", "pid": 77}, "process 77 on nodeA"),
        ({"host": "nodeA", "pid": None}, "an unknown process on nodeA"),
        ({"host": None, "pid": None}, "an unknown process"),
    ],
)
def test_a_run_of_a_process_elsewhere_is_doubtful(tmp_path, no_locks, said, who):
    """As is one of an older version, which did not say; the age of its metrics is told."""
    path = killed(tmp_path)
    os.utime(path / "metrics.csv", (time.time() - 200, time.time() - 200))
    run = elsewhere(path, **said)
    assert liveness(run) == Liveness(False, f"{who} wrote it 3 minutes ago, and this file system has no locks")
    assert in_use(run)


def test_a_run_with_a_result_is_nobody_s(tmp_path, no_locks):
    """Whoever wrote it is done."""
    assert liveness(elsewhere(made(tmp_path), host="nodeA")) == Liveness(False)


def test_where_there_are_locks_they_alone_tell(tmp_path):
    """Nobody need know the process."""
    assert liveness(elsewhere(killed(tmp_path), host="nodeA")) == Liveness(False)


def test_a_doubtful_run_is_left_alone_and_the_message_says_how_to_insist(tmp_path, no_locks):
    """By resume, prune and archive."""
    path = killed(tmp_path, {"training.epochs": 9}, stop=3)
    run = elsewhere(path, host="nodeA", pid=77)
    doubt = liveness(run).doubt
    hint = "(if that process has ended: --force)"
    with pytest.raises(ConfigError) as refused:
        check(Recorded(path))
    assert str(refused.value) == f"{path}: may still be trained: {doubt} {hint}"
    assert pruning.delete(path, tmp_path) == f"it may still be written: {doubt} {hint}"
    assert archive.packable([path]) == (
        {path.name: path}, [f"{path}: may still be written: {doubt} (archived as it is now)"],
    )  # fmt: skip
    check(Recorded(path), force=True)
    with closing(take_up(run, Experiment([tiny({"training.epochs": 9})]).replicas[0], {}, force=True)) as log:
        assert log.epoch == 3
    assert pruning.delete(path, tmp_path, force=True) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_note_is_a_run_s_own_and_no_archive_has_it(tmp_path, no_locks):
    """One that a killed process left keeps nobody from deleting the run."""
    path = killed(tmp_path)
    left = note(path / "metrics.csv", pid=GONE)
    assert Run(path).owns(left.name)
    assert not archive.shared(left.name)
    assert pruning.delete(path, tmp_path) == ""
