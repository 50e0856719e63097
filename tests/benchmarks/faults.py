"""Runs that are killed, hung up, or lose their power: nothing may be lost beyond what is promised.

    python tests/benchmarks/faults.py [--trials 8] [--kinds kill,hangup,power] [--scenes train,resume,sweep,pipelined]
                                      [--without-locks] [--seed 0]

A trial is a command that trains, a fault at a random moment, a look at what is there, and a command that continues;
``--trials`` is the number of each kind, spread over the scenes. What must hold:

    kill, power   a run continues from its last checkpoint or a later one; a run that had finished stays as it was
    hangup        the same, and no run loses more than one epoch
    all           all runs can be listed and compared at once, and a run that continues ends like one that was never
                  disturbed: rows, result and weights to the last bit, except for times

A signal goes to the command's own process or, every other time, to all of its processes. A power cut is simulated:
strace records what a command does to files, and states of the disk are made in which anything that was not synced may
be missing (see powercut.py). A checkpoint or a result counts as promised when the program has gone on after it.
``--without-locks`` makes every ``flock`` fail, by strace as well. The exit code is 1 if something was lost; the
directory of such a trial is kept.
"""

from __future__ import annotations

import argparse
import errno
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

from disturbed import FINISHED, KINDS, SCENES, Fault, Scene, ended, faults, shelf
from support.commands import numbers, result, typed, weights

from synthgrad.runs.description import UNREADABLE
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below
from synthgrad.runs.reading import Metrics

CLOCKS = ("seconds", "steps_per_second", "ended")
HEADING = (
    f"{'kind':8}{'scene':11}{'trials':>7}{'not begun':>11}{'continued':>11}{'finished':>10}{'repeated':>10}{'lost':>6}"
)
Facts = tuple[str, object, object, object]


class LostError(Exception):
    """Something that was promised is not there."""


def main() -> int:
    """Print the table; 1 if something was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=8, help="of each kind")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--scenes", default=",".join(SCENES))
    parser.add_argument("--without-locks", action="store_true")
    parser.add_argument("--seed", default="0")
    chosen = parser.parse_args()
    kinds, scenes = chosen.kinds.split(","), chosen.scenes.split(",")
    if unknown := [name for name in (*kinds, *scenes) if name not in (*KINDS, *SCENES)]:
        parser.error(f"{unknown[0]} is none of {', '.join((*KINDS, *SCENES))}")
    if ("power" in kinds or chosen.without_locks) and not shutil.which("strace"):
        parser.error("power and --without-locks need strace")
    print(HEADING)
    lost = False
    for kind in kinds:
        for at, name in enumerate(scenes):
            trials = len(range(at, chosen.trials, len(scenes)))
            rng = random.Random(f"{chosen.seed} {kind} {name}")
            tally = tried(kind, SCENES[name], trials, not chosen.without_locks, rng)
            print(tally.line(kind, name), *(f"  lost: {message}" for message in tally.lost), sep="\n", flush=True)
            lost = lost or bool(tally.lost)
    return int(lost)


@dataclass
class Tally:
    """What happened in trials; ``repeated`` are the epochs that a run was trained twice."""

    outcomes: Counter[str] = field(default_factory=Counter)
    repeated: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def line(self, kind: str, scene: str) -> str:
        """A row of the table."""
        trials = self.outcomes.total() + len(self.lost)
        no, some, done = (self.outcomes[name] for name in ("not begun", "continued", "finished"))
        most = f"<= {max(self.repeated, default=0)}"
        return f"{kind:8}{scene:11}{trials:7}{no:11}{some:11}{done:10}{most:>10}{len(self.lost):6}"


def tried(kind: str, scene: Scene, trials: int, locks: bool, rng: random.Random) -> Tally:
    """Trials of one kind in one scene."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as above:
        for number, fault in enumerate(faults(kind, scene, trials, locks, rng, Path(above))):
            as_it_was = Path(above) / "as-it-was"
            shutil.copytree(fault.folder, as_it_was)
            try:
                tally.outcomes[check(scene, fault, locks, tally.repeated)] += 1
            except LostError as error:
                kept = shutil.copytree(as_it_was, Path(tempfile.mkdtemp(prefix="lost-")) / fault.folder.name)
                tally.lost.append(f"trial {number}: {error} ({kept})")
            shutil.rmtree(fault.folder)
            shutil.rmtree(as_it_was)
    return tally


