"""Schedules: coins, what a schedule does to a stack, and modules that run as they can."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import arrays, finish, same_bits, tiny
from support.against_numpy import DNI, INPUTS, STOCHASTIC, pipelined, steps

from synthgrad.experiment import Experiment
from synthgrad.nn.context import Context
from synthgrad.schedules.unlocked import Coins
from synthgrad.streams import Streams

FOUR = {"network.hidden": [9, 8, 7, 6], "training.batch_size": 6}
FREE = {"trainer.schedule": {"kind": "free", "workers": 1}}


def coins(probability=0.5, modules=3, seed=1):
    return Coins(probability, modules, Context(4, 2, (), np.float64, Streams(seed).normal))


def tossed(made, count):
    return np.array([made.toss() for _ in range(count)])


# coins --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probability", [0.02, 0.05, 0.2, 0.5, 0.9, 0.99])
def test_the_share_of_updates_is_the_probability(probability):
    """Of each module within five standard deviations, and modules do not go together."""
    count = 20_000
    found = tossed(coins(probability, 4), count)
    spread = np.sqrt(probability * (1 - probability) / count)
    assert np.all(np.abs(found.mean(0) - probability) < 5 * spread)
    pairs = probability**2
    for a, b in itertools.combinations(found.T, 2):
        assert abs((a & b).mean() - pairs) < 5 * np.sqrt(pairs * (1 - pairs) / count)


@pytest.mark.parametrize("at", [0, 1, 1000, Coins.BLOCK - 1, Coins.BLOCK, 3 * Coins.BLOCK + 7])
def test_a_coin_is_a_function_of_seed_step_and_module(at):
    """Whoever takes up a count of steps goes on with the coins of those steps, forward or back."""
    whole, later = tossed(coins(), 4 * Coins.BLOCK), coins()
    tossed(later, 1500)
    later.state()["schedule.t"][...] = at
    assert np.array_equal(tossed(later, 30), whole[at : at + 30])
    assert later.state()["schedule.t"] == at + 30


def test_coins_differ_by_seed_step_and_module():
    """No block, no module and no seed repeats another."""
    found, block = tossed(coins(), 3 * Coins.BLOCK), Coins.BLOCK
    rows = [*found.T, *(found[k * block : (k + 1) * block].ravel() for k in range(3))]
    rows += [*tossed(coins(seed=2), 3 * block).T]
    for a, b in itertools.combinations(rows, 2):
        assert a.shape != b.shape or 0.4 < (a == b).mean() < 0.6


def test_a_higher_probability_has_all_the_updates_of_a_lower_one():
    """The same numbers are held against another bound, so that runs can be paired."""
    low, high = tossed(coins(0.2), 2000), tossed(coins(0.7), 2000)
    assert np.all(high[low])


@pytest.mark.parametrize("probability", [1e-300, 1 - 2**-53])
def test_the_ends_of_the_probabilities_are_never_and_always(probability):
    """As far as anybody will see."""
    assert tossed(coins(probability), 3000).all() == (probability > 0.5)
    assert tossed(coins(probability), 3000).any() == (probability > 0.5)


def test_at_probability_one_nothing_is_drawn():
    """Nothing depends on the seed, and there is no count to remember."""

    def draw(name, shape):
        raise AssertionError(name)

    made = Coins(1.0, 3, Context(4, 2, (), np.float64, draw))
    assert tossed(made, 5).all()
    assert made.state() == {}


def test_the_coins_shift_no_other_draw():
    """The first weights of a run by chance are those of any other."""
    one, other = Experiment([tiny({**DNI, **STOCHASTIC})]), Experiment([tiny(DNI)])
    assert same_bits(dict(one.trainer.arrays()), dict(other.trainer.arrays()))


# what schedules are -------------------------------------------------------------------------------

KINDS = {
    "sequential": ({"kind": "sequential"}, 1, False, False),
    "pipelined": ({"kind": "pipelined", "workers": 3}, 3, False, False),
    "free": ({"kind": "free", "workers": 3}, 3, True, True),
    "stochastic": ({"kind": "stochastic"}, 1, False, True),
    "always": ({"kind": "stochastic", "probability": 1}, 1, False, False),
}


@pytest.mark.parametrize(("schedule", "count", "timed", "apart"), KINDS.values(), ids=KINDS)
def test_a_schedule_says_what_it_asks_for(schedule, count, timed, apart):
    """Processes, whether timing matters, whether a network goes its own way; and each has its sequential cousin."""
    options = tiny({**DNI, "trainer.schedule": schedule}).trainer
    assert (options.timing.processes, options.timing.varies, not options.timing.stacks) == (count, timed, apart)
    assert options.in_order() == tiny(DNI).trainer
    assert options.schedule.kind == schedule["kind"]


@pytest.mark.parametrize("schedule", [{"kind": "stochastic"}, {"kind": "free"}], ids=lambda schedule: schedule["kind"])
def test_a_network_that_goes_its_own_way_is_no_part_of_a_stack(schedule):
    """Its replicas would be right in one thing only, that they are several."""
    configs = [tiny({**DNI, "trainer.schedule": schedule, "seed": seed}) for seed in (1, 2)]
    with pytest.raises(ValueError, match="is no part of a stack"):
        Experiment(configs)


def test_modules_that_always_update_are_part_of_a_stack():
    """At probability 1 a stack is its replicas, bit for bit."""
    keys = {**DNI, **STOCHASTIC, "trainer.schedule.probability": 1, "trainer.interfaces": [2]}
    configs = [tiny({**keys, "seed": seed}) for seed in (1, 2)]
    stack, single = Experiment(configs), [Experiment([config]) for config in configs]
    finish(stack)
    for r, experiment in enumerate(single):
        finish(experiment)
        alike = {name: value[r] for name, value in arrays(stack).items()}
        assert same_bits(alike, arrays(experiment))


# free ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [1, 4])
@pytest.mark.parametrize("interfaces", ["all", [1, 3]], ids=str)
@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
def test_free_modules_in_one_process_are_a_pipeline_of_delay_one(interfaces, delay, normalize):
    """Whatever the delay may be at most, a target is there a step later."""
    keys = {**FOUR, **DNI, "trainer.interfaces": interfaces, "network.normalize": normalize}
    free = Experiment([tiny({**keys, **FREE, "trainer.schedule": {**FREE["trainer.schedule"], "delay": delay}})])
    other = Experiment([tiny({**keys, **pipelined(1)})])
    epochs = zip(finish(free), finish(other), strict=True)
    assert same_bits(arrays(free), arrays(other))
    for a, b in epochs:  # sums of errors are added up in another order
        assert {k: float(v) for k, v in a.metrics.items()} == pytest.approx({k: float(v) for k, v in b.metrics.items()})


def test_a_target_that_comes_before_its_own_batch_waits_for_it():
    """With predicted inputs the module above may be ahead; then nothing is late, and all is as in order."""
    keys = {**FOUR, **DNI, "trainer.input_model": {"alpha": 0.0, "last_layer": "random"}, "network.hidden": [9]}
    ahead, other = Experiment([tiny({**keys, **FREE})]), Experiment([tiny(keys)])
    steps(other, 3)
    ahead.begin_epoch(1)
    lower, upper = ahead.trainer.schedule.stages
    for stage in (upper, lower):
        for t, batch in enumerate(list(ahead.feed.epoch(1))[:3]):
            stage.step(t, batch)
    assert (lower.done, lower.late) == (3, 0)
    assert same_bits(dict(ahead.trainer.arrays()), dict(other.trainer.arrays()))


def test_an_epoch_that_a_schedule_leaves_half_done_is_settled_by_its_end():
    """After ``settle`` a pipeline is as empty as before its first step, however many steps there were."""
    experiment = Experiment([tiny({**FOUR, **DNI, **INPUTS, **pipelined(3)})])
    for count in (1, 2, 3, 5, None):
        steps(experiment, count)
        experiment.trainer.settle()
        pipeline = experiment.trainer.schedule
        assert pipeline.t == 0
        assert [(stage.done, stage.looked) for stage in pipeline.stages] == [(0, 0)] * 5
        fits = [stage.fits for stage in pipeline.stages]
        assert fits == [count or 7] * 4 + [0]
        experiment.trainer.metrics()


@pytest.mark.parametrize("schedule", [STOCHASTIC, pipelined(2), FREE], ids=["stochastic", "pipelined", "free"])
def test_a_prediction_of_an_epoch_that_was_given_up_is_looked_for_no_more(schedule):
    """Not every model predicts anew in the next step; where training diverges is not found in what is left."""
    experiment = Experiment([tiny({**FOUR, **DNI, **INPUTS, **schedule})])
    mark = experiment.mark()
    steps(experiment)
    for model in experiment.trainer.in_flight:
        model.sg[...] = np.nan
    experiment.return_to(mark)
    assert all(np.isfinite(value).all() for _, value in experiment.trainer.places())
