"""A channel between two processes: two views of the same slots, and counters that say what is there."""

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest
from support.commands import until

from synthgrad.workers.shared_channel import SharedChannel
from synthgrad.workers.shared_memory import ArraySpec, SharedMemory
from synthgrad.workers.waiting import STOP, WIDTH, Abandoned, Watch

N, SLOTS, ROWS = 3, 2, 5


@pytest.fixture
def sides():
    """The same channel as its two neighbours see it."""
    with closing(SharedMemory.make([ArraySpec("counters", (4 * WIDTH,), "int64"), *_slots()])) as memory:
        counters = memoryview(memory.arrays["counters"]).cast("B").cast("q")
        made = []
        for own in range(2):
            watch = Watch(counters, own, crowded=True)
            hs, gs = memory.arrays["h"], memory.arrays["g"]
            made.append(SharedChannel(N, hs, gs, "float64", watch, 2 * WIDTH, 3 * WIDTH))
            made[-1].set_batch_size(ROWS)
        yield made


def _slots():
    return [ArraySpec(side, (SLOTS, ROWS * N), "float64") for side in "hg"]


def test_what_one_side_writes_the_other_reads(sides):
    """h upward, g downward, each in a place of its own, without a copy."""
    lower, upper = sides
    for t in range(SLOTS):
        lower.h(t, ROWS)[...] = 1 + t
        upper.g(t, ROWS)[...] = -1 - t
    for t in range(SLOTS):
        assert np.all(upper.h(t, ROWS) == 1 + t)
        assert np.all(lower.g(t, ROWS) == -1 - t)
        assert lower.h(t, ROWS).shape == (ROWS, N)


def test_slots_are_used_in_turn(sides):
    """What is written for one batch lies there until so many batches later."""
    lower, upper = sides
    lower.h(7, ROWS)[...] = 7
    assert np.all(upper.h(7 + SLOTS, ROWS) == 7)
    assert not np.any(upper.h(8, ROWS) == 7)


def test_a_shorter_batch_has_the_beginning_of_a_slot(sides):
    """Contiguous, as a product wants it."""
    lower, upper = sides
    for side in sides:
        side.set_batch_size(2)
    lower.h(0, ROWS)[...] = 0
    lower.h(0, 2)[...] = np.arange(6.0).reshape(2, N)
    assert upper.h(0, 2).flags.c_contiguous
    assert upper.h(0, ROWS).ravel().tolist() == [*range(6), *[0] * 9]


def test_whoever_waits_goes_on_when_it_is_there(sides):
    """And not before."""
    lower, upper = sides
    seen = []
    waiting = threading.Thread(target=lambda: (upper.await_h(1), seen.append(upper.h(1, ROWS)[0, 0])))
    waiting.start()
    lower.h(0, ROWS)[...] = 10
    lower.send_h(0)
    waiting.join(0.05)
    assert waiting.is_alive()
    assert seen == []
    lower.h(1, ROWS)[...] = 11
    lower.send_h(1)
    waiting.join(10)
    assert seen == [11]


def test_what_is_there_is_not_waited_for(sides):
    """All that has been sent up to then."""
    lower, upper = sides
    upper.send_g(4)
    for t in range(5):
        lower.await_g(t)
    assert lower.arrived() == 5


def test_the_two_directions_are_counted_apart(sides):
    """h says nothing of g; and clearing is their parent's affair."""
    lower, upper = sides
    lower.send_h(3)
    assert lower.arrived() == 0
    upper.send_g(1)
    lower.clear()
    assert lower.arrived() == upper.arrived() == 2
    upper.await_h(3)


def test_whoever_is_to_stop_waits_no_longer(sides):
    """For what will never come."""
    lower, upper = sides
    ends = []

    def waits():
        try:
            upper.await_h(0)
        except Abandoned:
            ends.append("abandoned")

    waiting = threading.Thread(target=waits)
    waiting.start()
    lower.watch.counters[WIDTH + STOP] = 1
    until(lambda: ends == ["abandoned"])
    waiting.join()
