"""Does each layer learn? Cosine and skill of what hidden layers receive, and that looking changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ROWS, arrays, finish, same_bits, slope_of, tiny
from support import plain_numpy

from synthgrad.experiment import Epoch, Experiment, train
from synthgrad.nn.losses import LOSSES

DEEP = {"trainer.name": "dni", "trainer.generator.hidden": [7, 5], "trainer.generator.activation": "tanh",
        "trainer.generator.normalize": True, "trainer.generator.normalize_hidden": True}  # fmt: skip
EVERY = [*ROWS, pytest.param(DEEP, id="dni-deep")]
TRUE = {"backprop", "frozen", "delayed-gradient"}
"""Trainers whose hidden layers receive true gradients, of the moment or late, or nothing."""
ESTIMATING = [row for row in EVERY if row.values[0]["trainer.name"] not in TRUE]
LOOKED = ("cosine.", "skill.")


def dni(keys=None, **more):
    """A tiny experiment with generators that predict something from the start."""
    start = {"trainer.name": "dni", "trainer.generator.alpha": 0.05, "trainer.generator.last_layer": "random"}
    return Experiment([tiny({**start, **(keys or {})}, **more)])


def first(experiment, epoch=1):
    """The first batch of an epoch that has begun."""
    return next(experiment.feed.epoch(epoch))


def looked(figures):
    """The diagnostics among figures, as numbers."""
    return {name: float(value) for name, value in figures.items() if name.startswith(LOOKED)}


# what they are ------------------------------------------------------------------------------------


def layer(p, name, x, activation):
    """f(x W + b), or with batch normalisation over the batch at hand, written out."""
    a, gamma = x @ p[f"{name}.W"], p.get(f"{name}.gamma")
    a = a + p[f"{name}.b"] if gamma is None else gamma * standard(a) + p[f"{name}.beta"]
    return plain_numpy.activate(activation, a)[0]


def standard(a):
    return (a - a.mean(0)) / np.sqrt(a.var(0) + 1e-5)


def synthetic(config, p, i, h, x, y):
    """sg_i by hand."""
    options = config.trainer.generator
    seen = {"layer-output": standard(h) if options.normalize else h, "label": y, "input": x}
    z = np.hstack([seen[name] for name in options.input])
    for k in range(1, len(options.hidden) + 1):
        z = layer(p, f"generator.{i}.{k}", z, options.activation)
    return layer(p, f"generator.{i}.{len(options.hidden) + 1}", z, "identity")


def summed_loss(config, p, i, h, y):
    """The loss of a batch, summed, from h_i upward."""
    for k in range(i + 1, len(config.network.hidden) + 1):
        h = layer(p, f"layer.{k}", h, config.network.activation)
    o = layer(p, f"layer.{len(config.network.hidden) + 1}", h, "sigmoid")
    if config.trainer.loss == "squared-error":
        return ((o - y) ** 2).sum() / 2
    return -(y * np.log(o) + (1 - y) * np.log(1 - o)).sum()


def truth(config, p, x, y):
    """i, h_i and delta_i = dL/dh_i by finite differences, number by number, upward."""
    h = x
    for i in range(1, len(config.network.hidden) + 1):
        h = layer(p, f"layer.{i}", h, config.network.activation)
        delta = np.empty_like(h)
        for place in np.ndindex(h.shape):
            one = np.zeros_like(h)
            one[place] = 1
            delta[place] = slope_of(lambda t, i=i, h=h, one=one: summed_loss(config, p, i, h + t * one, y))
        yield i, h, delta


def by_hand(config, p, x, y):
    """Cosine and skill of every generator, written out."""
    found = {}
    for i, h, delta in truth(config, p, x, y):
        sg = synthetic(config, p, i, h, x, y)
        found[f"cosine.{i}"] = (sg * delta).sum() / np.sqrt((sg**2).sum() * (delta**2).sum())
        found[f"skill.{i}"] = 1 - ((sg - delta) ** 2).sum() / (delta**2).sum()
    return found


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize(
    "keys", [{}, {"trainer.generator.input": ["label", "input"]}, DEEP], ids=["both", "xy", "deep"]
)
def test_cosine_and_skill_are_their_formulas(keys, normalize, loss):
    """With the true gradient by finite differences, at the weights that the epoch ends with."""
    keys = {**keys, "network.normalize": normalize, "trainer.loss": loss, "network.hidden": [7, 6, 5]}
    experiment = dni({**keys, "network.activation": "tanh"})
    last = finish(experiment)[-1]
    x, y = (side[:10] for side in experiment.task.train)
    expected = by_hand(experiment.config, dict(experiment.trainer.arrays()), x, y)
    assert looked(last.metrics) == pytest.approx(expected, rel=1e-8, abs=1e-9)


# of all other trainers ----------------------------------------------------------------------------


def received(config, p, x, y):
    """What hidden layers receive from trainers without generators, by their formulas, the lowest layer's first."""
    name, loss, top = config.trainer.name, config.trainer.loss, len(config.network.hidden) + 1
    h = [x]
    for i in range(1, top):
        h.append(layer(p, f"layer.{i}", h[-1], config.network.activation))

    def error(o):
        return o - y if loss == "cross-entropy" else (o - y) * o * (1 - o)

    d = e = error(layer(p, f"layer.{top}", h[-1], "sigmoid"))
    found = []
    for i in range(top - 1, 0, -1):
        if name == "feedback-alignment":
            sg = d @ p[f"feedback.{i}.B"]
        elif name == "sign-symmetry":
            sg = d @ np.sign(p[f"layer.{i + 1}.W"]).T * p[f"feedback.{i}.s"]
        elif name == "direct-feedback-alignment":
            sg = e @ p[f"feedback.{i}.B"]
        elif name == "drtp":
            sg = (0.5 - y) @ p[f"feedback.{i}.B"]
        else:
            sg = error(layer(p, f"head.{i}.1", h[i], "sigmoid")) @ p[f"head.{i}.1.W"].T
        found.insert(0, sg)
        d = sg * (1 - h[i] ** 2)
    return found


