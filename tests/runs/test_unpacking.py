"""Reading archives: how a path into one reads, what is unpacked, and that one from a stranger can do no harm."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from support.archives import CONFIG, OWN, A, B, packed, run, two_runs

from synthgrad.errors import ConfigError, SynthgradError
from synthgrad.runs import archive
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import config_file, find
from synthgrad.runs.unpacking import opened

BOMB = 8 << 20
"""Bytes of zeros, which are a thousandth of that in a zip file."""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs below runs/, seen from the directory above."""
    return two_runs(tmp_path, monkeypatch)


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    """A zip file that something else wrote."""
    with zipfile.ZipFile("x.zip", "w", method) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return Path("x.zip")


def tree(directory):
    """Every path below a directory."""
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*"))


def test_a_path_into_an_archive_reads_as_what_was_typed(runs):
    """And opens as what was put in, whatever the working directory is then."""
    packed(runs)
    path = Run(find(["a.zip"], runs)[0])
    assert (str(path.path), f"{path.config}") == (f"a.zip/{A}", f"a.zip/{A}/config.yaml")
    os.chdir("runs")
    assert path.config.read_bytes() == CONFIG
    assert os.path.getsize(path.weights) == 5000
    assert not path.result.exists()
    assert sorted(file.name for file in path.path.iterdir()) == sorted(OWN)


@pytest.mark.parametrize("typed", [A, "latest", A[-4:]])
def test_a_config_is_found_in_an_archive(runs, typed):
    """By any name of its run."""
    packed(runs / A)
    path = config_file(Path("a.zip", typed, "config.yaml"))
    assert (str(path), path.read_bytes()) == (f"a.zip/{A}/config.yaml", CONFIG)


@pytest.mark.parametrize("path", ["a.zip", f"runs/{A}/config.yaml", "nosuch.yaml", "nosuch/config.yaml", "a\0b"])
def test_a_config_elsewhere_is_the_path_itself(runs, path):
    """Whether it is there or not."""
    packed(runs)
    assert str(config_file(Path(path))) == path


def test_a_config_of_no_run_in_an_archive_is_an_error(runs):
    """With the run that was perhaps meant; a run is not its config."""
    packed(runs)
    with pytest.raises(ConfigError, match=rf"^{A[:-1]}x: no such run in a.zip \(did you mean {A}\?\)$"):
        config_file(Path("a.zip", f"{A[:-1]}x", "config.yaml"))
    assert str(config_file(Path("a.zip", A))) == f"a.zip/{A}"


def test_what_is_not_asked_for_is_not_unpacked(runs):
    """Weights are most of an archive."""
    there = opened(packed(runs)[0])
    assert Run(there.runs()[0]).config.read_bytes() == CONFIG
    assert [(path, files) for path, _, files in os.walk(there.root) if files] == [
        (os.path.join(there.root, A), ["config.yaml"])
    ]


def test_nothing_is_written_into_an_archive(runs):
    """A run in it is not resumed."""
    packed(runs)
    path = Run(find(["a.zip"], runs)[0])
    for mode in ("wb", "ab", "xb", "r+b"):
        with pytest.raises(OSError, match="Read-only"):
            path.metrics.open(mode)


def test_a_run_in_two_archives_of_one_file_is_one(runs):
    """By link or by another path."""
    packed(runs)
    Path("link.zip").symlink_to("a.zip")
    assert find(["a.zip"], runs) == find(["link.zip", "../" + Path.cwd().name + "/a.zip"], runs)


def test_an_archive_that_was_replaced_is_read_anew(runs):
    """Not what was there before."""
    packed(runs / A)
    assert [path.name for path in find(["a.zip"], runs)] == [A]
    packed(runs / B)
    assert [path.name for path in find(["a.zip"], runs)] == [B]


