"""Delayed gradients: true ones, of the weights, batches and labels of some steps ago."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment


def made(keys=None, **more):
    return Experiment([tiny({"trainer.name": "delayed-gradient", **(keys or {})}, **more)])


def steps(experiment, count, rate=1.0):
    """The first steps of an epoch, and all layers' weights before and after each."""
    seen = [arrays(experiment)]
    for batch in list(experiment.feed.epoch(1))[:count]:
        experiment.trainer.set_rate(rate)
        experiment.trainer.step(batch)
        seen.append(arrays(experiment))
    return seen


@pytest.mark.parametrize("pipeline", [False, True], ids=["all-alike", "pipeline"])
@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_without_a_delay_it_is_backprop(optimizer, normalize, pipeline):
    """All weights and figures have the same bits."""
    keys = {"network.normalize": normalize, "trainer.optimizer": optimizer, "training.batch_size": 12}
    experiment = made({**keys, "trainer.delay": 0, "trainer.pipeline": pipeline})
    backprop = Experiment([tiny(keys)])
    found, expected = finish(experiment), finish(backprop)
    assert same_bits(dict(experiment.trainer.arrays()), dict(backprop.trainer.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(found, expected, strict=True))


def gradient(p, x, y):
    """The mean gradient of a network of sigmoid layers and squared error, written out."""
    h = [x]
    for i in (1, 2, 3):
        h.append(1 / (1 + np.exp(-(h[-1] @ p[f"layer.{i}.W"] + p[f"layer.{i}.b"]))))
    delta, g = h[3] - y, {}
    for i in (3, 2, 1):
        d = delta * h[i] * (1 - h[i])
        g[f"layer.{i}.W"], g[f"layer.{i}.b"] = h[i - 1].T @ d / len(x), d.mean(0, keepdims=True)
        delta = d @ p[f"layer.{i}.W"].T
    return g


@pytest.mark.parametrize("delay", [1, 2, 3])
def test_a_step_takes_the_gradient_of_some_steps_ago(delay):
    """theta_{t+1} = theta_t - alpha g_{t-d}, written out; nothing moves before the first gradient is there."""
    experiment = made({"trainer.delay": delay})
    p = {name: value.copy() for name, value in experiment.trainer.arrays()}
    x, y = experiment.task.train
    grads = []
    for t in range(12):
        rows = slice(10 * (t % 4), 10 * (t % 4) + 10)
        grads.append(gradient(p, x[rows], y[rows]))
        if t >= delay:
            p = {name: value - 0.2 * grads[t - delay][name] for name, value in p.items()}
    finish(experiment)
    for name, value in experiment.trainer.arrays():
        np.testing.assert_allclose(value, p[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_nothing_moves_before_the_first_gradient_is_there():
    """Three steps late, the first step is the fourth."""
    seen = steps(made({"trainer.delay": 3}), 4)
    moved = [not np.array_equal(a["layer.1.W"], b["layer.1.W"]) for a, b in itertools.pairwise(seen)]
    assert moved == [False, False, False, True]


def test_in_a_pipeline_each_layer_waits_for_those_above():
    """The output layer moves at once, the next after one step, the lowest after two."""
    seen = steps(made({"trainer.pipeline": True}), 3)
    for i, waits in ((3, 0), (2, 1), (1, 2)):
        name = f"layer.{i}.W"
        moved = [not np.array_equal(a[name], b[name]) for a, b in itertools.pairwise(seen)]
        assert moved == [t >= waits for t in range(3)], name


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_a_step_has_the_size_of_its_own_time(optimizer):
    """Divided by four between a gradient and its step, the step size of the step counts."""
    experiment = made({"trainer.optimizer": optimizer})
    first, second = list(experiment.feed.epoch(1))[:2]
    start = arrays(experiment)
    g = gradient(start, first.x, first.y)
    for batch, rate in ((first, 1.0), (second, 0.25)):
        experiment.trainer.set_rate(rate)
        experiment.trainer.step(batch)
    for name, value in experiment.trainer.arrays():
        np.testing.assert_allclose(value, start[name] - 0.25 * 0.2 * g[name], rtol=1e-12, atol=1e-15, err_msg=name)


def test_what_is_under_way_belongs_to_the_state():
    """The gradients of this step and of those that are still to come, and the number of steps, which replicas share."""
    trainer = made({"trainer.delay": 2}).trainer
    ((ring,), state) = trainer.rings, trainer.state()
    assert state["delay.0.kept"] is ring.kept
    assert [slot.shape for slot in ring.slots] == [trainer.network.theta.shape] * 3
    assert state["delay.t"].shape == ()
