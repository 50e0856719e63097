"""A run as its directory tells it: whatever is missing, cut off or damaged, the rest is read."""

from __future__ import annotations

import json
import math
from datetime import datetime

import numpy as np
import pytest
from support.trained_runs import called, killed, made, rewritten

from synthgrad.errors import ConfigError
from synthgrad.runs.reading import Metrics, Recorded

TABLE = "epoch,step,seconds,loss,test_loss\n1,4,0.1,0.5,\n2,8,0.2,0.25,0.75\n3,12,0.3,0.125,\n"
NAMES = ["epoch", "step", "seconds", "loss", "test_loss"]


def read(tmp_path, text):
    """A metrics file with this content."""
    path = tmp_path / "metrics.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Metrics(path)


def lines(metrics):
    """The epochs of the rows that were used."""
    return metrics.columns(metrics.names)["epoch"].tolist()


# metrics ------------------------------------------------------------------------------------------


def test_a_column_is_what_was_written(tmp_path):
    """Bit for bit, and what is blank is nan."""
    columns = read(tmp_path, TABLE).columns(["loss", "test_loss"])
    assert list(columns) == ["epoch", "loss", "test_loss"]
    assert columns["loss"].tolist() == [0.5, 0.25, 0.125]
    np.testing.assert_array_equal(columns["test_loss"], [math.nan, 0.75, math.nan])


def test_columns_may_be_asked_for_in_any_way(tmp_path):
    """As a list, as a generator, in any order; what there is not is not there."""
    metrics = read(tmp_path, TABLE)
    assert list(metrics.columns(name for name in ("loss", "step", "nosuch"))) == ["epoch", "loss", "step"]
    assert list(metrics.columns([])) == ["epoch"]


@pytest.mark.parametrize("size", range(len(TABLE) + 1))
def test_a_file_cut_off_at_any_byte_has_its_whole_rows(tmp_path, size):
    """As a killed process leaves it: not damage, only fewer rows."""
    metrics = read(tmp_path, TABLE[:size])
    whole = max(0, TABLE[:size].count("\n") - 1)
    columns = metrics.columns(NAMES)
    assert columns["epoch"].tolist() == list(range(1, whole + 1))
    assert all(len(column) == whole for column in columns.values())
    assert metrics.damage == ""


@pytest.mark.parametrize("text", ["", "epoch,step", "epoch,step,seconds,loss\n"], ids=repr)
def test_a_file_without_rows_has_empty_columns(tmp_path, text):
    """There is always a column of epochs."""
    metrics = read(tmp_path, text)
    assert (lines(metrics), list(metrics.rows()), metrics.damage) == ([], [], "")


def test_a_file_that_is_missing_has_no_rows(tmp_path):
    """A run that was killed before it wrote its header."""
    metrics = Metrics(tmp_path / "metrics.csv")
    assert (metrics.names, lines(metrics), metrics.damage) == ([], [], "")


def test_a_file_that_cannot_be_read_is_damage(tmp_path):
    """Here a directory stands in its place."""
    (tmp_path / "metrics.csv").mkdir()
    metrics = Metrics(tmp_path / "metrics.csv")
    assert (lines(metrics), metrics.damage) == ([], f"{tmp_path}/metrics.csv: cannot be read: is a directory")


