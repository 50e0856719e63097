"""Digits: the images are those of the UCI set, and the split is the one that was announced."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from synthgrad.config import check
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.streams import Streams
from synthgrad.tasks.digits import ALL, Digits, DigitsOptions

ZERO = """
    0  0  5 13  9  1  0  0
    0  0 13 15 10 15  5  0
    0  3 15  2  0 11  8  0
    0  4 12  0  0  8  8  0
    0  5  8  0  0  9  8  0
    0  4 11  0  1 12  7  0
    0  2 14  5 10 12  0  0
    0  0  6 13 10  0  0  0
"""
"""The first image of the file, a 0."""
COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def task(seed=1, **options):
    """The task with these options."""
    return Digits(DigitsOptions(name="digits", **options), Streams(seed))


def everything():
    """Pixels and labels in the order of the file."""
    made = task(train_examples=ALL)
    order = np.argsort(np.random.RandomState(0).permutation(ALL))
    return made.train.x[order] * 16, made.train.y[order].argmax(-1)


def test_the_images_are_those_of_the_uci_test_set():
    """1,797 of them, as many of each digit as its documentation says, the first one pixel by pixel."""
    x, y = everything()
    assert x.shape == (1797, 64)
    assert (x.min(), x.max()) == (0, 16)
    assert np.bincount(y).tolist() == COUNTS
    assert y[:10].tolist() == list(range(10))
    np.testing.assert_array_equal(x[0], np.array(ZERO.split(), float))
    assert x.sum() == 561718


def test_the_first_1400_of_one_permutation_train_and_the_others_are_held_out():
    """RandomState(0).permutation, for every seed."""
    x, y = everything()
    order = np.random.RandomState(0).permutation(ALL)
    for seed in (1, 2):
        made = task(seed)
        np.testing.assert_array_equal(made.train.x * 16, x[order[:1400]])
        np.testing.assert_array_equal(made.test.x * 16, x[order[1400:]])
        np.testing.assert_array_equal(made.test.y.argmax(-1), y[order[1400:]])


def test_another_split_is_another_permutation():
    """Of the same images."""
    x, _ = everything()
    made = task(split=5, train_examples=100, test_examples=50)
    order = np.random.RandomState(5).permutation(ALL)
    np.testing.assert_array_equal(made.train.x * 16, x[order[:100]])
    np.testing.assert_array_equal(made.test.x * 16, x[order[100:150]])


@pytest.mark.parametrize(
    ("train", "test", "sizes"), [(1400, None, (1400, 397)), (1797, None, (1797, 0)), (9, 0, (9, 0))]
)
def test_all_others_are_held_out_unless_fewer_are_asked_for(train, test, sizes):
    """Up to none."""
    made = task(train_examples=train, test_examples=test)
    assert (len(made.train.x), len(made.test.x)) == sizes


def test_more_images_than_there_are_cannot_be_had():
    """One message, at the held-out ones."""
    with pytest.raises(ConfigError) as error:
        check("task: {name: digits, test_examples: 398}\ntrainer: {name: backprop}\n", Config)
    assert error.value.lines == [
        "config:1:37: task.test_examples: there are 1797 images, of which 1400 train: "
        "at most 397 can be held out, not 398"
    ]


def test_the_data_come_with_their_licence():
    """Beside the images: whose they are, where they are from, and what may be done with them."""
    text = files("synthgrad.tasks").joinpath("digits.txt").read_text()
    for word in ("Alpaydin", "Kaynak", "UCI", "10.24432/C50P49", "CC BY 4.0", "Changes"):
        assert word in text
