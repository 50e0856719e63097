"""Scores: what a figure of each kind of outputs says, and when it says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import TINY, finish
from support.data_files import write_npz

from synthgrad.config import check, dump
from synthgrad.experiment import Config, Experiment
from synthgrad.scores import measured
from synthgrad.tasks.task import one_hot

RNG = np.random.default_rng(0)


def test_the_largest_output_is_the_answer():
    """Two of three examples are right."""
    o = np.array([[0.1, 0.3, 0.2], [0.9, 0.8, 0.7], [-3.0, -2, -1]])
    y = np.array([[0.0, 1, 0], [1, 0, 0], [0, 1, 0]])
    assert measured("classes", o, y)["accuracy"] == pytest.approx(2 / 3)


def test_one_hot_rows_follow_the_sorted_classes():
    """Whatever the labels are."""
    np.testing.assert_array_equal(one_hot(np.array([7, 3, 7]), np.array([3, 7])), [[0, 1], [1, 0], [0, 1]])


def test_r2_is_the_share_of_the_variance_that_is_explained():
    """1 for the labels, 0 for their mean, below 0 for worse; over all outputs together."""
    y = RNG.normal(3, [[1, 10]], (50, 2))
    assert measured("values", y, y)["r2"] == 1
    assert measured("values", np.broadcast_to(y.mean(0), y.shape), y)["r2"] == pytest.approx(0, abs=1e-12)
    o = y + np.array([1, 0])
    assert measured("values", o, y)["r2"] == pytest.approx(1 - 50 / (y.var(0).sum() * 50), rel=1e-12)
    assert measured("values", -y, y)["r2"] < 0


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1e30, 1e200])
def test_r2_does_not_depend_on_the_size_of_the_numbers(size):
    """Where squares would overflow or vanish, too."""
    o, y = RNG.normal(size=(2, 20, 3))
    assert measured("values", o * size, y * size)["r2"] == pytest.approx(measured("values", o, y)["r2"], rel=1e-12)


@pytest.mark.parametrize("value", [2.0, 0.1, 1 / 3])
def test_r2_of_labels_that_do_not_vary_is_not_a_number(value):
    """In a stack of those replicas alone; also where the mean of equal labels is rounded to another number."""
    y = np.stack([np.full((7, 1), value), np.arange(7.0)[:, None]])
    r2 = measured("values", y, y)["r2"]
    assert np.isnan(r2[0])
    assert r2[1] == 1


def test_a_stack_scores_as_its_replicas_do():
    """Bit for bit, in float32."""
    o, y = RNG.normal(size=(2, 3, 40, 5)).astype(np.float32)
    for outputs in ("classes", "values"):
        for name, value in measured(outputs, o, y).items():
            assert value.tolist() == [measured(outputs, o[r], y[r])[name].tolist() for r in range(3)]


def test_a_run_whose_r2_is_not_defined_leaves_it_out_and_goes_on(tmp_path):
    """A single held-out row has no variance: that is no divergence."""
    path = write_npz(tmp_path, x=RNG.normal(size=(11, 2)), y=RNG.normal(size=11))
    task = {"name": "table", "path": str(path), "target": "y", "test_share": 0.1}
    experiment = Experiment([check(dump({**TINY, "task": task}), Config)])
    epochs = finish(experiment)
    assert len(epochs) == 3
    assert "test_r2" in experiment.columns()
    assert "test_r2" not in epochs[-1].metrics
    assert {"r2", "test_loss"} <= epochs[-1].metrics.keys()
