"""Files that anybody may have written: only files are read, and no more of them than is sensible."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from synthgrad.files import TooLargeError, matching, read_bytes


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """As many bytes as are allowed; an empty one too."""
    path = tmp_path / "a"
    for data in (b"", b"12345"):
        path.write_bytes(data)
        assert read_bytes(path, 5) == data


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """However large it says that it is."""
    path = tmp_path / "a"
    path.write_bytes(b"123456")
    with pytest.raises(TooLargeError, match="it has more than 5 bytes"):
        read_bytes(path, 5)
    os.truncate(path, 1 << 40)
    with pytest.raises(TooLargeError, match="it has more than 1 GiB"):
        read_bytes(path, 1 << 30)


def test_what_does_not_say_its_size_is_read_up_to_a_bound() -> None:
    """As a device, where it need not be a file."""
    with pytest.raises(TooLargeError):
        read_bytes(Path("/dev/zero"), 1000, regular=False)
    assert read_bytes(Path("/dev/null"), 1000, regular=False) == b""


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    """Nobody waits for what may never come."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
    for path, said in (
        (tmp_path / "pipe", "it is a named pipe"), (tmp_path / "s", "it is a socket"), (tmp_path, "Is a directory"),
        (Path("/dev/zero"), "it is a device"), (tmp_path / "loop", "symbolic links"),
    ):  # fmt: skip
        with pytest.raises(OSError, match=said):
            read_bytes(path, 1000)


def test_a_directory_may_be_deleted_while_it_is_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is there: pathlib itself looks whether it exists, and then fails."""
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    assert matching(tmp_path, "[ab]") == [tmp_path / "a", tmp_path / "b"]

    def gone(self: Path, pattern: str) -> None:
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "glob", gone)
    assert matching(tmp_path, "[ab]") == []
