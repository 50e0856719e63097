"""Which worker works at which stages."""

from __future__ import annotations

import itertools
import time

import numpy as np
from conftest import tiny
from hypothesis import given
from hypothesis import strategies as st
from support.pipelined_runs import piped

from synthgrad.experiment import Experiment
from synthgrad.types import Batch
from synthgrad.workers import balance
from synthgrad.workers.balance import costs, shares

PAUSES = (0.002, 0.0, 0.02, 0.0)
COSTS = st.lists(st.floats(0, 1e3), min_size=1, max_size=9)


def slowest(stages, own):
    """The seconds of the slowest worker."""
    return max(sum(stages[k] for k in each) for each in own)


def every_cut(count, pieces):
    """All ways to share so many stages."""
    for ends in itertools.combinations(range(1, count), pieces - 1):
        yield [range(a, b) for a, b in itertools.pairwise([0, *ends, count])]


@given(COSTS, st.integers(1, 12))
def test_no_other_shares_have_a_faster_slowest_worker(stages, workers):
    """Held against all there are; the last digits of a sum depend on where it begins."""
    found = shares(stages, workers)
    best = min(slowest(stages, each) for each in every_cut(len(stages), len(found)))
    assert slowest(stages, found) <= best * (1 + 1e-9) + 1e-9


@given(COSTS, st.integers(1, 12))
def test_every_stage_has_one_worker_and_every_worker_a_stage(stages, workers):
    """Consecutive ones, from the lowest on; no more workers than stages."""
    found = shares(stages, workers)
    assert [k for own in found for k in own] == list(range(len(stages)))
    assert len(found) == min(workers, len(stages))
    assert all(len(own) for own in found)


def test_equal_costs_are_shared_evenly():
    """Where each stage has a worker of its own nothing is measured, and all count the same."""
    assert shares([1.0] * 8, 4) == [range(2), range(2, 4), range(4, 6), range(6, 8)]
    assert shares([0.0] * 3, 2) in ([range(1), range(1, 3)], [range(2), range(2, 3)])


def test_costs_are_the_seconds_of_each_stage(monkeypatch):
    """A stage that sleeps is a slow one; the measurement ends when its time is over."""
    trainer, taken = Experiment([tiny(piped(1, 3))]).trainer, []
    for stage, pause in zip(trainer.schedule.stages, PAUSES, strict=True):
        step = stage.step
        monkeypatch.setattr(
            stage, "step", lambda *at, step=step, pause=pause: (step(*at), time.sleep(pause), taken.append(pause))
        )
    monkeypatch.setattr(balance, "SECONDS", 0.05)
    found = costs(trainer.schedule, Batch(np.ones((10, trainer.context.n_x)), np.ones((10, 4)), np.empty((10, 4))))
    assert all(cost > pause for cost, pause in zip(found, PAUSES, strict=True))
    assert found[2] == max(found)
    assert 4 <= len(taken) / len(PAUSES) < balance.STEPS
