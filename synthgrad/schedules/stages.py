"""Stages: what a module does with its batch under a pipelined or a free schedule.

One step of the stage of module k, on batch t of an epoch:

    h_{k-1}(t) comes from below (or x^ = I(x) takes its place), h_k(t) goes up
    the module receives its delta and learns, g_{k-1}(t) goes down
    g_k(s), s <= t - D, has come from above at the latest, and the generator is fitted to it

Neighbours are never more than the delay D apart, with input models 2 D + 1: one slot more than that lies between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthgrad.generators import Generator, InputModel
from synthgrad.nn.losses import Loss
from synthgrad.nn.modules import Module
from synthgrad.nn.optimizers import Optimizer
from synthgrad.schedules.channel import Channel
from synthgrad.types import AnyArray, Array, Batch, Metrics


class Stage:
    """A module and its place: layers ``first`` to ``last``, counted from 1, a channel below and one above, or none."""

    def __init__(self, f: Module, optimizer: Optimizer, first: int, delay: int) -> None:
        self.f, self.optimizer, self.delay = f, optimizer, delay
        self.first, self.last = first, first + len(f.layers) - 1
        self.below: Channel | None = None
        self.above: Channel | None = None
        self.rows = 0
        self.updates, self.late, self.fits = 0, 0, 0  # counted in an epoch
        self.done = 0  # how many batches of the epoch have had their gradient from above

    def restart(self) -> None:
        """Begin an epoch: nothing is in flight."""
        self.done = 0
        if self.above is not None:
            self.above.clear()

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        self.rows = rows
        for channel in (self.below, self.above):
            if channel is not None:
                channel.set_batch_size(rows)

    def step(self, t: int, batch: Batch) -> None:
        """Work on batch t."""
        raise NotImplementedError

    def settle(self, steps: int) -> None:
        """End an epoch of ``steps`` steps: wait for everything that is still to come from above, and use it."""
        raise NotImplementedError

    def follow(self) -> None:
        """Take over new step sizes from the trainer."""

    def models(self) -> Sequence[Generator]:
        """The models that predict something for this module, with all their copies in flight."""
        return ()

    def state(self) -> Iterator[AnyArray]:
        """Every array that training this module changes, always in the same order."""
        for f in self.f.layers:
            yield f.params.theta
            yield from f.state().values()
        yield from self.optimizer.state().values()

    def metrics(self, replicas: tuple[int, ...]) -> Metrics:
        """Updates of its layers since the last call, and the mean number of steps by which gradients were late."""
        metrics = {f"updates.{i}": np.full(replicas, float(self.updates)) for i in range(self.first, self.last + 1)}
        if self.above is not None:
            metrics[f"staleness.{self.last}"] = np.full(replicas, self.late / max(self.fits, 1))
        self.updates, self.late, self.fits = 0, 0, 0
        return metrics


class SyntheticStage(Stage):
    """A module that learns from its generator at once; ``free`` fits the generator to every target that has arrived."""

    def __init__(
        self, f: Module, optimizer: Optimizer, first: int, delay: int,
        M: Generator | Loss, I: InputModel | None, *, free: bool, anew: bool,
    ) -> None:  # fmt: skip
        super().__init__(f, optimizer, first, delay)
        self.free, self.anew = free, anew
        self.loss = M if isinstance(M, Loss) else None
        self.Ms = M.in_flight(delay + 1) if isinstance(M, Generator) else []
        self.Is = I.in_flight(delay + 1) if I is not None else []
        self.looked = 0

    def restart(self) -> None:
        super().restart()
        self.looked = 0

    def set_batch_size(self, rows: int) -> None:
        super().set_batch_size(rows)
        self.f.set_batch_size(rows)
        if self.loss is not None:
            self.loss.set_batch_size(rows)

    def step(self, t: int, batch: Batch) -> None:
        rows, below, above = batch.rows, self.below, self.above
        if rows != self.rows:
            self.set_batch_size(rows)
        x = self._input(t, batch)
        self.f.write_h_to(batch.h if above is None else above.h(t, rows))
        h = self.f.forward(x)  # h_k = f_k(h_{k-1}; theta_k)
        if above is not None:
            above.send_h(t)
        self.f.backward(self._delta(t, h, batch))  # grad = sg_k · dh_k/dtheta_k
        if below is not None:
            self.f.write_delta_below_to(below.g(t, rows))
            self.f.delta_below()  # g_{k-1} = sg_k · dh_k/dh_{k-1}
            below.send_g(t)
        self.optimizer.update()  # theta_k <- theta_k - alpha · grad
        self.updates += 1
        self._learn(t, t - self.delay + 1)

    def _input(self, t: int, batch: Batch) -> Array:
        """h_{k-1}(t), or what is predicted in its place."""
        if self.Is:
            x: Array = _copy_for(self.Is, t, batch.rows).delta(batch.x, batch)
            return x
        if self.below is None:
            return batch.x
        self.below.await_h(t)
        return self.below.h(t, batch.rows)

    def _delta(self, t: int, h: Array, batch: Batch) -> Array:
        if self.loss is not None:
            return self.loss.delta(h, batch)
        sg: Array = _copy_for(self.Ms, t, batch.rows).delta(h, batch)
        return sg

    def _learn(self, t: int, due: int) -> None:
        """Fit the generator to the targets of all batches before ``due``, the input model to its own."""
        if self.Ms and self.above is not None:
            there = min(self.above.arrived(), t + 1) if self.free else due  # no target before its own h
            for s in range(self.done, max(due, there)):
                self._fit_generator(t, s, self.above)
        if self.Is and self.below is not None:
            for s in range(self.looked, due):
                self._fit_input_model(s, self.below)

    def _fit_generator(self, t: int, s: int, above: Channel) -> None:
        M = self.Ms[s % len(self.Ms)]
        above.await_g(s)
        if self.anew:
            M.again()
        M.fit(above.g(s, M.rows))  # sg_k(s) -> g_k(s)
        self.late, self.fits, self.done = self.late + t - s, self.fits + 1, s + 1

    def _fit_input_model(self, s: int, below: Channel) -> None:
        I = self.Is[s % len(self.Is)]
        below.await_h(s)
        if self.anew:
            I.again()
        I.fit(below.h(s, I.rows))  # x^_k(s) -> h_{k-1}(s)
        self.looked = s + 1

    def settle(self, steps: int) -> None:
        self._learn(steps - 1, steps)

    def follow(self) -> None:
        for copies in (self.Ms, self.Is):
            for M in copies[1:]:
                M.follow(copies[0])

    def models(self) -> Sequence[Generator]:
        return [*self.Is, *self.Ms]

    def state(self) -> Iterator[AnyArray]:
        yield from super().state()
        for copies in (self.Ms[:1], self.Is[:1]):
            for M in copies:
                yield from M.state().values()

    def metrics(self, replicas: tuple[int, ...]) -> Metrics:
        metrics = super().metrics(replicas)
        if self.Ms:
            metrics[self.Ms[0].column] = _errors(self.Ms)
        if self.Is:
            metrics[self.Is[0].column] = _errors(self.Is)
        return metrics


def _copy_for(copies: Sequence[Generator], t: int, rows: int) -> Generator:
    """The copy for batch t, ready for ``rows`` examples."""
    M = copies[t % len(copies)]
    if M.rows != rows:
        M.set_batch_size(rows)
    return M


def _errors(copies: Sequence[Generator]) -> AnyArray:
    """Sum |target - prediction| of all copies since the last call."""
    return np.asarray(sum(M.take_error() for M in copies))
