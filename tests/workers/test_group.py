"""Processes that share the modules of a network come to the bits of one that takes them in turn."""

from __future__ import annotations

from contextlib import closing
from functools import cache

import pytest
from conftest import arrays, same_bits, tiny
from support.pipelined_runs import ROWS, SHORT, SHUFFLED, in_order, piped, product, shared

from synthgrad.experiment import Experiment
from synthgrad.workers import WorkerGroup, group

alone = cache(lambda name: in_order(ROWS[name][1]))
"""What a row comes to in order."""
HELD_UP = ("both", "delayed-gradient")
"""Rows that are held up in the fast set, and not in it otherwise."""


def assert_same(found, expected, processes):
    """The same figures in every epoch, the same arrays in the end; and there were so many processes."""
    assert max(found.processes) == processes
    assert expected.processes == {1}
    assert found.diverged == expected.diverged
    for number, (now, then) in enumerate(zip(found.epochs, expected.epochs, strict=True), 1):
        assert now == then, f"epoch {number}: {sorted(name for name in then if now.get(name) != then[name])}"
    assert found.arrays == expected.arrays


def rows(*, fast):
    """The names of all rows; those that need not be in the fast set are slow."""
    return [pytest.param(name, marks=() if name in fast else pytest.mark.slow) for name in ROWS]


@pytest.mark.few(3)
@pytest.mark.parametrize("name", rows(fast=ROWS.keys() - set(HELD_UP)))
def test_workers_come_to_the_bits_of_one_process_in_order(name):
    """Weights, generators, optimisers, outputs and every figure of every epoch."""
    processes, keys = ROWS[name]
    assert_same(shared(keys), alone(name), processes)


@pytest.mark.full
@pytest.mark.parametrize("name", rows(fast=HELD_UP))
def test_workers_that_are_held_up_at_random_come_to_the_same_bits(name, monkeypatch):
    """The result depends on the delay alone, never on timing."""
    monkeypatch.setattr(group, "MODULE", "support.slowed_worker")
    processes, keys = ROWS[name]
    assert_same(shared(keys), alone(name), processes)


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "keys"), [*product()])
def test_workers_come_to_these_bits_in_every_combination(processes, keys):
    """Every generator input, 2 to 4 workers, 2 to 8 hidden layers, interfaces anywhere."""
    assert_same(shared(keys), in_order(keys), processes)


def test_a_run_that_diverges_diverges_in_the_same_place():
    """In the same step of the same epoch, found by one process that looks everywhere."""
    keys = {**piped(2, 3), **SHORT, "network.activation": "relu", "trainer.alpha": 1e30}
    found, expected = shared(keys), in_order(keys)
    assert expected.diverged
    assert_same(found, expected, 2)


def test_one_worker_alone_comes_to_the_same_bits():
    """All modules in one process that is not the parent."""
    one, other = (Experiment([tiny({**piped(1), **SHORT, **SHUFFLED})]) for _ in range(2))
    with closing(WorkerGroup(one.trainer, one.feed, 1)) as found:
        for epoch in range(1, 22):
            one.begin_epoch(epoch)
            other.begin_epoch(epoch)
            assert [*found.epoch(epoch, 1.0, fresh=False)][-1] == 10
            assert [*other.epochs.steps_in_order(other.trainer, epoch)][-1] == 10
            assert one.feed.h.tobytes() == other.feed.h.tobytes()
    assert same_bits(arrays(one), arrays(other))
