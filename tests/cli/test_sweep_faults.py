"""A sweep to which something happens: its exit code, what is on disk, and that the same line again completes it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.commands import (
    COMMAND,
    SMALL,
    environment,
    no_file_above,
    numbers,
    ran,
    result,
    started,
    typed,
    until,
    write,
)
from support.processes import alive, children

from synthgrad.config import read_resolved
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below
from synthgrad.runs.liveness import in_use

KEYS = ("-s", "seed=0..5", "-s", "training.epochs=1000", "-s", "training.evaluate_every=1000", "--stack", "2", "-q")
"""Six runs in three stacks, some tenths of a second each."""


@pytest.fixture
def line(tmp_path):
    """The words of a sweep."""
    return ["sweep", write(tmp_path), *KEYS, "--runs", tmp_path / "runs", "--jobs", "2"]


def outcomes(runs):
    """How often each outcome is there; None for a run without a result."""
    found = [
        json.loads(p.read_text())["outcome"] if (p := path / "result.json").exists() else None for path in below(runs)
    ]
    return {outcome: found.count(outcome) for outcome in found}


def training(runs, rows=3):
    """Wait until two stacks have been training for some epochs."""
    until(lambda: sum(len(path.read_bytes().splitlines()) > rows for path in runs.glob("*/metrics.csv")) >= 4)


def completed(line, tmp_path):
    """The same line again: exit 0, every run there once, whole, and equal to that of train alone."""
    said = ran(*line)
    assert (said.code, said.err) == (0, "")
    paths = [Path(path) for path in said.out.splitlines()]
    assert [read_resolved(path / "config.yaml")["seed"] for path in paths] == list(range(6))
    assert sorted(paths) == sorted(below(tmp_path / "runs"))
    assert outcomes(tmp_path / "runs") == {"finished": 6}
    assert not any(Run(path).checkpoints() or in_use(Run(path)) for path in paths)
    alone = typed("train", line[1], *KEYS[2:6], "--seed", 2, "--runs", tmp_path / "alone", "-q").run
    assert numbers(paths[2]) == numbers(alone)
    for path in paths:
        assert [int(row["epoch"]) for row in numbers(path)] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        *(pytest.param(s, 128 + s, marks=pytest.mark.full) for s in (signal.SIGTERM, signal.SIGHUP)),
    ],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_a_signal_ends_the_runs_at_hand_and_the_rest_is_for_the_next_time(line, tmp_path, number, code):
    """Within a moment; what was at hand is interrupted, with a checkpoint from which it goes on."""
    process = started(*line)
    training(tmp_path / "runs")
    workers = children(process.pid)
    process.send_signal(number)
    start = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in err) == (code, False)
    assert time.monotonic() - start < 5
    assert set(outcomes(tmp_path / "runs")) <= {"interrupted", "finished"}
    assert not any(alive(pid) for pid in workers)
    completed(line, tmp_path)


@pytest.mark.slow
def test_ctrl_c_on_a_terminal_reaches_the_workers_too(line, tmp_path):
    """A signal to the whole group of processes ends in the same way."""
    process = started(*line, start_new_session=True)
    training(tmp_path / "runs")
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert set(outcomes(tmp_path / "runs")) <= {"interrupted", "finished"}
    completed(line, tmp_path)


@pytest.mark.full
def test_a_signal_to_every_process_is_answered_by_the_parent(line, tmp_path):
    """As batch systems send it to all of a job: workers end their runs because the parent says so."""
    process = started(*line, start_new_session=True)
    training(tmp_path / "runs")
    os.killpg(process.pid, signal.SIGUSR1)
    process.communicate(timeout=20)
    assert process.returncode == 138
    assert set(outcomes(tmp_path / "runs")) <= {"interrupted", "finished"}
    completed(line, tmp_path)


def test_a_killed_worker_is_replaced(line, tmp_path):
    """Its runs continue in their directories; the sweep completes with exit 0, and says so."""
    process = started(*line)
    training(tmp_path / "runs")
    os.kill(min(children(process.pid)), signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert outcomes(tmp_path / "runs") == {"finished": 6}
    completed(line, tmp_path)


def test_a_killed_sweep_leaves_no_process_and_loses_only_what_was_at_hand(line, tmp_path):
    """Its workers end their runs as interrupted."""
    process = started(*line)
    training(tmp_path / "runs")
    workers = children(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    until(lambda: not any(alive(pid) for pid in workers))
    assert set(outcomes(tmp_path / "runs")) <= {"interrupted", "finished"}
    completed(line, tmp_path)


@pytest.mark.full
def test_everything_killed_at_once_is_a_loss_of_power(line, tmp_path):
    """Sweep and workers: runs without a result, which start again in the same directories."""
    process = started(*line, start_new_session=True)
    training(tmp_path / "runs")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: not any(in_use(Run(path)) for path in below(tmp_path / "runs")))
    assert None in outcomes(tmp_path / "runs")
    completed(line, tmp_path)


def test_a_disk_that_is_full_at_the_start_is_named(line, tmp_path):
    """Before any run is begun; nothing is left behind."""
    said = ran(*line, preexec_fn=no_file_above(0))
    assert (said.code, said.out) == (1, "")
    assert said.err == f"{tmp_path}/runs/.sweeps: no reservation can be made there: file too large\n"
    assert outcomes(tmp_path / "runs") == {}
    assert list((tmp_path / "runs" / ".sweeps").glob("[0-9a-f]*")) == []


def test_a_full_disk_is_one_message_and_exit_1(line, tmp_path):
    """Nothing further is begun; with room again the same line completes."""
    said = ran(*line, preexec_fn=no_file_above(SMALL))
    assert said.code == 1
    assert "cannot be written: no space left on device" in said.err
    assert "Traceback" not in said.err
    assert set(outcomes(tmp_path / "runs")) == {"failed"}
    for path in below(tmp_path / "runs"):
        header, *rows = path.joinpath("metrics.csv").read_text().splitlines(keepends=True)
        assert rows
        assert all(row.endswith("\n") and row.count(",") == header.count(",") for row in rows)
    completed(line, tmp_path)


def test_two_sweeps_over_the_same_grid_share_its_runs(line, tmp_path):
    """Started in the same moment, each run is made once, and both exit with 0."""
    one, two = started(*line), started(*line)
    (_, err), (_, other) = one.communicate(timeout=120), two.communicate(timeout=120)
    assert (one.returncode, two.returncode) == (0, 0), (err, other)
    assert outcomes(tmp_path / "runs") == {"finished": 6}
    completed(line, tmp_path)


@pytest.mark.full
def test_a_worker_that_somebody_else_ends_gracefully_is_replaced(line, tmp_path):
    """SIGTERM, as from who is short of memory: its runs go on in another process, and nothing is missing."""
    process = started(*line)
    training(tmp_path / "runs")
    os.kill(min(children(process.pid)), signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert outcomes(tmp_path / "runs") == {"finished": 6}
    completed(line, tmp_path)


@pytest.mark.full
def test_ctrl_c_at_once_is_quiet(line, tmp_path):
    """While the workers are still being started."""
    process = started(*line, start_new_session=True)
    until(lambda: len(children(process.pid)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err.strip()) == (130, "")
    assert set(outcomes(tmp_path / "runs")) <= {"interrupted", "finished"}
    completed(line, tmp_path)


@pytest.mark.parametrize("closed", ["2>&-", *(pytest.param(other, marks=pytest.mark.slow) for other in (">&-", "<&-"))])
def test_a_closed_descriptor_is_no_obstacle(line, tmp_path, closed):
    """Nobody listens; the runs are made all the same."""
    words = [*COMMAND, *map(str, line[:-5]), "-s", "training.epochs=2", *map(str, line[-4:])]
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(words)} {closed}"], env=environment(), check=False, capture_output=True
    )
    assert done.returncode == 0
    assert outcomes(tmp_path / "runs") == {"finished": 6}


def test_a_run_that_diverges_is_exit_3_now_and_later(tmp_path):
    """One of ten in a stack; it is not tried again, and the code stays."""
    keys = [
        "-s",
        "trainer.name=printed-listing",
        "-s",
        "trainer.alpha=0.3,1e-6,2e-6,3e-6,4e-6,5e-6,6e-6,7e-6,8e-6,9e-6",
    ]
    line = ["sweep", write(tmp_path), *keys, "-s", "training.epochs=100", "--jobs", "1", "--stack", "10", "-q"]
    for _ in range(2):
        said = ran(*line, "--runs", tmp_path / "runs")
        assert (said.code, len(said.out.splitlines())) == (3, 10)
        assert outcomes(tmp_path / "runs") == {"diverged": 1, "finished": 9}
    first = Path(said.out.splitlines()[0])
    assert result(first)["diverged"]["epoch"] < 100
    assert json.loads((first / "run.json").read_text())["stack"] == 10


@pytest.mark.slow
def test_five_hundred_runs_started_by_xargs_are_five_hundred_directories(tmp_path):
    """Sixteen at a time, from the lines of a dry run: none torn, all told apart."""
    config = write(tmp_path)
    lines = typed("sweep", config, "-s", "seed=0..499", "-s", "training.epochs=1", "--dry-run").out
    assert len(lines.splitlines()) == 500
    script = lines.replace("synthgrad train", f"{' '.join(COMMAND)} train")
    done = subprocess.run(
        ["xargs", "-P", "16", "-d", "\n", "-I{}", "sh", "-c", "{}"],
        input=script, text=True, capture_output=True, cwd=tmp_path, env=environment(), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = list(below(tmp_path / "runs"))
    assert sorted(done.stdout.split()) == sorted(str(path.relative_to(tmp_path)) for path in found)
    assert len(found) == 500
    assert outcomes(tmp_path / "runs") == {"finished": 500}
    assert all(len(numbers(path)) == 1 for path in found)
