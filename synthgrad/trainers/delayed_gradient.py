"""Delayed gradients: true gradients that come some steps late.

Huo, Gu, Yang and Huang, "Decoupled Parallel Backpropagation with Convergence Guarantee", arXiv 1804.10574. Layers that
do not wait for each other's backward pass learn from what the network was like some batches ago.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from numpy import multiply

from synthgrad.config import Flag, Int, LayerSelection, OneOf, option, selected_layers
from synthgrad.errors import Problem
from synthgrad.nn.dense import Dense
from synthgrad.nn.modules import module
from synthgrad.nn.optimizers import Optimizer
from synthgrad.nn.parameters import LINE, aligned
from synthgrad.schedules.channel import Channel
from synthgrad.schedules.delayed_stages import DelayedStage
from synthgrad.schedules.options import DELAYING, Pipelined, Sequential
from synthgrad.schedules.pipeline import Pipeline
from synthgrad.trainers.modular import ModularOptions, ModularTrainer
from synthgrad.trainers.trainer import Setup
from synthgrad.types import Array, Batch, State


class DelayedGradientOptions(ModularOptions):
    """Every layer learns from a true gradient of some steps ago."""

    delay: Int = option(1, "how many steps late gradients are; 0 is backprop", ge=0)
    pipeline: Flag = option(False, "the delay grows by that number a module from the output layer's, whose own is 0")
    interfaces: LayerSelection = option(
        "all", "with pipeline or schedule: hidden layers after which gradients come late, counted from 1: all, or a "
        "list; the layers between two are a module"
    )  # fmt: skip
    schedule: Annotated[Sequential | Pipelined, OneOf(DELAYING, "kind", shorthand=True)] = option(
        Sequential, "when modules work"
    )

    def delays(self, layers: int) -> list[int]:
        """By how many steps the gradient of each layer is late, the lowest layer first."""
        if isinstance(self.schedule, Pipelined):
            each = self.schedule.delay
        elif self.pipeline:
            each = self.delay
        else:
            return [self.delay] * layers
        above = [sum(i <= at for at in selected_layers(self.interfaces, layers - 1)) for i in range(1, layers + 1)]
        return [each * count for count in above]

    def history_size(self, widths: Sequence[int], batch: int, steps: int) -> int:
        pairs = list(itertools.pairwise(widths))
        late = list(zip(self.delays(len(pairs)), pairs, strict=True))
        if isinstance(self.schedule, Pipelined):
            return sum(min(d, steps) * (a * b + batch * b) for d, (a, b) in late)
        return sum((d + 1) * a * b for d, (a, b) in late if d)

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.schedule, Pipelined):
            if self.pipeline:
                yield Problem(("pipeline",), "is what schedule: pipelined does (leave one out)")
            if self.delay != 1:
                yield Problem(("delay",), "is for schedule: sequential (schedule.delay is that of the pipeline)")
        elif self.interfaces != "all" and not self.pipeline:
            said = "says where gradients come late, which without pipeline is everywhere (pipeline: true)"
            yield Problem(("interfaces",), said)


class Ring:
    """The gradients of some layers in this step and the last d, and the optimiser that makes their steps.

    The layers leave each step's gradient in a slot of its own, in turn, where it stays until its time has come.
    """

    def __init__(self, delay: int, optimizer: Optimizer) -> None:
        self.delay, self.optimizer = delay, optimizer
        *replicas, size = optimizer.grad.shape
        unit = LINE // optimizer.grad.itemsize
        self.kept = aligned((*replicas, delay + 1, -(-size // unit) * unit), optimizer.grad.dtype)
        self.slots: list[Array] = [self.kept[..., k, :size] for k in range(delay + 1)]
        self.places = [list(self._places(slot)) for slot in self.slots]

    def _places(self, slot: Array) -> Iterator[tuple[Dense, dict[str, Array]]]:
        """Each layer and the arrays of its gradient in a slot."""
        begin = self.optimizer.layers[0].params.start
        for f in self.optimizer.layers:
            start = f.params.start - begin
            yield f, f.params.views(slot[..., start : start + f.params.theta.shape[-1]])

    def scale(self) -> None:
        """Keep gradients as they are: the step size of a step is that of its own time, not of its gradient's."""
        if self.optimizer.folds:
            for f in self.optimizer.layers:
                f.scale_by(1.0)

    def turn(self, t: int) -> None:
        """Have the gradients of step ``t``, counted from 0, left in the place of those that are of no more use."""
        for f, gradient in self.places[t % len(self.places)]:
            f.leave_in(gradient)

    def update(self, t: int) -> None:
        """Make step ``t`` along the gradient of step t - d, if there was one."""
        if t < self.delay:
            return
        grad = self.optimizer.grad = self.slots[(t - self.delay) % len(self.slots)]
        if self.optimizer.folds:
            multiply(grad, self.optimizer.alpha, grad)
        self.optimizer.update()


class DelayedGradient(ModularTrainer):
    """theta_{t+1} = theta_t - alpha_t g_{t-d}, g_t the true gradient at theta_t on the batch of step t.

    With ``pipeline`` layer i of L has a delay of its own, d (L - i): its gradient has come down through L - i layers,
    each d steps late. A layer makes no step until the first gradient is there.
    """

    Options = DelayedGradientOptions
    options: DelayedGradientOptions
    meaning = "the true gradient, some steps late"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.t = np.zeros((), np.int64)
        self.at_once: list[Optimizer] = []
        self.rings: list[Ring] = []
        delays = self.options.delays(len(self.layers))
        if self.options.schedule.pipelines:
            self.schedule = self._pipeline(delays)
            return
        for start, stop in self.spans if self.options.pipeline else [(0, len(self.layers))]:
            optimizer, delay = self.optimizer(start, stop), delays[start]
            if delay:
                self.rings.append(Ring(delay, optimizer))
            else:
                self.at_once.append(optimizer)
        slots = itertools.chain(*(ring.places for ring in self.rings))
        self.under_way = [(f, g) for f, gradient in itertools.chain(*slots) for g in gradient.values()]

    def _pipeline(self, delays: Sequence[int]) -> Pipeline:
        """The stages of the modules, each as late as its layers are."""
        replicas, dtype = self.context.replicas, self.context.dtype
        stages = []
        for start, stop in self.spans:
            f, optimizer, late = module(self.layers[start:stop]), self.optimizer(start, stop), delays[start]
            stages.append(DelayedStage(f, optimizer, start + 1, late, None if late else self.loss, replicas))
        channels = [Channel(stage.f.n_out, stage.delay + 1, replicas, dtype) for stage in stages[:-1]]
        return Pipeline(stages, channels, replicas)

    def set_rate(self, factor: float) -> None:
        super().set_rate(factor)
        for ring in self.rings:
            ring.scale()

    def step(self, batch: Batch) -> None:
        h, t = self.begin(batch), int(self.t)
        if self.schedule:
            self.schedule.step(h, batch)
            return
        for ring in self.rings:
            ring.turn(t)
        for f in self.layers:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
        self.network.backward(self.loss.delta(h, batch))  # delta_{i-1} = delta_i · dh_i/dh_{i-1}
        for optimizer in self.at_once:
            optimizer.update()  # theta_i <- theta_i - alpha · grad
        for ring in self.rings:
            ring.update(t)  # theta_i <- theta_i - alpha · grad of d steps ago
        self.t += 1

    def state(self) -> State:
        if self.schedule:
            return super().state()
        rings = {f"delay.{k}.kept": ring.kept for k, ring in enumerate(self.rings)}
        return super().state() | rings | {"delay.t": self.t}
