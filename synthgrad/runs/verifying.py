"""Does a run repeat? Train it again from its config, writing nothing, and hold every figure against the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from synthgrad.errors import ConfigError
from synthgrad.experiment import Diverged, Epoch, Experiment, Pulse, train
from synthgrad.records import Record
from synthgrad.runs.arrays import DAMAGE, read_arrays
from synthgrad.runs.environment import environment, hashes
from synthgrad.runs.first_difference import CLOCKS, last_epoch, part, shared
from synthgrad.runs.moved_data import check_data, located
from synthgrad.runs.provenance import Provenance
from synthgrad.runs.reading import Recorded
from synthgrad.runs.settings import Pairs, differing
from synthgrad.types import AnyArray

Arrays = Mapping[str, AnyArray]


class Difference(NamedTuple):
    """Where a run does not repeat: the epoch, the column or the thing, what was recorded and what came now."""

    epoch: int
    place: str
    recorded: str
    now: str


@dataclass
class Verdict:
    """Whether a run repeats: how far it was followed, in how many of its columns, and the first difference.

    ``environment`` has what is not as it was when the run was recorded, if it does not repeat. Ends the stream.
    """

    epoch: int
    columns: int
    recorded: int
    diverged: Diverged | None = None
    weights: bool = False
    difference: Difference | None = None
    environment: Pairs = field(default_factory=dict)

    @property
    def decided(self) -> bool:
        """Whether there was anything to compare."""
        return bool(self.epoch or self.diverged or self.weights or self.difference)


class Verifier:
    """A recorded run and the experiment that is to repeat it, ready to train."""

    def __init__(self, recorded: Recorded, where: Sequence[str] = ()) -> None:
        """``where`` are settings KEY=VALUE that say where the data of the run lie now.

        Raises ConfigError if this version cannot train the run's config, or if the data there are not the run's.
        """
        self.recorded = recorded
        config = located(recorded, where)
        check_data(recorded, config)
        self.experiment = Experiment([config])
        self.metrics = recorded.metrics()
        self.columns = self.metrics.columns(self.metrics.names)
        recorded.note_damage(self.metrics.damage)
        self.end = last_epoch(self.columns)
        names = ["epoch", "step", *self.experiment.columns()]
        self.names = shared(self.metrics.names, names)
        self.hashes = self.experiment.hashes()  # before the first step
        self.row = 0

    @property
    def varies(self) -> bool:
        """Whether the result depends on timing, so that there is nothing to repeat."""
        return bool(self.experiment.config.varies)

    def run(self) -> Iterator[Pulse | Epoch | Verdict]:
        """Train as far as the record goes, yielding every epoch that repeats, and in the end the verdict."""
        diverged: Diverged | None = None
        difference: Difference | None = None
        records = train(self.experiment)
        try:
            while self._goes_on() and not diverged and not difference:
                record = next(records, None)
                if record is None:
                    difference = self._early_end()
                elif isinstance(record, Pulse):
                    yield record
                elif isinstance(record, Diverged):
                    diverged, difference = record, self._other_divergence(record)
                elif (difference := self._other_figure(record)) is None:
                    self.row += 1
                    yield record
        finally:
            records.close()
        yield self._verdict(diverged, difference)

    # what is recorded ---------------------------------------------------------------------------

    def _goes_on(self) -> bool:
        """Whether anything recorded is still to come; a run that diverged is followed to that epoch."""
        return self.row < len(self.columns["epoch"]) or bool(self.recorded.diverged)

    def _other_figure(self, record: Epoch) -> Difference | None:
        """Hold an epoch against the next row, or against the divergence that was recorded after the last."""
        if self.row >= len(self.columns["epoch"]):
            return self._no_divergence(record.epoch)
        new = {"epoch": record.epoch, "step": record.step, **record.metrics}
        now = {name: np.array([new.get(name, np.nan)], np.float64) for name in self.names}
        then = {name: self.columns[name][self.row : self.row + 1] for name in ["epoch", *self.names]}
        first = part(self.names, then, {"epoch": then["epoch"], **now})
        return Difference(record.epoch, first.column, *map(repr, first.values)) if first else None

    def _no_divergence(self, epoch: int) -> Difference | None:
        """None while rows between the last undamaged one and the divergence are missing."""
        where = self.recorded.diverged
        if isinstance(where.get("epoch"), int) and epoch < where["epoch"]:
            return None
        return Difference(epoch, "outcome", _told(where), "no divergence")

    def _early_end(self) -> Difference:
        then = _told(self.recorded.diverged) if self.recorded.diverged else f"epochs up to {self.end}"
        return Difference(self.row, "outcome", then, "training is at its end")

    def _other_divergence(self, record: Diverged) -> Difference | None:
        now, then = record.place(), self.recorded.diverged
        if now == {name: then.get(name) for name in now}:
            return None
        return Difference(record.epoch, "outcome", _told(then) if then else "no divergence", _told(now))

    # the end ------------------------------------------------------------------------------------

    def _verdict(self, diverged: Diverged | None, difference: Difference | None) -> Verdict:
        weights = not difference and self._has_weights()
        if weights:
            difference = self._other_weights()
        return Verdict(
            self.end if difference is None else difference.epoch,
            len(set(self.names) - {"epoch"}),
            len(set(self.metrics.names) - {"epoch", *CLOCKS}),
            diverged,
            weights and not difference,
            difference,
            self._changed() if difference else {},
        )

    def _changed(self) -> Pairs:
        """What is not as it was, of what the run recorded about itself."""
        then, now = self.recorded.about, {**Provenance([]).about(), "hashes": self.hashes}
        changed = differing(environment(then), environment(now)) if environment(then) else {}
        return self.recorded.edited | changed | (differing(hashes(then), hashes(now)) if hashes(then) else {})

    def _has_weights(self) -> bool:
        """Whether there are final weights, and training has come to where they were taken."""
        ended = self.recorded.outcome in ("finished", "diverged", "interrupted")
        return ended and self.recorded.number("epoch") == self.end and self.recorded.run.weights.exists()

    def _other_weights(self) -> Difference | None:
        now = dict(self.experiment.trainer.arrays())
        try:
            then = read_arrays(self.recorded.run.weights)
        except (*DAMAGE, ConfigError, MemoryError) as error:
            return Difference(self.end, "final weights", f"cannot be read ({str(error) or type(error).__name__})", "")
        return _other_array(self.end, then, now)


def _other_array(epoch: int, then: Arrays, now: Arrays) -> Difference | None:
    """The first array that is not the same to the last bit."""
    for name in [*now, *(name for name in then if name not in now)]:
        a, b = then.get(name), now.get(name)
        if a is None or b is None:
            return Difference(epoch, f"final weights, {name}", *("missing" if x is None else "there" for x in (a, b)))
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return Difference(epoch, f"final weights, {name}", f"{a.dtype} {a.shape}", f"{b.dtype} {b.shape}")
        if a.tobytes() != b.tobytes():
            at = np.flatnonzero(a.ravel() != b.ravel())[:1]
            values = (repr(float(x.ravel()[at[0]])) if len(at) else "other bits" for x in (a, b))
            return Difference(epoch, f"final weights, {name}", *values)
    return None


def _told(diverged: Record) -> str:
    """Where a run diverged, in words."""
    step, where = diverged.get("step"), diverged.get("where")
    return f"diverged in epoch {diverged.get('epoch')}, step {step}: {where}"
