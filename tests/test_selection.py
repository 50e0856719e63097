"""Which tests are the default set: what is left out is covered by what stays."""

from __future__ import annotations

import itertools

import pytest
from support.selection import covering, numbered, spread


@pytest.mark.parametrize("sizes", [(2, 2), (3, 4, 2), (9, 7, 2, 2, 2)])
def test_every_pair_of_values_is_in_some_row_that_stays(sizes: tuple[int, ...]) -> None:
    """With far fewer rows than there are, if there are many."""
    rows = list(itertools.product(*map(range, sizes)))
    chosen = covering(rows)
    for pair in itertools.combinations(range(len(sizes)), 2):
        assert {tuple(row[k] for k in pair) for row in chosen} == {tuple(row[k] for k in pair) for row in rows}
    assert set(chosen) <= set(rows)
    assert len(chosen) <= 1.5 * max(a * b for a, b in itertools.combinations(sizes, 2))


def test_pairs_that_are_in_no_row_are_not_looked_for() -> None:
    """Not every product is whole."""
    assert sorted(covering([(0, 0, 0), (0, 0, 1), (1, 1, 0)])) == [(0, 0, 0), (0, 0, 1), (1, 1, 0)]


def test_values_are_numbered_as_they_come() -> None:
    """By parameter; two that are always the same are one choice."""
    assert numbered([["a", "x"], ["b", "x"], ["a", "y"]]) == [(0, 0), (1, 0), (0, 1)]


def test_a_few_of_many_are_evenly_spread() -> None:
    """The first and the last are among them."""
    assert spread(9, 3) == {0, 4, 8}
    assert spread(3, 5) == {0, 1, 2}
    assert spread(10, 1) == {0}


def test_the_default_set_knows_what_it_leaves_out(request: pytest.FixtureRequest) -> None:
    """None of its own tests is of the full set."""
    expression = request.config.option.markexpr
    if expression == "not slow and not full":
        assert [item.nodeid for item in request.session.items if item.get_closest_marker("full")] == []
