"""Modules that update by chance, and modules that work on predicted inputs, one after the other."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny
from support import plain_schedules
from support.against_numpy import DNI, INPUTS, STOCHASTIC, check_against_the_line, optimizers

from synthgrad.experiment import Diverged, Experiment, train
from synthgrad.schedules.unlocked import Coins

FOUR = {"network.hidden": [9, 8, 7, 6], "training.batch_size": 6, "training.epochs": 3}
"""Seven steps an epoch, the last on four examples."""
PLACES = ["all", [], [2], [1, 3], [1, 2, 4]]

normalised = pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
trained = pytest.mark.parametrize(
    ("optimizer", "normalize"), [("sgd", False), ("sgd", True), ("momentum", False), ("adam", True)]
)
placed = pytest.mark.parametrize("interfaces", PLACES, ids=str)


def made(*keys):
    """An experiment with four hidden layers."""
    return Experiment([tiny({k: v for each in (FOUR, *keys) for k, v in each.items()})])


def tossed(keys, count=21):
    """What coins say in the first steps of the run of a config."""
    trainer = Experiment([tiny(keys)]).trainer
    coins = Coins(trainer.options.schedule.probability, len(trainer.slots), trainer.context)
    return [list(coins.toss()) for _ in range(count)]


def check_by_chance(keys):
    """Updates by chance beside the loops written out, with the coins of the run."""
    keys = {**FOUR, **DNI, **STOCHASTIC, **keys}
    check_against_the_line(keys, partial(plain_schedules.in_order, coins=tossed(keys)))


# against plain NumPy ------------------------------------------------------------------------------


@trained
@placed
def test_updates_by_chance_agree_with_the_straight_line(interfaces, optimizer, normalize):
    """Who learns teaches the generator below; an optimiser counts the steps that it has made."""
    keys = {**optimizers(DNI, optimizer), "trainer.interfaces": interfaces, "trainer.alpha": 0.02}
    check_by_chance({**keys, "network.normalize": normalize})


@pytest.mark.parametrize("form", [{"input": "label"}, {"normalize": True}, {"hidden": [5], "normalize_hidden": True}])
def test_updates_by_chance_do_with_every_form_of_generator(form):
    """One whose own module does not learn predicts only where it is taught."""
    check_by_chance({f"trainer.generator.{name}": value for name, value in form.items()})


@trained
@placed
def test_predicted_inputs_agree_with_the_straight_line(interfaces, optimizer, normalize):
    """A module's forward pass is on x^ = I(x), and I moves towards what came from below."""
    keys = {**FOUR, **DNI, **INPUTS, "trainer.interfaces": interfaces, "trainer.alpha": 0.02}
    keys |= {**optimizers(keys, optimizer), "network.normalize": normalize}
    check_against_the_line(keys, plain_schedules.in_order)


@normalised
@pytest.mark.parametrize("form", [{}, {"hidden": [7], "normalize_hidden": True}, {"bias": False}], ids=str)
def test_predicted_inputs_by_chance_agree_with_the_straight_line(form, normalize):
    """An input model is fitted where its module learns."""
    check_by_chance({"trainer.input_model": {**INPUTS["trainer.input_model"], **form}, "network.normalize": normalize})


# who learns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [{}, INPUTS], ids=["", "predicted-inputs"])
def test_a_module_that_does_not_update_keeps_everything_and_teaches_nobody(inputs):
    """Its weights, its input model, its optimiser and the generator below it have the same bits after the step."""
    keys = {**FOUR, **DNI, **inputs, **STOCHASTIC, "trainer.interfaces": [1, 3]}
    keys |= optimizers(keys, "adam")
    experiment, coins = Experiment([tiny(keys)]), iter(tossed(keys))
    spans, kinds = [(1, 1), (2, 3), (4, 5)], set()
    experiment.begin_epoch(1)
    for batch, learns in zip(experiment.feed.epoch(1), coins, strict=False):
        before = arrays(experiment)
        experiment.trainer.step(batch)
        after = arrays(experiment)
        for k, (first, last) in enumerate(spans):
            below = f"generator.{first - 1}.", f"input_model.{first - 1}."
            own = (*(f"layer.{i}." for i in range(first, last + 1)), f"optimizer.{k}.", *below)
            moved = {name for name in before if name.startswith(own) and not np.array_equal(before[name], after[name])}
            assert bool(moved) == learns[k]
            kinds.add(learns[k])
    assert kinds == {True, False}


