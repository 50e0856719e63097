"""Branches in sweeps: stacked, taken up and sent away, each is the branch alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import numbers
from support.stacks import SHUFFLED, ended, orders, stack
from support.trained_runs import fork, made
from test_stack_training import same, trained

from synthgrad.runs.directory import Run
from synthgrad.sweep.packing import pack, train_packed, unpack
from synthgrad.sweep.stacks import form, stacks

BACKPROP, DNI = (
    {"trainer.name": name, "trainer.alpha": 0.2, "trainer.optimizer": "adam"} for name in ("backprop", "dni")
)
KEYS = {"training.epochs": 7, "training.checkpoint_every": 2, **SHUFFLED}
BRANCH = fork(BACKPROP, DNI, 4, KEYS)
THREE = [
    {**BRANCH, "seed": 1},
    {**BRANCH, "seed": 2, "trainer.alpha": 0.1},
    {**BRANCH, "seed": 1, "branch.trainer.alpha": 0.1},
]


def test_every_branch_of_a_stack_is_the_branch_alone(tmp_path):
    """Directory by directory, whatever step sizes differ in."""
    found = ended(trained(stack(tmp_path / "sweep", THREE)))
    for number, keys in enumerate(THREE):
        assert found[number].outcome == "finished"
        same(tmp_path / found[number].path, made(tmp_path / "alone", keys))


@pytest.mark.parametrize("stop", [3, 4, 6])
def test_a_stack_of_branches_goes_on_where_it_stopped(tmp_path, stop):
    """Before, at and after the fork."""
    paths = [made(tmp_path / "runs", keys, stop=stop) for keys in THREE]
    resumed = [replace(order, resume=path) for order, path in zip(orders(THREE), paths, strict=True)]
    assert len({order.form for order in resumed}) == 1
    found = ended(trained(replace(stack(tmp_path, []), orders=tuple(resumed))))
    assert {each.outcome for each in found.values()} == {"finished"}
    for path, keys in zip(paths, THREE, strict=True):
        same(path, made(tmp_path / "alone", keys))


def test_a_branch_that_diverges_leaves_its_stack(tmp_path):
    """In the first epoch after the fork; the others are as alone."""
    listing = [{"trainer.name": "printed-listing", "trainer.alpha": alpha} for alpha in (1e-6, 1e200)]
    every = [fork(listing[0], after, 4, {**KEYS, "seed": seed}) for seed, after in enumerate([*listing, listing[0]], 1)]
    found = ended(trained(stack(tmp_path / "sweep", every)))
    assert [found[n].outcome for n in range(3)] == ["finished", "diverged", "finished"]
    for number, keys in enumerate(every):
        same(tmp_path / found[number].path, made(tmp_path / "alone", keys))


def test_branches_are_sent_away_and_come_back(tmp_path):
    """One of them is taken up in the midst of its first part."""
    wanted = stack(tmp_path / "runs", THREE[:2])
    begun = replace(wanted.orders[1], resume=made(tmp_path / "runs", THREE[1], stop=3))
    wanted = replace(wanted, orders=(wanted.orders[0], begun))
    (tmp_path / "far").mkdir()
    result = train_packed(pack(wanted), "far", tmp_path / "far", lambda _: None, lambda: False)
    for order, keys in zip(wanted.orders, THREE, strict=False):
        path = unpack(order, wanted.runs, result.files[order.number])
        assert Run(path).result.exists()
        assert numbers(path) == numbers(made(tmp_path / "alone", keys))


def test_runs_that_branch_elsewhere_are_other_stacks():
    """Another epoch, another trainer before, none at all; step sizes may differ."""
    others = [{**BRANCH, "branch.epoch": 5}, {**BRANCH, "branch.trainer.name": "frozen"}, {**KEYS, **DNI}]
    every = orders([*THREE, *others])
    assert [len(each.orders) for each in stacks(every, Path("runs"), jobs=1)].count(3) == 1
    assert len({form(order.config) for order in every}) == 4
