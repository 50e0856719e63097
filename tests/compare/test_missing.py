"""The runs that a comparison lacks, as command lines that a shell takes."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BOTH, FROZEN, LABEL, gathered, group, reported, run

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.runs.archive import pack, packable
from synthgrad.sweep.values import values


def missing(runs: Path, /, **question: Any) -> list[list[str]]:
    """The words of the lines of all tables."""
    return [shlex.split(each.line) for table in reported(runs, **question).tables for each in table.missing]


def sweep(path: Path, seeds: str, name: str, *more: str, runs: Path | None = None) -> list[str]:
    """The words of one line."""
    words = ["synthgrad", "sweep", f"{path}/config.yaml", *more, "-s", f"seed={seeds}"]
    return [*words, "--name", name, "--runs", str(runs or path.parent), "-q"]


def frozen(path: Path, seeds: str, **more: Path) -> list[str]:
    """The words of the line that makes a control."""
    return sweep(path, seeds, "frozen", "-s", "trainer.name=frozen", **more)


# what is missing ----------------------------------------------------------------------------------


def test_nothing_is_missing_where_every_group_has_every_seed(tmp_path: Path) -> None:
    """Diverged runs are there."""
    group(tmp_path, BACKPROP, [0.5, None])
    group(tmp_path, FROZEN, [0.5, 0.5])
    assert missing(tmp_path) == []


def test_a_seed_that_only_some_groups_have_is_missing(tmp_path: Path) -> None:
    """From the recorded config of the group, under the name that its run has."""
    path = run(tmp_path, BACKPROP, 1, name="my-name")
    group(tmp_path, FROZEN, [0.5, 0.5, 0.5])
    assert missing(tmp_path) == [sweep(path, "0,2", "my-name")]


def test_the_control_is_missing_in_every_seed(tmp_path: Path) -> None:
    """All else as in backprop, whatever was run first."""
    group(tmp_path, BOTH, [0.5, 0.5])
    path = run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1)
    assert missing(tmp_path) == [frozen(path, "0,1")]


def test_without_backprop_the_control_is_as_the_first_method(tmp_path: Path) -> None:
    """One run is enough to know it."""
    path = run(tmp_path, LABEL, 4)
    assert missing(tmp_path) == [frozen(path, "4")]


def test_who_wants_no_control_lacks_none(tmp_path: Path) -> None:
    """Seeds may be missing all the same."""
    group(tmp_path, BACKPROP, [0.5, 0.5])
    path = run(tmp_path, BOTH, 0)
    assert missing(tmp_path, control=False) == [sweep(path, "1", "a")]


def test_what_conditions_leave_out_is_not_missing(tmp_path: Path) -> None:
    """A control, and seeds; but a control of another network, or none at all, is."""
    for keys in (BACKPROP, FROZEN):
        group(tmp_path, keys, [0.5, 0.5, 0.5])
    path = run(tmp_path, BOTH, 0)
    for seed in (1, 2):
        run(tmp_path, BOTH, seed, outcome="interrupted" if seed == 2 else "finished")

    def lacking(where: str) -> tuple[list[list[str]], list[str]]:
        (table,) = build(gathered(tmp_path, where=[where]), Question(), []).tables
        return [shlex.split(each.line) for each in table.missing], table.fairness

    missing_runs, said = lacking("trainer.name=dni")
    assert missing_runs == [sweep(path, "2", "a")]
    assert said[0] == "no control here: --where leaves out 3 runs of it"
    assert lacking("outcome=finished")[0] == [sweep(path, "2", "a")]
    run(tmp_path, {**BOTH, "task.bits": 5}, 0)
    found = build(gathered(tmp_path, where=["trainer.name=dni"]), Question(), [])
    assert [table.controls_left_out for table in found.tables] == [3, 0]
    assert "trainer.name=frozen" in found.tables[1].missing[-1].line


def test_every_table_lacks_its_own_control(tmp_path: Path) -> None:
    """That of another network is none."""
    a = run(tmp_path, BACKPROP, 0)
    run(tmp_path, FROZEN, 0)
    b = run(tmp_path, {**BACKPROP, "task.bits": 5}, 0)
    assert missing(tmp_path) == [frozen(b, "0")]
    assert a != b


@pytest.mark.parametrize(
    ("outcome", "lacks"), [("interrupted", True), ("failed", True), ("diverged", False), (None, True)]
)
def test_what_did_not_end_is_missing(tmp_path: Path, outcome: str | None, lacks: bool) -> None:
    """Unless it is being trained, as a run without a result may be."""
    group(tmp_path, FROZEN, [0.5, 0.5])
    run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1, outcome=outcome)
    assert bool(missing(tmp_path)) is lacks


def test_a_run_that_was_repeated_after_an_interruption_is_not_missing(tmp_path: Path) -> None:
    """The one that finished counts."""
    run(tmp_path, FROZEN, 0)
    run(tmp_path, FROZEN, 0, outcome="interrupted")
    assert missing(tmp_path) == []


def test_every_group_has_a_line_and_its_runs_are_counted(tmp_path: Path) -> None:
    """The control's comes last, with every seed."""
    back = run(tmp_path, BACKPROP, 0)
    both = run(tmp_path, BOTH, 1)
    for seed in range(6):
        run(tmp_path, LABEL, seed)
    found = reported(tmp_path).tables[0].missing
    assert [shlex.split(each.line) for each in found] == [
        sweep(back, "1..5", "a"),
        sweep(both, "0,2..5", "a"),
        frozen(back, "0..5"),
    ]
    assert [each.runs for each in found] == [5, 5, 6]


