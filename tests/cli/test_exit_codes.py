"""0 done, 1 failed while running, 2 bad usage or config, 3 diverged: one message each, never a traceback."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.commands import ENDLESS, SMALL, metrics, no_file_above, only, ran, result, typed, weights, write

from synthgrad.runs.log import Log


def one_message(said, code):
    """Whether a command failed with this code, one line on stderr and nothing on stdout."""
    return (said.code, said.out, said.err.count("\n")) == (code, "", 1) and "Traceback" not in said.err


def failed(said, run):
    """Whether a run failed on its way: its directory on stdout, one message and the line that resumes it on stderr."""
    message, *more = said.err.splitlines()
    again = ["Start it again with:", f"  synthgrad train --resume {run}"]
    return (said.code, said.out, more) == (1, f"{run}\n", again) and message.startswith(str(run))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 KiB, where that may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def rows_are_whole(run):
    """Whether the metrics file ends with a line's end and every row has a cell for every column."""
    text = (run / "metrics.csv").read_text()
    commas = {line.count(",") for line in text.splitlines()}
    return text.endswith("\n") and len(commas) == 1


# 0 ------------------------------------------------------------------------------------------------


def test_a_finished_run_is_0(tmp_path):
    """In a process of its own."""
    assert ran("train", write(tmp_path), cwd=tmp_path).code == 0


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["--version"], ["train", "--help"], ["config"]], ids=str)
def test_help_is_0_and_on_stdout(arguments):
    """A group without a command shows its help."""
    said = typed(*arguments)
    assert (said.code, said.err) == (0, "")
    assert said.out


