"""Interfaces: after which hidden layers a synthetic gradient stands; the layers between two are trained by backprop."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny
from support import plain_schedules
from support.against_numpy import DNI, check_against_the_line, optimizers, steps

from synthgrad.experiment import Experiment
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.losses import LOSSES

FOUR = {"network.hidden": [9, 8, 7, 6], "training.batch_size": 12}
"""Four steps an epoch, the last on four examples."""
PLACES = [[], [1], [4], [1, 3], [2, 3], [1, 2, 4]]
ORACLE = {"trainer.name": "dni", "trainer.generator.kind": "oracle"}
ONE_BY_ONE = {"trainer.interfaces": [3, 1, 4, 2]}

normalised = pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
trained = pytest.mark.parametrize(
    ("optimizer", "normalize"), [("sgd", False), ("sgd", True), ("momentum", False), ("adam", True)]
)
placed = pytest.mark.parametrize("interfaces", PLACES, ids=str)


def made(*keys):
    """An experiment with four hidden layers."""
    return Experiment([tiny({k: v for each in (FOUR, *keys) for k, v in each.items()})])


def check_same_networks(one, other):
    """Train both: the same bits in all weights of the networks and in all figures that both have."""
    epochs = list(zip(finish(one), finish(other), strict=True))
    assert same_bits(dict(one.trainer.network.arrays()), dict(other.trainer.network.arrays()))
    for a, b in epochs:
        common = a.metrics.keys() & b.metrics.keys()
        assert len(common) > 6
        assert all(a.metrics[name] == b.metrics[name] for name in common)


# without interfaces, and with all of them ---------------------------------------------------------


@trained
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_without_interfaces_dni_is_backprop(activation, loss, optimizer, normalize):
    """One module: the same bits, and no generator."""
    keys = {"network.activation": activation, "trainer.loss": loss, "trainer.optimizer": optimizer}
    keys |= {"network.normalize": normalize, "trainer.alpha": 0.02}
    decoupled = made(keys, {"trainer.name": "dni", "trainer.interfaces": []})
    check_same_networks(decoupled, made(keys))
    assert decoupled.trainer.generators == []
    assert not any(name.startswith("generator") for name in decoupled.columns())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "options",
    [{"trainer.lambda": 0.5}, {"trainer.generator.every": 2}, {"trainer.generator.target": "true"},
     {"trainer.schedule": {"kind": "stochastic", "probability": 1.0}}, {"trainer.input_model": {}}, ORACLE],
    ids=lambda options: "-".join(options),
)  # fmt: skip
def test_without_interfaces_the_other_options_are_backprop_too(options, dtype):
    """Nothing is left that they could be about."""
    keys = {"network.dtype": dtype, "training.shuffle": True}
    check_same_networks(made(keys, {"trainer.name": "dni", "trainer.interfaces": []}, options), made(keys))


@trained
@pytest.mark.parametrize(
    "options", [{}, {"trainer.lambda": 0.5}, {"trainer.generator.every": 2}, {"trainer.generator.target": "true"}],
    ids=lambda options: "-".join(options) or "plain",
)  # fmt: skip
def test_all_interfaces_by_their_numbers_are_all_of_them(options, optimizer, normalize):
    """In any order, to the bit, generators and figures among it."""
    keys = {**DNI, **options, **optimizers(DNI, optimizer), "network.normalize": normalize, "trainer.alpha": 0.02}
    one, other = made(keys, ONE_BY_ONE), made(keys)
    epochs = zip(finish(one), finish(other), strict=True)
    assert same_bits(arrays(one), arrays(other))
    assert all(same_bits(a.metrics, b.metrics) for a, b in epochs)


# true gradients -----------------------------------------------------------------------------------


@trained
@placed
def test_an_oracle_at_every_interface_makes_dni_equal_backprop(interfaces, optimizer, normalize):
    """Bit for bit: what is handed down inside a module is the true gradient then."""
    keys = {"network.normalize": normalize, "trainer.optimizer": optimizer, "trainer.alpha": 0.05}
    check_same_networks(made(keys, ORACLE, {"trainer.interfaces": interfaces}), made(keys))


@trained
@placed
def test_with_lambda_one_modules_are_backprop(interfaces, optimizer, normalize):
    """Each module receives what the one above hands down, whatever its generator says."""
    keys = {"network.normalize": normalize, "trainer.optimizer": optimizer, "trainer.alpha": 0.05}
    check_same_networks(made(keys, DNI, {"trainer.interfaces": interfaces, "trainer.lambda": 1.0}), made(keys))


@placed
def test_true_targets_are_those_of_the_layers_with_interfaces(interfaces):
    """From zero, each generator's first step is what it would be with one after every layer."""
    keys = {"trainer.name": "dni", "trainer.generator.alpha": 0.05, "trainer.generator.target": "true"}
    some, every = made(keys, {"trainer.interfaces": interfaces}), made(keys)
    for experiment in (some, every):
        steps(experiment, 1)
    found, expected = ({n: v for n, v in arrays(e).items() if n.startswith("generator")} for e in (some, every))
    assert {name.split(".")[1] for name in found} == {str(i) for i in interfaces}
    assert all(np.array_equal(value, expected[name]) and value.any() for name, value in found.items())


