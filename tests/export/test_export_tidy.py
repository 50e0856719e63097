"""The table of all runs: a row for each run and epoch, digit for digit."""

from __future__ import annotations

import csv
import io
import os

import pytest
from support.trained_runs import called, killed, made, replaced

from synthgrad.errors import RunError
from synthgrad.export.tidy import export
from synthgrad.runs.reading import Recorded


def table(*paths):
    """The rows, as any CSV reader has them."""
    text = "".join(f"{line}\n" for line in export([Recorded(path) for path in paths], None))
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def cells(path):
    """The cells of a metrics file, as they are written."""
    with (path / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_alone_is_its_log_behind_its_settings(tmp_path):
    """No digit is lost."""
    path = made(tmp_path)
    rows = table(path)
    assert list(rows[0])[:4] == ["run", "seed", "outcome", "stream"]
    for row, logged in zip(rows, cells(path), strict=True):
        assert row.items() >= {"run": path.name, "seed": "3", "outcome": "finished", "trainer.alpha": "0.2"}.items()
        assert row.items() >= logged.items()


def test_the_columns_do_not_depend_on_which_runs_are_exported(tmp_path):
    """One run alone has those that it has beside another."""
    a, b = made(tmp_path, seed=1), made(tmp_path, {"trainer.alpha": 0.1}, seed=2, stop=1)
    assert list(table(a)[0]) == list(table(b)[0]) == list(table(a, b)[0])
    assert [row["outcome"] for row in table(a, b)] == ["finished"] * 3 + ["interrupted"]


def test_settings_are_columns(tmp_path):
    """Lists and switches as YAML writes them."""
    a = made(tmp_path, {"network.hidden": [64, 32]}, seed=1)
    b = made(tmp_path, {"network.normalize": True}, seed=2)
    rows = table(a, b)
    assert [(row["seed"], row["network.hidden"], row["network.normalize"]) for row in (rows[0], rows[-1])] == [
        ("1", "[64, 32]", "false"),
        ("2", "[12, 9]", "true"),
    ]
    assert [row["run"] for row in rows] == [a.name] * 3 + [b.name] * 3


def test_columns_and_settings_that_a_run_lacks_are_blank(tmp_path):
    """Backprop beside dni, an older log beside a newer."""
    rows = table(made(tmp_path), made(tmp_path, {"trainer.name": "dni"}))
    assert (rows[0]["trainer.generator.alpha"], rows[0]["cosine.1"]) == ("", "")
    assert float(rows[-1]["trainer.generator.alpha"]) == 0.01
    assert float(rows[-1]["cosine.1"])


@pytest.mark.parametrize("name", ["a,b", 'say "so"', "[red]", " spaces ", "größe", "a\nb"], ids=ascii)
def test_any_name_survives(tmp_path, name):
    """Quoted where CSV wants it."""
    assert {row["run"] for row in table(called(made(tmp_path), name))} == {name}


def test_a_name_that_is_no_text_is_the_same_bytes(tmp_path):
    """As it is on disk."""
    path = tmp_path / os.fsdecode(b"r\xffn")
    made(tmp_path).rename(path)
    (made_file,) = export([Recorded(path)], tmp_path / "out.csv")
    assert b"\nr\xffn,3," in (tmp_path / "out.csv").read_bytes()
    assert made_file == str(tmp_path / "out.csv")


def test_rows_before_damage_are_exported(tmp_path):
    """And what is damaged is noted."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "\n3,", "\n3;")
    run = Recorded(path)
    assert len(list(export([run], None))) == 3
    assert run.damage == [f"{path}/metrics.csv:4: is damaged; only the 2 rows before it were used"]


def test_a_run_without_a_log_has_no_rows(tmp_path):
    """The others have theirs."""
    empty, full = killed(tmp_path), made(tmp_path)
    (empty / "metrics.csv").unlink()
    assert {row["run"] for row in table(empty, full)} == {full.name}


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    """What stood there before stays, and nothing is left beside it."""
    path, out = made(tmp_path / "runs"), tmp_path / "out.csv"
    out.write_text("before")
    monkeypatch.setattr(
        "synthgrad.runs.reading.Metrics.rows", lambda metrics: (_ for _ in ()).throw(OSError(28, "Full"))
    )
    with pytest.raises(RunError, match=r"out\.csv: cannot be written: full"):
        list(export([Recorded(path)], out))
    assert out.read_text() == "before"
    assert sorted(tmp_path.iterdir()) == [out, tmp_path / "runs"]


@pytest.mark.parametrize("place", ["nosuch/out.csv", "."], ids=["no directory", "a directory"])
def test_a_place_where_no_file_can_be_is_an_error(tmp_path, place):
    """It names it."""
    with pytest.raises(RunError, match="cannot be written"):
        list(export([Recorded(made(tmp_path))], tmp_path / place))


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="this system has no /dev/stdout")
def test_what_is_no_file_is_written_into_and_never_replaced(tmp_path):
    """A pipe, a device."""
    path, pipe = made(tmp_path), tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert list(export([Recorded(path)], pipe)) == []
    assert os.read(reader, 1 << 16).startswith(b"run,seed,outcome,")
    os.close(reader)
    assert pipe.is_fifo()
