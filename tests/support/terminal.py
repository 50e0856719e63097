"""A terminal for tests: a command runs on a pseudo-terminal, and what it writes there is drawn as a screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from support.commands import COMMAND, environment

PIECE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3|4|9|10)[0-7](?:;\d+)*m")


class Seen(NamedTuple):
    """The result of a command on a terminal."""

    code: int
    out: str
    raw: str
    screens: list[list[str]]

    @property
    def screen(self) -> list[str]:
        """What is left on the screen in the end."""
        return self.screens[-1]


class Screen:
    """As much of a terminal as a live display needs: text, line ends, cursor up, clear line, show and hide."""

    def __init__(self) -> None:
        self.lines, self.row, self.column, self.cursor = [""], 0, 0, True

    def write(self, text: str) -> None:
        """Draw what a program wrote."""
        for numbers, letter, end, plain in PIECE.findall(text):
            if end == "\r":
                self.column = 0
            elif end == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif plain:
                self._put(plain)
            elif letter == "A":
                self.row -= int(numbers or 1)
            elif letter == "K":
                self.lines[self.row] = ""
            elif letter in "hl":
                self.cursor = letter == "h"
            else:
                assert letter == "m", f"this terminal does not know {letter}"

    def _put(self, text: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + text + line[self.column + len(text) :]
        self.column += len(text)


def seen(
    *arguments: object,
    width: int = 80,
    typing: Callable[[str], str | None] | None = None,
    preexec_fn: Callable[[], None] | None = None,
    **more: str,
) -> Seen:
    """Run a command with stderr on a terminal; stdout stays a pipe.

    ``typing`` is called with everything seen so far, whenever there is more, and may answer with keys.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    command = [sys.executable, "-c", TAKE_TERMINAL, *COMMAND[1:], *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=slave, stderr=slave, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env=environment(**{"TERM": "xterm-256color", **more}), preexec_fn=preexec_fn,
    )  # fmt: skip
    os.close(slave)
    out: list[str] = []
    reader = threading.Thread(target=lambda: out.append(process.stdout.read()))  # type: ignore[union-attr]
    reader.start()
    raw, screen, screens = "", Screen(), []
    while part := _read(master):
        raw += part
        screen.write(part)
        screens.append("\n".join(line.rstrip() for line in screen.lines).rstrip("\n").split("\n"))
        keys = typing(raw) if typing else None
        if keys:
            os.write(master, keys.encode())
    os.close(master)
    reader.join()
    process.stdout.close()  # type: ignore[union-attr]
    assert screen.cursor, "the cursor is still hidden"
    return Seen(process.wait(), out[0], raw, screens)


def stdout_on_terminal(directory: Path, *arguments: object, code: int = 0, **more: str) -> str:
    """What a command writes where stdout is a terminal; it ends with this exit code, and has nothing to say."""
    master, slave = pty.openpty()
    settings = environment(TERM="xterm-256color", COLUMNS="80", **more)
    command = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=directory, env=settings, stdin=slave, stdout=slave, stderr=subprocess.PIPE
    ) as process:
        os.close(slave)
        text = ""
        while part := _read(master):
            text += part
        os.close(master)
        assert process.stderr is not None
        assert (process.stderr.read(), process.wait()) == (b"", code)
    return text


TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def _read(master: int) -> str:
    """What comes next, in whole characters and whole escapes."""
    data = b""
    try:
        while True:
            data += os.read(master, 1 << 16)
            if not data:
                return ""
            text = data.decode("utf-8", "ignore")
            if len(text.encode()) == len(data) and not re.search(r"\x1b\[?[?\d;]*$", text):
                return text
    except OSError:  # the other end is closed
        return data.decode()
