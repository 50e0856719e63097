"""What sweeps reservation, with locks and without."""

from __future__ import annotations

import pytest
from support.without_locks import GONE, WITHOUT, note, without_locks

from synthgrad.errors import RunError
from synthgrad.sweep import reservations
from synthgrad.sweep.reservations import FOLDER, TURN, others, reserving

KEYS = ["00ff", "11ee"]


@pytest.fixture(params=[None, *WITHOUT], ids=str)
def locks(request, monkeypatch):
    """Locks, or none in each of the ways that there are."""
    if request.param:
        without_locks(monkeypatch, request.param)
    return request.param is None


@pytest.fixture
def no_locks(monkeypatch):
    """No locks."""
    without_locks(monkeypatch)


def left(runs, **said):
    """The reservation that a process left behind, by the name of its file."""
    reservation = runs / FOLDER / "00ff00ff00ff00ff"
    reservation.parent.mkdir(exist_ok=True)
    reservation.write_text("".join(f"{key}\n" for key in KEYS))
    note(reservation, **said)
    return reservation


def test_a_reservation_counts_until_it_is_given_up(tmp_path, locks):
    """It knows whether there are locks, and leaves nothing behind."""
    with reserving(tmp_path) as mine:
        mine.take(KEYS)
    assert (mine.locked, others(tmp_path)) == (locks, (set(KEYS), {}))
    mine.release()
    assert others(tmp_path) == (set(), {})
    assert list(tmp_path.iterdir()) == []


def test_nobody_reserves_while_another_does(tmp_path, locks, monkeypatch):
    """It waits for its turn."""
    monkeypatch.setattr(reservations, "PATIENCE", 0.05)
    with (
        reserving(tmp_path),
        pytest.raises(RunError, match="another sweep has been making its plan"),
        reserving(tmp_path),
    ):
        pass


def test_the_reservation_of_a_killed_sweep_counts_no_more(tmp_path, no_locks):
    """The next sweep takes it away, with its note."""
    left(tmp_path, pid=GONE)
    assert others(tmp_path) == (set(), {})
    with reserving(tmp_path) as mine:
        mine.take(KEYS)
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_the_reservation_of_a_process_elsewhere_counts_unless_it_is_insisted(tmp_path, no_locks):
    """Nobody can tell; the process is named."""
    reservation = left(tmp_path, host="nodeA", pid=77)
    assert others(tmp_path) == (set(), dict.fromkeys(KEYS, "process 77 on nodeA"))
    assert others(tmp_path, force=True) == (set(), {})
    with reserving(tmp_path):
        assert reservation.exists()


def test_a_turn_that_was_left_elsewhere_is_taken_with_force(tmp_path, no_locks, monkeypatch):
    """The message says so."""
    monkeypatch.setattr(reservations, "PATIENCE", 0.05)
    (tmp_path / FOLDER).mkdir()
    note(tmp_path / FOLDER / TURN, host="nodeA")
    with pytest.raises(RunError, match=r"killed on another host of a file system without locks: --force\)"):
        reserving(tmp_path).__enter__()
    with reserving(tmp_path, force=True) as mine:
        mine.take(KEYS)
    mine.release()
    assert list(tmp_path.iterdir()) == []
