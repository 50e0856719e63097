"""What sweeps claim, with locks and without."""

from __future__ import annotations

import pytest
from unlocked import GONE, WITHOUT, note, without_locks

from synthgrad.errors import RunError
from synthgrad.sweep import claims
from synthgrad.sweep.claims import FOLDER, TURN, claiming, others

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
    """The claim that a process left behind, by the name of its file."""
    claim = runs / FOLDER / "00ff00ff00ff00ff"
    claim.parent.mkdir(exist_ok=True)
    claim.write_text("".join(f"{key}\n" for key in KEYS))
    note(claim, **said)
    return claim


def test_a_claim_counts_until_it_is_given_up(tmp_path, locks):
    """It knows whether there are locks, and leaves nothing behind."""
    with claiming(tmp_path) as mine:
        mine.take(KEYS)
    assert (mine.locked, others(tmp_path)) == (locks, (set(KEYS), {}))
    mine.release()
    assert others(tmp_path) == (set(), {})
    assert list(tmp_path.iterdir()) == []


def test_nobody_claims_while_another_does(tmp_path, locks, monkeypatch):
    """It waits for its turn."""
    monkeypatch.setattr(claims, "PATIENCE", 0.05)
    with (
        claiming(tmp_path),
        pytest.raises(RunError, match="another sweep has been making its plan"),
        claiming(tmp_path),
    ):
        pass


def test_the_claim_of_a_killed_sweep_counts_no_more(tmp_path, no_locks):
    """The next sweep takes it away, with its note."""
    left(tmp_path, pid=GONE)
    assert others(tmp_path) == (set(), {})
    with claiming(tmp_path) as mine:
        mine.take(KEYS)
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_the_claim_of_a_process_elsewhere_counts_unless_it_is_insisted(tmp_path, no_locks):
    """Nobody can tell; the process is named."""
    claim = left(tmp_path, host="nodeA", pid=77)
    assert others(tmp_path) == (set(), dict.fromkeys(KEYS, "process 77 on nodeA"))
    assert others(tmp_path, force=True) == (set(), {})
    with claiming(tmp_path):
        assert claim.exists()


def test_a_turn_that_was_left_elsewhere_is_taken_with_force(tmp_path, no_locks, monkeypatch):
    """The message says so."""
    monkeypatch.setattr(claims, "PATIENCE", 0.05)
    (tmp_path / FOLDER).mkdir()
    note(tmp_path / FOLDER / TURN, host="nodeA")
    with pytest.raises(RunError, match=r"killed on another host of a file system without locks: --force\)"):
        claiming(tmp_path).__enter__()
    with claiming(tmp_path, force=True) as mine:
        mine.take(KEYS)
    mine.release()
    assert list(tmp_path.iterdir()) == []
