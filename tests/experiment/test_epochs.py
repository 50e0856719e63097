"""How epochs are trained: in this process, or by others that share the modules, and when these end."""

from __future__ import annotations

import pytest
from conftest import finish, tiny

from synthgrad.errors import ConfigError
from synthgrad.experiment import Diverged, Epoch, Experiment, train

PIPELINED = {"trainer.name": "dni", "trainer.schedule": {"kind": "pipelined", "workers": 2}}


def test_a_replica_that_is_left_over_from_a_stack_begins_no_processes():
    """One of two diverges; the other is trained in order to the end, as the stack was."""
    configs = [tiny({**PIPELINED, "network.activation": "relu", "trainer.alpha": a}) for a in (0.01, 1e200)]
    experiment = Experiment(configs)
    kept = experiment.replicas[0]
    records = list(train(experiment))
    assert any(isinstance(record, Diverged) for record in records)
    assert kept.alone
    assert kept.experiment.epochs.group is None
    assert kept.processes() == 1


def test_in_order_is_for_what_does_not_depend_on_timing():
    """A sweep trains a pipelined run in its own process; free modules need theirs."""
    pipelined, free = (
        Experiment([tiny({**PIPELINED, "trainer.schedule": s})]) for s in (PIPELINED["trainer.schedule"], "free")
    )
    for experiment in (pipelined, free):
        experiment.epochs.in_order(experiment.config.varies)
    assert pipelined.replicas[0].processes() == 1
    assert free.replicas[0].processes() == 2


def test_figures_come_in_the_order_of_the_layers_whoever_is_done_first():
    """With a process for each of four modules."""
    keys = {**PIPELINED, "network.hidden": [9, 8, 7], "trainer.schedule": {"kind": "pipelined", "workers": 4}}
    epochs = [epoch for epoch in finish(Experiment([tiny({**keys, "training.epochs": 6})])) if isinstance(epoch, Epoch)]
    for epoch in epochs:
        assert [name for name in epoch.metrics if name.startswith("updates")] == [f"updates.{i}" for i in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "keys",
    [
        {"trainer.name": "delayed-gradient", "trainer.schedule": {"kind": "pipelined", "delay": 900}},
        {"trainer.name": "dni", "trainer.schedule": {"kind": "free", "delay": 900}},
    ],
    ids=["delayed-gradient", "dni"],
)
def test_a_delay_that_memory_has_no_room_for_is_refused(keys, monkeypatch):
    """What is under way is counted before anything is trained."""
    monkeypatch.setattr("synthgrad.experiment.settings.memory", lambda: 3_000_000)
    wide = {"network.hidden": [100, 100], "training.batch_size": 1, "task.bits": 8, "task.train_examples": 1000}
    assert tiny({**wide, **keys, "trainer.schedule": {**keys["trainer.schedule"], "delay": 1}})
    with pytest.raises(ConfigError, match=r"trainer\.schedule\.delay: the gradients under way would need"):
        tiny({**wide, **keys})
