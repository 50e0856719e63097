"""Runs on the same bytes belong together, wherever these lay; runs on other bytes do not, even under one path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import tiny
from support.moved_files import FILES, WAYS, csv, edited, npz
from support.trained_runs import made
from support.written_runs import BACKPROP, FROZEN, config, gathered, reported, run

from synthgrad.compare.groups import differing, told
from synthgrad.compare.subjects import completed, planned
from synthgrad.config import flat, plain


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_the_same_bytes_under_two_paths_are_one_table_and_paired(tmp_path: Path, kind: str, way: str) -> None:
    """The control on a copy of the data, the method on the data."""
    task = FILES[kind](tmp_path / "data")
    moved = WAYS[way](task, tmp_path)
    for seed in range(2):
        made(tmp_path / "runs", {"task": task}, seed=seed)
        made(tmp_path / "runs", {"task": moved, "trainer.name": "frozen"}, seed=seed)
    report = reported(tmp_path / "runs")
    assert [table.runs for table in report.tables] == [4]
    assert [group.label for group in report.groups] == ["backprop", "frozen"]
    assert len(report.differences[0].seeds) == 2
    assert report.tables[0].differs == ["trainer.name"]


def test_seeds_on_two_paths_are_one_group(tmp_path: Path) -> None:
    """The second seed was trained after the file was moved."""
    task = csv(tmp_path / "data")
    made(tmp_path / "runs", {"task": task}, seed=0)
    made(tmp_path / "runs", {"task": WAYS["renamed"](task, tmp_path)}, seed=1)
    assert [group.seeds for group in reported(tmp_path / "runs").groups] == [[0, 1]]


def test_other_bytes_under_one_path_are_two_tables_and_warned_of(tmp_path: Path) -> None:
    """They are never paired, and their titles tell them apart."""
    task = csv(tmp_path / "data")
    made(tmp_path / "runs", {"task": task})
    edited(task)
    made(tmp_path / "runs", {"task": task, "trainer.name": "frozen"})
    report = reported(tmp_path / "runs")
    one, other = (table.title for table in report.tables)
    assert one != other
    assert one.startswith("mine.csv (")
    assert not report.differences
    assert f"{task['path']}: was changed between the runs: those on other bytes are compared apart" in report.warnings


def test_tables_on_several_files_are_called_by_the_names_of_the_files(tmp_path: Path) -> None:
    """Not by the whole path."""
    for task in (csv(tmp_path / "one"), npz(tmp_path / "two")):
        made(tmp_path / "runs", {"task": task})
    report = reported(tmp_path / "runs")
    assert sorted(table.task["task.data"] for table in report.tables) == ["mine.csv", "mine.npz"]
    assert all("/" not in table.title for table in report.tables)


def test_files_can_be_an_axis(tmp_path: Path) -> None:
    """As any other key can."""
    one = csv(tmp_path / "data")
    two = WAYS["renamed"](one, tmp_path)
    edited(two)
    for task in (one, two):
        made(tmp_path / "runs", {"task": task})
    report = reported(tmp_path / "runs", by=("task.data",), sort="label")
    (table,) = report.tables
    assert table.sweep is not None
    assert table.sweep.keys == ["task.data"]
    assert [group.keys_that_differ for group in report.groups] == [
        {"task.data": name} for name in ("mine.csv", "other.csv")
    ]


@pytest.mark.parametrize("files", [None, {}, "damaged"], ids=str)
def test_runs_that_do_not_say_what_they_read_belong_together_by_their_path(tmp_path: Path, files: Any) -> None:
    """Nothing else is known of them."""
    task = csv(tmp_path / "data")
    for keys in (BACKPROP, FROZEN):
        run(tmp_path / "runs", {**keys, "task": task}, about={"files": files})
    assert [table.runs for table in reported(tmp_path / "runs").tables] == [2]


def test_runs_of_a_version_with_fewer_keys_belong_to_those_with_all(tmp_path: Path) -> None:
    """Their other keys are at the defaults, also where the data were moved."""
    task = csv(tmp_path / "data")
    new = run(tmp_path / "runs", {**BACKPROP, "task": task}, 0, about={"files": {"mine.csv": "00"}})
    moved = {**task, "path": str(WAYS["copied"](task, tmp_path)["path"])}
    old = run(tmp_path / "runs", {**BACKPROP, "task": moved}, 1, about={"files": {"mine.csv": "00"}})
    text = config({**BACKPROP, "task": moved}, 1)
    assert "  split: 0\n" in text
    (old / "config.yaml").write_text(text.replace("  split: 0\n", ""))
    assert [group.runs for group in reported(tmp_path / "runs").groups] == [[str(new), str(old)]]


def test_a_planned_run_belongs_to_the_recorded_ones_on_the_same_data(tmp_path: Path) -> None:
    """So that a claim waits for it in the same table."""
    task = csv(tmp_path / "data")
    made(tmp_path / "runs", {"task": task})
    later = tiny({"task": WAYS["linked"](task, tmp_path)}, seed=9)
    both = completed([*gathered(tmp_path / "runs").subjects, planned(flat(plain(later)), later.files())])
    settings = [subject.settings for subject in both]
    assert settings[0] == settings[1]
    assert differing(settings) == told(settings) == []
