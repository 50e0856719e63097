"""Modules of several layers, and copies of layers, which share weights or have their own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.modules import Chain, module
from synthgrad.nn.network import Network

B, WIDTHS = 8, (5, 6, 4, 3)
normalised = pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
active = pytest.mark.parametrize("name", ACTIVATIONS)


class Case:
    """A network of three layers on random numbers, with L = sum(G h) for a fixed random G as its objective."""

    def __init__(self, name="tanh", normalize=False, replicas=(), dtype=np.float64):
        specs = [DenseSpec(a, b, name, True, normalize) for a, b in itertools.pairwise(WIDTHS)]
        self.network = Network(specs, Reduce(weights="sum", biases="sum"), replicas, dtype)
        self.layers = self.network.layers
        rng = np.random.default_rng(5)
        for layer in self.layers:
            for value in layer.params.value.values():
                value += rng.normal(0, 0.7, value.shape)
        self.x = rng.normal(size=(*replicas, B, WIDTHS[0])).astype(dtype)
        self.G = rng.normal(size=(*replicas, B, WIDTHS[-1])).astype(dtype)
        self.network.set_batch_size(B)
        self.f = Chain(self.layers)

    def objective(self):
        return np.sum(self.G * self.f.forward(self.x))

    def look(self, layers=None):
        """h, the gradient of theta, and dL/dx, by these layers."""
        f = Chain(layers or self.layers)
        h = f.forward(self.x).copy()
        f.backward(self.G)
        return h, self.network.grad.copy(), f.delta_below().copy()


def slope(case, array):
    """The slope of the objective along a random change of ``array``, and that change; no unit crosses a kink."""
    start, v, signs = array.copy(), np.random.default_rng(6).normal(size=array.shape), set()

    def value(t):
        array[...] = start + t * v
        found = case.objective()
        signs.add(b"".join((layer.h > 0).tobytes() for layer in case.layers))
        return found

    found = slope_of(value, 2e-5)
    assert len(signs) == 1 or case.layers[0].spec.activation != "relu"
    array[...] = start
    return found, v


# modules ------------------------------------------------------------------------------------------


@active
@normalised
def test_the_gradient_of_a_module_is_the_slope_of_the_objective(name, normalize):
    """Along a random direction of all its weights, and along one of its input."""
    case = Case(name, normalize)
    _, grad, below = case.look()
    for array, gradient in ((case.network.theta, grad), (case.x, below)):
        found, v = slope(case, array)
        assert np.sum(gradient * v) == pytest.approx(found, rel=1e-7)


@active
@normalised
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_modules_on_top_of_each_other_are_the_network(name, normalize, cut):
    """However the layers are divided: the same bits in outputs, gradients and what is handed down."""
    case = Case(name, normalize)
    h = case.network.forward(case.x).copy()
    case.network.backward(case.G)
    grad, below = case.network.grad.copy(), case.layers[0].delta_below().copy()
    parts = [module(part) for part in (case.layers[:cut], case.layers[cut:]) if part]
    found, delta = case.x, case.G
    for f in parts:
        found = f.forward(found)
    assert np.array_equal(found, h)
    case.network.grad[...] = 0
    for f in reversed(parts):
        f.backward(delta)
        delta = f.delta_below()
    assert np.array_equal(case.network.grad, grad)
    assert np.array_equal(delta, below)


def test_a_single_layer_is_a_module_as_it_is():
    """No loop around one layer."""
    layers = Case().layers
    assert module(layers[1:2]) is layers[1]
    two = module(layers[1:])
    assert (two.bottom, two.top) == (layers[1], layers[2])


@active
def test_a_module_changes_neither_its_input_nor_the_delta(name):
    """They belong to whoever made them."""
    case = Case(name)
    x, G = case.x.copy(), case.G.copy()
    case.look()
    assert np.array_equal(case.x, x)
    assert np.array_equal(case.G, G)


# copies that share weights -------------------------------------------------------------------------


@active
@normalised
def test_a_copy_keeps_what_its_own_moment_has_left(name, normalize):
    """A pass of the layer, or of another copy, in between changes no bit of the gradient that a copy makes."""
    plain, other = Case(name, normalize), Case(name, normalize)
    first, second = (other.network.copy_sharing_weights() for _ in range(2))
    for network in (first, second):
        network.set_batch_size(B)
    expected = plain.look()
    first.forward(other.x)
    second.forward(-other.x)
    other.look()
    h = first.layers[-1].h
    first.backward(other.G)
    assert np.array_equal(h, expected[0])
    assert np.array_equal(other.network.grad, expected[1])
    assert np.array_equal(first.layers[0].delta_below(), expected[2])


@normalised
def test_a_copy_shares_weights_gradient_and_running_statistics_and_nothing_else(normalize):
    """All are moved with the layer, whoever of them moves them."""
    case = Case(normalize=normalize)
    layer, twin = case.layers[0], case.layers[0].copy_sharing_weights()
    twin.set_batch_size(B)
    assert twin.params is layer.params
    assert np.shares_memory(twin.gW, layer.gW)
    for one, own in ((twin.h, layer.h), (twin.below, layer.below), (twin.ds, layer.ds), (twin.row, layer.row)):
        assert not np.shares_memory(one, own)
    layer.W += 1
    h = layer.forward(case.x).copy()
    assert np.array_equal(twin.forward(case.x), h)
    for name, value in layer.state().items():
        assert twin.state()[name] is value
    assert twin.state().keys() == layer.state().keys() == ({"running_mean", "running_var"} if normalize else set())


@normalised
def test_a_copy_moves_the_running_statistics_as_often_as_it_is_asked(normalize):
    """By turns or alone, two passes leave the same."""
    alone, turns = Case(normalize=normalize), Case(normalize=normalize)
    twin = turns.network.copy_sharing_weights()
    twin.set_batch_size(B)
    for x in (alone.x, -alone.x):
        alone.network.forward(x)
    turns.network.forward(alone.x)
    twin.forward(-alone.x)
    for name, value in alone.network.state().items():
        assert np.array_equal(turns.network.state()[name], value), name


def test_copies_of_batches_of_other_sizes_do_not_disturb_each_other():
    """Each has the scale and the buffers of its own batch."""
    case = Case()
    case.network.layers[0].reduce = Reduce(weights="mean", biases="mean")
    twin = case.layers[0].copy_sharing_weights()
    case.layers[0].set_batch_size(B)
    twin.set_batch_size(2)
    delta = np.ones((B, WIDTHS[1]))
    case.layers[0].forward(case.x)
    twin.forward(case.x[:2])
    found = []
    for f, rows in ((twin, 2), (case.layers[0], B)):
        f.backward(delta[:rows])
        found.append(case.layers[0].params.gradient["W"].copy())
    for gradient, rows in zip(found, (2, B), strict=True):
        d = 1 - np.tanh(case.x[:rows] @ case.layers[0].W + case.layers[0].b) ** 2
        np.testing.assert_allclose(gradient, case.x[:rows].T @ d / rows, rtol=1e-13)


# copies with weights ------------------------------------------------------------------------------


@active
@normalised
def test_a_copy_with_weights_has_the_gradient_of_the_weights_it_was_given(name, normalize):
    """Whatever the layers have become since: W, gamma, and what is handed down; it is left in the layers' place."""
    plain, other = Case(name, normalize), Case(name, normalize)
    expected = plain.look()
    kept = [layer.copy_with_weights() for layer in other.layers]
    for one, own in zip(kept, other.layers, strict=True):
        one.set_batch_size(B)
        one.params.theta[...] = own.params.theta
    f = Chain(kept)
    h = f.forward(other.x)
    other.network.theta += 1
    other.look()
    f.backward(other.G)
    assert np.array_equal(h, expected[0])
    assert np.array_equal(other.network.grad, expected[1])
    assert np.array_equal(f.delta_below(), expected[2])