@pytest.mark.parametrize(
    ("seeds", "spelt"),
    [
        ([7], "7"),
        ([3, 4], "3,4"),
        ([3, 4, 5], "3..5"),
        ([3, 4, 5, 6, 7, 9], "3..7,9"),
        ([0, 2, 4, 5, 9, 10, 11, 4294967295], "0,2,4,5,9..11,4294967295"),
    ],
)
def test_seeds_are_written_as_a_sweep_reads_them(tmp_path: Path, seeds: list[int], spelt: str) -> None:
    """Three or more in a row are a range."""
    for seed in seeds:
        run(tmp_path, BACKPROP, seed)
    ((*_, said, _, _, _, _, _),) = missing(tmp_path)
    assert said == f"seed={spelt}"
    assert [int(value) for value in values(spelt)] == seeds


# from an archive ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "home"), [({}, "runs"), ({"runs": Path("mine")}, "mine"), ({"runs": Path("a.zip")}, "runs")]
)
def test_what_an_archive_lacks_goes_into_the_runs_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: dict[str, Path], home: str
) -> None:
    """Never into the archive; the config is the one within."""
    monkeypatch.chdir(tmp_path)
    path = run(Path("there"), BACKPROP, 0)
    pack(packable([path])[0], Path("a.zip"))
    assert missing(Path("a.zip"), **question) == [frozen(Path("a.zip", path.name), "0", runs=Path(home))]


# through a shell ----------------------------------------------------------------------------------

NAMES = [
    "plain",
    "two words",
    "it's",
    'a "quote"',
    "$HOME `id` $(id)",
    "a;b|c&d>e",
    "-dash",
    "*?[x]",
    "new\nline",
    "tab\t~",
    "日本",
]
STUB = '#!/bin/sh\nfor word; do printf \'%s\\0\' "$word"; done >> "$SAID"\nprintf \'\\n\\0\' >> "$SAID"\n'


@pytest.mark.parametrize("name", NAMES)
def test_any_name_survives_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A shell calls synthgrad with just the words that were meant, and starts nothing else."""
    monkeypatch.chdir(tmp_path)
    stub = tmp_path / "bin" / "synthgrad"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    path = run(Path(name), BACKPROP, 0, name=name.replace("/", "-"))
    run(Path(name), BACKPROP, 1)
    lines = [each.line for each in build(gathered(Path(name)), Question(), []).tables[0].missing]
    environment = {
        "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
        "SAID": str(tmp_path / "said"),
        "HOME": "/",
    }
    subprocess.run(["sh"], input="\n".join(lines) + "\n", text=True, env=environment, check=True, timeout=20)
    said = (tmp_path / "said").read_text().split("\n\0")[:-1]
    _, command, config, *rest = frozen(path, "0,1")
    config = f"./{config}" if name.startswith("-") else config
    assert [line.split("\0")[:-1] for line in said] == [[command, config, *rest]]


def test_a_name_that_is_no_text_survives_too(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 stand in the line as they are."""
    path = run(Path(os.fsdecode(bytes(tmp_path) + b"/\xff")), BACKPROP, 0)
    (found,) = reported(path.parent).tables[0].missing
    assert b"\xff" in found.line.encode("utf-8", "surrogateescape")
