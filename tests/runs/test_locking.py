"""Who is writing a run: by the system's locks, and by notes where it has none."""

import subprocess
import sys

import pytest
from support.commands import environment, until
from support.trained_runs import made
from support.without_locks import GONE, WITHOUT, note, without_locks

from synthgrad.runs.directory import Run
from synthgrad.runs.liveness import in_use
from synthgrad.runs.locking import held, hold, notes, owned, take

HOLD = """
import sys, time
from synthgrad.runs.locking import hold
file = open(sys.argv[1], "r+b")
assert hold(file)
print("held", flush=True)
time.sleep(60)
"""
CONTEND = """
import os, sys, time
from pathlib import Path
from synthgrad.runs import locking
locking.fcntl = None
path, inside = Path(sys.argv[1]), Path(sys.argv[1] + ".inside")
for _ in range(20):
    with path.open("ab") as file:
        lock = locking.take(file, path, patience=60)
        os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
        time.sleep(0.001)
        inside.unlink()
        lock.close()
"""


@pytest.fixture(params=WITHOUT)
def unlocked(request, monkeypatch):
    """No locks, in each of the ways that there are."""
    without_locks(monkeypatch, request.param)


@pytest.fixture
def no_locks(monkeypatch):
    """No locks."""
    without_locks(monkeypatch)


def test_a_file_is_held_while_it_is_open(tmp_path):
    """By this process or another; a second one does not get it."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    assert not held(path)
    with path.open("r+b") as file, path.open("r+b") as other:
        assert hold(file)
        assert held(path)
        assert not hold(other)
    assert not held(path)


def test_a_killed_process_holds_nothing(tmp_path):
    """The system lets go of its locks."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, env=environment())
    assert process.stdout.readline() == b"held\n"
    assert held(path)
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not held(path))


def test_a_missing_file_is_not_held(tmp_path):
    """Nor one that may not be read."""
    assert not held(tmp_path / "metrics.csv")


def test_a_run_that_ended_is_not_in_flight(tmp_path):
    """Its log is closed."""
    assert not in_use(Run(made(tmp_path)))


# without locks --------------------------------------------------------------------------------------


def test_a_note_stands_for_the_lock(tmp_path, unlocked):
    """One process has it; it is gone with the right."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    assert owned(path) == (None, {})
    with path.open("ab") as file, path.open("ab") as other:
        lock = take(file, path)
        assert owned(path) == (True, {})
        assert take(other, path, patience=0) is None
        lock.close()
        assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.csv"]
        take(other, path).close()


def test_the_note_of_a_process_that_is_gone_counts_no_more(tmp_path, no_locks):
    """The next one takes it away."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    old = note(path, pid=GONE)
    assert owned(path) == (False, {})
    with path.open("ab") as file:
        lock = take(file, path)
        assert lock.note is not None
        assert not old.exists()
        lock.close()


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\xff"], ids=str)
def test_the_note_of_a_process_elsewhere_counts_unless_it_is_insisted(tmp_path, no_locks, content):
    """And so does one that cannot be read."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    old = note(path, host="nodeA")
    if content is not None:
        old.write_bytes(content)
    there, said = owned(path)
    assert (there, bool(said)) == (None, True)
    with path.open("ab") as file:
        assert take(file, path, patience=0) is None
        take(file, path, patience=0, force=True).close()
    assert not old.exists()


def test_a_note_counts_where_there_are_locks_too(tmp_path):
    """Another machine may have the same files without them."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    note(path, host="nodeA")
    with path.open("ab") as file:
        assert take(file, path, patience=0) is None
        with path.open("ab") as other:  # nor is it locked in vain
            lock = take(other, path, force=True)
            assert lock is not None
            assert lock.note is None


def test_a_copied_note_of_this_process_is_not_its_own(tmp_path, no_locks):
    """As in a directory that was restored."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    note(path)
    assert owned(path) == (False, {})


@pytest.mark.full
def test_of_many_who_want_it_one_has_it(tmp_path):
    """Four processes, twenty times each: nobody ever meets another."""
    path = tmp_path / "metrics.csv"
    words = [sys.executable, "-c", CONTEND, str(path)]
    several = [subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE) for _ in range(4)]
    assert [(each.communicate(timeout=120)[1], each.returncode) for each in several] == [(b"", 0)] * 4
    assert list(notes(path)) == []
