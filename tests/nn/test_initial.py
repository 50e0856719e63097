"""Initial weights: the schemes' formulas, and which arrays are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.initial import INITIAL
from synthgrad.nn.network import Network
from synthgrad.streams import Streams

SPECS = [DenseSpec(5, 4, "tanh", normalize=True), DenseSpec(4, 3, "tanh"), DenseSpec(3, 2)]
FORMULAS = {  # standard deviation and mean by (n_in, n_out, last)
    "normal": lambda n_in, n_out, last: (0.2, -0.1),
    "glorot": lambda n_in, n_out, last: (np.sqrt(2 / (n_in + n_out)), 0),
    "he": lambda n_in, n_out, last: (np.sqrt((1 if last else 2) / n_in), 0),
}


def initialized(seed=1, **keys):
    scheme = keys.pop("scheme", "normal")
    network = Network(SPECS, Reduce(), (), np.float64)
    network.initialize(INITIAL[scheme](scheme=scheme, **keys), Streams(seed).normal)
    return dict(network.arrays())


@pytest.mark.parametrize("scheme", INITIAL)
def test_weights_are_the_scheme_applied_to_the_layers_own_draws(scheme):
    """W = scale * normal + shift, the numbers from the stream called ``layer.1.W``."""
    found = initialized(scheme=scheme)
    for i, spec in enumerate(SPECS, 1):
        scale, shift = FORMULAS[scheme](spec.n_in, spec.n_out, i == len(SPECS))
        normal = Streams(1).normal(f"layer.{i}.W", (spec.n_in, spec.n_out))
        np.testing.assert_allclose(found[f"layer.{i}.W"], scale * normal + shift, rtol=1e-14)


@pytest.mark.parametrize("scheme", INITIAL)
def test_biases_are_zero_unless_drawn_like_the_weights(scheme):
    """b and beta obey the same rule; gamma is 1 either way."""
    zeros, drawn = initialized(scheme=scheme), initialized(scheme=scheme, biases="like-weights")
    for name in ("layer.1.beta", "layer.2.b", "layer.3.b"):
        assert not zeros[name].any()
        assert drawn[name].all()
    for found in (zeros, drawn):
        assert np.array_equal(found["layer.1.gamma"], np.ones((1, 4)))


def test_biases_move_no_weight():
    """A name is a stream: drawing biases leaves the weights' numbers as they were."""
    zeros, drawn = initialized(), initialized(biases="like-weights")
    for i in (1, 2, 3):
        assert np.array_equal(zeros[f"layer.{i}.W"], drawn[f"layer.{i}.W"])


@pytest.mark.parametrize(
    ("scheme", "key"), [("normal", "scale"), ("normal", "shift"), ("glorot", "gain"), ("he", "gain")]
)
def test_a_number_per_replica_is_each_replicas_own(scheme, key):
    """A stack with an array (R,) of scales starts as the R networks would."""
    values = np.array([0.5, 2.0])
    options = INITIAL[scheme](scheme=scheme).model_copy(update={key: values})
    stack = Network(SPECS, Reduce(), (2,), np.float64)
    stack.initialize(options, lambda name, shape: np.stack([Streams(s).normal(name, shape) for s in (1, 2)]))
    for r, value in enumerate(values):
        alone = initialized(seed=r + 1, scheme=scheme, **{key: float(value)})
        for name, array in stack.arrays():
            assert np.array_equal(array[r], alone[name]), name
