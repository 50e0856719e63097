"""``synthgrad compare`` on damaged runs: a plain sentence, or the part that can be compared; no traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Said, typed
from support.written_runs import BACKPROP, BITS, BOTH, EXACT, FROZEN, config, found, group, reported, run

KINDS = ("table", "json", "csv", "md", "tex")
LINE = [0.25, 0.5, 0.625, 0.6875]


def said(*arguments: object, code: int = 0) -> Said:
    """The answer in every format: this exit code, and nothing that looks like a bug."""
    for kind in KINDS:
        answer = typed("compare", *arguments, "--format", kind)
        assert answer.code == code, answer.err
        assert "Traceback" not in answer.err
        assert "bug" not in answer.err
        assert (answer.out == "") == (code != 0)
    return typed("compare", *arguments, "--format", "json")


# nothing to compare -------------------------------------------------------------------------------


def nowhere(directory: Path) -> Path:
    """A place that is not there."""
    return directory / "none"


def empty(directory: Path) -> Path:
    """A directory without a run."""
    (directory / "empty").mkdir()
    return directory / "empty"


def no_run(directory: Path) -> Path:
    """A directory with other things in it."""
    (directory / "other").mkdir()
    (directory / "other" / "metrics.csv").write_text("epoch\n1\n")
    return directory / "other"


def a_file(directory: Path) -> Path:
    """A file that is not a run."""
    (directory / "file").write_text("text")
    return directory / "file"


def a_dead_link(directory: Path) -> Path:
    """A link to a place that is not there."""
    (directory / "link").symlink_to(directory / "none")
    return directory / "link"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (nowhere, "no such run"),
        (empty, "holds no runs (train one with synthgrad train CONFIG --runs "),
        (no_run, "holds no runs"),
        (a_file, "is not the directory of a run"),
        (a_dead_link, "no such run"),
        (lambda directory: directory / "x*", "no runs are called so"),
    ],
)
def test_a_place_without_runs_is_one_sentence(tmp_path: Path, place: Callable[[Path], Path], sentence: str) -> None:
    """With the place that was typed, and exit code 2."""
    where = place(tmp_path)
    answer = said(where, "--runs", tmp_path, code=2)
    assert answer.err.startswith(str(where))
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_without_a_runs_directory_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was typed, nothing is there; or a directory with nothing in it."""
    monkeypatch.chdir(tmp_path)
    assert "train one with synthgrad train CONFIG" in said(code=2).err
    Path("runs").mkdir()
    assert said(code=2).err == "runs: holds no runs (train one with synthgrad train CONFIG --runs runs)\n"


def test_a_directory_that_may_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Unless one may read everything."""
    (tmp_path / "shut").mkdir(0)
    if os.access(tmp_path / "shut", os.R_OK):
        pytest.skip("this user may read everything")
    said(tmp_path / "shut", code=2)


@pytest.mark.parametrize(
    "text", ["", "\x00", "a: [", "- 1\n", "seed: 1\n\t", "just text", "\xff", "a: !!python/object:os.system {}\n"]
)
def test_only_damaged_configs_are_named_each(tmp_path: Path, text: str) -> None:
    """Exit code 2, as nothing is left."""
    for seed in range(2):
        (run(tmp_path, BACKPROP, seed) / "config.yaml").write_bytes(text.encode("latin1"))
    lines = said(tmp_path, code=2).err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("left out: ") for line in lines[:2])
    assert lines[2] == "compare: no run is left to compare"


# what is left is compared -------------------------------------------------------------------------


def three(runs: Path) -> Path:
    """Two whole runs, and a third to be damaged."""
    for seed in range(2):
        run(runs, BACKPROP, seed, {BITS: [*LINE], EXACT: 0.0})
    return run(runs, BACKPROP, 2, {BITS: [*LINE], EXACT: 0.0})


def test_a_row_that_was_cut_off_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    """At whichever of its last bytes: the run's number is one that was written whole."""
    path = three(tmp_path)
    metrics = path / "metrics.csv"
    whole = metrics.read_bytes()
    rows = whole.splitlines(keepends=True)
    for size in range(len(whole) - len(rows[-1]) - len(rows[-2]), len(whole) + 1):
        metrics.write_bytes(whole[:size])
        rows_left = whole[:size].count(b"\n") - 1
        report = reported(tmp_path)
        assert report.tables[0].epoch == rows_left
        assert found(report, "backprop").values == [LINE[rows_left - 1]] * 3
        assert report.warnings == (
            []
            if rows_left == 4
            else [f"runs of {rows_left}, 4 epochs: compared at epoch {rows_left}, the last that all have"]
        )


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"epoch",
        b"epoch,step\n",
        b"epoch,step,seconds,test_bit_accuracy\n",
        b"\xff\xfe\n1,2\n",
        b"\x00" * 100,
        b"a,b\n1,2\n",
    ],
)
def test_a_run_without_a_row_has_no_number(tmp_path: Path, text: bytes) -> None:
    """The others are compared; that one of them has none is said."""
    path = three(tmp_path)
    (path / "metrics.csv").write_bytes(text)
    data = json.loads(said(tmp_path).out)
    assert data["groups"][0]["values"] == [LINE[-1], LINE[-1], None]
    assert any("1 of 3 runs has no test_bit_accuracy" in warning for warning in data["warnings"])


