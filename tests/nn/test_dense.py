"""The dense layer: h = f(x W + b), its gradients and its pull-back."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import Dense, DenseSpec, Reduce
from synthgrad.nn.parameters import allocate

B, N_IN, N_OUT = 8, 5, 4
FORMS = [(name, bias, normalize) for name in ACTIVATIONS for bias in (True, False) for normalize in (False, True)]


class Case:
    """A layer on random numbers, with L = sum(G h) for a fixed random G as its objective."""

    def __init__(self, name="tanh", bias=True, normalize=False, reduce="sum", rows=B, replicas=(), dtype=np.float64):
        spec = DenseSpec(N_IN, N_OUT, name, bias, normalize)
        self.theta, self.grad, (params,) = allocate([spec.shapes], replicas, dtype)
        self.layer = Dense(spec, params, Reduce(weights=reduce, biases=reduce), replicas, np.dtype(dtype))
        self.params = params
        rng = np.random.default_rng(5)
        for value in params.value.values():
            value += rng.normal(0, 0.7, value.shape)
        self.x = rng.normal(size=(*replicas, rows, N_IN)).astype(dtype)
        self.G = rng.normal(size=(*replicas, rows, N_OUT)).astype(dtype)
        self.layer.set_batch_size(rows)

    def objective(self):
        return np.sum(self.G * self.layer.forward(self.x))


def slope(case, array):
    """The slope of the objective along a random change of ``array``, and that change; no unit crosses a kink."""
    start, v, active = array.copy(), np.random.default_rng(6).normal(size=array.shape), set()

    def value(t):
        array[...] = start + t * v
        found = case.objective()
        active.add((case.layer.h > 0).tobytes())
        return found

    found = slope_of(value, 2e-5)
    assert len(active) == 1 or case.layer.spec.activation != "relu"
    array[...] = start
    return found, v


@pytest.mark.parametrize(("name", "bias", "normalize"), FORMS)
def test_the_gradient_of_every_array_is_the_slope_of_the_objective(name, bias, normalize):
    """W, b, gamma, beta: each directional derivative agrees to 1e-7, batch statistics included."""
    case = Case(name, bias, normalize)
    case.objective()
    case.layer.backward(case.G)
    expected = {"W", "gamma", "beta"} if normalize and bias else {"W", "gamma"} if normalize else {"W"}
    assert set(case.params.value) == expected | ({"b"} if bias and not normalize else set())
    gradients = {key: gradient.copy() for key, gradient in case.params.gradient.items()}
    for key, value in case.params.value.items():
        found, v = slope(case, value)
        assert np.sum(gradients[key] * v) == pytest.approx(found, rel=1e-7), key


@pytest.mark.parametrize(("name", "bias", "normalize"), FORMS)
def test_delta_below_is_the_slope_along_the_input(name, bias, normalize):
    """dL/dx agrees with differences along a random direction of the whole batch."""
    case = Case(name, bias, normalize)
    case.objective()
    case.layer.backward(case.G)
    below = case.layer.delta_below().copy()
    found, v = slope(case, case.x)
    assert np.sum(below * v) == pytest.approx(found, rel=1e-7)


def test_forward_is_its_formula():
    """h = f(x W + b), rows are examples."""
    case = Case("tanh")
    p = case.params.value
    np.testing.assert_allclose(case.layer.forward(case.x), np.tanh(case.x @ p["W"] + p["b"]), rtol=1e-13)


def test_normalised_forward_is_its_formula():
    """h = f(gamma (z - mean) / sqrt(var + 1e-5) + beta), biased variance, z = x W."""
    case = Case("tanh", normalize=True)
    p = case.params.value
    z = case.x @ p["W"]
    expected = np.tanh(p["gamma"] * (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5) + p["beta"])
    np.testing.assert_allclose(case.layer.forward(case.x), expected, rtol=1e-12)


@pytest.mark.parametrize("normalize", [False, True])
def test_mean_is_sum_divided_by_the_batch(normalize):
    """Each reduction acts on its own arrays: the weights' on W, the biases' on b, gamma and beta."""
    gradients = {}
    for reduce in ("sum", "mean"):
        case = Case("sigmoid", normalize=normalize, reduce=reduce)
        case.objective()
        case.layer.backward(case.G)
        gradients[reduce] = case.grad
    np.testing.assert_allclose(gradients["sum"] / B, gradients["mean"], rtol=1e-13)


def test_the_two_reductions_are_separate():
    """weights: sum, biases: mean is what the tutorial does."""
    case = Case()
    layer = Dense(case.layer.spec, case.params, Reduce(weights="sum", biases="mean"), (), np.float64)
    layer.set_batch_size(B)
    d = case.G * (1 - layer.forward(case.x) ** 2)
    layer.backward(case.G)
    np.testing.assert_allclose(case.params.gradient["W"], case.x.T @ d, rtol=1e-13)
    np.testing.assert_allclose(case.params.gradient["b"], d.mean(0, keepdims=True), rtol=1e-13)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_step_folded_in_scales_the_gradients_and_not_the_delta_below(normalize):
    """``scale_by`` multiplies what the optimiser takes, never what is handed down."""
    plain, scaled = Case(normalize=normalize), Case(normalize=normalize)
    scaled.layer.scale_by(0.25)
    for case in (plain, scaled):
        case.objective()
        case.layer.backward(case.G)
    np.testing.assert_allclose(scaled.grad, 0.25 * plain.grad, rtol=1e-13)
    assert np.array_equal(scaled.layer.delta_below(), plain.layer.delta_below())


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("normalize", [False, True])
def test_backward_changes_neither_the_delta_nor_the_input(name, normalize):
    """A delta belongs to whoever made it: a generator still needs its prediction to learn from its miss."""
    case = Case(name, normalize=normalize)
    x, G = case.x.copy(), case.G.copy()
    case.objective()
    case.layer.backward(case.G)
    case.layer.delta_below()
    assert np.array_equal(case.x, x)
    assert np.array_equal(case.G, G)


@pytest.mark.parametrize("normalize", [False, True])
def test_batches_of_other_sizes_share_nothing(normalize):
    """After a shorter batch the first size gives the same bits again."""
    case = Case(normalize=normalize)
    case.objective()
    case.layer.backward(case.G)
    grad, below = case.grad.copy(), case.layer.delta_below().copy()
    case.layer.set_batch_size(3)
    case.layer.forward(case.x[:3])
    case.layer.backward(case.G[:3])
    case.layer.set_batch_size(B)
    case.objective()
    case.layer.backward(case.G)
    assert np.array_equal(case.grad, grad)
    assert np.array_equal(case.layer.delta_below(), below)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_stack_of_layers_is_its_replicas(normalize):
    """Outputs, gradients and pull-backs of (R, B, n) are those of each replica alone."""
    stack = Case("sigmoid", normalize=normalize, reduce="mean", replicas=(3,))
    h = stack.layer.forward(stack.x).copy()
    stack.layer.backward(stack.G)
    below = stack.layer.delta_below()
    for r in range(3):
        one = Case("sigmoid", normalize=normalize, reduce="mean")
        for key, value in one.params.value.items():
            value[...] = stack.params.value[key][r]
        assert np.array_equal(one.layer.forward(stack.x[r]), h[r])
        one.layer.backward(stack.G[r])
        for key, gradient in one.params.gradient.items():
            assert np.array_equal(gradient, stack.params.gradient[key][r]), key
        assert np.array_equal(one.layer.delta_below(), below[r])


def test_inference_without_normalisation_is_forward():
    """``infer`` computes the same map as ``forward`` and leaves the gradients alone."""
    case = Case("relu")
    h = case.layer.forward(case.x).copy()
    out = np.empty_like(h)
    assert case.layer.infer(case.x, out) is out
    assert np.array_equal(out, h)


def test_inference_leaves_no_trace_for_backward():
    """An evaluation between forward and backward changes neither the output nor the gradient."""
    plain, disturbed = Case(normalize=True), Case(normalize=True)
    for case in (plain, disturbed):
        case.objective()
    disturbed.layer.infer(np.ones((20, N_IN)), np.empty((20, N_OUT)))
    for case in (plain, disturbed):
        case.layer.backward(case.G)
    assert np.array_equal(plain.grad, disturbed.grad)
    assert np.array_equal(plain.layer.delta_below(), disturbed.layer.delta_below())


def test_float32_stays_float32():
    """Output, pull-back and gradients keep the layer's dtype, whatever number the step size is."""
    case = Case("sigmoid", normalize=True, reduce="mean", dtype=np.float32)
    case.layer.scale_by(0.1)
    assert case.layer.forward(case.x).dtype == np.float32
    case.layer.backward(case.G)
    assert case.layer.delta_below().dtype == case.grad.dtype == np.float32
