"""Conformance: what holds for every task of the registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import TINY, arrays, finish, same_bits
from support.data_files import ROWS, rows

from synthgrad.config import check, dump
from synthgrad.experiment import Config, Experiment
from synthgrad.nn.losses import LOSSES
from synthgrad.scores import is_up
from synthgrad.streams import STREAMS, make_streams
from synthgrad.tasks import TASKS, Sizes

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of the tasks are."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(params=ROWS)
def options(request: pytest.FixtureRequest, files: Path) -> dict[str, Any]:
    """The least options of every task."""
    return rows(files)[request.param]


@pytest.fixture
def make(options: dict[str, Any]) -> Make:
    """Makes a task of each kind, with its default options."""
    kind = TASKS[options["name"]]
    return lambda seed=1, stream="named": kind(kind.Options(**options), make_streams(stream, seed))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is_in_one_line(name: str) -> None:
    """The listing and the schema show these lines."""
    kind = TASKS[name]
    assert kind.meaning
    assert "\n" not in kind.meaning
    assert kind.Options.__doc__


def test_the_files_of_a_task_are_those_of_the_user(options: dict[str, Any], files: Path) -> None:
    """Every path that its options name is one of them or holds them; without one there are none."""
    kind = TASKS[options["name"]]
    found = kind.Options(**options).files()
    assert bool(found) == ("path" in options)
    assert all(Path(file.path).parent == files and file.path.startswith(options["path"]) for file in found)


def test_every_task_has_a_row() -> None:
    """Whatever is added to the registry is tested here."""
    assert TASKS.keys() <= set(ROWS)


# examples -----------------------------------------------------------------------------------------


def test_the_sizes_are_known_from_the_options_alone(make: Make) -> None:
    """Widths, numbers of examples, kind of outputs, before any data are made."""
    task = make()
    assert task.options.sizes() == Sizes(task.n_x, task.n_y, len(task.train.x), len(task.test.x), task.outputs)


def test_the_examples_have_the_sizes_promised(make: Make) -> None:
    """x (N, n_x), y (N, n_y), finite, in float64, some of each."""
    task = make()
    for examples in (task.train, task.test):
        n = len(examples.x)
        assert n > 0
        assert (examples.x.shape, examples.y.shape) == ((n, task.n_x), (n, task.n_y))
        assert (examples.x.dtype, examples.y.dtype) == (np.float64, np.float64)
        assert np.isfinite(examples.x).all()
        assert np.isfinite(examples.y).all()


def test_the_labels_are_what_the_kind_of_outputs_says(make: Make) -> None:
    """Bits are 0 or 1, classes one 1 a row and each of them there; values may be anything."""
    task = make()
    y = np.concatenate([task.train.y, task.test.y])
    if task.outputs == "values":
        assert len(np.unique(y)) > 2
        return
    assert set(np.unique(y)) == {0.0, 1.0}
    if task.outputs == "classes":
        assert (y.sum(-1) == 1).all()
        assert y.any(0).all()


@pytest.mark.parametrize("stream", STREAMS)
def test_the_same_seed_makes_the_same_examples(make: Make, stream: str) -> None:
    """To the last bit, for every kind of stream."""
    a, b = make(3, stream), make(3, stream)
    for one, other in zip([*a.train, *a.test], [*b.train, *b.test], strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("stream", STREAMS)
def test_another_seed_makes_other_examples_but_of_fixed_data(make: Make, stream: str) -> None:
    """For every kind of stream; data that the seed does not change are the same arrays, which none may write into."""
    a, b = make(3, stream), make(4, stream)
    if not a.fixed:
        assert not np.array_equal(a.train.x, b.train.x)
        return
    for one, other in zip([*a.train, *a.test], [*b.train, *b.test], strict=True):
        assert one is other
        assert not one.flags.writeable


@pytest.mark.parametrize("stream", STREAMS)
def test_no_held_out_example_is_trained_on(make: Make, stream: str) -> None:
    """Where the task has enough examples, which its defaults have."""
    task = make(1, stream)
    trained = {row.tobytes() for row in task.train.x}
    assert not [row for row in task.test.x if row.tobytes() in trained]


@pytest.mark.parametrize("replica_shape", [(), (3,)], ids=["one", "stack"])
def test_the_scores_are_those_announced_one_for_each_replica(make: Make, replica_shape: tuple[int, ...]) -> None:
    """Names and order of ``scores``, shape of the leading axes; labels have the best score against themselves."""
    task = make()
    y = np.broadcast_to(task.test.y, (*replica_shape, *task.test.y.shape))
    scores = task.score(y, y)
    assert list(scores) == list(task.scores)
    for name, value in scores.items():
        assert np.shape(value) == replica_shape
        np.testing.assert_array_equal(value, np.full(replica_shape, float(is_up(name))))


def test_fresh_examples_are_others_every_epoch_of_the_same_shape(make: Make) -> None:
    """An epoch's new examples take the place of those there are; not every task has some."""
    task = make()
    if "fresh" not in type(task.options).model_fields:
        assert not task.fresh
        return
    drawn, again, next_ = task.draw(1), task.draw(1), task.draw(2)
    assert (drawn.x.shape, drawn.y.shape) == (task.train.x.shape, task.train.y.shape)
    np.testing.assert_array_equal(drawn.x, again.x)
    assert not np.array_equal(drawn.x, next_.x)


