"""Optimisers against their formulas, on the gradients of a real layer."""

from __future__ import annotations

import numpy as np
import pytest

from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.network import Network
from synthgrad.nn.optimizers import OPTIMIZERS

B, STEPS = 6, 40


def sgd(alpha):
    def step(theta, g, t):
        return theta - alpha * g

    return step


def momentum(alpha, mu):
    v = np.zeros(())

    def step(theta, g, t):
        nonlocal v
        v = mu * v + alpha * g
        return theta - v

    return step


def adam(alpha, beta1, beta2, epsilon):
    """As Algorithm 1 of arXiv 1412.6980 has it."""
    m = v = np.zeros(())

    def step(theta, g, t):
        nonlocal m, v
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        return theta - alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)

    return step


CASES = {
    "sgd": ({}, sgd),
    "momentum": ({"mu": 0.8}, momentum),
    "adam": ({"beta1": 0.85, "beta2": 0.97, "epsilon": 1e-3}, adam),
}


class Bench:
    """A linear layer with L = mean over the batch of sum(G h): its gradient is known, and moves every step."""

    def __init__(self, name, options=None, replicas=(), dtype=np.float64):
        self.network = Network([DenseSpec(3, 2)], Reduce(), replicas, dtype)
        self.network.set_batch_size(B)
        self.network.theta[...] = np.random.default_rng(0).normal(size=self.network.theta.shape[-1])
        kind = OPTIMIZERS[name]
        self.optimizer = kind(kind.Options(name=name, **(options or {})), self.network.part(0, 1))

    def gradient(self, t):
        """The true gradient of step t, flat, and the x and G that make it."""
        rng = np.random.default_rng([1, t])
        x, G = rng.normal(size=(B, 3)), rng.normal(size=(B, 2))
        return np.concatenate([(x.T @ G / B).ravel(), G.mean(0)]), x, G

    def step(self, t):
        network, (_, x, G) = self.network, self.gradient(t)
        shape = (*network.replicas, B)
        network.forward(np.ascontiguousarray(np.broadcast_to(x, (*shape, 3)), network.dtype))
        network.backward(np.ascontiguousarray(np.broadcast_to(G, (*shape, 2)), network.dtype))
        self.optimizer.update()


def test_every_optimiser_has_a_formula_here():
    """A new entry of the registry must be checked too."""
    assert CASES.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_follow_the_formula(name):
    """Forty steps on changing gradients agree to rounding."""
    options, formula = CASES[name]
    bench = Bench(name, options)
    theta, plain = bench.network.theta.copy(), formula(0.05, **options)
    bench.optimizer.set_alpha(0.05)
    for t in range(1, STEPS + 1):
        bench.step(t)
        theta = plain(theta, bench.gradient(t)[0], t)
    np.testing.assert_allclose(bench.network.theta, theta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_replicas_take_their_own_step_sizes(name):
    """A stack with alphas (R,) moves as R optimisers with one alpha each, bit for bit."""
    alphas = np.array([0.3, 0.01, 0.0])
    stack = Bench(name, replicas=(3,))
    stack.optimizer.set_alpha(alphas)
    for t in range(1, 11):
        stack.step(t)
    for r, alpha in enumerate(alphas):
        alone = Bench(name)
        alone.optimizer.set_alpha(float(alpha))
        for t in range(1, 11):
            alone.step(t)
        assert np.array_equal(stack.network.theta[r], alone.network.theta)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_step_size_zero_moves_nothing(name):
    """alpha: 0 is a legal way to hold a layer."""
    bench = Bench(name)
    before = bench.network.theta.copy()
    bench.optimizer.set_alpha(0.0)
    for t in range(3):
        bench.step(t)
    assert np.array_equal(bench.network.theta, before)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_stays_float32(name):
    """Neither step size nor Adam's bias correction drags float32 up; Adam's counter is a whole number."""
    bench = Bench(name, dtype=np.float32)
    bench.optimizer.set_alpha(0.1)
    bench.step(1)
    assert bench.network.theta.dtype == np.float32
    kinds = {key: value.dtype for key, value in bench.optimizer.state().items()}
    assert kinds.pop("t", np.int64) == np.int64
    assert set(kinds.values()) <= {np.dtype(np.float32)}


def test_momentum_takes_a_new_step_size_into_new_gradients_only():
    """v <- mu v + alpha g: what the velocity holds was scaled when it was taken in."""
    bench = Bench("momentum", {"mu": 0.5})
    theta = bench.network.theta.copy()
    bench.optimizer.set_alpha(1.0)
    bench.step(1)
    bench.optimizer.set_alpha(0.1)
    bench.step(2)
    g1, g2 = bench.gradient(1)[0], bench.gradient(2)[0]
    np.testing.assert_allclose(bench.network.theta, theta - g1 - (0.5 * g1 + 0.1 * g2), rtol=1e-13)


def test_adams_first_step_is_alpha_whatever_the_gradient():
    """Bias correction makes the first step alpha * sign(g), up to epsilon."""
    bench = Bench("adam")
    theta = bench.network.theta.copy()
    bench.optimizer.set_alpha(0.01)
    bench.step(1)
    np.testing.assert_allclose(theta - bench.network.theta, 0.01 * np.sign(bench.gradient(1)[0]), rtol=1e-5)


def test_an_optimiser_of_some_layers_leaves_the_others():
    """A part is a slice of the network's vector."""
    network = Network([DenseSpec(3, 3), DenseSpec(3, 2)], Reduce(), (), np.float64)
    network.set_batch_size(B)
    network.grad[...] = 1
    kind = OPTIMIZERS["sgd"]
    top = kind(kind.Options(name="sgd"), network.part(1, 2))
    top.update()
    below, above = (layer.params.theta for layer in network.layers)
    assert not below.any()
    assert np.array_equal(above, -np.ones_like(above))
