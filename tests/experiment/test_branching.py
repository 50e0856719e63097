"""One trainer goes on from the state of another: what is carried over, and what a branch repeats."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import ROWS, arrays, finish, same_bits, tiny
from support.trained_runs import fork
from test_replicas import check, followed

from synthgrad.errors import ConfigError
from synthgrad.experiment import Diverged, Epoch, Experiment, Pulse, train
from synthgrad.trainers import TRAINERS

OPTIMIZERS = ("sgd", "momentum", "adam")
BACKPROP = {"trainer.name": "backprop", "trainer.alpha": 0.2}
FROZEN = {"trainer.name": "frozen", "trainer.alpha": 0.2}
DNI = {"trainer.name": "dni", "trainer.alpha": 0.2}
LONG = {"training.epochs": 6, "training.shuffle": True, "network.normalize": True, "training.evaluate_every": 2}


def forked(before, after, epoch, keys=LONG):
    """The keys of a branch of the tiny experiment."""
    return fork(before, after, epoch, keys)


def upto(experiment, epoch, after=0):
    """Train to the end of an epoch; the figures of each epoch."""
    found = []
    records = train(experiment, after)
    for record in records:
        assert not isinstance(record, Diverged), record
        if isinstance(record, Epoch):
            found.append(record.metrics)
            if record.epoch == epoch:
                break
    records.close()
    return found


# the same trainer ---------------------------------------------------------------------------------


@pytest.mark.few(14)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_branch_to_the_same_trainer_is_no_branch(row, optimizer):
    """Every trainer, every optimiser, at any epoch: weights, optimisers and every figure to the last bit."""
    if row["trainer.name"] == "printed-listing" and optimizer != "sgd":
        return
    keys = {"trainer.alpha": 0.02, **row, "trainer.optimizer": optimizer}
    whole = Experiment([tiny({**LONG, **keys})])
    rows = [record.metrics for record in finish(whole)]
    for epoch in (1, 2, 5):
        branch = Experiment([tiny(forked(keys, keys, epoch))])
        assert branch.columns() == whole.columns()
        assert [record.metrics for record in finish(branch)] == rows
        assert same_bits(arrays(branch), arrays(whole))


def test_frozen_layers_and_generators_with_memory_are_carried_over_too():
    """Adam in the generators, a frozen layer, and examples that are new in every epoch."""
    keys = {**DNI, "trainer.freeze": [1], "trainer.generator.optimizer": "adam", "trainer.optimizer": "adam"}
    more = {**LONG, "task.fresh": True, "trainer.generator.hidden": [7], "trainer.generator.normalize": True}
    whole, branch = (
        Experiment([tiny({**more, **keys})]),
        Experiment([tiny(forked({**keys, **GENERATOR}, keys, 3, more))]),
    )
    assert [r.metrics for r in finish(whole)] == [r.metrics for r in finish(branch)]
    assert same_bits(arrays(branch), arrays(whole))


GENERATOR = {"trainer.generator.hidden": [7], "trainer.generator.normalize": True}


REMEMBERING = [
    {**DNI, "trainer.generator.every": 3},
    {**DNI, "trainer.lambda": 0.5},
    {**DNI, "trainer.generator.kind": "oracle"},
    {"trainer.name": "delayed-gradient", "trainer.alpha": 0.2, "trainer.delay": 5, "trainer.pipeline": True},
    {"trainer.name": "local-loss", "trainer.alpha": 0.2, "trainer.head.optimizer": "adam"},
]
"""Trainers that keep counts, gradients under way, or models of other kinds."""


@pytest.mark.parametrize("keys", REMEMBERING, ids=str)
def test_whatever_a_trainer_remembers_is_carried_over_to_its_like(keys):
    """Within a round of whatever it counts, too."""
    whole = Experiment([tiny({**LONG, **keys})])
    rows = [record.metrics for record in finish(whole)]
    for epoch in (1, 2, 5):
        branch = Experiment([tiny(forked(keys, keys, epoch))])
        assert [record.metrics for record in finish(branch)] == rows
        assert same_bits(arrays(branch), arrays(whole))


def test_half_of_what_is_under_way_is_nothing():
    """Gradients of another delay begin anew, and so does a count of steps that belongs to them."""
    late = {delay: {"trainer.name": "delayed-gradient", "trainer.delay": delay} for delay in (3, 5)}
    first, second = entered(late[3], late[5])
    assert int(first.state()["delay.t"]) == 12
    assert int(second.state()["delay.t"]) == 0


@pytest.mark.parametrize("stream", ["tutorial", "tutorial-dni"])
def test_the_tutorials_streams_branch_as_well(stream):
    """The second trainer draws no number that the first would have had."""
    keys = {"stream": stream, "training.epochs": 4}
    whole, branch = Experiment([tiny({**keys, **DNI})]), Experiment([tiny(forked(DNI, DNI, 2, keys))])
    assert [r.metrics for r in finish(whole)] == [r.metrics for r in finish(branch)]
    assert same_bits(arrays(branch), arrays(whole))


# another trainer ----------------------------------------------------------------------------------


@pytest.mark.few(30)
@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(TRAINERS, 2)))
def test_any_trainer_goes_on_from_any_other(before, after):
    """Up to the fork every figure is the first one's; there the other has its weights and running statistics."""
    keys = {key: {"trainer.name": key, "trainer.alpha": 1e-4 if "listing" in key else 0.1} for key in (before, after)}
    parent = Experiment([tiny({**LONG, **keys[before]})])
    branch = Experiment([tiny(forked(keys[before], keys[after], 3))])
    assert upto(branch, 3) == upto(parent, 3)
    assert same_bits(arrays(branch), arrays(parent))
    branch.begin_epoch(4)
    assert type(branch.trainer) is TRAINERS[after]
    assert same_bits(branch.trainer.network.state(), parent.trainer.network.state())
    ended = upto(branch, 6, 3)
    assert len(ended) == 3
    assert set(branch.columns()) >= set().union(*ended)