# what must hold -----------------------------------------------------------------------------------


def check(scene: Scene, fault: Fault, locks: bool, repeated: list[int]) -> str:
    """Look at the state after a fault, continue, and compare the end. Raises LostError."""
    runs = {path.name: path for path in below(fault.folder / "runs")}
    finished = {name: ended(path) for name, path in runs.items()}
    if fault.wrong:
        raise LostError(fault.wrong)
    for name, epoch in fault.promised.items():
        if name not in runs:
            raise LostError(f"{name}: the run is not there")
        if epoch == FINISHED and not finished[name]:
            raise LostError(f"{name}: its result is not there")
    with nullcontext() if locks else no_locks():
        check_readable(fault.folder, runs)
        if scene.sweep or not runs or not all(finished.values()):
            said = typed(*scene.again(fault.folder))
            if said.code:
                raise LostError(f"cannot continue: exit code {said.code}: {said.err.strip()}")
    for name, path in runs.items():
        kept = FINISHED if finished[name] else continued_after(path)
        if finished[name] and finished[name] != ended(path):
            raise LostError(f"{name}: had finished, and was trained again")
        if kept < fault.promised.get(name, 0):
            raise LostError(f"{name}: continued after epoch {kept}, and {fault.promised[name]} was promised")
        repeated.append(max(0, fault.recorded.get(name, 0) - kept))
    check_end(scene, fault.folder)
    return "not begun" if not runs else "finished" if all(finished.values()) else "continued"


def no_locks() -> AbstractContextManager[object]:
    """While entered, there are no locks in this process either."""
    return patch("fcntl.flock", side_effect=OSError(errno.ENOLCK, "no locks available"))


def check_readable(folder: Path, runs: dict[str, Path]) -> None:
    """All runs are listed, and compared as soon as one has a row. Raises LostError."""
    commands = [("runs", "list", folder / "runs", "--format", "json")] if runs else []
    if any(Metrics(Run(path).metrics).columns(["epoch"])["epoch"].size for path in runs.values()):
        commands.append(("compare", folder / "runs"))
    answers = [typed(*words) for words in commands]
    if wrong := [said for said in answers if said.code]:
        raise LostError(f"exit code {wrong[0].code}: {wrong[0].err.strip()}")
    known = {row["name"] for row in json.loads(answers[0].out) if row["outcome"] != UNREADABLE} if runs else set()
    if gone := runs.keys() - known:
        raise LostError(f"{', '.join(gone)}: cannot be read")


def continued_after(path: Path) -> int:
    """The epoch after which a run has continued for the last time."""
    resumed = json.loads((path / "run.json").read_text()).get("resumed")
    return int(resumed[-1]["after_epoch"]) if resumed else 0


def check_end(scene: Scene, folder: Path) -> None:
    """The runs are those that were never disturbed, each once. Raises LostError."""
    expected, found = undisturbed(scene), in_order(folder)
    if len(found) != len(expected):
        raise LostError(f"there are {len(found)} runs (expected {len(expected)})")
    for number, (one, other) in enumerate(zip(found, expected, strict=True), 1):
        for name, mine, whole in zip(("config", "rows", "result", "weights"), one, other, strict=True):
            if mine != whole:
                raise LostError(f"run {number} of {len(found)}: its {name} differ from those of an undisturbed run")


@cache
def undisturbed(scene: Scene) -> list[Facts]:
    """The facts of the runs of a command that nothing has disturbed."""
    folder = shelf() / f"{scene.name}-undisturbed"
    said = typed(*scene.words(folder))
    assert not said.code, said.err
    return in_order(folder)


def in_order(folder: Path) -> list[Facts]:
    """The facts of all runs, in the order of their configs."""
    return sorted((facts(path) for path in below(folder / "runs")), key=itemgetter(0))


def facts(path: Path) -> Facts:
    """Config, rows, result and weights of a finished run, except for times. Raises LostError."""
    if not ended(path):
        raise LostError(f"{path.name}: has not finished after the command that was to continue it")
    end = {name: value for name, value in result(path).items() if name not in CLOCKS}
    arrays = {name: (value.dtype, value.shape, value.tobytes()) for name, value in weights(path).items()}
    return (path / "config.yaml").read_text(), numbers(path), end, arrays


if __name__ == "__main__":
    sys.exit(main())
