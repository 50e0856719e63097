"""Training as a stream of records.

``train`` is a generator: the caller's ``for`` loop writes and shows what it yields, and ends training by
leaving the loop. No files and no terminal here; the clock only measures.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.experiment.experiment import Experiment, Replica
from synthgrad.experiment.phases import Mark
from synthgrad.types import Array, Metrics

if TYPE_CHECKING:
    from synthgrad.workers import Load


class Pulse(NamedTuple):
    """A sign of life, a few times a second, for displays and for those who want to stop.

    ``loads`` is what the processes do that share the modules, if there are any.
    """

    epoch: int
    step: int
    loads: Sequence[Load] = ()


class Epoch(NamedTuple):
    """A finished epoch of ``replicas``. Each figure has shape ``replica_shape``; what was not measured is absent.

    ``seconds`` are those of training since this call of ``train``, in a stack one replica's share of them. ``loads`` is
    as in a pulse.
    """

    epoch: int
    step: int
    seconds: float
    metrics: Metrics
    replicas: Sequence[Replica] = ()
    loads: Sequence[Load] = ()

    def each(self) -> Iterator[tuple[Replica, dict[str, float]]]:
        """Every replica with its own metrics; what is not a number was not measured."""
        columns = {name: value.tolist() for name, value in self.metrics.items()}
        if self.replicas[0].alone:
            yield self.replicas[0], {name: value for name, value in columns.items() if value == value}
            return
        for replica, row in zip(self.replicas, zip(*columns.values(), strict=True), strict=True):
            yield replica, {name: value for name, value in zip(columns, row, strict=True) if value == value}


class Diverged(NamedTuple):
    """A number of one replica stopped being finite; its handle has the state of the last finite epoch.

    Ends the stream where no other replica is left.
    """

    epoch: int
    step: int
    where: str
    replica: Replica

    def place(self) -> dict[str, Any]:
        """Epoch, step and where, as a result records them."""
        return {"epoch": self.epoch, "step": self.step, "where": self.where}


Record = Pulse | Epoch | Diverged
PULSE_SECONDS = 0.05


def train(experiment: Experiment, after: int = 0) -> Generator[Record, None, None]:
    """Train and yield what happens, to the last epoch or to the first number that is not finite.

    A replica of a stack that diverges leaves it, and the others go on without it: from then on only ``replicas`` know
    where the arrays are. ``after`` is the epoch whose state the experiment is in. A caller that leaves the loop within
    an epoch finds the state of the last finished epoch.
    """
    records = _train(experiment, after)
    try:
        while True:
            with np.errstate(all="ignore"):  # non-finite numbers are looked for, not warned of
                record = next(records, None)
            if record is None:
                return
            yield record
    finally:
        records.close()
        experiment.epochs.dismiss()


def _train(experiment: Experiment, after: int) -> Generator[Record, None, None]:
    seconds, step, clock = 0.0, after * experiment.feed.steps, time.perf_counter
    for epoch in range(after + 1, experiment.config.training.epochs + 1):
        before = experiment.mark()
        experiment.begin_epoch(epoch)
        begun, replicas = step, len(experiment.replicas)
        try:
            experiment.epochs.ready(experiment.trainer)
            start = clock()
            for done in experiment.steps(epoch):
                if (now := clock()) > start + PULSE_SECONDS:
                    seconds += (now - start) / replicas
                    yield Pulse(epoch, begun + done, experiment.epochs.loads())
                    start = clock()
            step = begun + experiment.feed.steps
            seconds += (clock() - start) / replicas
            loads = experiment.epochs.loads()
            metrics, lost = _close_epoch(experiment, epoch)
            ended = Epoch(epoch, step, seconds, metrics, experiment.replicas, loads)
        except BaseException:
            experiment.return_to(before)
            raise
        gone: list[Diverged] = []
        if lost:
            ended, experiment, gone = _part(experiment, ended, lost, before)
        if ended.replicas:
            yield ended
        yield from gone
        if not ended.replicas:
            return


def _close_epoch(experiment: Experiment, epoch: int) -> tuple[Metrics, dict[int, str]]:
    """The epoch's metrics, and the replicas that are not finite, with the metric that shows it or nothing."""
    evaluated = experiment.phase.evaluates(epoch)
    lost = dict.fromkeys(np.flatnonzero(~_finite(experiment)).tolist(), "")
    if len(lost) == len(experiment.replicas):
        return {}, lost
    metrics = training_metrics(experiment)
    if evaluated:
        metrics |= test_metrics(experiment)
    for name, value in metrics.items():
        odd = ~np.isfinite(value)
        if name.removeprefix("test_") in experiment.task.scores:
            odd &= ~np.isnan(value)  # not defined for these labels, which is not a failure
        for r in np.flatnonzero(odd).tolist():
            lost.setdefault(r, name)
    if evaluated and len(lost) < len(experiment.replicas):
        metrics |= diagnostics(experiment, epoch)
    return metrics, lost


