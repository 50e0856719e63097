"""What a person should know before a run is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthgrad.experiment import Config
from synthgrad.runs.locking import UNLOCKED
from synthgrad.wording import counted

if TYPE_CHECKING:
    from synthgrad.runs.log import Log


def unlocked(log: Log) -> list[str]:
    """What is to be known of a run on a file system without locks."""
    return [f"{log.run.path.parent}: {UNLOCKED}"] if log.lock is not None and log.lock.note else []


def timed(config: Config) -> list[str]:
    """What is to be known of a run that depends on timing."""
    if not config.varies:
        return []
    return ["trainer.schedule: free: the result varies with timing: no run repeats another (pipelined: each does)"]


def spared(config: Config, processes: int) -> list[str]:
    """What is to be known where there are fewer modules than workers were asked for."""
    asked = config.trainer.timing.processes
    if asked <= processes:
        return []
    came = counted(processes, "process", "processes")
    return [f"trainer.schedule.workers: {asked}: {came}, as there are no more modules between interfaces"]


def late(config: Config, batches: int) -> list[str]:
    """What is to be known where no target comes before the last of an epoch's batches."""
    schedule = getattr(config.trainer, "schedule", None)
    if config.varies or (delay := getattr(schedule, "delay", 0)) < batches:
        return []
    few = counted(batches, "batch", "batches")
    return [f"trainer.schedule.delay: {delay}: an epoch has {few}, so what is handed down comes after the last of them"]


def crowded(processes: int, cores: int, threads: str) -> list[str]:
    """What is to be known where processes share the modules and have few cores, or BLAS has more than one thread."""
    said = []
    if processes > cores:
        fewer = f"may be slower than fewer (workers: {cores})"
        said.append(f"trainer.schedule.workers: {processes} processes on {counted(cores, 'core')} {fewer}")
    if processes > 1 and threads not in ("", "1"):
        said.append(f"each process has one BLAS thread; what is done beside them has the environment's {threads}")
    return said


def unstable(config: Config, bounds: dict[str, float]) -> list[str]:
    """A warning, where the generators' step size is above a bound of ``Experiment.stability``."""
    trainer: Any = config.trainer
    if not bounds or (alpha := trainer.generator.alpha) <= min(bounds.values()):
        return []
    i = min(bounds, key=bounds.__getitem__)
    return [
        f"trainer.generator.alpha: {alpha:g} is above {bounds[i]:.3g}, the largest step at which generator {i}'s "
        "regression is stable on this data (from lambda_max of Z^T Z); set it well below, or expect it to diverge"
    ]
