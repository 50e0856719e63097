"""Runs by their names: every way to say which, and what is said where none or several are meant."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.trained_runs import made

from synthgrad.errors import ConfigError
from synthgrad.runs.finding import below, called, find, is_run, named
from synthgrad.runs.reading import Recorded

A = "20261124-191841-backprop-s0-b19d"
B = "20261124-191844-backprop-s1-7eec"
C = "20261124-192057-dni-both-s0-2d39"
ODD = ["two words", 'it\'s "quoted"', "[red]hot", "a*b?c[0-9]", "größe-加法", "-rf", "$(touch x)", "a\nb", "{a,b}", "~"]
"""Names that no run is given, but that people give to their directories; a slash is not among them."""


def run(directory, *names):
    """Directories that are those of runs, as far as finding them goes."""
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "config.yaml").write_text("seed: 1\n")
    return directory


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs below runs/, seen from the directory above."""
    monkeypatch.chdir(tmp_path)
    return run(Path("runs"), A, B, C)


def names(paths):
    """The names of the directories."""
    return [path.name for path in paths]


# one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (A, A),
        (f"runs/{A}", A),
        (f"./runs/{A}/", A),
        ("20261124-191841", A),
        ("20261124-192", C),
        ("7eec", B),
        ("s1-7eec", B),
        ("both-s0-2d39", C),
        ("latest", C),
    ],
)
def test_a_run_is_named_in_many_ways(runs, name, meant):
    """Path, name, unique beginning, last letters, latest."""
    assert named(name, runs) == runs / meant


def test_an_absolute_path_needs_no_runs_directory(runs):
    """Also from elsewhere."""
    assert named(str((runs / B).absolute()), Path("nosuch")) == (runs / B).absolute()


def test_a_run_is_found_below_other_directories(runs):
    """A sweep may have a directory of its own."""
    run(runs / "sweep" / "first", "20261125-000000-x-s0-aaaa")
    assert named("aaaa", runs) == runs / "sweep" / "first" / "20261125-000000-x-s0-aaaa"
    assert named("latest", runs).name == "20261125-000000-x-s0-aaaa"


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_any_name_names_its_run(runs, odd):
    """Spaces, quotes, brackets, the magic of globs: a name is a name, for one run and among places."""
    run(runs, odd)
    assert named(odd, runs) == runs / odd
    assert find([odd], runs) == [runs / odd]


def test_the_latest_is_the_one_that_was_started_last(runs):
    """A run that was given a name of its own does not count as later than all others."""
    run(runs, "my-best-run", "zzz")
    assert named("latest", runs).name == C


def test_the_latest_of_one_second_is_the_one_whose_config_is_newest(runs):
    """Names tell seconds; a sweep starts several in each."""
    later, earlier = "20261124-200000-a-s0-1111", "20261124-200000-b-s0-0000"
    run(runs, earlier, later)
    os.utime(runs / earlier / "config.yaml", (1, 1))
    assert named("latest", runs).name == later


def test_among_runs_without_times_the_newest_is_the_latest(tmp_path):
    """All of them were renamed."""
    run(tmp_path, "a", "b")
    os.utime(tmp_path / "b" / "config.yaml", (1, 1))
    assert named("latest", tmp_path).name == "a"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20261124-1918", f"20261124-1918: may be 2 runs: {A}, {B} (say more of the name)"),
        ("b19e", f"b19e: no such run in runs (did you mean {A}?)"),
        ("backprop-s0", f"backprop-s0: no such run in runs (did you mean {A}?)"),
        ("!", "!: no such run in runs (see synthgrad runs list)"),
        ("", "'': no such run in runs (see synthgrad runs list)"),
        ("runs", "runs: is not the directory of a run (it has no config.yaml)"),
    ],
)
def test_a_name_that_means_no_single_run_is_an_error(runs, name, said):
    """It names the near miss, or the candidates."""
    with pytest.raises(ConfigError, match=f"^{re.escape(said)}"):
        named(name, runs)


def test_many_candidates_are_not_all_named(runs):
    """Five, and how many more."""
    run(runs, *(f"x{i}" for i in range(9)))
    with pytest.raises(ConfigError, match=r"^x: may be 9 runs: x0, x1, x2, x3, x4 and 4 more \(say more"):
        named("x", runs)