# 1 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", ["file", "file/runs"])
def test_runs_below_a_file_are_1(tmp_path, runs):
    """There a directory cannot be."""
    (tmp_path / "file").write_text("")
    said = typed("train", write(tmp_path), "--runs", tmp_path / runs)
    assert one_message(said, 1)
    assert said.err.startswith(f"{tmp_path / runs}: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_runs_in_a_read_only_directory_are_1(tmp_path):
    """The message names the directory."""
    config = write(tmp_path)
    (tmp_path / "closed").mkdir(0o500)
    said = typed("train", config, "--runs", tmp_path / "closed" / "runs")
    assert one_message(said, 1)
    assert "permission denied" in said.err


@pytest.mark.parametrize("share", [0, 0.2, 0.9])
def test_a_disk_that_is_full_at_the_start_is_1_and_leaves_no_directory(tmp_path, share):
    """Whichever of the first files does not fit."""
    config, runs = write(tmp_path), tmp_path / "runs"
    before = typed("train", config, "-q", "--runs", tmp_path / "more").run
    size = share * max((before / name).stat().st_size for name in ("config.yaml", "run.json"))
    said = ran("train", config, "-q", "--runs", runs, preexec_fn=no_file_above(int(size)))
    assert one_message(said, 1)
    assert list(runs.iterdir()) == []


def test_a_disk_that_fills_up_is_1_with_whole_rows(tmp_path):
    """Every row that fitted is there, and the result says that the run failed, and why."""
    runs = tmp_path / "runs"
    said = ran("train", write(tmp_path), "--runs", runs, "-q", *ENDLESS, preexec_fn=no_file_above(SMALL))
    run = only(runs)
    assert failed(said, run)
    assert said.err.startswith(f"{run}/metrics.csv: cannot be written: ")
    assert rows_are_whole(run)
    assert SMALL - 300 < (run / "metrics.csv").stat().st_size <= SMALL
    assert result(run)["outcome"] == "failed"
    assert result(run)["error"] in said.err
    assert result(run)["epoch"] == len(metrics(run))


def test_a_file_system_that_fills_up_is_1_with_whole_rows(tmp_path, small_disk):
    """The same on a real one, where nothing more can be written: there is no result, and nothing half written."""
    said = ran("train", write(tmp_path), "--runs", small_disk / "runs", "-q", *ENDLESS)
    run = only(small_disk / "runs")
    assert failed(said, run)
    assert "no space left on device" in said.err
    assert rows_are_whole(run)
    assert len(metrics(run)) > 100
    assert not [path for path in run.iterdir() if path.name.endswith(".part")]


def test_weights_that_do_not_fit_are_1(tmp_path, small_disk):
    """One message; the metrics stay, and the result says that the run failed."""
    wide = ["-s", "network.hidden=[200, 200]"]
    said = ran("train", write(tmp_path), "--runs", small_disk / "runs", "-q", *wide)
    run = only(small_disk / "runs")
    assert failed(said, run)
    assert len(metrics(run)) == 3
    assert result(run)["outcome"] == "failed"
    assert sorted(path.name for path in run.iterdir()) == ["config.yaml", "metrics.csv", "result.json", "run.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["config", "list"], ["train", "tiny.yaml", "-q"]], ids=lambda words: words[0])
def test_a_full_disk_behind_stdout_is_1(tmp_path, arguments):
    """The output is lost, and says so."""
    write(tmp_path)
    with open("/dev/full", "w") as full:
        said = ran(*arguments, stdout=full, cwd=tmp_path)
    assert (said.code, said.err) == (1, "synthgrad: the output cannot be written: no space left on device\n")


def test_a_reader_that_has_left_is_no_traceback(tmp_path):
    """As in ``synthgrad config list | head -0``."""
    read, written = os.pipe()
    os.close(read)
    with os.fdopen(written, "w") as pipe:
        said = ran("config", "list", stdout=pipe)
    assert (said.code, said.err) == (1, "")


def fail(*arguments, **more):
    """Fail as no one foresaw."""
    raise ZeroDivisionError("by nothing")


def test_a_bug_is_1_and_one_message(tmp_path, monkeypatch):
    """The run directory says that the run failed."""
    monkeypatch.setattr(Log, "epoch_done", fail)
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q")
    assert one_message(said, 1)
    assert said.err == "synthgrad: ZeroDivisionError: by nothing (a bug; --debug shows where)\n"
    assert result(only(tmp_path / "runs"))["outcome"] == "failed"


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback(tmp_path, monkeypatch, place):
    """Before the command or after it."""
    monkeypatch.setattr(Log, "epoch_done", fail)
    words = ["train", write(tmp_path), "--runs", tmp_path / "runs"]
    with pytest.raises(ZeroDivisionError):
        typed(*(["--debug", *words] if place == "before" else [*words, "--debug"]))


def test_too_little_memory_is_1(tmp_path, monkeypatch):
    """And one message."""

    def full(*arguments):
        raise MemoryError("Unable to allocate 8 TiB")

    monkeypatch.setattr(Log, "epoch_done", full)
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q")
    assert one_message(said, 1)
    assert said.err == "synthgrad: not enough memory: Unable to allocate 8 TiB\n"
    assert result(only(tmp_path / "runs"))["outcome"] == "failed"


# 2 ------------------------------------------------------------------------------------------------

WRONG = [
    ["trian", "tiny.yaml"],
    ["train"],
    ["train", "tiny.yaml", "more.yaml"],
    ["train", "tiny.yaml", "--sed", "3"],
    ["train", "tiny.yaml", "--seed"],
    ["train", "tiny.yaml", "--seed", "x"],
    ["train", "tiny.yaml", "--seed", "-1"],
    ["train", "tiny.yaml", "--seed", "4294967296"],
    ["train", "tiny.yaml", "--seed", "1.5"],
    ["train", "tiny.yaml", "-s", "trainer.alpha"],
    ["train", "tiny.yaml", "-s", "=3"],
    ["train", "tiny.yaml", "-s", "trainer.alpha=x"],
    ["train", "tiny.yaml", "-s", "trainer.alpha=[1"],
    ["train", "tiny.yaml", "-s", "trainer.alfa=1"],
    ["train", "tiny.yaml", "-s", f"network.hidden={[100_000] * 40}"],
    ["train", "tiny.yaml", "-s", "task.train_examples=100000"],
    ["train", "nosuch.yaml"],
    ["train", "."],
    ["train", "empty.yaml"],
    ["train", "broken.yaml"],
    ["train", "bytes.yaml"],
    ["config", "shwo", "tiny.yaml"],
    ["config", "show"],
    ["config", "show", "nosuch.yaml"],
    ["config", "check"],
    ["config", "list", "nosuch"],
    ["config", "schema", "more"],
    ["--nosuch"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=lambda words: " ".join(words)[:60])
def test_what_cannot_be_meant_is_2(tmp_path, monkeypatch, arguments):
    """One message, PLACE: WHAT (what would be right); no run directory is made."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    Path("empty.yaml").write_text("")
    Path("broken.yaml").write_text("task: {name: binary-addition\n")
    Path("bytes.yaml").write_bytes(b"\xff\xfe\x00")
    said = typed(*arguments)
    assert one_message(said, 2), said
    assert ": " in said.err
    assert not Path("runs").exists()


def test_every_problem_of_a_config_has_a_line(tmp_path):
    """All of them at once, still without a traceback."""
    said = typed("train", write(tmp_path), "-s", "trainer.alpha=x", "-s", "network.hiden=[3]", "-s", "seed=-1")
    assert (said.code, said.err.count("\n")) == (2, 3)


def test_a_bad_config_is_2_in_a_process_of_its_own(tmp_path):
    """Nothing on stdout, so that run=$(...) stays empty."""
    said = ran("train", write(tmp_path), "-s", "trainer.alpha=x", cwd=tmp_path)
    assert one_message(said, 2)
    assert said.err == "-s trainer.alpha=x: trainer.alpha: expected a number, got 'x'\n"


def test_near_misses_are_named():
    """Of commands and of options."""
    assert typed("trian").err == "synthgrad: no such command 'trian' (did you mean 'train'?)\n"
    assert "(did you mean" in typed("train", "tiny.yaml", "--run", "x").err


# 3 ------------------------------------------------------------------------------------------------

DIVERGING = {
    "backprop": ["trainer.alpha=1e200", "network.activation=relu"],
    "frozen": ["trainer.name=frozen", "trainer.alpha=1e308", "network.activation=relu", "trainer.loss=cross-entropy"],
    "dni": ["trainer.name=dni", "trainer.generator.alpha=1e60", "network.activation=relu"],
    "float32": ["trainer.alpha=1e30", "network.activation=relu", "network.dtype=float32"],
    "cross-entropy": ["trainer.alpha=1e300", "trainer.loss=cross-entropy", "network.activation=identity"],
    "printed-listing": ["trainer.name=printed-listing", "trainer.alpha=0.3"],
}


def diverged(tmp_path, case):
    """The answer of a run that diverges."""
    words = [word for setting in [*DIVERGING[case], "training.epochs=3000"] for word in ("-s", setting)]
    return typed("train", write(tmp_path), "--runs", tmp_path / "runs", *words)


@pytest.mark.parametrize("case", DIVERGING)
def test_a_run_that_diverges_is_3_and_says_where(tmp_path, case):
    """The result has the epoch, the step within it and the place; the path is printed all the same."""
    said = diverged(tmp_path, case)
    where = result(said.run)["diverged"]
    assert (said.code, result(said.run)["outcome"]) == (3, "diverged")
    assert (where["epoch"] - 1) * 4 < where["step"] <= where["epoch"] * 4
    assert result(said.run)["epoch"] == where["epoch"] - 1 == len(metrics(said.run))
    assert (
        f"Diverged in epoch {where['epoch']}, step {where['step']}: {where['where']} stopped being finite" in said.err
    )


@pytest.mark.parametrize("case", DIVERGING)
def test_what_is_recorded_of_a_diverged_run_is_finite(tmp_path, case):
    """Every metric, every figure of the result, every weight."""
    run = diverged(tmp_path, case).run
    assert all(math.isfinite(float(cell)) for row in metrics(run) for cell in row.values() if cell)
    assert all(np.isfinite(array).all() for array in weights(run).values())
    assert "NaN" not in (run / "result.json").read_text()
    json.loads((run / "result.json").read_text(), parse_constant=pytest.fail)


def test_a_run_that_diverges_at_once_has_no_rows(tmp_path):
    """Its weights are those it began with, and stdout is still one line."""
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", "-s", "trainer.alpha=1e300",
                 "-s", "network.activation=relu", "-s", "network.init={scheme: normal, scale: 1e160}")  # fmt: skip
    assert (said.code, said.err, metrics(said.run)) == (3, "", [])
    assert result(said.run)["last"] == {}
    assert np.abs(weights(said.run)["layer.1.W"]).max() > 1e159
