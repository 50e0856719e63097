"""``sweep --ablate layers``: every run again with each hidden layer frozen in turn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.commands import numbers, result, typed, weights, write
from support.trained_runs import made

from synthgrad.config import flat, plain
from synthgrad.runs.finding import below
from synthgrad.sweep import ablation
from synthgrad.sweep.ablation import ablated
from synthgrad.sweep.grid import grid
from synthgrad.sweep.stacks import Order, stacks


@pytest.fixture
def config(tmp_path):
    """The tiny config: hidden layers of 12 and 9 units."""
    return write(tmp_path)


@pytest.fixture
def sweep(config, tmp_path):
    """Type an ablation of the tiny config."""
    return lambda *words: typed(
        "sweep", config, "--ablate", "layers", "--runs", tmp_path / "runs", "--jobs", 1, "-q", *words
    )


def freezes(found):
    """By its own settings, what each run freezes."""
    return [(plain(each.config)["network"]["hidden"], plain(each.config)["trainer"]["freeze"]) for each in found]


def test_each_hidden_layer_is_frozen_in_turn(config):
    """After the run in which none is."""
    assert freezes(ablated(grid([config], []))) == [([12, 9], []), ([12, 9], [1]), ([12, 9], [2])]


def test_the_layers_are_those_of_each_runs_own_network(config):
    """Of several depths, a network without hidden layers among them."""
    found = ablated(grid([config], ["network.hidden=[],[5],[5, 4, 3]"]))
    assert freezes(found) == [
        ([], []), ([5], []), ([5], [1]), ([5, 4, 3], []), ([5, 4, 3], [1]), ([5, 4, 3], [2]), ([5, 4, 3], [3]),
    ]  # fmt: skip


def test_where_no_hidden_layer_learns_none_is_frozen_once_more(config):
    """The frozen control is one run."""
    found = ablated(grid([config], ["trainer.name=frozen,dni"]))
    assert [(each.config.trainer.name, each.config.trainer.freeze) for each in found] == [
        ("frozen", ()), ("dni", ()), ("dni", (1,)), ("dni", (2,)),
    ]  # fmt: skip


def test_the_settings_of_a_run_make_its_config(config):
    """As everywhere in a grid."""
    for each in ablated(grid([config], ["seed=0..1", "trainer.name=backprop,dni"])):
        (alone,) = grid([each.source], each.settings)
        assert alone.config == each.config


def test_a_branch_is_ablated_from_its_fork_on(config):
    """Up to there all its layers learn."""
    first = ["branch.epoch=2", "branch.trainer.name=backprop"]
    found = [flat(plain(each.config)) for each in ablated(grid([config], first))]
    assert [(each["trainer.freeze"], each["branch.trainer.freeze"]) for each in found] == [
        ([], []),
        ([1], []),
        ([2], []),
    ]


def test_layers_that_are_frozen_already_leave_nothing_to_ask(config, sweep):
    """One message, exit 2."""
    said = sweep("-s", "trainer.freeze=[1]")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"{config}: --ablate layers freezes one layer after the other, and trainer.freeze is [1] already "
        "(leave one of the two out)\n"
    )


def test_the_number_of_runs_is_bounded(config, monkeypatch):
    """Before anything is planned."""
    monkeypatch.setattr(ablation, "LIMIT", 5)
    with pytest.raises(Exception, match=r"sweep: 6 runs with --ablate layers \(at most 5\)"):
        ablated(grid([config], ["seed=1..2"]))


def test_something_else_to_ablate_is_a_usage_error(config):
    """The word is layers."""
    said = typed("sweep", config, "--ablate", "weights")
    assert (said.code, said.out) == (2, "")
    assert "'weights'" in said.err


# trained ------------------------------------------------------------------------------------------


def test_the_runs_of_one_ablation_stack_over_seeds(config):
    """A stack for each frozen layer."""
    found = ablated(grid([config], ["seed=0..3"]))
    orders = [Order(i, each.config, "tiny", ()) for i, each in enumerate(found)]
    made_of = stacks(orders, Path("runs"), jobs=1)
    assert sorted({order.config.trainer.freeze for order in stack.orders} for stack in made_of) == [
        {()},
        {(1,)},
        {(2,)},
    ]
    assert [len(stack.orders) for stack in made_of] == [4, 4, 4]


def test_a_frozen_layer_stays_as_it_was_drawn_and_the_others_learn(sweep, tmp_path):
    """Every run of the sweep is the run alone, and the same line again has nothing to do."""
    said = sweep("--seed", "1..2")
    assert (said.code, said.err) == (0, "")
    paths = [Path(line) for line in said.out.splitlines()]
    assert len(paths) == 6
    drawn = weights(made(tmp_path / "drawn", {"trainer.name": "backprop", "trainer.alpha": 0.0}, seed=1))
    moved = []
    for path in paths[:3]:
        assert result(path)["outcome"] == "finished"
        end = weights(path)
        moved.append([not np.array_equal(end[f"layer.{i}.W"], drawn[f"layer.{i}.W"]) for i in (1, 2, 3)])
    assert moved == [[True, True, True], [False, True, True], [True, False, True]]
    alone = made(tmp_path / "alone", {"trainer.freeze": [2]}, seed=2)
    assert numbers(paths[5]) == numbers(alone)
    again = sweep("--seed", "1..2")
    assert (again.out, len(list(below(tmp_path / "runs")))) == (said.out, 6)


def test_a_dry_run_prints_plain_lines(sweep, config, tmp_path):
    """Each makes its run."""
    lines = sweep("--seed", 7, "--dry-run").out.splitlines()
    line = f"synthgrad train {config} -s seed=7{{}} --runs {tmp_path / 'runs'} -q"
    assert lines == [line.format(more) for more in ("", " -s 'trainer.freeze=[1]'", " -s 'trainer.freeze=[2]'")]


def test_compare_tells_the_frozen_layers(sweep, tmp_path):
    """In names that can be read."""
    sweep("--seed", "1..2", "-s", "trainer.name=dni,frozen")
    report = json.loads(typed("compare", tmp_path / "runs", "--format", "json").out)
    assert {group["label"] for group in report["groups"]} == {"dni", "dni freeze=[1]", "dni freeze=[2]", "frozen"}
    assert report["tables"][0]["control"] == "frozen"
