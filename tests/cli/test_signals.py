"""What a run leaves behind when it is told to stop, or killed: everything up to its last finished epoch."""

from __future__ import annotations

import os
import signal

import pytest
from conftest import same_bits
from typed import ENDLESS, metrics, numbers, only, result, started, typed, until, weights, write

from synthgrad.cli import signals
from synthgrad.cli.signals import Stop

LONG_EPOCHS = ("-s", "task.bits=8", "-s", "task.train_examples=8000", "-s", "training.batch_size=1")
"""Epochs of more than a tenth of a second, so that a signal comes in the midst of one."""


def rows(runs):
    """How many epochs the one run there has recorded."""
    found = list(runs.glob("*/metrics.csv"))
    return found[0].read_bytes().count(b"\n") - 1 if found else 0


def stopped(tmp_path, *numbers, words=()):
    """Start a run that would train for days, send it signals in its midst: its exit code, output and directory."""
    runs = tmp_path / "runs"
    process = started("train", write(tmp_path), "--runs", runs, *ENDLESS, *words)
    until(lambda: rows(runs) >= 2)
    for number in numbers:
        process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err, only(runs)


STOPS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_run_told_to_stop_records_all_finished_epochs(tmp_path, number, code):
    """Exit code 130 or 143; the outcome is interrupted, the path printed, the verdict said."""
    returned, out, err, run = stopped(tmp_path, number)
    came = result(run)
    assert (returned, out) == (code, f"{run}\n")
    assert came["outcome"] == "interrupted"
    assert came["epoch"] == len(metrics(run)) >= 2
    assert came["step"] == 4 * came["epoch"] == int(metrics(run)[-1]["step"])
    assert f"\nInterrupted: {came['epoch']} epochs recorded (" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_stopped_run_has_the_weights_of_its_last_finished_epoch(tmp_path, number, code):
    """In the midst of an epoch: to the bit those of a run of as many epochs as are recorded."""
    returned, _, _, run = stopped(tmp_path, number, words=[*LONG_EPOCHS, "-q"])
    again = typed(
        "train", run / "config.yaml", "--runs", tmp_path / "again", "-q", "-s",
        f"training.epochs={result(run)['epoch']}",
    ).run  # fmt: skip
    assert returned == code
    assert same_bits(weights(run), weights(again))
    assert numbers(run) == numbers(again)


def test_signals_that_come_together_are_one(tmp_path):
    """``timeout`` sends two, an impatient finger three: the run still ends in good order."""
    returned, _, _, run = stopped(tmp_path, signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGINT)
    assert (returned, result(run)["outcome"]) == (130, "interrupted")


def test_a_killed_run_has_whole_rows_and_no_result(tmp_path):
    """kill -9 at any moment: at most the last row is partial."""
    returned, _, _, run = stopped(tmp_path, signal.SIGKILL)
    assert returned == -signal.SIGKILL
    assert {path.name for path in run.iterdir()} == {"config.yaml", "run.json", "metrics.csv"}
    lines = (run / "metrics.csv").read_text().split("\n")
    assert len({line.count(",") for line in lines[:-1]}) == 1


# in this process ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_only_noted(number):
    """Whoever trains looks at it between steps."""
    with Stop() as stop:
        os.kill(os.getpid(), number)
        assert stop.signal == number


def test_a_signal_that_comes_much_later_acts_at_once(monkeypatch):
    """Something hangs, and whoever sends it means it."""
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        monkeypatch.setattr(signals, "PATIENCE", -1.0)
        with pytest.raises(SystemExit, match="130"):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.signal == signal.SIGTERM


def test_the_handlers_before_it_come_back():
    """Outside of training, Ctrl-C is KeyboardInterrupt again."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Stop():
        assert signal.getsignal(signal.SIGINT) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_in_the_last_epoch_changes_nothing(tmp_path, monkeypatch):
    """A run whose epochs are all recorded is finished."""
    monkeypatch.setattr(Stop, "__enter__", lambda stop: vars(stop).update(signal=signal.SIGINT) or stop)
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", "-s", "training.epochs=1")
    assert (said.code, result(said.run)["outcome"]) == (0, "finished")
