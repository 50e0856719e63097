"""Stacks on a Dask cluster: the same runs as here."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest
from support.commands import result, until
from support.dask_cluster import Cluster, never, same
from support.stacks import SHUFFLED, ended, stack
from support.trained_runs import DIVERGING, killed, made

import synthgrad
from synthgrad.errors import ConfigError, RunError
from synthgrad.sweep import scheduler
from synthgrad.sweep.cluster import work_on
from synthgrad.sweep.events import Begun, Done, Ended, Progress
from synthgrad.sweep.scheduler import Scheduler

pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

LONG = {"training.epochs": 100_000_000}
DNI = {"trainer.name": "dni", **SHUFFLED}
CHECKPOINTED = {"training.epochs": 9, "training.checkpoint_every": 2, "trainer.optimizer": "adam", **SHUFFLED}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers that all tests share; none ends them."""
    with closing(Cluster(tmp_path_factory.mktemp("cluster"), workers=2)) as cluster:
        yield cluster


# what comes back ----------------------------------------------------------------------------------


def test_runs_on_a_cluster_are_those_of_train_alone(tmp_path, cluster):
    """Bit for bit, and each directory has the same files."""
    keys = [{**DNI, "seed": seed} for seed in (1, 2, 3)] + [{"seed": 4}, {"trainer.name": "frozen"}]
    runs = tmp_path / "sweep"
    stacks = [stack(runs, keys[:3]), stack(runs, keys[3:4], 1, 3), stack(runs, keys[4:], 2, 4)]
    heard = list(work_on(cluster.address, stacks, never))
    found = ended(heard)
    assert sorted(found) == [0, 1, 2, 3, 4]
    for number, event in found.items():
        alone = made(tmp_path / "alone", keys[number])
        same(runs / event.path, alone)
        assert sorted(file.name for file in (runs / event.path).iterdir()) == sorted(f.name for f in alone.iterdir())
        assert result(runs / event.path)["outcome"] == event.outcome == "finished"
    assert [event for event in heard if isinstance(event, Done)].count(Done(0)) == 1
    assert heard.index(Begun(0, (0, 1, 2))) < heard.index(found[0])
    assert json.loads((runs / found[1].path / "run.json").read_text())["command"] == ["synthgrad", "train", "1"]


def test_the_environment_of_a_run_is_that_of_its_worker(tmp_path, cluster):
    """Its threads, for one, which here are others than ours."""
    found = ended(work_on(cluster.address, [stack(tmp_path, [{}])], never))
    assert json.loads((tmp_path / found[0].path / "run.json").read_text())["threads"]["OMP_NUM_THREADS"] == "3"


def test_a_nanny_starts_its_worker_with_one_blas_thread():
    """As the README says of ``dask worker``."""
    variables = dask.config.get("distributed.nanny.pre-spawn-environ")
    assert variables["OPENBLAS_NUM_THREADS"] == variables["OMP_NUM_THREADS"] == 1


def test_a_run_that_diverges_in_a_stack_is_recorded_as_that(tmp_path, cluster):
    """And the others of its stack go on."""
    wild = {**DIVERGING, "training.epochs": 9}
    calm = {**wild, "trainer.alpha": 1e-4}
    keys = [calm, wild, {**calm, "seed": 5}]
    found = ended(work_on(cluster.address, [stack(tmp_path / "sweep", keys)], never))
    assert [found[number].outcome for number in range(3)] == ["finished", "diverged", "finished"]
    for number, event in found.items():
        same(tmp_path / event.path, made(tmp_path / "alone", keys[number]))
    assert "where" in result(tmp_path / found[1].path)["diverged"]


def test_an_interrupted_run_is_taken_up_from_its_checkpoint(tmp_path, cluster):
    """In its own directory, to the end of an uninterrupted one."""
    path = made(tmp_path / "sweep", CHECKPOINTED, stop=4)
    found = ended(work_on(cluster.address, [taking_up(tmp_path, path, CHECKPOINTED)], never))
    assert found[0] == Ended(0, 0, str(path), "finished")
    same(path, made(tmp_path / "alone", CHECKPOINTED))
    about = json.loads((path / "run.json").read_text())
    assert [each["after_epoch"] for each in about["resumed"]] == [4]
    assert not list(path.glob("checkpoint-*"))


def taking_up(tmp_path, path, keys):
    """A stack of one run that is taken up."""
    fresh = stack(tmp_path / "sweep", [keys])
    return replace(fresh, orders=(replace(fresh.orders[0], resume=path),))


def test_a_run_without_checkpoints_starts_again_in_its_directory(tmp_path, cluster):
    """What a kill has left of it is written over."""
    path = killed(tmp_path / "sweep", {}, stop=2)
    found = ended(work_on(cluster.address, [taking_up(tmp_path, path, {})], never))
    assert (found[0].path, found[0].outcome) == (str(path), "finished")
    same(path, made(tmp_path / "alone", {}))


