"""Losses: the objective, its delta, and the answer, all from the output layer's h."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.losses import LOSSES
from synthgrad.types import Batch

RNG = np.random.default_rng(0)
PRE = RNG.normal(0, 2, (6, 4))
Y = (RNG.random((6, 4)) > 0.5).astype(float)


def linked(loss, a):
    """The output layer's h for pre-activations a."""
    return {"identity": a, "sigmoid": 1 / (1 + np.exp(-a))}[loss.link]


def make(name, lead=(), dtype=np.float64, rows=6):
    loss = LOSSES[name](4, lead, dtype)
    loss.use(rows)
    return loss


@pytest.mark.parametrize("name", LOSSES)
def test_delta_is_the_slope_of_the_objective(name):
    """delta, per example, is dL/dh of the example: the directional derivative of the mean agrees to 1e-7."""
    loss = make(name)
    h, v = linked(loss, PRE), RNG.normal(size=PRE.shape)

    def value(t):
        return loss.objective(h + t * v, Y).mean()

    slope = slope_of(value)
    assert np.sum(loss.delta(h, Batch(h, Y, h)) * v) / len(Y) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_outputs_are_the_sigmoid_of_the_pre_activation(name):
    """Whatever the output layer hands over, the network's answer is sigmoid(a)."""
    loss = make(name)
    np.testing.assert_allclose(loss.outputs(linked(loss, PRE)), 1 / (1 + np.exp(-PRE)), rtol=1e-14)


def test_squared_error_is_half_the_squared_distance():
    """L = 1/2 sum (o - y)^2, averaged over the examples."""
    loss, o = make("squared-error"), 1 / (1 + np.exp(-PRE))
    assert loss.objective(o, Y).mean() == pytest.approx(((o - Y) ** 2).sum(-1).mean() / 2, rel=1e-13)


def test_cross_entropy_is_the_log_likelihood():
    """L = -sum [y log o + (1 - y) log(1 - o)], averaged over the examples, from the pre-activation."""
    loss, o = make("cross-entropy"), 1 / (1 + np.exp(-PRE))
    expected = -(Y * np.log(o) + (1 - Y) * np.log(1 - o)).sum(-1).mean()
    assert loss.objective(PRE, Y).mean() == pytest.approx(expected, rel=1e-13)


def test_cross_entropy_of_saturated_outputs_is_finite():
    """At a = +-1e4, right or wrong, the loss is 0 or 1e4 an output, with no overflow and no log of 0."""
    loss = make("cross-entropy", rows=2)
    a = np.array([[1e4, -1e4, 1e4, -1e4]] * 2)
    y = np.array([[1.0, 0, 1, 0], [0, 1, 0, 1]])
    assert loss.objective(a[:1], y[:1]).mean() == 0
    assert loss.objective(a[1:], y[1:]).mean() == 4e4


@pytest.mark.parametrize("name", LOSSES)
def test_delta_leaves_h_and_y_alone(name):
    """The output's h is the epoch's record; a loss may not write into it."""
    loss = make(name)
    h, y = linked(loss, PRE), Y.copy()
    before = h.copy()
    loss.delta(h, Batch(h, y, h))
    assert np.array_equal(h, before)
    assert np.array_equal(y, Y)


@pytest.mark.parametrize("name", LOSSES)
def test_a_stack_is_its_replicas(name):
    """Objective, answer and delta of a stack are those of each network alone."""
    single, stack = make(name), make(name, lead=(2,))
    h = np.stack([linked(single, PRE), linked(single, -PRE)])
    y = np.stack([Y, 1 - Y])
    delta = stack.delta(h, Batch(h, y, h))
    for r in range(2):
        assert np.array_equal(delta[r], single.delta(h[r], Batch(h[r], y[r], h[r])))
        np.testing.assert_allclose(stack.objective(h, y)[r], single.objective(h[r], y[r]), rtol=1e-14)
        assert np.array_equal(stack.outputs(h)[r], single.outputs(h[r]))


@pytest.mark.parametrize("name", LOSSES)
def test_float32_outputs_stay_float32_and_sum_in_float64(name):
    """Deltas and answers keep the network's dtype; the objective is summed in float64."""
    loss = make(name, dtype=np.float32)
    h, y = linked(loss, PRE.astype(np.float32)), Y.astype(np.float32)
    assert loss.delta(h, Batch(h, y, h)).dtype == loss.outputs(h).dtype == np.float32
    assert loss.objective(h, y).dtype == np.float64