def test_frozen_from_backprop_trains_the_output_layer_alone():
    """Hidden weights are those of the fork to the end; nothing of the cosines of a first dni is left out."""
    branch = Experiment([tiny(forked(DNI, FROZEN, 3))])
    rows = upto(branch, 3)
    hidden, top = (branch.trainer.network.part(a, b).theta for a, b in ((0, 2), (2, 3)))
    hidden, top = hidden.copy(), top.copy()
    rows += upto(branch, 6, 3)
    assert np.array_equal(branch.trainer.network.part(0, 2).theta, hidden)
    assert not np.array_equal(branch.trainer.network.part(2, 3).theta, top)
    assert ["cosine.1" in row for row in rows] == [False, True, False, False, False, False]
    assert "cosine.1" in branch.columns()


def entered(before, after, keys=LONG):
    """The trainer that has gone on and the one before, right after the fork; after training, if it learns."""
    branch = Experiment([tiny(forked(before, after, 3, keys))])
    upto(branch, 3)
    first = branch.trainer
    branch.begin_epoch(4)
    return first, branch.trainer


def test_what_adam_remembers_goes_from_one_optimiser_for_all_layers_to_one_for_each():
    """And back: m and v by layer, the same count of steps."""
    both = {**BACKPROP, "trainer.optimizer": "adam"}, {**DNI, "trainer.optimizer": "adam"}
    for before, after in (both, both[::-1]):
        first, second = entered(before, after)
        for f, g in zip(first.layers, second.layers, strict=True):
            (m, t), (m2, t2) = (moment(trainer, layer) for trainer, layer in ((first, f), (second, g)))
            assert np.array_equal(m, m2)
            assert m2.any()
            assert t == t2 == 12


