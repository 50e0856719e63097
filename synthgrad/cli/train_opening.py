"""The lines that ``train`` prints before a run: its data, its network, and what a person should know beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthgrad.cli.data_sentence import data_sentence
from synthgrad.config import flat, plain
from synthgrad.experiment import Config, Experiment
from synthgrad.generators import GeneratorOptions
from synthgrad.nn.parameters import count
from synthgrad.processes import cores, threads
from synthgrad.runs.locking import UNLOCKED
from synthgrad.runs.methods import method, schedule
from synthgrad.schedules.options import Pipelined
from synthgrad.text import counted
from synthgrad.trainers.dni import DNIOptions

if TYPE_CHECKING:
    from synthgrad.runs.log import Log


def opening(log: Log, experiment: Experiment) -> Iterator[str]:
    """All lines: data, title, whether the run continues, warnings."""
    config, processes = experiment.config, log.replica.processes()
    yield data_sentence(config.data())
    yield title(experiment)
    if log.resumed:
        yield f"Continues after epoch {log.epoch}." if log.epoch else "There is no checkpoint: starts again at epoch 1."
    if log.lock is not None and log.lock.note:
        yield f"{log.run.path.parent}: {UNLOCKED}"
    yield from varying(config)
    yield from late(config, experiment.feed.steps)
    yield from unused_workers(config, processes)
    yield from crowded(processes, cores(), threads())
    yield from unstable(config, experiment.stability())


def title(experiment: Experiment) -> str:
    """``dni both pipelined, seed 3, 8-12-9-4 (265 weights), 2 processes``."""
    settings, specs = flat(plain(experiment.config)), experiment.trainer.network.specs
    words = " ".join(filter(None, [method(settings), schedule(settings)]))
    widths = "-".join(str(width) for width in [specs[0].n_in, *(spec.n_out for spec in specs)])
    weights = sum(count(spec.shapes) for spec in specs)
    processes = experiment.replicas[0].processes()
    shared = f", {processes} processes" if processes > 1 else ""
    return f"{words}, seed {experiment.config.seed}, {widths} ({weights:,} weights){shared}"


def varying(config: Config) -> list[str]:
    """Warn that the result of a free schedule depends on timing."""
    if not config.varies:
        return []
    return ["trainer.schedule: free: the result varies with timing, so no run repeats another (pipelined ones do)"]


def late(config: Config, batches: int) -> list[str]:
    """Warn that no target comes before the last of an epoch's batches."""
    timing = config.trainer.timing
    if config.varies or not isinstance(timing, Pipelined) or timing.delay < batches:
        return []
    few = counted(batches, "batch", "batches")
    return [f"trainer.schedule.delay: {timing.delay}: an epoch has {few}, so targets come only after its last batch"]


def unused_workers(config: Config, processes: int) -> list[str]:
    """Warn that there are fewer modules than workers were asked for."""
    asked = config.trainer.timing.processes
    if asked <= processes:
        return []
    few = counted(processes, "process", "processes")
    return [f"trainer.schedule.workers: {asked}: uses {few}, because there are no more modules between interfaces"]


def crowded(processes: int, cores: int, threads: str) -> list[str]:
    """Warn that the processes of a run have too few cores, or that BLAS has more than one thread."""
    warnings = []
    if processes > cores:
        fewer = f"may be slower than fewer (workers: {cores})"
        warnings.append(f"trainer.schedule.workers: {processes} processes on {counted(cores, 'core')} {fewer}")
    if processes > 1 and threads not in ("", "1"):
        warnings.append(f"each worker has one BLAS thread; the main process has {threads}, as the environment says")
    return warnings


def unstable(config: Config, bounds: dict[str, float]) -> list[str]:
    """Warn that the generators' step size is above a bound of ``Experiment.stability``."""
    trainer = config.trainer
    if not bounds or not isinstance(trainer, DNIOptions) or not isinstance(trainer.generator, GeneratorOptions):
        return []
    alpha, i = trainer.generator.alpha, min(bounds, key=bounds.__getitem__)
    if alpha <= bounds[i]:
        return []
    return [
        f"trainer.generator.alpha: {alpha:g} is above {bounds[i]:.3g}, the largest step size at which generator {i}'s "
        "regression is stable on this data (from lambda_max of Z^T Z); set it well below, or expect it to diverge"
    ]