def test_what_cannot_be_written_has_failed_and_ends_the_sweep(tmp_path, cluster):
    """As on a full disk: no further stack is begun."""
    (tmp_path / "file").touch()
    stacks = [stack(tmp_path / "file", [{}], number, number) for number in range(9)]
    heard = list(work_on(cluster.address, stacks, never))
    found = ended(heard)
    assert len(found) < 9
    assert {(event.outcome, event.path) for event in found.values()} == {("failed", "")}
    assert "is not a directory" in found[min(found)].error
    assert {event.broken for event in heard if isinstance(event, Done)} == {True}


def test_a_run_that_cannot_be_resumed_has_failed(tmp_path, cluster):
    """The others are trained."""
    path = made(tmp_path / "sweep", stop=2)
    (path / "metrics.csv").unlink()
    (path / "metrics.csv").mkdir()
    stacks = [taking_up(tmp_path, path, {}), stack(tmp_path / "sweep", [{"seed": 8}], 1, 1)]
    found = ended(work_on(cluster.address, stacks, never))
    assert found[0] == Ended(0, 0, str(path), "failed", f"{path}: cannot be read: is a directory")
    assert found[1].outcome == "finished"


# stopping -----------------------------------------------------------------------------------------


def test_stopping_gives_up_what_has_not_come_back(tmp_path, cluster):
    """No directory is left, and the workers are free again."""
    stacks = [stack(tmp_path / "sweep", [LONG], number, number) for number in range(5)]
    wish, heard = threading.Event(), []
    for event in work_on(cluster.address, stacks, wish.is_set):
        heard.append(event)
        if isinstance(event, Progress):
            wish.set()
    begun = {event.stack for event in heard if isinstance(event, Begun)}
    assert {(e.run, e.outcome, e.path) for e in ended(heard).values()} == {(n, "interrupted", "") for n in begun}
    assert not (tmp_path / "sweep").exists()
    stacks = [stack(tmp_path / "sweep", [{}], number, number) for number in range(5)]
    assert len(ended(work_on(cluster.address, stacks, never))) == 5


def test_leaving_the_stream_closes_the_connection(tmp_path, cluster):
    """No thread and no log level stays behind."""
    threads, level = set(threading.enumerate()), logging.getLogger("distributed").level
    with closing(work_on(cluster.address, [stack(tmp_path, [LONG])], never)) as events:
        assert isinstance(next(events), Begun)
        assert logging.getLogger("distributed").level > logging.CRITICAL
    until(lambda: set(threading.enumerate()) <= threads)
    assert logging.getLogger("distributed").level == level


def test_a_wish_to_stop_is_heard_while_nobody_answers():
    """Nothing is raised then."""
    start = time.monotonic()
    assert list(work_on("tcp://127.0.0.1:1", [], lambda: time.monotonic() > start + 0.2)) == []
    assert time.monotonic() < start + 5


# what is said before anything runs ----------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "127.0.0.1:8786", "tcp://127.0.0.1", "http://a:1", "tcp://:8786", "tcp://a:b"])
def test_what_is_no_address_is_said(address):
    with pytest.raises(ConfigError, match=r"^--scheduler: '.*' is no address \(expected one like tcp://127"):
        next(work_on(address, [], never))


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"^--scheduler: needs Dask \(pip install 'synthgrad\[dask\]'\)$"):
        next(work_on("tcp://127.0.0.1:8786", [], never))


def test_where_no_scheduler_answers_it_is_said_how_to_start_one(monkeypatch):
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.2)
    with pytest.raises(RunError, match=r"^tcp://127.0.0.1:1: no scheduler answers .*dask scheduler\)$"):
        next(work_on("tcp://127.0.0.1:1", [], never))


def test_versions_that_differ_are_reported_before_anything_runs(tmp_path, cluster, monkeypatch):
    """A line for each worker: what it has, and what is here."""
    monkeypatch.setattr(synthgrad, "__version__", "99.0")
    with pytest.raises(ConfigError) as caught:
        list(work_on(cluster.address, [stack(tmp_path / "sweep", [{}])], never))
    assert len(caught.value.lines) == 2
    for line in caught.value.lines:
        address, _, said = line.partition(": ")
        assert address.startswith("tcp://127.0.0.1:")
        assert said.endswith("(expected synthgrad 99.0, as here)")
    assert not (tmp_path / "sweep").exists()


@pytest.mark.full
def test_a_worker_that_joins_later_with_other_versions_fails_its_stack(tmp_path, cluster, monkeypatch):
    """What a task finds where it runs counts as well, and nothing more is begun."""
    monkeypatch.setattr(synthgrad, "__version__", "99.0")
    monkeypatch.setattr(Scheduler, "compare", lambda *_: None)
    heard = list(work_on(cluster.address, [stack(tmp_path / "sweep", [{}])], never))
    found = ended(heard)
    assert found[0].outcome == "failed"
    assert found[0].error.endswith("(expected synthgrad 99.0, as here)")
    assert heard[-1] == Done(0, broken=True)
