"""The tutorial's experiments and a general reference, written out plainly.

It shares no code with the package, so that tests can compare the package against it. T1, T3, T5
are experiments of the tutorial; `modern` is for given arrays. In all of them batches are
consecutive slices in fixed order, a short last one is dropped, and figures are sums over an
iteration (a pass over the data), each batch measured before its own update.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Iteration(TypedDict):
    """Figures of one pass of `dni_layer_output`."""

    abs_error: float
    generator_error: list[float]
    bit_accuracy: float


class Trained(NamedTuple):
    """What `modern` returns; with `normalize`, the hidden entries of `biases` are the betas."""

    weights: list[Floats]
    biases: list[Floats]
    gammas: list[Floats]
    generator_weights: list[Floats]
    generator_biases: list[Floats]
    head_weights: list[Floats]
    head_biases: list[Floats]
    outputs: list[Floats]  # one array per batch of the last epoch


KNOWN = {
    "trainer": {"backprop", "frozen", "dni", "feedback-alignment", "direct-feedback-alignment", "sign-symmetry",
                "drtp", "local-loss", "delayed-gradient"},
    "loss": {"squared-error", "cross-entropy"},
    "optimiser": {"sgd", "adam"},
    "generator input": {"layer-output", "label", "input"},
}  # fmt: skip
"""What `modern` has a reference for."""


def sigmoid(a: Floats) -> Floats:
    """1 / (1 + exp(-a))"""
    with np.errstate(over="ignore"):  # exp(-a) = inf gives the right limit, 0
        return 1 / (1 + np.exp(-a))


def tutorial_data(rs: np.random.RandomState, bits: int, n: int) -> tuple[Integers, Integers, Floats, Floats]:
    """left, right = int(rand(n) * 2^(bits-1)), in this order; x = [bits(left), bits(right)],
    y = bits(left + right)."""
    left = (rs.rand(n) * 2 ** (bits - 1)).astype(np.int64)
    right = (rs.rand(n) * 2 ** (bits - 1)).astype(np.int64)
    shifts = np.arange(bits - 1, -1, -1)  # most significant bit first
    x = (np.hstack([left[:, None] >> shifts, right[:, None] >> shifts]) & 1).astype(np.float64)
    y = ((left + right)[:, None] >> shifts & 1).astype(np.float64)
    return left, right, x, y


def batches(x: Floats, y: Floats, batch: int) -> list[tuple[Floats, Floats]]:
    """Consecutive slices of `batch` rows."""
    starts = range(0, len(x) - batch + 1, batch)
    return [(x[i : i + batch], y[i : i + batch]) for i in starts]


def vanilla(
    bits: int, examples: int, hidden: Sequence[int], batch: int, alpha: float,
    iterations: int, seed: int,
) -> list[float]:  # fmt: skip
    """T1, backpropagation without biases: abs_delta = sum |(o - y) o (1 - o)| per iteration.

    W = randn * 0.2 - 0.1 layer by layer, after the data; d_last = (o - y) o (1 - o),
    d_i = (d_{i+1} W_{i+1}^T) h_i (1 - h_i); then W_i -= alpha * h_{i-1}^T d_i (sum).
    """
    rs, sizes = np.random.RandomState(seed), [2 * bits, *hidden, bits]
    _, _, x, y = tutorial_data(rs, bits, examples)
    w = [rs.randn(a, b) * 0.2 - 0.1 for a, b in pairwise(sizes)]
    curve = []
    for _ in range(iterations):
        total = 0.0
        for bx, by in batches(x, y, batch):
            h = [bx]
            for wi in w:
                h.append(sigmoid(h[-1] @ wi))
            deltas = [(h[-1] - by) * h[-1] * (1 - h[-1])]
            total += float(np.sum(np.abs(deltas[0])))
            for i in range(len(w) - 1, 0, -1):
                deltas.insert(0, (deltas[0] @ w[i].T) * (h[i] * (1 - h[i])))
            for i, d in enumerate(deltas):
                w[i] -= alpha * (h[i].T @ d)
        curve.append(total)
    return curve


def dni_layer_output(
    bits: int, examples: int, hidden: Sequence[int], batch: int, alpha: float,
    iterations: int, seed: int, frozen: bool = False,
) -> list[Iteration]:  # fmt: skip
    """T3, synthetic gradients from the layer's output, corrected signs.

    Per layer, output layer included: W = randn * 2 - 1, b = randn * 2 - 1, M = randn * 0, m =
    randn * 0. Hidden layers, going up: h = sigmoid(x W + b), sg = h M + m, d = sg h (1 - h),
    W -= alpha * x^T d (sum), b -= alpha * mean(d), hands down d W^T with the NEW W. Output layer:
    the same with d = (o - y) o (1 - o). Then M -= alpha * h^T (sg - t) (sum), m -= alpha *
    mean(sg - t), where t is what the next layer handed down; generator_error = sum |t - sg|.
    bit_accuracy is the share of (o > 0.5) == y, also before each batch's update.
    `frozen`: hidden layers never change and there is no generator (generator_error is []).
    """
    rs, sizes = np.random.RandomState(seed), [2 * bits, *hidden, bits]
    _, _, x, y = tutorial_data(rs, bits, examples)
    last = len(hidden)
    w, b, gw, gb = [], [], [], []
    for n_in, n_out in pairwise(sizes):
        w.append(rs.randn(n_in, n_out) * 2 - 1)
        b.append(rs.randn(n_out) * 2 - 1)
        gw.append(rs.randn(n_out, n_out) * 0)
        gb.append(rs.randn(n_out) * 0)
    curve = []
    for _ in range(iterations):
        abs_error, right, n = 0.0, 0, 0
        generator_error = [0.0] * (0 if frozen else last)
        for bx, by in batches(x, y, batch):
            h = [bx]
            synthetic, handed_down = [], []
            for i in range(last + 1):
                h.append(sigmoid(h[i] @ w[i] + b[i]))
                out = h[i + 1]
                if i == last:
                    abs_error += float(np.sum(np.abs(out - by)))
                    right += int(np.sum((out > 0.5) == (by > 0.5)))
                    n += by.size
                    d = (out - by) * out * (1 - out)
                elif frozen:
                    continue
                else:
                    synthetic.append(out @ gw[i] + gb[i])
                    d = synthetic[i] * out * (1 - out)
                w[i] -= alpha * (h[i].T @ d)
                b[i] -= alpha * np.mean(d, axis=0)
                handed_down.append(d @ w[i].T)
            for i in range(0 if frozen else last):
                miss = synthetic[i] - handed_down[i + 1]
                gw[i] -= alpha * (h[i + 1].T @ miss)
                gb[i] -= alpha * np.mean(miss, axis=0)
                generator_error[i] += float(np.sum(np.abs(miss)))
        curve.append(Iteration(abs_error=abs_error, generator_error=generator_error, bit_accuracy=right / n))
    return curve


def printed_listing(
    bits: int, examples: int, hidden: Sequence[int], batch: int, alpha: float,
    iterations: int, seed: int, sign: int = +1,
) -> list[float]:  # fmt: skip
    """T5, the class as printed: abs_delta = sum |(o - y) o (1 - o)| per iteration.

    Per layer W = randn * 0.2 - 0.1, then M = randn * 0.2 - 0.1; no biases. EVERY layer, going up:
    h = sigmoid(x W), sg = h M, d = sg h (1 - h), W += sign * alpha * x^T d, hands down d W^T with
    the NEW W. Then every M += sign * alpha * h^T (sg - t); t is o - y for the output layer.
    """
    rs, sizes = np.random.RandomState(seed), [2 * bits, *hidden, bits]
    _, _, x, y = tutorial_data(rs, bits, examples)
    w, gw = [], []
    for n_in, n_out in pairwise(sizes):
        w.append(rs.randn(n_in, n_out) * 0.2 - 0.1)
        gw.append(rs.randn(n_out, n_out) * 0.2 - 0.1)
    curve = []
    with np.errstate(all="ignore"):  # with sign=+1 this overflows; that is what it shows
        for _ in range(iterations):
            total = 0.0
            for bx, by in batches(x, y, batch):
                h = [bx]
                synthetic, handed_down = [], []
                for i in range(len(w)):
                    h.append(sigmoid(h[i] @ w[i]))
                    synthetic.append(h[i + 1] @ gw[i])
                    d = synthetic[i] * h[i + 1] * (1 - h[i + 1])
                    w[i] += sign * alpha * (h[i].T @ d)
                    handed_down.append(d @ w[i].T)
                o = h[-1]
                total += float(np.sum(np.abs((o - by) * o * (1 - o))))
                targets = [*handed_down[1:], o - by]
                for i in range(len(w)):
                    gw[i] += sign * alpha * (h[i + 1].T @ (synthetic[i] - targets[i]))
            curve.append(total)
    return curve


def activate(name: str, a: Floats) -> tuple[Floats, Floats]:
    """h = f(a) and f'(a) for sigmoid, tanh, relu (f'(0) = 0), identity."""
    if name == "sigmoid":
        h = sigmoid(a)
        return h, h * (1 - h)
    if name == "tanh":
        return np.tanh(a), 1 - np.tanh(a) ** 2
    if name == "relu":
        return np.maximum(a, 0), (a > 0).astype(np.float64)
    if name == "identity":
        return a, np.ones_like(a)
    raise ValueError(name)


def modern(
    x_train: Floats, y_train: Floats, weights: Sequence[Floats], biases: Sequence[Floats], *,
    activation: str, loss: str, trainer: str, generator_inputs: Sequence[str] = ("layer-output",),
    optimiser: str = "sgd", alpha: float, alpha_generator: float = 0.0, reduction: str = "mean",
    batch: int, epochs: int, normalize: bool = False, feedback: Sequence[Floats] = (),
    sizes: Sequence[float] = (), heads: Sequence[tuple[Floats, Floats]] = (), alpha_head: float = 0.0,
    delays: Sequence[int] = (),
) -> Trained:  # fmt: skip
    """A general reference for given initial arrays (which are not changed).

    Layers: z = h W; a = z + b, or with `normalize` in hidden layers a = gamma n + beta,
    n = (z - mean z) / sqrt(var z + 1e-5) over the batch (var biased, gamma = 1 and beta = 0 at
    the start; the hidden entries of `biases` are then ignored); h = f(a); output o = sigmoid(a).
    Output delta at a: o - y (cross-entropy) or (o - y) o (1 - o) (squared-error).
    Hidden delta at a: g f'(a), where g is
      backprop                   the next layer's dz W^T
      dni                        Z M + c, Z = [layer-output, label, input] as listed in
                                 `generator_inputs`, always in that order, M = c = 0 at the start
      feedback-alignment         the next layer's dz B, B = feedback[i] of this layer i = 0, 1, ...
      direct-feedback-alignment  the output's delta times B
      sign-symmetry              the next layer's dz S^T, S = s where W >= 0 and -s elsewhere, s = sizes[i]
      drtp                       (1/2 - label) B
      local-loss                 r V^T, r the output delta of o' = sigmoid(h V + v); V, v = heads[i] at the start,
                                 their gradients h^T r and sum r, updated with `alpha_head`
    dz = delta, or with `normalize`, the batch coupled through n, with q = delta *
    gamma: dz = (q - mean q - n mean(q n)) / sqrt(var + 1e-5).
    Gradients: W: h_in^T dz, b or beta: sum delta, gamma: sum delta n; generators, with e = g - t,
    t = the next layer's dz W^T: M: Z^T e, c: sum e. 'mean' divides each by the batch size.
    Everything is computed from the values before the step, then everything is updated, layers
    with `alpha`, generators with `alpha_generator`: sgd, or adam (0.9, 0.999, 1e-8).
    frozen: only the output layer's W and b are updated.
    delayed-gradient: as backprop, but layer i is updated with the gradients of delays[i] batches
    ago, and not at all before there are any.
    """
    asked = {"trainer": [trainer], "loss": [loss], "optimiser": [optimiser], "generator input": generator_inputs}
    for what, name in ((what, name) for what, names in asked.items() for name in names if name not in KNOWN[what]):
        raise NotImplementedError(
            f"the {what} '{name}' has no reference to be compared with: write it in plain NumPy into `modern` in "
            f"tests/support/plain_numpy.py (for a trainer: what `g` a hidden layer receives), and add it to KNOWN there"
        )
    last = len(weights) - 1
    p = {("W", i): np.array(v, dtype=np.float64) for i, v in enumerate(weights)}
    p |= {("b", i): np.array(v, dtype=np.float64) for i, v in enumerate(biases)}
    for i in range(last):
        n = weights[i].shape[1]
        if normalize:
            p["b", i], p["gamma", i] = np.zeros(n), np.ones(n)
        if trainer == "dni":
            widths = {"layer-output": n, "label": y_train.shape[1], "input": x_train.shape[1]}
            width = sum(widths[k] for k in set(generator_inputs))
            p["M", i], p["c", i] = np.zeros((width, n)), np.zeros(n)
        if trainer == "local-loss":
            p["V", i], p["v", i] = (np.array(v, dtype=np.float64) for v in heads[i])
    first = {k: np.zeros_like(v) for k, v in p.items()}  # adam's moments
    second = {k: np.zeros_like(v) for k, v in p.items()}
    t, outputs = dict.fromkeys(p, 0), list[Floats]()
    past = list[dict[tuple[str, int], Floats]]()
    for _ in range(epochs):
        outputs = []
        for bx, by in batches(x_train, y_train, batch):
            # forward
            h, slopes, norms, spreads = [bx], [], [], []
            for i in range(last):
                z = h[i] @ p["W", i]
                if normalize:
                    spreads.append(np.sqrt(np.mean((z - np.mean(z, 0)) ** 2, 0) + 1e-5))
                    norms.append((z - np.mean(z, 0)) / spreads[i])
                    z = p["gamma", i] * norms[i]
                out, slope = activate(activation, z + p["b", i])
                h.append(out)
                slopes.append(slope)
            o = sigmoid(h[last] @ p["W", last] + p["b", last])
            outputs.append(o)
            # gradients, from the top down
            dz = o - by if loss == "cross-entropy" else (o - by) * o * (1 - o)
            top = dz
            grads = {("W", last): h[last].T @ dz, ("b", last): np.sum(dz, 0)}
            for i in range(last - 1, -1, -1):
                if trainer == "frozen":
                    break
                handed_down = dz @ p["W", i + 1].T
                g = handed_down
                if trainer == "dni":
                    parts = {"layer-output": h[i + 1], "label": by, "input": bx}
                    inputs = np.hstack([v for k, v in parts.items() if k in generator_inputs])
                    g = inputs @ p["M", i] + p["c", i]
                    grads["M", i] = inputs.T @ (g - handed_down)
                    grads["c", i] = np.sum(g - handed_down, 0)
                elif trainer == "feedback-alignment":
                    g = dz @ feedback[i]
                elif trainer == "direct-feedback-alignment":
                    g = top @ feedback[i]
                elif trainer == "sign-symmetry":
                    g = dz @ np.where(p["W", i + 1] < 0, -sizes[i], sizes[i]).T
                elif trainer == "drtp":
                    g = (0.5 - by) @ feedback[i]
                elif trainer == "local-loss":
                    own = sigmoid(h[i + 1] @ p["V", i] + p["v", i])
                    r = own - by if loss == "cross-entropy" else (own - by) * own * (1 - own)
                    g = r @ p["V", i].T
                    grads["V", i], grads["v", i] = h[i + 1].T @ r, np.sum(r, 0)
                dz = g * slopes[i]
                grads["b", i] = np.sum(dz, 0)
                if normalize:
                    grads["gamma", i] = np.sum(dz * norms[i], 0)
                    q = dz * p["gamma", i]
                    dz = (q - np.mean(q, 0) - norms[i] * np.mean(q * norms[i], 0)) / spreads[i]
                grads["W", i] = h[i].T @ dz
            # updates
            past.append({k: v / len(bx) if reduction == "mean" else v for k, v in grads.items()})
            for k in grads:
                late = delays[k[1]] if trainer == "delayed-gradient" else 0
                if late >= len(past):
                    continue
                gradient = past[-1 - late][k]
                step = {"M": alpha_generator, "c": alpha_generator, "V": alpha_head, "v": alpha_head}.get(k[0], alpha)
                t[k] += 1
                if optimiser == "adam":
                    first[k] = 0.9 * first[k] + 0.1 * gradient
                    second[k] = 0.999 * second[k] + 0.001 * gradient**2
                    mean, square = first[k] / (1 - 0.9 ** t[k]), second[k] / (1 - 0.999 ** t[k])
                    gradient = mean / (np.sqrt(square) + 1e-8)
                p[k] = p[k] - step * gradient
    return Trained(
        [p["W", i] for i in range(last + 1)],
        [p["b", i] for i in range(last + 1)],
        [p["gamma", i] for i in range(last) if normalize],
        [p["M", i] for i in range(last) if trainer == "dni"],
        [p["c", i] for i in range(last) if trainer == "dni"],
        [p["V", i] for i in range(last) if trainer == "local-loss"],
        [p["v", i] for i in range(last) if trainer == "local-loss"],
        outputs,
    )


# fmt: off
STATED_T1 = {0: 1494.3602137319758, 1: 1499.2641966254898, 4: 1495.7970393348023,
             9: 1413.9852913607235, 19: 1329.1869086362656, 29: 1266.3614751077969,
             99: 898.862526519, 199: 236.238081927}  # 99 and 199 depend on the BLAS
STATED_T1_8_BITS = {999: 1.77001735428, 1999: 0.327780634499, 2999: 0.181843992452,
                    3999: 0.184111347924, 4999: 0.0999035747467}
STATED_T3 = {999: (380.14201566793, 1694.16764408079), 1999: (367.203984216603, 1717.46239983372),
             2999: (361.265753816325, 1735.53587437409),  # as stated; 361.265375816325 is computed
             3999: (357.190353263669, 1715.18658268174), 4999: (351.924334112431, 1749.48418293663)}
STATED_T5 = {0: 1481.2793, 1: 1423.6419, 4: 852.9659, 9: 616.8941, 19: 603.4151}
# fmt: on


def main() -> None:
    """Print the stated figures beside what this module computes (less than a minute)."""

    def show(what: str, stated: float, computed: float) -> None:
        off = abs(computed - stated) / abs(stated)
        print(f"{what:32} {stated!r:>20} {computed!r:>22}  rel {off:.1e}", flush=True)

    print(f"{'':32} {'stated':>20} {'computed':>22}")
    deltas = vanilla(12, 1000, [128, 64], 10, 0.1, 200, seed=1)
    for i, v in STATED_T1.items():
        show(f"T1 12 bits abs_delta {i}", v, deltas[i])
    deltas = vanilla(8, 100, [128, 64], 10, 0.1, 5000, seed=1)
    for i, v in STATED_T1_8_BITS.items():
        show(f"T1 8 bits abs_delta {i}", v, deltas[i])
    dni = dni_layer_output(8, 100, [64, 32], 10, 0.01, 10000, seed=1)
    for i, (error, generator) in STATED_T3.items():
        show(f"T3 abs_error {i}", error, dni[i]["abs_error"])
        show(f"T3 generator_error[-1] {i}", generator, dni[i]["generator_error"][-1])
    show("T3 bit_accuracy 9999", 0.641, dni[9999]["bit_accuracy"])
    control = dni_layer_output(8, 100, [64, 32], 10, 0.01, 10000, seed=1, frozen=True)
    show("T3 frozen abs_error 9999", 304.17021700261705, control[9999]["abs_error"])
    show("T3 frozen bit_accuracy 9999", 0.703, control[9999]["bit_accuracy"])
    deltas = printed_listing(12, 1000, [128, 64], 1000, 1e-4, 600, seed=1)
    for i, v in STATED_T5.items():
        show(f"T5 abs_delta {i}", v, deltas[i])
    print("T5 first NaN at iteration", next(i for i, v in enumerate(deltas) if np.isnan(v)))


if __name__ == "__main__":
    main()
