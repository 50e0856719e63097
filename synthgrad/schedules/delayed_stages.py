"""Stages without generators: modules of a pipeline that learn from true gradients when these arrive.

The honest rival of synthetic gradients in the same pipeline (arXiv 1804.10574): the delay of module k is the sum of
those above it, and the activations and weights of a batch are kept until its gradient arrives.
"""

from __future__ import annotations

import numpy as np
from numpy import copyto

from synthgrad.nn.losses import Loss
from synthgrad.nn.modules import Module
from synthgrad.nn.optimizers import Optimizer
from synthgrad.schedules.stages import Stage
from synthgrad.types import Array, Batch, ReplicaShape


class DelayedStage(Stage):
    """theta_k moves along the true gradient of ``delay`` batches ago, at the weights of that time."""

    def __init__(
        self, f: Module, optimizer: Optimizer, first: int, delay: int, loss: Loss | None, replicas: ReplicaShape
    ) -> None:
        super().__init__(f, optimizer, first, delay)
        self.loss, self.replicas = loss, replicas
        pulled = first > 1 or len(f.layers) > 1 or f.layers[0].norm is not None  # through weights, or through gamma
        self.kept = delay > 0 and pulled
        copied = f.copy_with_weights if self.kept else f.copy_sharing_weights
        self.copies = [copied() for _ in range(delay + 1)] if delay else [f]
        self.sizes = [0] * len(self.copies)
        self._xs: dict[int, Array] = {}

    def set_batch_size(self, rows: int) -> None:
        super().set_batch_size(rows)
        if self.loss is not None:
            self.loss.set_batch_size(rows)

    def step(self, t: int, batch: Batch) -> None:
        rows, above = batch.rows, self.above
        if rows != self.rows:
            self.set_batch_size(rows)
        f = self._copy_for(t, rows)
        x = self._input(t, batch)
        f.write_h_to(batch.h if above is None else above.h(t, rows))
        h = f.forward(x)
        for own, layer in zip(self.f.layers, f.layers, strict=True):
            own.write_h_to(layer.h)  # where a number that is not finite is looked for
        if above is not None:
            above.send_h(t)
        if self.loss is not None:
            self._back(t, t, self.loss.delta(h, batch))
        elif t >= self.delay:
            self._late(t, t - self.delay)

    def _copy_for(self, t: int, rows: int) -> Module:
        """The copy of the module for batch t, with the current weights, ready for ``rows`` examples."""
        k = t % len(self.copies)
        f = self.copies[k]
        if self.sizes[k] != rows:
            self.sizes[k] = rows
            f.set_batch_size(rows)
        if self.kept:
            for layer, own in zip(f.layers, self.f.layers, strict=True):
                copyto(layer.params.theta, own.params.theta)
        return f

    def _input(self, t: int, batch: Batch) -> Array:
        """h_{k-1}(t), or the network's input, copied if it is needed until its gradient arrives."""
        if self.below is not None:
            self.below.await_h(t)
            return self.below.h(t, batch.rows)
        if not self.delay:
            return batch.x
        if batch.rows not in self._xs:
            shape = (*self.replicas, len(self.copies), *batch.x.shape[-2:])
            self._xs[batch.rows] = np.empty(shape, batch.x.dtype)
        x: Array = self._xs[batch.rows][..., t % len(self.copies), :, :]
        copyto(x, batch.x)
        return x

    def _late(self, t: int, s: int) -> None:
        """Wait for the gradient of batch s and learn from it."""
        assert self.above is not None
        self.above.await_g(s)
        self._back(t, s, self.above.g(s, self.sizes[s % len(self.sizes)]))

    def _back(self, t: int, s: int, delta: Array) -> None:
        k = s % len(self.copies)
        f = self.copies[k]
        f.backward(delta)  # grad = delta_k · dh_k/dtheta_k, both of batch s
        if self.below is not None:
            f.write_delta_below_to(self.below.g(s, self.sizes[k]))
            f.delta_below()  # g_{k-1} = delta_k · dh_k/dh_{k-1}
            self.below.send_g(s)
        self.optimizer.update()  # theta_k <- theta_k - alpha · grad of batch s
        self.updates += 1
        self.late, self.fits, self.done = self.late + t - s, self.fits + 1, s + 1

    def settle(self, steps: int) -> None:
        for s in range(self.done, steps):
            self._late(steps - 1, s)

    def follow(self) -> None:
        for f in self.copies:
            for layer, own in zip(f.layers, self.f.layers, strict=True):
                layer.scale_by(own.step)
