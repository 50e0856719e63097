"""Whether the process that wrote something is still there."""

from __future__ import annotations

import pytest
from support.commands import until
from support.without_locks import process

from synthgrad.runs.writers import alive, here


@pytest.fixture
def other():
    """A process that is there, and what ``here`` says in it."""
    with process() as started:
        yield started


def test_a_process_is_there_until_it_is_not(other):
    """A zombie, which nobody has waited for, is gone."""
    process, said = other
    assert alive(said) is True
    process.kill()
    until(lambda: alive(said) is False)


def test_a_number_that_was_used_again_is_another_process(other):
    """Its start tells them apart."""
    _, said = other
    assert alive({**said, "pid_started": said["pid_started"] - 1}) is False
    assert alive({**said, "pid_started": None}) is True


@pytest.mark.parametrize(
    "more",
    [{"host": "nodeA"}, {"host": None}, {"pid": None}, {"pid": True}, {"pid": -1}, {"pid": 10**400}, {"pid": "7"},
     {"pid_namespace": "pid:[1]"}],
    ids=lambda more: str(more)[:40],
)  # fmt: skip
def test_of_a_process_elsewhere_nobody_can_tell(more):
    """Nor of one whose number is none."""
    assert alive({**here(), **more}) is None