BAD_ROWS = {
    "too few cells": "2,8,0.2,0.25",
    "too many cells": "2,8,0.2,0.25,0.75,1",
    "a word": "2,8,0.2,bad,0.75",
    "a word in a column that nobody asked for": "2,8,0.2,0.25,bad",
    "no epoch": ",8,0.2,0.25,0.75",
    "the epoch before": "1,8,0.2,0.25,0.75",
    "half an epoch": "1.5,8,0.2,0.25,0.75",
    "an endless epoch": "inf,8,0.2,0.25,0.75",
    "nothing": "",
    "two rows in one": "2,8,0.2,2,8,0.2,0.25,0.75",
    "no text": "2,8,0.2,\x00,0.75",
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_nothing_is_used_from_a_damaged_row_on(tmp_path, row):
    """The damage is named by its line, and the rows before it are used."""
    metrics = read(tmp_path, TABLE.replace("2,8,0.2,0.25,0.75", row))
    assert lines(metrics) == [1.0]
    assert metrics.damage == f"{tmp_path}/metrics.csv:3: is damaged; only the row before it was used"
    assert list(metrics.rows()) == [["1", "4", "0.1", "0.5", ""]]


def test_two_damaged_rows_do_not_make_up_for_each_other(tmp_path):
    """One cell too few and one too many: in all as many as there should be."""
    metrics = read(tmp_path, TABLE.replace("0.25,0.75\n3", "0.25\n0.75,3"))
    assert (lines(metrics), ":3: is damaged" in metrics.damage) == ([1.0], True)


def test_damage_in_the_first_row_leaves_none(tmp_path):
    """It is said so."""
    metrics = read(tmp_path, TABLE.replace("1,4", "1;4"))
    assert (lines(metrics), metrics.damage) == ([], f"{tmp_path}/metrics.csv:2: is damaged; no row was used")


@pytest.mark.parametrize("header", ["step,loss\n4,0.5\n", "\x00\x01\n1\n", "epoch,loss,loss\n1,2,3\n"], ids=repr)
def test_a_damaged_header_leaves_no_columns(tmp_path, header):
    """Rows of unknown meaning are not used."""
    metrics = read(tmp_path, header)
    assert (metrics.names, lines(metrics)) == ([], [])
    assert metrics.damage == f"{tmp_path}/metrics.csv:1: is damaged (a header begins with epoch); no row was used"


def test_epochs_may_be_left_out(tmp_path):
    """As long as they rise."""
    assert lines(read(tmp_path, TABLE.replace("\n2,", "\n5,").replace("\n3,", "\n9,"))) == [1.0, 5.0, 9.0]


def test_cells_that_are_not_finite_are_read(tmp_path):
    """Another version may write nan and inf."""
    columns = read(tmp_path, TABLE.replace("0.5", "nan").replace("0.25", "-inf")).columns(["loss"])
    np.testing.assert_array_equal(columns["loss"], [math.nan, -math.inf, 0.125])


def test_line_ends_of_another_system_are_understood(tmp_path):
    """An editor may have changed them."""
    metrics = read(tmp_path, TABLE.replace("\n", "\r\n"))
    assert (metrics.names, lines(metrics), metrics.damage) == (NAMES, [1.0, 2.0, 3.0], "")


def test_rows_keep_their_digits(tmp_path):
    """Each cell as it is written."""
    assert list(read(tmp_path, TABLE.replace("0.125", "0.1250")).rows())[2] == ["3", "12", "0.3", "0.1250", ""]


# runs ---------------------------------------------------------------------------------------------


def test_a_run_is_read_back(tmp_path):
    """Its name, config, outcome and last figures."""
    path = made(tmp_path)
    run = Recorded(path)
    assert (run.name, run.seed, run.outcome, run.epochs, run.damage) == (path.name, 3, "finished", 3, [])
    assert run.config["trainer.name"] == "backprop"
    assert run.config["network.hidden"] == [12, 9]
    assert run.last["loss"] == run.metrics().columns(["loss"])["loss"][-1]
    assert (run.number("epoch"), run.number("nosuch"), run.diverged) == (3, None, {})


def test_a_run_is_called_as_its_directory_however_it_is_reached(tmp_path, monkeypatch):
    """Also from within, as a dot."""
    path = made(tmp_path)
    monkeypatch.chdir(path)
    assert {
        Recorded(type(path)(way)).name for way in (".", f"../{path.name}", "../.././" + f"{tmp_path.name}/{path.name}/")
    } == {path.name}


def test_without_a_result_a_run_is_unfinished(tmp_path):
    """It is running, or it was killed."""
    run = Recorded(killed(tmp_path))
    assert (run.outcome, run.result, run.last, run.number("epoch")) == ("unfinished", None, {}, None)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", "null", '"finished"', "\xff\xfe", "[" * 100_000], ids=lambda text: ascii(text[:9])
)
@pytest.mark.parametrize("name", ["result.json", "run.json"])
def test_a_damaged_json_file_is_ignored_and_named(tmp_path, name, content):
    """The rest of the run is read all the same."""
    path = made(tmp_path)
    (path / name).write_text(content, "latin-1")
    run = Recorded(path)
    assert run.damage == [f"{path / name}: is damaged and was ignored"]
    assert run.outcome == ("unreadable" if name == "result.json" else "finished")
    assert run.started is not None


@pytest.mark.parametrize("outcome", ["wonderful", "unfinished", None, {"a": [1]}, 3])
def test_an_outcome_that_does_not_exist_is_damage(tmp_path, outcome):
    """How the run ended is unknown."""
    path = made(tmp_path)
    rewritten(path, "result.json", outcome=outcome)
    run = Recorded(path)
    assert run.outcome == "unreadable"
    assert "has no outcome (expected finished, diverged, interrupted" in run.damage[0]


@pytest.mark.parametrize("name", ["result.json", "run.json", "metrics.csv", "weights.npz"])
def test_a_missing_file_is_no_damage(tmp_path, name):
    """A run that is killed early has few of them."""
    path = made(tmp_path)
    (path / name).unlink()
    assert Recorded(path).damage == []


@pytest.mark.parametrize("content", ["", "- a list", "seed: [", "text", "\x00", "&a [*a]"], ids=repr)
def test_a_run_whose_config_cannot_be_read_is_an_error(tmp_path, content):
    """It names the file."""
    path = made(tmp_path)
    (path / "config.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"config\.yaml: "):
        Recorded(path)


def test_a_directory_without_a_config_is_no_run(tmp_path):
    """Whatever else is in it."""
    with pytest.raises(ConfigError, match="is not the directory of a run"):
        Recorded(tmp_path)


def test_keys_of_other_versions_are_read_like_any_other(tmp_path):
    """Nothing is checked, and nothing filled in."""
    path = made(tmp_path)
    with (path / "config.yaml").open("a") as file:
        file.write("later: {knob: 7}\n")
    assert Recorded(path).config["later.knob"] == 7


@pytest.mark.parametrize(
    "odd",
    [{"last": 3}, {"last": {"loss": "x"}}, {"last": {"loss": math.inf}}, {"last": None}, {"last": {"loss": True}}],
    ids=str,
)
def test_last_figures_are_numbers_or_nothing(tmp_path, odd):
    """Whatever a damaged result says."""
    path = made(tmp_path)
    rewritten(path, "result.json", **odd)
    assert Recorded(path).last == {}


@pytest.mark.parametrize("odd", ["3", True, [3], {}, math.nan], ids=repr)
def test_numbers_of_a_result_are_numbers_or_nothing(tmp_path, odd):
    """And where it diverged is said in a section."""
    path = made(tmp_path)
    rewritten(path, "result.json", epoch=odd, diverged=odd)
    run = Recorded(path)
    assert (run.number("epoch"), run.diverged) == (None, {})


def test_the_start_is_in_local_time(tmp_path):
    """What run.json says, to the millisecond."""
    path = made(tmp_path)
    said = json.loads((path / "run.json").read_text())["started"]
    assert Recorded(path).started == datetime.fromisoformat(said)


@pytest.mark.parametrize("said", [None, 3, "yesterday", "9999-99-99"], ids=repr)
def test_a_start_that_is_not_said_is_read_off_the_name(tmp_path, said):
    """And one that not even the name says is unknown."""
    path = called(made(tmp_path), "20261124-191841-tiny-s3-beef")
    rewritten(path, "run.json", started=said)
    assert str(Recorded(path).started)[:19] == "2026-11-24 19:18:41"
    assert Recorded(called(path, "baseline")).started is None
    assert Recorded(called(tmp_path / "baseline", "20269999-999999-tiny-s3-beef")).started is None
