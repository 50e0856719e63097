"""The summary after a run: how it ended, what it learned, and which line to type next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from synthgrad.cli.terminal import COMMAND
from synthgrad.tasks import TASKS
from synthgrad.text import counted

if TYPE_CHECKING:
    from synthgrad.experiment import Config, Experiment
    from synthgrad.runs.directory import Run
    from synthgrad.runs.log import Log


def summary(log: Log, experiment: Experiment) -> list[str]:
    """The lines printed after a run."""
    y = experiment.test_y
    most_common = float(y.mean(-2).max()) if experiment.task.outputs == "classes" and len(y) else 0.0
    return verdict(experiment.config, log, most_common)


def verdict(config: Config, log: Log, guess: float = 0.0) -> list[str]:
    """These lines; ``guess`` is the held-out score of always guessing the most common class."""
    lines = [_outcome(log)]
    learned = TASKS[config.task.name].learned(log.last, guess)
    if learned and log.diverged is None:
        lines.append(learned)
        if log.outcome != "interrupted":
            lines += _control(config, log)
    if log.outcome == "interrupted":
        lines += resumption(log.run)
    return lines


def resuming(path: str) -> list[str]:
    """The words of the line that resumes a run."""
    return ["synthgrad", "train", "--resume", f"./{path}" if path.startswith("-") else path]


def resumption(run: Run) -> list[str]:
    """The line that resumes a run, and whether it continues or starts again."""
    does = "Continue it" if run.checkpoints() else "Start it again"
    return [f"{does} with:", COMMAND + shlex.join(resuming(str(run.path)))]


def _outcome(log: Log) -> str:
    diverged = log.diverged
    speed = f", {log.step / log.seconds:,.0f} steps a second" if log.seconds else ""
    if diverged:
        return (
            f"Diverged in epoch {diverged.epoch}, step {diverged.step}: {diverged.where} stopped being finite. "
            f"Everything up to epoch {log.epoch} is recorded. A smaller step size (learning rate) may help."
        )
    epochs = counted(log.epoch, "epoch")
    if log.outcome == "interrupted":
        return f"Interrupted: {epochs} recorded ({log.seconds:.1f} s of training{speed})."
    return f"Finished: {epochs} in {log.seconds:.1f} s of training{speed}."


def _control(config: Config, log: Log) -> list[str]:
    """The line that trains the frozen control of a run, if it needs one."""
    if config.trainer.name in ("backprop", "frozen") or not config.network.depth:
        return []
    runs = log.run.path.parent
    place = ["--runs", str(runs)] if str(runs) != "runs" else []
    line = shlex.join(["synthgrad", "train", str(log.run.config), *place, "-s", "trainer.name=frozen"])
    return ["Only the frozen control can tell whether the hidden layers learned. Train it with:", COMMAND + line]