@normalised
@pytest.mark.parametrize("interface", [1, 2, 3, 4])
def test_below_the_topmost_module_synthetic_targets_are_true(interface, normalize):
    """With one interface the two kinds of targets are the same, but for rounding, to the end of training."""
    keys = {"trainer.interfaces": [interface], "network.normalize": normalize}
    synthetic, true = made(keys, DNI), made(keys, DNI, {"trainer.generator.target": "true"})
    finish(synthetic)
    finish(true)
    for name, value in true.trainer.arrays():
        np.testing.assert_allclose(dict(synthetic.trainer.arrays())[name], value, rtol=1e-11, atol=1e-12, err_msg=name)


# against plain NumPy ------------------------------------------------------------------------------


@trained
@placed
def test_modules_agree_with_the_straight_line(interfaces, optimizer, normalize):
    """Backprop inside, a prediction from above, a target for the one below."""
    keys = {**FOUR, **DNI, **optimizers(DNI, optimizer), "trainer.interfaces": interfaces, "trainer.alpha": 0.02}
    check_against_the_line({**keys, "network.normalize": normalize}, plain_schedules.in_order)


SHAPES = [
    {"network.hidden": [5, 17], "trainer.interfaces": [1], "training.batch_size": 7},
    {"network.hidden": [8] * 8, "trainer.interfaces": [4], "seed": 5},
    {"network.hidden": [6] * 8, "trainer.interfaces": [2, 4, 6], "training.batch_size": 40},
    {"network.hidden": [9, 4, 7], "trainer.interfaces": [2], "trainer.freeze": [2], "training.batch_size": 15},
    {"network.hidden": [9, 4, 7], "trainer.interfaces": [2], "trainer.freeze": [1, 3], "training.batch_size": 1},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape["network.hidden"])))
def test_modules_of_other_shapes_agree_with_the_straight_line(shape):
    """Depths, widths, batches of one, a frozen layer inside a module or at its end, through which gradients pass."""
    check_against_the_line(
        {**DNI, "trainer.generator.input": ["layer-output", "input"], **shape}, plain_schedules.in_order
    )


def test_what_is_at_an_interface_depends_on_no_layer_above_the_next_module():
    """Another output layer changes no bit below the topmost interface but in its generator."""
    one, other = (made(DNI, {"trainer.interfaces": [2, 3]}) for _ in range(2))
    other.trainer.layers[-1].W += 1
    for experiment in (one, other):
        steps(experiment, 1)
    a, b = arrays(one), dict(other.trainer.arrays())
    changed = {name.rpartition(".")[0] for name, value in b.items() if not np.array_equal(a[name], value)}
    assert changed == {"generator.3.1", "layer.4", "layer.5"}
