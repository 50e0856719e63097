"""From configs to a stream of records: figures, evaluation, interruption, divergence, schedules, stacks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import ROWS, arrays, finish, same_bits, tiny

from synthgrad.experiment import Decay, Diverged, Epoch, Experiment, Pulse, snapshot, train
from synthgrad.nn.losses import LOSSES

EVALUATED = ("test_", "cosine.", "skill.")
"""How the names of figures begin that only an evaluated epoch has."""


def copies(figures):
    return {name: np.copy(value) for name, value in figures.items()}


# figures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
def test_an_epoch_has_the_figures_of_the_columns(row):
    """One record an epoch, with every column when the held-out examples are evaluated and no others at any time."""
    experiment = Experiment([tiny({**row, "training.epochs": 7, "training.evaluate_every": 3})])
    epochs = finish(experiment)
    columns = experiment.columns()
    assert len(set(columns)) == len(columns)
    assert [(epoch.epoch, epoch.step) for epoch in epochs] == [(i, 4 * i) for i in range(1, 8)]
    for epoch in epochs:
        evaluated = epoch.epoch in (3, 6, 7)  # the last always is
        assert set(epoch.metrics) == {name for name in columns if evaluated or not name.startswith(EVALUATED)}


@pytest.mark.parametrize("loss", LOSSES)
def test_the_training_figures_are_their_formulas(loss):
    """All from the outputs of the epoch, each batch before its own update."""
    experiment = Experiment([tiny({"trainer.loss": loss, "training.shuffle": True})])
    figures = finish(experiment)[-1].metrics
    o, y = experiment.trainer.loss.outputs(experiment.feed.h), experiment.feed.y
    error = np.abs(o - y)
    right = (o > 0.5) == (y > 0.5)
    objective = error**2 / 2 if loss == "squared-error" else -np.log(1 - error)
    expected = {
        "loss": objective.sum() / 40,
        "abs_error": error.sum(),
        "abs_delta": (error * o * (1 - o)).sum(),
        "bit_accuracy": right.mean(),
        "exact_accuracy": right.all(1).mean(),
    }
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-12), name


def test_a_single_run_has_scalars_and_a_stack_has_one_figure_each():
    """Figures have the shape of the leading axes."""
    for seeds, shape in ((1,), ()), ((1, 2, 3), (3,)):
        epoch = finish(Experiment([tiny(seed=seed) for seed in seeds]))[-1]
        assert {np.shape(value) for value in epoch.metrics.values()} == {shape}


def test_without_held_out_examples_there_are_no_test_figures():
    """test_examples: 0 is how the tutorial trains; nothing is evaluated then."""
    epochs = finish(Experiment([tiny({"task.test_examples": 0})]))
    assert not any(name.startswith("test") for epoch in epochs for name in epoch.metrics)


# evaluation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_the_held_out_figures_come_from_running_statistics(activation, normalize):
    """test_loss is that of the final weights, and of the running mean and variance, over the held-out examples."""
    keys = {"network.activation": activation, "network.normalize": normalize, "training.epochs": 5}
    experiment = Experiment([tiny(keys)])
    figures = finish(experiment)[-1].metrics
    found, (h, y) = dict(experiment.trainer.arrays()), experiment.task.test
    for i in (1, 2):
        h = h @ found[f"layer.{i}.W"]
        if normalize:
            h = (h - found[f"layer.{i}.running_mean"]) / np.sqrt(found[f"layer.{i}.running_var"] + 1e-5)
            h = h * found[f"layer.{i}.gamma"] + found[f"layer.{i}.beta"]
        else:
            h = h + found[f"layer.{i}.b"]
        h = np.maximum(h, 0) if activation == "relu" else 1 / (1 + np.exp(-h))
    o = 1 / (1 + np.exp(-(h @ found["layer.3.W"] + found["layer.3.b"])))
    assert figures["test_loss"] == pytest.approx(((o - y) ** 2).sum() / 2 / 20, rel=1e-11)
    assert figures["test_bit_accuracy"] == pytest.approx(((o > 0.5) == (y > 0.5)).mean(), rel=1e-14)


@pytest.mark.parametrize("row", ROWS)
def test_evaluation_does_not_change_training(row):
    """Evaluated every epoch or every fifth, batch normalisation and all: the same training figures, bit for bit."""
    runs = []
    for every in (1, 5):
        keys = {**row, "network.normalize": True, "training.evaluate_every": every, "training.epochs": 6}
        experiment = Experiment([tiny({**keys, "training.batch_size": 12})])
        runs.append(([copies(epoch.metrics) for epoch in finish(experiment)], arrays(experiment)))
    (often, one), (seldom, other) = runs
    assert same_bits(one, other)
    for a, b in zip(often, seldom, strict=True):
        shared = {name for name in a if not name.startswith(EVALUATED)}
        assert same_bits({k: a[k] for k in shared}, {k: b[k] for k in shared})


# leaving the loop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
def test_leaving_at_a_pulse_restores_the_last_finished_epoch(row, monkeypatch):
    """Whoever stops in the middle of an epoch finds weights, moments and statistics as the last epoch left them."""
    monkeypatch.setattr("synthgrad.experiment.training.PULSE_SECONDS", 0)  # a pulse after every step
    experiment = Experiment([tiny({**row, "network.normalize": True})])
    for record in train(experiment):
        if isinstance(record, Epoch) and record.epoch == 2:
            finished = snapshot(experiment.trainer)
        if isinstance(record, Pulse) and record.epoch == 3 and record.step == 11:
            assert not same_bits(snapshot(experiment.trainer), finished)
            break
    assert same_bits(snapshot(experiment.trainer), finished)


def test_pulses_change_nothing(monkeypatch):
    """A display that asks for a sign of life after every step sees the same run."""
    silent = Experiment([tiny({"trainer.name": "dni"})])
    one = finish(silent)
    monkeypatch.setattr("synthgrad.experiment.training.PULSE_SECONDS", 0)
    watched = Experiment([tiny({"trainer.name": "dni"})])
    records = list(train(watched))
    assert [record.step for record in records if isinstance(record, Pulse)] == list(range(1, 13))
    assert same_bits(arrays(silent), arrays(watched))
    other = [record for record in records if isinstance(record, Epoch)]
    assert all(same_bits(a.metrics, b.metrics) for a, b in zip(one, other, strict=True))


# divergence ---------------------------------------------------------------------------------------

EXPLOSIONS = {
    "backprop": {"trainer.alpha": 1e6},
    "dni-layers": {"trainer.name": "dni", "trainer.alpha": 1e6, "trainer.generator.last_layer": "random"},
    "dni-generators": {"trainer.name": "dni", "trainer.alpha": 1e-6, "trainer.generator.alpha": 1e6},
    "printed-listing": {"trainer.name": "printed-listing", "trainer.alpha": 1.0},
}
PLACE = r"(the (activations|weights) of layer \d|the (synthetic gradient|weights) of generator \d)"


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("name", EXPLOSIONS)
def test_a_run_that_diverges_says_where_and_leaves_finite_numbers(name, replicas):
    """The stream ends with epoch, step and place; the state is that of the last finite epoch."""
    keys = {**EXPLOSIONS[name], "network.activation": "identity", "training.epochs": 1000}
    if name != "printed-listing":
        keys["trainer.loss"] = "cross-entropy"
    experiment = Experiment([tiny(keys, seed=seed) for seed in range(replicas)])
    kept, finished = snapshot(experiment.trainer), 0
    for record in train(experiment):
        if isinstance(record, Epoch):
            kept, finished = snapshot(experiment.trainer), record.epoch
    assert isinstance(record, Diverged)
    assert record.epoch == finished + 1
    assert 4 * finished < record.step <= 4 * record.epoch
    assert re.fullmatch(PLACE, record.where)
    assert same_bits(snapshot(experiment.trainer), kept)
    assert all(np.isfinite(value).all() for value in kept.values())


def test_the_step_of_divergence_is_the_first_that_is_not_finite():
    """Taking the steps one by one finds the same step and the same layer."""
    keys = {"trainer.alpha": 1e6, "trainer.loss": "cross-entropy", "network.activation": "identity"}
    config = tiny({**keys, "training.epochs": 1000})
    *_, record = train(Experiment([config]))
    again = Experiment([config])
    step, finite = 0, True
    with np.errstate(all="ignore"):
        for epoch in range(1, record.epoch + 1):
            again.begin_epoch(epoch)
            for batch in again.feed.epoch(epoch):
                if finite:
                    again.trainer.step(batch)
                    step += 1
                    finite = all(np.isfinite(value).all() for value in again.trainer.state().values())
    assert record.step == step


# schedules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("epoch", "factor"), [(1, 1), (6, 1), (7, 0.1), (8, 0.1), (9, 0.01), (10, 0.01)])
def test_the_decay_divides_after_each_fraction(epoch, factor):
    """At [.6, .8] of ten epochs, a tenth from the seventh on and a hundredth from the ninth."""
    assert Decay(at=(0.6, 0.8)).factor(epoch, 10) == pytest.approx(factor, rel=1e-15)


def test_the_decay_is_not_misled_by_rounding():
    """A fraction of whole per cents divides after exactly that many of a hundred epochs."""
    for percent in range(1, 100):
        decay = Decay(at=(percent / 100,), divide_by=2.0)
        assert (decay.factor(percent, 100), decay.factor(percent + 1, 100)) == (1, 0.5), percent


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("row", ROWS)
def test_the_decay_reaches_every_step_size(row, optimizer):
    """Divided by 1e30 in the middle, layers and generators stand still for the second half."""
    keys = {**row, "training.decay": {"at": [0.5], "divide_by": 1e30}, "training.epochs": 8}
    if row["trainer.name"] != "printed-listing":
        keys["trainer.optimizer"] = optimizer
    if row["trainer.name"] == "dni":
        keys["trainer.generator.optimizer"] = optimizer
    experiment = Experiment([tiny(keys)])
    weights = {}
    for record in train(experiment):
        if isinstance(record, Epoch):
            weights[record.epoch] = {name: value.copy() for name, value in experiment.trainer.arrays()}
    assert same_bits(weights[4], weights[8])
    assert not same_bits(weights[3], weights[4])


# pairing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [False, True], ids=["in-order", "shuffled"])
@pytest.mark.parametrize("stream", ["named", "tutorial", "tutorial-dni"])
@pytest.mark.parametrize("row", ROWS)
def test_hashes_are_those_of_every_other_trainer_with_the_seed(row, stream, shuffle):
    """Data, initial weights and order have the fingerprints of backprop's run."""
    keys = {"stream": stream, "training.shuffle": shuffle}
    assert Experiment([tiny({**row, **keys})]).hashes() == Experiment([tiny(keys)]).hashes()


