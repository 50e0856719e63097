"""What a sweep on a Dask cluster does when a worker or the scheduler is gone, or never comes."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing

import pytest
from support.commands import environment, result
from support.dask_cluster import Cluster, never, same
from support.stacks import ended, stack
from support.trained_runs import made

from synthgrad.errors import RunError
from synthgrad.sweep import scheduler
from synthgrad.sweep.cluster import work_on
from synthgrad.sweep.events import Begun, Done, Ended, Lost

pytest.importorskip("distributed")

LONG = {"training.epochs": 100_000_000}


@pytest.fixture
def own(tmp_path):
    """A scheduler of this test's own, without workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    with closing(Cluster(folder)) as cluster:
        yield cluster


def test_a_scheduler_that_gets_no_worker_is_given_up(tmp_path, own, monkeypatch):
    monkeypatch.setattr(scheduler, "WORKERS_SECONDS", 0.5)
    with pytest.raises(RunError, match=rf"^{own.address}: has had no worker for 0 s \(start one with: dask worker "):
        list(work_on(own.address, [stack(tmp_path, [{}])], never))


def test_the_stack_of_a_killed_worker_is_trained_by_another(tmp_path, own):
    """The sweep begins before its worker is there, and goes on when that is gone."""
    keys = [{"training.epochs": 500, "training.evaluate_every": 500, "seed": seed} for seed in (1, 2)]
    first, heard = own.add(), []
    for event in work_on(own.address, [stack(tmp_path / "sweep", keys)], never):
        heard.append(event)
        if first is not None and isinstance(event, Begun):
            first = first.kill()
            own.add()
    lost = next(event for event in heard if isinstance(event, Lost))
    assert lost.runs == (0, 1)
    assert lost.again
    assert [event for event in heard if isinstance(event, Begun)] == 2 * [Begun(0, (0, 1))]
    for number, event in ended(heard).items():
        same(tmp_path / event.path, made(tmp_path / "alone", keys[number]))


def test_a_stack_that_takes_its_workers_with_it_has_failed(tmp_path):
    """After as many workers as the scheduler allows; here the first."""
    with closing(Cluster(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")) as own:
        first, heard = own.add(), []
        for event in work_on(own.address, [stack(tmp_path / "sweep", [LONG])], never):
            heard.append(event)
            if isinstance(event, Begun):
                first.kill()
    assert heard[1] == Lost(0, (0,), heard[1].how, again=False)
    assert heard[2] == Ended(0, 0, "", "failed", f"its process {heard[1].how}")
    assert heard[1].how.startswith("was lost with each of 1 workers, the last tcp://127.0.0.1:")
    assert heard[3] == Done(0)


SWEEP = """
import sys
from pathlib import Path
from support.stacks import stack
from synthgrad.errors import RunError
from synthgrad.sweep.cluster import work_on

stacks = [stack(Path(sys.argv[2]), [{"seed": 1}])]
stacks += [stack(Path(sys.argv[2]), [{"training.epochs": 100_000_000}], 1, 1)]
try:
    for event in work_on(sys.argv[1], stacks, lambda: False):
        print(event, flush=True)
except RunError as error:
    print(error)
"""


@pytest.mark.full
def test_a_scheduler_that_is_gone_is_one_message(tmp_path, own):
    """Soon, and nothing of Dask's on stderr; what has come back before is written."""
    own.add()
    path = f"{environment()['PYTHONPATH']}:{':'.join(sys.path)}"
    words = [sys.executable, "-c", SWEEP, own.address, str(tmp_path / "sweep")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=environment(PYTHONPATH=path), **pipes) as process:
        for line in process.stdout:
            if line.startswith("Progress(stack=1"):
                break
        own.scheduler.kill()
        start = time.monotonic()
        out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 15
    assert out.splitlines()[-1] == (
        f"{own.address}: the scheduler is gone; 1 of 2 runs are written "
        "(start it and its workers again, and run the same line)"
    )
    assert err == ""
    assert [result(run)["outcome"] for run in (tmp_path / "sweep").iterdir()] == ["finished"]