@trained
@pytest.mark.parametrize("interfaces", ["all", [1, 3]], ids=str)
def test_at_probability_one_updates_by_chance_are_sequential(interfaces, optimizer, normalize):
    """To the bit, and nothing more to remember."""
    keys = {**optimizers(DNI, optimizer), "trainer.interfaces": interfaces, "network.normalize": normalize}
    one, other = made(DNI, keys, {**STOCHASTIC, "trainer.schedule.probability": 1}), made(DNI, keys)
    epochs = zip(finish(one), finish(other), strict=True)
    assert same_bits(arrays(one), arrays(other))
    for a, b in epochs:
        counts = {name: value for name, value in a.metrics.items() if name.startswith("updates")}
        assert counts == {f"updates.{i}": 7.0 for i in (1, 2, 3, 4, 5)}
        assert same_bits({name: a.metrics[name] for name in b.metrics}, b.metrics)


def test_updates_are_counted_by_layer():
    """All layers of a module have made its updates; the sum of an epoch's coins."""
    keys = {**FOUR, **DNI, **STOCHASTIC, "trainer.interfaces": [1, 3]}
    rows = np.array(tossed(keys)).reshape(3, 7, 3).sum(1)
    experiment = Experiment([tiny(keys)])
    for epoch, count in zip(finish(experiment), rows, strict=True):
        found = [epoch.metrics[f"updates.{i}"] for i in (1, 2, 3, 4, 5)]
        assert found == [count[0], count[1], count[1], count[2], count[2]]
        assert epoch.metrics.keys() <= set(experiment.columns())


def test_input_models_that_know_the_input_change_nothing():
    """With a single linear layer below and an input model that is this layer, x^ is h, to rounding."""
    keys = {
        "network.hidden": [9, 8],
        "network.activation": "identity",
        "trainer.interfaces": [1],
        "trainer.alpha": 0.05,
    }
    exact = {**INPUTS["trainer.input_model"], "alpha": 0.0}
    one, other = made(DNI, keys, {"trainer.input_model": exact}), made(DNI, keys)
    one.begin_epoch(1)
    other.begin_epoch(1)
    for batch, again in zip(one.feed.epoch(1), other.feed.epoch(1), strict=True):
        one.trainer.input_models[0].network.layers[0].W[...] = one.trainer.layers[0].W
        one.trainer.input_models[0].network.layers[0].b[...] = one.trainer.layers[0].b
        one.trainer.step(batch)
        other.trainer.step(again)
    weights = dict(one.trainer.arrays())
    for name, value in other.trainer.arrays():
        np.testing.assert_allclose(weights[name], value, rtol=1e-12, atol=1e-13, err_msg=name)
    assert float(one.trainer.metrics()["input_error.1"]) < 1e-10


# divergence ---------------------------------------------------------------------------------------


def test_where_a_run_by_chance_diverges_is_not_a_prediction_of_another_step():
    """A generator that has not been asked for some steps is found with nothing of the epoch that was given up."""
    keys = {**FOUR, **DNI, **STOCHASTIC, "trainer.schedule.probability": 0.3, "trainer.generator.alpha": 50.0}
    keys |= {"training.epochs": 300}
    record = list(train(Experiment([tiny(keys)])))[-1]
    assert isinstance(record, Diverged)
    fresh = Experiment([tiny(keys)])
    step = 0
    with np.errstate(all="ignore"):
        for epoch in range(1, record.epoch + 1):
            fresh.begin_epoch(epoch)
            for batch in fresh.feed.epoch(epoch):
                fresh.trainer.step(batch)
                step += 1
                bad = next((name for name, value in fresh.trainer.places() if not np.isfinite(value).all()), None)
                if bad:
                    assert (step, bad) == (record.step, record.where)
                    return
    raise AssertionError("it did not diverge again")
