"""Losses: the objective, its delta, and the answer, all from the output layer's h."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from conftest import slope_of

from synthgrad.nn.losses import LOSSES
from synthgrad.types import Batch, Outputs

RNG = np.random.default_rng(0)
PRE = RNG.normal(0, 2, (6, 4))
Y = (RNG.random((6, 4)) > 0.5).astype(float)
LABELS = {"bits": Y, "classes": np.eye(4)[[0, 3, 1, 1, 2, 0]], "values": RNG.normal(size=(6, 4))}
"""Labels by the kind of outputs."""
KINDS = [(name, outputs) for name, objective in LOSSES.items() for outputs in objective.kinds]
EACH = pytest.mark.parametrize(("name", "outputs"), KINDS, ids=["-".join(kind) for kind in KINDS])


def linked(loss, a):
    """The output layer's h for pre-activations a."""
    return {"identity": a, "sigmoid": 1 / (1 + np.exp(-a))}[loss.link]


def make(name, outputs="bits", replicas=(), dtype=np.float64, rows=6):
    loss = LOSSES[name].kinds[outputs](4, replicas, dtype)
    loss.set_batch_size(rows)
    return loss


def test_every_kind_of_outputs_has_a_loss():
    """And every name says what it means."""
    assert {outputs for _, outputs in KINDS} == set(get_args(Outputs))
    assert all(objective.meaning for objective in LOSSES.values())


@EACH
def test_delta_is_the_slope_of_the_objective(name, outputs):
    """delta, per example, is dL/dh of the example: the directional derivative of the mean agrees to 1e-7."""
    loss, y = make(name, outputs), LABELS[outputs]
    h, v = linked(loss, PRE), RNG.normal(size=PRE.shape)

    def value(t):
        return loss.objective(h + t * v, y).mean()

    slope = slope_of(value)
    assert np.sum(loss.delta(h, Batch(h, y, h)) * v) / len(y) == pytest.approx(slope, rel=1e-7)


@EACH
def test_outputs_are_the_answer_announced(name, outputs):
    """Whatever the output layer hands over, the network's answer is sigmoid(a), softmax(a), or a itself."""
    loss, e = make(name, outputs), np.exp(PRE)
    answers = {"sigmoid": e / (1 + e), "softmax": e / e.sum(-1, keepdims=True), "identity": PRE}
    np.testing.assert_allclose(loss.outputs(linked(loss, PRE)), answers[loss.answer], rtol=1e-13)


def test_only_bits_and_squared_errors_of_classes_have_sigmoid_outputs():
    """By name and kind of outputs, the answer that the tutorial's sum |(o - y) o (1 - o)| is about."""
    sigmoid = [kind for kind in KINDS if make(*kind).answer == "sigmoid"]
    assert sigmoid == [("squared-error", "bits"), ("squared-error", "classes"), ("cross-entropy", "bits")]


def test_squared_error_is_half_the_squared_distance():
    """L = 1/2 sum (o - y)^2, averaged over the examples."""
    loss, o = make("squared-error"), 1 / (1 + np.exp(-PRE))
    assert loss.objective(o, Y).mean() == pytest.approx(((o - Y) ** 2).sum(-1).mean() / 2, rel=1e-13)


def test_cross_entropy_is_the_log_likelihood():
    """L = -sum [y log o + (1 - y) log(1 - o)], averaged over the examples, from the pre-activation."""
    loss, o = make("cross-entropy"), 1 / (1 + np.exp(-PRE))
    expected = -(Y * np.log(o) + (1 - Y) * np.log(1 - o)).sum(-1).mean()
    assert loss.objective(PRE, Y).mean() == pytest.approx(expected, rel=1e-13)


def test_cross_entropy_of_saturated_outputs_is_finite():
    """At a = +-1e4, right or wrong, the loss is 0 or 1e4 an output, with no overflow and no log of 0."""
    loss = make("cross-entropy", rows=2)
    a = np.array([[1e4, -1e4, 1e4, -1e4]] * 2)
    y = np.array([[1.0, 0, 1, 0], [0, 1, 0, 1]])
    assert loss.objective(a[:1], y[:1]).mean() == 0
    assert loss.objective(a[1:], y[1:]).mean() == 4e4


def test_softmax_cross_entropy_is_the_log_likelihood_of_the_class():
    """L = -log o of the example's class, averaged over the examples; dL/da = o - y."""
    loss, y = make("cross-entropy", "classes"), LABELS["classes"]
    o = np.exp(PRE) / np.exp(PRE).sum(-1, keepdims=True)
    assert loss.objective(PRE, y).mean() == pytest.approx(-np.log(o[y == 1]).mean(), rel=1e-13)
    np.testing.assert_allclose(loss.delta(PRE, Batch(PRE, y, PRE)), o - y, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softmax_cross_entropy_of_huge_pre_activations_is_finite(dtype):
    """At a = +-1e30 the loss is 0 where the class is right and the difference where it is not; o stays a share."""
    loss = make("cross-entropy", "classes", dtype=dtype, rows=1)
    a = np.array([[1e30, -1e30, 0, 0]], dtype)
    right, wrong = (np.eye(4, dtype=dtype)[[i]] for i in (0, 1))
    assert loss.objective(a, right) == 0
    assert loss.objective(a, wrong) == pytest.approx(2e30)
    np.testing.assert_array_equal(loss.outputs(a), right)
    np.testing.assert_array_equal(loss.delta(a, Batch(a, wrong, a)), right - wrong)


def test_softmax_cross_entropy_keeps_its_digits_where_it_is_nearly_0():
    """log sum exp less the class's own would lose them: with a = (1000, 960) it is exp(-40)."""
    loss = make("cross-entropy", "classes", rows=1)
    a, y = np.array([[1000.0, 960, 0, 0]]), np.array([[0.0, 1, 0, 0]])
    assert loss.objective(a, y) == pytest.approx(40, rel=1e-15)
    assert loss.outputs(a)[0, 1] == pytest.approx(np.exp(-40), rel=1e-12)


@EACH
def test_delta_leaves_h_and_y_alone(name, outputs):
    """The output's h is the epoch's record; a loss may not write into it."""
    loss = make(name, outputs)
    h, y = linked(loss, PRE), LABELS[outputs].copy()
    before = h.copy()
    loss.delta(h, Batch(h, y, h))
    assert np.array_equal(h, before)
    assert np.array_equal(y, LABELS[outputs])


@EACH
def test_a_stack_is_its_replicas(name, outputs):
    """Objective, answer and delta of a stack are those of each network alone."""
    single, stack = make(name, outputs), make(name, outputs, replicas=(2,))
    h = np.stack([linked(single, PRE), linked(single, -PRE)])
    y = np.stack([LABELS[outputs], LABELS[outputs][::-1]])
    delta = stack.delta(h, Batch(h, y, h))
    for r in range(2):
        assert np.array_equal(delta[r], single.delta(h[r], Batch(h[r], y[r], h[r])))
        np.testing.assert_allclose(stack.objective(h, y)[r], single.objective(h[r], y[r]), rtol=1e-14)
        assert np.array_equal(stack.outputs(h)[r], single.outputs(h[r]))


@EACH
def test_float32_outputs_stay_float32_and_sum_in_float64(name, outputs):
    """Deltas and answers keep the network's dtype; the objective is summed in float64."""
    loss = make(name, outputs, dtype=np.float32)
    h, y = linked(loss, PRE.astype(np.float32)), LABELS[outputs].astype(np.float32)
    assert loss.delta(h, Batch(h, y, h)).dtype == loss.outputs(h).dtype == np.float32
    assert loss.objective(h, y).dtype == np.float64
