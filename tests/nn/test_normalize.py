"""Batch normalisation: batch statistics in training, running statistics in evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.dense import DenseSpec
from synthgrad.nn.normalize import BatchNorm, Standardize
from synthgrad.nn.parameters import allocate

A = np.random.default_rng(0).normal(3, 2, (9, 4))


def standardize(a):
    s = Standardize(a.shape[-1], a.shape[:-2], a.dtype)
    s.set_batch_size(a.shape[-2])
    return s


def norm(rows=9, bias=True):
    """A batch norm of four units with gamma and beta away from where they start."""
    theta, _, (params,) = allocate([DenseSpec(2, 4, bias=bias, normalize=True).shapes], (), np.dtype(np.float64))
    made = BatchNorm(params, 4, (), theta.dtype)
    theta += np.random.default_rng(1).normal(0, 0.3, theta.shape)
    made.set_batch_size(rows)
    return made, params


def test_standardised_units_have_mean_zero_and_variance_one():
    """Up to epsilon: var / (var + 1e-5)."""
    x = standardize(A).forward(A)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-14)
    np.testing.assert_allclose(x.var(0), A.var(0) / (A.var(0) + 1e-5), rtol=1e-13)


def test_standardising_leaves_its_input():
    """A generator standardises what it sees of a layer; the layer goes on with its own output."""
    a = A.copy()
    standardize(a).forward(a)
    assert np.array_equal(a, A)


def test_a_constant_unit_becomes_zero():
    """Epsilon keeps a unit without variance finite."""
    a = np.full((4, 3), 7.0)
    assert np.array_equal(standardize(a).forward(a), np.zeros((4, 3)))


def test_pull_of_standardize_is_the_slope():
    """dL/da agrees with differences along a random direction of the whole batch."""
    s, (G, v) = standardize(A), np.random.default_rng(2).normal(size=(2, *A.shape))
    s.forward(A)
    pulled = np.sum(s.pull(G, np.empty_like(G)) * v)
    assert slope_of(lambda t: np.sum(G * standardize(A).forward(A + t * v))) == pytest.approx(pulled, rel=1e-7)


def test_pull_is_orthogonal_to_shift_and_scale_of_the_input():
    """No gradient along a + c or c a: normalisation takes both away (up to epsilon)."""
    s, G = standardize(A), np.random.default_rng(3).normal(size=A.shape)
    s.forward(A)
    d = s.pull(G, np.empty_like(G))
    np.testing.assert_allclose(d.sum(0), 0, atol=1e-13)
    np.testing.assert_allclose((d * A).sum(0), 0, atol=1e-4)


def test_batch_norm_starts_as_plain_standardisation():
    """gamma starts at 1 and beta at 0."""
    _, _, (params,) = allocate([DenseSpec(2, 4, normalize=True).shapes], (), np.dtype(np.float64))
    made, a = BatchNorm(params, 4, (), np.float64), A.copy()
    made.set_batch_size(9)
    made.apply_(a)
    assert np.array_equal(a, standardize(A).forward(A))


@pytest.mark.parametrize("bias", [True, False])
def test_gradients_of_gamma_beta_and_input_are_slopes(bias):
    """All three directional derivatives of sum(G y) agree to 1e-7."""
    made, params = norm(bias=bias)
    G, v = np.random.default_rng(4).normal(size=(2, *A.shape))
    row = np.ones((1, 9))

    def value(a=A):
        y = a.copy()
        made.apply_(y)
        return np.sum(G * y)

    value()
    d = G.copy()
    made.pull_(d, row)
    assert slope_of(lambda t: value(A + t * v)) == pytest.approx(np.sum(d * v), rel=1e-7)
    for key in ("gamma", "beta") if bias else ("gamma",):
        here, gradient, u = params.value[key], params.gradient[key].copy(), v[:1]
        start = here.copy()

        def along(t, here=here, start=start, u=u):
            here[...] = start + t * u
            found = value()
            here[...] = start
            return found

        assert slope_of(along) == pytest.approx(np.sum(gradient * u), rel=1e-7), key


def test_running_statistics_keep_nine_tenths_and_take_the_unbiased_variance():
    """running <- 0.9 running + 0.1 batch, from mean 0 and variance 1, one batch after another."""
    made, _ = norm()
    mean, var = np.zeros((1, 4)), np.ones((1, 4))
    for shift in range(3):
        a = A * (1 + shift) + shift
        mean = 0.9 * mean + 0.1 * a.mean(0)
        var = 0.9 * var + 0.1 * a.var(0, ddof=1)
        made.apply_(a)
    np.testing.assert_allclose(made.state()["running_mean"], mean, rtol=1e-13)
    np.testing.assert_allclose(made.state()["running_var"], var, rtol=1e-13)


def test_evaluation_uses_running_statistics_and_leaves_them():
    """(a - running mean) gamma / sqrt(running var + 1e-5) + beta: the same for an example in any company."""
    made, params = norm()
    made.apply_(A.copy())
    state = {name: value.copy() for name, value in made.state().items()}
    expected = (A - state["running_mean"]) / np.sqrt(state["running_var"] + 1e-5)
    expected = expected * params.value["gamma"] + params.value["beta"]
    whole, alone = A.copy(), A[2:3].copy()
    made.infer_(whole)
    made.infer_(alone)
    np.testing.assert_allclose(whole, expected, rtol=1e-13)
    assert np.array_equal(whole[2:3], alone)
    for name, value in made.state().items():
        assert np.array_equal(value, state[name])


def test_running_statistics_outlive_a_change_of_batch_size():
    """A short last batch adds to the same statistics."""
    made, _ = norm()
    made.apply_(A.copy())
    before = made.state()["running_mean"].copy()
    made.set_batch_size(3)
    made.apply_(A[:3].copy())
    np.testing.assert_allclose(made.state()["running_mean"], 0.9 * before + 0.1 * A[:3].mean(0), rtol=1e-13)


def test_a_batch_of_one_is_its_own_mean():
    """No variance: the output is beta, nothing is pulled back, and the running variance only shrinks by a tenth."""
    made, params = norm(rows=1)
    a, delta = A[:1].copy(), A[1:2].copy()
    made.apply_(a)
    assert np.array_equal(a, params.value["beta"])
    np.testing.assert_allclose(made.state()["running_mean"], 0.1 * A[:1], rtol=1e-15)
    np.testing.assert_allclose(made.state()["running_var"], 0.9 * np.ones((1, 4)), rtol=1e-15)
    made.pull_(delta, np.ones((1, 1)))
    assert not delta.any()
    assert not params.gradient["gamma"].any()
    assert np.array_equal(params.gradient["beta"], A[1:2])
