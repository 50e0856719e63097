"""The values behind ``-s KEY=``: commas, ranges, and what is said about those that are none."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.config.reading import parse
from synthgrad.errors import ConfigError
from synthgrad.sweep.values import LIMIT, pieces, values

MEANT = {
    "one": ("0.1", ["0.1"]),
    "names": ("backprop,frozen,dni", ["backprop", "frozen", "dni"]),
    "numbers": ("1e-3,1e-2", ["1e-3", "1e-2"]),
    "lists": ("[64],[64, 32]", ["[64]", "[64, 32]"]),
    "sections": ("{name: adam, beta1: 0.8},sgd", ["{name: adam, beta1: 0.8}", "sgd"]),
    "nested": ("[[1,2],{a: (3,4)}],5", ["[[1,2],{a: (3,4)}]", "5"]),
    "quotes": ("'a,b',\"c,d\"", ["'a,b'", '"c,d"']),
    "quotes-in-quotes": ("'it''s, a',\"b\\\", c\"", ["'it''s, a'", '"b\\", c"']),
    "bracket-in-quotes": ("'[',']'", ["'['", "']'"]),
    "apostrophe": ("it's,that's", ["it's", "that's"]),
    "blanks": (" 1 , 2 ", ["1", "2"]),
    "twice": ("1,2,1", ["1", "2"]),
    "up": ("0..4", ["0", "1", "2", "3", "4"]),
    "down": ("3..0", ["3", "2", "1", "0"]),
    "single": ("7..7", ["7"]),
    "signs": ("-1..+1", ["-1", "0", "1"]),
    "step": ("0..100..50", ["0", "50", "100"]),
    "step-past-the-end": ("0..10..4", ["0", "4", "8"]),
    "step-down": ("9..0..4", ["9", "5", "1"]),
    "step-with-its-sign": ("9..0..-4", ["9", "5", "1"]),
    "mixed": ("0..2,10,20..22,1", ["0", "1", "2", "10", "20", "21", "22"]),
    "underscores": ("1_000..1_001", ["1000", "1001"]),
    "even": ("0.1..0.5:5", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
    "even-down": ("1..0:3", ["1", "0.5", "0"]),
    "even-whole": ("0..100:5", ["0", "25", "50", "75", "100"]),
    "ends-alone": ("0.123456..1:2", ["0.123456", "1"]),
    "log": ("1e-4..1e-1:log4", ["1e-4", "0.001", "0.01", "1e-1"]),
    "log-down": ("100..1:log3", ["100", "10", "1"]),
    "rounded": ("1..10:log3", ["1", "3.162", "10"]),
    "rounded-small": ("1e-6..1e-4:log5", ["1e-6", "3.162e-6", "1e-5", "3.162e-5", "1e-4"]),
    "ends-as-typed": ("1.00..3e0:3", ["1.00", "2", "3e0"]),
    "whole-not-rounded": ("0..99999:4", ["0", "33333", "66666", "99999"]),
    "more-digits": ("1..1.0003:4", ["1", "1.0001", "1.0002", "1.0003"]),
    "points": (".1...5:3", [".1", "0.3", ".5"]),
    "wide": ("-1e308..1e308:3", ["-1e308", "0", "1e308"]),
}


@pytest.mark.parametrize(("text", "meant"), MEANT.values(), ids=MEANT)
def test_a_text_stands_for_its_values(text: str, meant: list[str]) -> None:
    """Commas part, ranges stand for many, each value once."""
    assert values(text) == meant


@pytest.mark.parametrize(
    "text", ["'0..9'", '"0..9"', "[0..9]", "{a: 0..9}", "a..b", "0..x", "x..9", "0..9x", "..", "1..", "9e9999..1:2"]
)
def test_what_is_quoted_in_brackets_or_no_number_is_no_range(text: str) -> None:
    """It is a value, and the config says what is wrong with it."""
    assert values(text) == [text]


@pytest.mark.parametrize("text", ["[1,2", "{a: 1, b", '[64, "32]'])
def test_an_open_bracket_is_left_to_the_config(text: str) -> None:
    """YAML has words for it."""
    assert values(text) == [text]


EVEN, LOG = "0.1..0.5:5 for 5 evenly spaced", "0.1..0.5:log5 for 5 on a log scale"
FORMS = "expected one like 0..9, 0..100..10, 0.1..0.5:5 or 1e-4..1e-1:log4"
MISSING = "a value is missing (expected values between commas, for example 1,2 or 0..9)"
WRONG = {
    "": [MISSING],
    " ": [MISSING],
    "1,": [MISSING],
    ",1": [MISSING],
    "1,,2,": [MISSING],
    "0.1..0.5": [f"'0.1..0.5' does not say how many numbers (expected {EVEN}, {LOG})"],
    "0.1..0.5..0.1": [f"'0.1..0.5..0.1' does not say how many numbers (expected {EVEN})"],
    "0..2..0.5": ["'0..2..0.5' does not say how many numbers (expected 0..2:5 for 5 evenly spaced)"],
    "-.5...5": ["'-.5...5' does not say how many numbers (expected -.5...5:5 for 5 evenly spaced)"],
    "0..9..0": ["'0..9..0' has a step of 0 (expected 1 or more)"],
    "0..9..2:3": ["'0..9..2:3' has a step and a count (expected one of them)"],
    "0..9:1": ["'0..9:1' asks for fewer numbers than a range has ends (expected 2 or more)"],
    "0..9:log3": ["'0..9:log3' has no logarithm at an end (expected ends above 0)"],
    "1..1:3": ["'1..1:3' has fewer than 3 numbers in it (expected ends further apart)"],
    "0..9:x": [f"'0..9:x' is no range ({FORMS})"],
    "0..9:": [f"'0..9:' is no range ({FORMS})"],
    "0..9..": [f"'0..9..' is no range ({FORMS})"],
    "0..9:ln4": [f"'0..9:ln4' is no range ({FORMS})"],
    "0..1000000": ["'0..1000000' stands for 1,000,001 values (at most 100,000)"],
    "0..1:1000000": ["'0..1:1000000' stands for 1,000,000 values (at most 100,000)"],
    "0..9:1,2,0..9..0": [
        "'0..9:1' asks for fewer numbers than a range has ends (expected 2 or more)",
        "'0..9..0' has a step of 0 (expected 1 or more)",
    ],
}


@pytest.mark.parametrize(("text", "lines"), WRONG.items(), ids=[text or "nothing" for text in WRONG])
def test_what_is_wrong_is_said_with_what_would_be_right(text: str, lines: list[str]) -> None:
    """All of it at once, each line once."""
    with pytest.raises(ConfigError) as error:
        values(text)
    assert error.value.lines == lines


# properties ---------------------------------------------------------------------------------------

WHOLE = st.integers(-(10**6), 10**6)
YAML = st.recursive(
    st.integers() | st.booleans() | st.sampled_from(["dni", "'a, b'", '"c\\", d"', "'it''s'", "1e-3"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(map(str, items))}]")
        | st.lists(inner, max_size=3).map(lambda items: f"{{{', '.join(f'k{i}: {x}' for i, x in enumerate(items))}}}")
    ),
    max_leaves=6,
).map(str)


@given(st.lists(YAML, min_size=1, unique=True))
def test_values_written_side_by_side_are_told_apart_again(items: list[str]) -> None:
    """Whatever they are, as long as they are YAML."""
    assert values(",".join(items)) == items


@given(st.text(alphabet="0123456789.:,-eElog[]{}()'\" \\ax") | st.text())
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    """In lines that print; and no value is empty or there twice."""
    found, lines = [], []
    try:
        found = values(text)
    except ConfigError as error:
        lines = error.lines
    assert all(line.isprintable() for line in lines)
    assert all(found)
    assert len(set(found)) == len(found)


@given(st.text(alphabet="ab,[]{}()'\" \\"))
def test_splitting_loses_nothing_but_commas_and_blanks(text: str) -> None:
    """The pieces in a row are the text."""
    assert re.sub("[, ]", "", "".join(pieces(text))) == re.sub("[, ]", "", text)


@given(WHOLE, st.integers(-200, 200), st.integers(1, 50))
def test_a_range_of_whole_numbers_is_that_of_python_with_its_end(first: int, length: int, step: int) -> None:
    """Up and down, with a step."""
    last = first + length
    meant = range(first, last + 1, step) if length >= 0 else range(first, last - 1, -step)
    assert values(f"{first}..{last}..{step}") == [str(number) for number in meant]


FINITE = st.floats(-1e9, 1e9).map(repr) | WHOLE.map(str)


@given(FINITE, FINITE, st.integers(2, 30))
def test_evenly_spaced_numbers_are_as_far_apart_as_rounding_allows(first: str, last: str, count: int) -> None:
    """As many as asked for, in order, the ends as typed, each within half a unit of the fourth digit."""
    a, b = float(first), float(last)
    if abs(b - a) < 1e-6 * max(abs(a), abs(b), 1e-300):
        return
    found = values(f"{first}..{last}:{count}")
    assert (len(found), found[0], found[-1]) == (count, first, last)
    numbers = [float(text) for text in found]
    assert all((x < y) == (a < b) for x, y in pairwise(numbers))
    for i, number in enumerate(numbers):
        right = a + (b - a) * (i / (count - 1))
        assert math.isclose(number, right, rel_tol=5.01e-4, abs_tol=1e-12 * max(abs(a), abs(b)))


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 30))
def test_numbers_on_a_log_scale_have_one_ratio(a: float, b: float, count: int) -> None:
    """Up to the rounding."""
    if abs(math.log(b / a)) < 1e-6:
        return
    found = values(f"{a!r}..{b!r}:log{count}")
    assert (len(found), found[0], found[-1]) == (count, repr(a), repr(b))
    for i, text in enumerate(found):
        assert math.isclose(float(text), a * (b / a) ** (i / (count - 1)), rel_tol=5.01e-4)


@given(st.floats(1e-300, 1e300), st.integers(3, 9), st.sampled_from(["", "log"]))
def test_every_number_of_a_range_is_a_number_to_the_config(a: float, count: int, log: str) -> None:
    """YAML reads back what Python wrote."""
    for text in values(f"{a!r}..{a * 7!r}:{log}{count}"):
        value = parse(text, "a", in_file=False).data
        assert isinstance(value, int | float)
        assert value == float(text)


def test_the_longest_range_is_one_of_the_limit() -> None:
    """One more is an error."""
    assert len(values(f"1..{LIMIT}")) == LIMIT
    with pytest.raises(ConfigError, match=r"100,001 values"):
        values(f"0..{LIMIT}")
