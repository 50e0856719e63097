"""Workers to which something happens: one message, the trainer as it was, and nothing left of any of them."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from contextlib import closing

import numpy as np
import pytest
from conftest import arrays, same_bits, tiny
from support.commands import until
from support.pipelined_runs import course, in_order, piped
from support.processes import alive, children, mapped, open_files, workers

from synthgrad import processes
from synthgrad.errors import RunError
from synthgrad.experiment import Epoch, Experiment, Pulse, train
from synthgrad.workers import WorkerGroup, group
from synthgrad.workers import shared_memory as memory
from synthgrad.workers.job import Epoch as Order

WORKER_1 = r"^trainer\.schedule\.workers: worker 1 of 2 \(layer 1\)"
WORKER_2 = r"^trainer\.schedule\.workers: worker 2 of 2 \(layers 2 to 3\)"
TWO = {**piped(2, interfaces=[1]), "task.bits": 6, "task.train_examples": 400, "training.epochs": 100_000_000}
"""Forty steps an epoch, of which there is no end."""


@pytest.fixture(autouse=True)
def _slow(monkeypatch):
    """Workers take their time: an epoch is a fifth of a second, in which there is more than one look at them."""
    monkeypatch.setattr(group, "MODULE", "support.faulty_worker")


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """After every test: no process, no zombie, no descriptor and no shared memory more than before it."""
    before = children(), open_files()
    yield
    assert (children(), open_files()) == before
    assert not shared_memory()


def shared_memory(pid=None):
    """What a process has in its memory and open that workers share."""
    return {name for name in {*open_files(pid), *mapped(pid)} if "synthgrad (" in name}


@pytest.fixture
def fault(monkeypatch):
    """Have something happen in the worker of a layer."""

    def happens(name, first):
        monkeypatch.setenv("FAULT", f"{name}:{first}")

    return happens


def pids(experiment):
    """The processes of the workers, in their order."""
    return [worker.process.pid for worker in experiment.epochs.group.workers]


def trained(keys, act=lambda experiment, record: None):
    """Train, do something at every record; the error that ends it, with the trainer as after the last whole epoch."""
    experiment = Experiment([tiny(keys)])
    before = arrays(experiment)
    try:
        for record in train(experiment):
            if isinstance(record, Epoch):
                before = arrays(experiment)
            act(experiment, record)
    except RunError as error:
        assert same_bits(arrays(experiment), before)
        return error
    pytest.fail("nothing went wrong")


def killing(k, kind, epoch=2):
    """Kill a worker, once, at a record of such a kind in such an epoch or a later one."""
    seen = []

    def act(experiment, record):
        if isinstance(record, kind) and record.epoch >= epoch and not seen:
            seen.append(os.kill(pids(experiment)[k], signal.SIGKILL))

    return act


# lost workers -------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_in_the_midst_of_an_epoch_is_named():
    """With its layers and the signal; the trainer is as after the last whole epoch."""
    assert_said(trained(TWO, killing(1, Pulse)), rf"{WORKER_2} was killed by SIGKILL$")


def assert_said(error, pattern):
    """The message of an error, whole."""
    assert re.search(pattern, str(error)), str(error)
    assert "\n" not in str(error)


def test_a_worker_that_is_killed_between_two_epochs_is_missed_in_the_next():
    """Whoever is told something and is gone never answers."""
    assert_said(trained(TWO, killing(0, Epoch)), rf"{WORKER_1} was killed by SIGKILL$")


def test_a_worker_that_is_killed_while_it_starts_is_named(monkeypatch):
    """Before there is an epoch."""
    start = processes.start

    def stillborn(*arguments, **options):
        process = start(*arguments, **options)
        process.kill()
        return process

    monkeypatch.setattr(processes, "start", stillborn)
    assert_said(trained(TWO), r"worker [12] of 2 \(.*\) was killed by SIGKILL$")


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("name", "first", "said"),
    [
        ("error", 1, rf"{WORKER_1}: ValueError: these are its words \(a bug; --debug shows where\)$"),
        ("memory", 2, rf"{WORKER_2}: not enough memory$"),
        ("exit", 2, rf"{WORKER_2} ended with exit code 3$"),
    ],
    ids=["error", "memory", "exit"],
)
def test_what_goes_wrong_in_a_worker_is_told_by_its_parent(fault, capfd, name, first, said):
    """In one message that names the worker; where in the code, is in what the error comes from."""
    fault(name, first)
    error = trained(TWO)
    assert_said(error, said)
    assert capfd.readouterr() == ("", "")
    assert name == "exit" or "in happen" in str(error.__cause__)


# what there is no room for ------------------------------------------------------------------------


def test_shared_memory_that_cannot_be_had_is_an_error(monkeypatch):
    """How much is said, and why not, and what does without."""

    def full(file, start, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(memory.os, "posix_fallocate", full)
    need = r"^trainer\.schedule\.workers: 0\.\d MiB of shared memory cannot be had"
    assert_said(trained(TWO), rf"{need}: no space left on device \(workers: 1 needs none\)$")


def test_processes_that_cannot_be_started_are_an_error(monkeypatch):
    """Those that could be started are ended again."""
    start, begun = processes.start, []

    def few(*arguments, **options):
        if begun:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        begun.append(start(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(processes, "start", few)
    said = r"no process can be started: resource temporarily unavailable \(try fewer workers\)$"
    assert_said(trained(TWO), rf"^trainer\.schedule\.workers: {said}")
    assert begun[0].returncode is not None


def test_nothing_lies_in_a_file_system():
    """A full /dev/shm is nothing to it: neither parent nor workers have anything of it open."""
    before = {*open_files(), *mapped()}
    with closing(train(Experiment([tiny(TWO)]))) as records:
        next(records)
        pids = [os.getpid(), *workers()]
        assert len(pids) == 3
        for pid in pids:
            assert shared_memory(pid) == {"/memfd:synthgrad (deleted)"}
            new = {*open_files(pid), *mapped(pid)} - before
            assert not [name for name in new if name.startswith("/dev/shm/")]


# the end ------------------------------------------------------------------------------------------


def test_whoever_leaves_in_the_midst_of_an_epoch_finds_the_last_finished_one():
    """And can go on from there, to the bits of a run that was never left."""
    keys = {**TWO, "training.epochs": 2}
    experiment = Experiment([tiny(keys)])
    with closing(train(experiment)) as records:
        for record in records:
            if isinstance(record, Epoch):
                before = arrays(experiment)
            elif record.epoch == 2:
                pids = workers()
                break
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    assert same_bits(arrays(experiment), before)
    rest, whole = course(experiment, after=1), in_order(keys)
    assert rest.epochs == whole.epochs[1:]
    assert rest.arrays == whole.arrays


@pytest.mark.parametrize("how", ["deaf", pytest.param("stopped", marks=pytest.mark.slow)])
def test_a_worker_that_does_not_listen_is_ended_all_the_same(fault, monkeypatch, how):
    """In the midst of a step that takes for ever, or stopped by a signal: after a while of grace."""
    monkeypatch.setattr(group, "GRACE_SECONDS", 0.2)
    fault(how, 2)
    experiment = Experiment([tiny(TWO)])
    with closing(train(experiment)) as records:
        next(records)
        found = pids(experiment)
        if how == "stopped":
            os.kill(found[1], signal.SIGSTOP)
        begun = time.monotonic()
    assert time.monotonic() - begun < 20
    assert not any(alive(pid) for pid in found)


def test_figures_of_any_size_get_through_and_a_worker_ends_whose_figures_nobody_reads(fault, monkeypatch):
    """More than a pipe holds, from every worker at once; in the end both are writing when their parent goes."""
    fault("large metrics", 0)
    monkeypatch.setattr(group, "GRACE_SECONDS", 30.0)
    experiment = Experiment([tiny({**piped(2, interfaces=[1])})])
    experiment.begin_epoch(1)
    with closing(WorkerGroup(experiment.trainer, experiment.feed, 2)) as found:
        assert [*found.epoch(1, 1.0, fresh=False)][-1] == experiment.feed.steps
        for k in (1, 2):
            assert found.metrics[f"many.{k}"].shape == (3_000_000,)
            assert np.all(found.metrics[f"many.{k}"] == k)
        for worker in found.workers:
            worker.tell(Order(2, 1.0))
        until(lambda: all(worker.pipe.poll() for worker in found.workers))
        ends = [worker.process for worker in found.workers]
    assert [process.returncode for process in ends] == [0, 0]


@pytest.mark.full
@pytest.mark.parametrize(("times", "count"), [(8, 1), pytest.param(200, 2, marks=pytest.mark.slow)])
def test_starts_and_stops_in_a_loop_leave_nothing_behind(times, count):
    """Whether they end in good order, in the midst of an epoch, by a kill, or before they have begun."""
    experiment, before = Experiment([tiny(TWO)]), (children(), open_files())
    experiment.begin_epoch(1)
    for number in range(times):
        with closing(WorkerGroup(experiment.trainer, experiment.feed, count)) as found:
            (whole, left, lost, lambda group: None)[number % 4](found)
        assert (children(), open_files()) == before
        assert not shared_memory()


def whole(found):
    """An epoch to its end."""
    assert [*found.epoch(1, 1.0, fresh=False)][-1] == found.feed.steps
    assert len(workers()) == len(found.workers)


def left(found):
    """An epoch that is left in its midst."""
    with closing(found.epoch(1, 1.0, fresh=False)) as steps:
        assert next(steps) < found.feed.steps


def lost(found):
    """A worker that is killed in the midst of an epoch."""
    steps = found.epoch(1, 1.0, fresh=False)
    next(steps)
    found.workers[0].process.kill()
    with pytest.raises(RunError, match="was killed by SIGKILL"):
        list(steps)
