"""The oracle: what it says, what it notes, and what it does not do."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import tiny

from synthgrad.experiment import Experiment
from synthgrad.generators import Oracle
from synthgrad.nn.true_gradient import TrueGradient


@pytest.fixture
def trainer():
    """A DNI trainer with oracles, after its first step."""
    experiment = Experiment([tiny({"trainer.name": "dni", "trainer.generator.kind": "oracle"})])
    experiment.begin_epoch(1)
    experiment.batch = next(experiment.feed.epoch(1))
    experiment.trainer.step(experiment.batch)
    return experiment


def test_it_says_the_truth_of_the_moment_it_is_asked(trainer):
    """The lowest one has its twin look; the others say what was seen then."""
    oracles, batch = trainer.trainer.generators, trainer.batch
    assert all(isinstance(M, Oracle) for M in oracles)
    truth = TrueGradient(trainer.trainer.network, trainer.trainer.loss)
    truth.set_batch_size(batch.rows)
    first = [delta.copy() for delta in truth.compute(batch)]
    assert np.array_equal(oracles[0].delta(trainer.trainer.layers[0].h, batch), first[0])
    trainer.trainer.network.theta += 1
    assert np.array_equal(oracles[1].delta(trainer.trainer.layers[1].h, batch), first[1])


def test_it_learns_nothing_and_has_nothing_to_keep(trainer):
    """No weights, no state, and its step size is none."""
    for M in trainer.trainer.generators:
        M.set_alpha(1.0)
        assert (list(M.arrays()), M.state()) == ([], {})


@pytest.mark.parametrize("rows", [[10], [10, 4, 10]])
def test_it_notes_by_how_much_targets_are_off(trainer, rows):
    """sum |target - sg| over batches of every size, and it starts again at zero; the target stays as it is."""
    M, expected, rng = trainer.trainer.generators[1], 0.0, np.random.default_rng(1)
    M.take_error()
    for n in rows:
        trainer.trainer.generators[0].set_batch_size(n)
        M.set_batch_size(n)
        M.sg = rng.normal(size=(n, 9))
        target = rng.normal(size=(n, 9))
        expected += np.abs(target - M.sg).sum()
        M.fit(target.copy())
    assert M.take_error() == pytest.approx(expected, rel=1e-13)
    assert M.take_error() == 0
