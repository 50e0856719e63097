"""The printed listing: its plus signs, and where they replicas."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import finish, tiny
from support import plain_numpy

from synthgrad.config import check
from synthgrad.experiment import Config, Diverged, Experiment, train


def listing(bits, examples, hidden, batch, alpha, epochs, seed, sign="plus"):
    """An experiment of the class as printed (T5 of FACTS.md)."""
    text = f"""
    stream: tutorial-dni
    seed: {seed}
    task: {{name: binary-addition, bits: {bits}, train_examples: {examples}, test_examples: 0}}
    network: {{hidden: {hidden}, bias: false}}
    trainer: {{name: printed-listing, alpha: {alpha}, sign: {sign}}}
    training: {{epochs: {epochs}, batch_size: {batch}}}
    """
    return Experiment([check(text, Config)])


def abs_deltas(epochs):
    return [float(epoch.metrics["abs_delta"]) for epoch in epochs]


@pytest.mark.parametrize("sign", ["plus", "minus"])
@pytest.mark.parametrize(
    ("bits", "examples", "hidden", "batch", "alpha", "seed"),
    [
        (5, 60, [10], 10, 1e-3, 2),
        (6, 60, [9, 8, 7], 20, 1e-2, 3),
        (8, 100, [33, 17], 5, 1e-3, 4),
        (4, 20, [], 4, 1e-2, 5),
    ],
)
def test_the_listing_agrees_with_the_straight_line(bits, examples, hidden, batch, alpha, seed, sign):
    """Either sign, on other settings than the tutorial's; in front of the climb nothing is chaotic."""
    expected = plain_numpy.printed_listing(
        bits, examples, hidden, batch, alpha, 8, seed, sign=1 if sign == "plus" else -1
    )
    found = abs_deltas(finish(listing(bits, examples, hidden, batch, alpha, 8, seed, sign)))
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_the_recorded_figures():
    """T5: abs_delta of the first twenty iterations, to the digits given."""
    found = abs_deltas(finish(listing(12, 1000, [128, 64], 1000, 1e-4, 20, seed=1)))
    for i, stated in plain_numpy.STATED_T5.items():
        assert found[i] == pytest.approx(stated, abs=5.1e-5), i


@pytest.mark.full
def test_the_overflow_ends_the_run():
    """T5 overflows before iteration 599: the run ends there, names a generator, and leaves finite numbers."""
    experiment = listing(12, 1000, [128, 64], 1000, 1e-4, 599, seed=1)
    *_, last = train(experiment)
    assert isinstance(last, Diverged)
    assert "generator" in last.where
    assert all(np.isfinite(value).all() for value in experiment.trainer.state().values())


@pytest.mark.full
def test_descent_at_the_same_settings_neither_explodes_nor_learns():
    """With both signs turned to minus, T5 stands still for 300 iterations: a twentieth of the loss at most."""
    epochs = finish(listing(12, 1000, [128, 64], 1000, 1e-4, 300, seed=1, sign="minus"))
    losses = [float(epoch.metrics["loss"]) for epoch in epochs]
    assert 0.95 * losses[0] < losses[-1] < 1.05 * losses[0]


def test_a_generator_climbs_away_from_its_targets():
    """M += h^T (h M - t) has no fixed point: one step up raises the miss that one step down lowers."""
    misses = {}
    for sign in ("plus", "minus"):
        keys = {"trainer.name": "printed-listing", "trainer.alpha": 1e-3, "trainer.sign": sign, "training.epochs": 60}
        epochs = finish(Experiment([tiny(keys)]))
        misses[sign] = [float(epoch.metrics["generator_error.2"]) for epoch in epochs]
    assert misses["plus"][-1] > 1.5 * misses["plus"][0]
    assert misses["minus"][-1] < misses["minus"][0]


def test_the_output_layers_generator_has_no_column():
    """Its miss is no hidden layer's: the figures are those of the hidden layers, as for DNI."""
    one, other = (
        Experiment([tiny({"trainer.name": name, "trainer.alpha": 1e-4})]) for name in ("printed-listing", "dni")
    )
    assert one.columns() == other.columns()


def test_one_reduction_keeps_the_default_of_the_other():
    """Both sum by default, and setting one of them leaves the other as it is."""
    config = tiny({"trainer": {"name": "printed-listing", "reduce": {"weights": "mean"}}})
    assert config.trainer.reduce.model_dump() == {"weights": "mean", "biases": "sum"}
