"""Run directories: names that never clash, files that are whole."""

import errno
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from synthgrad.errors import RunError
from synthgrad.runs import directory
from synthgrad.runs.directory import Run, whole, write_text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """A directory that was just taken."""
    return Run.create(tmp_path / "runs", "tiny", 3)


TWENTY = """
import os, sys, time
from pathlib import Path
from synthgrad.runs.directory import Run
start = time.time() + 0.3
children = []
for _ in range(20):
    child = os.fork()
    if not child:
        time.sleep(max(0, start - time.time()))
        Run.create(Path(sys.argv[1]), "same", 1)
        os._exit(0)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""


def test_twenty_processes_in_one_second_take_twenty_directories(tmp_path):
    """All of one name and seed, in a runs directory that is not there yet."""
    path = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(
        [sys.executable, "-c", TWENTY, tmp_path / "runs"],
        env={**os.environ, **path, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0
    assert len(list((tmp_path / "runs").iterdir())) == 20


def test_a_name_that_is_taken_is_not_taken_again(tmp_path, monkeypatch):
    """Another four digits are drawn."""
    drawn = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(drawn))
    monkeypatch.setattr(directory, "datetime", SimpleNamespace(now=lambda: SimpleNamespace(astimezone=lambda: Noon)))
    taken = [Run.create(tmp_path, "x", 1).path.name for _ in range(2)]
    assert taken == ["noon-x-s1-aaaa", "noon-x-s1-bbbb"]


class Noon:
    """A clock that stands still."""

    @staticmethod
    def strftime(form):
        return "noon"


def test_when_every_name_is_taken_it_says_so(tmp_path, monkeypatch):
    """Rather than to look for ever."""
    monkeypatch.setattr(secrets, "token_hex", lambda size: "aaaa")
    monkeypatch.setattr(directory, "datetime", SimpleNamespace(now=lambda: SimpleNamespace(astimezone=lambda: Noon)))
    Run.create(tmp_path, "x", 1)
    with pytest.raises(RunError, match="no free name for a run directory"):
        Run.create(tmp_path, "x", 1)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("dni-both", "dni-both"),
        ("lr=1e-3+decay_2.0", "lr=1e-3+decay_2.0"),
        ("a b/c\\d", "a-b-c-d"),
        ("../../etc", "etc"),
        ("...", "run"),
        ("", "run"),
        ("--x--", "x"),
        ("größe", "größe"),
        ("a\udcffb", "a-b"),
        ("a" * 300, "a" * 150),
    ],
)
def test_a_name_becomes_a_part_of_a_directory_s_name(tmp_path, name, label):
    """Letters, digits and _ . + = - stay; anything else is one dash."""
    made = Run.create(tmp_path, name, 5).path.name
    assert re.fullmatch(rf"\d{{8}}-\d{{6}}-{re.escape(label)}-s5-[0-9a-f]{{4}}", made)


def test_a_name_is_cut_at_a_whole_character(tmp_path):
    """Three bytes each, fifty of them; file systems allow 255."""
    assert f"-{'加' * 50}-s5-" in Run.create(tmp_path, "加" * 300, 5).path.name


def test_a_run_is_removed_with_all_that_is_in_it(run):
    """And the directory around it stays."""
    run.config.write_text("")
    run.remove()
    assert list(run.path.parent.iterdir()) == []


def test_a_whole_file_is_beside_its_place_until_it_is_whole(tmp_path):
    """Nobody reads half of it."""
    place = tmp_path / "result.json"
    whole(place, lambda file: (file.write(b"half, "), check_absent(place), file.write(b"whole")))
    assert place.read_bytes() == b"half, whole"
    assert list(tmp_path.iterdir()) == [place]


def check_absent(place):
    """Assert that nothing is there."""
    assert not place.exists()


def test_a_file_that_cannot_be_written_whole_is_not_written(tmp_path):
    """What was there before stays, and no part is left."""
    place = tmp_path / "result.json"
    place.write_text("before")

    def fail(file):
        file.write(b"half")
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        whole(place, fail)
    assert place.read_text() == "before"
    assert list(tmp_path.iterdir()) == [place]


# files that somebody asked for --------------------------------------------------------------------


def test_a_device_is_written_into_and_not_replaced(tmp_path):
    """Renaming a file to /dev/null would take it from the whole machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_a_link(tmp_path):
    """What it leads to is written."""
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_what_cannot_be_written_is_one_sentence(tmp_path):
    """It names the place that was asked for."""
    place = tmp_path / "nowhere" / "file"
    with pytest.raises(RunError, match=re.escape(f"{place}: cannot be written: no such file or directory")):
        write_text(place, "text")


KILLED = """
import os, sys
from pathlib import Path
from synthgrad.runs.directory import whole
whole(Path(sys.argv[1]), lambda file: (file.write(b"half"), file.flush(), os.kill(os.getpid(), 9)))
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="a system where every file has a name")
def test_a_write_that_is_killed_leaves_nothing(tmp_path):
    """Not even for a moment, nor in the place of what was there."""
    (tmp_path / "a").write_bytes(b"before")
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a"], check=False)
    assert done.returncode == -9
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"before")]


@pytest.mark.parametrize("missing", ["O_TMPFILE", "link"])
def test_a_file_is_written_whole_on_any_system(tmp_path, monkeypatch, missing):
    """Where a file without a name cannot be had, and where it can be given none."""
    if missing == "link":
        monkeypatch.setattr(os, "link", refused)
    else:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    for text in (b"one", b"two"):
        whole(tmp_path / "a", lambda file, text=text: file.write(text))
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", text)]


def refused(*arguments, **options):
    """What a system says that does not link."""
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
