"""The user's file under the same path, with other bytes in it: which runs are those of a grid then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import TINY
from support.commands import numbers, typed
from support.data_files import write_csv
from support.trained_runs import made, replaced

from synthgrad.config import dump

SWEEP = ("sweep", "mine.yaml", "--seed", "0..1", "--jobs", 1)
CLAIMED = 'sweeps: ["mine.yaml --seed 0..1"]\nclaims: [backprop > -1 in every seed]\n'
ASIDE = "2 runs left alone: trained on another mine.csv"


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
    """It says so before, not any more after it, and the runs of before cannot be verified."""
    aside, data, opening = typed(*SWEEP, "--dry-run").err.splitlines()
    assert (aside, opening) == (f"sweep: {ASIDE}", "2 runs: 2 to train, in 1 stack on 1 process")
    said = typed(*SWEEP)
    assert said.err.splitlines()[:3] == [aside, data, opening]
    second = said.out.splitlines()
    assert (len(second), set(first) & set(second)) == (2, set())
    assert typed(*SWEEP).err == "2 runs: all exist already\n"
    assert [typed("runs", "verify", runs[0], "-q").code for runs in (second, first)] == [0, 2]


def test_when_the_file_is_as_it_was_its_runs_are_there_again(first: list[str], tmp_path: Path) -> None:
    """By its bytes, not by its time."""
    write_csv(tmp_path, name="mine.csv")
    said = typed(*SWEEP)
    assert (said.out.splitlines(), said.err) == (first, "2 runs: all exist already\n")


@pytest.mark.parametrize("tables", [(), ("--all",)])
def test_claims_are_not_answered_by_runs_on_other_data(tables: tuple[str, ...]) -> None:
    """They lack those runs, say why, and the line that they give makes them."""
    said = typed("compare", "--claims", "claims.yaml", *tables)
    assert said.code == 5
    assert f"compare: {ASIDE}\ncompare: 2 runs are missing; to train them" in said.err
    assert typed("compare", "--claims", "claims.yaml", "--complete").out == (
        "synthgrad sweep mine.yaml --seed 0..1 --runs runs -q\n"
    )
    assert answer() == (5, "undecided")
    typed(*SWEEP, "-q")
    assert answer() == (0, "held")


# moved, not changed -------------------------------------------------------------------------------


@pytest.fixture
def moved(first: list[str], tmp_path: Path) -> list[str]:
    """The first state of the table again, under another name in another directory, and a config that names it."""
    write_csv(tmp_path, name="mine.csv")
    Path("data").mkdir()
    Path("mine.csv").rename("data/other.csv")
    replaced(Path("mine.yaml"), "path: mine.csv", "path: data/other.csv")
    return first


@pytest.mark.usefixtures("moved")
def test_a_sweep_on_a_moved_file_has_nothing_to_do(first: list[str]) -> None:
    """Its runs are those that were made on the same bytes."""
    said = typed(*SWEEP)
    assert (said.out.splitlines(), said.err) == (first, "2 runs: all exist already\n")


@pytest.mark.usefixtures("moved")
def test_claims_are_answered_by_runs_on_the_same_bytes_elsewhere() -> None:
    """Nothing is missing."""
    assert answer() == (0, "held")
    assert typed("compare", "--claims", "claims.yaml", "--complete").out == ""


def test_a_condition_of_a_claim_may_name_the_file_or_its_path(moved: list[str], tmp_path: Path) -> None:
    """Both are settings of the run."""
    path = f"'task.path={tmp_path / 'mine.csv'}'"
    for where in ("task.data=mine.csv", path):
        said = typed("compare", *moved, "--check", f"backprop > -1 in every seed where {where.strip(chr(39))}")
        assert said.code == 0, said


def test_a_sweep_goes_on_with_a_run_whose_data_were_moved(moved: list[str], tmp_path: Path) -> None:
    """From its checkpoint, in its own directory, to the same end."""
    whole = Path(moved[0])
    task = {"name": "table", "path": str(tmp_path / "mine.csv"), "target": "kind"}
    write_csv(tmp_path, name="mine.csv")
    part = made(Path("part"), {"task": task}, stop=2, seed=0)
    Path("mine.csv").unlink()
    said = typed("sweep", "mine.yaml", "--seed", 0, "--jobs", 1, "--runs", "part")
    assert (said.code, said.out) == (0, f"{part}\n")
    assert numbers(part) == numbers(whole)
