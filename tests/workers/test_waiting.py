"""Waiting for another process by looking at a counter."""

from __future__ import annotations

import itertools
import os
import platform
import threading
import time

import pytest

from synthgrad.workers import waiting
from synthgrad.workers.waiting import STEP, STOP, WAITED, WIDTH, Abandoned, Watch

AT = 2 * WIDTH


@pytest.fixture
def counters():
    """The lines of two processes, and one more counter."""
    return memoryview(bytearray(8 * 3 * WIDTH)).cast("q")


@pytest.fixture(params=[False, True], ids=["a core each", "crowded"])
def watch(counters, request):
    """As the second of two processes waits."""
    return Watch(counters, 1, crowded=request.param)


def later(counters, at, count, seconds=0.03):
    """Set a counter after a while."""
    timer = threading.Timer(seconds, counters.__setitem__, (at, count))
    timer.start()
    return timer


def test_what_is_there_is_not_waited_for(watch, counters):
    """No clock is looked at."""
    watch.say(AT, 3)
    watch.wait(AT, 2)
    assert counters[WIDTH + WAITED] == 0


def test_whoever_waits_goes_on_when_the_counter_has_passed(watch, counters, monkeypatch):
    """And the time is counted, in its own line."""

    def comes(at, beyond):
        time.sleep(0.01)
        counters[at] = beyond + 1

    monkeypatch.setattr(watch, "_wait_longer", comes)
    begun = time.perf_counter_ns()
    watch.wait(AT, 4)
    assert counters[AT] == watch.look(AT) == 5
    assert 10e6 <= counters[WIDTH + WAITED] <= time.perf_counter_ns() - begun
    assert [k for k in range(3 * WIDTH) if counters[k]] == [WIDTH + WAITED, AT]


def test_a_counter_that_only_reaches_the_mark_is_waited_for(watch, counters):
    """More than that is meant: the number of what is there, not of the last."""
    watch.say(AT, 4)
    timer = later(counters, WIDTH + STOP, 1)
    with pytest.raises(Abandoned):
        watch.wait(AT, 4)
    timer.join()


def test_whoever_is_told_to_stop_does(watch, counters):
    """While it waits, and when it asks; what others are told is nothing to it."""
    counters[STOP] = 1
    watch.check()
    timer = later(counters, WIDTH + STOP, 1)
    with pytest.raises(Abandoned):
        watch.wait(AT, 0)
    timer.join()
    with pytest.raises(Abandoned):
        watch.check()


def test_whoever_is_left_alone_stops(watch, monkeypatch):
    """A parent that was killed tells nobody: its children get another one."""
    timer = threading.Timer(0.03, monkeypatch.setattr, (os, "getppid", lambda: 1))
    timer.start()
    with pytest.raises(Abandoned):
        watch.wait(AT, 0)
    timer.join()


def test_what_has_come_in_time_is_taken_even_by_those_who_are_to_stop(watch, counters):
    """An epoch that is done is done."""
    counters[WIDTH + STOP] = 1
    watch.say(AT, 1)
    watch.wait(AT, 0)


def test_a_process_with_a_core_of_its_own_does_not_make_room_for_others_at_once(counters, monkeypatch):
    """One of too many does: the core is for whoever it waits for."""
    clock, slept = itertools.count(0, 10_000), []

    def sleep(seconds):
        slept.append(next(clock))
        counters[AT] = len(slept) // 2

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    monkeypatch.setattr(waiting.time, "perf_counter_ns", lambda: next(clock))
    begun = next(clock)
    Watch(counters, 0, crowded=False).wait(AT, 0)
    assert slept[0] - begun > waiting.SPIN_SECONDS * 1e9
    begun = next(clock)
    Watch(counters, 0, crowded=True).wait(AT, 1)
    assert slept[2] - begun < 5 * 10_000
    assert len(slept) == 4


def test_whoever_waits_for_long_looks_less_often(watch, counters, monkeypatch):
    """Twenty thousand times a second are enough at first, and a thousand later on."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        counters[AT] = len(slept) == waiting.NAPS + 1

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    watch.wait(AT, 0)
    assert slept == [waiting.NAP_SECONDS] * waiting.NAPS + [waiting.LONG_NAP_SECONDS]


@pytest.mark.parametrize(
    ("machine", "fenced"), [("x86_64", False), ("AMD64", False), ("aarch64", True), ("arm64", True)]
)
def test_processors_that_reorder_writes_have_a_fence(counters, monkeypatch, machine, fenced):
    """Before a counter is set and after it was read: what it promises is there."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    watch, order = Watch(counters, 0, crowded=False), []

    class Lock:
        def __enter__(self):
            order.append(counters[AT])

        def __exit__(self, *exception):
            pass

    watch._lock = Lock()
    watch.say(AT, 1)
    assert order == [0, 0] * fenced
    order.clear()
    watch.wait(AT, 0)
    assert watch.look(AT) == 1
    assert order == [1, 1, 1, 1] * fenced


def test_each_process_has_lines_of_its_own():
    """Of 64 bytes; nobody writes into the line that another one writes into."""
    assert 8 * WIDTH == 64
    assert len({STOP, STEP, WAITED}) == 3
    assert max(STOP, STEP, WAITED) < WIDTH