def test_what_was_unpacked_is_gone_in_the_end(runs):
    """Whoever opened it, the directory is removed when the process ends."""
    path = packed(runs)[0]
    script = """
import sys
from pathlib import Path
from synthgrad.runs.unpacking import opened
there = opened(Path(sys.argv[1]))
print(there.root, (there.runs()[0] / "config.yaml").read_text())
raise ValueError
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, path.absolute()],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    root, seed = done.stdout.split(maxsplit=1)
    assert seed == "seed: 1\n\n"
    assert done.stderr.splitlines()[-1] == "ValueError"
    assert not os.path.exists(root)


# from strangers -----------------------------------------------------------------------------------


SLIPS = [
    "../config.yaml", "../../config.yaml", "/config.yaml", "/tmp/config.yaml", "a/../config.yaml", "a/b/config.yaml",
    "./config.yaml", "config.yaml", "a/", "a/notes.txt", "a/.config.yaml.part", "a/checkpoint-00000001.npz",
    ".hidden/config.yaml", "a\x1b[31m/config.yaml",
]  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_an_entry_that_is_no_file_of_a_run_is_never_unpacked(tmp_path, monkeypatch, name):
    """Least of all above the directory where things are unpacked."""
    monkeypatch.chdir(run(tmp_path / "deep" / "inside", {}))
    before = tree(tmp_path)
    path = zipped({name: CONFIG})
    with pytest.raises(ConfigError, match=r"^x.zip: is not an archive of runs \(it has no RUN/config.yaml\)$"):
        find(["x.zip"], tmp_path)
    path = zipped({name: CONFIG, f"{A}/config.yaml": CONFIG})
    (found,) = find([str(path)], tmp_path)
    assert found.name == A
    for file in found.iterdir():
        file.read_bytes()
    assert tree(opened(path).root) == [A, f"{A}/config.yaml"]
    assert tree(tmp_path) == sorted([*before, "deep/inside/x.zip"])


def test_a_link_in_an_archive_is_no_file(runs):
    """Its target would be read in its place."""
    link = zipfile.ZipInfo(f"{A}/weights.npz")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile("x.zip", "w") as file:
        file.writestr(f"{A}/config.yaml", CONFIG)
        file.writestr(link, "/etc/passwd")
    (found,) = find(["x.zip"], runs)
    assert [path.name for path in found.iterdir()] == ["config.yaml"]


def test_an_archive_that_says_it_is_too_large_is_not_opened(runs, monkeypatch):
    """By bytes or by entries."""
    path = zipped({f"{A}/config.yaml": CONFIG, f"{A}/metrics.csv": b"\0" * BOMB})
    monkeypatch.setattr(archive, "LARGEST", BOMB)
    with pytest.raises(ConfigError, match=r"^x.zip: has 8,388,616 bytes, unpacked \(at most 8,388,608\)$"):
        opened(path)
    monkeypatch.setattr(archive, "MOST_ENTRIES", 1)
    with pytest.raises(ConfigError, match=r"^x.zip: has 2 entries \(at most 1\)$"):
        opened(path)


@pytest.mark.parametrize("declared", [0, 100, BOMB - 1])
def test_an_entry_that_is_larger_than_it_says_is_damaged(runs, declared):
    """No more is unpacked than it says."""
    path = zipped({f"{A}/config.yaml": CONFIG, f"{A}/metrics.csv": b"\0" * BOMB})
    data = path.read_bytes()
    assert data.count(BOMB.to_bytes(4, "little")) == 2  # of the entry, and of the table at the end
    path.write_bytes(data.replace(BOMB.to_bytes(4, "little"), declared.to_bytes(4, "little")))
    metrics = Run(opened(path).runs()[0]).metrics
    with pytest.raises(ConfigError, match=rf"^x.zip: is damaged: {A}/metrics.csv cannot be unpacked"):
        metrics.read_bytes()
    assert tree(opened(path).root) == [A]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_not_read(runs, method):
    """They would unpack into memory."""
    path = zipped({f"{A}/config.yaml": CONFIG}, method)
    with pytest.raises(ConfigError, match="cannot be unpacked"):
        Run(opened(path).runs()[0]).config.read_bytes()


def test_a_flipped_bit_is_damage(runs):
    """The checksum of what it is in does not hold."""
    path, _ = packed(runs)
    data = bytearray(path.read_bytes())
    data[data.index(b"config.yaml") + 14] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=rf"^a.zip: is damaged: {A}/config.yaml cannot be unpacked \(get the file"):
        Run(find(["a.zip"], runs)[0]).config.read_bytes()


def test_an_archive_that_was_cut_off_is_damage(runs):
    """At any byte."""
    path, _ = packed(runs / A, weights=False)
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(ConfigError, match=r"^a.zip: is damaged, or no zip file \(get it again\)$"):
            find(["a.zip"], runs)


@pytest.mark.full
def test_whatever_is_wrong_with_an_archive_is_one_message(runs):
    """Every byte of it changed in turn: nothing else is raised."""
    path, _ = packed(runs / A, weights=False)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xA5]) + data[at + 1 :])
        with suppress(SynthgradError):
            for found in find(["a.zip"], runs):
                for file in found.iterdir():
                    file.read_bytes()
