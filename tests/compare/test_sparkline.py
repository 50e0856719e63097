"""Curves of block characters."""

import math

import pytest

from synthgrad.compare.sparkline import BLOCKS, sparkline


def test_a_sparkline_goes_from_the_lowest_to_the_highest_block():
    """A straight line uses all eight."""
    assert sparkline([float(i) for i in range(8)], 8) == BLOCKS
    assert sparkline([float(-i) for i in range(8)], 8) == BLOCKS[::-1]


def test_a_sparkline_of_many_values_shows_their_means():
    """As wide as there is room, and no wider than there are values."""
    assert sparkline([0.0, 2.0, 8.0, 6.0], 2) == "▁█"
    assert len(sparkline([1.0, 2.0, 3.0], 60)) == 3
    assert len(sparkline([float(i) for i in range(511)], 60)) == 60


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0, 2.0], [0.0, 1e308, 1e308], [5e-324, 0.0]], ids=str)
def test_a_sparkline_survives_any_finite_values(values):
    """Constant, huge and tiny ones."""
    assert set(sparkline(values, 5)) <= set(BLOCKS)


def test_a_sum_that_overflows_leaves_the_curve_flat():
    """Means of huge losses are not finite, and the display goes on."""
    assert sparkline([1.7e308, 1.7e308, 1.0], 2) in ("▁▁", "█▁")


def test_a_sparkline_has_a_gap_where_nothing_is_known():
    """A held-out figure is not there for every epoch."""
    assert sparkline([0.0, math.nan, 1.0], 3) == "▁ █"
    assert sparkline([math.nan], 3) == " "


def test_two_sparklines_of_one_range_can_be_held_side_by_side():
    """What lies outside of the range is at its end."""
    assert sparkline([0.0, 0.5, 2.0], 3, 0.0, 1.0) == "▁▅█"


def test_nothing_is_drawn_of_nothing():
    """A metric that a method does not have."""
    assert sparkline([], 5) == ""