def moment(trainer, layer):
    """The first moment of a layer, in the shape of its W, and the steps so far."""
    (o,) = (o for o in trainer.optimizers if layer in o.layers)
    start = layer.params.start - o.layers[0].params.start
    return o.m[start : start + layer.W.size].reshape(layer.W.shape), int(o.t)


def test_adam_begins_anew_where_it_knows_nothing_of_some_layers():
    """A frozen network's hidden layers have no moments, and one optimiser has one count for all of its layers."""
    first, second = entered({**FROZEN, "trainer.optimizer": "adam"}, {**BACKPROP, "trainer.optimizer": "adam"})
    assert int(first.top.t) == 12
    assert int(second.all.t) == 0
    assert not second.all.m.any()


def test_momentum_of_layers_that_did_not_move_is_zero():
    """There is no count, so the output layer keeps its own."""
    first, second = entered({**FROZEN, "trainer.optimizer": "momentum"}, {**BACKPROP, "trainer.optimizer": "momentum"})
    top = second.layers[-1].params
    assert np.array_equal(second.all.v[top.start : top.start + top.theta.size], first.top.v)
    assert not second.all.v[: top.start].any()


def test_another_optimiser_begins_anew():
    """Adam of other decays too: its sums would mean something else."""
    for keys in ("momentum", {"name": "adam", "beta1": 0.8}):
        _, second = entered({**BACKPROP, "trainer.optimizer": "adam"}, {**BACKPROP, "trainer.optimizer": keys})
        assert not any(value.any() for value in second.all.state().values())


LATE = {"trainer.name": "delayed-gradient", "trainer.alpha": 0.2, "trainer.delay": 2}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "keys", [BACKPROP, LATE, {**LATE, "trainer.pipeline": True}], ids=["at-once", "late", "pipeline"]
)
def test_a_layer_that_is_frozen_from_the_fork_on_stands_still(keys, optimizer):
    """What momentum it had is not handed to it, nor gradients that were under way; the next layer goes on."""
    keys = {**keys, "trainer.optimizer": optimizer}
    branch = Experiment([tiny(forked(keys, {**keys, "trainer.freeze": [1]}, 3))])
    upto(branch, 3)
    before = [f.params.theta.copy() for f in branch.trainer.layers]
    upto(branch, 6, 3)
    still = [np.array_equal(f.params.theta, was) for f, was in zip(branch.trainer.layers, before, strict=True)]
    assert still == [True, False, False]


def test_gradients_that_are_under_way_to_other_layers_arrive():
    """The first step after the fork is that of a gradient from before it."""
    branch = Experiment([tiny(forked(LATE, {**LATE, "trainer.freeze": [1]}, 3))])
    upto(branch, 3)
    ring, t = branch.trainer.rings[0], int(branch.trainer.t)
    (f, due), *_ = (each for each in ring.places[(t - ring.delay) % 3] if each[0] is branch.trainer.layers[1])
    expected = f.W - 0.2 * due["W"]
    branch.begin_epoch(4)
    branch.trainer.step(next(branch.feed.epoch(4)))
    np.testing.assert_allclose(branch.trainer.layers[1].W, expected, rtol=1e-14)


def test_a_generator_goes_on_only_where_it_sees_the_same():
    """Arrays of one shape that mean something else are not taken for its own: it begins as it is drawn."""
    keys = {**LONG, "network.hidden": [4]}
    sees = {name: {**DNI, "trainer.generator.input": name} for name in ("layer-output", "label")}
    first, second = entered(sees["layer-output"], sees["label"], keys)
    assert first.generators[0].network.theta.shape == second.generators[0].network.theta.shape
    assert first.generators[0].network.theta.any()
    assert not second.generators[0].network.theta.any()
    _, second = entered(sees["layer-output"], {**sees["layer-output"], "trainer.generator.normalize": True}, keys)
    assert not second.generators[0].network.theta.any()
    first, second = entered(sees["label"], {**sees["label"], "trainer.generator.alpha": 0.2}, keys)
    assert np.array_equal(first.generators[0].network.theta, second.generators[0].network.theta)


