"""Where a run diverged: the epoch, the step and the array in which a number first stopped being finite."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import tiny
from support.commands import result
from support.trained_runs import made

from synthgrad.experiment import Diverged, Epoch, Experiment, train, training
from synthgrad.trainers import DNI

EPOCH, STEP = 2, 3
"""Of four steps an epoch has: the seventh step of the run."""
KEYS = {"trainer.name": "dni", "trainer.optimizer": "momentum", "network.normalize": True, "training.epochs": 4}
BREAKS = {
    "the weights of layer 1": ["the weights of layer 1"],
    "the weights of layer 3": ["the weights of layer 3"],
    "the weights of generator 2": ["the weights of generator 2"],
    "optimizer.1.v": ["optimizer.1.v"],
    "network.2.running_var": ["network.2.running_var"],
    "the activations of layer 2": ["the weights of layer 1", "the activations of layer 2"],
    "the synthetic gradient of generator 1": ["the weights of layer 2", "the synthetic gradient of generator 1"],
}
"""By the place that is to be named, the arrays that get an infinite number in one step."""


@pytest.fixture
def broken(monkeypatch):
    """Has the steps of DNI break arrays of the second replica of a stack, or of a run alone, in step 3 of epoch 2."""
    now = {}
    begin, step = Experiment.begin_epoch, DNI.step

    def begun(experiment, epoch):
        begin(experiment, epoch)
        now[experiment.trainer] = epoch, 0, experiment.replica_shape

    def stepped(trainer, batch):
        step(trainer, batch)
        epoch, done, replica_shape = now.get(trainer, (0, 0, ()))  # of a diagnosis there is no epoch
        now[trainer] = epoch, done + 1, replica_shape
        if (epoch, done + 1) == (EPOCH, STEP) and replica_shape in ((), (3,)):
            arrays = dict(trainer.places())
            for name in broken:
                (arrays[name][1] if replica_shape else arrays[name])[...] = np.inf

    broken = []
    monkeypatch.setattr(Experiment, "begin_epoch", begun)
    monkeypatch.setattr(DNI, "step", stepped)
    return broken


def diverged(experiment):
    """What diverged in the training of an experiment, and the last epoch that was recorded before."""
    last = 0
    for each in train(experiment):
        if isinstance(each, Diverged):
            return each, last
        last = each.epoch if isinstance(each, Epoch) and len(each.replicas) == len(experiment.replicas) else last
    raise AssertionError("it did not diverge")


@pytest.mark.parametrize("place", BREAKS)
def test_a_run_alone_names_epoch_step_and_array(broken, place):
    """The first array in which a number is not finite, in the order of cause and effect."""
    broken += BREAKS[place]
    found, last = diverged(Experiment([tiny(KEYS)]))
    assert found.place() == {"epoch": EPOCH, "step": 4 + STEP, "where": place}
    assert last == EPOCH - 1


@pytest.mark.parametrize("place", [place for place, arrays in BREAKS.items() if len(arrays) == 1])
def test_one_of_a_stack_names_epoch_step_and_array(broken, monkeypatch, place):
    """It is looked for in the network that diverged, alone."""
    broken += BREAKS[place]
    found, _ = diverged(Experiment([tiny(KEYS, seed=seed) for seed in (1, 2, 3)]))
    assert (found.place(), found.replica.number) == ({"epoch": EPOCH, "step": 4 + STEP, "where": place}, 1)


def test_the_result_names_what_was_found(tmp_path, broken):
    """As it was found, and the rows end with the epoch before."""
    broken.append("the weights of layer 2")
    run = made(tmp_path, KEYS)
    assert result(run)["diverged"] == {"epoch": EPOCH, "step": 4 + STEP, "where": "the weights of layer 2"}
    assert result(run)["epoch"] == EPOCH - 1


def test_a_metric_that_is_not_finite_is_named_with_the_last_step_of_its_epoch(monkeypatch):
    """All arrays are finite then; the loss on the held-out examples is not."""
    experiment = Experiment([tiny(KEYS)])
    of, epochs = training.test_metrics, []

    def figures(experiment):
        epochs.append(1)
        return {**of(experiment), "test_loss": np.array(np.inf if len(epochs) == EPOCH else 0.5)}

    monkeypatch.setattr(training, "test_metrics", figures)
    found, _ = diverged(experiment)
    assert found.place() == {"epoch": EPOCH, "step": 8, "where": "the figure test_loss"}
