"""Runs that travel as bytes: what comes back is what was trained, or there is no result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import same_bits
from support.commands import numbers, only, result, weights
from support.stacks import SHUFFLED, stack
from support.trained_runs import made

from synthgrad.errors import RunError
from synthgrad.runs.directory import Run
from synthgrad.runs.liveness import in_use
from synthgrad.runs.locking import hold
from synthgrad.runs.reading import Recorded
from synthgrad.sweep import packing
from synthgrad.sweep.events import Begun
from synthgrad.sweep.packing import pack, train_packed, unpack

KEYS = {"training.epochs": 9, "training.checkpoint_every": 2, "trainer.optimizer": "momentum", **SHUFFLED}


def trained(folder, order, runs):
    """The files of a run that has travelled."""
    folder.mkdir()
    return train_packed(pack(stack_of(order, runs)), "far", folder, lambda _: None, lambda: False).files[order.number]


def stack_of(order, runs):
    return replace(stack(runs, []), orders=(order,))


@pytest.fixture
def order(tmp_path):
    """An order that takes up a run interrupted after four epochs."""
    (order,) = stack(tmp_path, [KEYS]).orders
    return replace(order, resume=made(tmp_path / "runs", KEYS, stop=4))


def full(monkeypatch, at):
    """The disk is full when a file of this name is to be written."""

    real = packing.whole

    def whole(path, write, lasting):
        if path.name == at:
            raise OSError(28, "No space left on device")
        real(path, write, lasting)

    monkeypatch.setattr(packing, "whole", whole)


def test_a_stack_is_trained_far_away_as_it_is_here(tmp_path):
    """Nothing of it stays there, and it is told when it begins."""
    keys = [{"seed": 1}, {"seed": 2}]
    wanted, far, told = stack(tmp_path / "runs", keys), tmp_path / "far", []
    far.mkdir()
    result = train_packed(pack(wanted), "far", far, told.append, lambda: False)
    assert list(far.iterdir()) == []
    assert not (tmp_path / "runs").exists()
    assert [event.runs for event in told if isinstance(event, Begun)] == [(0, 1)]
    for order in wanted.orders:
        path, alone = (
            unpack(order, wanted.runs, result.files[order.number]),
            made(tmp_path / "alone", keys[order.number]),
        )
        assert numbers(path) == numbers(alone)
        assert same_bits(weights(path), weights(alone))
        assert Recorded(path).outcome == "finished"


def test_a_run_that_is_taken_up_has_no_row_twice(tmp_path, order):
    """Its first rows are those that were there, seconds and all."""
    before = (order.resume / "metrics.csv").read_bytes()
    files = trained(tmp_path / "far", order, tmp_path / "runs")
    assert unpack(order, tmp_path / "runs", files) == order.resume == only(tmp_path / "runs")
    assert (order.resume / "metrics.csv").read_bytes().startswith(before)
    assert numbers(order.resume) == numbers(made(tmp_path / "alone", KEYS))
    assert Run(order.resume).checkpoints() == []


@pytest.mark.parametrize("at", ["config.yaml", "weights.npz", "result.json"])
def test_a_new_run_that_cannot_be_written_leaves_nothing(tmp_path, order, monkeypatch, at):
    new = replace(order, resume=None)
    files = trained(tmp_path / "far", new, tmp_path)
    full(monkeypatch, at)
    with pytest.raises(RunError, match="cannot be written: no space left on device"):
        unpack(new, tmp_path / "new", files)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_run_that_is_taken_up_and_cannot_be_written_can_be_taken_up_again(tmp_path, order, monkeypatch):
    """It has no result, and its checkpoints are there."""
    files = trained(tmp_path / "far", order, tmp_path / "runs")
    with monkeypatch.context() as patch:
        full(patch, "weights.npz")
        with pytest.raises(RunError, match="cannot be written"):
            unpack(order, tmp_path / "runs", files)
    assert Recorded(order.resume).outcome == "unfinished"
    again = trained(tmp_path / "farther", order, tmp_path / "runs")
    unpack(order, tmp_path / "runs", again)
    assert result(order.resume)["outcome"] == "finished"
    assert numbers(order.resume) == numbers(made(tmp_path / "alone", KEYS))


def test_a_run_that_another_process_is_training_is_left_to_it(tmp_path, order):
    """Not a byte of it is changed."""
    files = trained(tmp_path / "far", order, tmp_path / "runs")
    before = {path.name: path.read_bytes() for path in order.resume.iterdir()}
    with (order.resume / "metrics.csv").open("ab") as file:
        assert hold(file)
        with pytest.raises(RunError, match="is being trained by another process"):
            unpack(order, tmp_path / "runs", files)
    assert {path.name: path.read_bytes() for path in order.resume.iterdir()} == before


def test_the_result_is_written_last(tmp_path, order, monkeypatch):
    """Whoever sees it sees a whole run, which is locked until then."""
    files, seen = trained(tmp_path / "far", order, tmp_path / "runs"), []
    real = packing.whole

    def whole(path: Path, write, lasting):
        seen.append((path.name, in_use(Run(path.parent))))
        real(path, write, lasting)

    monkeypatch.setattr(packing, "whole", whole)
    unpack(order, tmp_path / "runs", files)
    assert seen[-1] == ("result.json", True)
    assert not in_use(Run(order.resume))
