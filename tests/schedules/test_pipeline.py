"""Pipelines: every module works in every step, and what comes from above comes a fixed number of steps late."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny
from support import plain_schedules
from support.against_numpy import DNI, INPUTS, check_against_the_line, optimizers, pipelined, steps

from synthgrad.experiment import Experiment
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.losses import LOSSES
from synthgrad.tasks import feed

DELAYED = {"trainer.name": "delayed-gradient"}
FOUR = {"network.hidden": [9, 8, 7, 6], "training.batch_size": 6, "training.epochs": 2}
"""Seven steps an epoch, the last on four examples."""
PLACES = ["all", [], [4], [2], [1, 3], [1, 2, 4]]

normalised = pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
predicting = pytest.mark.parametrize("prediction", ["anew", "kept"])
optimised = pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
mixed = pytest.mark.parametrize(("prediction", "normalize"), [("anew", False), ("anew", True), ("kept", True)])


def check_dni(keys, delay, prediction="anew"):
    """DNI in a pipeline beside the loops written out."""
    follow = partial(plain_schedules.pipelined, delay=delay, anew=prediction == "anew")
    check_against_the_line({**DNI, **keys, **pipelined(delay, prediction=prediction)}, follow)


def check_delayed(keys, delay):
    """Late true gradients in a pipeline beside the loops written out."""
    check_against_the_line({**DELAYED, **keys, **pipelined(delay)}, partial(plain_schedules.late, delay=delay))


@mixed
@pytest.mark.parametrize("interfaces", PLACES, ids=str)
@pytest.mark.parametrize("delay", [1, 3, 9])
def test_pipelined_dni_agrees_with_the_straight_line(prediction, delay, interfaces, normalize):
    """Wherever interfaces stand, up to more delay than an epoch has steps."""
    check_dni({**FOUR, "trainer.interfaces": interfaces, "network.normalize": normalize}, delay, prediction)


@mixed
@optimised
@pytest.mark.parametrize("delay", [1, 3])
def test_pipelined_dni_does_with_every_optimiser(prediction, delay, optimizer, normalize):
    """One optimiser a module and one a generator, whatever the moment of the prediction that is fitted."""
    keys = {**FOUR, **optimizers(DNI, optimizer), "trainer.interfaces": [1, 3], "trainer.alpha": 0.01}
    check_dni({**keys, "network.normalize": normalize}, delay, prediction)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pipelined_dni_does_with_every_activation_loss_and_reduction(activation, loss, reduction):
    """Among them activations that hand their delta on as it is."""
    both = {"weights": reduction, "biases": reduction}
    keys = {**FOUR, "trainer.interfaces": [2, 3], "network.activation": activation, "trainer.loss": loss}
    keys |= {"trainer.reduce": both, "trainer.generator.reduce": both, "trainer.alpha": 0.02}
    check_dni({**keys, "trainer.generator.alpha": 0.005, "trainer.generator.last_layer": "zeros"}, 2)


SEEN = [["layer-output"], ["label"], ["input"], ["layer-output", "label"], ["layer-output", "label", "input"]]
FORMS = [
    *({"input": names, "normalize": normalize} for names in SEEN for normalize in (False, True)),
    {"hidden": [7, 5], "activation": "tanh"},
    {"hidden": [7], "normalize": True, "normalize_hidden": True, "scale": 0.5},
    {"bias": False, "scale": 2.0},
]


@predicting
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_pipelined_dni_does_with_every_form_of_generator(prediction, form):
    """What an old prediction was made from is still there when its target comes; what it was made with moves on."""
    keys = {f"trainer.generator.{name}": value for name, value in form.items()}
    check_dni({**FOUR, **keys, "trainer.interfaces": [1, 3]}, 2, prediction)


@mixed
@pytest.mark.parametrize("interfaces", PLACES[::2], ids=str)
@pytest.mark.parametrize("delay", [1, 9])
def test_a_pipeline_with_predicted_inputs_agrees_with_the_straight_line(prediction, delay, interfaces, normalize):
    """Input models are fitted as late as generators are."""
    keys = {**FOUR, **INPUTS, "trainer.interfaces": interfaces, "network.normalize": normalize}
    check_dni(keys, delay, prediction)


@optimised
@pytest.mark.parametrize(
    "form", [{}, {"hidden": [7, 5], "activation": "tanh"}, {"hidden": [6], "normalize_hidden": True}]
)
def test_predicted_inputs_do_with_every_optimiser_and_form(form, optimizer):
    """Deep ones too."""
    inputs = {**INPUTS["trainer.input_model"], "alpha": 0.01, **form}
    keys = {**FOUR, **INPUTS, "trainer.input_model": inputs, "trainer.interfaces": [1, 3], "trainer.alpha": 0.01}
    keys["trainer.generator.activation"] = form.get("activation", "relu")
    check_dni({**keys, **optimizers({**DNI, **keys}, optimizer)}, 2)


@normalised
@pytest.mark.parametrize("interfaces", PLACES, ids=str)
@pytest.mark.parametrize("delay", [1, 2, 9])
def test_late_true_gradients_agree_with_the_straight_line(delay, interfaces, normalize):
    """Each is that of the weights of its own step, gamma's among them, however late it comes."""
    check_delayed({**FOUR, "trainer.interfaces": interfaces, "network.normalize": normalize}, delay)


