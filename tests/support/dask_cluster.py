"""A real scheduler and real workers, each a process of its own on the loopback interface; runs that must be alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import same_bits

from support.commands import environment, numbers, until, weights

LOCAL = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard")


class Cluster:
    """Close it in the end; what its processes say is in files below ``folder``."""

    def __init__(self, folder: Path, workers: int = 0, **variables: str) -> None:
        self.folder, self.contact = folder, folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        contact = ("--scheduler-file", str(self.contact))
        self.scheduler = self._start("scheduler", *LOCAL, "--port", "0", *contact, **variables)
        for _ in range(workers):
            self.add()
        until(self._known)
        until(self._registered)

    def add(self) -> subprocess.Popen[bytes]:
        """One more worker; it may need a while."""
        own = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder / "scratch"))
        return self._start("worker", *LOCAL, *own, "--scheduler-file", str(self.contact), OMP_NUM_THREADS="3")

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return str(json.loads(self.contact.read_text())["address"])

    def close(self) -> None:
        """End them all."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def _known(self) -> bool:
        return self.contact.exists() and self.contact.stat().st_size > 0

    def _registered(self) -> bool:
        return all("Registered to" in log.read_text() for log in self.folder.glob("*-worker.log"))

    def _start(self, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.processes)}-{words[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words], stdout=log, stderr=log, env=environment(**variables)
            )
        self.processes.append(process)
        return process


def never() -> bool:
    """No wish to stop."""
    return False


def same(path: Path, other: Path) -> None:
    """Two runs have the same rows but for seconds, the same weights, the same config."""
    assert numbers(path) == numbers(other)
    assert same_bits(weights(path), weights(other))
    assert (path / "config.yaml").read_text() == (other / "config.yaml").read_text()
