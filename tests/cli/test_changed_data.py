"""The user's file under the same path, with other bytes in it: which runs are those of a grid then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import TINY
from datafiles import write_csv
from made import made, replaced
from typed import typed

from synthgrad.config import dump

SWEEP = ("sweep", "mine.yaml", "--seed", "0..1", "--jobs", 1)
CLAIMED = 'sweeps: ["mine.yaml --seed 0..1"]\nclaims: [backprop > -1 in every seed]\n'
ASIDE = "2 runs are of another mine.csv: left alone"


@pytest.fixture(autouse=True)
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two runs on the first state of a table, of which one cell is another now."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path, name="mine.csv")
    task = {"name": "table", "path": "mine.csv", "target": "kind"}
    Path("mine.yaml").write_text(dump({**TINY, "task": task}))
    Path("claims.yaml").write_text(CLAIMED)
    runs = [str(made(Path("runs"), {"task": task}, seed=seed)) for seed in range(2)]
    replaced(tmp_path / "mine.csv", "setosa", "virginica")
    return runs


def answer() -> tuple[int | None, str]:
    """What is said of the claim, and the exit code."""
    said = typed("compare", "--claims", "claims.yaml", "--format", "json")
    return said.code, json.loads(said.out)["claims"][0]["answer"]


def test_the_same_sweep_trains_anew_when_a_cell_has_changed(first: list[str]) -> None:
    """It says so before, not any more after it, and the runs of before repeat no more."""
    aside, data, opening = typed(*SWEEP, "--dry-run").err.splitlines()
    assert (aside, opening) == (f"sweep: {ASIDE}", "2 runs: 2 to train, in 1 stack on 1 process")
    said = typed(*SWEEP)
    assert said.err.splitlines()[:3] == [aside, data, opening]
    second = said.out.splitlines()
    assert (len(second), set(first) & set(second)) == (2, set())
    assert typed(*SWEEP).err == "2 runs: all are there\n"
    assert [typed("runs", "verify", runs[0], "-q").code for runs in (second, first)] == [0, 4]


def test_when_the_file_is_as_it_was_its_runs_are_there_again(first: list[str], tmp_path: Path) -> None:
    """By its bytes, not by its time."""
    write_csv(tmp_path, name="mine.csv")
    said = typed(*SWEEP)
    assert (said.out.splitlines(), said.err) == (first, "2 runs: all are there\n")


@pytest.mark.parametrize("tables", [(), ("--all",)])
def test_claims_are_not_answered_by_runs_on_other_data(tables: tuple[str, ...]) -> None:
    """They lack those runs, say why, and the line that they give makes them."""
    said = typed("compare", "--claims", "claims.yaml", *tables)
    assert said.code == 5
    assert f"compare: {ASIDE}\ncompare: 2 runs are missing, which these make" in said.err
    assert typed("compare", "--claims", "claims.yaml", "--complete").out == (
        "synthgrad sweep mine.yaml --seed 0..1 --runs runs -q\n"
    )
    assert answer() == (5, "undecided")
    typed(*SWEEP, "-q")
    assert answer() == (0, "held")
