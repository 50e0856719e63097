"""Schedules written out plainly, for tests to compare the package against: plain loops, lists of what was at each step.

It shares no code with the package, only ``activate`` and ``sigmoid`` with the other straight line. Arrays go by the
names of a run (``layer.1.W``, ``generator.2.1.b``, ``input_model.2.1.W``); they are replaced and never changed, so
that what was kept of an old step still has the weights of that step. The outputs are bits.

A module is the layers between two interfaces. Batches are consecutive slices in fixed order, the last may be shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from support.plain_numpy import activate, sigmoid

Floats = NDArray[np.float64]
Arrays = dict[str, Floats]
SEEN = ("layer-output", "label", "input")


@dataclass
class Kept:
    """What a layer's forward pass leaves: h = f(a), a = x W + b or gamma n + beta, and the weights it was made with."""

    name: str
    x: Floats
    W: Floats
    gamma: Floats | None
    n: Floats
    spread: Floats
    h: Floats
    slope: Floats


@dataclass
class Line:
    """A network on its way: the arrays ``p`` as they are, and how they move.

    ``errors`` are sums of |target - prediction| in this epoch by model, ``outputs`` those of the epoch by batch.
    """

    x: Floats
    y: Floats
    p: Arrays
    interfaces: Sequence[int]
    layers: int
    activation: str
    loss: str
    optimiser: str
    alpha: float
    batch: int
    epochs: int
    reduction: str = "mean"
    alpha_generator: float = 0.0
    alpha_input: float = 0.0
    sees: Sequence[str] = ("layer-output", "label")
    standardize: bool = False
    scale: float = 1.0
    inner: str = "relu"
    frozen: Sequence[str] = ()
    memory: dict[str, tuple[int, Floats, Floats]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    outputs: list[Floats] = field(default_factory=list)

    def spans(self) -> list[tuple[int, int]]:
        """Modules as pairs a, b: layers a + 1 to b."""
        return list(pairwise([0, *self.interfaces, self.layers]))

    def begin(self) -> list[tuple[Floats, Floats]]:
        """Begin an epoch; its batches."""
        self.errors, self.outputs = {}, []
        starts = range(0, len(self.x), self.batch)
        return [(self.x[i : i + self.batch], self.y[i : i + self.batch]) for i in starts]

    # layers and modules -------------------------------------------------------------------------

    def up(self, name: str, x: Floats, kind: str) -> Kept:
        """A layer forward; with gamma its batch is normalised and the running statistics move."""
        p, gamma = self.p, self.p.get(f"{name}.gamma")
        a, n, spread = x @ p[f"{name}.W"], x, x
        if gamma is not None:
            mean, var, rows = a.mean(0, keepdims=True), a.var(0, keepdims=True), len(a)
            for what, value in (("mean", mean), ("var", var * rows / (rows - 1))):
                p[f"{name}.running_{what}"] = 0.9 * p[f"{name}.running_{what}"] + 0.1 * value
            spread = np.sqrt(var + 1e-5)
            n = (a - mean) / spread
            a = gamma * n
        shift = p.get(f"{name}.b", p.get(f"{name}.beta"))
        h, slope = activate(kind, a if shift is None else a + shift)
        return Kept(name, x, p[f"{name}.W"], gamma, n, spread, h, slope)

    def down(self, kept: Kept, delta: Floats) -> tuple[Arrays, Floats]:
        """The sums of a layer's gradients over the batch, and dL/dx, at the weights that were kept."""
        d = delta * kept.slope
        grads = {"b": d.sum(0, keepdims=True), "beta": d.sum(0, keepdims=True)}
        if kept.gamma is not None:
            grads["gamma"] = (d * kept.n).sum(0, keepdims=True)
            q = d * kept.gamma
            d = (q - q.mean(0) - kept.n * (q * kept.n).mean(0)) / kept.spread
        grads["W"] = kept.x.T @ d
        return {f"{kept.name}.{k}": g for k, g in grads.items() if f"{kept.name}.{k}" in self.p}, d @ kept.W.T

    def module_up(self, span: tuple[int, int], x: Floats) -> list[Kept]:
        """A module forward."""
        passed = list[Kept]()
        for i in range(span[0] + 1, span[1] + 1):
            output = "sigmoid" if self.loss == "squared-error" else "identity"
            passed.append(self.up(f"layer.{i}", x, output if i == self.layers else self.activation))
            x = passed[-1].h
        return passed

    def chain_down(self, passed: Sequence[Kept], delta: Floats) -> tuple[Arrays, Floats]:
        """Backpropagation through layers that stand above one another."""
        grads = Arrays()
        for kept in reversed(passed):
            own, delta = self.down(kept, delta)
            grads |= own
        return grads, delta

    def output_delta(self, h: Floats, y: Floats) -> Floats:
        """dL/dh of the output layer, whose h is o, or with cross-entropy the logit of o."""
        o = h if self.loss == "squared-error" else sigmoid(h)
        self.outputs.append(o)
        return o - y

    # models -------------------------------------------------------------------------------------

    def chain_up(self, prefix: str, z: Floats) -> list[Kept]:
        """A model's layers forward; the last one is linear."""
        count = sum(f"{prefix}.{k}.W" in self.p for k in range(1, 9))
        passed = list[Kept]()
        for k in range(1, count + 1):
            passed.append(self.up(f"{prefix}.{k}", z, "identity" if k == count else self.inner))
            z = passed[-1].h
        return passed

    def synthetic(self, i: int, h: Floats, x: Floats, y: Floats) -> list[Kept]:
        """sg_i = M_i(z), z = [h, y, x] of what is seen."""
        if self.standardize:
            h = (h - h.mean(0)) / np.sqrt(h.var(0) + 1e-5)
        parts = {"layer-output": h, "label": y, "input": x}
        return self.chain_up(f"generator.{i}", np.hstack([parts[name] for name in SEEN if name in self.sees]))

    def predicted(self, i: int, x: Floats) -> list[Kept]:
        """x^ = I_i(x) in the place of h_i; empty where there is no such model."""
        return self.chain_up(f"input_model.{i}", x) if f"input_model.{i}.1.W" in self.p else []

    def fit(self, passed: Sequence[Kept], target: Floats, anew: bool = False) -> None:
        """One step towards a prediction's target: its own activations, or those made anew, and the weights of now."""
        if anew:
            passed = self.chain_up(passed[0].name.rpartition(".")[0], passed[0].x)
        kind, i = passed[0].name.split(".")[:2]
        miss = passed[-1].h - target
        self.errors[f"{kind}.{i}"] = self.errors.get(f"{kind}.{i}", 0.0) + float(np.abs(miss).sum())
        now = [replace(k, W=self.p[f"{k.name}.W"], gamma=self.p.get(f"{k.name}.gamma")) for k in passed]
        grads, _ = self.chain_down(now, miss)
        self.move(grads, self.alpha_generator if kind == "generator" else self.alpha_input, len(target))

    def move(self, grads: Arrays, alpha: float, rows: int) -> None:
        """theta <- theta - step: sgd, momentum 0.9, or adam (0.9, 0.999, 1e-8)."""
        for name, total in grads.items():
            g = total / rows if self.reduction == "mean" else total
            if any(name.startswith(f"{layer}.") for layer in self.frozen):
                continue
            zero = np.zeros_like(g)
            t, first, second = self.memory.get(name, (0, zero, zero))
            t, step = t + 1, alpha * g
            if self.optimiser == "momentum":
                first = 0.9 * first + alpha * g
                step = first
            if self.optimiser == "adam":
                first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
                step = alpha * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
            self.memory[name] = t, first, second
            self.p[name] = self.p[name] - step


def in_order(line: Line, coins: Sequence[Sequence[bool]] | None = None) -> None:
    """DNI one module after the other, in step t module k only if ``coins[t][k]``; with input models on what they say.

    A module that learns teaches the generator below it and its own input model.
    """
    step = 0
    for _ in range(line.epochs):
        for x, y in line.begin():
            h, sg = x, list[Kept]()
            for k, (a, b) in enumerate(line.spans()):
                guess = line.predicted(a, x) if k else []
                passed = line.module_up((a, b), guess[-1].h if guess else h)
                h_below, h, sg_below, sg = h, passed[-1].h, sg, []
                delta = line.output_delta(h, y) if b == line.layers else None
                if coins is not None and not coins[step][k]:
                    continue
                if delta is None:
                    sg = line.synthetic(b, h, x, y)
                    delta = line.scale * sg[-1].h
                grads, g = line.chain_down(passed, delta)
                line.move(grads, line.alpha, len(x))
                if k:
                    line.fit(sg_below or line.synthetic(a, h_below, x, y), g)
                if guess:
                    line.fit(guess, h_below)
            step += 1


def pipelined(line: Line, delay: int, anew: bool = True) -> None:
    """DNI in which every module works in every step, and what comes from above comes ``delay`` steps late.

    Generator and input model are fitted after step t to the targets of step t - delay, their predictions made ``anew``
    or those of then; at the end of an epoch, to those of its last steps.
    """
    for _ in range(line.epochs):
        _pipelined_epoch(line, delay, anew, line.begin())


def _pipelined_epoch(line: Line, delay: int, anew: bool, batches: Sequence[tuple[Floats, Floats]]) -> None:
    spans = line.spans()
    hs = [list[Floats]() for _ in spans]  # hs[k][t] of module k in step t, and so on
    gs = [list[Floats]() for _ in spans]  # dL/dh of its output, from the module above
    sgs = [list[list[Kept]]() for _ in spans]
    guesses = [list[list[Kept]]() for _ in spans]

    def learn(k: int, s: int) -> None:
        if sgs[k]:
            line.fit(sgs[k][s], gs[k][s], anew)
        if guesses[k][s]:
            line.fit(guesses[k][s], hs[k - 1][s], anew)

    for t, (x, y) in enumerate(batches):
        for k, (a, b) in enumerate(spans):
            guesses[k].append(line.predicted(a, x) if k else [])
            below = guesses[k][t][-1].h if guesses[k][t] else hs[k - 1][t] if k else x
            passed = line.module_up((a, b), below)
            hs[k].append(passed[-1].h)
            if b == line.layers:
                delta = line.output_delta(hs[k][t], y)
            else:
                sgs[k].append(line.synthetic(b, hs[k][t], x, y))
                delta = line.scale * sgs[k][t][-1].h
            grads, g = line.chain_down(passed, delta)
            line.move(grads, line.alpha, len(x))
            if k:
                gs[k - 1].append(g)
            if t >= delay:
                learn(k, t - delay)
    for k in range(len(spans)):
        for s in range(max(0, len(batches) - delay), len(batches)):
            learn(k, s)


def late(line: Line, delay: int, settle: bool = True) -> None:
    """True gradients that come down late, ``delay`` steps a module, at the weights and activations of their own step.

    At the end of an epoch what is under way still moves the modules; without ``settle`` it is lost.
    """
    for _ in range(line.epochs):
        _late_epoch(line, delay, settle, line.begin())


def _late_epoch(line: Line, delay: int, settle: bool, batches: Sequence[tuple[Floats, Floats]]) -> None:
    spans = line.spans()
    passed = [list[list[Kept]]() for _ in spans]  # passed[k][t] of module k in step t
    gs = [list[Floats]() for _ in spans]  # dL/dh of its output
    delays = [delay * (len(spans) - 1 - k) for k in range(len(spans))]

    def learn(k: int, s: int) -> None:
        grads, g = line.chain_down(passed[k][s], gs[k][s])
        line.move(grads, line.alpha, len(batches[s][0]))
        if k:
            gs[k - 1].append(g)

    for t, (x, y) in enumerate(batches):
        h = x
        for k, span in enumerate(spans):
            passed[k].append(line.module_up(span, h))
            h = passed[k][t][-1].h
            if not delays[k]:
                gs[k].append(line.output_delta(h, y))
            if t >= delays[k]:
                learn(k, t - delays[k])
    for k in reversed(range(len(spans)) if settle else range(0)):
        for s in range(max(0, len(batches) - delays[k]), len(batches)):
            learn(k, s)
