"""``synthgrad runs archive``: one file, and every command that takes runs takes them from it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.commands import COMMAND, SMALL, environment, no_file_above, numbers, ran, typed
from support.trained_runs import made
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, group, run

from synthgrad.runs.finding import find
from synthgrad.runs.locking import hold


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three methods of two seeds below runs/, seen from the directory above."""
    monkeypatch.chdir(tmp_path)
    for keys, ends in ((BACKPROP, (0.9, 0.91)), (FROZEN, (0.5, 0.52)), (BOTH, (0.8, 0.83))):
        group(Path("runs"), keys, ends)
    return Path("runs")


@pytest.fixture
def paper(runs):
    """An archive of them; they themselves are gone."""
    assert typed("runs", "archive", "runs", "-o", "paper.zip").code == 0
    runs.rename("gone")
    return Path("paper.zip")


def said_of(place, *words):
    """What a command says of a place, with the place itself taken out."""
    said = typed(*words)
    return said.code, said.out.replace(place, "PLACE"), said.err.replace(place, "PLACE")


# writing ------------------------------------------------------------------------------------------


def test_runs_go_into_one_file(runs):
    """Nothing on stdout, one line on stderr."""
    said = typed("runs", "archive", "runs", "-o", "paper.zip")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"6 runs, {Path('paper.zip').stat().st_size / 1024:.3g} KiB\n"
    with zipfile.ZipFile("paper.zip") as file:
        assert len(file.namelist()) == 6 * 4


def test_any_place_will_do(runs):
    """Names, globs, directories, another archive."""
    one, *_, last = sorted(path.name for path in runs.iterdir())
    typed("runs", "archive", f"runs/{one}", "-o", "one.zip")
    assert typed("runs", "archive", "latest", "one.zip", f"*{last[-4:]}", "-o", "two.zip").err.startswith("2 runs, ")
    assert [path.name for path in find(["two.zip"], runs)] == [one, last]


def test_what_is_left_out_is_said(runs):
    """What is being written, what others put there; the weights only where they are not wanted."""
    first, second, *_ = sorted(runs.iterdir())
    (first / "notes.txt").write_text("mine")
    (first / "weights.npz").write_bytes(b"w" * 100)
    with (second / "metrics.csv").open("ab") as file:
        assert hold(file)
        said = typed("runs", "archive", "runs", "-o", "paper.zip", "--no-weights")
    assert said.err.splitlines()[:2] == [
        f"{second}: left out: it is being written (archive it when it has ended)",
        f"{first}: left out: notes.txt (not a run's own)",
    ]
    assert said.err.splitlines()[2].startswith("5 runs, ")
    assert [path.name for path in find(["paper.zip"], runs)[0].iterdir()] == [
        "config.yaml", "metrics.csv", "result.json", "run.json"
    ]  # fmt: skip


