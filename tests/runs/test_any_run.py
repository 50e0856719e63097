"""Whatever is in the files of a run directory, every reader answers or says what is damaged, and reads the others."""

from __future__ import annotations

import json
import os
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.commands import Said, typed
from support.trained_runs import made
from support.written_runs import BOTH, run

FILES = ("config.yaml", "run.json", "metrics.csv", "result.json", "weights.npz")
WHOLE = "20261124-191844-dni-both-s1-7eec"
ODD = "20261124-191841-tiny-s3-b19d"
SECONDS = 20

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)
TEXTS = (
    "", "\0", "null", "[]", "{}", "[" * 5000, "{a: " * 5000, "[" * 200 + "]" * 200, "9" * 5000, BOMB,
    f"seed: {'9' * 5000}\n", "seed: !!python/object:os.system {}\n", "seed: !!bool x\n", "seed: !!timestamp x\n",
    "seed: !!int ''\n", "{[a]: 1}", "a: b: c", "\ufeffseed: 1\n", "seed: 1\nseed: 2\n", "a: \u2028\n", "trainer: x\n",
    '{"outcome": 1e400}', f'{{"outcome": "finished", "epoch": 1{"0" * 400}}}', '{"last": {"loss": NaN}}',
    '{"error": "\\ud800\\u001b[2J"}', "epoch\n1e300\n", "epoch,loss\n1,1_0\n2,x\n", "epoch,epoch\n1,2\n",
    "epoch,step,seconds,loss\n1,1e400,-inf,nan\n", "=1+1,epoch\n1,1\n", "1,2\n", "epoch\n1\0\n", "epoch\r1\r\n",
)  # fmt: skip
ODDITIES = (
    None, True, -1, 0.5, 10**299, 10**400, float("nan"), float("inf"), "", "\ud800", "\x1b[2J", "=1+1", "x" * 5000,
    [], [[]], {}, {"": {}}, {"name": None}, [None, {"a": []}], "2026-01-01", "finished", {"a": {"b": {"c": [1]}}},
)  # fmt: skip


def pipe(path: Path) -> None:
    """A named pipe, into which nobody writes."""
    os.mkfifo(path)


def loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def endless(path: Path) -> None:
    """A link to a device that never ends."""
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    """A file of a terabyte, which takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


def missing(path: Path) -> None:
    """Nothing at all."""


SPECIAL: tuple[Callable[[Path], None], ...] = (pipe, loop, endless, sparse, Path.mkdir, missing)


@contextmanager
def no_hang() -> Iterator[None]:
    """While entered, a reader that takes too long fails."""

    def late(number: int, frame: object) -> None:
        raise AssertionError(f"it took more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: one that stays whole, and one to be damaged."""
    here = tmp_path_factory.mktemp("any")
    made(here).rename(here / "whole")
    run(here, BOTH, 1).rename(here / WHOLE)
    return here


def damaged(runs: Path) -> Path:
    """The run to be damaged, whole again."""
    path = runs / ODD
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(runs / "whole", path)
    return path


def asked(runs: Path) -> None:
    """Ask every command that reads recorded runs; none fails, whatever there is in one of them."""
    for words in (
        ["runs", "list"], ["runs", "list", "--format", "csv"], ["runs", "export", runs, "--to", "csv"],
        ["runs", "list", "--sort", "started", "--where", "trainer.name=dni"], ["runs", "show", WHOLE],
        ["compare", runs, "--format", "json"], ["compare", runs, "--curves", "--format", "csv"],
        ["compare", runs, "--all", "--format", "md"],
    ):  # fmt: skip
        assert readable(typed(*words, "--runs", runs), 0)
    assert readable(typed("runs", "prune", "--runs", runs), 0, 2)  # nothing is pruned in an archive
    for words in (["show", ODD], ["show", ODD, "--format", "json"], ["diff", ODD, WHOLE], ["verify", ODD, "-q"]):
        assert readable(typed("runs", *words, "--runs", runs), 0, 2, 4, 5)


def zipped(runs: Path) -> Path:
    """Both runs in one archive."""
    number = len(list(runs.glob("*.zip")))
    with zipfile.ZipFile(runs / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (path for name in (ODD, WHOLE) for path in (runs / name).iterdir()):
            archive.write(path, path.relative_to(runs))
    return runs / f"{number}.zip"


def readable(said: Said, *codes: int) -> bool:
    """Whether a command ended as it may, without a word of a bug or one that turns a terminal round."""
    assert said.code in codes, said
    assert "bug" not in said.err, said
    assert all(c.isprintable() or c in "\n\t" for c in said.out + said.err), said
    return True


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_not_a_file_is_no_trouble(runs: Path, name: str, kind: Callable[[Path], None]) -> None:
    """In the place of any file of a run."""
    path = damaged(runs) / name
    path.unlink()
    kind(path)
    with no_hang():
        asked(runs)


@pytest.mark.few(20)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_is_any_trouble(runs: Path, name: str, text: str) -> None:
    """Hostile, cut off, or of another kind."""
    (damaged(runs) / name).write_text(text)
    with no_hang():
        asked(runs)
        asked(zipped(runs))


@pytest.mark.parametrize("name", FILES)
def test_no_entry_of_an_archive_is_any_trouble(runs: Path, name: str) -> None:
    """Bytes of it are other bytes, so that it cannot be unpacked."""
    damaged(runs)
    archive = zipped(runs)
    with zipfile.ZipFile(archive) as opened:
        at = opened.getinfo(f"{ODD}/{name}").header_offset + 30 + len(f"{ODD}/{name}")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:at] + b"\xff" * 20 + whole[at + 20 :])
    with no_hang():
        asked(archive)


@pytest.mark.full
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FILES), st.data())
def test_no_bytes_are_any_trouble(runs: Path, name: str, data: Any) -> None:
    """Some bytes of a file replaced, or the file cut off there."""
    path = damaged(runs) / name
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(
        st.binary(max_size=4) | st.sampled_from([b"\xff", b"9" * 400, b"\n", b"{", b"- ", b"&a ", b"1e999"])
    )
    path.write_bytes(whole[:at] + new + (whole[at + len(new) :] if data.draw(st.booleans()) else b""))
    with no_hang():
        asked(runs)


@pytest.mark.full
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["config.yaml", "run.json", "result.json"]), st.sampled_from(ODDITIES), st.data())
def test_no_value_is_any_trouble(runs: Path, name: str, odd: Any, data: Any) -> None:
    """In the place of any value or section of a config, of what a run was made with, of its result."""
    path = damaged(runs) / name
    tree = at = yaml.safe_load(path.read_text())
    while True:
        key = data.draw(st.sampled_from(sorted(at)))
        if isinstance(at[key], dict) and at[key] and data.draw(st.booleans()):
            at = at[key]
        else:
            break
    at[key] = odd
    path.write_text(json.dumps(tree))
    with no_hang():
        asked(runs)
