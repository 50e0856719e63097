"""What a command shows on a terminal of some width: its stdout as one, its stderr left out."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

from support.commands import COMMAND, environment


def shown(*words: object, width: int = 80, **more: str) -> str:
    """The text, escape codes and all, of a command that succeeds."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], stdout=slave, stderr=subprocess.DEVNULL, env=environment(TERM="xterm", **more)
    )
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 1 << 16):
            text += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    assert process.wait() == 0
    return text.decode().replace("\r\n", "\n")


def screen(*words: object, width: int) -> list[str]:
    """The lines of the screen, without colours."""
    return shown(*words, width=width, NO_COLOR="1").splitlines()
