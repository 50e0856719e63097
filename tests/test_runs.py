"""One run, one directory: names that never clash, files that are whole, rows that are whole."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import tiny

from synthgrad import runs
from synthgrad.errors import RunError
from synthgrad.experiment import Diverged, Epoch, Experiment
from synthgrad.runs import Log, Run, Surveyor, whole

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(tmp_path):
    """A directory that was just taken."""
    return Run.create(tmp_path / "runs", "tiny", 3)


@pytest.fixture
def log(run):
    """A log of the tiny experiment, which is not trained."""
    log = Log(run, Experiment([tiny()]), {"host": "here"})
    yield log
    log.close()


def epoch(number, **figures):
    """A record of an epoch with these figures."""
    return Epoch(number, 4 * number, number / 10, {name: np.float64(value) for name, value in figures.items()})


def rows(log):
    """The rows of the metrics file."""
    with log.run.metrics.open(newline="") as file:
        return list(csv.DictReader(file))


def result(log):
    """What came of the run."""
    return json.loads(log.run.result.read_text())


# directories --------------------------------------------------------------------------------------

TWENTY = """
import os, sys, time
from pathlib import Path
from synthgrad.runs import Run
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
    monkeypatch.setattr(runs, "datetime", SimpleNamespace(now=lambda: SimpleNamespace(astimezone=lambda: Noon)))
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
    monkeypatch.setattr(runs, "datetime", SimpleNamespace(now=lambda: SimpleNamespace(astimezone=lambda: Noon)))
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


# whole files --------------------------------------------------------------------------------------


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


# the log ------------------------------------------------------------------------------------------


def test_a_log_begins_with_config_circumstances_and_header(log):
    """Before the first step."""
    assert sorted(path.name for path in log.run.path.iterdir()) == ["config.yaml", "metrics.csv", "run.json"]
    assert log.run.metrics.read_text() == ",".join(["epoch", "step", "seconds", *log.experiment.columns()]) + "\n"
    assert json.loads(log.run.about.read_text()) == {"host": "here", "hashes": log.experiment.hashes()}


def test_a_row_is_on_disk_as_soon_as_its_epoch_is_done(log):
    """Not when a buffer is full."""
    log.epoch_done(epoch(1, loss=0.5))
    assert [(row["epoch"], row["step"], row["seconds"], row["loss"]) for row in rows(log)] == [
        ("1", "4", "0.100000", "0.5")
    ]


def test_what_was_not_measured_is_blank(log):
    """An empty cell, not a zero and not a nan."""
    log.epoch_done(epoch(1, loss=0.5))
    assert rows(log)[0]["test_loss"] == ""


@pytest.mark.parametrize("value", [1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, float(np.float32(0.1))])
def test_a_figure_is_read_back_as_it_was(log, value):
    """To the last bit."""
    log.epoch_done(epoch(1, loss=value))
    assert float(rows(log)[0]["loss"]) == value


