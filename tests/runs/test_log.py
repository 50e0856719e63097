"""The log of a run: rows that are whole, a result that comes last."""

import csv
import json
import re

import numpy as np
import pytest
from conftest import tiny

from synthgrad.config import flat, read_resolved
from synthgrad.errors import RunError
from synthgrad.experiment import Diverged, Experiment
from synthgrad.runs import log as written
from synthgrad.runs.directory import Run
from synthgrad.runs.liveness import in_use
from synthgrad.runs.log import Log


@pytest.fixture
def run(tmp_path):
    """A directory that was just taken."""
    return Run.create(tmp_path / "runs", "tiny", 3)


@pytest.fixture
def log(run):
    """A log of the tiny experiment, which is not trained."""
    log = Log.begin(run, Experiment([tiny()]).replicas[0], {"host": "here"})
    yield log
    log.close()


def epoch(number, **figures):
    """An epoch, its step, its seconds, its figures."""
    return number, 4 * number, number / 10, {name: float(value) for name, value in figures.items()}


def rows(log):
    """The rows of the metrics file."""
    with log.run.metrics.open(newline="") as file:
        return list(csv.DictReader(file))


def result(log):
    """What came of the run."""
    return json.loads(log.run.result.read_text())


def test_a_log_begins_with_config_environment_and_header(log):
    """Before the first step."""
    assert sorted(path.name for path in log.run.path.iterdir()) == ["config.yaml", "metrics.csv", "run.json"]
    assert log.run.metrics.read_text() == ",".join(["epoch", "step", "seconds", *log.replica.columns()]) + "\n"
    found = {
        "hashes": log.replica.hashes(),
        "files": {},
        "data": log.replica.config.data(),
        "stability": log.replica.stability(),
        "processes": 1,
    }
    about = json.loads(log.run.about.read_text())
    assert flat(about.pop("config")) == read_resolved(log.run.config)
    assert about == {"host": "here", **found, "varies": False}


def test_a_run_is_locked_from_its_beginning_to_its_end(log):
    """Before the first epoch too: nobody resumes it, deletes it or takes it into an archive."""
    assert in_use(log.run)
    log.finish("finished")
    assert in_use(log.run)
    log.close()
    assert not in_use(log.run)


def test_a_run_is_locked_before_it_can_be_found(run, monkeypatch):
    """A directory is that of a run once it has a config; others look at it from then on."""
    locked = []
    whole = written.whole
    monkeypatch.setattr(
        written, "whole", lambda path, *rest, **more: (locked.append(in_use(run)), whole(path, *rest, **more))
    )
    Log.begin(run, Experiment([tiny()]).replicas[0], {}).close()
    assert locked == [True, True]


def test_a_row_is_on_disk_as_soon_as_its_epoch_is_done(log):
    """Not when a buffer is full."""
    log.epoch_done(*epoch(1, loss=0.5))
    assert [(row["epoch"], row["step"], row["seconds"], row["loss"]) for row in rows(log)] == [
        ("1", "4", "0.100000", "0.5")
    ]


def test_what_was_not_measured_is_blank(log):
    """An empty cell, not a zero and not a nan."""
    log.epoch_done(*epoch(1, loss=0.5))
    assert rows(log)[0]["test_loss"] == ""


@pytest.mark.parametrize("value", [1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, float(np.float32(0.1))])
def test_a_figure_is_read_back_as_it_was(log, value):
    """To the last bit."""
    log.epoch_done(*epoch(1, loss=value))
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
    log.epoch_done(*epoch(1, loss=0.5))
    before = log.run.metrics.read_bytes()
    log.file = Full(log.file, left)
    with pytest.raises(RunError, match=re.escape(f"{log.run.metrics}: cannot be written: no space left on device")):
        log.epoch_done(*epoch(2, loss=0.25))
    assert log.run.metrics.read_bytes() == before
    assert (log.epoch, log.last["loss"]) == (1, 0.5)


def test_a_log_that_cannot_begin_removes_its_directory(run):
    """Here because there is a metrics file already."""
    run.metrics.write_text("")
    with pytest.raises(RunError, match="cannot be written: file exists"):
        Log.begin(run, Experiment([tiny()]).replicas[0], {})
    assert not run.path.exists()


def test_the_last_figures_are_the_latest_that_there_are(log):
    """Held-out figures are kept until they are measured again."""
    log.epoch_done(*epoch(1, loss=0.5, test_loss=0.6))
    log.epoch_done(*epoch(2, loss=0.4))
    log.finish("finished")
    assert result(log)["last"] == {"loss": 0.4, "test_loss": 0.6}


def test_the_best_accuracy_is_the_largest_and_the_best_loss_the_smallest(log):
    """Each with the first epoch that had it."""
    for number, (loss, accuracy) in enumerate([(0.5, 0.1), (0.3, 0.7), (0.3, 0.7), (0.4, 0.6)], 1):
        log.epoch_done(*epoch(number, loss=loss, test_bit_accuracy=accuracy))
    log.finish("finished")
    assert result(log)["best"] == {
        "loss": {"value": 0.3, "epoch": 2},
        "test_bit_accuracy": {"value": 0.7, "epoch": 2},
    }


def test_the_best_cosine_is_the_largest(log):
    """So is the best skill."""
    log.epoch_done(*epoch(1, **{"cosine.1": 0.5, "skill.1": -1.0}))
    log.epoch_done(*epoch(2, **{"cosine.1": 0.25, "skill.1": -2.0}))
    log.finish("finished")
    assert {name: best["epoch"] for name, best in result(log)["best"].items()} == {"cosine.1": 1, "skill.1": 1}


def test_speed_is_steps_by_seconds_of_training(log):
    """Eight steps in a fifth of a second; before the first epoch there is none."""
    log.finish("interrupted")
    assert result(log)["steps_per_second"] is None
    log.epoch_done(*epoch(1))
    log.epoch_done(*epoch(2))
    log.finish("finished")
    assert result(log)["steps_per_second"] == pytest.approx(40)


def test_a_diverged_run_says_where(log):
    """Epoch, step and place."""
    log.finish("diverged", Diverged(7, 26, "the weights of layer 2", log.replica))
    assert result(log)["outcome"] == "diverged"
    assert result(log)["diverged"] == {"epoch": 7, "step": 26, "where": "the weights of layer 2"}


def test_the_result_is_written_last(log, monkeypatch):
    """Who sees it may read everything else."""
    order = []
    monkeypatch.setattr(written, "whole", lambda path, write, lasting: order.append(path.name))
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
    monkeypatch.setattr(written, "whole", no_space)
    log.fail(RunError("the disk is full"))
    assert not log.run.result.exists()
