"""Archives: what is in one, and how the runs in it are found."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from support.archives import OWN, A, B, packed, run, two_runs

from synthgrad.errors import ConfigError, RunError
from synthgrad.runs import archive
from synthgrad.runs.finding import find, named
from synthgrad.runs.locking import hold


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs below runs/, seen from the directory above."""
    return two_runs(tmp_path, monkeypatch)


def inside(path):
    """The entries of a zip file."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return file.namelist()


# writing ------------------------------------------------------------------------------------------


def test_an_archive_has_a_folder_for_each_run(runs):
    """Sorted, whatever the order of the places."""
    path, notes = packed(runs / B, runs)
    assert inside(path) == [f"{name}/{file}" for name in (A, B) for file in OWN]
    assert notes == []


def test_what_comes_out_of_an_archive_can_be_read_by_all_and_written_by_its_owner(runs):
    """An entry is an ordinary file with mode 644, whatever the mode of the file was."""
    (runs / A / "config.yaml").chmod(0o600)
    path, _ = packed(runs)
    with zipfile.ZipFile(path) as file:
        assert {(info.create_system, info.external_attr >> 16) for info in file.infolist()} == {(3, 0o100644)}


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_an_archive_has_the_mode_of_any_new_file(runs, mask):
    """It is the umask that says who may read it."""
    before = os.umask(mask)
    try:
        path, _ = packed(runs)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_checkpoints_halves_and_weights_that_are_not_wanted_stay_away(runs):
    """They are a run's own: nothing is said."""
    for name in ("checkpoint-00000002.npz", ".result.json.part"):
        (runs / A / name).write_bytes(b"x")
    path, notes = packed(runs, weights=False)
    assert inside(path) == [f"{name}/{file}" for name in (A, B) for file in ("config.yaml", "metrics.csv")]
    assert notes == []


def test_what_others_put_there_is_left_out_and_named(runs):
    """Files, directories, links to nowhere."""
    (runs / A / "notes.txt").write_text("mine")
    (runs / A / "plots").mkdir()
    (runs / A / "result.json").symlink_to("nowhere")
    path, notes = packed(runs)
    assert notes == [f"runs/{A}: left out: notes.txt, plots, result.json (not a run's own)"]
    assert inside(path) == [f"{name}/{file}" for name in (A, B) for file in OWN]


def test_the_same_runs_make_the_same_bytes(runs):
    """Whenever they were written, wherever they are."""
    first = packed(runs)[0].read_bytes()
    for path in runs.rglob("*"):
        os.utime(path, (1e9, 1e9))
    runs.rename("elsewhere")
    assert packed(f"elsewhere/{B}", "elsewhere")[0].read_bytes() == first
    assert packed("a.zip")[0].read_bytes() == first


def test_a_run_is_in_it_once(runs):
    """By the first of the paths that lead to it."""
    Path("best").symlink_to(runs / A)
    assert {name.partition("/")[0] for name in inside(packed(runs, "best", f"./runs/{A}")[0])} == {A, B}


def test_two_runs_of_one_name_are_an_error(runs):
    """One folder would be both."""
    run(Path("copy") / A)
    with pytest.raises(ConfigError, match=rf"^copy/{A}: has the name of runs/{A} \(rename one of them\)$"):
        packed(runs, "copy")


@pytest.mark.parametrize("name", [".hidden", "a\nb", "a\x1b[31m", os.fsdecode(b"a\xff")], ids=ascii)
def test_a_name_that_no_folder_can_have_is_an_error(runs, name):
    """What no finder finds, what would drive a terminal, what is no text."""
    run(runs / name)
    with pytest.raises(ConfigError, match=r"no run of this name \(rename it\)$"):
        packed(runs / name)


def test_what_is_being_written_is_left_out(runs):
    """Half an epoch is no record; alone it is an error."""
    with (runs / A / "metrics.csv").open("rb") as file:
        assert hold(file)
        path, notes = packed(runs)
        assert notes == [f"runs/{A}: left out: it is being written (archive it when it has ended)"]
        assert inside(path) == [f"{B}/{file}" for file in OWN]
        with pytest.raises(ConfigError, match="being written"):
            packed(runs / A)


def test_no_archive_is_written_that_could_not_be_read(runs, monkeypatch):
    """The limits are the same."""
    monkeypatch.setattr(archive, "MOST_ENTRIES", 5)
    with pytest.raises(ConfigError, match=r"^a.zip: has 6 entries \(at most 5\)$"):
        packed(runs)


def test_an_archive_is_whole_or_not_there(runs, monkeypatch):
    """One that was there before stays."""
    before = packed(runs / A)[0].read_bytes()
    real = archive._parts

    def failing(path):
        yield from real(path)
        if path.parent.name == B:
            raise RunError("the disk is gone")

    monkeypatch.setattr(archive, "_parts", failing)
    with pytest.raises(RunError):
        packed(runs)
    assert Path("a.zip").read_bytes() == before
    assert sorted(os.listdir()) == ["a.zip", "runs"]


# finding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        ("a.zip", [A, B]),
        ("./a.zip", [A, B]),
        ("?.zip", [A, B]),
        (f"a.zip/{A}", [A]),
        (f"a.zip/{A}/", [A]),
        ("a.zip/latest", [B]),
        ("a.zip/7eec", [B]),
        ("a.zip/*dni*", [B]),
    ],
)
def test_an_archive_is_a_place(runs, place, meant):
    """As a directory is; the names in it work as they do there."""
    packed(runs)
    assert [str(path) for path in find([place], Path("nosuch"))] == [f"a.zip/{name}" for name in meant]


def test_an_archive_may_have_any_name(runs):
    """Its first bytes say what it is."""
    packed(runs)[0].rename("paper.runs")
    assert [str(path) for path in find(["paper.runs"], runs)] == [f"paper.runs/{A}", f"paper.runs/{B}"]


def test_an_archive_may_be_where_runs_are_looked_for(runs):
    """--runs FILE.zip."""
    packed(runs)
    assert str(named("b19d", Path("a.zip"))) == f"a.zip/{A}"


def test_the_only_run_of_an_archive_needs_no_name(runs):
    """Of several one must be said."""
    packed(runs / A)
    assert str(named("a.zip", runs)) == f"a.zip/{A}"
    packed(runs)
    with pytest.raises(ConfigError, match=rf"^a.zip: holds 2 runs: {A}, {B} \(say which: a.zip/NAME\)$"):
        named("a.zip", runs)


def test_a_run_that_is_not_in_an_archive_is_not_looked_for_elsewhere(runs):
    """Though one of this name lies context."""
    packed(runs / A)
    run(Path(B))
    with pytest.raises(ConfigError, match=rf"^{B}: no such run in a.zip"):
        find([f"a.zip/{B}"], runs)
    with pytest.raises(ConfigError, match=r"see synthgrad runs list a.zip\)$"):
        find(["a.zip/!"], runs)


def test_any_other_file_is_still_no_place(runs):
    """Nor does one hide a run of its name."""
    Path("b19d").write_text("notes")
    assert find(["b19d"], runs) == [runs / A]
    Path("notes").write_text("notes")
    with pytest.raises(ConfigError, match=r"^notes: is not the directory of a run"):
        find(["notes"], runs)