class Full:
    """A file on a disk that is full but for ``left`` bytes."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def write(self, data):
        part = data[: self.left]
        if not part:
            raise OSError(28, "No space left on device")
        self.left -= len(part)
        return self.file.write(part)

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("left", [0, 1, 20])
def test_a_row_that_does_not_fit_is_not_there_at_all(log, left):
    """The rows before it stay whole, and the error names the file."""
    log.epoch_done(epoch(1, loss=0.5))
    before = log.run.metrics.read_bytes()
    log.file = Full(log.file, left)
    with pytest.raises(RunError, match=re.escape(f"{log.run.metrics}: cannot be written: no space left on device")):
        log.epoch_done(epoch(2, loss=0.25))
    assert log.run.metrics.read_bytes() == before
    assert (log.epoch, log.last["loss"]) == (1, 0.5)


def test_a_log_that_cannot_begin_removes_its_directory(run):
    """Here because there is a metrics file already."""
    run.metrics.write_text("")
    with pytest.raises(RunError, match="cannot be written: file exists"):
        Log(run, Experiment([tiny()]), {})
    assert not run.path.exists()


def test_the_last_figures_are_the_latest_that_there_are(log):
    """Held-out figures are kept until they are measured again."""
    log.epoch_done(epoch(1, loss=0.5, test_loss=0.6))
    log.epoch_done(epoch(2, loss=0.4))
    log.finish("finished")
    assert result(log)["last"] == {"loss": 0.4, "test_loss": 0.6}


def test_the_best_accuracy_is_the_largest_and_the_best_loss_the_smallest(log):
    """Each with the first epoch that had it."""
    for number, (loss, accuracy) in enumerate([(0.5, 0.1), (0.3, 0.7), (0.3, 0.7), (0.4, 0.6)], 1):
        log.epoch_done(epoch(number, loss=loss, test_bit_accuracy=accuracy))
    log.finish("finished")
    assert result(log)["best"] == {
        "loss": {"value": 0.3, "epoch": 2},
        "test_bit_accuracy": {"value": 0.7, "epoch": 2},
    }


def test_speed_is_steps_by_seconds_of_training(log):
    """Eight steps in a fifth of a second; before the first epoch there is none."""
    log.finish("interrupted")
    assert result(log)["steps_per_second"] is None
    log.epoch_done(epoch(1))
    log.epoch_done(epoch(2))
    log.finish("finished")
    assert result(log)["steps_per_second"] == pytest.approx(40)


def test_a_diverged_run_says_where(log):
    """Epoch, step and place."""
    log.finish("diverged", Diverged(7, 26, "the weights of layer 2"))
    assert result(log)["outcome"] == "diverged"
    assert result(log)["diverged"] == {"epoch": 7, "step": 26, "where": "the weights of layer 2"}


def test_the_result_is_written_last(log, monkeypatch):
    """Who sees it may read everything else."""
    order = []
    monkeypatch.setattr(runs, "whole", lambda path, write: order.append(path.name))
    log.finish("finished")
    assert order == ["weights.npz", "result.json"]


def test_weights_that_cannot_be_written_leave_no_result(log, monkeypatch):
    """finish raises, and says what."""
    monkeypatch.setattr(np, "savez", no_space)
    with pytest.raises(RunError, match="the result cannot be written: no space left on device"):
        log.finish("finished")
    assert not log.run.result.exists()


def no_space(*arguments, **more):
    """Fail as on a full disk."""
    raise OSError(28, "No space left on device")


def test_a_failed_run_says_why_even_without_weights(log, monkeypatch):
    """As much as still fits."""
    monkeypatch.setattr(np, "savez", no_space)
    log.fail(RunError("the disk is full"))
    assert (result(log)["outcome"], result(log)["error"]) == ("failed", "the disk is full")


def test_an_error_without_words_is_called_by_its_name(log):
    """An empty reason is none."""
    log.fail(MemoryError())
    assert result(log)["error"] == "MemoryError"


def test_failing_where_nothing_can_be_written_is_silent(log, monkeypatch):
    """The error that it failed with is the one that is told."""
    monkeypatch.setattr(runs, "whole", no_space)
    log.fail(RunError("the disk is full"))
    assert not log.run.result.exists()


# circumstances ------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with one commit, as the working directory."""
    if not shutil.which("git"):
        pytest.skip("no git here")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("one")
    who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *words], check=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_of_the_working_directory_is_recorded(repository):
    """In full, and clean."""
    assert Surveyor([]).about()["git"] == {"commit": repository, "dirty": False}


def test_changes_since_the_commit_are_recorded(repository):
    """The commit alone would not tell what ran."""
    Path("file").write_text("two")
    assert Surveyor([]).about()["git"] == {"commit": repository, "dirty": True}


def test_outside_of_a_repository_there_is_no_commit(tmp_path, monkeypatch):
    """And nothing about it on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Surveyor([]).about()["git"] is None


def test_without_git_there_is_no_commit(monkeypatch):
    """A run needs none."""
    monkeypatch.setenv("PATH", "")
    assert Surveyor([]).about()["git"] is None


def test_circumstances_are_plain_data(monkeypatch):
    """They survive JSON, and name every version."""
    about = Surveyor(["synthgrad", "train", "a b.yaml"]).about()
    assert json.loads(json.dumps(about)) == about
    assert about["command"] == ["synthgrad", "train", "a b.yaml"]
    assert about["python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.match(r"\S+ \d", about["blas"])
