"""The lines that ``train`` and ``sweep`` print before they train: the data, the network, what to know beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from synthgrad.config import flat, plain
from synthgrad.experiment import Config, Experiment
from synthgrad.generators import GeneratorOptions
from synthgrad.nn.parameters import count
from synthgrad.processes import cores, threads
from synthgrad.records import Record
from synthgrad.runs.locking import UNLOCKED
from synthgrad.runs.methods import method, schedule
from synthgrad.schedules.options import Pipelined
from synthgrad.text import are, counted
from synthgrad.trainers.dni import DNIOptions

if TYPE_CHECKING:
    from synthgrad.runs.log import Log
    from synthgrad.sweep.planning import Plan

KINDS = {"classes": ("class", "classes"), "bits": ("bit", "bits"), "values": ("value", "values")}
"""By the kind of outputs, the singular and the plural of its name."""


def data_sentence(data: Record) -> str:
    """``iris.csv: 150 rows, 3 classes from `species`, 30 rows held out``."""
    kind, file = data["kind"], data.get("file")
    examples = "row" if file else "example"
    target = "values" if kind == "values" and data["outputs"] == 1 else counted(data["outputs"], *KINDS[kind])
    target += f" from `{data['target']}`" if "target" in data else ""
    unseen = f" ({counted(data['only_held_out'], 'class', 'classes')} only there)" if "only_held_out" in data else ""
    held_out = f"{counted(data['held_out'], examples)} held out{unseen}"
    return f"{file or data['task']}: {counted(data['rows'], examples)}, {target}, {held_out}"


# of one run ---------------------------------------------------------------------------------------


def run_opening(log: Log, experiment: Experiment) -> Iterator[str]:
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


# of a sweep ---------------------------------------------------------------------------------------


def sweep_opening(plan: Plan, place: str, jobs: int, runs: Path) -> Iterator[str]:
    """What to know beforehand, then how much there is to train, and on which ``place``."""
    from synthgrad.sweep.planning import not_of_the_grid

    if not plan.locked:
        yield f"{runs}: {UNLOCKED}"
    for remark in (*not_of_the_grid(plan.others), *_remarks(plan, jobs)):
        yield f"sweep: {remark}"
    tasks = {order.config.task: order.config for stack in plan.stacks for order in stack.orders}
    data = [config.data() for config in tasks.values()]
    yield from dict.fromkeys(data_sentence(each) for each in data if "file" in each)
    yield _work(plan, place)


def _remarks(plan: Plan, jobs: int) -> Iterator[str]:
    """Which runs are of an older version, may be in training elsewhere, or vary with timing."""
    if plan.unproved:
        runs = counted(plan.unproved, "run")
        yield f"{runs} of an older version kept no copy of the settings: config.yaml is taken as it is"
    if plan.unseen:
        runs, them = counted(len(plan.unseen), "run"), "it" if len(plan.unseen) == 1 else "them"
        yield f"{runs} left alone: another process may still train {them} ({plan.unseen[0]}); if it has ended: --force"
    varying = sum(order.config.varies for stack in plan.stacks for order in stack.orders)
    if varying and min(jobs, len(plan.stacks)) > 1:
        runs = f"{counted(varying, 'run')} with the free schedule {'varies' if varying == 1 else 'vary'}"
        yield f"{runs} with what else the cores do: --jobs 1 trains one after the other"


def _work(plan: Plan, place: str) -> str:
    orders = [order for stack in plan.stacks for order in stack.orders]
    total, there, elsewhere = len(plan.grid), len(plan.there), len(plan.elsewhere)
    resumed = sum(order.resume is not None for order in orders)
    parts = []
    if there:
        diverged = f" ({len(plan.diverged):,} diverged)" if plan.diverged else ""
        many = f"{'all' if there == total > 1 else f'{there:,}'} exist{'s' * (there == 1)}"
        parts.append(f"{many} already{diverged}")
    if elsewhere:
        parts.append(f"{elsewhere:,} {are(elsewhere)} being trained by another process")
    if orders:
        stacks = f"in {counted(len(plan.stacks), 'stack')} on" if len(plan.stacks) < len(orders) else "on"
        earlier = f" ({resumed:,} continue{'s' * (resumed == 1)} an earlier attempt)" if resumed else ""
        parts.append(f"{len(orders):,} to train, {stacks} {place}{earlier}")
    return f"{counted(total, 'run')}: {', '.join(parts)}"