@normalised
@optimised
def test_late_true_gradients_do_with_every_optimiser(optimizer, normalize):
    """What an optimiser remembers is of the steps that it has made."""
    keys = {**FOUR, **optimizers(DELAYED, optimizer), "trainer.interfaces": [1, 3], "trainer.alpha": 0.01}
    check_delayed({**keys, "network.normalize": normalize}, 2)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_late_true_gradients_do_with_every_activation_and_loss(activation, loss):
    """With sums over the batch."""
    keys = {**FOUR, "trainer.interfaces": [2, 3], "network.activation": activation, "trainer.loss": loss}
    check_delayed({**keys, "trainer.reduce": {"weights": "sum", "biases": "sum"}, "trainer.alpha": 0.01}, 2)


SHAPES = [
    {"network.hidden": [5, 17], "trainer.interfaces": [1], "training.batch_size": 7},
    {"network.hidden": [8] * 8, "trainer.interfaces": [2, 4, 6], "training.batch_size": 4, "seed": 5},
    {"network.hidden": [9, 4, 7], "trainer.interfaces": [2], "trainer.freeze": [2], "training.batch_size": 15},
    {"network.hidden": [9, 4, 7], "trainer.interfaces": [1], "trainer.freeze": [1, 3], "training.batch_size": 5},
    {"network.hidden": [6], "training.batch_size": 1, "training.epochs": 1},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape["network.hidden"])))
@pytest.mark.parametrize("check", [check_dni, check_delayed], ids=["dni", "delayed-gradient"])
def test_pipelines_of_other_shapes_agree_with_the_straight_line(check, shape):
    """Depths, widths, batches of one, frozen layers through which gradients pass."""
    check(shape, 2)


# what follows from it -----------------------------------------------------------------------------


def made(keys, *more):
    """An experiment with four hidden layers."""
    return Experiment([tiny({**FOUR, **keys, **{k: v for each in more for k, v in each.items()}})])