def _part(
    experiment: Experiment, ended: Epoch, lost: Mapping[int, str], before: Mark
) -> tuple[Epoch, Experiment, list[Diverged]]:
    """Go on without the replicas that are lost: the epoch of the others, their experiment, and where it happened."""
    kept = [r for r in range(len(experiment.replicas)) if r not in lost]
    replicas = [experiment.replicas[r] for r in kept]
    rest = experiment.part(replicas) if kept else experiment
    metrics = {
        name: np.asarray(value[kept if len(kept) > 1 else kept[0]]) for name, value in ended.metrics.items() if kept
    }
    experiment.return_to(before)
    gone = [_diverged(experiment.part([experiment.replicas[r]]), ended, odd) for r, odd in lost.items()]
    return ended._replace(metrics=metrics, replicas=replicas), rest, gone


def _diverged(alone: Experiment, ended: Epoch, odd: str) -> Diverged:
    """Where one network stopped being finite in the epoch that ended."""
    (replica,) = alone.replicas
    if not odd:
        return Diverged(ended.epoch, *_locate(alone, ended.epoch), replica)
    kind, _, i = odd.partition(".")
    where = f"the summed error of generator {i}" if kind == "generator_error" else f"the figure {odd}"
    return Diverged(ended.epoch, ended.step, where, replica)


def training_metrics(experiment: Experiment) -> Metrics:
    """The metrics of the epoch that the feed has just recorded, each batch before its own update."""
    feed = experiment.feed
    return _metrics(experiment, feed.h, feed.y) | experiment.epochs.metrics(experiment.trainer)


def test_metrics(experiment: Experiment) -> Metrics:
    """Evaluate the held-out examples: loss and scores, named ``test_...``."""
    if not experiment.test_x.shape[-2]:
        return {}
    h = experiment.trainer.network.infer(experiment.test_x, experiment.test_h)
    loss = experiment.trainer.loss
    metrics = {"loss": loss.objective(h, experiment.test_y)}
    metrics |= _scores(experiment, loss.outputs(h), experiment.test_y)
    return {f"test_{name}": value for name, value in metrics.items()}


def diagnostics(experiment: Experiment, epoch: int) -> Metrics:
    """Cosine and skill of the generators on the epoch's first batch, NaN in a stack where a replica has none."""
    if experiment.diagnosis is None:
        return {}
    metrics = experiment.diagnosis.metrics(next(experiment.feed.epoch(epoch)))
    return {name: value for name, value in metrics.items() if not np.isnan(value).all()}


def _metrics(experiment: Experiment, h: Array, y: Array) -> Metrics:
    loss = experiment.trainer.loss
    o = loss.outputs(h)
    error = np.abs(o - y)
    both, f64 = (-2, -1), np.float64
    metrics = {"loss": loss.objective(h, y), "abs_error": error.sum(both, dtype=f64)}
    if loss.answer == "sigmoid":
        slope = o * (1 - o)
        metrics["abs_delta"] = np.multiply(error, slope, error).sum(both, dtype=f64)
    return {**metrics, **_scores(experiment, o, y)}


def _scores(experiment: Experiment, o: Array, y: Array) -> Metrics:
    """The task's own metrics, NaN in a stack where a replica has none."""
    metrics = experiment.task.score(o, y)
    return {name: value for name, value in metrics.items() if not np.isnan(value).all()}


def _finite(experiment: Experiment) -> npt.NDArray[np.bool_]:
    """By replica, whether the epoch's outputs and everything that training changes are finite."""
    finite = np.ones(len(experiment.replicas), bool)
    for array in [experiment.feed.h, *experiment.trainer.state().values()]:
        finite &= np.isfinite(array).reshape(len(finite) if array.ndim else 1, -1).all(-1)
    return finite


def _locate(alone: Experiment, epoch: int) -> tuple[int, str]:
    """The step and the place: repeat the epoch, looking everywhere after each step; end in its start's state."""
    before = alone.mark()
    step, where = (epoch - 1) * alone.feed.steps, "the outputs"
    alone.begin_epoch(epoch)
    for done in alone.epochs.steps_in_order(alone.trainer, epoch):
        found = next((name for name, array in alone.trainer.places() if not np.isfinite(array).all()), None)
        if found:
            step, where = step + done, found
            break
    else:
        step += alone.feed.steps
    alone.return_to(before)
    return step, where
