"""``synthgrad runs export``: runs for other tools."""

from __future__ import annotations

import csv
import os
import subprocess

import pytest
from support.commands import COMMAND, environment, typed
from support.trained_runs import called, made, replaced

from synthgrad.export import EXPORTERS, exporter


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_exporter_says_what_it_makes(tmp_path, name):
    """A registry entry is a row: a file with a function of this form."""
    assert exporter(name).__doc__
    run, out = made(tmp_path / "runs"), tmp_path / "out"
    said = typed("runs", "export", run, "--to", name, "-o", out)
    assert (said.code, said.err) == (0, "")
    assert all(os.path.exists(line) for line in said.out.splitlines())
    assert said.out.startswith(str(out))


@pytest.mark.parametrize("to", [[], ["-o", "-"]], ids=str)
def test_a_table_goes_to_stdout(tmp_path, to):
    """Header and rows, nothing on stderr."""
    run = made(tmp_path)
    said = typed("runs", "export", run, "--to", "csv", *to)
    assert (said.code, said.err) == (0, "")
    header, *rows = csv.reader(said.out.splitlines())
    assert header[:3] == ["run", "seed", "outcome"]
    assert [row[:3] for row in rows] == [[run.name, "3", "finished"]] * 3
    assert [row[header.index("epoch")] for row in rows] == ["1", "2", "3"]


def test_a_table_goes_to_a_file(tmp_path):
    """The file is all that is said."""
    run, out = made(tmp_path / "runs"), tmp_path / "out.csv"
    said = typed("runs", "export", run, "--to", "csv", "-o", out)
    assert said == (0, f"{out}\n", "")
    assert out.read_text() == typed("runs", "export", run, "--to", "csv").out


def test_runs_are_named_and_found(tmp_path):
    """By directory, by name, each once."""
    a, b = called(made(tmp_path), "[red]a"), called(made(tmp_path), "b b")
    said = typed("runs", "export", "b b", tmp_path, "--to", "csv", "--runs", tmp_path)
    assert list(dict.fromkeys(line.split(",")[0] for line in said.out.splitlines())) == ["run", b.name, a.name]


def test_events_go_below_tensorboard(tmp_path, monkeypatch):
    """Where the program of that name is pointed at."""
    monkeypatch.chdir(tmp_path)
    run = made(tmp_path / "runs")
    assert typed("runs", "export", "latest", "--to", "tensorboard").out == f"tensorboard/{run.name}\n"


def test_damage_is_said_on_stderr(tmp_path):
    """The rows before it are exported."""
    run = made(tmp_path)
    replaced(run / "metrics.csv", "\n3,", "\n3;")
    said = typed("runs", "export", run, "--to", "csv")
    assert (said.code, said.out.count("\n")) == (0, 3)
    assert said.err == f"{run}/metrics.csv:4: is damaged; only the 2 rows before it were used\n"


def test_a_reader_who_leaves_early_is_no_error(tmp_path):
    """As head does: no message."""
    reading, writing = os.pipe()
    os.close(reading)
    line = [*COMMAND, "runs", "export", made(tmp_path), "--to", "csv"]
    done = subprocess.run(line, stdout=writing, stderr=subprocess.PIPE, check=False, env=environment())
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["latest"], 2),
        (["nosuch", "--to", "csv"], 2),
        (["latest", "--to", "excel"], 2),
        (["latest", "--to", "csv", "-o", "nosuch/out.csv"], 1),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_an_error(tmp_path, words, code):
    """One message, and nothing on stdout."""
    made(tmp_path)
    said = typed("runs", "export", *words, "--runs", tmp_path)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
