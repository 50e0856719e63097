"""Direct feedback alignment: the output's error reaches every hidden layer by a way of its own."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment
from synthgrad.types import Batch


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "direct-feedback-alignment", **(keys or {})}, **more)])


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_with_the_output_layers_weights_and_one_hidden_layer_it_is_backprop(optimizer, loss, normalize):
    """With B = W_2^T in every step all weights and figures have backprop's bits."""
    keys = {
        "network.hidden": [12], "network.normalize": normalize, "trainer.optimizer": optimizer, "trainer.loss": loss,
        "diagnostics": False,
    }  # fmt: skip
    experiment, backprop = made(keys), Experiment([tiny(keys)])
    (projection,) = experiment.trainer.projections
    projection.B = experiment.trainer.output.W.mT
    found, expected = finish(experiment), finish(backprop)
    assert same_bits(dict(experiment.trainer.network.arrays()), dict(backprop.trainer.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(found, expected, strict=True))


def first_step(experiment):
    """What the first batch adds to every array."""
    before = arrays(experiment)
    experiment.begin_epoch(1)
    experiment.trainer.step(next(experiment.feed.epoch(1)))
    return {name: value - before[name] for name, value in arrays(experiment).items()}


def test_the_error_goes_past_the_layers_between():
    """The step of layer 1 is that of e B_1, written out: no weight of the layers above takes part but in e itself."""
    experiment = made({"network.hidden": [12, 9, 7]})
    p, (x, y) = arrays(experiment), (side[:10] for side in experiment.task.train)
    h = [x]
    for i in (1, 2, 3, 4):
        h.append(1 / (1 + np.exp(-(h[-1] @ p[f"layer.{i}.W"] + p[f"layer.{i}.b"]))))
    e = (h[4] - y) * h[4] * (1 - h[4])
    step = first_step(experiment)
    for i in (1, 2, 3):
        d = e @ p[f"feedback.{i}.B"] * h[i] * (1 - h[i])
        np.testing.assert_allclose(step[f"layer.{i}.W"], -0.2 * h[i - 1].T @ d / 10, rtol=1e-11, atol=1e-16)


def test_where_the_outputs_are_right_nothing_moves():
    """No error, no delta for anyone."""
    experiment = made()
    trainer, x = experiment.trainer, experiment.task.train.x[:10]
    y = trainer.network.infer(x, np.empty((10, 4)))
    experiment.begin_epoch(1)
    before = arrays(experiment)
    trainer.step(Batch(x, y, np.empty((10, 4))))
    assert same_bits(arrays(experiment), before)
