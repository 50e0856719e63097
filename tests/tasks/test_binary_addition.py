"""Binary addition: the sums are right, the tutorial's stream is the tutorial's, held-out pairs are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.scores import measured
from synthgrad.streams import Streams, TutorialStreams, make_streams
from synthgrad.tasks.binary_addition import BinaryAddition, BinaryAdditionOptions, to_bits
from synthgrad.tasks.task import Examples


def task(kind: str = "named", seed: int = 1, **options: Any) -> BinaryAddition:
    """A task with the keys given, from the streams of a seed."""
    return BinaryAddition(BinaryAdditionOptions(name="binary-addition", **options), make_streams(kind, seed))


def numbers(bits: np.ndarray) -> np.ndarray:
    """Rows of bits, most significant first, as whole numbers."""
    places = 2 ** np.arange(bits.shape[1], dtype=np.int64)[::-1]
    return bits.astype(np.int64) @ places


def pairs(examples: Examples) -> list[tuple[int, int]]:
    """The operands of the examples, left and right."""
    left, right = np.hsplit(examples.x, 2)
    return list(zip(numbers(left).tolist(), numbers(right).tolist(), strict=True))


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20), st.integers(1, 40))
def test_bits_are_those_that_python_writes(values: list[int], width: int) -> None:
    """Most significant first, cut to the width."""
    bits = to_bits(np.array(values), width)
    written = ["".join(str(int(bit)) for bit in row) for row in bits]
    assert written == [format(value % 2**width, f"0{width}b") for value in values]


@pytest.mark.parametrize("kind", ["named", "tutorial", "tutorial-dni"])
@pytest.mark.parametrize("bits", [2, 8, 12, 31])
def test_the_label_is_the_sum_and_operands_never_overflow(kind: str, bits: int) -> None:
    """y = left + right in ``bits`` bits, the top bit of an operand is 0."""
    made = task(kind, bits=bits, train_examples=3, test_examples=1)
    for examples in (made.train, made.test):
        operands = np.array(pairs(examples))
        assert operands.max() < 2 ** (bits - 1)
        np.testing.assert_array_equal(operands.sum(1), numbers(examples.y))


# the tutorial's stream ----------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "bits", "n"), [(1, 12, 1000), (1, 8, 100), (7, 5, 30)])
@pytest.mark.parametrize("kind", ["tutorial", "tutorial-dni"])
def test_training_pairs_are_drawn_as_the_tutorial_draws_them(kind: str, seed: int, bits: int, n: int) -> None:
    """RandomState(seed): int(rand(n) * 2**(bits-1)) for left, then for right (FACTS, Data)."""
    random = np.random.RandomState(seed)
    left = [int(value) for value in random.rand(n) * 2 ** (bits - 1)]
    right = [int(value) for value in random.rand(n) * 2 ** (bits - 1)]
    made = task(kind, seed, bits=bits, train_examples=n, test_examples=9)
    assert pairs(made.train) == list(zip(left, right, strict=True))


def test_the_held_out_pairs_leave_the_tutorial_s_stream_alone() -> None:
    """The weights go on where the data stopped, however many pairs are held out."""
    after = []
    for held_out in (0, 500):
        streams = TutorialStreams(1, interleaved=False)
        options = BinaryAdditionOptions(name="binary-addition", test_examples=held_out)
        BinaryAddition(options, streams)
        after.append(streams.legacy.randn())
    random = np.random.RandomState(1)
    random.rand(2000)
    assert after == [random.randn()] * 2


def test_the_tutorial_s_repetitions_stay() -> None:
    """100 draws of few pairs repeat some; they are not thinned out, and none of them is held out."""
    made = task("tutorial", bits=5, train_examples=100, test_examples=150)
    assert len(pairs(made.train)) == 100 > len(set(pairs(made.train)))
    assert not set(pairs(made.train)) & set(pairs(made.test))


# distinct pairs -----------------------------------------------------------------------------------

SIZES = [(8, 100, 100), (8, 8192, 8192), (2, 3, 1), (12, 1000, 1000), (12, 5000, 0), (31, 1000, 1000)]


@pytest.mark.parametrize(("bits", "train", "test"), SIZES)
def test_pairs_are_distinct_and_held_out_ones_are_not_trained_on(bits: int, train: int, test: int) -> None:
    """Up to the whole space of pairs, and with the widest operands."""
    made = task(bits=bits, train_examples=train, test_examples=test)
    assert (len(made.train.x), len(made.test.x)) == (train, test)
    assert len(set(pairs(made.train)) | set(pairs(made.test))) == train + test


@pytest.mark.parametrize("kind", ["tutorial", "tutorial-dni"])
@pytest.mark.parametrize(("bits", "train", "test"), [(8, 100, 1000), (12, 1000, 1000), (31, 100, 100), (4, 32, 32)])
def test_held_out_pairs_are_distinct_and_unseen_with_the_tutorial_s_stream(
    kind: str, bits: int, train: int, test: int
) -> None:
    """The tutorial has no test set; this one has no pair in common with its training set."""
    made = task(kind, bits=bits, train_examples=train, test_examples=test)
    assert len(set(pairs(made.test))) == test
    assert not set(pairs(made.train)) & set(pairs(made.test))


@pytest.mark.full
def test_most_of_a_space_too_large_to_list_is_found_too() -> None:
    """12 bits have 4 million pairs; guessing the last of them would take for ever."""
    made = task(bits=12, train_examples=4, test_examples=4)
    found = made._distinct(np.random.default_rng(0), 4**11 - 3, np.array([0, 1, 5]))
    assert len(np.unique(found)) == len(found) == 4**11 - 3
    assert not np.isin([0, 1, 5], found).any()


@pytest.mark.parametrize("bits", [6, 12])
def test_pairs_are_uniform(bits: int) -> None:
    """Every bit of the operands is 1 half of the time: 6 standard deviations at most from it."""
    n = 4 ** (bits - 1) // 2 if bits < 8 else 20_000
    made = task(bits=bits, train_examples=n, test_examples=0)
    left, right = np.hsplit(made.train.x, 2)
    share = np.hstack([left[:, 1:], right[:, 1:]]).mean(0)
    assert np.abs(share - 0.5).max() < 3 / np.sqrt(n)


# fresh pairs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["named", "tutorial"])
@pytest.mark.parametrize(("bits", "train", "test"), [(4, 20, 40), (8, 1000, 8000), (12, 1000, 1000)])
def test_fresh_pairs_never_hit_the_held_out_ones(kind: str, bits: int, train: int, test: int) -> None:
    """Every epoch's pairs are distinct, as many as asked for, and none of them is held out."""
    made = task(kind, bits=bits, train_examples=train, test_examples=test, fresh=True)
    held_out = set(pairs(made.test))
    for epoch in (1, 2, 3):
        drawn = pairs(made.draw(epoch))
        assert len(set(drawn)) == len(drawn) == train
        assert not held_out & set(drawn)


