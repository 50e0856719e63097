"""Arithmetic without overflow."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.compare.arithmetic import alike, bounded, mean, median, minus, share, total

MOST = sys.float_info.max
ORDINARY = st.lists(st.floats(-1e100, 1e100).filter(lambda x: abs(x) > 1e-100), min_size=1, max_size=20)
ANY = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)


@given(ORDINARY)
def test_ordinary_numbers_come_out_to_the_same_bit(values: list[float]) -> None:
    """As NumPy has them."""
    assert (mean(values), median(values)) == (float(np.mean(values)), float(np.median(values)))


@given(ANY)
def test_mean_and_median_are_between_the_least_and_the_greatest(values: list[float]) -> None:
    """Whatever the numbers are."""
    for middle in (mean(values), median(values)):
        assert min(values) * (1 + math.copysign(1e-15, -min(values))) <= middle or middle == pytest.approx(min(values))
        assert middle <= max(values) * (1 + math.copysign(1e-15, max(values))) or middle == pytest.approx(max(values))


def test_what_is_beyond_the_largest_number_is_the_largest() -> None:
    """Of its sign."""
    assert (minus(MOST, -MOST), minus(-MOST, MOST), minus(3.0, 1.0)) == (MOST, -MOST, 2.0)
    assert (total([MOST, MOST]), total([-MOST, -MOST]), total([]), total([1.0, 2.0])) == (MOST, -MOST, 0.0, 3.0)
    assert (bounded(math.inf), bounded(-math.inf), bounded(1.5)) == (MOST, -MOST, 1.5)


def test_a_share_is_that_of_the_way() -> None:
    """From the least to the greatest number there is, too; nothing of no way."""
    assert [share(x, 2.0, 4.0) for x in (2.0, 3.0, 4.0)] == [0.0, 0.5, 1.0]
    assert share(np.array([-MOST, 0.0, MOST]), -MOST, MOST).tolist() == [0.0, 0.5, 1.0]
    assert share(5.0, 5.0, 5.0) == 0.0


def test_samples_are_scaled_alike() -> None:
    """By one power of two; nothing, or zeros, stay as they are."""
    a, b = alike([MOST, 1.0], [2.0**1023])
    assert (a[0], b[0]) == (1 - 2.0**-53, 0.5)
    assert [each.tolist() for each in alike([], [0.0])] == [[], [0.0]]
