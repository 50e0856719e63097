"""The frozen control: only the output layer learns."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, tiny
from support import plain_numpy

from synthgrad.config import check
from synthgrad.experiment import Config, Experiment


def control(bits, examples, hidden, batch, alpha, epochs, seed):
    """The figures by epoch of the control of T3 (FACTS.md), in this package."""
    text = f"""
    stream: tutorial-dni
    seed: {seed}
    task: {{name: binary-addition, bits: {bits}, train_examples: {examples}, test_examples: 0}}
    network: {{hidden: {hidden}, init: {{scheme: normal, scale: 2, shift: -1, biases: like-weights}}}}
    trainer: {{name: frozen, alpha: {alpha}, reduce: {{weights: sum, biases: mean}}}}
    training: {{epochs: {epochs}, batch_size: {batch}}}
    """
    return [epoch.metrics for epoch in finish(Experiment([check(text, Config)]))]


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
def test_hidden_layers_stay_as_they_were_drawn(normalize):
    """Neither W, b, gamma nor beta of a hidden layer moves; the output layer's do."""
    experiment = Experiment([tiny({"trainer.name": "frozen", "network.normalize": normalize})])
    before = arrays(experiment)
    finish(experiment)
    for name, value in experiment.trainer.arrays():
        if "running" not in name:
            assert np.array_equal(value, before[name]) == (not name.startswith("layer.3")), name


def test_the_output_layer_takes_backprops_first_step():
    """The top layer's gradient is the true one: its first step is that of backprop, bit for bit."""
    tops = []
    for name in ("frozen", "backprop"):
        experiment = Experiment([tiny({"trainer.name": name})])
        experiment.begin_epoch(1)
        experiment.trainer.step(next(iter(experiment.feed.epoch(1))))
        tops.append(arrays(experiment)["layer.3.W"])
    assert np.array_equal(*tops)


@pytest.mark.parametrize(
    ("bits", "examples", "hidden", "batch", "alpha", "seed"),
    [(8, 100, [64, 32], 10, 0.01, 1), (5, 60, [10], 10, 0.1, 2), (6, 60, [9, 8, 7], 20, 0.05, 3)],
)
def test_the_control_agrees_with_the_straight_line(bits, examples, hidden, batch, alpha, seed):
    """T3 with frozen hidden layers: errors and bit accuracies of twenty iterations."""
    expected = plain_numpy.dni_layer_output(bits, examples, hidden, batch, alpha, 20, seed, frozen=True)
    found = control(bits, examples, hidden, batch, alpha, 20, seed)
    for one, other in zip(found, expected, strict=True):
        assert one["abs_error"] == pytest.approx(other["abs_error"], rel=1e-12)
        assert one["bit_accuracy"] == other["bit_accuracy"]


@pytest.mark.slow
def test_the_control_reaches_its_recorded_error():
    """T3's control after 9999 iterations: abs_error 304.17 and bit accuracy .703, above what DNI reaches there."""
    last = control(8, 100, [64, 32], 10, 0.01, 10_000, seed=1)[-1]
    assert last["abs_error"] == pytest.approx(304.17021700261705, rel=1e-10)
    assert last["bit_accuracy"] == pytest.approx(0.703, abs=5.1e-4)
