"""Commands that are disturbed: what they train, when a signal comes, and where the power is cut.

``faults`` gives the directories that ``faults.py`` then looks at.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import powercut
from support.commands import COMMAND, environment, result, write

from synthgrad.runs.checkpoints import read as checkpoints
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below

SIGNALS = {"kill": signal.SIGKILL, "hangup": signal.SIGHUP}
KINDS = (*SIGNALS, "power")
FINISHED = 1 << 30
"""In the place of an epoch: the run has its result."""
CUTS = 10
"""States of the disk for each recording."""
PATIENCE = 300.0

Epochs = dict[str, int]
"""An epoch by the name of its run."""


class Fault(NamedTuple):
    """A directory after a fault: the epochs that its runs had recorded before, and those that must not be lost.

    ``wrong`` is what the command itself did wrong.
    """

    folder: Path
    recorded: Epochs
    promised: Epochs
    wrong: str = ""


@dataclass(frozen=True)
class Scene:
    """A command that trains for about a second; ``half``: it continues a run that was interrupted half way."""

    name: str
    settings: tuple[str, ...] = ()
    epochs: int = 600
    runs: int = 1
    half: bool = False

    @property
    def sweep(self) -> bool:
        """Whether it trains several runs."""
        return self.runs > 1

    def words(self, folder: Path) -> list[str]:
        """The command line that begins."""
        words = ["sweep", "--jobs", "2"] if self.sweep else ["train"]
        every = self.epochs // 9  # no checkpoint at the end, which would sync the rows before the result does
        values = [*self.settings, f"training.epochs={self.epochs}", f"training.checkpoint_every={every}"]
        settings = [word for value in values for word in ("-s", value)]
        return [*words, str(config()), *settings, "--runs", str(folder / "runs"), "-q"]

    def again(self, folder: Path) -> list[str]:
        """The command line that continues what is there."""
        run = None if self.sweep else next(below(folder / "runs"), None)
        return self.words(folder) if run is None else ["train", "--resume", str(run), "-q"]


SCENES = {
    scene.name: scene
    for scene in (
        Scene("train"),
        Scene("resume", half=True),
        Scene("sweep", ("trainer.alpha=0.1,0.2", "seed=1,2"), runs=4),
        Scene("pipelined", ("trainer.name=dni", "trainer.schedule={kind: pipelined, workers: 2}"), epochs=200),
    )
}


def faults(kind: str, scene: Scene, trials: int, locks: bool, rng: random.Random, above: Path) -> Iterator[Fault]:
    """Faults of one kind in one scene, each in a directory of its own below ``above``."""
    if kind == "power":
        for start in range(0, trials, CUTS):
            yield from power_cuts(scene, min(CUTS, trials - start), locks, rng, above / f"{start}")
    else:
        for number in range(trials):
            yield signalled(SIGNALS[kind], scene, locks, rng, above / f"{number}")


# commands -----------------------------------------------------------------------------------------


@cache
def shelf() -> Path:
    """A directory for what trials share."""
    path = Path(tempfile.mkdtemp(prefix="faults-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def config() -> Path:
    """The config of all trials."""
    return write(shelf())


@cache
def half_way(scene: Scene) -> Path:
    """A directory with a run that was interrupted half way."""
    folder = shelf() / f"{scene.name}-half"
    process = started(scene.words(folder))
    wait(process, folder, scene.epochs // 2)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    return folder


def prepared(scene: Scene, folder: Path) -> list[str]:
    """Make the directory of a trial; the command line that is to be disturbed there."""
    if scene.half:
        shutil.copytree(half_way(scene), folder)
        return scene.again(folder)
    folder.mkdir(parents=True)
    return scene.words(folder)


def started(words: list[str], *before: str) -> subprocess.Popen[str]:
    """Start a command in a session of its own; ``before`` are the words of a program that starts it."""
    return subprocess.Popen(
        [*before, *COMMAND, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
    )  # fmt: skip


def ended(path: Path) -> bytes:
    """The result of a run that has finished, else nothing."""
    try:
        return (path / "result.json").read_bytes() if result(path)["outcome"] == "finished" else b""
    except (OSError, ValueError, KeyError):
        return b""


# signals ------------------------------------------------------------------------------------------


def signalled(number: signal.Signals, scene: Scene, locks: bool, rng: random.Random, folder: Path) -> Fault:
    """Send a signal at a random moment, mostly of the epochs, now and then of the start."""
    words = prepared(scene, folder)
    first = sum(recorded(folder).values())
    process = started(words, *([] if locks else powercut.without_locks()))
    if rng.random() < 0.2:
        time.sleep(rng.uniform(0, 1.5))
    else:
        wait(process, folder, rng.randrange(first, scene.epochs * scene.runs))
        time.sleep(rng.uniform(0, 0.003))
    seen = recorded(folder)
    promised = kept(folder)
    if number == signal.SIGHUP:
        promised = {name: max(epoch, seen.get(name, 0) - 1) for name, epoch in promised.items()}
    send(process, number, every=rng.random() < 0.5, traced=not locks)
    _, said = process.communicate(timeout=PATIENCE)  # until all of its processes have ended, which share stderr
    return Fault(folder, seen, promised, wrong(number, process.returncode, said, any(seen.values()) and not scene.half))


def wrong(number: signal.Signals, code: int, said: str, begun: bool) -> str:
    """What a command did wrong that got a signal, if anything; before it has ``begun`` the signal ends it at once."""
    if "Traceback" in said:
        return f"a traceback: {said}"
    allowed = (0, -number, 128 + number) if number == signal.SIGKILL or not begun else (0, 128 + number)
    return "" if code in allowed else f"exit code {code} (expected {128 + number})"


def send(process: subprocess.Popen[str], number: signal.Signals, every: bool, traced: bool) -> None:
    """Send a signal to a command or to all of its processes; not to strace, which would let them run on alone."""
    pids = [process.pid, *descendants(process.pid)][int(traced) :]
    for pid in pids if every else pids[:1]:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        children = [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []
    return [found for child in children for found in (child, *descendants(child))]


def wait(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until the runs have recorded so many epochs, or the process has ended."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and sum(recorded(folder).values()) < count:
        assert time.monotonic() < end, "a command hangs"
        time.sleep(0.001)


def recorded(folder: Path) -> Epochs:
    """How many epochs each run has recorded."""
    files = {path.parent.name: path.read_bytes() for path in folder.glob("runs/*/metrics.csv")}
    return {name: max(0, data.count(b"\n") - 1) for name, data in files.items()}


def kept(folder: Path) -> Epochs:
    """The epoch of each run's newest checkpoint, or that it has finished."""
    return {
        path.name: FINISHED if ended(path) else next((each.epoch for each in checkpoints(Run(path))), 0)
        for path in below(folder / "runs")
    }


