"""Where two logs part."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synthgrad.runs.first_difference import FirstDifference, compare
from synthgrad.runs.reading import Metrics

TABLE = "epoch,step,seconds,loss,test_loss\n1,4,0.1,0.5,\n2,8,0.2,0.25,0.75\n3,12,0.3,0.125,\n"

NEXT = float(np.nextafter(0.25, 1))


@pytest.fixture
def held(tmp_path):
    """Holds a changed table against the table."""

    def hold(old="", new="", table=TABLE):
        assert old in table
        paths = tmp_path / "a.csv", tmp_path / "b.csv"
        for path, text in zip(paths, (TABLE, table.replace(old, new) if old else table), strict=True):
            path.write_text(text)
        return compare(*map(Metrics, paths))

    return hold


def test_a_log_is_identical_to_itself(held):
    """Blanks equal blanks; the clock's column is left out."""
    found = held()
    assert (found.columns, found.ends, found.first) == (["step", "loss", "test_loss"], (3, 3), None)


def test_seconds_are_nobody_s_business(held):
    """No run repeats them."""
    assert held("0.2,", "0.7,").first is None


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        ("0.25", "0.26", (2, "loss", (0.25, 0.26))),
        ("0.75", "0.76", (2, "test_loss", (0.75, 0.76))),
        ("0.25", repr(NEXT), (2, "loss", (0.25, NEXT))),
        ("0.5", "0.50", None),
        ("0.25,0.75", "0.26,0.76", (2, "loss", (0.25, 0.26))),
        ("12", "13", (3, "step", (12.0, 13.0))),
        ("0.25,0.75\n3,12", "0.25,0.76\n3,13", (2, "test_loss", (0.75, 0.76))),
        ("\n2,", "\n4,", (2, "epoch", (2.0, 4.0))),
    ],
)
def test_the_first_epoch_and_in_it_the_first_column_is_named(held, old, new, first):
    """To the last bit, however the number is written."""
    table = TABLE.replace("\n3,", "\n9,") if new == "\n4," else TABLE
    assert held(old, new, table).first == (FirstDifference(*first) if first else None)


def test_a_blank_is_not_a_number(held):
    """What was not measured is not what was."""
    first = held("0.75", "").first
    assert (first.epoch, first.column, first.values[0]) == (2, "test_loss", 0.75)
    assert math.isnan(first.values[1])


def test_the_sign_of_zero_counts(held):
    """Other bits, though they are equal."""
    assert held("0.5", "0.0", TABLE).first
    assert held(table=TABLE.replace("0.5", "-0.0")).first


def test_logs_are_compared_as_far_as_both_go(held):
    """The shorter ends somewhere, which is no difference."""
    found = held("3,12,0.3,0.125,\n", "")
    assert (found.ends, found.first) == ((3, 2), None)


def test_columns_that_one_alone_has_are_left_out(held):
    """An older version records fewer."""
    found = held(table="epoch,loss,seconds,cosine.1\n1,0.5,1,0.9\n2,0.25,2,0.9\n")
    assert (found.columns, found.ends, found.first) == (["loss"], (3, 2), None)


def test_an_empty_log_has_nothing_to_part_from(held):
    """Not even a column."""
    found = held(table="")
    assert (found.columns, found.ends, found.first) == ([], (3, 0), None)