def test_an_archive_goes_into_a_pipe(runs):
    """With a dash."""
    done = subprocess.run(
        [*COMMAND, "runs", "archive", "runs", "-o", "-"], capture_output=True, check=True, env=environment()
    )
    assert done.stderr == b"6 runs\n"
    Path("paper.zip").write_bytes(done.stdout)
    assert len(find(["paper.zip"], runs)) == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch", "-o", "x.zip"], "nosuch: no such run in runs"),
        (["runs"], "synthgrad runs archive: missing option"),
        (["runs", "copy", "-o", "x.zip"], "copy/"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_2(runs, words, said):
    """One message, and no file."""
    name = min(runs.iterdir()).name
    run(Path("copy"), FROZEN).rename(Path("copy") / name)
    answer = typed("runs", "archive", *words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(said)
    assert not Path("x.zip").exists()


def test_a_full_disk_is_1_and_leaves_the_archive_that_was_there(runs):
    """Nothing half written either."""
    typed("runs", "archive", "runs", "-o", "paper.zip")
    before = Path("paper.zip").read_bytes()
    run(runs, FROZEN, 7, {BITS: [1 / (3 + i) for i in range(5000)]})
    done = subprocess.run(
        [*COMMAND, "runs", "archive", "runs", "-o", "paper.zip"],
        capture_output=True, text=True, check=False, env=environment(), preexec_fn=no_file_above(SMALL),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "paper.zip: cannot be written: file too large\n"
    assert Path("paper.zip").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["paper.zip", "runs"]


# reading ------------------------------------------------------------------------------------------


WORDS = [
    ["compare", "PLACE", "--format", "csv"],
    ["compare", "PLACE", "--format", "csv", "--curves"],
    ["compare", "PLACE"],
    ["runs", "list", "PLACE", "--format", "json"],
    ["runs", "list", "--runs", "PLACE"],
    ["runs", "show", "PLACE/latest"],
    ["runs", "show", "PLACE/latest", "--format", "json"],
    ["runs", "diff", "PLACE/NAME", "PLACE/latest"],
    ["runs", "export", "PLACE", "--to", "csv"],
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_command_says_of_an_archive_what_it_says_of_its_runs(paper, words):
    """With the archive's name for the directory's; of where it is unpacked there is never a word."""
    gone = [word.replace("PLACE/latest", "latest").replace("PLACE/NAME", name()) for word in words]
    answers = [
        said_of(place, *(word.replace("PLACE", place).replace("NAME", name()) for word in line))
        for line, place in ((words, "paper.zip"), ([*gone, "--runs", "gone"], "gone"))
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 0
    assert "/tmp" not in answers[0][1]


def name():
    """The first run."""
    return min(Path("gone").iterdir()).name


def test_archives_and_directories_are_compared_together(paper):
    """Each run once; the paths in JSON are those that people know."""
    mine = run(Path("mine"), BOTH, 2, {BITS: 0.85})
    report = json.loads(typed("compare", paper, "mine", "--format", "json").out)
    paths = {path for group in report["groups"] for path in group["runs"]}
    assert paths == {str(mine), *(f"paper.zip/{path.name}" for path in Path("gone").iterdir())}
    assert typed("compare", paper, f"./{paper}", paper.absolute(), "--format", "csv").out.count("\n") == typed(
        "compare", paper, "--format", "csv"
    ).out.count("\n")


def test_a_run_in_an_archive_is_verified(tmp_path, monkeypatch):
    """Its weights are in it."""
    monkeypatch.chdir(tmp_path)
    path = made(Path("runs"))
    typed("runs", "archive", "latest", "-o", "paper.zip")
    said = typed("runs", "verify", "paper.zip", "-q")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{path.name}: identical to epoch 3 (")
    assert "final weights" in said.out


def test_a_config_in_an_archive_is_trained(tmp_path, monkeypatch):
    """As that of a run's directory is: a run of the same name and the same numbers, the archive named in messages."""
    monkeypatch.chdir(tmp_path)
    path = made(Path("runs"))
    typed("runs", "archive", "latest", "-o", "paper.zip")
    config = f"paper.zip/{path.name}/config.yaml"
    said = typed("train", config, "-q")
    assert (said.code, said.err, numbers(said.run)) == (0, "", numbers(path))
    assert "-tiny-s3-" in said.run.name
    assert typed("train", config, "-s", "sed=1").err.startswith("-s sed=1: sed: unknown key")
    where = f"paper.zip/{path.name}"
    assert typed("train", where).err == f"{where}: is a directory (expected a YAML file, such as {config})\n"


def test_a_config_in_an_archive_is_swept(tmp_path, monkeypatch):
    """Beside others; its lines are those that were typed."""
    monkeypatch.chdir(tmp_path)
    path = made(Path("runs"))
    typed("runs", "archive", "latest", "-o", "paper.zip")
    words = ["sweep", f"paper.zip/{path.name}/config.yaml", f"runs/{path.name}/config.yaml", "--seed", "3..5"]
    lines = typed(*words, "--dry-run").out.splitlines()
    assert lines == [f"synthgrad train paper.zip/{path.name}/config.yaml -s seed={seed} -q" for seed in (4, 5)]
    said = ran(*words, "--jobs", 1, "-q")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == str(path)
    assert [Path(line).name.split("-")[3] for line in said.out.splitlines()] == ["s3", "s4", "s5"]


def test_what_is_wrong_with_a_run_is_said_of_the_archive(runs):
    """The run's directory is nowhere."""
    first, second, *_ = sorted(runs.iterdir())
    (first / "config.yaml").write_text("]")
    (second / "result.json").write_text("{")
    typed("runs", "archive", "runs", "-o", "paper.zip")
    said = typed("runs", "list", "paper.zip", "--format", "json")
    where = f"paper.zip/{first.name}/config.yaml"
    assert said.err.splitlines()[0] == f"{where}: is not the config of a run (damaged, or written by something else)"
    notes = [run["note"] for run in json.loads(said.out) if run["note"]]
    assert f"paper.zip/{second.name}/result.json: is damaged and was ignored" in notes
    assert f"left out: {where}: " in typed("compare", "paper.zip").err


@pytest.mark.parametrize("command", [["compare"], ["runs", "list"], ["runs", "show"], ["runs", "verify"]], ids=" ".join)
def test_a_damaged_archive_is_2_and_one_message(paper, command):
    """No traceback."""
    paper.write_bytes(paper.read_bytes()[:-30])
    assert typed(*command, paper) == (2, "", "paper.zip: is damaged, or no zip file (get it again)\n")


def test_a_run_in_an_archive_is_not_taken_up(tmp_path, monkeypatch):
    """It would be trained into nowhere."""
    monkeypatch.chdir(tmp_path)
    run(Path("runs"), {"training.epochs": 20}, outcome="failed")
    typed("runs", "archive", "runs", "-o", "paper.zip")
    said = typed("train", "--resume", "paper.zip")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("paper.zip/")
    assert said.err.endswith(": read-only file system\n")


def test_names_in_an_archive_are_completed(paper):
    """Where --runs says so; a damaged one completes nothing, and says nothing."""
    words = {"COMP_WORDS": f"synthgrad runs show --runs {paper} ", "COMP_CWORD": "5"}
    complete = [sys.executable, "-m", "synthgrad"]
    environ = environment(_SYNTHGRAD_COMPLETE="bash_complete", **words)
    answer = subprocess.run(complete, capture_output=True, text=True, check=False, env=environ)
    assert [line for line in answer.stdout.splitlines() if name() in line]
    paper.write_bytes(paper.read_bytes()[:-30])
    answer = subprocess.run(complete, capture_output=True, text=True, check=False, env=environ)
    assert answer.stderr == ""
