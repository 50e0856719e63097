"""What a run shows, in sentences that a person understands."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any

from synthgrad.numbers import fixed
from synthgrad.wording import counted

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
    """The same; ``guess`` is the held-out score of always guessing the most common class."""
    lines = [_outcome(log)]
    score = next((name for name in LEARNED if f"test_{name}" in log.last), None)
    if score is not None and log.diverged is None:
        lines.append(LEARNED[score](log.last, guess))
        if log.outcome != "interrupted":
            lines += _control(config, log)
    if log.outcome == "interrupted":
        lines += resumption(log.run)
    return lines


def resuming(path: str) -> list[str]:
    """The words of the line that resumes a run."""
    return ["synthgrad", "train", "--resume", f"./{path}" if path.startswith("-") else path]


def resumption(run: Run) -> list[str]:
    """What a run does when it is resumed, and the line that resumes it."""
    does = "goes on" if run.checkpoints() else "starts again"
    return [f"It {does} with:", COMMAND + shlex.join(resuming(str(run.path)))]


def _outcome(log: Log) -> str:
    diverged = log.diverged
    speed = f", {log.step / log.seconds:,.0f} steps a second" if log.seconds else ""
    if diverged:
        return (
            f"Diverged in epoch {diverged.epoch}, step {diverged.step}: {diverged.where} stopped being finite. "
            f"Kept: everything up to epoch {log.epoch}. A smaller step size may help."
        )
    epochs = counted(log.epoch, "epoch")
    if log.outcome == "interrupted":
        return f"Interrupted: {epochs} recorded ({log.seconds:.1f} s of training{speed})."
    return f"Finished: {epochs} in {log.seconds:.1f} s of training{speed}."


def _bits(last: dict[str, float], _guess: float) -> str:
    bits, sums = last["bit_accuracy"], last["exact_accuracy"]
    test_bits, test_sums = last["test_bit_accuracy"], last["test_exact_accuracy"]
    figures = (
        f"training bits {_percent(bits)}, sums {_percent(sums)}; "
        f"held-out bits {_percent(test_bits)}, sums {_percent(test_sums)}"
    )
    if test_sums >= 0.95:
        said = "It learned to add"
    elif bits >= 0.95 and test_sums < 0.5:
        said = "It memorised its training pairs rather than learn to add"
    elif test_bits < 0.55 and bits >= 0.6:
        said = "It memorised some of its training pairs and learned next to nothing of addition"
    elif test_bits < 0.55:
        said = "It learned next to nothing (guessing gets 50% of the bits)"
    else:
        said = "It learned something, but not to add"
    return f"{said}: {figures}."


def _classes(last: dict[str, float], guess: float) -> str:
    train, test = last["accuracy"], last["test_accuracy"]
    figures = f"training {_percent(train)} right; held-out {_percent(test)} right"
    if test - guess < 0.1 * (1 - guess):
        at_all = "It memorised its training examples and learned" if train >= 0.95 else "It learned"
        said = f"{at_all} next to nothing (always the commonest class is {_percent(guess)} right)"
    elif test >= 0.95 or (test >= 0.9 and train - test < 0.05):
        said = "It learned to tell the classes apart"
    elif train >= 0.95 and train - test > 0.2:
        said = "It memorised its training examples more than it learned"
    else:
        said = f"It learned something (always the commonest class is {_percent(guess)} right)"
    return f"{said}: {figures}."


def _values(last: dict[str, float], _guess: float) -> str:
    test = last["test_r2"]
    train = last.get("r2", math.nan)
    figures = f"of the variance it explains {fixed(train, 3)} in training and {fixed(test, 3)} held out (r2)"
    if test < 0.1:
        said = f"It {'memorised its training examples and ' if train >= 0.95 else ''}learned next to nothing"
    elif test >= 0.9:
        said = "It learned to predict the values"
    elif train - test > 0.2:
        said = "It memorised its training examples more than it learned"
    else:
        said = "It learned something"
    return f"{said}: {figures}."


COMMAND = "  "
"""How a line begins that is there to be copied."""
LEARNED = {"bit_accuracy": _bits, "accuracy": _classes, "r2": _values}
"""By the figure that a task has: what is said of it."""


def _control(config: Config, log: Log) -> list[str]:
    trainer: Any = config.trainer
    if trainer.name in ("backprop", "frozen") or not config.network.hidden:
        return []
    runs = log.run.path.parent
    place = ["--runs", str(runs)] if str(runs) != "runs" else []
    line = shlex.join(["synthgrad", "train", str(log.run.config), *place, "-s", "trainer.name=frozen"])
    return ["Whether the hidden layers learned, only the control can tell:", COMMAND + line]


def _percent(share: float) -> str:
    """A share as a percentage; 100% and 0% only where it is all or nothing."""
    if share in (0, 1):
        return f"{share:.0%}"
    digits = 1 if 0.0005 <= share < 0.9995 else 2
    return f"{min(max(share, 0.0001), 0.9999):.{digits}%}".replace(".0%", "%")