WITHOUT = [row for row in ESTIMATING if not row.id.startswith(("dni", "printed-listing"))]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("row", WITHOUT)
def test_what_other_trainers_hand_down_is_measured_alike(row, loss, optimizer):
    """Cosine and skill of the formula's delta, at the weights that the epoch ends with."""
    keys = {**row, "trainer.loss": loss, "trainer.optimizer": optimizer, "trainer.alpha": 0.05}
    experiment = Experiment([tiny({**keys, "network.hidden": [7, 6, 5], "network.activation": "tanh"})])
    last = finish(experiment)[-1]
    p, (x, y), expected = dict(experiment.trainer.arrays()), (side[:10] for side in experiment.task.train), {}
    given = received(experiment.config, p, x, y)
    for i, _, delta in truth(experiment.config, p, x, y):
        sg = given[i - 1]
        expected[f"cosine.{i}"] = (sg * delta).sum() / np.sqrt((sg**2).sum() * (delta**2).sum())
        expected[f"skill.{i}"] = 1 - ((sg - delta) ** 2).sum() / (delta**2).sum()
    assert looked(last.metrics) == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_through_the_transposed_weights_cosine_and_skill_are_one():
    """Feedback alignment through the transposed weights, in the twin as in the trainer."""
    experiment = Experiment([tiny({"trainer.name": "feedback-alignment"})])
    for trainer in (experiment.trainer, experiment.diagnosis.twin):
        for f in trainer.layers:
            f.back = f.W.mT
    for epoch in finish(experiment):
        assert list(looked(epoch.metrics).values()) == pytest.approx([1, 1, 1, 1], abs=1e-12)


