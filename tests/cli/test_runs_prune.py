"""``synthgrad runs prune``: a look first, then deleting, and what is left alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.commands import COMMAND, environment, no_file_above, typed
from support.shown import screen
from support.written_runs import BACKPROP, BOTH, FROZEN, run

from synthgrad.runs import pruning
from synthgrad.runs.locking import hold

OUTCOMES = ["finished", "diverged", "failed", "interrupted", None]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """One run of each outcome below runs/, seen from the directory above."""
    monkeypatch.chdir(tmp_path)
    keys = [BACKPROP, FROZEN, BOTH, BACKPROP, FROZEN]
    for seed, (key, outcome) in enumerate(zip(keys, OUTCOMES, strict=True)):
        days = {"started": f"2026-11-{20 + seed}T12:00:00+00:00"}
        path = run(Path("runs"), key, seed, outcome=outcome, about=days)
        path.rename(path.with_name(f"{outcome or 'unfinished'}-s{seed}"))
    return Path("runs")


def there(directory="runs"):
    """The names in a directory."""
    return sorted(os.listdir(directory))


def listed(*words):
    """The names that a dry run lists."""
    before = there()
    said = typed("runs", "prune", *words)
    assert said.code == 0
    assert there() == before
    return [line.split("  ")[0] for line in said.out.splitlines()[1:]]


# which --------------------------------------------------------------------------------------------


def test_nothing_is_deleted_before_it_was_looked_at(runs):
    """Unfinished runs are listed: outcome, epochs, bytes; what to do is said on stderr."""
    said = typed("runs", "prune")
    header, *lines = said.out.splitlines()
    assert header.split() == ["name", "outcome", "epochs", "bytes"]
    assert [line.split()[:2] for line in lines] == [
        ["failed-s2", "failed"],
        ["interrupted-s3", "interrupted"],
        ["unfinished-s4", "unfinished"],
    ]
    total = sum(file.stat().st_size for line in lines for file in (runs / line.split()[0]).iterdir())
    assert sum(int(line.split()[-1]) for line in lines) == total
    assert said.err == f"3 runs, {total / 1024:.3g} KiB: nothing was deleted yet (--delete does it)\n"
    assert len(there()) == 5


def test_what_was_listed_is_deleted(runs):
    """The same table, and that it is done."""
    dry = typed("runs", "prune")
    said = typed("runs", "prune", "--delete")
    assert (said.code, said.out) == (0, dry.out)
    assert said.err == dry.err.replace("nothing was deleted yet (--delete does it)", "deleted")
    assert there() == ["diverged-s1", "finished-s0"]
    assert typed("runs", "prune", "--delete") == (0, "", "nothing to delete\n")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["runs"], ["diverged-s1", "failed-s2", "finished-s0", "interrupted-s3", "unfinished-s4"]),
        (["s0"], ["finished-s0"]),
        (["runs/*i*s*", "--outcome", "diverged"], ["diverged-s1"]),
        (["--outcome", "finished", "--outcome", "failed"], ["failed-s2", "finished-s0"]),
        (["--where", "trainer.name=frozen"], ["diverged-s1", "unfinished-s4"]),
        (["--where", "trainer.name=frozen", "--outcome", "unfinished"], ["unfinished-s4"]),
        (["--since", "2026-11-22T12:00+00:00"], ["failed-s2", "interrupted-s3", "unfinished-s4"]),
        (["--before", "2026-11-22T12:00+00:00"], ["diverged-s1", "finished-s0"]),
        (["--since", "2026-11-21", "--before", "2026-11-23T00:00+00:00"], ["diverged-s1", "failed-s2"]),
    ],
    ids=str,
)
def test_places_and_options_say_which(runs, words, names):
    """Finished ones too; all options together."""
    assert listed(*words) == names


def test_a_run_that_cannot_be_read_is_listed_where_it_is_meant(runs):
    """By its place or as unreadable, not by what its config may have said."""
    (runs / "failed-s2" / "config.yaml").write_text("]")
    assert listed() == ["interrupted-s3", "unfinished-s4"]
    assert listed("--where", "seed>=0", "--outcome", "unreadable") == []
    assert listed("--outcome", "unreadable") == listed("failed-s2") == ["failed-s2"]


def test_a_run_below_other_directories_is_listed_with_them(runs):
    """Two may have one name."""
    (runs / "sweep").mkdir()
    (runs / "failed-s2").rename(runs / "sweep" / "failed-s2")
    assert "sweep/failed-s2" in listed()


def test_the_list_fits_80_columns(runs):
    """A long name is cut."""
    (runs / "failed-s2").rename(runs / ("x" * 100))
    table = screen("runs", "prune", width=80)
    assert max(map(len, table)) <= 80
    assert len(table) == 4


def test_without_runs_there_is_nothing_to_delete(tmp_path):
    """An empty directory, or none yet."""
    for place in (tmp_path, tmp_path / "runs"):
        assert typed("runs", "prune", "--runs", place) == (0, "", "nothing to delete\n")


# what is left alone -------------------------------------------------------------------------------


def test_what_is_left_alone_is_named(runs):
    """In flight, with files of others, a link: the rest is deleted, and that is no failure."""
    (runs / "failed-s2" / "notes.txt").write_text("mine")
    (runs / "best").symlink_to("interrupted-s3")
    with (runs / "unfinished-s4" / "metrics.csv").open("ab") as file:
        assert hold(file)
        said = typed("runs", "prune", "--delete")
    assert said.code == 0
    assert said.err.splitlines()[:-1] == [
        "runs/best: left alone: it is a link",
        "runs/failed-s2: left alone: it holds what is not a run's own: notes.txt",
        "runs/unfinished-s4: left alone: it is being written",
    ]
    assert there() == ["best", "diverged-s1", "failed-s2", "finished-s0", "unfinished-s4"]


def test_a_run_named_outright_is_left_alone_all_the_same(runs):
    """Nobody can mean to delete what is being written."""
    with (runs / "unfinished-s4" / "metrics.csv").open("ab") as file:
        assert hold(file)
        said = typed("runs", "prune", "unfinished-s4", "--delete")
    assert said == (0, "", "runs/unfinished-s4: left alone: it is being written\nnothing to delete\n")


@pytest.mark.parametrize("words", [["elsewhere"], ["elsewhere/x", "runs"], ["runs/../elsewhere"], ["a.zip"]], ids=str)
def test_a_place_elsewhere_is_refused(runs, words):
    """Before anything is deleted; --runs says where."""
    Path("elsewhere").mkdir()
    (runs / "finished-s0").rename("elsewhere/x")
    assert typed("runs", "archive", "elsewhere", "-o", "a.zip").code == 0
    said = typed("runs", "prune", *words, "--delete")
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("is not below runs (only what is can be deleted; --runs DIR says where)\n")
    assert said.err.count("\n") == 1
    assert len(there()) == 4
    assert typed("runs", "prune", "elsewhere", "--runs", "elsewhere", "--delete").code == 0
    assert there("elsewhere") == []


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--before", "3 d"], ["nosuch"], ["--where", "x=1"]])
def test_what_cannot_be_meant_is_2(runs, words):
    """One message, nothing deleted."""
    said = typed("runs", "prune", *words, "--delete")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert len(there()) == 5


# trouble ------------------------------------------------------------------------------------------


def test_a_failure_is_one_message_and_1(runs, monkeypatch):
    """After what was deleted before it; what is half deleted goes the next time."""
    real = os.unlink

    def failing(entry):
        if entry.name == "result.json" and "interrupted" in Path(entry.path).with_name(entry.name).read_text():
            raise OSError(5, "Input/output error")
        real(entry)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", failing)
        said = typed("runs", "prune", "--delete")
    assert said.code == 1
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["failed-s2"]
    assert said.err.splitlines()[-1] == "runs/interrupted-s3: cannot be deleted: input/output error"
    assert "1 run, " in said.err
    again = typed("runs", "prune", "--delete")
    assert [line.split()[1] for line in again.out.splitlines()[1:]] == ["unfinished", "half"]
    assert there() == ["diverged-s1", "finished-s0"]


def test_a_full_disk_is_in_nobody_s_way(runs):
    """Deleting needs no room."""
    done = subprocess.run(
        [*COMMAND, "runs", "prune", "--delete"],
        capture_output=True, text=True, check=False, env=environment(), preexec_fn=no_file_above(0),
    )  # fmt: skip
    assert (done.returncode, there()) == (0, ["diverged-s1", "finished-s0"])


def test_two_may_prune_at_once(runs):
    """Every run is deleted, by one of them; neither fails."""
    for seed in range(5, 60):
        run(runs, FROZEN, seed, outcome="failed")
    both = [
        subprocess.Popen(
            [*COMMAND, "runs", "prune", "--delete"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert there() == ["diverged-s1", "finished-s0"]
    names = [line.split()[0] for out, _ in said for line in out.splitlines()[1:]]
    assert len({name for name in names if not name.startswith(pruning.HALF_DELETED)}) == 58
