"""One training step of synthgrad against a straight-line NumPy script and the bare matrix products.

    python tests/benchmarks/step.py            all settings
    python tests/benchmarks/step.py --quick    fewer rounds

Everything runs in one process with one BLAS thread, in turn: script, products, synthgrad, its backprop, script, ...
The table gives medians over the rounds in microseconds a step, and ratios with their spread (10 % to 90 %).
The script computes what the tutorial's scripts print: sum |o - y| and, for synthetic gradients, the sum of
|target - sg| at the last hidden layer; with --bare not even that. synthgrad's time is that of its ``train``
loop, with all that it does (outputs recorded, losses, accuracies and every generator's error, the check for
non-finite numbers, the snapshot).
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from synthgrad.config import check
from synthgrad.experiment import Config, Epoch, Experiment, train
from synthgrad.scores import measured
from synthgrad.tasks.task import Examples

Steps = Callable[[], None]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def script(kind: str, widths: list[int], batch: int, n: int, dtype: str, activation: str, bare: bool) -> Steps:
    """An epoch as a reader of the tutorial would write it, without buffers."""
    rs = np.random.RandomState(1)
    X = (rs.rand(n, widths[0]) > 0.5).astype(dtype)
    Y = (rs.rand(n, widths[-1]) > 0.5).astype(dtype)
    Ws = [(rs.randn(a, b) * 0.2 - 0.1).astype(dtype) for a, b in itertools.pairwise(widths)]
    L = len(Ws)
    n_y = widths[-1]
    n_z = {"layer-output": lambda h: h, "label": lambda h: n_y, "both": lambda h: h + n_y}
    Ms = [np.zeros((n_z[kind](h), h), dtype) for h in widths[1:-1]] if kind in n_z else []
    Bs = [
        rs.randn(n_y if kind != "feedback-alignment" else b, a).astype(dtype) for a, b in itertools.pairwise(widths[1:])
    ]
    Vs = [(rs.randn(h, n_y) * 0.2 - 0.1).astype(dtype) for h in widths[1:-1]]
    sizes = [np.abs(W).mean() for W in Ws]
    late, delay = [], int(kind == "delayed-gradient")
    alpha, alpha_M = (1e-4, 1e-4) if batch > 100 else (0.1, 0.001)

    def f(a, last):
        return sigmoid(a) if last or activation == "sigmoid" else np.maximum(a, 0)

    def slope(h, last):
        return h * (1 - h) if last or activation == "sigmoid" else (h > 0).astype(h.dtype)

    printed = [0.0, 0.0]

    def note(column, error):
        if not bare:
            printed[column] += np.sum(np.abs(error))

    def backprop(x, y):
        hs = [x]
        for i in range(L):
            hs.append(f(hs[-1].dot(Ws[i]), i == L - 1))
        delta = hs[-1] - y
        note(0, delta)
        ds = [None] * L
        for i in reversed(range(L)):
            ds[i] = delta * slope(hs[i + 1], i == L - 1)
            if i:
                delta = down(i, ds[i], ds[-1], y)
        late.append([hs[i].T.dot(ds[i]) for i in range(L)])
        if len(late) > delay:
            for W, g in zip(Ws, late.pop(0), strict=True):
                W -= alpha * g

    down = {
        "feedback-alignment": lambda i, d, e, y: d.dot(Bs[i - 1]),
        "direct-feedback-alignment": lambda i, d, e, y: e.dot(Bs[i - 1]),
        "sign-symmetry": lambda i, d, e, y: d.dot(sizes[i] * np.sign(Ws[i]).T),
        "drtp": lambda i, d, e, y: (0.5 - y).dot(Bs[i - 1]),
    }.get(kind, lambda i, d, e, y: d.dot(Ws[i].T))

    def frozen(x, y):
        for i in range(L):
            below, x = x, f(x.dot(Ws[i]), i == L - 1)
        note(0, x - y)
        Ws[-1] -= alpha * below.T.dot((x - y) * slope(x, True))

    def local(x, y):
        for i in range(L):
            below, x = x, f(x.dot(Ws[i]), i == L - 1)
            delta = x - y if i == L - 1 else None
            if delta is None:
                o = sigmoid(x.dot(Vs[i]))
                r = (o - y) * o * (1 - o)
                delta = r.dot(Vs[i].T)
                Vs[i] -= alpha * x.T.dot(r)
            else:
                note(0, delta)
            Ws[i] -= alpha * below.T.dot(delta * slope(x, i == L - 1))

    def dni(x, y):
        h, z, sg = x, None, None
        for i in range(L):
            below = h
            h = f(below.dot(Ws[i]), i == L - 1)
            if i == L - 1:
                delta = h - y
                note(0, delta)
            else:
                z_i = h if kind == "layer-output" else y if kind == "label" else np.concatenate([h, y], axis=1)
                delta = z_i.dot(Ms[i])
            d = delta * slope(h, i == L - 1)
            if i:
                error = sg - d.dot(Ws[i].T)
                Ms[i - 1] -= alpha_M * z.T.dot(error)
                if i == L - 1:
                    note(1, error)
            Ws[i] -= alpha * below.T.dot(d)
            if i < L - 1:
                z, sg = z_i, delta

    step = dni if kind in n_z else {"frozen": frozen, "local-loss": local}.get(kind, backprop)

    def epoch():
        for k in range(n // batch):
            step(X[k * batch : (k + 1) * batch], Y[k * batch : (k + 1) * batch])

    return epoch


def products(kind: str, widths: list[int], batch: int, n: int, dtype: str) -> Steps:
    """Only the matrix products of the same epoch, into arrays that are there."""
    rs = np.random.RandomState(1)
    calls = []

    def product(a, b, ta=False, tb=False):
        A = rs.randn(*(a[::-1] if ta else a)).astype(dtype)
        B = rs.randn(*(b[::-1] if tb else b)).astype(dtype)
        calls.append((A.T if ta else A, B.T if tb else B, np.empty((a[0], b[1]), dtype)))

    L = len(widths) - 1
    for i, (a, b) in enumerate(itertools.pairwise(widths)):
        product((batch, a), (a, b))
        if kind != "frozen" or i == L - 1:
            product((a, batch), (batch, b), ta=True)
            if i and kind in ("direct-feedback-alignment", "drtp"):
                product((batch, widths[-1]), (widths[-1], a))
            elif i and kind != "local-loss":
                product((batch, b), (b, a), tb=kind != "feedback-alignment")
        if kind == "local-loss" and i < L - 1:
            product((batch, b), (b, widths[-1]))
            product((b, batch), (batch, widths[-1]), ta=True)
            product((batch, widths[-1]), (widths[-1], b), tb=True)
        if kind in ("layer-output", "label", "both") and i < L - 1:
            n_z = {"layer-output": b, "label": widths[-1], "both": b + widths[-1]}[kind]
            product((batch, n_z), (n_z, b))
            product((n_z, batch), (batch, b), ta=True)

    def epoch():
        for _ in range(n // batch):
            for a, b, c in calls:
                np.dot(a, b, c)

    return epoch


class Bits:
    """Random bits of any width, with what an experiment wants of a task."""

    fresh, outputs, scores, score = False, "bits", ("bit_accuracy", "exact_accuracy"), partial(measured, "bits")

    def __init__(self, seed: int, n: int, n_x: int, n_y: int) -> None:
        rs = np.random.RandomState(seed)
        self.n_x, self.n_y = n_x, n_y
        self.train = Examples((rs.rand(n, n_x) > 0.5) * 1.0, (rs.rand(n, n_y) > 0.5) * 1.0)
        self.test = Examples(np.zeros((0, n_x)), np.zeros((0, n_y)))


def synthgrad_run(kind, widths, batch, n, dtype, activation, seeds=1) -> Steps:
    """synthgrad's own loop, an epoch at a time."""
    trainer = "dni" if kind in ("layer-output", "label", "both") else kind
    alpha, alpha_M = (1e-4, 1e-4) if batch > 100 else (0.1, 0.001)
    models = {
        "dni": f", generator: {{input: {kind}, bias: false, alpha: {alpha_M}, reduce: {{weights: sum}}}}",
        "local-loss": f", head: {{bias: false, alpha: {alpha}, reduce: {{weights: sum}}}}",
    }
    text = f"""
task: {{name: binary-addition, train_examples: {n}}}
network: {{hidden: {list(widths[1:-1])}, activation: {activation}, bias: false, dtype: {dtype}}}
trainer: {{name: {trainer}, alpha: {alpha}, reduce: {{weights: sum}}{models.get(trainer, "")}}}
training: {{epochs: 1000000, batch_size: {batch}, evaluate_every: 1000000}}
"""
    configs = [check(f"seed: {s}\n{text}", Config) for s in range(1, seeds + 1)]
    tasks = [Bits(s, n, widths[0], widths[-1]) for s in range(seeds)]
    records = (record for record in train(Experiment(configs, tasks)) if isinstance(record, Epoch))

    def epoch():
        next(records)

    return epoch