@pytest.mark.parametrize(
    ("keys", "differ"),
    [
        ({"seed": 4}, {"data", "weights", "order"}),
        ({"task.train_examples": 41}, {"data", "order"}),
        ({"network.init": {"scheme": "he"}}, {"weights"}),
        ({"training.batch_size": 20}, {"order"}),
        ({"training.shuffle": False}, {"order"}),
        ({"trainer.alpha": 0.3}, set()),
        ({"task.fresh": True}, {"data"}),
    ],
    ids=lambda names: "-".join(sorted(names)) or "nothing",  # sorted: workers must agree on the names of tests
)
def test_hashes_differ_in_what_runs_do_not_share(keys, differ):
    """Each fingerprint answers for its own part."""
    start = {"training.shuffle": True}
    one, other = Experiment([tiny(start)]).hashes(), Experiment([tiny({**start, **keys})]).hashes()
    assert {name for name in one if one[name] != other[name]} == differ


# stacks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        {"network.activation": "tanh"},
        {"network.hidden": [12, 8]},
        {"trainer.optimizer": "adam"},
        {"trainer.name": "frozen"},
        {"diagnostics": False},
    ],
    ids=str,
)
def test_a_stack_holds_only_what_differs_in_numbers(keys):
    """Another form of network or training cannot stand beside the first: ValueError."""
    with pytest.raises(ValueError, match="differs within a stack"):
        Experiment([tiny(), tiny(keys)])


