"""Deleting runs: what goes, and everything that stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.archives import OWN, A, B, packed, run, two_runs

from synthgrad.errors import ConfigError, RunError
from synthgrad.runs import pruning
from synthgrad.runs.finding import below, find
from synthgrad.runs.locking import hold
from synthgrad.runs.pruning import check, delete, obstacle, remains, size

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from synthgrad.runs.locking import hold
file = open(sys.argv[1], "ab")
print(hold(file), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs below runs/, seen from the directory above."""
    return two_runs(tmp_path, monkeypatch)


def stays(path, runs, why):
    """That a run is not deleted, for this reason, and nothing of it is gone."""
    before = sorted(path.rglob("*"))
    assert obstacle(path, runs) == delete(path, runs) == why
    assert sorted(path.rglob("*")) == before


def test_a_run_is_deleted(runs):
    """With everything of its own, whole or half written; the others are not touched."""
    for name in ("checkpoint-00000002.npz", ".result.json.part", "run.json"):
        (runs / A / name).write_bytes(b"x")
    assert obstacle(runs / A, runs) == ""
    assert size(runs / A) == sum(map(len, OWN.values())) + 3
    assert delete(runs / A, runs) == ""
    assert os.listdir(runs) == [B]


@pytest.mark.parametrize("name", ["größe-加法", "two words", "a*b", "-rf", os.fsdecode(b"a\xff")], ids=ascii)
def test_a_run_of_any_name_is_deleted(runs, name):
    """A name is a name."""
    assert delete(run(runs / name), runs) == ""
    assert sorted(os.listdir(runs)) == [A, B]


def test_a_run_below_other_directories_is_deleted(runs):
    """The directories above it stay."""
    assert delete(run(runs / "sweep" / A), runs) == ""
    assert os.listdir(runs / "sweep") == []


def test_the_runs_directory_may_be_a_link(runs):
    """What matters is below it."""
    Path("link").symlink_to("runs")
    assert delete(Path("link") / A, Path("link")) == ""
    assert delete(runs / B, Path("link")) == ""


def test_a_run_without_metrics_is_deleted(runs):
    """There is no lock to hold."""
    (runs / A / "metrics.csv").unlink()
    assert delete(runs / A, runs) == ""


# what stays ---------------------------------------------------------------------------------------


def test_a_run_that_this_process_writes_stays(runs):
    """Its lock is held."""
    with (runs / A / "metrics.csv").open("ab") as file:
        assert hold(file)
        stays(runs / A, runs, "it is being written")
    assert delete(runs / A, runs) == ""


def test_a_run_that_another_process_writes_stays(runs):
    """Until that has ended, however it ends."""
    command = [sys.executable, "-c", WRITER, str(runs / A / "metrics.csv")]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as writer:
        assert writer.stdout.readline() == "True\n"
        stays(runs / A, runs, "it is being written")
        writer.kill()
    assert delete(runs / A, runs) == ""


def test_a_run_that_is_taken_up_in_the_last_moment_stays(runs, monkeypatch):
    """The lock is taken once more, for the deleting itself."""
    looked = obstacle(runs / A, runs)
    monkeypatch.setattr(pruning, "obstacle", lambda *_: looked)
    with (runs / A / "metrics.csv").open("ab") as file:
        assert hold(file)
        assert delete(runs / A, runs) == "it is being written"
    assert (runs / A / "config.yaml").exists()


@pytest.mark.parametrize("name", ["notes.txt", "config.yaml.orig", ".config.yaml", "checkpoint-last.npz"])
def test_a_directory_with_a_file_of_others_stays(runs, name):
    """Whoever put it there may want it."""
    (runs / A / name).write_text("mine")
    stays(runs / A, runs, f"it holds what is not a run's own: {name}")


def test_a_directory_with_directories_or_links_in_it_stays(runs):
    """No run makes them, whatever they are called."""
    (runs / A / "plots").mkdir()
    (runs / A / "result.json").mkdir()
    (runs / A / "run.json").symlink_to("config.yaml")
    stays(runs / A, runs, "it holds what is not a run's own: plots, result.json, run.json")


