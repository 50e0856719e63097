"""A report as CSV: one row for each group, seed and metric, and the numbers those of the JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, gathered, group, reported, run

from synthgrad.claims.report import build
from synthgrad.compare.formats import as_csv, as_json
from synthgrad.compare.formats.tidy import curves_as_csv
from synthgrad.compare.question import Question
from synthgrad.compare.report import Report


def rows(text: str) -> list[dict[str, str]]:
    """As the csv module reads it."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def with_curves(runs: Path) -> list[dict[str, str]]:
    """One row for each run and epoch."""
    found = gathered(runs)
    return rows(curves_as_csv(build(found, Question(), []), found.subjects))


def header(report: Report) -> str:
    """The first line."""
    return as_csv(report).partition("\n")[0]


def test_the_header_names_table_group_keys_run_and_value(tmp_path: Path) -> None:
    """The keys that differ stand between group and seed."""
    for keys in (BOTH, LABEL, FROZEN):
        group(tmp_path, keys, [0.5])
    keys = "trainer.name,trainer.generator.input"
    assert header(reported(tmp_path)) == f"table,group,{keys},seed,run,outcome,metric,epoch,value"
    one = reported(tmp_path, where=["trainer.name=frozen"])
    assert header(one) == "table,group,seed,run,outcome,metric,epoch,value"


def test_every_run_has_a_row_for_each_metric(tmp_path: Path) -> None:
    """With an empty value where it has none, and an empty cell for a key it has not."""
    done = run(tmp_path, BOTH, 0, {BITS: 0.1 + 0.2, "loss": 2.0})
    gone = run(tmp_path, FROZEN, 3, outcome="diverged")
    found = rows(as_csv(reported(tmp_path, metrics=(BITS, "loss"))))
    assert [tuple(row.values()) for row in found] == [
        ("1", "dni", "dni", "0", str(done), "finished", BITS, "10", "0.30000000000000004"),
        ("1", "dni", "dni", "0", str(done), "finished", "loss", "10", "2.0"),
        ("1", "frozen", "frozen", "3", str(gone), "diverged", BITS, "10", ""),
        ("1", "frozen", "frozen", "3", str(gone), "diverged", "loss", "10", ""),
    ]


@pytest.mark.parametrize("question", [{}, {"at": "best"}, {"at": "epoch=3"}, {"metrics": (BITS, "loss")}])
def test_values_are_those_of_the_json_bit_for_bit(tmp_path: Path, question: dict[str, Any]) -> None:
    """Group by group, seed by seed, table by table."""
    for bits in (4, 5):
        for keys in (BACKPROP, BOTH, FROZEN):
            for seed in range(3):
                figures = {BITS: [(seed + e) / 7 for e in range(4)], "loss": 1 / 3}
                run(tmp_path, {**keys, "task.bits": bits}, seed, figures, "diverged" if seed == 2 else "finished")
    report = reported(tmp_path, **question)
    told = [
        (r["table"], r["group"], r["seed"], r["metric"], float(r["value"]).hex())
        for r in rows(as_csv(report))
        if r["value"]
    ]
    data = json.loads(as_json(report))
    metrics = {t["number"]: t["metric"] for t in data["tables"]}
    wanted = [
        (str(g["table"]), g["label"], str(seed), name, value.hex())
        for g in data["groups"]
        for name, values in [(metrics[g["table"]], g["values"]), *((n, o["values"]) for n, o in g["others"].items())]
        for seed, value in zip(g["seeds"], values, strict=True)
        if value is not None
    ]
    assert told == wanted
    assert len(told) > 6


def test_the_best_epoch_is_no_one_epoch(tmp_path: Path) -> None:
    """The cell is empty."""
    run(tmp_path, BACKPROP, 0)
    assert rows(as_csv(reported(tmp_path, at="best")))[0]["epoch"] == ""


def test_curves_are_the_metrics_files_without_rounding(tmp_path: Path) -> None:
    """Every column, every epoch, blank where nothing was measured; an epoch is a whole number."""
    path = run(tmp_path, BACKPROP, 1, {BITS: [None, 1 / 3], "abs_error": [1e-17, float("inf")], "odd": [3.0, 2.0**60]})
    (tmp_path / "result").mkdir()
    found = with_curves(tmp_path)
    with (path / "metrics.csv").open(newline="") as file:
        original = list(csv.DictReader(file))
    assert [row["epoch"] for row in found] == ["1", "2"]
    assert {(row["table"], row["group"], row["seed"], row["run"]) for row in found} == {
        ("1", "backprop", "1", str(path))
    }
    for row, was in zip(found, original, strict=True):
        assert {k: float(row[k] or "nan").hex() for k in was} == {k: float(v or "nan").hex() for k, v in was.items()}


def test_curves_have_the_columns_of_all_runs(tmp_path: Path) -> None:
    """Blank for runs that have not all of them."""
    run(tmp_path, BOTH, 0, {BITS: [0.5], "cosine.1": [0.25]})
    run(tmp_path, BACKPROP, 0, {BITS: [0.5]})
    assert {row["group"]: row["cosine.1"] for row in with_curves(tmp_path)} == {"dni": "0.25", "backprop": ""}


NAME = "a,\"b\"\n'c';\r\n=1+1 日本"


def test_any_name_is_one_cell(tmp_path: Path) -> None:
    """Commas, quotes, line ends; control characters are spelt out."""
    path = run(tmp_path / NAME, BACKPROP, 0)
    shown = str(path).replace("\r", r"\r")
    found = rows(as_csv(reported(tmp_path / NAME)))
    assert [row["run"] for row in found] == [shown]
    assert [row["run"] for row in with_curves(tmp_path / NAME)] == [shown] * 10


def test_no_cell_is_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a run may begin with anything."""
    monkeypatch.chdir(tmp_path)
    path = run(Path("=1+1"), BACKPROP, 0)
    assert [row["run"] for row in rows(as_csv(reported(Path("=1+1"))))] == [f"'{path}"]
    assert {row["run"] for row in with_curves(Path("=1+1"))} == {f"'{path}"}


def test_lists_and_flags_are_cells_too(tmp_path: Path) -> None:
    """As Python writes them."""
    for hidden in ([], [8, 4]):
        run(tmp_path, {**BOTH, "trainer.generator.hidden": hidden}, 0)
    found = rows(as_csv(reported(tmp_path)))
    assert sorted(row["trainer.generator.hidden"] for row in found) == ["[8, 4]", "[]"]


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    """A path can be opened by what the file says."""
    runs = Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))
    path = run(runs, BACKPROP, 0)
    assert rows(as_csv(reported(runs)))[0]["run"] == str(path)