def test_an_exception_within_an_epoch_leaves_the_last_finished_one():
    """Weights and figures are those of the epoch before, whatever ends the step."""
    experiment, untouched = (Experiment([tiny({"trainer.name": "dni"})]) for _ in range(2))
    step, calls = experiment.trainer.step, []

    def breaks(batch):
        calls.append(batch)
        if len(calls) == 6:  # the second step of the second epoch
            raise RuntimeError("broken")
        step(batch)

    experiment.trainer.step = breaks
    with pytest.raises(RuntimeError, match="broken"):
        list(train(experiment))
    next(record for record in train(untouched) if isinstance(record, Epoch))
    assert same_bits(arrays(experiment), arrays(untouched))
    assert all(value == 0 for value in experiment.trainer.metrics().values())


def test_a_fresh_task_keeps_its_own_data():
    """Drawing an epoch's pairs overwrites the feed's arrays, never the task's, in either precision."""
    for dtype in ("float64", "float32"):
        experiment = Experiment([tiny({"task.fresh": True, "network.dtype": dtype})])
        first = experiment.task.train.x.copy()
        finish(experiment)
        assert np.array_equal(experiment.task.train.x, first)


def test_own_tasks_need_streams_of_their_own():
    """The tutorial's stream gives out weights only after its data, so a task from elsewhere is refused."""
    config = tiny({"stream": "tutorial"})
    task = Experiment([tiny()]).task
    with pytest.raises(ValueError, match="after its data"):
        Experiment([config], [task])
