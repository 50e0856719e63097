"""A few kills, hang-ups and power cuts (benchmarks/faults.py does more), and the model of what a power cut leaves."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import ROOT, environment

BENCHMARKS = Path(__file__).with_name("benchmarks")
sys.path.append(str(BENCHMARKS))

import powercut  # noqa: E402 - found there
from powercut import Operation  # noqa: E402

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
NO_FSYNC = "import os\nos.fsync = lambda file: None\n"


def tried(*words, **more):
    """The program's exit code and what it says."""
    line = [sys.executable, str(BENCHMARKS / "faults.py"), *words]
    done = subprocess.run(line, env=environment(**more), capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.full
@pytest.mark.parametrize("kind", ["kill", "hangup", pytest.param("power", marks=needs_strace)])
def test_a_few_faults_lose_nothing(kind):
    """One in every scene: what is promised is there, and runs end as if nothing had happened."""
    code, said = tried("--kinds", kind, "--trials", "4")
    assert code == 0, said


@pytest.mark.full
@needs_strace
def test_a_few_faults_lose_nothing_without_locks():
    """Every flock fails, as on some network file systems."""
    code, said = tried("--kinds", "kill,power", "--scenes", "train,resume", "--trials", "2", "--without-locks")
    assert code == 0, said


@pytest.mark.full
@needs_strace
def test_a_program_that_does_not_sync_loses_something(tmp_path):
    """The trials can fail: here fsync does nothing."""
    (tmp_path / "sitecustomize.py").write_text(NO_FSYNC)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    code, said = tried("--kinds", "power", "--scenes", "train", "--trials", "10", PYTHONPATH=path)
    assert code == 1, said
    assert "lost" in said


# the model ----------------------------------------------------------------------------------------

PART, NAME = Path("/w/.a.part"), Path("/w/a")
WHOLE = [
    Operation("1", "create", PART),
    Operation("1", "write", PART, at=0, data=b"new"),
    Operation("1", "sync", PART),
    Operation("1", "rename", PART, NAME),
    Operation("1", "sync", Path("/w")),
]


@pytest.fixture
def before(tmp_path):
    """A directory with a file ``a``, which is on the disk."""
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "a").write_bytes(b"old")
    return tmp_path / "before"


def left(before, done):
    """What loses of power may leave of ``a`` after these operations, None for no such file."""
    found = set()
    for seed in range(60):
        to = before.with_name(f"{seed}")
        powercut.cut(done, Path("/w"), before, to, random.Random(seed))
        found.add((to / "a").read_bytes() if (to / "a").exists() else None)
        shutil.rmtree(to)
    return found


def test_what_is_synced_and_named_is_there(before):
    """Data, name, directory: nothing else may be left."""
    assert left(before, WHOLE) == {b"new"}


def test_before_its_directory_is_synced_a_new_name_may_be_missing(before):
    """But there is never less than the old file."""
    assert left(before, WHOLE[:-1]) == {b"old", b"new"}


def test_a_renamed_file_that_was_not_synced_may_be_empty_or_torn(before):
    """This is what a sync before a rename is for."""
    found = left(before, [each for each in WHOLE if each != WHOLE[2]])
    assert {b"", b"new"} < found
    assert found <= {b"", b"n", b"ne", b"new", b"n\0\0", b"ne\0", b"\0\0\0"}


def test_rows_after_the_last_sync_may_be_missing_in_any_order(before):
    """A later one may be there, and zeros in the place of an earlier one."""
    rows = [Operation("1", "write", NAME, at=3 + at, data=each) for at, each in enumerate([b"1", b"2", b"3"])]
    found = left(before, [*rows[:1], Operation("1", "sync", NAME), *rows[1:]])
    assert {b"old1", b"old12", b"old123", b"old1\0003"} <= found
    assert all(each.startswith(b"old1") for each in found)


def test_what_was_deleted_may_come_back(before):
    """Until its directory is synced."""
    removed = Operation("1", "remove", NAME)
    assert left(before, [removed]) == {b"old", None}
    assert left(before, [removed, Operation("1", "sync", Path("/w"))]) == {None}


RECORDED = """
import os, sys
os.mkdir("d")
with open("d/a", "wb") as file:
    file.write(b"12345")
    file.flush()
    file.truncate(2)
    os.fsync(file.fileno())
os.replace("d/a", "d/b")
with open("d/b", "ab", buffering=0) as file:
    file.write(b"6")
os.unlink("d/b")
os.rmdir("d")
"""


@needs_strace
def test_what_a_program_does_is_recorded(tmp_path):
    """In its order, with the data and where they go."""
    for name in ("work", "before"):
        (tmp_path / name).mkdir()
    root, log = tmp_path.resolve() / "work", tmp_path / "log"
    line = [*powercut.recording(log, locks=True), sys.executable, "-c", RECORDED]
    if subprocess.run(line, cwd=root, capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    done = [each._replace(thread="") for each in powercut.operations(log, root, tmp_path / "before", root)]
    a, b = root / "d" / "a", root / "d" / "b"
    assert [each for each in done if each.what != "told"] == [
        Operation("", "mkdir", root / "d"),
        Operation("", "create", a),
        Operation("", "write", a, at=0, data=b"12345"),
        Operation("", "truncate", a, at=2),
        Operation("", "sync", a),
        Operation("", "rename", a, b),
        Operation("", "write", b, at=2, data=b"6"),
        Operation("", "remove", b),
        Operation("", "remove", root / "d"),
    ]
