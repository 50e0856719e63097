"""Streams: a draw is a function of the seed and its name, and of nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgrad.streams import STREAMS, Streams, TutorialStreams, make_streams

WIDTHS = [24, 128, 64, 12]
SEEDS = st.integers(0, 2**32 - 1)
NAMES = st.tuples(st.text(max_size=12), st.lists(st.integers(1, 10_000), max_size=2).map(tuple))
"""A name and an index."""


def first(streams: Streams, name: str, *index: int) -> list[int]:
    """The first numbers of a stream."""
    return streams.rng(name, *index).integers(2**62, size=4).tolist()


@given(SEEDS, NAMES)
def test_the_same_name_gives_the_same_numbers(seed: int, name: tuple[str, tuple[int, ...]]) -> None:
    """Every time, and from every object with the same seed."""
    streams = Streams(seed)
    word, index = name
    assert first(streams, word, *index) == first(streams, word, *index) == first(Streams(seed), word, *index)


@given(SEEDS, NAMES, NAMES)
def test_different_names_or_indices_give_different_numbers(
    seed: int, a: tuple[str, tuple[int, ...]], b: tuple[str, tuple[int, ...]]
) -> None:
    """No stream is another's."""
    same = first(Streams(seed), a[0], *a[1]) == first(Streams(seed), b[0], *b[1])
    assert same == (a == b)


@given(SEEDS, SEEDS, NAMES)
def test_different_seeds_give_different_numbers(a: int, b: int, name: tuple[str, tuple[int, ...]]) -> None:
    """For every name."""
    word, index = name
    assert (first(Streams(a), word, *index) == first(Streams(b), word, *index)) == (a == b)


@pytest.mark.parametrize("index", [(0,), (1, 0), (-1,)])
def test_an_index_below_one_is_refused(index: tuple[int, ...]) -> None:
    """NumPy pads seeds with zeros: index 0 would be the stream without an index."""
    with pytest.raises(ValueError, match="below 1"):
        Streams(1).rng("order", *index)


def test_draws_do_not_depend_on_their_order() -> None:
    """What is drawn for one purpose shifts nothing that is drawn for another."""
    names = ["layer.1.W", "layer.2.W", "generator.1.1.W"]
    forward, backward = Streams(5), Streams(5)
    a = {name: forward.normal(name, (3, 4)) for name in names}
    b = {name: backward.normal(name, (3, 4)) for name in reversed(names)}
    for name in names:
        np.testing.assert_array_equal(a[name], b[name])


def test_the_names_in_use_are_told_apart() -> None:
    """No two of the names that a run of 50 layers draws give the same numbers."""
    names = ["pairs", "held-out", "fresh pairs", "order"]
    names += [f"{kind}.{i}.{end}" for kind in ("layer", "generator") for i in range(1, 50) for end in ("W", "b")]
    assert len({tuple(first(Streams(1), name)) for name in names}) == len(names)


def test_normal_numbers_are_standard_normal() -> None:
    """Mean 0, deviation 1, within five standard errors."""
    draw = Streams(1).normal("x", (100, 1000))
    assert abs(draw.mean()) < 5 / np.sqrt(draw.size)
    assert abs(draw.std() - 1) < 5 / np.sqrt(2 * draw.size)


# the tutorial's streams ---------------------------------------------------------------------------


def expected(seed: int, interleaved: bool, bias: bool) -> dict[str, np.ndarray]:
    """Straight from FACTS: layer by layer W and b, then (T3) the square generator and its bias."""
    random, drawn = np.random.RandomState(seed), {}
    for i, (n_in, n_out) in enumerate(pairwise(WIDTHS), 1):
        drawn[f"layer.{i}.W"] = random.randn(n_in, n_out)
        if bias:
            drawn[f"layer.{i}.b"] = random.randn(n_out)[None]
        if interleaved:
            drawn[f"generator.{i}.1.W"] = random.randn(n_out, n_out)
            if bias:
                drawn[f"generator.{i}.1.b"] = random.randn(n_out)[None]
    return drawn


@pytest.mark.parametrize("interleaved", [False, True], ids=["tutorial", "tutorial-dni"])
@pytest.mark.parametrize("bias", [False, True], ids=["no-bias", "bias"])
def test_weights_are_drawn_in_the_tutorial_s_order(interleaved: bool, bias: bool) -> None:
    """The draws of the legacy stream come out under the names of the arrays."""
    streams = TutorialStreams(1, interleaved)
    streams.draw_weights(WIDTHS, bias)
    for name, values in expected(1, interleaved, bias).items():
        np.testing.assert_array_equal(streams.normal(name, values.shape), values, err_msg=name)


@pytest.mark.parametrize(("name", "shape"), [("layer.1.b", (1, 128)), ("generator.1.1.W", (140, 128))])
def test_what_the_tutorial_does_not_draw_comes_from_a_stream_of_its_own(name: str, shape: tuple[int, ...]) -> None:
    """A generator of another shape, a bias without biases: drawn by name, and nothing shifts."""
    streams = TutorialStreams(1, interleaved=True)
    streams.draw_weights(WIDTHS, bias=False)
    np.testing.assert_array_equal(streams.normal(name, shape), Streams(1).normal(name, shape))


@pytest.mark.parametrize("kind", STREAMS)
def test_a_kind_of_streams_is_made_by_its_name(kind: str) -> None:
    """Named streams are independent; the tutorial's replay one legacy stream."""
    streams = make_streams(kind, 9)
    assert streams.seed == 9
    assert isinstance(streams, TutorialStreams) == kind.startswith("tutorial")
    assert getattr(streams, "interleaved", False) == (kind == "tutorial-dni")
