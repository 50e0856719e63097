"""``--since``: a date, a time of day, an age."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.commands import typed
from support.written_runs import run

AGES = {"interrupted": timedelta(minutes=80), "diverged": timedelta(days=2), "finished": timedelta(weeks=3)}


@pytest.fixture
def ages(tmp_path):
    """Runs that began some time ago; when one did, nobody knows."""
    for outcome, age in AGES.items():
        started = (datetime.now(UTC) - age).isoformat(timespec="milliseconds")
        run(tmp_path, outcome=outcome, about={"started": started})
    unknown = run(tmp_path, outcome="failed")
    unknown.rename(unknown.with_name("unknown"))
    return tmp_path


@pytest.mark.parametrize(
    ("since", "which"),
    [
        ("90m", ["interrupted"]),
        ("1.5h", ["interrupted"]),
        ("1h", []),
        ("3d", ["interrupted", "diverged"]),
        ("2w", ["interrupted", "diverged"]),
        ("4w", ["interrupted", "diverged", "finished"]),
        (timedelta(days=4), ["interrupted", "diverged"]),
        ("2026-01-01", ["interrupted", "diverged", "finished"]),
        ("2999-12-31T00:00", []),
    ],
    ids=str,
)
def test_runs_are_listed_from_a_time_on(ages, since, which):
    """An age, a date, a time of day; what has no time is not among them."""
    if isinstance(since, timedelta):
        since = (datetime.now() - since).isoformat(timespec="minutes")
    said = typed("runs", "list", ages, "--since", since, "--format", "json")
    assert [run["outcome"] for run in json.loads(said.out)] == which


def test_a_date_is_one_of_this_place(tmp_path, monkeypatch):
    """Its day begins at midnight here; a time may say where it is meant."""
    run(tmp_path, about={"started": "2026-01-10T23:30:00+00:00"})
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for since, number in (("2026-01-11", 1), ("2026-01-11T00:31", 0), ("2026-01-11T00:00+00:00", 0)):
            assert len(json.loads(typed("runs", "list", tmp_path, "--since", since, "--format", "json").out)) == number
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("when", ["yesterday", "3", "3 d", "2026-13-01", "-2h", "1e9w", "99999999999w", "", "2h3m"])
def test_what_is_no_time_is_2(tmp_path, when):
    """One message that says what is."""
    said = typed("runs", "list", tmp_path, "--since", when)
    assert (said.code, said.out) == (2, "")
    right = "2026-11-24, 2026-11-24T18:00, or an age: 90m, 2h, 3d, 1w"
    assert said.err == f"synthgrad runs list: invalid value for '--since': {when!r} is not a time ({right})\n"