@pytest.mark.parametrize("row", ESTIMATING)
def test_a_frozen_layer_is_looked_at_like_any_other(row):
    """At the same weights it is handed the same."""
    free, frozen = (Experiment([tiny({**row, "trainer.freeze": freeze})]) for freeze in ([], [1, 2]))
    found, expected = (experiment.diagnosis.metrics(first(experiment)) for experiment in (frozen, free))
    for name, value in expected.items():
        assert np.array_equal(found[name], value, equal_nan=True), name


@pytest.mark.parametrize("row", EVERY)
def test_without_hidden_layers_there_is_nothing_to_look_at(row):
    """And no twin is made."""
    experiment = Experiment([tiny({**row, "network.hidden": []})])
    assert experiment.diagnosis is None
    assert not [name for name in experiment.columns() if name.startswith(LOOKED)]


@pytest.mark.parametrize("keys", [{"training.shuffle": True}, {"task.fresh": True}], ids=["shuffle", "fresh"])
def test_they_are_taken_on_the_first_batch_of_the_epoch(keys):
    """The first ten in that epoch's own order, or of its own pairs."""
    experiment = dni(keys)
    last = finish(experiment)[-1]
    examples = experiment.task.draw(3) if "task.fresh" in keys else experiment.task.train
    rows = experiment.parts.order(3)[:10] if "training.shuffle" in keys else slice(10)
    expected = by_hand(experiment.config, dict(experiment.trainer.arrays()), examples.x[rows], examples.y[rows])
    assert looked(last.metrics) == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_a_generator_that_interpolates_the_true_gradient_has_cosine_and_skill_one():
    """On a batch of four, linear generators can be solved for exactly."""
    experiment = dni({"training.batch_size": 4})
    p, (x, y) = dict(experiment.trainer.arrays()), (side[:4] for side in experiment.task.train)
    for i, h, delta in truth(experiment.config, p, x, y):
        p[f"generator.{i}.1.W"][...] = np.linalg.lstsq(np.hstack([h, y]), delta)[0]
        p[f"generator.{i}.1.b"][...] = 0
    figures = experiment.diagnosis.metrics(first(experiment))
    assert figures == pytest.approx(dict.fromkeys(experiment.diagnosis.columns(), 1), abs=1e-9)


def test_float32_is_summed_in_float64():
    """They agree with double precision to the rounding of the gradients, not of their sums."""
    single, double = (dni({"network.dtype": dtype}) for dtype in ("float32", "float64"))
    found, expected = (experiment.diagnosis.metrics(first(experiment)) for experiment in (single, double))
    assert {value.dtype for value in found.values()} == {np.dtype(np.float64)}
    assert looked(found) == pytest.approx(looked(expected), rel=1e-5)


# where there are none -----------------------------------------------------------------------------


def test_a_generator_at_zero_has_no_cosine_and_skill_zero():
    """It is as good as no step, and has no direction."""
    for epoch in finish(dni({"trainer.generator.last_layer": "zeros", "trainer.generator.alpha": 0.0})):
        assert looked(epoch.metrics) == {"skill.1": 0, "skill.2": 0}


def test_where_the_true_gradient_is_zero_there_is_neither():
    """Here the output layer hands nothing down."""
    experiment = dni({"trainer.alpha": 0.0})
    experiment.trainer.layers[-1].W[...] = 0
    assert looked(finish(experiment)[-1].metrics) == {}
    assert np.isnan(list(experiment.diagnosis.metrics(first(experiment)).values())).all()


def test_a_diagnostic_that_is_not_finite_is_no_divergence():
    """A skill beyond all numbers is left out, the cosine of huge numbers is found, and training goes on."""
    experiment = dni({"trainer.alpha": 0.0, "trainer.generator.alpha": 0.0})
    expected = looked(experiment.diagnosis.metrics(first(experiment)))
    for M in experiment.trainer.generators:
        M.network.theta *= 1e170
    epochs = finish(experiment)
    found = looked(epochs[-1].metrics)
    assert (len(epochs), list(found)) == (3, ["cosine.1", "cosine.2"])
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-12)


