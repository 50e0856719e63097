"""Lambda: from DNI, which waits for nobody, to backprop, which waits for all."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny

from synthgrad.experiment import Experiment
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.losses import LOSSES
from synthgrad.schedules.sweeps import Mix

DEPTHS = pytest.mark.parametrize("hidden", [[], [7], [8, 7, 6], [9, 8, 7, 6]], ids=lambda h: f"{len(h)}-hidden")
FIGURES = ["loss", "abs_error", "bit_accuracy", "exact_accuracy", "test_loss", "test_bit_accuracy"]


def mixed(share, keys=None):
    own = {} if "trainer.generator.kind" in (keys or {}) else {"trainer.generator.alpha": 0.05}
    return Experiment([tiny({"trainer.name": "dni", "trainer.lambda": share, **own, **(keys or {})})])


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@DEPTHS
def test_lambda_one_is_backprop(hidden, optimizer, dtype, normalize):
    """Weights, running statistics and figures, bit for bit, whatever the generators say."""
    keys = {
        "network.hidden": hidden, "network.dtype": dtype, "network.normalize": normalize, "training.batch_size": 12,
        "trainer.optimizer": optimizer, "trainer.alpha": 0.02, "training.shuffle": True,
    }  # fmt: skip
    backprop, one = Experiment([tiny(keys)]), mixed(1, {**keys, "trainer.generator.last_layer": "random"})
    epochs = zip(finish(backprop), finish(one), strict=True)
    assert same_bits(dict(backprop.trainer.network.arrays()), dict(one.trainer.network.arrays()))
    for a, b in epochs:
        assert [a.metrics[name] for name in FIGURES] == [b.metrics[name] for name in FIGURES]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lambda_one_is_backprop_with_every_activation_and_loss(activation, loss):
    """The same for one shape."""
    keys = {"network.activation": activation, "trainer.loss": loss}
    backprop, one = Experiment([tiny(keys)]), mixed(1, keys)
    finish(backprop)
    finish(one)
    assert same_bits(dict(backprop.trainer.network.arrays()), dict(one.trainer.network.arrays()))


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_two_sweeps_at_lambda_zero_are_the_one_of_dni(optimizer, normalize):
    """Beside a lambda of a half in a stack, 0 goes up and down too: the same bits as one sweep upward."""
    keys = {
        "trainer.name": "dni", "network.normalize": normalize, "trainer.generator.alpha": 0.05,
        "trainer.optimizer": optimizer, "trainer.alpha": 0.02, "trainer.generator.last_layer": "random",
    }  # fmt: skip
    plain_dni = Experiment([tiny(keys)])
    stack = Experiment([tiny({**keys, "trainer.lambda": share}) for share in (0.0, 0.5)])
    finish(plain_dni)
    finish(stack)
    found = {n: v if n.endswith(".t") else np.ascontiguousarray(v[0]) for n, v in arrays(stack).items()}
    assert same_bits(found, arrays(plain_dni))


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_with_exact_generators_any_lambda_is_backprop(share, loss, normalize):
    """A mix of two true gradients is the true gradient, to rounding."""
    keys = {"network.normalize": normalize, "trainer.loss": loss}
    backprop, exact = Experiment([tiny(keys)]), mixed(share, {**keys, "trainer.generator.kind": "oracle"})
    finish(backprop)
    finish(exact)
    for name, value in backprop.trainer.network.arrays():
        np.testing.assert_allclose(dict(exact.trainer.arrays())[name], value, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_above_zero_the_error_reaches_all_generators_in_the_first_step(share):
    """What a layer hands down holds a share of what it was handed: no bootstrapping from nothing."""
    experiment = mixed(share, {"network.hidden": [9, 8, 7, 6]})
    before = arrays(experiment)
    experiment.begin_epoch(1)
    experiment.trainer.step(next(experiment.feed.epoch(1)))
    after = arrays(experiment)
    for i in (1, 2, 3, 4):
        assert not np.array_equal(before[f"generator.{i}.1.W"], after[f"generator.{i}.1.W"])
        assert not np.array_equal(before[f"layer.{i}.W"], after[f"layer.{i}.W"])


def test_generators_are_fitted_to_what_is_handed_down():
    """The top one to the true gradient, the next to the pull-back of the mix above it: their errors say so."""
    keys = {"trainer.alpha": 0.0, "trainer.generator.alpha": 0.0, "trainer.generator.last_layer": "random"}
    found = [finish(mixed(share, keys))[-1].metrics for share in (0.0, 0.5, 1.0)]
    assert len({float(figures["generator_error.2"]) for figures in found}) == 1
    assert len({float(figures["generator_error.1"]) for figures in found}) == 3


# mixing -------------------------------------------------------------------------------------------


def test_a_mix_is_the_formula():
    """delta = lambda g + (1 - lambda) sg, a number or one a replica, and neither is changed."""
    g, sg = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    for share in (0.3, np.array([0.3, 0.0, 1.0])):
        mix, before = Mix(share, 5, (3,), np.float64), (g.copy(), sg.copy())
        mix.set_batch_size(4)
        lam = np.reshape(share, (-1, 1, 1))
        np.testing.assert_allclose(mix(g, sg), lam * g + (1 - lam) * sg, rtol=1e-15)
        assert all(map(np.array_equal, (g, sg), before))


def test_the_ends_of_a_mix_are_exact():
    """At 0 and 1 one of the two does not count, even where it is no number; also beside other replicas."""
    bad = np.full((3, 4, 5), np.inf)
    good = np.ones((3, 4, 5))
    mix = Mix(np.array([0.0, 0.5, 1.0]), 5, (3,), np.float64)
    mix.set_batch_size(4)
    with np.errstate(invalid="ignore"):
        assert np.array_equal(mix(bad, good)[0], good[0])
        assert np.array_equal(mix(good, bad)[2], good[2])
    assert Mix(1.0, 5, (3,), np.float64)(good, bad) is good