def test_fresh_pairs_are_others_every_epoch_and_the_same_every_run() -> None:
    """Epoch 2 draws anew; epoch 2 of the same seed draws the same, whatever was drawn before."""
    made, again = (task(fresh=True) for _ in range(2))
    made.draw(1)
    np.testing.assert_array_equal(made.draw(2).x, again.draw(2).x)
    assert not np.array_equal(made.draw(1).x, made.draw(2).x)


# scores -------------------------------------------------------------------------------------------


def test_scores_count_bits_and_whole_sums() -> None:
    """Of two examples with three bits, one bit is wrong: 5/6 of the bits, 1/2 of the sums."""
    o = np.array([[0.9, 0.1, 0.6], [0.2, 0.2, 0.2]])
    y = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    scores = measured("bits", o, y)
    assert scores["bit_accuracy"] == pytest.approx(5 / 6)
    assert scores["exact_accuracy"] == 0.5


def test_an_undecided_output_counts_as_zero() -> None:
    """Exactly 0.5 is not above 0.5."""
    scores = measured("bits", np.full((1, 2), 0.5), np.array([[0.0, 1.0]]))
    assert scores["bit_accuracy"] == 0.5


def test_two_seeds_share_hardly_a_pair() -> None:
    """Different seeds are different data."""
    a, b = (set(pairs(task(seed=seed).train)) for seed in (1, 2))
    assert len(a & b) < 10


def test_the_data_depend_on_the_seed_alone_and_not_on_other_draws() -> None:
    """Who draws weights first gets the same data."""
    streams = Streams(1)
    streams.normal("layer.1.W", (3, 4))
    made = BinaryAddition(BinaryAdditionOptions(name="binary-addition"), streams)
    np.testing.assert_array_equal(made.train.x, task().train.x)
