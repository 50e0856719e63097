"""What may make a comparison unfair, each in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, group, reported, run

SAME = "same data, initial weights and batch order in every seed"


def remarks(runs: Path, **question: Any) -> list[str]:
    """What is said of the first table."""
    return reported(runs, **question).tables[0].fairness


def pair(runs: Path, **second: Any) -> list[str]:
    """What is said of two runs of one seed, the second made in some other way."""
    run(runs, BACKPROP, 1)
    run(runs, FROZEN, 1, **second)
    return remarks(runs)


def test_what_is_the_same_in_every_seed_is_said(tmp_path: Path) -> None:
    """Data, weights and order, as the hashes prove."""
    assert pair(tmp_path) == [SAME]


@pytest.mark.parametrize(
    ("hashes", "said"),
    [
        ({"data": "x"}, ["same initial weights and batch order in every seed",
                         "data differ between runs of the same seed; those are not paired"]),
        ({"weights": "x"}, ["same data and batch order in every seed",
                            "initial weights differ between runs of the same seed"]),
        ({"weights": "x", "order": "x"}, ["same data in every seed",
                                          "initial weights and batch order differ between runs of the same seed"]),
        ({"data": "x", "weights": "x", "order": "x"},
         ["data, initial weights and batch order differ between runs of the same seed; those are not paired"]),
    ],
)  # fmt: skip
def test_what_differs_between_runs_of_a_seed_is_said(tmp_path: Path, hashes: dict[str, str], said: list[str]) -> None:
    """And that other data are not paired."""
    assert pair(tmp_path, hashes={"data": "data1", "weights": "weights1", "order": "order1", **hashes}) == said


def test_seeds_may_have_other_data(tmp_path: Path) -> None:
    """It is the runs of one seed that share them."""
    for seed in range(3):
        run(tmp_path, BACKPROP, seed)
        run(tmp_path, FROZEN, seed)
    assert remarks(tmp_path) == [SAME]


@pytest.mark.parametrize("hashes", [{}, {"data": "data1", "order": "order1"}])
def test_runs_without_hashes_prove_nothing(tmp_path: Path, hashes: dict[str, str]) -> None:
    """Older runs, or some of the hashes."""
    assert pair(tmp_path, hashes=hashes) == [
        "some runs are too old to prove that runs of the same seed share data and weights"
    ]


def test_one_group_shares_with_nobody(tmp_path: Path) -> None:
    """Nothing to be said."""
    group(tmp_path, BACKPROP, [0.5, 0.6])
    assert remarks(tmp_path) == []


@pytest.mark.parametrize(
    ("about", "what"),
    [({"git": {"commit": "b", "dirty": False}}, "git commit"), ({"numpy": "3"}, "NumPy version"),
     ({"blas": "mkl"}, "BLAS"),
     ({"synthgrad": "9"}, "synthgrad version"), ({"host": "b"}, "host"),
     ({"threads": {"OMP_NUM_THREADS": "2"}}, "BLAS threads")],
)  # fmt: skip
def test_another_environment_is_said(tmp_path: Path, about: dict[str, Any], what: str) -> None:
    """What may change the last bits of a run, or its speed."""
    run(tmp_path, BACKPROP, 0, about={"git": {"commit": "a", "dirty": False}})
    run(tmp_path, FROZEN, 0, about={"git": {"commit": "a", "dirty": False}, **about})
    assert remarks(tmp_path) == [SAME, f"{what} differs between the runs"]


def test_uncommitted_changes_are_said(tmp_path: Path) -> None:
    """Of any run."""
    assert pair(tmp_path, about={"git": {"commit": "a", "dirty": True}}) == [
        SAME,
        "some runs were made with uncommitted changes",
    ]


@pytest.mark.parametrize(
    "about", [{"git": "abc"}, {"git": [1]}, {"host": ["x"]}, {"threads": [{}]}, {"blas": {"a": 1}}]
)
def test_an_environment_written_by_hand_does_no_harm(tmp_path: Path, about: dict[str, Any]) -> None:
    """Whatever stands in run.json."""
    assert pair(tmp_path, about=about)[0] == SAME


@pytest.mark.parametrize("hashes", [["data"], {"data": ["x"], "weights": {}, "order": 1}])
def test_hashes_written_by_hand_do_no_harm(tmp_path: Path, hashes: Any) -> None:
    """They prove nothing, or that something differs."""
    run(tmp_path, BACKPROP, 1)
    path = run(tmp_path, FROZEN, 1)
    (path / "run.json").write_text(f'{{"hashes": {str(hashes).replace(chr(39), chr(34))}}}')
    assert remarks(tmp_path)


def test_the_best_epoch_on_test_flatters(tmp_path: Path) -> None:
    """It was selected on test; on the training set it was not."""
    run(tmp_path, BACKPROP, 0, {BITS: 0.5, "bit_accuracy": 0.6})
    said = f"best {BITS} of each run: selected on test, so it flatters every method"
    assert remarks(tmp_path, at="best") == [said]
    assert remarks(tmp_path, at="best", metrics=("bit_accuracy",)) == []
    assert remarks(tmp_path, at="last") == []


def test_a_longer_training_than_the_controls_is_said(tmp_path: Path) -> None:
    """The same budget is part of being a control."""
    run(tmp_path, FROZEN, 0)
    run(tmp_path, {**BOTH, "training.epochs": 9, "training.batch_size": 5}, 0)
    said = "dni had another budget than the control: training.epochs and training.batch_size"
    assert remarks(tmp_path) == [SAME, said]


def test_what_was_swept_is_no_other_budget(tmp_path: Path) -> None:
    """The control was tried with these as well; of many groups it is their number that is told."""
    for size in (5, 10):
        for keys in (FROZEN, BOTH, BACKPROP):
            run(tmp_path, {**keys, "training.batch_size": size}, 0)
    assert remarks(tmp_path) == [SAME]
    for epochs in (9, 10, 11):
        for keys in (BOTH, BACKPROP):
            run(tmp_path, {**keys, "training.batch_size": 5, "training.epochs": epochs}, 0)
    assert remarks(tmp_path) == [SAME, "6 groups had another budget than the control: training.epochs"]


def test_runs_of_stacks_of_other_sizes_do_not_compare_in_speed(tmp_path: Path) -> None:
    """A stacked run's seconds are its share; one trained alone has all of them."""
    for seed in range(2):
        run(tmp_path, BACKPROP, seed, about={"stack": 10})
        run(tmp_path, FROZEN, seed, about={"stack": 6} if seed else {})
    said = remarks(tmp_path)
    assert "runs were trained in stacks of 1 to 10, so their times are not comparable" in said


def test_seconds_of_networks_that_processes_shared_are_those_of_the_clock(tmp_path: Path) -> None:
    """Which backprop in one process has too; who has more cores is said."""
    said = pair(tmp_path, about={"processes": 2})
    assert said == [SAME, "networks were shared by 1 to 2 processes: seconds are those of the clock"]
