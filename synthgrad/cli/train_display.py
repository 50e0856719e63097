"""What a person sees of a run while it trains, and the summary after it. All of it goes to stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Self, TextIO, cast

from rich.console import RenderableType
from rich.text import Text

from synthgrad.cli.opening import run_opening
from synthgrad.cli.terminal import SILENCE, LineDisplay, Picture, bar, clock, line
from synthgrad.cli.train_summary import summary
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.text import ARROW, legible
from synthgrad.experiment import Diverged, Epoch, Experiment, Pulse, Record
from synthgrad.numbers import fixed
from synthgrad.scores import SCORES

if TYPE_CHECKING:
    from synthgrad.runs.log import Log
    from synthgrad.workers import Load

NEW = 0.2
"""The weight of the newest loads in those that are shown, which would flicker otherwise."""
POINTS = 512
"""The most losses that are kept for the curve."""
GAP = "   "
"""Between the metrics of a line."""
MAX_LINES = 6
"""The most lines of a row."""


class Lines(LineDisplay[Record]):
    """Plain lines, for files and pipes: ten a run, and one every half minute."""

    def __init__(self, log: Log, experiment: Experiment) -> None:
        super().__init__()
        self.log, self.experiment = log, experiment
        self.epochs = experiment.config.training.epochs
        self.metrics: dict[str, float] = {}
        self.loads: Sequence[Load] = ()

    def __enter__(self) -> Self:
        for text in run_opening(self.log, self.experiment):
            self.say(text)
        return self

    def show(self, record: Record) -> None:
        self.note(record)
        if not isinstance(record, Epoch):
            return
        tenth = max(1, self.epochs // 10)
        if record.epoch == 1 or record.epoch % tenth == 0 or time.monotonic() - self.said > SILENCE:
            self.said = time.monotonic()
            shown = [*rows(self.metrics), *busy(self.loads, queues=False)]
            parts = ["  ".join([row.name, *row.pairs]) for row in shown]
            self.say("   ".join([self.count(record.epoch), *parts]).rstrip())

    def note(self, record: Record) -> None:
        """Keep the latest metrics, and how busy the processes are that share the modules."""
        if isinstance(record, Pulse | Epoch):
            self.loads = smoothed(self.loads, record.loads)
        if isinstance(record, Epoch):
            self.metrics |= {name: float(value) for name, value in record.metrics.items()}

    def conclude(self) -> None:
        for text in summary(self.log, self.experiment):
            self.say(text)

    def count(self, epoch: int) -> str:
        """How far the run is, as wide in the first epoch as in the last."""
        return f"epoch {epoch:>{len(str(self.epochs))}}/{self.epochs}"


class Live(Lines):
    """A bar, the latest metrics and a small curve, redrawn a few times a second."""

    whole_lines = False

    def __enter__(self) -> Self:
        super().__enter__()
        self.losses: list[float] = []
        self.first: float | None = None
        self.every, self.epoch = 1, self.log.epoch
        self.begun, self.first_step, self.step = time.monotonic(), self.log.step, self.log.step
        self.steps = self.epochs * self.experiment.feed.steps
        self.picture = Picture(self.console)
        return self

    def __exit__(self, *exception: object) -> None:
        self.picture.remove()

    def show(self, record: Record) -> None:
        self.note(record)
        if isinstance(record, Diverged):
            return
        self.epoch, self.step = record.epoch, record.step
        if isinstance(record, Epoch):
            self._keep(record.epoch)
        if self.picture.old:
            self.picture.draw(*self._parts())

    def _keep(self, epoch: int) -> None:
        """Keep the loss for the curve; thin out, so that a curve of any length costs the same."""
        loss = self.metrics["loss"]
        if self.first is None:
            self.first = loss
        if epoch % self.every == 0:
            self.losses.append(loss)
            if len(self.losses) == POINTS:
                self.losses, self.every = self.losses[1::2], self.every * 2

    def _parts(self) -> Iterator[RenderableType]:
        width, elapsed = self.console.width, time.monotonic() - self.begun
        speed = (self.step - self.first_step) / elapsed if elapsed else 0.0
        left = (self.steps - self.step) / speed if speed else 0.0
        rate = f"{speed:,.0f} steps/s  " if width >= 60 else ""
        share = self.step / self.steps
        yield bar(self.count(self.epoch), share, f"{share:4.0%}  {rate}{clock(left)} left")
        for row in [*rows(self.metrics), *busy(self.loads)]:
            yield from wrapped(row, width)
        if self.losses:
            yield self._curve(width)

    def _curve(self, width: int) -> Text:
        file = cast(TextIO, self.console.file)
        curve = line().append("loss ", "dim")
        curve.append(legible(sparkline(self.losses, max(10, min(width - 30, 60))), file), "cyan")
        return curve.append(legible(f"  {self.first:.3g} {ARROW} {self.losses[-1]:.3g}", file), "dim")


def smoothed(before: Sequence[Load], now: Sequence[Load]) -> Sequence[Load]:
    """The loads from before, moved towards those of now."""
    if len(before) != len(now):
        return now
    pairs = zip(before, now, strict=True)
    return [new._replace(busy=(1 - NEW) * old.busy + NEW * new.busy) for old, new in pairs]


# metrics, row by row ------------------------------------------------------------------------------


class Row(NamedTuple):
    """Metrics that belong side by side, each with its label."""

    name: str
    pairs: list[str]


def rows(metrics: dict[str, float]) -> list[Row]:
    """Training scores and loss, held-out scores, errors of the generators, cosines of the layers."""
    shown = []
    training = [*_scores(metrics, ""), f"loss {metrics['loss']:<7.4g}"] if "loss" in metrics else []
    for name, pairs in (("training", training), ("held-out", _scores(metrics, "test_"))):
        if pairs:
            shown.append(Row(name, pairs))
    errors = {name: value for name, value in metrics.items() if name.startswith("generator_error.")}
    layers = [name.partition(".")[2] for name in errors or metrics if name.startswith(("generator_error.", "cosine."))]
    each = layers == [str(i) for i in range(1, len(layers) + 1)]
    marks = ["" if each else f"{i}: " for i in layers]  # the layer's number, unless every layer has one
    if errors:
        shown.append(Row("generator error", [f"{mark}{v:.3g}" for mark, v in zip(marks, errors.values(), strict=True)]))
    cosines = [metrics.get(f"cosine.{i}") for i in layers]
    if any(cosine is not None for cosine in cosines):
        texts = ["    -" if cosine is None else f"{cosine:5.2f}" for cosine in cosines]
        shown.append(Row("layers cos", [mark + text for mark, text in zip(marks, texts, strict=True)]))
    return shown


def busy(loads: Sequence[Load], *, queues: bool = True) -> list[Row]:
    """How busy each module is and, between two workers, how many batches wait in a queue of which length.

    Without ``queues``, which are empty between epochs.
    """
    pairs = []
    for load in loads:
        layers = f"{load.first}" if load.first == load.last else f"{load.first}-{load.last}"
        pairs.append(f"layer{'s' * (load.first != load.last)} {layers} {load.busy:4.0%}")
        if load.room and queues:
            pairs.append(f"queue {load.queue}/{load.room}")
    return [Row("busy", pairs)] if pairs else []


def _scores(metrics: dict[str, float], prefix: str) -> list[str]:
    """The scores of training or held-out examples, all of one width."""
    there = [(s, metrics[prefix + s.column]) for s in reversed(SCORES) if prefix + s.column in metrics]
    return [f"{score.name} {f'{v:.1%}' if score.share else fixed(v, 3):>6}" for score, v in there]


def wrapped(row: Row, width: int) -> list[Text]:
    """A row in as many lines as it takes, no metric cut; after ``MAX_LINES`` lines a mark says that there are more."""
    found = [line().append(row.name, "dim")]
    for pair in row.pairs:
        if len(found[-1]) + len(GAP) + len(pair) > width:
            if len(found) == MAX_LINES:
                found[-1].append(" ...")
                break
            found.append(line(" " * len(row.name)))
        found[-1].append(f"{GAP}{pair}")
    return found