@pytest.mark.parametrize("row", EVERY)
def test_only_evaluated_epochs_have_them_and_only_of_trainers_that_estimate(row):
    """Every third epoch and the last, one of each a hidden layer."""
    experiment = Experiment([tiny({**row, "training.epochs": 7, "training.evaluate_every": 3})])
    estimates = row["trainer.name"] not in TRUE
    expected = {"cosine.1", "cosine.2", "skill.1", "skill.2"} if estimates else set()
    for epoch in finish(experiment):
        assert looked(epoch.metrics).keys() == (expected if epoch.epoch in (3, 6, 7) else set())


@pytest.mark.parametrize("row", EVERY)
def test_off_leaves_no_columns(row):
    """And no twin, and no bounds."""
    experiment = Experiment([tiny({**row, "diagnostics": "off"})])
    assert not [name for name in experiment.columns() if name.startswith(LOOKED)]
    assert experiment.diagnosis is None
    assert experiment.stability() == {}


# looking changes nothing --------------------------------------------------------------------------

WAYS = {
    "plain": {},
    "normalize-shuffle": {"network.normalize": True, "training.shuffle": True, "training.batch_size": 12},
    "fresh": {"task.fresh": True, "stream": "tutorial-dni"},
    "adam": {"trainer.optimizer": "adam", "trainer.loss": "cross-entropy", "network.normalize": True},
    "seldom": {"training.evaluate_every": 2, "network.activation": "relu"},
}


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("row", EVERY)
def test_everything_else_has_the_same_bits_with_and_without(row, way, dtype, replicas):
    """Weights, statistics, moments, outputs and all other figures."""
    keys = {**row, **WAYS[way], "network.dtype": dtype}
    if row["trainer.name"] == "printed-listing":
        keys = {key: value for key, value in keys.items() if key not in ("trainer.optimizer", "trainer.loss")}
    runs = []
    for on in (True, False):
        experiment = Experiment([tiny({**keys, "diagnostics": on}, seed=seed) for seed in range(replicas)])
        experiment.stability()
        hashes, columns = experiment.hashes(), [c for c in experiment.columns() if not c.startswith(LOOKED)]
        epochs = [{k: np.copy(v) for k, v in epoch.metrics.items() if k in columns} for epoch in finish(experiment)]
        runs.append((hashes, columns, epochs, arrays(experiment) | {"outputs": experiment.feed.h}))
    (*names, epochs, found), (*other_names, other_epochs, other) = runs
    assert names == other_names
    assert same_bits(found, other)
    assert all(same_bits(a, b) for a, b in zip(epochs, other_epochs, strict=True))


@pytest.mark.parametrize("row", ESTIMATING)
def test_leaving_and_looking_between_epochs_changes_nothing(row):
    """Bounds and figures may be asked for at any record."""
    one, other = (Experiment([tiny({**row, "task.fresh": True, "training.shuffle": True})]) for _ in range(2))
    finish(one)
    for record in train(other):
        if isinstance(record, Epoch):
            other.stability()
            other.diagnosis.metrics(first(other, record.epoch))
    assert same_bits(arrays(one), arrays(other))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("row", ESTIMATING)
def test_a_stack_has_the_diagnostics_of_its_replicas(row, normalize, dtype):
    """Bit for bit, and nan where a replica alone has none: here the last, whose generators stay at zero."""
    keys = {**row, "network.normalize": normalize, "network.dtype": dtype, "network.hidden": [128, 64]}
    configs = [tiny(keys, seed=seed) for seed in (3, 4)]
    if row["trainer.name"] == "dni":
        configs.append(tiny({**keys, "trainer.generator.alpha": 0.0}, seed=5))
    together, alone = finish(Experiment(configs))[-1], [finish(Experiment([config]))[-1] for config in configs]
    assert len(together.metrics.keys() & {"cosine.1", "cosine.2", "skill.1", "skill.2"}) == 4
    for name, values in ((name, value) for name, value in together.metrics.items() if name.startswith(LOOKED)):
        assert np.array_equal(values, [one.metrics.get(name, np.nan) for one in alone], equal_nan=True), name