# schedules ----------------------------------------------------------------------------------------


def test_the_first_part_keeps_its_own_schedule():
    """Its steps decay by the epochs that its run was to have, and it is evaluated when that run was."""
    keys = {"training.epochs": 4, "training.decay.at": [0.5], "training.evaluate_every": 3}
    parent = [record.metrics for record in finish(Experiment([tiny({**keys, **BACKPROP})]))]
    own = {"branch.training.epochs": 4, "branch.training.evaluate_every": 3}
    longer = {**keys, "training.epochs": 20, "training.evaluate_every": 5, **own}
    rows = [record.metrics for record in finish(Experiment([tiny(forked(BACKPROP, FROZEN, 4, longer))]))]
    assert rows[:4] == parent
    assert ["test_loss" in row for row in rows] == [epoch in (3, 4, 5, 10, 15, 20) for epoch in range(1, 21)]


def test_a_schedule_that_is_not_said_is_that_of_the_whole():
    """As a config written by hand leaves it."""
    keys = {**LONG, "training.decay.at": [0.5]}
    whole = [record.metrics for record in finish(Experiment([tiny({**keys, **BACKPROP})]))]
    assert [record.metrics for record in finish(Experiment([tiny(forked(BACKPROP, BACKPROP, 2, keys))]))] == whole


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"branch.epoch": 6}, "branch.epoch: after epoch 6 there is nothing left to train"),
        ({"branch.epoch": 0}, "branch.epoch: 0 is out of range"),
        ({"branch.training.epochs": 2}, "branch.training.epochs: is less than branch.epoch, which is 3"),
        ({"branch.trainer.freeze": [3]}, "branch.trainer.freeze.*: 3 is no hidden layer"),
        ({"branch.trainer.name": "bakprop"}, "branch.trainer.name: 'bakprop' is not one of"),
    ],
    ids=str,
)
def test_a_branch_that_makes_no_sense_is_refused(keys, said):
    """With the key that says it."""
    with pytest.raises(ConfigError, match=said):
        tiny({**forked(BACKPROP, FROZEN, 3), **keys})


def test_a_branch_without_an_epoch_or_a_trainer_is_refused():
    """Both are named."""
    with pytest.raises(ConfigError, match=r"branch\.trainer\.name: is missing(.|\n)*branch\.epoch"):
        tiny({"branch.training.epochs": 3})


# leaving and coming back --------------------------------------------------------------------------


def test_whoever_leaves_within_the_first_epoch_of_a_branch_finds_the_state_of_the_fork(monkeypatch):
    """That of the trainer before; gone on from, as often as one likes, it ends as if nobody had left."""
    monkeypatch.setattr("synthgrad.experiment.training.PULSE_SECONDS", -1)
    before, after = ({**trainer, "trainer.optimizer": "adam"} for trainer in (BACKPROP, DNI))
    whole = Experiment([tiny(forked(before, after, 3))])
    rows = [record.metrics for record in finish(whole)]
    branch = Experiment([tiny(forked(before, after, 3))])
    assert upto(branch, 3) == rows[:3]
    there = arrays(branch)
    for _ in range(2):
        records = train(branch, 3)
        assert [type(next(records)) for _ in range(2)] == [Pulse, Pulse]
        assert type(branch.trainer) is TRAINERS["dni"]
        records.close()
        assert same_bits(arrays(branch), there)
    assert upto(branch, 6, 3) == rows[3:]
    assert same_bits(arrays(branch), arrays(whole))


