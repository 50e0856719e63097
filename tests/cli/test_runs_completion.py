"""Completion of run names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.commands import environment, ran
from test_completion import completed
from test_help import HEAVY

A, B, C = "20261124-191841-a-s0-b19d", "20261124-191844-b-s1-7eec", "20261125-000000-c-s2-2d39"


@pytest.fixture
def runs(tmp_path):
    """Three runs, one of them in a directory of its own."""
    for name in (A, B, f"sweep/{C}"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text("seed: 1\n")
    return str(tmp_path)


@pytest.mark.parametrize("command", ["show", "diff", "verify", "export", "list"])
def test_names_of_runs_are_offered(runs, command):
    """After ``latest``, those made last first."""
    assert completed("runs", command, "--runs", runs, "2026112") == [C, B, A]
    assert completed("runs", command, "--runs", runs, "20261124-191844") == [B]
    assert completed("runs", command, "--runs", runs, "la") == ["latest"]


def test_the_second_run_is_completed_as_the_first(runs):
    """Of those that are to be compared."""
    assert completed("runs", "diff", "--runs", runs, "latest", "20261125") == [C]


def test_where_no_run_is_meant_directories_are_offered(runs):
    """By the shell itself."""
    assert completed("runs", "show", "--runs", runs, "/tm") == ["dir,/tm"]
    assert completed("runs", "show", "--runs", f"{runs}/nosuch", "2026") == ["dir,2026"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(runs, shell):
    """In their own forms."""
    words = f"synthgrad runs show --runs {runs} 2026"
    more = {"COMP_WORDS": words, "COMP_CWORD": "2026" if shell == "fish" else "5"}
    said = ran(env=environment(_SYNTHGRAD_COMPLETE=f"{shell}_complete", **more))
    assert (said.code, said.err) == (0, "")
    assert [name for name in (A, B, C) if name in said.out] == [A, B, C]


def test_completion_waits_for_nothing_heavy(runs):
    """A person holds the tab key."""
    more = {"COMP_WORDS": f"synthgrad runs show --runs {runs} 2026", "COMP_CWORD": "5"}
    said = ran(env=environment(_SYNTHGRAD_COMPLETE="bash_complete", PYTHONVERBOSE="1", **more))
    assert C in said.out
    for module in HEAVY:
        assert f"import '{module}'" not in said.err


@pytest.mark.parametrize("words", [[], ["list"], ["show"], ["diff"], ["verify"], ["export"]], ids=str)
def test_help_waits_for_nothing_heavy(words):
    """Neither NumPy nor pydantic nor rich is imported; a person waits a tenth of a second."""
    said = ran("runs", *words, "--help", env=environment(PYTHONVERBOSE="1"))
    assert said.code == 0
    for module in HEAVY:
        assert f"import '{module}'" not in said.err


@pytest.mark.parametrize("kind", [os.mkfifo, os.mkdir, lambda path: path.write_bytes(b"\xff\n\xff")])
def test_a_damaged_run_is_no_trouble(runs, kind):
    """Nothing is offered for what cannot be read, and nobody waits."""
    kind(Path(runs, A, "metrics.csv"))
    assert completed("train", "--runs", runs, "--from", f"{A}@") == []
    assert completed("runs", "show", "--runs", runs, "2026112") == [C, B, A]
