"""Sign symmetry: the signs of the weights, as they are at the moment, hand the error down."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "sign-symmetry", **(keys or {})}, **more)])


def step(experiment):
    experiment.begin_epoch(1)
    experiment.trainer.step(next(experiment.feed.epoch(1)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_signs_are_those_of_the_moment(dtype):
    """After training has turned some signs, a step goes down through the new ones."""
    experiment = made({"network.dtype": dtype, "trainer.alpha": 3.0, "training.epochs": 20})
    first = [np.sign(f.W) for f in experiment.trainer.layers]
    finish(experiment)
    for k, f in enumerate(experiment.trainer.layers):
        f.W[0, 0] = -0.0 if k % 2 else 0.0  # the sign of a zero is that of its bits
    weights = [f.W.copy() for f in experiment.trainer.layers]
    step(experiment)
    for i in (1, 2):
        f, s = experiment.trainer.layers[i], experiment.trainer.fixed[f"feedback.{i}.s"].item()
        assert (np.sign(weights[i]) != first[i]).sum() > 1
        assert np.array_equal(f.back, s * np.copysign(1, weights[i]).T.astype(dtype))


def test_their_size_is_the_mean_weight_of_the_start():
    """s_i = mean |W_{i+1}| as drawn, times the scale, and training leaves it there."""
    experiment = made({"trainer.feedback_scale": 0.5})
    start = arrays(experiment)
    finish(experiment)
    for i in (1, 2):
        expected = 0.5 * np.abs(start[f"layer.{i + 1}.W"]).mean()
        np.testing.assert_allclose(experiment.trainer.fixed[f"feedback.{i}.s"], [[expected]], rtol=1e-14)


def test_of_all_sizes_it_is_the_nearest_to_the_weights():
    """|W - s sign(W)| is larger for any other s."""
    f = made().trainer.layers[1]
    s = np.abs(f.W).mean()
    miss = [np.linalg.norm(f.W - size * np.sign(f.W)) for size in (s, 0.99 * s, 1.01 * s)]
    assert miss[0] == min(miss)


def test_where_all_weights_have_one_size_the_first_step_is_backprops():
    """There s sign(W) is W: the same bits."""
    steps = []
    for name in ("sign-symmetry", "backprop"):
        experiment = Experiment([tiny({"trainer.name": name})])
        for f in experiment.trainer.layers:
            f.W[...] = np.copysign(0.25, f.W)
        for s in experiment.trainer.fixed.values():
            s[...] = 0.25
        step(experiment)
        steps.append(dict(experiment.trainer.network.arrays()))
    assert same_bits(*steps)