def test_a_link_to_a_run_stays(runs):
    """And so does the run."""
    run(Path("elsewhere") / "x")
    for name, target in (("best", A), ("other", "../elsewhere/x")):
        (runs / name).symlink_to(target)
        stays(runs / name, runs, "it is a link")
    assert (runs / A / "config.yaml").exists()
    assert Path("elsewhere/x/config.yaml").exists()


def test_a_run_that_is_reached_through_a_link_stays(runs):
    """Wherever the link leads."""
    run(Path("elsewhere") / "x")
    run(runs / "sweep" / "y")
    (runs / "out").symlink_to("../elsewhere")
    (runs / "in").symlink_to("sweep")
    stays(runs / "out" / "x", runs, "it is reached through a link, out")
    stays(runs / "in" / "y", runs, "it is reached through a link, in")
    stays(runs / "sweep" / ".." / "out" / "x", runs, "it is reached through a link, out")


def test_what_is_not_below_the_runs_directory_is_refused(runs):
    """Another directory, the runs directory itself, one whose name begins alike, an archive."""
    run(Path("elsewhere") / "x")
    run(Path("runs2") / "x")
    (runs / "config.yaml").write_text("seed: 1\n")
    places = ["elsewhere/x", "runs2/x", "runs/../elsewhere/x", f"runs/{A}/../../elsewhere/x", "runs", "runs/.."]
    packed(runs / A)[0].rename(runs / "a.zip")
    for path in [*map(Path, places), *find(["runs/a.zip"], runs)]:
        stays(path, runs, "it is not below runs")
        with pytest.raises(ConfigError, match=rf"^{path}: is not below runs \(only what is can be deleted; --runs DIR"):
            check([runs / A, path], runs)


def test_a_run_that_somebody_else_deleted_is_no_error(runs):
    """Two may prune at once."""
    assert delete(runs / A, runs) == ""
    assert obstacle(runs / A, runs) == delete(runs / A, runs) == "it is gone"


# trouble ------------------------------------------------------------------------------------------


def test_deleting_that_fails_is_one_message_and_leaves_no_run(runs, monkeypatch):
    """What is left has a name that finders pass by, and is found to be deleted later."""
    real, calls = os.unlink, []

    def failing(entry):
        calls.append(entry.name)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        real(entry)

    monkeypatch.setattr(os, "unlink", failing)
    with pytest.raises(RunError, match=rf"^runs/{A}: cannot be deleted: input/output error$"):
        delete(runs / A, runs)
    assert [path.name for path in below(runs)] == [B]
    ((left, what),) = remains(runs).items()
    assert what == "half deleted"
    assert sorted(os.listdir(left)) == ["metrics.csv", "weights.npz"]
    assert delete(left, runs) == ""
    assert os.listdir(runs) == [B]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may delete everywhere")
def test_a_run_that_may_not_be_deleted_stays_whole(runs):
    """Not even its name is changed."""
    (runs / A).chmod(0o500)
    try:
        with pytest.raises(RunError, match="permission denied"):
            delete(runs / A, runs)
        assert sorted(os.listdir(runs / A)) == sorted(OWN)
    finally:
        (runs / A).chmod(0o700)


def test_a_run_that_never_began_is_a_remain_after_a_minute(tmp_path):
    """Killed between its directory and its config; who was that quick may still be about to write it."""
    unborn = tmp_path / "runs" / "20261128-080000-a-s1-0f0f"
    unborn.mkdir(parents=True)
    (unborn / "metrics.csv").write_text("")
    (tmp_path / "runs" / "20261128-notes").mkdir()
    assert remains(tmp_path / "runs") == {}
    os.utime(unborn, (0, 0))
    assert remains(tmp_path / "runs") == {unborn: "never begun"}
    assert delete(unborn, tmp_path / "runs") == ""
    assert not unborn.exists()