# training -----------------------------------------------------------------------------------------


def config(options: dict[str, Any], trainer: str = "dni", seed: int = 1, **more: Any) -> Config:
    """A few epochs of a small network on a task."""
    outputs = TASKS[options["name"]].Options(**options).sizes().outputs
    loss = "cross-entropy" if "cross-entropy" in _losses(outputs) else "squared-error"
    tree = {
        **TINY, "seed": seed, "task": options, "trainer": {"name": trainer, "alpha": 0.1, "loss": loss},
        "training": {"epochs": 3, "batch_size": 16, "shuffle": True, **more}, "network": {"hidden": [7], **NETWORK},
    }  # fmt: skip
    return check(dump(tree), Config)


NETWORK = {"activation": "tanh", "init": {"scheme": "glorot"}, "dtype": "float32"}


def _losses(outputs: str) -> list[str]:
    return [name for name, loss in LOSSES.items() if outputs in loss.kinds]


def test_a_task_is_learned(options: dict[str, Any]) -> None:
    """The loss falls, and every announced figure is there, a finite number."""
    experiment = Experiment([config(options, "backprop", epochs=8)])
    epochs = finish(experiment)
    assert epochs[-1].metrics["loss"] < epochs[0].metrics["loss"]
    assert list(epochs[-1].metrics) == experiment.columns()
    assert all(np.isfinite(value) for value in epochs[-1].metrics.values())


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("trainer", ["backprop", "dni"])
def test_a_stack_is_its_replicas(options: dict[str, Any], trainer: str, shuffle: bool) -> None:
    """On every task: weights and figures of each network are those it has alone, bit for bit, in float32."""
    configs = [config(options, trainer, seed, shuffle=shuffle) for seed in (1, 2, 3)]
    stack = Experiment(configs)
    together = finish(stack)
    for r, each in enumerate(configs):
        alone = Experiment([each])
        epochs = finish(alone)
        assert same_bits(arrays(alone), {**dict(stack.replicas[r].arrays()), **stack.replicas[r].state()})
        assert all(value.dtype == np.float32 for _, value in alone.trainer.arrays())
        for one, all_ in zip(epochs, together, strict=True):
            assert {name: value[r].tolist() for name, value in all_.metrics.items()} == {
                name: value.tolist() for name, value in one.metrics.items()
            }


def test_a_stack_of_fixed_data_holds_them_once(options: dict[str, Any]) -> None:
    """Ten seeds on one data set take no more memory for it than one; what each draws itself is not shared."""
    stack = Experiment([config(options, "backprop", seed) for seed in (1, 2)])
    first, second = (replica.own(stack.feed.source_x) for replica in stack.replicas)
    assert np.shares_memory(first, second) == stack.task.fixed
