"""The config of a whole experiment, put together from the registries."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from synthgrad.config import AUTO, Auto, Flag, Fractions, Int, NameOf, OneOf, Options, option, selected_layers
from synthgrad.errors import ConfigError, Problem
from synthgrad.nn.losses import LOSSES
from synthgrad.numbers import amount
from synthgrad.records import Settings
from synthgrad.streams import STREAMS
from synthgrad.tasks import TASKS, Sizes, TaskOptions
from synthgrad.tasks.data_files import fingerprints, memory
from synthgrad.trainers import TRAINERS, NetworkOptions, TrainerOptions
from synthgrad.trainers.modular import ModularOptions

Need = tuple[int, tuple[str, ...], str]
"""Bytes, the key that asks for them, and what they are for."""


class Decay(Options):
    """Every step size divided at given fractions of the epochs, as in arXiv 1608.05343."""

    at: Fractions = option((), "fractions of the epochs, e.g. [0.6, 0.85]")
    divide_by: float = option(10.0, "what every step size is divided by at each of them", gt=0)

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor on every step size in ``epoch``, counted from 1."""
        return float(self.divide_by ** -sum(epoch / epochs > fraction for fraction in self.at))


class Training(Options):
    """How long, in which batches, and how often to look at the held-out examples."""

    epochs: Int = option(1000, "passes over the training examples", ge=1)
    batch_size: Int = option(10, "examples a step", ge=1)
    shuffle: Flag = option(False, "a new random order for every epoch")
    evaluate_every: Int = option(1, "epochs between held-out evaluations; the last epoch always has one", ge=1)
    checkpoint_every: Auto = option(
        AUTO, "epochs between checkpoints, from which a run is resumed; auto: one every 60 seconds; 0: none"
    )
    decay: Decay = option(Decay, "a schedule for the step sizes")


class Before(Options):
    """What ``training`` says up to a fork, where it is not what it says after it."""

    epochs: Int = option(0, "training.epochs up to there, by which step sizes decay; 0: as after it", ge=0)
    evaluate_every: Int = option(0, "training.evaluate_every up to there; 0: as after it", ge=0)


class Branch(Options):
    """Another trainer before: it trains the first epochs, and ``trainer`` goes on from the state that it leaves."""

    epoch: Int = option(meaning="the last epoch of the trainer before", ge=1)
    trainer: Annotated[TrainerOptions, OneOf(TRAINERS)] = option(meaning="the training algorithm up to there")
    training: Before = option(Before, "what training said up to there")


