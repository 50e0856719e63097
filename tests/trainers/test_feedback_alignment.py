"""Feedback alignment: backpropagation through matrices that stay, and weights that come to align with them."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import finish, same_bits, tiny

from synthgrad.experiment import Experiment
from synthgrad.streams import Streams

FIXED = ["feedback-alignment", "direct-feedback-alignment", "drtp"]
"""Trainers with matrices from the streams."""


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "feedback-alignment", **(keys or {})}, **more)])


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("hidden", [[7], [7, 6], [9, 8, 7, 6]], ids=str)
def test_through_the_transposed_weights_of_the_moment_it_is_backprop(hidden, optimizer, normalize):
    """With B_i = W_{i+1}^T in every step all weights and figures have backprop's bits."""
    keys = {"network.hidden": hidden, "network.normalize": normalize, "trainer.optimizer": optimizer}
    experiment, backprop = made({**keys, "diagnostics": False}), Experiment([tiny(keys)])
    for f in experiment.trainer.layers:
        f.back = f.W.mT
    found, expected = finish(experiment), finish(backprop)
    assert same_bits(dict(experiment.trainer.network.arrays()), dict(backprop.trainer.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(found, expected, strict=True))


def test_the_weights_align_with_the_feedback():
    """The angle between what comes down and the true gradient falls, from about 90 degrees, in every layer and seed."""
    keys = {
        "trainer.name": "feedback-alignment", "trainer.loss": "cross-entropy", "trainer.alpha": 0.1,
        "network.activation": "tanh", "network.hidden": [20, 20], "training.epochs": 100,
    }  # fmt: skip
    epochs = finish(Experiment([tiny(keys, seed=seed) for seed in (1, 2, 3, 4)]))
    for name, fall in (("cosine.1", 10), ("cosine.2", 20)):
        first, last = (np.degrees(np.arccos(epoch.metrics[name])) for epoch in (epochs[0], epochs[-1]))
        assert (np.abs(first - 90) < 15).all(), name
        assert (last < first - fall).all(), name


@pytest.mark.parametrize("name", FIXED)
def test_the_feedback_is_drawn_from_streams_of_its_own(name):
    """B_i is normal numbers from the stream feedback.i over the root of its rows, times the scale, and stays so."""
    experiment = Experiment([tiny({"trainer.name": name, "trainer.feedback_scale": 1.5}, seed=5)])
    finish(experiment)
    rows = {1: 9, 2: 4} if name == "feedback-alignment" else {1: 4, 2: 4}
    found = dict(experiment.trainer.arrays())
    for i, width in ((1, 12), (2, 9)):
        normal = Streams(5).rng(f"feedback.{i}").standard_normal((rows[i], width))
        np.testing.assert_allclose(found[f"feedback.{i}.B"], 1.5 * normal / np.sqrt(rows[i]), rtol=1e-15)


@pytest.mark.parametrize("name", [*FIXED, "sign-symmetry"])
def test_feedback_is_no_part_of_a_snapshot(name):
    """Training does not change it, and it is drawn again from the seed."""
    trainer = Experiment([tiny({"trainer.name": name})]).trainer
    assert len(trainer.fixed) == 2
    assert not [
        key for key, value in trainer.state().items() for B in trainer.fixed.values() if np.shares_memory(value, B)
    ]
    assert trainer.fixed.keys() <= dict(trainer.arrays()).keys()


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("name", [*FIXED, "sign-symmetry"])
def test_without_feedback_it_is_the_frozen_control(name, normalize):
    """At scale zero no hidden layer moves, and everything has the control's bits."""
    keys = {"network.normalize": normalize, "diagnostics": False}
    one = Experiment([tiny({**keys, "trainer.name": name, "trainer.feedback_scale": 0.0})])
    other = Experiment([tiny({**keys, "trainer.name": "frozen"})])
    found, expected = finish(one), finish(other)
    assert same_bits(dict(one.trainer.network.arrays()), dict(other.trainer.network.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(found, expected, strict=True))
