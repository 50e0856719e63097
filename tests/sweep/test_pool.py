"""Stacks on the processes of this machine: all of them trained, whatever happens to a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support.commands import environment, numbers, result, until
from support.stacks import SHUFFLED, ended, stack
from support.trained_runs import made

from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below
from synthgrad.runs.liveness import in_use
from synthgrad.sweep import pool
from synthgrad.sweep.events import Begun, Done, Lost, Progress
from synthgrad.sweep.pool import work

LONG = {"training.epochs": 100_000_000}


@pytest.fixture
def processes(monkeypatch):
    """The processes that are started."""
    found = []

    class Noted(pool.Worker):
        def __init__(self, heard):
            super().__init__(heard)
            found.append(self.process)

    monkeypatch.setattr(pool, "Worker", Noted)
    yield found
    assert all(process.returncode is not None for process in found), "a process was left running"


def test_all_stacks_are_trained_by_so_many_processes(tmp_path, processes):
    """Each run once, its numbers those of the run alone, with one BLAS thread."""
    stacks = [
        stack(tmp_path / "sweep", [{**SHUFFLED, "seed": 10 * s + r} for r in range(2)], number=s, first=10 * s)
        for s in range(4)
    ]
    found = ended(work(stacks, 2, lambda: False))
    assert len(processes) == 2
    assert sorted(found) == [0, 1, 10, 11, 20, 21, 30, 31]
    for number, event in found.items():
        assert event.outcome == "finished"
        path = tmp_path / event.path
        assert numbers(path) == numbers(made(tmp_path / "alone", {**SHUFFLED, "seed": number}))
        threads = json.loads((path / "run.json").read_text())["threads"]
        assert set(threads.values()) == {"1"}


def test_no_more_processes_than_stacks_are_started(tmp_path, processes):
    """One stack, one process."""
    list(work([stack(tmp_path, [{"seed": 1}])], 8, lambda: False))
    assert len(processes) == 1


def begun(events):
    """Go on until a stack has been training for a while; its event."""
    first = next(event for event in events if isinstance(event, Begun))
    next(event for event in events if isinstance(event, Progress))
    return first


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGSEGV, marks=pytest.mark.slow)])
def test_the_stack_of_a_lost_process_is_taken_up_by_another(tmp_path, processes, number):
    """In the same directories, and to the same end."""
    keys = [{"training.epochs": 5000, "training.evaluate_every": 5000, "seed": seed} for seed in (1, 2)]
    events = work([stack(tmp_path / "sweep", keys)], 1, lambda: False)
    first = begun(events)
    processes[0].send_signal(number)
    rest = list(events)
    lost = next(event for event in rest if isinstance(event, Lost))
    assert lost == Lost(0, (0, 1), f"was killed by {number.name}", again=True)
    again = next(event for event in rest if isinstance(event, Begun))
    assert again.paths == first.paths
    assert {e.outcome for e in ended(rest).values()} == {"finished"}
    assert len(processes) == 2
    assert len(list(below(tmp_path / "sweep"))) == 2
    assert [int(row["epoch"]) for row in numbers(tmp_path / first.paths[0])] == list(range(1, 5001))


@pytest.mark.full
def test_runs_are_taken_up_whose_process_could_not_tell_of_them(tmp_path, processes, monkeypatch):
    """Killed while it made their directories: no run is left behind that another has made again."""
    keys = [{"training.epochs": 5000, "training.evaluate_every": 5000, "seed": seed} for seed in (1, 2)]
    events = work([stack(tmp_path / "sweep", keys)], 1, lambda: False)
    first = begun(events)
    with monkeypatch.context() as patched:
        patched.setattr(pool.Worker, "paths", property(lambda worker: {}, lambda worker, paths: None), raising=False)
        processes[0].kill()
        next(event for event in events if isinstance(event, Lost))
        again = next(event for event in events if isinstance(event, Begun))
    assert again.paths == first.paths
    assert {event.outcome for event in ended(events).values()} == {"finished"}
    assert len(list(below(tmp_path / "sweep"))) == 2


@pytest.mark.full
def test_runs_with_checkpoints_are_taken_up_one_by_one(tmp_path, processes):
    """A kill lands between the checkpoints of two: each goes on after an epoch of its own, and no row is missing."""
    keys = [
        {**SHUFFLED, "seed": s, "training.epochs": 300, "training.checkpoint_every": 1, "diagnostics": False}
        for s in range(5)
    ]
    events = work([stack(tmp_path / "sweep", keys)], 1, lambda: False)
    first = next(event for event in events if isinstance(event, Begun))
    until(lambda: len((tmp_path / first.paths[0] / "metrics.csv").read_bytes().splitlines()) > 20)
    processes[0].kill()
    found = ended(events)
    assert {event.outcome for event in found.values()} == {"finished"}
    for number, each in enumerate(keys):
        assert numbers(tmp_path / found[number].path) == numbers(made(tmp_path / "alone", each))


@pytest.mark.full
def test_a_process_that_somebody_else_tells_to_stop_is_replaced(tmp_path, processes):
    """Its runs are taken up where they stopped, and the stacks behind it are trained."""
    keys = [{"training.epochs": 3000, "training.evaluate_every": 3000, "seed": seed} for seed in (1, 2)]
    stacks = [stack(tmp_path, keys), *(stack(tmp_path, [{"seed": s}], number=s, first=s) for s in (2, 3))]
    events = work(stacks, 1, lambda: False)
    begun(events)
    processes[0].terminate()
    rest = list(events)
    assert [(e.how, e.again) for e in rest if isinstance(e, Lost)] == [("was told to stop", True)]
    assert {number: e.outcome for number, e in ended(rest).items()} == dict.fromkeys(range(4), "finished")
    assert len(processes) == 2


def test_a_stack_that_loses_two_processes_has_failed(tmp_path, processes):
    """It is given up, and the others are trained."""
    stacks = [stack(tmp_path, [{**LONG, "seed": 1}]), stack(tmp_path, [{"seed": 2}], number=1, first=1)]
    events, heard = work(stacks, 1, lambda: False), []
    for event in events:
        heard.append(event)
        if isinstance(event, Begun) and 0 in event.runs:
            processes[-1].kill()
    found = ended(heard)
    assert found[0].outcome == "failed"
    assert found[0].error == "its process was killed by SIGKILL"
    assert found[1].outcome == "finished"
    assert [event.again for event in heard if isinstance(event, Lost)] == [True, False]
    assert not Run(tmp_path / found[0].path).result.exists()


def test_stopping_ends_the_runs_at_hand_and_begins_no_other(tmp_path, processes):
    """As interrupted, each with a checkpoint."""
    stacks = [stack(tmp_path, [{**LONG, "seed": s}], number=s) for s in range(5)]
    stops = []
    events = work(stacks, 2, lambda: stops)
    begun(events)
    stops.append(True)
    start = time.monotonic()
    rest = list(events)
    assert time.monotonic() - start < 5
    assert {e.outcome for e in rest if hasattr(e, "outcome")} == {"interrupted"}
    assert len(list(below(tmp_path))) <= 2
    assert all(Run(path).checkpoints() for path in below(tmp_path))


def test_a_full_disk_begins_no_further_stack(tmp_path, processes):
    """What is trained is kept; the machine needs a person first."""
    (tmp_path / "runs").write_text("")
    stacks = [stack(tmp_path / "runs", [{"seed": s}], number=s) for s in range(9)]
    heard = list(work(stacks, 1, lambda: False))
    assert [event for event in heard if isinstance(event, Done)] == [Done(0, broken=True)]


def test_leaving_the_stream_ends_every_process(tmp_path, processes):
    """Within a moment, the runs interrupted."""
    events = work([stack(tmp_path, [{**LONG, "seed": s}], number=s) for s in range(2)], 2, lambda: False)
    begun(events)
    events.close()
    assert len(processes) == 2
    assert {result(path)["outcome"] for path in below(tmp_path)} == {"interrupted"}


PARENT = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from support.stacks import stack
from synthgrad.sweep.pool import work
for event in work([stack(Path(sys.argv[1]), [{"training.epochs": 100_000_000}])], 1, lambda: False):
    print(event, flush=True)
"""


def test_when_the_parent_is_killed_its_processes_end_their_runs(tmp_path):
    """Nothing is left running, and the run is recorded as interrupted, with a checkpoint."""
    here = os.path.dirname(__file__)
    path = os.pathsep.join([here, os.path.dirname(here)])
    env = environment()
    env["PYTHONPATH"] += os.pathsep + path
    parent = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path, here], stdout=subprocess.PIPE, env=env)
    while b"Progress" not in parent.stdout.readline():
        pass
    parent.kill()
    parent.wait()
    parent.stdout.close()
    (run,) = below(tmp_path)
    until((run / "result.json").exists)
    assert result(run)["outcome"] == "interrupted"
    assert Run(run).checkpoints()
    until(lambda: not in_use(Run(run)))