@normalised
def test_a_copy_with_weights_shares_the_gradient_and_the_running_statistics_and_nothing_else(normalize):
    """Weights of its own do not move with the layer's, nor the other way round."""
    case = Case(normalize=normalize)
    for layer in case.layers:
        kept = layer.copy_with_weights()
        kept.set_batch_size(B)
        assert not np.shares_memory(kept.params.theta, layer.params.theta)
        assert all(np.shares_memory(kept.params.gradient[name], g) for name, g in layer.params.gradient.items())
        assert all(np.shares_memory(value, kept.params.theta) for value in kept.params.value.values())
        assert np.shares_memory(kept.back, kept.W)
        assert np.shares_memory(kept.W, kept.params.theta)
        assert all(kept.state()[name] is value for name, value in layer.state().items())
        if normalize:
            assert np.shares_memory(kept.norm.gamma, kept.params.theta)
            assert np.shares_memory(kept.norm.beta, kept.params.theta)


@normalised
def test_the_copy_of_a_frozen_layer_is_frozen(normalize):
    """So is one with weights of its own: gradients pass through, and none is left."""
    case = Case(normalize=normalize)
    case.layers[1].frozen = True
    for kind in ("copy_sharing_weights", "copy_with_weights"):
        other = getattr(case.layers[1], kind)()
        other.set_batch_size(B)
        other.params.theta[...] = case.layers[1].params.theta
        case.network.grad[...] = 1
        other.forward(np.ones((B, WIDTHS[1])) * np.arange(B)[:, None])
        other.backward(np.ones((B, WIDTHS[2])))
        assert not any(gradient.any() for gradient in other.params.gradient.values())
        assert other.delta_below().any()


@normalised
def test_a_stack_of_copies_is_its_replicas(normalize):
    """The leading axis goes with everything that a moment keeps."""
    stack = Case(normalize=normalize, replicas=(3,))
    twin = stack.network.copy_sharing_weights()
    twin.set_batch_size(B)
    h = twin.forward(stack.x)
    twin.backward(stack.G)
    for r in range(3):
        one = Case(normalize=normalize)
        one.network.theta[...] = stack.network.theta[r]
        one.x, one.G = stack.x[r], stack.G[r]
        expected = one.look()
        assert np.array_equal(h[r], expected[0])
        assert np.array_equal(stack.network.grad[r], expected[1])
