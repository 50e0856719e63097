"""The linear teacher: what least squares finds in its examples is the teacher and the noise."""

from __future__ import annotations

import numpy as np
import pytest

from synthgrad.config import check
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.streams import make_streams
from synthgrad.tasks.linear_teacher import LinearTeacher, LinearTeacherOptions


def task(seed=1, stream="named", **options):
    """The task with these options."""
    return LinearTeacher(LinearTeacherOptions(name="linear-teacher", **options), make_streams(stream, seed))


def test_without_noise_the_labels_are_the_teacher_s():
    """y = x T, in training, held out, and in fresh examples."""
    made = task(noise=0, fresh=True)
    for examples in (made.train, made.test, made.draw(3)):
        np.testing.assert_allclose(examples.y, examples.x @ made.teacher, rtol=1e-12, atol=1e-12)


def test_noise_is_what_least_squares_leaves():
    """Its standard deviation, to 3 %, and the teacher itself to the precision that it allows."""
    made = task(noise=0.5, train_examples=4000)
    found, *_ = np.linalg.lstsq(made.train.x, made.train.y, rcond=None)
    assert (made.train.y - made.train.x @ found).std() == pytest.approx(0.5, rel=0.03)
    assert np.abs(found - made.teacher).max() < 5 * 0.5 / np.sqrt(4000)


def test_inputs_and_outputs_have_the_scale_announced():
    """Mean 0 and variance 1 of x, and of y without noise over many teachers."""
    made = task(inputs=400, outputs=300, noise=0, train_examples=500)
    assert made.train.x.mean() == pytest.approx(0, abs=0.01)
    assert made.train.x.std() == pytest.approx(1, rel=0.01)
    assert made.train.y.std() == pytest.approx(1, rel=0.02)


def test_a_class_is_the_largest_output():
    """Of the same examples with the same noise."""
    values, classes = task(), task(kind="classes")
    np.testing.assert_array_equal(values.train.x, classes.train.x)
    np.testing.assert_array_equal(values.train.y.argmax(-1), classes.train.y.argmax(-1))
    assert (values.outputs, classes.outputs) == ("values", "classes")


def test_held_out_examples_depend_on_the_seed_alone():
    """Not on how many train, nor on the weights that the tutorial's stream draws."""
    first = task().test.x
    for other in (task(train_examples=3), task(stream="tutorial")):
        np.testing.assert_array_equal(first, other.test.x)


def test_a_single_class_is_no_choice():
    """Said at the number of outputs."""
    with pytest.raises(ConfigError) as error:
        check("task: {name: linear-teacher, kind: classes, outputs: 1}\ntrainer: {name: backprop}\n", Config)
    assert error.value.lines == ["config:1:54: task.outputs: 1 is no choice between classes (at least 2)"]