RIVALS = (
    "feedback-alignment", "direct-feedback-alignment", "sign-symmetry", "drtp", "local-loss", "delayed-gradient",
)  # fmt: skip
SETTINGS = [
    *(("tutorial", k, [24, 128, 64, 12], 10, 1000, d, "sigmoid", 1)
      for d in ("float64", "float32") for k in ("backprop", "frozen", "layer-output", "label", "both", *RIVALS)),
    *(("ten seeds", k, [24, 128, 64, 12], 10, 1000, d, "sigmoid", 10)
      for d in ("float64", "float32") for k in ("backprop", "layer-output", "both")),
    *(("wide", k, [784, 256, 256, 256, 10], 256, 2560, "float32", a, 1)
      for a in ("sigmoid", "relu") for k in ("backprop", "both", *RIVALS)),
]  # fmt: skip
GOALS = {  # script, products
    ("tutorial", "backprop"): (0.85, 1.8),
    ("tutorial", "layer-output"): (0.85, 1.8),
    ("tutorial", "label"): (0.85, 1.8),
    ("tutorial", "both"): (0.85, 1.8),
    ("ten seeds", "backprop"): (0.65, None),
    ("ten seeds", "both"): (0.72, None),
    ("wide", "backprop"): (None, 1.10),
    ("wide", "both"): (None, 1.15),
    **{("wide", kind): (None, 1.15) for kind in RIVALS},
}