@pytest.mark.parametrize(
    "row",
    [
        b"3,12,1.5,x,0.0",
        b"3,12,1.5,0.7",
        b"3,12,1.5,0.7,0.0,9",
        b"2,8,1.0,0.7,0.0",
        b"3.5,1,1,1,1",
        b",,,,",
        b"\xff\xff,1,1,1,1",
    ],
)
def test_a_damaged_row_ends_the_run(tmp_path: Path, row: bytes) -> None:
    """Everything before it counts, and the line is named."""
    path = three(tmp_path)
    lines = (path / "metrics.csv").read_bytes().splitlines()
    (path / "metrics.csv").write_bytes(b"\n".join([*lines[:3], row, *lines[4:]]) + b"\n")
    data = json.loads(said(tmp_path).out)
    assert data["groups"][0]["values"] == [0.5] * 3
    assert f"{path}/metrics.csv:4: is damaged; only the 2 rows before it were used" in data["warnings"]


@pytest.mark.parametrize("name", ["result.json", "run.json"])
@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", '"x"', '{"outcome": ', "\x00", "[" * 10_000])
def test_a_damaged_json_file_is_named(tmp_path: Path, name: str, text: str | None) -> None:
    """Without a result a run is unfinished, with a damaged one unreadable; nothing else hangs on run.json."""
    path = three(tmp_path)
    if text is None:
        (path / name).unlink()
    else:
        (path / name).write_text(text)
    data = json.loads(said(tmp_path).out)
    without = "unfinished" if text is None else "unreadable"
    assert data["groups"][0]["outcomes"][2] == (without if name == "result.json" else "finished")
    assert any(f"{path}/{name}: is damaged" in warning for warning in data["warnings"]) == (text is not None)


@pytest.mark.parametrize(
    "result", [{}, {"outcome": None}, {"outcome": ["x"]}, {"outcome": "finished", "diverged": 3}, {"outcome": "ended"}]
)
def test_a_result_that_says_something_else_is_no_trouble(tmp_path: Path, result: Any) -> None:
    """Only a finished run has a number."""
    path = three(tmp_path)
    (path / "result.json").write_text(json.dumps(result))
    data = json.loads(said(tmp_path).out)
    assert (data["groups"][0]["values"][2] is not None) == (result.get("outcome") == "finished")


def test_a_damaged_config_leaves_its_run_out(tmp_path: Path) -> None:
    """At every byte it may be cut off: the run is left out, in a group of its own, or whole."""
    path = three(tmp_path)
    whole = (path / "config.yaml").read_bytes()
    for size in range(0, len(whole) + 1, 7):
        (path / "config.yaml").write_bytes(whole[:size])
        data = reported(tmp_path)
        assert sum(len(g.seeds) for g in data.groups) + len(data.warnings) >= 2
        assert found(data, next(g.label for g in data.groups if len(g.seeds) >= 2)).values[:2] == [LINE[-1]] * 2


@pytest.mark.parametrize("name", ["metrics.csv", "result.json", "run.json"])
def test_a_directory_in_the_place_of_a_file_is_no_trouble(tmp_path: Path, name: str) -> None:
    """It cannot be read, and is said so."""
    path = three(tmp_path)
    (path / name).unlink()
    (path / name).mkdir()
    assert any(str(path / name) in warning for warning in json.loads(said(tmp_path).out)["warnings"])


# few, old and odd runs ----------------------------------------------------------------------------


def test_one_run_is_shown(tmp_path: Path) -> None:
    """One seed of one method: nothing can be concluded."""
    run(tmp_path, BOTH, 0)
    data = json.loads(said(tmp_path).out)
    assert (len(data["groups"]), data["differences"]) == (1, [])


def test_one_seed_of_each_method_decides_nothing(tmp_path: Path) -> None:
    """Every verdict is too few."""
    for keys in (BACKPROP, BOTH, FROZEN):
        run(tmp_path, keys, 0)
    assert {d["verdict"] for d in json.loads(said(tmp_path).out)["differences"]} == {"too few"}


@pytest.mark.parametrize("outcome", ["diverged", "interrupted", "failed", None])
def test_no_finished_run_has_no_number(tmp_path: Path, outcome: str | None) -> None:
    """Their outcomes are shown all the same."""
    for keys in (BACKPROP, BOTH, FROZEN):
        for seed in range(7):
            run(tmp_path, keys, seed, outcome=outcome)
    groups = json.loads(said(tmp_path).out)["groups"]
    assert [(g["n"], g["mean"], g["diverged"]) for g in groups] == [(0, None, 7 * (outcome == "diverged"))] * 3


def test_runs_that_diverged_before_their_first_epoch_are_counted(tmp_path: Path) -> None:
    """They have a header and nothing else."""
    for seed in range(3):
        run(tmp_path, BACKPROP, seed, {BITS: []}, "diverged")
    assert json.loads(said(tmp_path).out)["groups"][0]["diverged"] == 3


def test_nothing_measured_at_all_is_one_sentence(tmp_path: Path) -> None:
    """Exit code 2."""
    for seed in range(2):
        (run(tmp_path, BACKPROP, seed, outcome=None) / "metrics.csv").unlink()
    assert said(tmp_path, code=2).err == "compare: the runs have not measured anything yet\n"


def test_runs_of_one_epoch_are_compared(tmp_path: Path) -> None:
    """Their curve is a point."""
    for keys in (BACKPROP, FROZEN):
        for seed in range(7):
            run(tmp_path, keys, seed, {BITS: [0.5 + seed / 100]})
    data = json.loads(said(tmp_path, "--curves").out)
    assert (data["tables"][0]["epoch"], data["groups"][0]["curves"][BITS]["epoch"]) == (1, [1])


def test_runs_of_an_older_version_are_compared(tmp_path: Path) -> None:
    """With fewer columns, fewer keys, and no hashes."""
    group(tmp_path, BACKPROP, [0.5] * 7)
    for seed in range(7):
        path = run(tmp_path, FROZEN, seed, {BITS: 0.5}, hashes={})
        text = config(FROZEN, seed).replace("  shuffle: false\n", "").replace("stream: named\n", "")
        (path / "config.yaml").write_text(text)
        (path / "run.json").unlink()
        (path / "metrics.csv").write_text(f"epoch,{BITS}\n1,0.25\n10,0.5\n")
    data = json.loads(said(tmp_path).out)
    assert {(g["label"], g["n"]) for g in data["groups"]} == {("backprop", 7), ("frozen", 7)}
    assert data["differences"][0]["n"] == 7


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "NaN", "1e999", ""])
def test_figures_that_are_none_are_blank(tmp_path: Path, value: str) -> None:
    """In one run, and in all of them; as metric, as loss, as seconds."""
    for seed in range(8):
        path = run(tmp_path, BACKPROP if seed % 2 else FROZEN, seed // 2, {BITS: [*LINE], "loss": 1.0})
        rows = [row.split(",") for row in (path / "metrics.csv").read_text().splitlines()]
        for row in rows[1:] if seed < 4 else rows[-1:]:
            row[2:] = [value] * 3
        (path / "metrics.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    data = json.loads(said(tmp_path, "--metric", BITS, "--metric", "loss", "--curves").out)
    assert all(g["values"][:2] == [None, None] for g in data["groups"])
    assert all(g["values"][2:] == [LINE[-2]] * 2 for g in data["groups"])


def test_columns_of_huge_numbers_do_not_overflow(tmp_path: Path) -> None:
    """1e308 is still a number: its mean, its square, its differences are; of what is beyond, the largest."""
    for keys, sign in ((BACKPROP, 1), (FROZEN, -1)):
        group(tmp_path, keys, [sign * 9e307] * 7, "loss", pace=1e307)
    data = json.loads(said(tmp_path, "--metric", "loss", "--curves").out)
    assert data["differences"][0]["mean"] == sys.float_info.max
    assert [g["mean"] for g in data["groups"]] == [-9e307, 9e307]
    for kind in ("table", "md", "tex", "csv", "html"):
        assert typed("compare", tmp_path, "--metric", "loss", "--format", kind, "--plot", "-").code == 0


def test_two_runs_are_shown_whatever_is_left_of_them(tmp_path: Path) -> None:
    """Side by side."""
    a, b = run(tmp_path, BACKPROP, 0), run(tmp_path, BOTH, 0)
    for name in ("metrics.csv", "result.json", "run.json"):
        (b / name).unlink()
        assert typed("compare", a, b).code == 0
        assert typed("compare", b, a).code == 0
