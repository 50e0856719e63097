"""Sweeps other than the paper's own (that is in ``trainers/dni.py``), and steps in which no generator is fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numpy import add, multiply

from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.schedules.schedule import Schedule, Slot, Source, Sweep, errors
from synthgrad.types import Array, Batch, Metrics, Number, ReplicaShape, State, per_replica


class ChosenTargets(Schedule):
    """One sweep a step, whose generators are fitted in the first of every k steps, with a ``truth`` to dL/dh_i.

    The truth takes a pass through the whole network and decouples nothing: such runs tell what is lost by fitting
    generators to one another.
    """

    def __init__(
        self, slots: Sequence[Slot], generators: Sequence[Source], sweep: Sweep, every: int, truth: TrueGradient | None
    ) -> None:
        self.slots, self.generators = slots, generators
        self.sweep, self.every, self.truth = sweep, every, truth
        self.without_fit: list[Slot] = [(f, optimizer, M, None) for f, optimizer, M, _ in slots]
        self.taken = np.zeros((), np.int64)
        self.fitted = False  # in this epoch

    def set_batch_size(self, rows: int) -> None:
        if self.truth is not None:
            self.truth.set_batch_size(rows)

    def step(self, h: Array, batch: Batch) -> None:
        due = int(self.taken) % self.every == 0
        self.taken += 1
        self.fitted |= due
        truth = self.truth.compute(batch) if self.truth and due else ()
        self.sweep(self.without_fit if truth or not due else self.slots, h, batch)
        for M in self.generators if truth else ():
            M.fit(truth[M.i - 1])  # sg_i -> dL/dh_i

    def metrics(self) -> Metrics:
        """The generators' errors over the steps in which they were fitted, absent if there was none."""
        found = errors(self.generators)
        fitted, self.fitted = self.fitted, False
        return found if fitted else {}

    def state(self) -> State:
        return {"generators.t": self.taken} if self.every > 1 else {}


def upward_after_updates(slots: Sequence[Slot], h: Array, batch: Batch) -> None:
    """The paper's sweep, but targets are handed down through weights that have been updated."""
    for f, optimizer, M, M_below in slots:
        h = f.forward(h)
        f.backward(M.delta(h, batch))
        optimizer.update()
        if M_below:
            M_below.fit(f.delta_below())  # sg_{i-1} -> sg_i · dh_i/dh_{i-1}, at the new theta_i


class UpAndDown:
    """BP(lambda) from layer to layer: all modules forward, then from the top down, each waiting for those above it.

    A layer receives a mix of its generator's prediction and of the gradient that the layer above hands down, and
    generators are fitted to the latter (Pemberton and Costa, "BP(lambda): Online Learning via Synthetic Gradients",
    arXiv 2401.07044: there along time). Targets then hold less of the generators' own error: each layer on the way
    lets 1 - lambda of it in. Lambda 1 is backpropagation.
    """

    def __init__(self, share: Number, widths: Sequence[int], replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        """``widths``: of the interfaces, the lowest first."""
        self.mixes = [Mix(share, n, replicas, dtype) for n in reversed(widths)]  # from the top down
        self.rows = 0

    def __call__(self, slots: Sequence[Slot], h: Array, batch: Batch) -> None:
        if batch.rows != self.rows:
            self.rows = batch.rows
            for mix in self.mixes:
                mix.set_batch_size(self.rows)
        sg = []
        for f, _, M, _ in slots:
            h = f.forward(h)
            sg.append(M.delta(h, batch))
        delta = sg.pop()  # dL/dh of the output
        for (f, optimizer, _, M_below), mix in zip(slots[:0:-1], self.mixes, strict=True):
            f.backward(delta)
            g = f.delta_below()  # g_{i-1} = delta_i · dh_i/dh_{i-1}
            optimizer.update()
            if M_below:
                M_below.fit(g)  # sg_{i-1} -> g_{i-1}
            delta = mix(g, sg.pop())  # delta_{i-1} = lambda g_{i-1} + (1 - lambda) sg_{i-1}
        f, optimizer, *_ = slots[0]
        f.backward(delta)
        optimizer.update()


class Mix:
    """delta = share g + (1 - share) sg, shape (B, n), ``share`` a number or one a replica.

    Where the share is 1 this is g, and where it is 0 sg, to the bit and whatever the other is.
    """

    def __init__(self, share: Number, n: int, replicas: ReplicaShape, dtype: npt.DTypeLike) -> None:
        self.n, self.replicas, self.dtype = n, replicas, dtype
        self.whole = bool(np.all(share == 1))
        self.of_g, self.of_sg = (per_replica(part, 2, dtype) for part in (share, 1 - share))
        self.ones, self.zeros = (np.flatnonzero(share == end).tolist() if np.ndim(share) else [] for end in (1, 0))
        self._sets: dict[int, tuple[Array, Array]] = {}

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        if rows not in self._sets:
            delta = np.empty((*self.replicas, rows, self.n), self.dtype)
            self._sets[rows] = delta, np.empty_like(delta)
        self.delta, self.part = self._sets[rows]

    def __call__(self, g: Array, sg: Array) -> Array:
        """Return the mix; both stay as they are."""
        if self.whole:
            return g
        multiply(g, self.of_g, self.delta)
        multiply(sg, self.of_sg, self.part)
        add(self.delta, self.part, self.delta)
        for gradient, replicas in ((g, self.ones), (sg, self.zeros)):
            for r in replicas:
                self.delta[r] = gradient[r]
        return self.delta
