"""Options of DNI: lambda, and how often, to what and at what scale generators work. All held against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment, restore, snapshot
from synthgrad.types import Batch

HIDDEN = [9, 8, 7]
PLAIN = {"trainer.name": "dni", "trainer.generator.alpha": 0.05, "network.hidden": HIDDEN}


def dni(keys=None, **more):
    return Experiment([tiny({**PLAIN, **(keys or {})}, **more)])


def steps(experiment, count=None, epoch=1):
    """Take the first steps of an epoch."""
    experiment.begin_epoch(epoch)
    for batch in list(experiment.feed.epoch(epoch))[:count]:
        experiment.trainer.step(batch)


def moved(before, experiment):
    """The generators, by number, whose weights are not as they were."""
    found = experiment.trainer.arrays()
    return {n.split(".")[1] for n, v in found if n.startswith("generator") and not np.array_equal(v, before[n])}


# against plain NumPy ------------------------------------------------------------------------------


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_hand(start, batches, share=0.0, scale=1.0, every=1, true=False, alpha=0.2, alpha_generator=0.05):
    """Sigmoid layers, linear generators on [h, y], mean reductions; forward, gradients from the top, updates."""
    p = {name: value.copy() for name, value in start.items()}
    top = max(int(name.split(".")[1]) for name in p if name.startswith("layer"))
    for t, (x, y) in enumerate(batches):
        h, z, sg = [x], {}, {}
        for i in range(1, top + 1):
            h.append(sigmoid(h[-1] @ p[f"layer.{i}.W"] + p[f"layer.{i}.b"]))
            if i < top:
                z[i] = np.hstack([h[i], y])
                sg[i] = z[i] @ p[f"generator.{i}.1.W"] + p[f"generator.{i}.1.b"]
        d = truth = (h[top] - y) * h[top] * (1 - h[top])
        steps = {}
        for i in range(top, 0, -1):
            steps[f"layer.{i}.W"], steps[f"layer.{i}.b"] = alpha * h[i - 1].T @ d / len(x), alpha * d.mean(0)
            if i == 1:
                break
            handed_down, truth = d @ p[f"layer.{i}.W"].T, truth @ p[f"layer.{i}.W"].T
            if t % every == 0:
                miss = sg[i - 1] - (truth if true else handed_down)
                steps[f"generator.{i - 1}.1.W"] = alpha_generator * z[i - 1].T @ miss / len(x)
                steps[f"generator.{i - 1}.1.b"] = alpha_generator * miss.mean(0)
            slope = h[i - 1] * (1 - h[i - 1])
            d, truth = (share * handed_down + (1 - share) * scale * sg[i - 1]) * slope, truth * slope
        for name, step in steps.items():
            p[name] = p[name] - step
    return p


SETTINGS = [
    {"share": 0.5},
    {"share": 1.0},
    {"scale": 0.5},
    {"every": 3},
    {"true": True},
    {"every": 3, "true": True},
    {"share": 0.3, "scale": 2.0, "every": 2},
    {"share": 0.7, "scale": 0.5, "every": 5, "true": True},
]


def keys_of(share=0.0, scale=1.0, every=1, true=False):
    own = {"scale": scale, "every": every, "target": "true" if true else "synthetic", "last_layer": "random"}
    return {"trainer.lambda": share, **{f"trainer.generator.{name}": value for name, value in own.items()}}


def slices(experiment, epochs=3):
    task = experiment.task.train
    return epochs * [(task.x[i : i + 10], task.y[i : i + 10]) for i in range(0, 40, 10)]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_training_agrees_with_the_steps_written_out(setting):
    """Three epochs, to rounding; and without the options the same steps replicas elsewhere."""
    experiment = dni(keys_of(**setting))
    start = {name: value.copy() for name, value in experiment.trainer.arrays()}
    finish(experiment)
    expected, another = by_hand(start, slices(experiment), **setting), by_hand(start, slices(experiment))
    for name, value in experiment.trainer.arrays():
        np.testing.assert_allclose(value, expected[name], rtol=1e-12, atol=1e-13, err_msg=name)
    assert np.abs(another["generator.1.1.W"] - expected["generator.1.1.W"]).max() > 1e-7


# every --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("target", ["synthetic", "true"])
def test_generators_are_fitted_in_the_first_of_every_three_steps(target, share):
    """Steps 1, 4, 7, ..., from one epoch of four steps to the next; the layers move in all of them."""
    keys = {"trainer.generator.every": 3, "trainer.generator.target": target, "trainer.lambda": share}
    experiment, fitted = dni({**keys, "trainer.generator.last_layer": "random"}), []
    for epoch in (1, 2, 3):
        experiment.begin_epoch(epoch)
        for batch in experiment.feed.epoch(epoch):
            before = arrays(experiment)
            experiment.trainer.step(batch)
            fitted.append(moved(before, experiment))
            assert not np.array_equal(before["layer.1.W"], experiment.trainer.layers[0].W)
    assert fitted == [{"1", "2", "3"} if step % 3 == 0 else set() for step in range(12)]


def test_the_count_of_steps_is_part_of_the_state():
    """A snapshot taken between two fits goes on where it was, to the bit; without ``every`` nothing is counted."""
    experiment = dni({"trainer.generator.every": 3})
    steps(experiment)
    kept = snapshot(experiment.trainer)
    steps(experiment, epoch=2)
    other = dni({"trainer.generator.every": 3})
    restore(other.trainer, kept)
    steps(other, epoch=2)
    assert same_bits(arrays(other), arrays(experiment))
    assert kept["generators.t"] == 4
    assert "generators.t" not in dni().trainer.state()


def test_an_epoch_without_a_fit_has_no_generator_error():
    """Nothing was held against a target there: absent, not zero. Where there was, it is that of these steps alone."""
    epochs = finish(dni({"trainer.generator.every": 8, "training.epochs": 4}))
    assert ["generator_error.1" in epoch.metrics for epoch in epochs] == [True, False, True, False]
    assert epochs[0].metrics["generator_error.3"] < finish(dni({"training.epochs": 1}))[0].metrics["generator_error.3"]


# scale --------------------------------------------------------------------------------------------


def test_scale_zero_is_the_frozen_control():
    """Hidden layers that receive nothing stay where they are, and the output layer learns what it can."""
    scaled = dni({"trainer.generator.scale": 0})
    frozen = Experiment([tiny({"trainer.name": "frozen", "network.hidden": HIDDEN})])
    finish(scaled)
    finish(frozen)
    assert same_bits(dict(scaled.trainer.network.arrays()), dict(frozen.trainer.network.arrays()))


def test_scale_is_not_in_what_a_generator_predicts():
    """Layers held still, the top generator learns the same at any scale, and those below what is left of it there."""
    keys = {"trainer.alpha": 0.0, "trainer.generator.last_layer": "random", "network.activation": "identity"}
    one, half = dni(keys), dni({**keys, "trainer.generator.scale": 0.5})
    for experiment in (one, half):
        steps(experiment, 1)
    a, b = (dict(e.trainer.arrays()) for e in (one, half))
    assert np.array_equal(a["generator.3.1.W"], b["generator.3.1.W"])
    assert not np.array_equal(a["generator.2.1.W"], b["generator.2.1.W"])


# target -------------------------------------------------------------------------------------------


def test_with_true_targets_the_error_reaches_all_generators_in_the_first_step():
    """Nobody waits for the prediction of the one above; with synthetic ones it comes down one a step."""
    for target, reached in (("true", {"1", "2", "3"}), ("synthetic", {"3"})):
        experiment = dni({"trainer.generator.target": target})
        before = arrays(experiment)
        steps(experiment, 1)
        assert moved(before, experiment) == reached


def test_true_targets_depend_on_the_layers_beyond_the_next():
    """Another output layer changes every generator's first step: this is what decoupling is not."""
    keys = {"trainer.generator.target": "true", "trainer.generator.last_layer": "random"}
    one, other = dni(keys), dni(keys)
    other.trainer.layers[-1].W += 1
    for experiment in (one, other):
        steps(experiment, 1)
    a, b = arrays(one), arrays(other)
    assert not any(np.array_equal(a[f"generator.{i}.1.W"], b[f"generator.{i}.1.W"]) for i in (1, 2, 3))


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_only_generator_of_a_network_has_the_true_target_anyway(optimizer, normalize):
    """With one hidden layer the next layer is the output: the same bits."""
    keys = {"network.hidden": [9], "network.normalize": normalize, "trainer.optimizer": optimizer}
    experiments = [dni({**keys, "trainer.generator.target": target}) for target in ("synthetic", "true")]
    for experiment in experiments:
        finish(experiment)
    assert same_bits(*map(arrays, experiments))


