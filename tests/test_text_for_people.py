"""Text for people: counted nouns, lists, near misses, and names that cannot move a cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.text import are, closest, counted, did_you_mean, escaped, listed, numbered, printable


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 batches"), (1, "1 batch"), (2, "2 batches"), (1000, "1,000 batches")]
)
def test_one_thing_is_singular_and_thousands_are_set_apart(number: int, said: str) -> None:
    """With a plural of its own."""
    assert counted(number, "batch", "batches") == said


def test_the_plural_is_with_an_s() -> None:
    """Where no other is given."""
    assert [counted(number, "run") for number in (1, 2)] == ["1 run", "2 runs"]


def test_the_verb_goes_with_the_number() -> None:
    """None are, one is."""
    assert [are(number) for number in (0, 1, 2)] == ["are", "is", "are"]


def test_a_list_names_all_or_the_first_few() -> None:
    """And says how many more there are."""
    assert listed([3, 5, 7]) == listed([3, 5, 7], 3) == "3, 5, 7"
    assert listed("abcd", 2) == "a, b and 2 more"
    assert [numbered([3]), numbered([3, 5]), numbered([1, 2], "layer")] == ["seed 3", "seeds 3, 5", "layers 1, 2"]


def test_a_near_miss_is_found_whatever_its_case() -> None:
    """Names with capitals are compared as they are, too."""
    assert [closest(name, ["relu", "R2-D2"]) for name in ("RELU", "rellu", "R2-D3", "xyz", None)] == [
        "relu", "relu", "R2-D2", None, None,
    ]  # fmt: skip
    assert did_you_mean("rellu", ["relu"], "there are relu") == "did you mean 'relu'?"
    assert did_you_mean("xyz", ["relu"], "there are relu") == "there are relu"


@given(st.text())
def test_no_name_moves_the_cursor(text: str) -> None:
    """Control characters are replaced or spelt out; other text is left as it is."""
    assert printable(text).isprintable()
    assert escaped(text).isprintable()
    assert len(printable(text)) == len(text)
    assert not text.isprintable() or printable(text) == escaped(text) == text


def test_control_characters_are_spelt_out() -> None:
    """In one line, of whatever is printed."""
    assert [escaped("a\x1b[2J\n"), escaped(3)] == ["a\\x1b[2J\\n", "3"]
