"""Files that cannot be read as one YAML document are told apart, each in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.config_messages import BASE, made, said

from synthgrad.config import load
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to be in, with a config ``tiny.yaml``."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(BASE)
    Path("notes.txt").write_text("no config")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tyni.yaml", "tyni.yaml: no such file (did you mean tiny.yaml?)"),
        ("tiny.yml", "tiny.yml: no such file (did you mean tiny.yaml?)"),
        ("tiny", "tiny: no such file (did you mean tiny.yaml?)"),
        ("notes.tx", "notes.tx: no such file"),
        ("quite-another.yaml", "quite-another.yaml: no such file"),
        ("nowhere/tiny.yaml", "nowhere/tiny.yaml: no such file (there is no directory nowhere)"),
        (".", ".: is a directory (expected a YAML file, such as tiny.yaml)"),
        ("tiny.yaml/a.yaml", "tiny.yaml/a.yaml: cannot be read: not a directory"),
        ("a\0b", r"'a\x00b': cannot be read: embedded null byte"),
    ],
)
def test_a_path_that_is_no_file_is_answered_with_the_file_meant(here: Path, path: str, line: str) -> None:
    """What is wrong with a path is told, with the near miss where there is one."""
    with pytest.raises(ConfigError) as error:
        load(Path(path), Config)
    assert error.value.lines == [line]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told_so(here: Path) -> None:
    """A file that may not be read is an error with the system's reason."""
    Path("tiny.yaml").chmod(0)
    with pytest.raises(ConfigError, match=r"^tiny.yaml: cannot be read: permission denied$"):
        load(Path("tiny.yaml"), Config)


def test_a_huge_file_is_not_read(here: Path) -> None:
    """Data given in place of a config is recognised by its size."""
    Path("tiny.yaml").write_bytes(b"#" * (1 << 20))
    with pytest.raises(ConfigError, match=r"^tiny.yaml: is larger than 256 KiB"):
        load(Path("tiny.yaml"), Config)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"seed: 1\n# caf\xe9\n", "a.yaml:2:6: the byte 0xe9 is not UTF-8 (save it as UTF-8)"),
        ("# é \n# é ".encode() + b"\xff", "a.yaml:2:5: the byte 0xff is not UTF-8 (save it as UTF-8)"),
        ("seed: 1".encode("utf-16"), "a.yaml: is UTF-16 text (save it as UTF-8)"),
        (b"seed: \x07", "a.yaml:1:7: the character U+0007 is not allowed in YAML (delete it)"),
    ],
    ids=["latin-1", "column-in-characters", "utf-16", "control"],
)
def test_a_file_that_is_no_text_is_told_where(data: bytes, line: str) -> None:
    """Bytes that are not UTF-8 text are pointed at."""
    assert said(data) == [line]


@pytest.mark.parametrize("text", ["", "\n \n", "# a comment\n# another\n", "---\n", "---\n...\n"])
def test_an_empty_file_is_told_what_it_needs(text: str) -> None:
    """Nothing, comments, an empty document: all are empty."""
    assert said(text) == ["a.yaml: is empty (expected at least task.name and trainer.name)"]


def test_byte_order_mark_and_carriage_returns_are_no_obstacle() -> None:
    """A file written on Windows is read, and its places are right."""
    assert said(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()) == []
    assert said((BASE + "seed: x\n").replace("\n", "\r\n")) == ["a.yaml:3:7: seed: expected a whole number, got 'x'"]


def test_a_file_that_cannot_be_read_does_not_hide_a_malformed_override() -> None:
    """Overrides are read before the file, so both problems are reported."""
    assert said("", "seed") == [
        "-s seed: expected KEY=VALUE (for example -s trainer.alpha=1e-2)",
        "a.yaml: is empty (expected at least task.name and trainer.name)",
    ]


def test_a_config_needs_no_more_than_two_names() -> None:
    """Every key but task.name and trainer.name has a default."""
    config = made(BASE)
    assert (config.task.name, config.trainer.name, config.seed) == ("binary-addition", "backprop", 1)
