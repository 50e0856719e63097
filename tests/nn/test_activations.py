"""Activations: values, and derivatives that are functions of the output, seen through a layer with W = 1."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import Dense, DenseSpec, Reduce
from synthgrad.nn.parameters import allocate

FORMULAS = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": lambda a: (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a)),
    "relu": lambda a: np.where(a > 0, a, 0),
    "identity": lambda a: a,
}
A = np.random.default_rng(0).normal(0, 2, (7, 5))


def layer(name, rows=7, n=5, dtype=np.float64):
    """h = f(a 1): the activation alone."""
    spec = DenseSpec(n, n, name, bias=False)
    _, _, (params,) = allocate([spec.shapes], (), np.dtype(dtype))
    made = Dense(spec, params, Reduce(), (), np.dtype(dtype))
    made.W[...] = np.eye(n)
    made.set_batch_size(rows)
    return made


def test_every_activation_has_a_formula_here():
    """A new entry of the registry must be checked too."""
    assert FORMULAS.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_is_the_formula(name):
    """h = f(a), to rounding."""
    np.testing.assert_allclose(layer(name).forward(A), FORMULAS[name](A), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_evaluation_has_the_bits_of_training(name):
    """``infer`` and ``forward`` apply the same function."""
    f = layer(name)
    assert np.array_equal(f.infer(A, np.empty_like(A)), f.forward(A))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_pull_back_is_the_directional_derivative(name):
    """sum(delta f'(a) v) is the slope of sum(delta f(a)) along v (no a is near a kink)."""
    assert np.abs(A).min() > 1e-2
    f, rng = layer(name), np.random.default_rng(1)
    delta, v = rng.normal(size=(2, *A.shape))

    def value(t):
        return np.sum(delta * f.forward(A + t * v))

    slope = slope_of(value)
    f.forward(A)
    f.backward(delta)
    assert np.sum(f.delta_below() * v) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_changes_neither_delta_nor_output(name):
    """Generators and layers go on using the delta and the output after the pull-back."""
    f, delta = layer(name), np.ones_like(A)
    h = f.forward(A)
    before = h.copy()
    f.backward(delta)
    assert np.array_equal(h, before)
    assert np.array_equal(delta, np.ones_like(A))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_stays_float32(name):
    """No constant of an activation drags float32 up."""
    f = layer(name, dtype=np.float32)
    assert f.forward(A.astype(np.float32)).dtype == np.float32
    f.backward(np.ones((7, 5), np.float32))
    assert f.delta_below().dtype == np.float32


def test_sigmoid_reaches_its_limits():
    """Where exp overflows the sigmoid is 0 or 1, and the slope there is 0, not NaN."""
    f = layer("sigmoid", rows=1, n=2)
    with np.errstate(over="ignore"):  # training runs under such a context
        assert np.array_equal(f.forward(np.array([[-1e4, 1e4]])), [[0, 1]])
        f.backward(np.ones((1, 2)))
    assert np.array_equal(f.delta_below(), [[0, 0]])


def test_relu_has_slope_zero_at_zero():
    """The kink counts as flat."""
    f = layer("relu", rows=1, n=2)
    f.forward(np.zeros((1, 2)))
    f.backward(np.ones((1, 2)))
    assert np.array_equal(f.delta_below(), [[0, 0]])
