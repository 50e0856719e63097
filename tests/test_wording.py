"""How numbers of things are said."""

from __future__ import annotations

import pytest

from synthgrad.wording import are, counted


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