@normalised
@optimised
@pytest.mark.parametrize("interfaces", ["all", [1], [2, 3]], ids=str)
def test_up_to_an_epochs_end_late_gradients_are_those_of_the_trainer_in_order(interfaces, optimizer, normalize):
    """A pass that keeps weights and one that keeps gradients come to the same, until what is under way arrives."""
    keys = {**DELAYED, **optimizers(DELAYED, optimizer), "trainer.interfaces": interfaces, "trainer.alpha": 0.01}
    keys["network.normalize"] = normalize
    ways = made(keys, pipelined(1)), made(keys, {"trainer.pipeline": True})
    for experiment in ways:
        steps(experiment)
    one, other = (dict(experiment.trainer.arrays()) for experiment in ways)
    for name, value in other.items():
        np.testing.assert_allclose(one[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
    before = arrays(ways[0])
    ways[0].trainer.settle()
    arrived = {name[:7] for name, value in ways[0].trainer.arrays() if not np.array_equal(value, before[name])}
    below = ways[0].trainer.interfaces[-1]
    assert arrived == {f"layer.{i}" for i in range(1, below + 1)}


@pytest.mark.parametrize("keys", [DNI, DELAYED], ids=["dni", "delayed-gradient"])
@optimised
@normalised
def test_a_pipeline_of_one_module_is_backprop(keys, optimizer, normalize):
    """To the bit, whatever the delay: nothing comes from above."""
    both = {"trainer.optimizer": optimizer, "network.normalize": normalize}
    one, other = made({**keys, **both, **pipelined(3), "trainer.interfaces": []}), made(both)
    epochs = zip(finish(one), finish(other), strict=True)
    assert same_bits(dict(one.trainer.arrays()), dict(other.trainer.arrays()))
    assert all(a.metrics["loss"] == b.metrics["loss"] and "updates.5" in a.metrics for a, b in epochs)


@pytest.mark.parametrize("delay", [1, 2, 3])
def test_the_true_error_comes_down_one_generator_in_a_delay_and_a_step(delay):
    """From zero, the k-th from the top moves first in step k (delay + 1): a target is made of a fitted prediction."""
    experiment = made({"trainer.name": "dni", "training.batch_size": 2}, pipelined(delay))
    first: dict[str, int] = {}
    experiment.begin_epoch(1)
    for step, batch in enumerate(experiment.feed.epoch(1), 1):
        experiment.trainer.step(batch)
        for name, value in experiment.trainer.arrays():
            if name.startswith("generator") and value.any():
                first.setdefault(name.split(".")[1], step)
    assert first == {str(i): (5 - i) * (delay + 1) for i in (1, 2, 3, 4)}


@pytest.mark.parametrize("delay", [1, 2, 5, 9])
@pytest.mark.parametrize(("keys", "sum_up"), [(DNI, False), (DELAYED, True)], ids=["dni", "delayed-gradient"])
def test_staleness_is_by_how_many_steps_what_came_was_late(keys, sum_up, delay):
    """The delay, of one module or of all those above; the last of an epoch of seven steps come at its end."""
    experiment = made({**keys, "trainer.interfaces": [1, 3]}, pipelined(delay))
    late = {1: 2 * delay if sum_up else delay, 3: delay}
    for epoch in finish(experiment):
        found = {name: value for name, value in epoch.metrics.items() if name.startswith(("staleness", "updates"))}
        expected = {f"staleness.{i}": np.mean([min(d, 6 - t) for t in range(7)]) for i, d in late.items()}
        assert found == pytest.approx(expected | {f"updates.{i}": 7.0 for i in (1, 2, 3, 4, 5)})
        assert found.keys() <= set(experiment.columns())


@pytest.mark.parametrize("keys", [DNI, {**DNI, **INPUTS}, DELAYED], ids=["dni", "predicted-inputs", "delayed-gradient"])
def test_an_epoch_that_is_given_up_leaves_nothing_under_way(keys):
    """Training that begins it again ends as if there had been nothing."""
    one, other = made(keys, pipelined(2)), made(keys, pipelined(2))
    mark = one.mark()
    steps(one, 5)
    one.return_to(mark)
    epochs = zip(finish(one), finish(other), strict=True)
    assert same_bits(arrays(one), arrays(other))
    assert all(same_bits(a.metrics, b.metrics) for a, b in epochs)


@pytest.mark.parametrize("delay", [1, 3])
@pytest.mark.parametrize(
    "keys",
    [{**DNI, "trainer.generator.input": ["layer-output", "label", "input"]},
     {**DNI, "trainer.generator.input": "input"}, {**DNI, **INPUTS}, DELAYED],
    ids=["both-and-input", "input", "predicted-inputs", "delayed-gradient"],
)  # fmt: skip
def test_inputs_that_the_next_batch_overwrites_are_there_for_as_long_as_they_are_needed(keys, delay, monkeypatch):
    """Shuffled examples are gathered in blocks: however small these are, the bits are the same."""
    kept = made({**keys, "training.shuffle": True}, pipelined(delay))
    monkeypatch.setattr(feed, "BLOCK_BYTES", 1)
    overwritten = made({**keys, "training.shuffle": True}, pipelined(delay))
    assert len(overwritten.feed.blocks) > len(kept.feed.blocks) == 1
    finish(kept)
    finish(overwritten)
    assert same_bits(arrays(kept), arrays(overwritten))


@pytest.mark.parametrize("keys", [DNI, {**DNI, **INPUTS}, DELAYED], ids=["dni", "predicted-inputs", "delayed-gradient"])
def test_a_delay_of_more_than_an_epoch_is_any_such_delay(keys):
    """To the bit: everything comes at the epoch's end."""
    one, other = made(keys, pipelined(7)), made(keys, pipelined(20))
    finish(one)
    finish(other)
    assert same_bits(arrays(one), arrays(other))


@pytest.mark.parametrize("delay", [1, 3])
def test_with_late_gradients_the_activations_of_the_last_step_are_where_they_are_looked_for(delay):
    """Where a number stops being finite is found in what each layer did last, not in buffers that nobody uses."""
    experiment = made({**DELAYED, "trainer.interfaces": [2], "trainer.alpha": 0.0}, pipelined(delay))
    steps(experiment)
    last = list(experiment.feed.epoch(1))[-1]
    h, places = last.x, dict(experiment.trainer.places())
    for i, layer in enumerate(experiment.trainer.layers, 1):
        h = layer.infer(h, np.empty((len(h), layer.spec.n_out)))
        np.testing.assert_allclose(places[f"the activations of layer {i}"], h, rtol=1e-13)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_prediction_that_is_not_finite_is_found_at_any_moment(step):
    """Whichever copy of a generator has made it."""
    experiment = made(DNI, pipelined(2))
    steps(experiment, step - 1)
    experiment.trainer.generators[1].network.theta[...] = np.inf
    batch = list(experiment.feed.epoch(1))[step - 1]
    with np.errstate(all="ignore"):
        experiment.trainer.step(batch)
    bad = [name for name, value in experiment.trainer.places() if not np.isfinite(value).all()]
    assert bad[0] == "the synthetic gradient of generator 2"
