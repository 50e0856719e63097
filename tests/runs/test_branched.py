"""Run directories of branches: their rows, and that they repeat and go on like any other run."""

from __future__ import annotations

import pytest
from support.commands import metrics, numbers
from support.trained_runs import fork, killed, made
from test_resuming import resumed, same
from test_verifying import verdict

from synthgrad.runs.directory import Run
from synthgrad.runs.reading import Recorded

KEYS = {
    "training.epochs": 9, "training.checkpoint_every": 2, "network.normalize": True, "training.shuffle": True,
    "training.evaluate_every": 2,
}  # fmt: skip
BACKPROP, FROZEN, DNI = (
    {"trainer.name": name, "trainer.alpha": 0.2, "trainer.optimizer": "adam"} for name in ("backprop", "frozen", "dni")
)
FORK = 4
PAIRS = [(BACKPROP, DNI), (DNI, BACKPROP), (DNI, FROZEN), (FROZEN, DNI)]


def branch(before, after, **keys):
    """The keys of a branch."""
    return fork(before, after, FORK, {**KEYS, **keys})


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_its_first_rows_are_those_of_its_parent(tmp_path, before, after):
    """All but the seconds, in the columns that both have; the columns are those of both trainers."""
    path, parent = made(tmp_path / "a", branch(before, after)), made(tmp_path / "b", {**KEYS, **before})
    other = made(tmp_path / "c", {**KEYS, **after})
    mine, theirs = numbers(path), numbers(parent)
    assert mine[0].keys() == theirs[0].keys() | numbers(other)[0].keys()
    assert [{name: row[name] for name in theirs[0]} for row in mine[:FORK]] == theirs[:FORK]
    assert mine[FORK]["loss"] != theirs[FORK]["loss"]
    assert [row["epoch"] for row in mine] == [str(epoch) for epoch in range(1, 10)]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_branch_repeats_from_its_own_config(tmp_path, before, after):
    """Every column of every epoch, and the final weights; no file of the parent is there."""
    said = verdict(made(tmp_path, branch(before, after)))
    assert (said.epoch, said.weights, said.difference, said.decided) == (9, True, None, True)
    assert said.columns == said.recorded


@pytest.mark.few(6)
@pytest.mark.parametrize("stop", [2, 3, FORK, 5, 7])
@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_an_interrupted_branch_goes_on_where_it_stopped(tmp_path, before, after, stop):
    """Before the fork, at it, and after it, to the end that it would have had; and what it had by then repeats."""
    keys = branch(before, after)
    path = made(tmp_path / "a", keys, stop=stop)
    said = verdict(path)
    assert (said.epoch, said.weights, said.difference) == (stop, True, None)
    assert resumed(path, keys) == stop
    same(path, made(tmp_path / "b", keys))


@pytest.mark.parametrize(("stop", "after"), [(3, 2), (5, 4), (7, 6)])
def test_a_killed_branch_goes_on_from_its_last_checkpoint(tmp_path, stop, after):
    """The checkpoint of the fork has the state of the trainer before it."""
    keys = branch(BACKPROP, DNI)
    path = killed(tmp_path / "a", keys, stop=stop)
    Run(path).checkpoint(stop).unlink()
    assert resumed(path, keys) == after
    same(path, made(tmp_path / "b", keys))


def test_a_branch_whose_checkpoints_are_all_torn_starts_again_with_its_first_trainer(tmp_path):
    """One that is whole but of another trainer is no use either."""
    keys = branch(BACKPROP, DNI)
    path, other = killed(tmp_path / "a", keys, stop=7), made(tmp_path / "c", {**KEYS, **FROZEN}, stop=7)
    for checkpoint in Run(path).checkpoints():
        checkpoint.write_bytes(Run(other).checkpoint(7).read_bytes())
    assert resumed(path, keys) == 0
    same(path, made(tmp_path / "b", keys))


@pytest.mark.parametrize(
    ("alpha", "epoch", "last"), [((1e6, 1e-6), 20, 9), ((1e-6, 1e200), 4, 4), ((1e-6, 1e6), 4, 13)]
)
def test_a_branch_that_diverges_repeats(tmp_path, alpha, epoch, last):
    """In the same place, with the same weights, on either side of the fork."""
    before, after = ({"trainer.name": "printed-listing", "trainer.alpha": each} for each in alpha)
    path = made(tmp_path, fork(before, after, epoch, {"training.epochs": 30, "training.shuffle": True, "seed": 2}))
    assert Recorded(path).diverged["epoch"] == last + 1
    assert len(metrics(path)) == last
    said = verdict(path)
    assert (said.epoch, said.weights, said.difference) == (last, True, None)


def test_a_run_without_a_branch_says_nothing_of_one(tmp_path):
    """Its config is as it always was."""
    assert "branch" not in (made(tmp_path) / "config.yaml").read_text()
