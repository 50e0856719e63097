"""Numbers as text: as many digits as their uncertainty leaves meaning to."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.numbers import amount, decimals, fixed, percent, short, small, spread


@pytest.mark.parametrize(
    ("widths", "digits"),
    [([0.014], 3), ([0.1], 2), ([0.099], 3), ([3.0], 1), ([30.0], 0), ([1e9], 0), ([1e-9], 5), ([0.9, 0.014, 1e-9], 3)],
)
def test_two_digits_of_the_middle_interval_are_shown(widths: list[float], digits: int) -> None:
    """And no more than five after the point, no fewer than none."""
    assert decimals(widths) == digits


@pytest.mark.parametrize(("magnitude", "digits"), [(0.7, 3), (1.0, 2), (9.99, 2), (10.0, 1), (123.0, 0), (1e9, 0)])
def test_without_an_interval_three_digits_of_the_number(magnitude: float, digits: int) -> None:
    """A width of 0 says nothing, nor does an infinite one, nor what rounding leaves."""
    for widths in ([], [0.0], [math.inf], [1e-17]):
        assert decimals(widths, magnitude) == digits


@pytest.mark.parametrize(
    ("value", "digits", "sign", "text"),
    [
        (0.7123, 3, "", "0.712"), (0.5, 0, "", "0"), (None, 3, "", "-"), (math.nan, 3, "", "-"),
        (math.inf, 3, "+", "-"),
        (0.25, 2, "+", "+0.25"), (-0.25, 2, "+", "-0.25"), (-0.0, 2, "", "0.00"), (1.0, 3, "", "1.000"),
        (1e-17, 3, "+", "+0.000"), (-1e-13, 5, "", "0.00000"),
        (1.0301e12, 3, "+", "+1.03e+12"), (9999999.0, 0, "", "9999999"),
        (0.9999, 3, "", "0.9999"), (0.0001, 2, "+", "+0.0001"), (-0.00001, 3, "", "-0.00001"),
        (0.99999999, 3, "", "1.00000"), (1.03e-12, 3, "+", "+1e-12"), (-4.56e-7, 5, "", "-4.6e-07"),
    ],
)  # fmt: skip
def test_fixed_digits_do_not_show_as_0_or_1_what_is_not(value: float | None, digits: int, sign: str, text: str) -> None:
    """More digits instead, up to five; and never a minus in front of 0."""
    assert fixed(value, digits, sign) == text


@given(st.floats(-1e150, 1e150), st.integers(0, 5), st.sampled_from(["", "+"]))
def test_fixed_text_is_the_number_to_half_a_unit_of_its_last_digit(value: float, digits: int, sign: str) -> None:
    """Whatever the number is."""
    text = fixed(value, digits, sign)
    mantissa, _, power = text.partition("e")
    unit = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
    assert abs(float(text) - value) <= 0.5 * unit * (1 + 1e-9) + abs(value) * 1e-15 + 1e-12


@pytest.mark.parametrize(
    ("interval", "text"), [((0.705, 0.719), "0.705..0.719"), ((-1.0, 0.0), "-1.000..0.000"), (None, "")]
)
def test_an_interval_has_two_dots(interval: tuple[float, float] | None, text: str) -> None:
    """None is nothing."""
    assert spread(interval, 3) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (12345.0, "1.23e+04"), (None, "-"), (math.nan, "-"), (0, "0")]
)
def test_a_short_number_has_three_digits_that_matter(value: float | None, text: str) -> None:
    """As short as may be."""
    assert short(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.006, ".006"), (0.05, ".050"), (0.0499, ".0499"), (0.0501, ".050"), (0.095, ".10"),
     (0.75, ".75"), (1.0, "1.00"), (0.0002, ".0002"),
     (1e-7, "1e-07"), (None, "-")],
)  # fmt: skip
def test_a_p_value_begins_with_its_point(p: float | None, text: str) -> None:
    """Two digits of those that say nothing, three of those that may."""
    assert small(p) == text


@pytest.mark.parametrize(("share", "text"), [(0.924, "92%"), (0.0, "0%"), (-0.031, "-3%"), (1.2, "120%"), (None, "")])
def test_a_share_is_in_percent(share: float | None, text: str) -> None:
    """Without digits after the point; beyond 100 and below 0 too."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "0.977 KiB"),
        (1 << 18, "256 KiB"),
        (1 << 30, "1 GiB"),
        (3 << 52, "12,288 TiB"),
    ],
)
def test_bytes_have_the_unit_that_keeps_them_short(size, text):
    """Three digits, except of what no machine has."""
    assert amount(size) == text