class Config(Options):
    """One experiment."""

    seed: Int = option(1, "of all randomness", ge=0, lt=2**32)
    stream: Annotated[str, NameOf(STREAMS)] = option(
        "named", "random numbers: independent named streams, or the tutorial's one legacy stream"
    )
    task: Annotated[TaskOptions, OneOf(TASKS)] = option(meaning="what is learned")
    network: NetworkOptions = option(NetworkOptions, "dense layers between input and output")
    trainer: Annotated[TrainerOptions, OneOf(TRAINERS)] = option(meaning="the training algorithm")
    training: Training = option(Training, "epochs, batches, evaluation")
    branch: Branch | None = option(None, "another trainer for the first epochs; without it there is none")
    diagnostics: Flag = option(True, "cosine and skill of what hidden layers receive, on evaluated epochs")

    def problems(self) -> Iterator[Problem]:
        unknown = list(self._rows_of_layers())
        yield from unknown
        try:
            sizes = self.task.sizes()
        except ConfigError:  # which the task's own problems say
            return
        yield from self._losses(sizes)
        yield from self._batches(sizes)
        yield from self._forks()
        if not unknown:
            yield from self._memories(sizes)

    def trainers(self) -> Iterator[tuple[tuple[str, ...], TrainerOptions]]:
        """The trainers in the order in which they train, each with its key."""
        if self.branch is not None:
            yield ("branch", "trainer"), self.branch.trainer
        yield ("trainer",), self.trainer

    @property
    def varies(self) -> bool:
        """Whether the result depends on timing, so that no run repeats another."""
        return any(trainer.timing.varies for _, trainer in self.trainers())

    def files(self) -> dict[str, str]:
        """By name, fingerprints of the user's files that the task reads, as they are now. Raises ConfigError."""
        return fingerprints(self.task.files())

    def data(self) -> Settings:
        """What is known of the task's data: where they are from, how many, what the labels are. Raises ConfigError."""
        sizes = self.task.sizes()
        classes = {"classes": sizes.n_y} if sizes.outputs == "classes" else {}
        return {
            "task": self.task.name, "kind": sizes.outputs, "outputs": sizes.n_y, **classes,
            "rows": sizes.train + sizes.test, "held_out": sizes.test, **self.task.data(),
        }  # fmt: skip

    def _rows_of_layers(self) -> Iterator[Problem]:
        """Whether the layers that are not to learn, and those with interfaces, are hidden layers, each named once."""
        last = self.network.depth
        there = f"1 to {last}" if last > 1 else "only 1" if last else "there are none"
        for key, trainer in self.trainers():
            rows = {"freeze": trainer.freeze}
            if isinstance(trainer, ModularOptions):
                rows["interfaces"] = selected_layers(trainer.interfaces, last)
            for name, numbers in rows.items():
                for at, i in enumerate(numbers):
                    place: tuple[str | int, ...] = (*key, name)  # and no more of interfaces, which have been sorted
                    if name == "freeze":
                        place = (*place, at)
                    if i > last:
                        yield Problem(place, f"{i} is no hidden layer of this network ({there})")
                    elif i in numbers[:at]:
                        yield Problem(place, f"names {i} twice (leave one out)")

    def _losses(self, sizes: Sizes) -> Iterator[Problem]:
        """Whether the losses are for the task's outputs."""
        for key, trainer in self.trainers():
            if sizes.outputs not in LOSSES[trainer.loss].kinds:
                right = ", ".join(name for name, loss in LOSSES.items() if sizes.outputs in loss.kinds)
                name = self.task.name
                said = f"{trainer.loss} is not for {sizes.outputs}, which the task {name} has here ({right})"
                yield Problem((*key, "loss"), said)

    def _batches(self, sizes: Sizes) -> Iterator[Problem]:
        """Whether the batches can be cut from the training examples, and normalised."""
        batch = self.training.batch_size
        if batch > sizes.train:
            said = f"{batch} is more than there are training examples (at most {sizes.train})"
            chosen = "batch_size" in self.training.model_fields_set
            counted = "train_examples" in type(self.task).model_fields
            key = ("task", "train_examples") if counted and not chosen else ("training", "batch_size")
            yield Problem(key, said if chosen else f"the default training.batch_size {said}")
        if (batch == 1 or sizes.train % batch == 1) and self._normalizes():
            yield Problem(
                ("training", "batch_size"),
                "leaves a batch of one example, which batch normalisation cannot normalise",
            )

    def _normalizes(self) -> bool:
        """Whether the network's layers, the generators', or what these see are normalised over the batch."""
        return self.network.normalize or any(trainer.normalizes for _, trainer in self.trainers())

    def _forks(self) -> Iterator[Problem]:
        """Whether both trainers have epochs."""
        if self.branch is None:
            return
        epoch, epochs = self.branch.epoch, self.training.epochs
        if epoch >= epochs:
            said = f"after epoch {epoch} there is nothing left to train (training.epochs is {epochs}: take more)"
            yield Problem(("branch", "epoch"), said)
        if 0 < self.branch.training.epochs < epoch:
            yield Problem(("branch", "training", "epochs"), f"is less than branch.epoch, which is {epoch}")

    def _memories(self, sizes: Sizes) -> Iterator[Problem]:
        """Whether weights and examples have room in this machine: a lower bound of what training needs."""
        widths = self.network.widths(sizes.n_x, sizes.n_y)
        item = np.dtype(self.network.dtype).itemsize
        weights = 3 * item * sum(a * b for a, b in itertools.pairwise(widths))  # with gradients and a snapshot
        examples = sizes.bytes(item)
        few = next((name for name in ("train_examples", "path") if name in type(self.task).model_fields), "name")
        needs: list[Need] = [
            (weights, ("network", "hidden"), "weights"),
            (examples, ("task", few), "examples"),
            *self._under_way(widths, item, sizes),
        ]
        for need, key, what in needs:
            if need > (have := memory()):
                yield Problem(
                    key, f"the {what} would need {amount(need)} while training (this machine has {amount(have)})"
                )

    def _under_way(self, widths: Sequence[int], item: int, sizes: Sizes) -> Iterator[Need]:
        """What is kept until it comes to use."""
        batch = self.training.batch_size
        steps = -(-sizes.train // batch)
        for key, trainer in self.trainers():
            late = ("schedule", "delay") if trainer.timing.pipelines else ("delay",)
            yield item * trainer.history_size(widths, batch, steps), (*key, *late), "gradients under way"
