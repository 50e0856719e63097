"""Conformance: what holds for every task of the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from synthgrad.streams import STREAMS, make_streams
from synthgrad.tasks import TASKS

Make = Callable[..., Any]


@pytest.fixture(params=TASKS)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a task of each kind, with its default options."""
    kind = TASKS[request.param]
    return lambda seed=1, stream="named": kind(kind.Options(name=request.param), make_streams(stream, seed))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_s_options_carry_its_name(name: str) -> None:
    """The name in the registry is the name in the config."""
    assert get_args(TASKS[name].Options.model_fields["name"].annotation) == (name,)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is_in_one_line(name: str) -> None:
    """The listing and the schema show these lines."""
    kind = TASKS[name]
    assert kind.meaning
    assert "\n" not in kind.meaning
    assert kind.Options.__doc__


def test_the_sizes_are_known_from_the_options_alone(make: Make) -> None:
    """Inputs and outputs, before any data are drawn."""
    task = make()
    assert type(task).sizes(task.options) == (task.n_x, task.n_y)


def test_the_examples_have_the_sizes_promised(make: Make) -> None:
    """x (N, n_x), y (N, n_y), as many as the options ask for, finite, in float64."""
    task = make()
    for examples, n in [(task.train, task.options.train_examples), (task.test, task.options.test_examples)]:
        assert (examples.x.shape, examples.y.shape) == ((n, task.n_x), (n, task.n_y))
        assert (examples.x.dtype, examples.y.dtype) == (np.float64, np.float64)
        assert np.isfinite(examples.x).all()
        assert np.isfinite(examples.y).all()


@pytest.mark.parametrize("stream", STREAMS)
def test_the_same_seed_makes_the_same_examples(make: Make, stream: str) -> None:
    """To the last bit, for every kind of stream."""
    a, b = make(3, stream), make(3, stream)
    for one, other in zip([*a.train, *a.test], [*b.train, *b.test], strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("stream", STREAMS)
def test_another_seed_makes_other_examples(make: Make, stream: str) -> None:
    """For every kind of stream."""
    assert not np.array_equal(make(3, stream).train.x, make(4, stream).train.x)


@pytest.mark.parametrize("stream", STREAMS)
def test_no_held_out_example_is_trained_on(make: Make, stream: str) -> None:
    """Where the task has enough examples, which its defaults have."""
    task = make(1, stream)
    trained = {row.tobytes() for row in task.train.x}
    assert not [row for row in task.test.x if row.tobytes() in trained]


@pytest.mark.parametrize("lead", [(), (3,)], ids=["one", "stack"])
def test_the_scores_are_those_announced_one_for_each_replica(make: Make, lead: tuple[int, ...]) -> None:
    """Names and order of ``scores``, shape of the leading axes; labels score 1 against themselves."""
    task = make()
    y = np.broadcast_to(task.test.y, (*lead, *task.test.y.shape))
    scores = task.score(y, y)
    assert list(scores) == list(task.scores)
    for value in scores.values():
        assert np.shape(value) == lead
        np.testing.assert_array_equal(value, np.ones(lead))


def test_fresh_examples_have_the_shape_of_the_training_examples(make: Make) -> None:
    """An epoch's new examples take the place of those there are."""
    task = make()
    drawn = task.draw(1)
    assert (drawn.x.shape, drawn.y.shape) == (task.train.x.shape, task.train.y.shape)
