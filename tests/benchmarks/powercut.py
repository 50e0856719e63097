"""What a loss of power leaves of a directory: file operations that strace recorded, and states of the disk after them.

The model is what POSIX promises and no more. Data of a file are on the disk after an ``fsync`` of the file; a name is
there after an ``fsync`` of its directory. Of what came later anything may be there or not, in any order: truncations,
new names, renames, deletions, and writes of which only a part or only the length has arrived.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CALLS = (
    "?open,openat,?creat,write,writev,pwrite64,pwritev,lseek,ftruncate,truncate,fallocate,fsync,fdatasync,?rename,"
    "renameat,renameat2,?unlink,unlinkat,?rmdir,?mkdir,mkdirat,?link,linkat,?symlink,symlinkat,sendfile,copy_file_range"
)
_CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_CUT = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>$")
_REST = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"(?:(\d+)|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")


def recording(to: Path, locks: bool) -> list[str]:
    """The words before a command line that record its file operations; without ``locks`` every ``flock`` fails."""
    words = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", str(1 << 24), "-e", "signal=none"]
    calls = CALLS if locks else f"{CALLS},flock"
    words += ["-e", f"trace={calls}", "-o", str(to)]
    return words if locks else [*words, "-e", "inject=flock:error=ENOLCK"]


def without_locks() -> list[str]:
    """The words before a command line in which every ``flock`` fails."""
    words = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "-e", "signal=none"]
    return [*words, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]


# operations ---------------------------------------------------------------------------------------


class Operation(NamedTuple):
    """What a thread did: ``write``, ``truncate``, ``sync``, ``create``, ``mkdir``, ``rename``, ``remove``, ``told``.

    ``told`` is a write that is not in the directory: to a pipe, a terminal.
    """

    thread: str
    what: str
    path: Path = Path()
    to: Path = Path()
    at: int = 0
    data: bytes = b""


def operations(log: Path, root: Path, before: Path, cwd: Path) -> list[Operation]:
    """What was done in ``root``, which was like ``before``, in order; the program was started in ``cwd``.

    Raises ValueError at an operation that the model does not know.
    """
    return list(_Reader(root, before, cwd).read(log))


class _Reader:
    def __init__(self, root: Path, before: Path, cwd: Path) -> None:
        self.root, self.cwd = root, cwd
        self.positions: dict[tuple[str, str, Path], int] = {}
        self.sizes = {root / path.relative_to(before): path.stat().st_size for path in (before, *before.rglob("*"))}

    def read(self, log: Path) -> Iterator[Operation]:
        begun: dict[str, str] = {}
        for line in log.read_text(errors="replace").splitlines():
            if cut := _CUT.match(line):
                begun[cut[1]] = cut[2]
                continue
            if rest := _REST.match(line):
                line = f"{rest[1]} {begun.pop(rest[1])}{rest[2]}"
            if (call := _CALL.match(line)) and int(call[4]) >= 0:
                yield from self._call(call[1], call[2], call[3], int(call[4]), line)

    def _joined(self, files: Sequence[tuple[str, Path]], text: bytes) -> Path:
        """A path as a call names it: beside the directory that it names with it."""
        return (files[0][1] if files else self.cwd) / os.fsdecode(text)

    def _inside(self, path: Path) -> bool:
        return path == self.root or self.root in path.parents

    def _call(self, thread: str, name: str, words: str, value: int, line: str) -> Iterator[Operation]:
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(words)]
        files = [(number, Path(_path(text))) for number, text in _FILE.findall(words)]
        if name in ("open", "openat", "creat"):
            yield from self._open(thread, words, self._joined(files, texts[0]), value)
        elif name in ("write", "pwrite64"):
            number, path = files[0]
            yield from self._write(thread, number, path, texts[0][:value], words if name == "pwrite64" else "")
        elif name == "lseek" and (key := (thread, *files[0])) in self.positions:
            self.positions[key] = value
        elif name in ("fsync", "fdatasync"):
            yield from self._known(Operation(thread, "sync", files[0][1]))
        elif name in ("truncate", "ftruncate"):
            path = files[0][1] if files else self._joined([], texts[0])
            yield from self._known(self._sized(Operation(thread, "truncate", path, at=int(words.rpartition(",")[2]))))
        elif name in ("rename", "renameat", "renameat2"):
            old, new = (self._joined(files[at : at + 1], text) for at, text in enumerate(texts))
            yield from self._rename(Operation(thread, "rename", old, new))
        elif name in ("unlink", "unlinkat", "rmdir"):
            path = self._joined(files, texts[0])
            yield from self._known(Operation(thread, "remove", path))
            self.sizes.pop(path, None)
        elif name in ("mkdir", "mkdirat"):
            path = self._joined(files, texts[0])
            yield from self._known(self._sized(Operation(thread, "mkdir", path)))
        elif name != "lseek" and any(
            map(self._inside, [*(p for _, p in files), *(self._joined(files, t) for t in texts)])
        ):
            raise ValueError(f"an operation that the model does not know: {line[:200]}")

    def _known(self, operation: Operation) -> Iterator[Operation]:
        if operation.path in self.sizes:
            yield operation

    def _sized(self, operation: Operation) -> Operation:
        if self._inside(operation.path):
            self.sizes[operation.path] = operation.at
        return operation

    def _open(self, thread: str, words: str, path: Path, number: int) -> Iterator[Operation]:
        if not self._inside(path) or not re.search(r"O_WRONLY|O_RDWR", words):
            return
        if path not in self.sizes:
            yield self._sized(Operation(thread, "create", path))
        elif "O_TRUNC" in words:
            yield self._sized(Operation(thread, "truncate", path))
        self.positions[thread, str(number), path] = self.sizes[path] if "O_APPEND" in words else 0

    def _write(self, thread: str, number: str, path: Path, data: bytes, words: str) -> Iterator[Operation]:
        if path not in self.sizes:
            yield Operation(thread, "told")
            return
        at = int(words.rpartition(",")[2]) if words else self.positions[thread, number, path]
        if not words:
            self.positions[thread, number, path] = at + len(data)
        self.sizes[path] = max(self.sizes[path], at + len(data))
        yield Operation(thread, "write", path, at=at, data=data)

    def _rename(self, operation: Operation) -> Iterator[Operation]:
        old, new = operation.path, operation.to
        if not self._inside(old):
            return
        if old.parent != new.parent:
            raise ValueError(f"a rename from one directory to another: {old} to {new}")
        self.sizes[new] = self.sizes.pop(old, 0)
        yield operation


def _path(text: str) -> str:
    return os.fsdecode(bytes.fromhex(text.replace("\\x", "")))


# the disk -----------------------------------------------------------------------------------------


@dataclass
class File:
    """What is on the disk for certain, and what was done since."""

    synced: bytes = b""
    since: list[Operation] = field(default_factory=list)
    now: bytearray = field(default_factory=bytearray)

    def do(self, operation: Operation) -> None:
        """Note a write or a truncation."""
        self.since.append(operation)
        _apply(self.now, operation)

    def sync(self) -> None:
        """All of it is on the disk."""
        self.synced, self.since = bytes(self.now), []

    def after(self, rng: random.Random) -> bytes:
        """What a loss of power may leave."""
        data, share = bytearray(self.synced), rng.choice((0.0, 0.5, 1.0))
        for operation in self.since:
            if rng.random() < share:
                _apply(data, operation)
            elif operation.what == "write" and rng.random() < 0.3:  # the length has arrived, and some of the data
                arrived = operation.data[: rng.randrange(len(operation.data) + 1)]
                zeros = bytes(len(operation.data) - len(arrived)) if rng.random() < 0.5 else b""
                _apply(data, operation._replace(data=arrived + zeros))
        return bytes(data)


def _apply(data: bytearray, operation: Operation) -> None:
    if operation.what == "truncate":
        del data[operation.at :]
    data.extend(bytes(max(0, operation.at - len(data))))
    data[operation.at : operation.at + len(operation.data)] = operation.data


@dataclass
class Folder:
    """The same of a directory: the names in it. A change is one name more, one name less, or both at once."""

    synced: dict[str, File | Folder] = field(default_factory=dict)
    since: list[dict[str, File | Folder | None]] = field(default_factory=list)
    now: dict[str, File | Folder] = field(default_factory=dict)

    def do(self, change: dict[str, File | Folder | None]) -> None:
        """Note a change."""
        self.since.append(change)
        _change(self.now, change)

    def sync(self) -> None:
        """All names are on the disk."""
        self.synced, self.since = dict(self.now), []

    def after(self, rng: random.Random) -> dict[str, File | Folder]:
        """What a loss of power may leave."""
        names, share = dict(self.synced), rng.choice((0.0, 0.5, 1.0))
        for change in self.since:
            if rng.random() < share:
                _change(names, change)
        return names


def _change(names: dict[str, File | Folder], change: dict[str, File | Folder | None]) -> None:
    for name, node in change.items():
        names.pop(name, None)
        if node is not None:
            names[name] = node


def _loaded(path: Path) -> File | Folder:
    """What is there before the first operation, which is on the disk."""
    if path.is_file():
        data = path.read_bytes()
        return File(data, now=bytearray(data))
    names = {each.name: _loaded(each) for each in path.iterdir()}
    return Folder(names, now=dict(names))


class Disk:
    """A directory as it was before a recording, ``before``; recorded are operations in ``root``."""

    def __init__(self, root: Path, before: Path) -> None:
        self.root, self.top = root, _loaded(before)

    def do(self, operation: Operation) -> None:
        """Do one operation."""
        what, path = operation.what, operation.path
        if what == "told":
            return
        if what in ("create", "mkdir"):
            self._folder(path.parent).do({path.name: File() if what == "create" else Folder()})
        elif what == "remove":
            self._folder(path.parent).do({path.name: None})
        elif what == "rename":
            self._folder(path.parent).do({path.name: None, operation.to.name: self._node(path)})
        elif what == "sync":
            self._node(path).sync()
        else:
            node = self._node(path)
            assert isinstance(node, File)
            node.do(operation)

    def _node(self, path: Path) -> File | Folder:
        node = self.top
        for name in path.relative_to(self.root).parts:
            assert isinstance(node, Folder)
            node = node.now[name]
        return node

    def _folder(self, path: Path) -> Folder:
        node = self._node(path)
        assert isinstance(node, Folder)
        return node


def cut(done: Sequence[Operation], root: Path, before: Path, to: Path, rng: random.Random) -> None:
    """Write to ``to`` what a loss of power may leave of ``root`` after these operations; it was like ``before``."""
    disk = Disk(root, before)
    for operation in done:
        disk.do(operation)
    _write(disk.top, to, rng)


def _write(node: File | Folder, to: Path, rng: random.Random) -> None:
    if isinstance(node, File):
        to.write_bytes(node.after(rng))
        return
    to.mkdir()
    for name, each in node.after(rng).items():
        _write(each, to / name, rng)