# the defaults -------------------------------------------------------------------------------------


def test_defaults_are_plain_dni():
    """The paper's own sweep, and nothing is multiplied or copied."""
    trainer = dni().trainer
    assert trainer.schedule is None
    assert {M.scale for M in trainer.generators} == {None}
    batch = Batch(np.ones((10, 8)), np.ones((10, 4)), np.empty((10, 4)))
    trainer.set_rate(1)
    trainer.step(batch)
    M = trainer.generators[0]
    assert M.delta(trainer.layers[0].h, batch) is M.sg


def test_the_paper_s_generators_train_and_stack():
    """Two hidden layers of 1024 with batch normalisation in single precision: finite, and replica = single."""
    keys = {
        "network.dtype": "float32", "network.normalize": True, "network.activation": "relu", "network.hidden": [9, 8],
        "trainer.generator.hidden": [1024, 1024], "trainer.generator.normalize_hidden": True,
        "trainer.generator.normalize": True, "trainer.generator.input": "layer-output",
        "trainer.optimizer": "adam", "trainer.generator.optimizer": "adam",
        "trainer.alpha": 3e-5, "trainer.generator.alpha": 3e-5, "training.epochs": 1, "training.batch_size": 20,
        "diagnostics": False,
    }  # fmt: skip
    configs = [tiny({**PLAIN, **keys}, seed=seed) for seed in (1, 2)]
    stack, alone = Experiment(configs), [Experiment([config]) for config in configs]
    finish(stack)
    for r, experiment in enumerate(alone):
        finish(experiment)
        found = arrays(stack)
        for name, value in arrays(experiment).items():
            assert np.array_equal(found[name] if name.endswith(".t") else found[name][r], value), name
    assert found["generator.1.3.W"].dtype == np.float32
    assert found["generator.1.3.W"].any()
