"""What ``train`` does to the process that it runs in: threads of BLAS, and Python's collector of garbage."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest
from support.commands import ENDLESS, environment, typed, write
from support.trained_runs import killed, made

from synthgrad.cli import train as command
from synthgrad.errors import RunError
from synthgrad.processes import THREAD_VARIABLES

THREADS = """
import json, sys
from synthgrad.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
import threadpoolctl
print(json.dumps([pool["num_threads"] for pool in threadpoolctl.threadpool_info()]))
"""


def threads(*words):
    """The threads of every BLAS in a process, after a command in an environment that says nothing of them."""
    silent = {name: value for name, value in environment().items() if name not in THREAD_VARIABLES}
    line = [sys.executable, "-c", THREADS, *map(str, words)]
    out = subprocess.run(line, env=silent, capture_output=True, text=True, check=True, timeout=60).stdout
    return json.loads(out.splitlines()[-1])


@pytest.mark.parametrize("kind", ["train", "resume", "from", "verify"])
def test_a_command_that_trains_has_one_blas_thread(tmp_path, kind):
    """More gain nothing at this size, and sums come out in another order."""
    runs = tmp_path / "runs"
    words = {
        "train": lambda: ("train", write(tmp_path), "--runs", runs, "-q"),
        "resume": lambda: ("train", "--resume", killed(runs), "-q"),
        "from": lambda: ("train", "--from", f"{made(runs)}@1", "--runs", runs, "-q"),
        "verify": lambda: ("runs", "verify", made(runs)),
    }[kind]()
    assert set(threads(*words)) == {1}


def test_a_sweep_has_one_blas_thread(tmp_path):
    """It trains nothing itself, but its threads would take the cores of its workers."""
    words = ("sweep", write(tmp_path), "-s", "seed=1,2", "--runs", tmp_path / "runs", "--jobs", "1", "-q")
    assert set(threads(*words)) == {1}


# the collector ------------------------------------------------------------------------------------


@pytest.fixture
def collector():
    """Python's collector, on before and after."""
    assert gc.isenabled()
    yield
    gc.enable()


WRONG = {
    "usage": [],
    "config": ["-s", "trainer.alpha=-1"],
    "missing": ["nowhere.yaml"],
    "resume": ["--resume", "nowhere"],
    "from": ["--from", "nowhere@3"],
}


@pytest.mark.parametrize("case", WRONG)
def test_the_collector_is_on_after_a_line_that_is_wrong(tmp_path, collector, case):
    """For every kind of mistake: other code may continue in this process."""
    first = [write(tmp_path)] if case == "config" else []
    assert typed("train", *first, *WRONG[case], "--runs", tmp_path / "runs").code == 2
    assert gc.isenabled()


def test_the_collector_is_on_while_training(tmp_path, collector, monkeypatch):
    """Training makes garbage: only what is imported and built before stays."""
    seen = []
    train = command._train
    monkeypatch.setattr(command, "_train", lambda *parts: seen.append(gc.isenabled()) or train(*parts))
    assert typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q").code == 0
    assert seen == [True]


@pytest.mark.parametrize("error", [RunError("full"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_the_collector_is_on_after_a_run_that_fails(tmp_path, collector, monkeypatch, error):
    """While it trains, or before."""

    def fails(*parts):
        raise error

    for place in ("_train", "_start"):
        with monkeypatch.context() as patch:
            patch.setattr(command, place, fails)
            typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", *ENDLESS)
        assert gc.isenabled()


def test_a_collector_that_was_off_stays_off(tmp_path, collector):
    """It is the caller's."""
    gc.disable()
    assert typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q").code == 0
    assert not gc.isenabled()
