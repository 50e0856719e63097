"""The truth: the gradient at every hidden layer's output, and nothing moved by looking."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, slope_of, tiny

from synthgrad.experiment import Experiment
from synthgrad.nn.losses import LOSSES
from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.types import Batch


def network(keys=None, replicas=1):
    """A trainer's network and loss on their first batch, after one step, and the truth about them."""
    keys = {"network.hidden": [7, 6, 5], **(keys or {})}
    experiment = Experiment([tiny(keys, seed=seed) for seed in range(1, replicas + 1)])
    experiment.begin_epoch(1)
    batch = next(experiment.feed.epoch(1))
    experiment.trainer.step(batch)
    truth = TrueGradient(experiment.trainer.network, experiment.trainer.loss)
    truth.set_batch_size(batch.rows)
    return experiment, batch, truth


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("i", [1, 2, 3])
def test_a_delta_is_the_slope_of_the_loss_in_a_layers_output(i, loss):
    """Moving h_i along any direction changes the summed loss by <delta_i, direction>, to 1e-7."""
    experiment, batch, truth = network({"trainer.loss": loss})
    layers, objective = experiment.trainer.layers, experiment.trainer.loss.objective
    delta, h = truth.compute(batch)[i - 1].copy(), batch.x
    for f in layers[:i]:
        h = f.forward(h)
    h, v = h.copy(), np.random.default_rng(i).normal(size=h.shape)

    def value(t):
        out = h + t * v
        for f in layers[i:]:
            out = f.forward(out)
        return objective(out, batch.y) * batch.rows

    assert np.sum(delta * v) == pytest.approx(slope_of(value), rel=1e-7)


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
def test_looking_changes_nothing_of_the_network(normalize):
    """Weights, running statistics, gradients, outputs and the loss's own buffer are as they were."""
    experiment, batch, truth = network({"network.normalize": normalize})
    trainer = experiment.trainer

    def seen():
        own = {f"{i}": f.h.copy() for i, f in enumerate(trainer.layers)}
        return arrays(experiment) | own | {"grad": trainer.network.grad.copy(), "loss": trainer.loss.out.copy()}

    before = seen()
    truth.compute(batch)
    for name, value in seen().items():
        assert np.array_equal(value, before[name]), name


def test_what_was_seen_stays_while_the_weights_move():
    """The deltas are those of the look, until the next one."""
    experiment, batch, truth = network()
    deltas = [delta.copy() for delta in truth.compute(batch)]
    experiment.trainer.step(batch)
    assert all(map(np.array_equal, truth.deltas, deltas))
    assert not any(map(np.array_equal, truth.compute(batch), deltas))


def test_a_stack_sees_what_its_replicas_see():
    """Replica by replica the same bits; batches of another size have buffers of their own."""
    _, batch, truth = network(replicas=2)
    together = [delta.copy() for delta in truth.compute(batch)]
    few = Batch(batch.x[:, :3], batch.y[:, :3], batch.h[:, :3])
    truth.set_batch_size(3)
    assert [delta.shape for delta in truth.compute(few)] == [(2, 3, 7), (2, 3, 6), (2, 3, 5)]
    for r in range(2):
        experiment = Experiment([tiny({"network.hidden": [7, 6, 5]}, seed=r + 1)])
        experiment.begin_epoch(1)
        own = next(experiment.feed.epoch(1))
        experiment.trainer.step(own)
        alone = TrueGradient(experiment.trainer.network, experiment.trainer.loss)
        alone.set_batch_size(own.rows)
        assert all(np.array_equal(a, b[r]) for a, b in zip(alone.compute(own), together, strict=True))


def test_a_network_without_hidden_layers_has_nothing_to_tell():
    """No hidden layer, no delta."""
    _, batch, truth = network({"network.hidden": []})
    assert truth.compute(batch) == []