# power --------------------------------------------------------------------------------------------


def power_cuts(scene: Scene, cuts: int, locks: bool, rng: random.Random, above: Path) -> Iterator[Fault]:
    """Record a command to its end; then states of the disk at random moments, mostly around what is not a row."""
    root, before, log = above / "work", above / "before", above / "log"
    words = prepared(scene, root)
    shutil.copytree(root, before)
    process = started(words, *powercut.recording(log, locks))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    done = powercut.operations(log, root, before, Path.cwd())
    turns = [at for at, each in enumerate(done) if each.what not in ("write", "told")]
    for number in range(cuts):
        near = rng.choice(turns) + rng.randrange(-1, 3) if rng.random() < 0.7 else rng.randrange(len(done) + 1)
        moment = min(max(0, near), len(done))
        folder = above / f"cut-{number}"
        powercut.cut(done[:moment], root, before, folder, rng)
        seen, promised = dict(recorded(before)), dict(kept(before))
        seen |= rows(done[:moment])
        for name, epoch in promises(done, moment):
            promised[name] = max(promised.get(name, 0), epoch)
        yield Fault(folder, seen, promised)


def rows(done: list[powercut.Operation]) -> Epochs:
    """The last epoch that was written of each run."""
    written = [each for each in done if each.what == "write" and each.path.name == "metrics.csv" and each.at]
    return {each.path.parent.name: int(each.data.split(b",")[0]) for each in written}


def promises(done: list[powercut.Operation], moment: int) -> Iterator[tuple[str, int]]:
    """Checkpoints and results after which the thread that wrote them had gone on to something else."""
    waiting: dict[str, tuple[str, int]] = {}
    for each in done[:moment]:
        if each.what != "sync" and each.thread in waiting:
            yield waiting.pop(each.thread)
        if each.what == "rename" and (epoch := epoch_of(each.to.name)):
            waiting[each.thread] = each.to.parent.name, epoch
    if moment == len(done):
        yield from waiting.values()


def epoch_of(name: str) -> int:
    """The epoch that a file of this name keeps, 0 if it keeps none."""
    if name == "result.json":
        return FINISHED
    return int(name.removeprefix("checkpoint-").removesuffix(".npz")) if name.startswith("checkpoint-") else 0
