"""The step sizes that linear generators bear: the largest at which their regression settles."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import tiny

from synthgrad.experiment import Experiment


def dni(keys=None, **more):
    """A tiny experiment with these keys of the generators."""
    own = {name if "." in name else f"trainer.generator.{name}": value for name, value in (keys or {}).items()}
    return Experiment([tiny({"trainer.name": "dni", **own}, **more)])


def first(experiment):
    """The first batch of the epoch that has begun."""
    return next(experiment.feed.epoch(1))


def hidden(experiment):
    """M_i and h_i of every hidden layer on the first batch, from the bottom up."""
    h = experiment.trainer.begin(first(experiment))
    for f, M in zip(experiment.trainer.layers, experiment.trainer.generators, strict=False):
        h = f.forward(h)
        yield M, h


def fitted(M, h, batch, alpha):
    """How much larger a generator's steps towards a target are after 2,000 steps than after 1,000."""
    target = np.random.default_rng(M.i).normal(size=h.shape)
    M.set_alpha(alpha)
    sizes = []
    for _ in range(2001):
        before = M.network.theta.copy()
        M.delta(h, batch)
        M.fit(target)
        sizes.append(np.abs(M.network.theta - before).max())
    return sizes[2000] / sizes[1000]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", {"name": "momentum", "mu": 0.5}], ids=str)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("biases", ["mean", "sum"])
@pytest.mark.parametrize("weights", ["mean", "sum"])
def test_just_below_the_bound_a_fit_settles_and_just_above_it_explodes(weights, biases, bias, optimizer):
    """The generator itself, on the batch that the bound was found on, by one per cent on either side."""
    reduce = {"weights": weights, "biases": biases}
    experiment = dni({"reduce": reduce, "bias": bias, "optimizer": optimizer, "normalize": biases == "sum"})
    bounds = experiment.stability()
    assert bounds.keys() == {"1", "2"}
    for M, h in hidden(experiment):
        assert fitted(M, h, first(experiment), 0.99 * bounds[str(M.i)]) < 1
        assert fitted(M, h, first(experiment), 1.01 * bounds[str(M.i)]) > 1e3


@pytest.mark.parametrize("size", [5, 30], ids=["wide", "tall"])
def test_the_bound_is_two_over_the_largest_eigenvalue(size):
    """Of Z^T Z, for summed gradients without a bias, whichever way Z is longer."""
    experiment = dni({"training.batch_size": size, "bias": False, "reduce": {"weights": "sum"}})
    for M, h in hidden(experiment):
        Z = np.hstack([h, first(experiment).y])
        assert experiment.stability()[str(M.i)] == pytest.approx(2 / np.linalg.norm(Z, 2) ** 2, rel=1e-12)


@pytest.mark.parametrize("keys", [{"training.shuffle": True}, {"task.fresh": True}], ids=["shuffle", "fresh"])
def test_the_bound_is_that_of_the_first_batch_of_the_first_epoch(keys):
    """Asked before training has begun, which it leaves to begin."""
    experiment = dni(keys)
    bounds = experiment.stability()
    experiment.begin_epoch(1)
    assert bounds == {i: float(bound) for i, bound in experiment.diagnosis.bounds(first(experiment)).items()}


@pytest.mark.parametrize(
    "keys",
    [
        {"optimizer": "adam"},
        {"hidden": [4]},
        {"input": "layer-output", "bias": False, "network.activation": "relu", "network.init.scale": 0.0},
        {"network.activation": "identity", "network.init.scale": 1e200},
    ],
    ids=["adam", "hidden-layer", "inputs-of-zero", "inputs-beyond-all-numbers"],
)
def test_what_has_no_bound_is_left_out(keys):
    """Adam scales its steps, hidden layers bend, zeros fit nothing, and squares may overflow: no warning, no error."""
    normal = {"network.init": {"scheme": "normal", "shift": 0.0}}
    assert dni({**normal, **keys}).stability() == {}


@pytest.mark.parametrize("trainer", ["backprop", "frozen", "printed-listing"])
def test_a_trainer_without_generators_that_descend_has_no_bounds(trainer):
    """The printed listing's climb, at any step size."""
    assert Experiment([tiny({"trainer.name": trainer})]).stability() == {}


def test_a_replica_of_a_stack_has_its_own_bounds():
    """The same bits as alone."""
    configs = [dni(seed=seed).config for seed in (3, 4, 5)]
    alone = [Experiment([config]).stability() for config in configs]
    assert [replica.stability() for replica in Experiment(configs).replicas] == alone
