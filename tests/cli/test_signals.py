"""What a run leaves behind when it is stopped or killed: everything up to its last finished epoch."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys

import pytest
from conftest import same_bits
from support.commands import (
    COMMAND,
    ENDLESS,
    environment,
    metrics,
    numbers,
    only,
    result,
    started,
    typed,
    until,
    weights,
    write,
)
from support.terminal import TAKE_TERMINAL

from synthgrad.cli import signals
from synthgrad.cli.signals import Stop
from synthgrad.processes import SIGNALS
from synthgrad.runs.directory import Run

LONG_EPOCHS = ("-s", "task.bits=8", "-s", "task.train_examples=8000", "-s", "training.batch_size=1")
"""Epochs of more than a tenth of a second, so that a signal comes during one."""


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


STOPS = [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGUSR1, 138), (signal.SIGUSR2, 140),
]  # fmt: skip


@pytest.mark.few(2)
@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_run_told_to_stop_records_all_finished_epochs(tmp_path, number, code):
    """Exit code 128 + number; the outcome is interrupted, the path printed, a checkpoint written, the verdict said."""
    returned, out, err, run = stopped(tmp_path, number)
    came = result(run)
    assert (returned, out) == (code, f"{run}\n")
    assert came["outcome"] == "interrupted"
    assert came["epoch"] == len(metrics(run)) >= 2
    assert came["step"] == 4 * came["epoch"] == int(metrics(run)[-1]["step"])
    assert Run(run).checkpoints() == [Run(run).checkpoint(came["epoch"])]
    assert f"\nInterrupted: {came['epoch']} epochs recorded (" in err
    assert "Traceback" not in err


@pytest.mark.few(1)
@pytest.mark.parametrize(("number", "code"), STOPS[:2])
def test_a_stopped_run_has_the_weights_of_its_last_finished_epoch(tmp_path, number, code):
    """During an epoch: to the bit those of a run of as many epochs as are recorded."""
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


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_terminal_that_is_closed_interrupts_what_runs_in_it(tmp_path, command):
    """Exit code 129 and a checkpoint, although nobody is left to read the path."""
    master, slave = pty.openpty()
    words = [*COMMAND[1:], command, *ENDLESS, write(tmp_path), "--runs", tmp_path / "runs"]
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *map(str, words)], env=environment(), stdin=slave, stdout=slave,
        stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    until(lambda: _read(master) and rows(tmp_path / "runs") >= 2)
    os.close(master)
    process.wait(timeout=30)
    run = only(tmp_path / "runs")
    assert (process.returncode, result(run)["outcome"]) == (129, "interrupted")
    assert Run(run).checkpoints() == [Run(run).checkpoint(len(metrics(run)))]


def _read(terminal):
    """Take what was written to a terminal, so that there is room for more."""
    return not select.select([terminal], [], [], 0)[0] or os.read(terminal, 1 << 16)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(tmp_path, number):
    """As under ``nohup``: the run goes on until a signal comes that was not."""
    config, runs = write(tmp_path), tmp_path / "runs"
    ignored = lambda: signal.signal(number, signal.SIG_IGN)  # noqa: E731
    process = started("train", config, "--runs", runs, *ENDLESS, "-q", preexec_fn=ignored)
    until(lambda: rows(runs) >= 2)
    process.send_signal(number)
    seen = rows(runs)
    until(lambda: rows(runs) > seen + 20)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert (process.returncode, result(only(runs))["outcome"]) == (143, "interrupted")


def test_a_killed_run_has_whole_rows_and_no_result(tmp_path):
    """kill -9 at any moment: at most the last row is partial."""
    returned, _, _, run = stopped(tmp_path, signal.SIGKILL)
    assert returned == -signal.SIGKILL
    assert {path.name for path in run.iterdir()} == {"config.yaml", "run.json", "metrics.csv"}
    lines = (run / "metrics.csv").read_text().split("\n")
    assert len({line.count(",") for line in lines[:-1]}) == 1


# in this process ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_only_noted(number):
    """The training loop reads it between steps."""
    with Stop() as stop:
        os.kill(os.getpid(), number)
        assert stop.signal == number


def test_a_signal_that_comes_much_later_acts_at_once(monkeypatch):
    """Something hangs, and the person insists."""
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        monkeypatch.setattr(signals, "PATIENCE", -1.0)
        with pytest.raises(SystemExit, match="130"):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.signal == signal.SIGTERM


def test_the_handlers_before_it_come_back():
    """Outside of training, Ctrl-C is KeyboardInterrupt again."""
    before = [signal.getsignal(number) for number in SIGNALS]
    with Stop():
        assert not set(before) & {signal.getsignal(number) for number in SIGNALS}
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_signal_in_the_last_epoch_changes_nothing(tmp_path, monkeypatch):
    """A run whose epochs are all recorded is finished."""
    monkeypatch.setattr(Stop, "__enter__", lambda stop: vars(stop).update(signal=signal.SIGINT) or stop)
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", "-s", "training.epochs=1")
    assert (said.code, result(said.run)["outcome"]) == (0, "finished")
