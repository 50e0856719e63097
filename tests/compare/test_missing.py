"""The runs that a comparison lacks, as command lines that a shell takes."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from directories import BACKPROP, BOTH, FROZEN, LABEL, gathered, group, reported, run

from synthgrad.compare.building import Question, build


def missing(runs: Path, **question: Any) -> list[list[str]]:
    """The words of the lines of all tables."""
    return [shlex.split(line) for table in reported(runs, **question).tables for line in table.missing]


def train(path: Path, seed: int, name: str, *more: str) -> list[str]:
    """The words of one line."""
    words = ["synthgrad", "train", f"{path}/config.yaml", *more]
    return [*words, "--seed", str(seed), "--name", name, "--runs", str(path.parent), "-q"]


def frozen(path: Path, seed: int) -> list[str]:
    """The words of the line that makes a control."""
    return train(path, seed, "frozen", "-s", "trainer.name=frozen")


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
    assert missing(tmp_path) == [train(path, 0, "my-name"), train(path, 2, "my-name")]


def test_the_control_is_missing_in_every_seed(tmp_path: Path) -> None:
    """All else as in backprop, whatever was run first."""
    group(tmp_path, BOTH, [0.5, 0.5])
    path = run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1)
    assert missing(tmp_path) == [frozen(path, 0), frozen(path, 1)]


def test_without_backprop_the_control_is_as_the_first_method(tmp_path: Path) -> None:
    """One run is enough to know it."""
    path = run(tmp_path, LABEL, 4)
    assert missing(tmp_path) == [frozen(path, 4)]


def test_who_wants_no_control_lacks_none(tmp_path: Path) -> None:
    """Seeds may be missing all the same."""
    group(tmp_path, BACKPROP, [0.5, 0.5])
    path = run(tmp_path, BOTH, 0)
    assert missing(tmp_path, control=False) == [train(path, 1, "a")]


def test_every_table_lacks_its_own_control(tmp_path: Path) -> None:
    """That of another network is none."""
    a = run(tmp_path, BACKPROP, 0)
    run(tmp_path, FROZEN, 0)
    b = run(tmp_path, {**BACKPROP, "task.bits": 5}, 0)
    assert missing(tmp_path) == [frozen(b, 0)]
    assert a != b


@pytest.mark.parametrize(
    ("outcome", "lacks"), [("interrupted", True), ("failed", True), ("diverged", False), (None, False)]
)
def test_what_may_still_be_running_is_not_missing(tmp_path: Path, outcome: str | None, lacks: bool) -> None:
    """What was interrupted or failed is."""
    group(tmp_path, FROZEN, [0.5, 0.5])
    run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1, outcome=outcome)
    assert bool(missing(tmp_path)) is lacks


def test_a_run_that_was_repeated_after_an_interruption_is_not_missing(tmp_path: Path) -> None:
    """The one that finished counts."""
    run(tmp_path, FROZEN, 0)
    run(tmp_path, FROZEN, 0, outcome="interrupted")
    assert missing(tmp_path) == []


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
    lines = build(gathered(Path(name)), Question(), []).tables[0].missing
    environment = {
        "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
        "SAID": str(tmp_path / "said"),
        "HOME": "/",
    }
    subprocess.run(["sh"], input="\n".join(lines) + "\n", text=True, env=environment, check=True, timeout=20)
    said = (tmp_path / "said").read_text().split("\n\0")[:-1]
    prefix = "./" if name.startswith("-") else ""
    wanted = [frozen(path, seed)[1:] for seed in (0, 1)]
    for words in wanted:
        words[1] = prefix + words[1]
    assert [line.split("\0")[:-1] for line in said] == wanted


def test_a_name_that_is_no_text_survives_too(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 stand in the line as they are."""
    path = run(Path(os.fsdecode(bytes(tmp_path) + b"/\xff")), BACKPROP, 0)
    (line,) = reported(path.parent).tables[0].missing
    assert b"\xff" in line.encode("utf-8", "surrogateescape")