def test_candidates_of_one_name_are_told_apart_by_their_paths(runs):
    """Copies of a run in two directories."""
    run(runs / "copy", A)
    with pytest.raises(ConfigError, match=re.escape(f"runs/{A}, runs/copy/{A} (give its path)")):
        named(A, runs)


@pytest.mark.parametrize("name", ["latest", "abcd"])
def test_where_there_are_no_runs_it_is_said_how_to_make_one(tmp_path, name):
    """The directory need not be there."""
    with pytest.raises(ConfigError, match=r"no such run; .* holds none \(train one with synthgrad train CONFIG\)"):
        named(name, tmp_path / "runs")


# many ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "meant"),
    [
        (["runs"], [A, B, C]),
        (["."], [A, B, C]),
        ([f"runs/{B}", "runs"], [B, A, C]),
        (["runs/*backprop*"], [A, B]),
        (["*backprop*"], [A, B]),
        (["run?"], [A, B, C]),
        (["latest", "7eec", "latest"], [C, B]),
    ],
    ids=str,
)
def test_places_are_runs_directories_and_globs(runs, places, meant):
    """Each run once, in the order of the places; globs and names are looked for in the runs directory too."""
    assert names(find(places, runs)) == meant


@pytest.mark.parametrize(
    ("place", "said"), [("empty", "holds no runs"), ("*nosuch*", "no runs are called so"), ("nosuch", "no such run")]
)
def test_a_place_without_runs_is_an_error(runs, place, said):
    """Whoever names it expects some."""
    Path("empty").mkdir()
    with pytest.raises(ConfigError, match=re.escape(f"{place}: {said}")):
        find([place], runs)


def test_links_are_not_followed_in_circles(runs):
    """Nor is a link to nowhere, or to itself, in the way."""
    for name, target in (("up", ".."), ("self", "self"), ("nowhere", "nosuch")):
        (runs / name).symlink_to(target)
    assert names(below(runs)) == [A, B, C]


def test_a_link_to_a_run_is_one(runs):
    """People give short names so."""
    (runs / "best").symlink_to(A)
    assert named("best", runs) == runs / "best"


def test_hidden_directories_and_files_are_passed_by(runs):
    """What is being written, and notes."""
    run(runs, ".part")
    (runs / "notes.txt").write_text("")
    assert names(below(runs)) == [A, B, C]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_directory_that_may_not_be_read_is_passed_by(runs):
    """The others are found all the same."""
    (runs / A).chmod(0)
    try:
        assert names(below(runs)) == [B, C]
    finally:
        (runs / A).chmod(0o700)


def test_a_config_makes_a_directory_a_run(tmp_path):
    """A file of that name, not a directory."""
    assert not is_run(tmp_path)
    (tmp_path / "config.yaml").mkdir()
    assert not is_run(tmp_path)


def test_names_are_found_without_anything_heavy():
    """Completion waits for it."""
    script = "import sys, synthgrad.runs.finding; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert not {"numpy", "pydantic", "yaml", "json"} & set(done.stdout.split())


def test_a_run_of_a_runs_config_is_called_as_that_run(tmp_path):
    """Whatever its name has in it; any other file gives its own name."""
    path = made(tmp_path, name="dni-both.v2")
    assert called(path / "config.yaml") == "dni-both.v2"
    assert called(tmp_path / "mine.yaml") == "mine"
    assert called(path.rename(tmp_path / "x") / "config.yaml") == "config"


def test_a_directory_that_may_not_be_read_is_found(tmp_path, monkeypatch):
    """Nobody knows whether there are runs in it: whoever reads it is told why."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "config.yaml").write_text("seed: 1\n")

    def refused(path):
        if path == tmp_path / "b":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", refused)
    assert list(below(tmp_path)) == [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(ConfigError, match="b: cannot be read: permission denied"):
        Recorded(tmp_path / "b")


def test_what_is_no_file_makes_a_directory_a_run_too(tmp_path):
    """It is named where it is read, and not passed over."""
    os.mkfifo(tmp_path / "config.yaml")
    assert is_run(tmp_path)
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be read: it is a named pipe"):
        Recorded(tmp_path)


def test_directories_are_searched_to_any_depth(tmp_path, monkeypatch):
    """Deeper than Python can call functions."""
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    Path("config.yaml").write_text("seed: 1\n")
    os.chdir(tmp_path)
    found = list(below(Path()))
    subprocess.run(["rm", "-rf", "d"], check=True)  # Python's own way of removing it is not made for such depths
    assert len(found) == 1
