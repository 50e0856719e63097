"""Local losses: who learns from which loss."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, slope_of, tiny

from synthgrad.experiment import Experiment
from synthgrad.nn.losses import LOSSES
from synthgrad.types import Batch


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "local-loss", **(keys or {})}, **more)])


def below(experiment, i):
    """Every array of hidden layers and heads up to ``i``."""
    names = [f"{kind}.{k}." for kind in ("layer", "head") for k in range(1, i + 1)]
    return {name: value for name, value in arrays(experiment).items() if name.startswith(tuple(names))}


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("above", [2, 3])
def test_nothing_comes_down_from_the_layers_above(above, normalize):
    """Other weights and labels' errors there, and not one bit of layers and heads below is another after training."""
    one, other = made({"network.normalize": normalize}), made({"network.normalize": normalize})
    other.trainer.layers[above - 1].W += 1
    start = arrays(one)
    finish(one)
    finish(other)
    assert same_bits(below(one, above - 1), below(other, above - 1))
    assert not np.array_equal(arrays(one)[f"layer.{above}.W"], arrays(other)[f"layer.{above}.W"])
    assert not any(np.array_equal(value, start[name]) for name, value in below(one, above - 1).items())


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("i", [1, 2])
def test_a_step_is_minus_the_gradient_of_the_layers_own_loss(i, loss, normalize):
    """At alpha 1 the change of layer and head, along any direction, is the slope of the head's loss to 1e-7."""
    keys = {"trainer.loss": loss, "trainer.alpha": 1.0, "trainer.head.alpha": 1.0, "network.normalize": normalize}
    trainer, rng = made({**keys, "network.activation": "tanh"}).trainer, np.random.default_rng(1)
    names = (f"layer.{i}.", f"head.{i}.")
    weights = {k: w for k, w in trainer.arrays() if k.startswith(names) and "running" not in k}
    start, v = ({k: w.copy() for k, w in weights.items()}, {k: rng.normal(size=w.shape) for k, w in weights.items()})
    y = rng.integers(0, 2, (10, 4)).astype(float)
    batch, kept = Batch(rng.normal(size=(10, 8)), y, np.empty((10, 4))), trainer.network.theta.copy()

    def loss_at(t, rate=0.0):
        trainer.network.theta[...] = kept
        for k, w in weights.items():
            w[...] = start[k] + t * v[k]
        trainer.set_rate(rate)
        trainer.step(batch)
        head = trainer.heads[i - 1]
        return head.loss.objective(head.f.h, y)

    slope = slope_of(loss_at, 2e-5)
    loss_at(0, rate=1.0)
    moved = sum(np.sum((start[k] - w) * v[k]) for k, w in weights.items())
    assert moved == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_head_that_is_the_output_layer_makes_one_hidden_layer_backprop(optimizer):
    """From the same numbers the two stay one, and what the head hands down is the true gradient: the same bits."""
    keys = {"network.hidden": [12], "trainer.optimizer": optimizer, "trainer.alpha": 0.05, "diagnostics": False}
    one, other = made({**keys, "trainer.head": {"optimizer": optimizer, "alpha": 0.05}}), Experiment([tiny(keys)])
    (head,), output = one.trainer.heads, one.trainer.output
    head.f.params.theta[...] = output.params.theta
    found, expected = finish(one), finish(other)
    assert same_bits(dict(one.trainer.network.arrays()), dict(other.trainer.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(found, expected, strict=True))
    assert np.array_equal(head.f.W, output.W)


def test_heads_at_rest_still_teach():
    """With a step size of zero they are random projections of the label's error, and hidden layers learn from them."""
    experiment = made({"trainer.head.alpha": 0.0})
    before = arrays(experiment)
    finish(experiment)
    moved = {name for name, value in arrays(experiment).items() if not np.array_equal(value, before[name])}
    assert {"layer.1.W", "layer.2.W"} <= moved
    assert not [name for name in moved if name.startswith("head")]


def test_heads_follow_the_schedule_of_the_step_sizes():
    """``decay`` is for every step size."""
    experiment = made({"training.decay": {"at": [0.5], "divide_by": 4.0}, "trainer.head.alpha": 0.2})
    for epoch, alpha in ((1, 0.2), (3, 0.05)):
        experiment.begin_epoch(epoch)
        assert [head.optimizer.alpha.item() for head in experiment.trainer.heads] == [alpha, alpha]


def test_heads_without_biases_have_none():
    """And everything else is as before."""
    names = dict(made({"trainer.head.bias": False}).trainer.arrays())
    assert [name for name in names if name.startswith("head")] == ["head.1.1.W", "head.2.1.W"]