def measure(variants: list[Steps], rounds: int) -> list[list[float]]:
    """Seconds of each variant in each round, one epoch each, in turn."""
    times: list[list[float]] = [[] for _ in variants]
    for k in range(rounds + 2):
        for variant, mine in zip(variants, times, strict=True):
            start = time.perf_counter()
            variant()
            if k >= 2:  # the first two are warm-up
                mine.append(time.perf_counter() - start)
    return times


def ratio(a: list[float], b: list[float]) -> str:
    pairs = np.array(a) / np.array(b)
    low, high = np.quantile(pairs, [0.1, 0.9])
    return f"{np.median(a) / np.median(b):5.2f} ({low:.2f}..{high:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--bare", action="store_true", help="a script that prints nothing and so computes no sums")
    parser.add_argument("--only", default="", help="only settings whose name contains this")
    options = parser.parse_args()
    head = f"{'net':<10} {'trainer':<25} {'dtype':<8} {'act':<8} {'script':>8} {'products':>9} {'synthgrad':>10}"
    print(f"{head}  {'/ script':<19} {'/ products':<19} {'/ backprop':<19} goals")
    missed = 0
    for net, kind, widths, batch, n, dtype, activation, seeds in SETTINGS:
        if options.only not in f"{net} {kind} {dtype} {activation}":
            continue
        steps = n // batch
        rounds = (15 if net == "wide" else 40) // (3 if options.quick else 1)
        variants = [
            script(kind, widths, batch, n, dtype, activation, options.bare),
            products(kind, widths, batch, n, dtype),
            synthgrad_run(kind, widths, batch, n, dtype, activation, seeds),
            synthgrad_run("backprop", widths, batch, n, dtype, activation, seeds),
        ]
        a, b, c, d = measure(variants, rounds)
        c, d = ([seconds / seeds for seconds in each] for each in (c, d))
        goals = GOALS.get((net, kind), (None, None))
        held = [g is None or np.median(c) / np.median(t) <= g for g, t in zip(goals, (a, b), strict=True)]
        missed += not all(held)
        wanted = " ".join(f"{g} {'ok' if ok else 'MISSED'}" for g, ok in zip(goals, held, strict=True) if g is not None)
        us = [f"{np.median(t) / steps * 1e6:.1f}" for t in (a, b, c)]
        print(
            f"{net:<10} {kind:<25} {dtype:<8} {activation:<8} {us[0]:>8} {us[1]:>9} {us[2]:>10}  "
            f"{ratio(c, a):<19} {ratio(c, b):<19} {ratio(c, d):<19} {wanted}",
            flush=True,
        )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
