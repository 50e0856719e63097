"""Direct random target projection: hidden layers learn from the label alone."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment
from synthgrad.nn.context import Context
from synthgrad.trainers.drtp import LabelProjection
from synthgrad.types import Batch


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "drtp", **(keys or {})}, **more)])


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy"])
def test_hidden_layers_do_not_depend_on_the_outputs(loss, normalize):
    """Another output layer and another loss, and not one bit of a hidden layer is another after training."""
    one, other = made({"network.normalize": normalize}), made({"network.normalize": normalize, "trainer.loss": loss})
    other.trainer.output.W += 1
    before = arrays(one)
    finish(one)
    finish(other)
    a, b = dict(one.trainer.network.arrays()), dict(other.trainer.network.arrays())
    same = {name: np.array_equal(value, b[name]) for name, value in a.items()}
    assert same == {name: not name.startswith("layer.3") for name in a}
    assert not np.array_equal(a["layer.1.W"], before["layer.1.W"])


def projected(outputs, y):
    """What a layer of six units receives for these labels, and B."""
    B = np.random.default_rng(1).normal(size=(y.shape[-1], 6))
    projection = LabelProjection(B, Context(4, y.shape[-1], (), np.float64, np.zeros, outputs))
    projection.set_batch_size(len(y))
    return projection.delta(np.zeros((len(y), 6)), Batch(y, y, y)), B


def test_of_bits_the_sign_of_the_error_is_projected():
    """-(y - 1/2) is half the sign of o - y, whatever the outputs between 0 and 1 are."""
    rng = np.random.default_rng(2)
    y, o = rng.integers(0, 2, (8, 4)).astype(float), rng.uniform(0.01, 0.99, (8, 4))
    delta, B = projected("bits", y)
    np.testing.assert_allclose(delta, np.sign(o - y) / 2 @ B, rtol=1e-12)


@pytest.mark.parametrize("outputs", ["classes", "values"])
def test_of_classes_and_values_the_label_itself_is_projected(outputs):
    """-y B: of a one-hot label, minus one row of B."""
    y = np.eye(4)[[2, 0, 3]]
    delta, B = projected(outputs, y)
    np.testing.assert_array_equal(delta, -B[[2, 0, 3]])


def test_a_layer_needs_nothing_from_those_above_it():
    """Other weights in layer 2 leave layer 1 as it is, bit for bit, through all of training."""
    one, other = made(), made()
    other.trainer.layers[1].W *= -3
    finish(one)
    finish(other)
    first = [{k: v for k, v in arrays(e).items() if k.startswith("layer.1")} for e in (one, other)]
    assert same_bits(*first)
