"""Commands on a file system without locks: who is alive is left alone, so is who may be, and that is said."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from support.commands import ENDLESS, environment, metrics, only, ran, result, started, typed, until, write
from support.trained_runs import killed, made, rewritten
from support.without_locks import site, without_locks

from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below

SAID = "this file system has no locks: a run counts as being written while the process that run.json names is there"


@pytest.fixture
def words(tmp_path):
    """Options for processes without locks."""
    path = os.pathsep.join([site(tmp_path / "site"), environment()["PYTHONPATH"]])
    return {"env": environment(PYTHONPATH=path)}


@pytest.fixture
def doubtful(tmp_path, monkeypatch):
    """A run of another host, in runs/, seen from the directory above and without locks."""
    without_locks(monkeypatch)
    monkeypatch.chdir(tmp_path)
    path = killed(Path("runs"), {"training.epochs": 9}, stop=3)
    rewritten(path, "run.json", host="nodeA", pid=77)
    return path


def again(err):
    """What was said of the file system."""
    return err.count(SAID)


@pytest.mark.full
def test_a_live_run_is_neither_deleted_nor_entered_and_a_killed_one_is_both(tmp_path, words):
    """By resume, sweep and prune in other processes; each says once that locks are missing."""
    runs, config = tmp_path / "runs", write(tmp_path)
    process = started("train", config, *ENDLESS, "--runs", runs, **words)
    until(lambda: any(path.read_bytes().count(b"\n") > 3 for path in runs.glob("*/metrics.csv")))
    run = only(runs)
    said = ran("train", "--resume", run, **words)
    assert (said.code, said.err) == (2, f"{run}: is being trained by another process (wait for it, or end it first)\n")
    said = ran("runs", "prune", "--delete", "--force", "--runs", runs, **words)
    assert (said.code, again(said.err)) == (0, 1)
    assert f"{run}: left alone: it is being written" in said.err
    said = ran("sweep", config, *ENDLESS, "--runs", runs, "--force", **words)
    assert (said.code, said.out, again(said.err)) == (0, "", 1)
    assert "1 run: 1 is being trained by another process" in said.err
    assert process.poll() is None
    process.kill()
    assert again(process.communicate()[1]) == 1
    process = started("train", "--resume", run, **words)
    until(lambda: json.loads((run / "run.json").read_text())["pid"] == process.pid and len(metrics(run)) > 3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert (process.returncode, result(run)["outcome"], again(err)) == (143, "interrupted", 1)
    assert [path.name for path in run.iterdir() if path.name.endswith(".lock")] == []
    assert ran("runs", "prune", "--delete", "--runs", runs, **words).code == 0
    assert list(runs.iterdir()) == []


@pytest.mark.full
def test_two_sweeps_at_once_make_no_run_twice(tmp_path, words):
    """Each run is made by one, and nothing is left of the claims."""
    line = ["sweep", write(tmp_path), "-s", "seed=0..5", "-s", "training.epochs=300", "--jobs", "1", "--stack", "2"]
    several = [started(*line, "--runs", tmp_path / "runs", **words) for _ in range(3)]
    for each in several:
        each.communicate(timeout=120)
    assert [each.returncode for each in several] == [0] * 3
    found = list(below(tmp_path / "runs"))
    assert len(found) == 6
    assert {result(path)["outcome"] for path in found} == {"finished"}
    assert sorted(tmp_path.joinpath("runs").iterdir()) == sorted(found)


@pytest.mark.full
def test_a_killed_worker_s_runs_are_taken_up_by_the_next(tmp_path, words):
    """Though the sweep itself is alive."""
    from support.processes import children

    line = ["sweep", write(tmp_path), "-s", "seed=0..1", "-s", "training.epochs=1500", "--jobs", "2", "-q"]
    process = started(*line, "--runs", tmp_path / "runs", **words)
    until(lambda: sum(p.read_bytes().count(b"\n") > 3 for p in (tmp_path / "runs").glob("*/metrics.csv")) == 2)
    os.kill(min(children(process.pid)), signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert [result(path)["outcome"] for path in below(tmp_path / "runs")] == ["finished"] * 2


def test_a_doubtful_run_is_resumed_with_force_only(doubtful):
    """Exit 2, with who wrote it and when."""
    said = typed("train", "--resume", doubtful)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"{doubtful}: may still be trained: process 77 on nodeA wrote it ")
    assert said.err.endswith(" ago, and this file system has no locks (if that process has ended: --force)\n")
    said = typed("train", "--resume", doubtful, "--force")
    assert (said.code, again(said.err)) == (0, 1)


def test_a_doubtful_run_is_deleted_with_force_only(doubtful):
    """It is named, and that locks are missing is said once."""
    made(Path("runs"), stop=1)
    said = typed("runs", "prune", "--delete")
    assert (said.code, again(said.err)) == (0, 1)
    assert f"{doubtful}: left alone: it may still be written: process 77 on nodeA wrote it" in said.err
    assert list(Path("runs").iterdir()) == [doubtful]
    assert typed("runs", "prune", "--delete", "--force").code == 0
    assert list(Path("runs").iterdir()) == []


def test_a_doubtful_run_is_taken_up_by_a_sweep_with_force_only(doubtful):
    """Until then it is somebody else's."""
    line = ["sweep", doubtful / "config.yaml", "--dry-run"]
    said = typed(*line)
    assert (said.code, said.out) == (0, "")
    assert "sweep: 1 run left alone: another process may still train it (runs/" in said.err
    assert "); if it has ended: --force" in said.err
    assert typed(*line, "--force").out == f"synthgrad train --resume {doubtful} --force -q\n"


def test_force_alone_means_nothing(tmp_path):
    """No other process can be training a new run."""
    said = typed("train", write(tmp_path), "--force", "--runs", tmp_path / "runs")
    assert (said.code, said.out) == (2, "")
    assert "--force belongs to --resume" in said.err


def test_a_run_leaves_no_note_behind(doubtful):
    """Whether it was begun or resumed."""
    run = Path(typed("train", doubtful / "config.yaml", "-q").out.strip())
    assert not [path for path in run.iterdir() if not Run(run).owns(path.name) or path.name.startswith(".")]
