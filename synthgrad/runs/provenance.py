"""What a run was made with: versions, machine, git commit, command line."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np

from synthgrad import __version__
from synthgrad.processes import THREAD_VARIABLES
from synthgrad.records import Settings
from synthgrad.runs.writers import here


class Provenance:
    """Looks at the environment of a run; git is asked while the experiment is being made."""

    def __init__(self, command: Iterable[str]) -> None:
        self.command = list(command)
        self.started = now()
        self.git: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # no git on this machine
            self.git = subprocess.Popen(
                ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def about(self) -> Settings:
        """The content of ``run.json`` except what the experiment adds."""
        commit, _, dirty = self._described().partition("-")
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {
            "schema": "synthgrad.run/1",
            "synthgrad": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "blas": f"{blas.get('name')} {blas.get('version')}",
            "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES},
            "git": {"commit": commit, "dirty": bool(dirty)} if commit else None,
            **here(),
            "system": f"{platform.system()} {platform.machine()}",
            "started": self.started,
            "command": self.command,
        }

    def _described(self) -> str:
        if self.git is None:
            return ""
        try:
            out, _ = self.git.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.git.kill()
            return ""
        return out.decode().strip() if self.git.returncode == 0 else ""


def command_line() -> list[str]:
    """The command as it was typed."""
    return ["synthgrad", *sys.argv[1:]]


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
