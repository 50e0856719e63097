"""Curves of a group: the mean over its runs where they have a value, and the interval around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.written_runs import BACKPROP, BITS, run, subjects

from synthgrad.compare import statistics
from synthgrad.compare.curves import curve


def test_the_mean_is_over_the_runs_that_got_so_far(tmp_path: Path) -> None:
    """And how many they are; a run's own line ends where the run does."""
    run(tmp_path, BACKPROP, 0, {BITS: [0.5, 0.75, 1.0]})
    run(tmp_path, BACKPROP, 1, {BITS: [0.25, 0.25]})
    c = curve(subjects(tmp_path), BITS)
    assert (c.epoch, c.mean, c.n) == ([1, 2, 3], [0.375, 0.5, 1.0], [2, 2, 1])
    assert c.lines == [[0.5, 0.75, 1.0], [0.25, 0.25, None]]


def test_blanks_are_no_points(tmp_path: Path) -> None:
    """Epochs that no run evaluated are not there; where one did, the other has none."""
    run(tmp_path, BACKPROP, 0, {BITS: [None, 0.5, None, 1.0]})
    run(tmp_path, BACKPROP, 1, {BITS: [None, None, None, 0.5]})
    c = curve(subjects(tmp_path), BITS)
    assert (c.epoch, c.n, c.lines) == ([2, 4], [1, 2], [[0.5, 1.0], [None, 0.5]])


def test_what_is_not_finite_is_a_blank(tmp_path: Path) -> None:
    """NaN and infinity never come into a mean."""
    run(tmp_path, BACKPROP, 0, {BITS: [float("nan"), float("inf"), 0.5]})
    run(tmp_path, BACKPROP, 1, {BITS: [0.25, 0.25, 0.5]})
    c = curve(subjects(tmp_path), BITS)
    assert (c.mean, c.n) == ([0.25, 0.25, 0.5], [1, 1, 2])


def test_the_band_is_the_interval_of_the_mean_at_each_epoch(tmp_path: Path) -> None:
    """None where fewer than six runs are left."""
    ends = [0.5, 0.625, 0.25, 0.75, 0.375, 0.875]
    for seed, end in enumerate(ends):
        run(tmp_path, BACKPROP, seed, {BITS: [end, end] if seed else [end]})
    c = curve(subjects(tmp_path), BITS)
    low, high = statistics.interval(ends)  # type: ignore[misc]
    assert (c.low, c.high) == ([low, None], [high, None])


def test_a_curve_without_a_band_has_none(tmp_path: Path) -> None:
    """It is not computed where nobody looks at it."""
    for seed in range(6):
        run(tmp_path, BACKPROP, seed)
    c = curve(subjects(tmp_path), BITS, band=False)
    assert set(c.low) == set(c.high) == {None}


def test_long_curves_are_thinned_to_their_points(tmp_path: Path) -> None:
    """The first and the last epoch always, and those in between at equal steps."""
    run(tmp_path, BACKPROP, 0, {BITS: [e / 1000 for e in range(1, 1001)]})
    c = curve(subjects(tmp_path), BITS, points=12)
    assert (len(c.epoch), c.epoch[0], c.epoch[-1]) == (12, 1, 1000)
    assert c.mean == [e / 1000 for e in c.epoch]
    assert np.ptp(np.diff(c.epoch)) <= 1


def test_nothing_measured_is_an_empty_curve(tmp_path: Path) -> None:
    """With an empty line for each run."""
    for seed in range(2):
        run(tmp_path, BACKPROP, seed, {BITS: []})
    c = curve(subjects(tmp_path), BITS)
    assert (c.epoch, c.mean, c.low, c.high, c.n, c.lines) == ([], [], [], [], [], [[], []])


def test_a_run_without_the_metric_has_an_empty_line(tmp_path: Path) -> None:
    """Beside one that has it."""
    run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1, {"loss": 1.0})
    c = curve(subjects(tmp_path), BITS)
    assert (set(c.n), set(c.lines[1])) == ({1}, {None})
