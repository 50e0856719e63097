"""Training and its logs: when checkpoints are written."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest
from conftest import tiny
from support.commands import numbers, weights
from support.trained_runs import killed, made

from synthgrad.experiment import Experiment
from synthgrad.runs import recording
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log
from synthgrad.runs.recording import Due, record


class Clock:
    """A clock that shows what it is told to."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The clock that recording looks at."""
    clock = Clock()
    monkeypatch.setattr(recording, "time", clock)
    return clock


def test_by_default_a_checkpoint_is_due_every_minute(clock):
    """At the end of the first epoch after it; the seconds that writing takes do not count."""
    due = Due("auto")
    seen = []
    for epoch, clock.now in enumerate([30, 59.9, 60, 90, 150, 169.9, 170], 1):
        seen.append(due(epoch))
        if seen[-1]:
            clock.now += 20
            due.written()
    assert seen == [False, False, True, False, True, False, False]


@pytest.mark.parametrize(("every", "epochs"), [(0, []), (1, [1, 2, 3, 4, 5, 6]), (3, [3, 6])])
def test_a_number_of_epochs_knows_no_clock(clock, every, epochs):
    """0 is never."""
    due = Due(every)
    clock.now = 1000.0
    assert [epoch for epoch in range(1, 7) if due(epoch)] == epochs


def test_a_run_with_the_default_has_a_checkpoint_after_a_minute(tmp_path, clock):
    """A kill later loses no more than what came after it."""
    experiment = Experiment([tiny({"training.epochs": 9})])
    run = Run.create(tmp_path, "a", 3)
    with closing(Log.begin(run, experiment.replicas[0], {})) as log:
        for _ in record(experiment, [log], lambda: False):
            clock.now = 61.0 if log.epoch == 4 else clock.now
            if log.epoch == 7:
                break
    assert run.checkpoints() == [run.checkpoint(5)]


def test_the_runs_of_a_stack_have_their_checkpoints_after_the_same_epoch(tmp_path, clock):
    """Though the clock goes on while they are written: so they are resumed as one stack."""
    experiment = Experiment([tiny({"training.epochs": 9}, seed=seed) for seed in range(3)])
    runs = [Run.create(tmp_path, "a", seed) for seed in range(3)]
    written = Log.checkpoint
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "checkpoint", lambda log: (vars(clock).update(now=clock.now + 40), written(log)))
        logs = [
            stack.enter_context(closing(Log.begin(run, r, {})))
            for run, r in zip(runs, experiment.replicas, strict=True)
        ]
        for _ in record(experiment, logs, lambda: logs[0].epoch == 7):
            clock.now += 5.0
    assert len({tuple(path.name for path in run.checkpoints()) for run in runs}) == 1
    assert runs[0].checkpoints()


@pytest.mark.parametrize("every", [0, 1, "auto"])
def test_checkpoints_change_no_number(tmp_path, every):
    """Nor what is left in the end."""
    run = made(tmp_path / "a", {"training.checkpoint_every": every})
    usual = made(tmp_path / "b")
    assert numbers(run) == numbers(usual)
    assert {n: v.tobytes() for n, v in weights(run).items()} == {n: v.tobytes() for n, v in weights(usual).items()}
    assert Run(run).checkpoints() == []


def test_an_interrupted_run_has_a_checkpoint_of_its_last_epoch(tmp_path):
    """Whatever the config says."""
    for every in (0, 2, "auto"):
        run = Run(killed(tmp_path, {"training.epochs": 9, "training.checkpoint_every": every}, stop=3))
        assert run.checkpoints()[0] == run.checkpoint(3)