@pytest.mark.parametrize("epoch", [1, 3, 4])
def test_training_goes_on_from_a_branchs_state_of_any_epoch(epoch):
    """In new objects: before the fork, at it, after it."""
    config = tiny(forked({**BACKPROP, "trainer.optimizer": "momentum"}, {**DNI, "trainer.optimizer": "momentum"}, 3))
    whole, part = Experiment([config]), Experiment([config])
    finish(whole)
    upto(part, epoch)
    new = Experiment([config])
    new.replicas[0].restore(arrays_of(part), epoch)
    upto(new, 6, epoch)
    assert same_bits(arrays(new), arrays(whole))


def arrays_of(experiment):
    """A copy of the state of its only network."""
    return {name: value.copy() for name, value in experiment.replicas[0].state().items()}


def test_the_state_of_the_other_trainer_is_refused_and_changes_nothing():
    """A state after the fork is not one of the trainer before."""
    branch = Experiment([tiny(forked(BACKPROP, DNI, 3))])
    upto(branch, 6)
    new = Experiment([tiny(forked(BACKPROP, DNI, 3))])
    before = arrays(new)
    with pytest.raises(ValueError, match="of another network"):
        new.replicas[0].restore(arrays_of(branch), 2)
    assert same_bits(arrays(new), before)
    assert new.phase is new.phases[0]


# stacks -------------------------------------------------------------------------------------------


def test_a_stack_of_branches_is_its_branches_alone():
    """Seeds and step sizes of both trainers differ."""
    adam = {"trainer.optimizer": "adam"}
    check(
        [
            tiny({**forked({**BACKPROP, **adam}, {**DNI, **adam}, 3), **keys})
            for keys in ({"seed": 1}, {"seed": 2, "trainer.alpha": 0.05}, {"seed": 3, "branch.trainer.alpha": 0.03})
        ]
    )


@pytest.mark.parametrize(
    ("before", "after", "epoch", "last"), [(1e6, 1e-6, 20, 9), (1e-6, 1e200, 4, 4), (1e-6, 1e6, 4, 13)]
)
def test_a_replica_that_diverges_is_lost_alone(before, after, epoch, last):
    """Before the fork, in the first epoch after it, or later: the others end as they would have alone."""
    keys = {"training.epochs": 30, "training.shuffle": True}
    listing = {alpha: {"trainer.name": "printed-listing", "trainer.alpha": alpha} for alpha in (before, after, 1e-6)}
    calm = forked(listing[1e-6], listing[1e-6], epoch, keys)
    wild = forked(listing[before], listing[after], epoch, keys)
    one, lost, other = check([tiny(calm, seed=1), tiny(wild, seed=2), tiny(calm, seed=3)])
    assert (len(one[0]), one[1], len(other[0]), other[1]) == (30, None, 30, None)
    assert (len(lost[0]), lost[1]["epoch"]) == (last, last + 1)


def test_runs_that_branch_elsewhere_are_no_stack():
    """Nor is a branch with one that is none."""
    first = tiny(forked(BACKPROP, FROZEN, 3))
    for other in (tiny(forked(BACKPROP, FROZEN, 2)), tiny({**LONG, **FROZEN}), tiny(forked(DNI, FROZEN, 3))):
        with pytest.raises(ValueError, match="within a stack"):
            Experiment([first, other])


def test_the_fingerprints_of_a_branch_are_those_of_its_parent():
    """Data, initial weights, order: the runs are paired."""
    branch, parent = Experiment([tiny(forked(BACKPROP, DNI, 3))]), Experiment([tiny({**LONG, **BACKPROP})])
    assert branch.hashes() == parent.hashes()
    assert followed(branch)[0][0][:3] == followed(parent)[0][0][:3]


def test_the_bounds_of_a_branch_are_those_of_its_last_trainer():
    """Whose step size is still to be chosen."""
    bounds = Experiment([tiny({**LONG, **DNI})]).stability()
    assert bounds
    assert Experiment([tiny(forked(BACKPROP, DNI, 3))]).stability() == bounds
    assert Experiment([tiny(forked(DNI, BACKPROP, 3))]).stability() == {}
