"""A deep linear network that learns from synthetic gradients ends where backpropagation ends (configs/theory)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import finish
from support.shipped import CONFIGS

from synthgrad.config import load
from synthgrad.experiment import Config, Diverged, Experiment, train

FELL = [107, 133, 134, 146, 159, 179, 188, 189]
"""Seeds that diverged within 300 epochs with 32 examples and a step size of the layers of 0.05."""
FEW = ("task.noise=0", "training.epochs=400", "training.evaluate_every=400")


def experiment(seeds, *settings: str) -> Experiment:
    """The shipped config, a replica for each seed."""
    path = CONFIGS / "theory/least-squares.yaml"
    return Experiment([load(path, Config, [f"seed={seed}", *settings]) for seed in seeds])


def test_seeds_that_used_to_diverge_do_not():
    """Further than any of them got."""
    assert (finish(experiment(FELL, *FEW))[-1].metrics["loss"] < 0.2).all()


def test_what_made_them_diverge_was_layers_as_fast_as_their_generators():
    """With less momentum a generator forgets faster, and the same step size of the layers is slow beside it."""
    fast = (*FEW, "task.train_examples=32", "training.batch_size=32", "trainer.alpha=0.05")
    momentum = "trainer.generator.optimizer={name: momentum, mu: 0.7}"
    diverged = [record for record in train(experiment(FELL, *fast)) if isinstance(record, Diverged)]
    assert len(diverged) == len(FELL)
    finish(experiment(FELL, *fast, momentum, "trainer.generator.alpha=0.1"))


def slowness(each: Experiment) -> float:
    """How far h moves in a step, and what of an error a generator forgets in one, as a ratio."""
    x = each.task.train.x
    moves = each.config.trainer.alpha * np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    return float(moves / (1 - np.sqrt(each.config.trainer.generator.optimizer.mu)))


def test_in_the_shipped_setting_layers_are_slow_beside_their_generators():
    """In the setting before they were not."""
    before = ("task.train_examples=32", "training.batch_size=32", "trainer.alpha=0.05")
    assert max(slowness(experiment([seed])) for seed in FELL) < 1
    assert min(slowness(experiment([seed], *before)) for seed in FELL) > 1


@pytest.mark.full
@pytest.mark.parametrize("noise", [0, 0.5])
def test_it_ends_where_backpropagation_ends(noise):
    """To 1e-9, in seeds that used to diverge."""
    ends = [
        finish(experiment(FELL[:4], f"trainer.name={name}", f"task.noise={noise}"))[-1].metrics["loss"]
        for name in ("dni", "backprop")
    ]
    assert np.abs(ends[0] - ends[1]).max() < 1e-9
