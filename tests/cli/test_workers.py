"""A run whose modules several processes share: signals, kills, too little room, and what is left of it."""

from __future__ import annotations

import os
import re
import signal

import pytest
from conftest import same_bits
from support.commands import (
    SMALL,
    metrics,
    no_file_above,
    numbers,
    only,
    ran,
    result,
    started,
    typed,
    until,
    weights,
    write,
)
from support.processes import alive, children, ended, workers
from support.trained_runs import made

SCHEDULE = "trainer.schedule={kind: pipelined, workers: 2}"
DNI = ("-s", "trainer.name=dni", "-s", "trainer.interfaces=[1]", "-s", SCHEDULE)
LONG = (
    "-s", "task.bits=8", "-s", "task.train_examples=8000", "-s", "training.batch_size=100",
    "-s", "network.hidden=[300, 200]", "-s", "training.epochs=5",
)  # fmt: skip
"""Five epochs of more than a tenth of a second."""
ENDLESS = (*LONG[:-1], "training.epochs=100000000")
PIPED = {"trainer.name": "dni", "trainer.schedule": {"kind": "pipelined", "workers": 2}}


def going(tmp_path, *words, rows=1):
    """Start a run in a session of its own; when it has recorded so many epochs: its process, and those it started."""
    runs = tmp_path / "runs"
    process = started("train", write(tmp_path), "--runs", runs, "-q", *DNI, *words, start_new_session=True)
    until(lambda: len(workers(process.pid)) == 2)
    until(lambda: sum(path.read_bytes().count(b"\n") - 1 for path in runs.glob("*/metrics.csv")) >= rows)
    return process, workers(process.pid)


def told(process):
    """How it ended, and what it said."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


# signals ------------------------------------------------------------------------------------------


@pytest.mark.full
def test_ctrl_c_interrupts_the_run_which_goes_on_from_there_to_the_same_bits(tmp_path):
    """A terminal tells every process of the group; a run that was never interrupted, in order, is the measure."""
    process, pids = going(tmp_path, *LONG)
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = told(process)
    assert (code, err) == (130, "")
    assert not any(alive(pid) for pid in pids)
    run = only(tmp_path / "runs")
    assert out == f"{run}\n"
    assert result(run)["outcome"] == "interrupted"
    assert 1 <= result(run)["epoch"] < 5
    assert typed("train", "--resume", run, "-q") == (0, f"{run}\n", "")
    alone = typed(
        "train", write(tmp_path), "--runs", tmp_path / "alone", "-q", *DNI, *LONG, "-s", "trainer.schedule.workers=1"
    ).run
    assert result(run)["outcome"] == "finished"
    assert numbers(run) == numbers(alone)
    assert same_bits(weights(run), weights(alone))


def test_a_signal_to_the_parent_alone_ends_all(tmp_path):
    """As ``kill`` and ``timeout`` send it; here while the processes start, before there is an epoch."""
    process, pids = going(tmp_path, *ENDLESS, rows=0)
    process.send_signal(signal.SIGTERM)
    assert told(process) == (143, f"{only(tmp_path / 'runs')}\n", "")
    assert not any(alive(pid) for pid in pids)
    assert result(only(tmp_path / "runs"))["outcome"] == "interrupted"


# kills --------------------------------------------------------------------------------------------


def test_workers_whose_parent_is_killed_end_by_themselves(tmp_path):
    """During an epoch, when nobody listens for the end of a pipe."""
    process, pids = going(tmp_path, *ENDLESS)
    process.kill()
    process.wait()
    ended(pids, seconds=5)
    process.communicate()


@pytest.mark.few(1)
@pytest.mark.parametrize(("every", "what"), [(0, "Start it again"), (1, "Continue it")], ids=["", "checkpoint"])
@pytest.mark.parametrize("debug", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["message", "debug"])
def test_a_killed_worker_ends_the_run_with_one_message_that_names_it(tmp_path, debug, every, what):
    """Exit 1, the outcome failed, all whole epochs on disk; the traceback only for those who ask."""
    process, pids = going(tmp_path, *ENDLESS, "-s", f"training.checkpoint_every={every}", *["--debug"] * debug)
    os.kill(pids[1], signal.SIGKILL)
    code, out, err = told(process)
    said = "trainer.schedule.workers: worker 2 of 2 (layers 2 to 3) was killed by SIGKILL"
    run = only(tmp_path / "runs")
    assert (code, out) == (1, f"{run}\n")
    message = f"{said}\n{what} with:\n  synthgrad train --resume {run}\n"
    assert err.startswith("Traceback") if debug else err == message
    assert err.endswith(f"RunError: {message}" if debug else message)
    assert not any(alive(pid) for pid in pids)
    assert (result(run)["outcome"], result(run)["error"]) == ("failed", said)
    assert len(metrics(run)) == result(run)["epoch"] >= 1


# room ---------------------------------------------------------------------------------------------


def test_too_little_room_for_shared_memory_is_one_message(tmp_path):
    """Exit 1, before any process is started; the run says that it failed."""
    limit = no_file_above(SMALL)
    said = ran("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", *DNI, *ENDLESS, preexec_fn=limit)
    run = only(tmp_path / "runs")
    why = "MiB of shared memory cannot be had: file too large (workers: 1 needs none)"
    assert (said.code, said.out) == (1, f"{run}\n")
    message, *again = said.err.splitlines()
    assert message.startswith("trainer.schedule.workers: ")
    assert message.endswith(f" {why}")
    assert again == ["Start it again with:", f"  synthgrad train --resume {run}"]
    assert result(run)["outcome"] == "failed"
    assert result(run)["error"].endswith(why)


# verify -------------------------------------------------------------------------------------------


def test_a_run_whose_modules_were_shared_repeats(tmp_path):
    """Every column and the final weights, with processes again, of which none is left."""
    before = children()
    run = made(tmp_path, PIPED)
    said = typed("runs", "verify", run)
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(rf"{run.name}: identical to epoch 3 \(\d+ columns, final weights\)\n", said.out)
    assert children() == before


def test_a_run_that_depends_on_timing_is_not_held_against_another(tmp_path):
    """Undecided, and why."""
    run = made(tmp_path, {**PIPED, "trainer.schedule": {"kind": "free", "workers": 1}})
    said = typed("runs", "verify", run)
    assert (said.code, said.err) == (5, "")
    assert said.out.startswith(f"{run.name}: not trained again: its schedule is free")
