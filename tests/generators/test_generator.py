"""Generators: what they see, what they predict, and what they learn from."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.model_beside import N_Y, B, N, check_fitting_descends, context, examples, layer, weights

from synthgrad.generators import GENERATOR_INPUTS, Generator, GeneratorOptions
from synthgrad.nn.modules import Interface
from synthgrad.types import Batch

SEEN = [names for k in (1, 2, 3) for names in itertools.combinations(GENERATOR_INPUTS, k)]
RNG = np.random.default_rng(0)


def options_of(scale=1.0, **options):
    """Options of a generator; in a stack ``scale`` is an array, which no config may hold."""
    return GeneratorOptions(kind="learned", **options).model_copy(update={"scale": scale})


def generator(rows=B, alpha=1.0, given=None, **options):
    given = given or context()
    made = Generator(options_of(**options), Interface(2, layer(given)), given)
    made.set_batch_size(rows)
    made.set_alpha(alpha)
    return made


def inputs(h, batch, names):
    """Z, the inputs side by side in the registry's order."""
    return np.hstack(
        [{"layer-output": h, "label": batch.y, "input": batch.x}[name] for name in GENERATOR_INPUTS if name in names]
    )


@pytest.mark.parametrize("hidden", [(), (7,)])
@pytest.mark.parametrize("names", SEEN)
def test_the_first_prediction_is_zero(names, hidden):
    """The last layer starts at zero, so that the first step leaves a layer's weights as they are."""
    h, batch, _ = examples()
    assert not generator(input=names, hidden=hidden).delta(h, batch).any()


def test_a_random_last_layer_predicts_at_once():
    """``last_layer: random`` keeps what was drawn."""
    h, batch, _ = examples()
    assert generator(last_layer="random").delta(h, batch).all()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("names", SEEN)
def test_a_linear_generator_is_z_times_m_plus_c(names, bias):
    """sg = Z M + c with Z = [h, y, x], those that it sees in this order."""
    made, (h, batch, _) = generator(input=names, bias=bias, last_layer="random"), examples()
    found = weights(made)
    expected = inputs(h, batch, names) @ found["generator.2.1.W"]
    if bias:
        expected = expected + found["generator.2.1.b"]
    assert ("generator.2.1.b" in found) == bias
    np.testing.assert_allclose(made.delta(h, batch), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("names", [("label",), ("input",), ("label", "input")])
def test_a_generator_without_the_layer_output_ignores_it(names):
    """It predicts the same whatever h is, standardised or not."""
    made, (h, batch, _) = generator(input=names, normalize=True, last_layer="random"), examples()
    first = made.delta(h, batch).copy()
    assert np.array_equal(made.delta(h + 1, batch), first)


def test_a_standardised_generator_does_not_see_scale_and_shift_of_h():
    """``normalize`` takes mean and variance over the batch from the layer's output, and from nothing else."""
    made, (h, batch, _) = generator(normalize=True, last_layer="random"), examples()
    found = weights(made)
    standard = (h - h.mean(0)) / np.sqrt(h.var(0) + 1e-5)
    expected = inputs(standard, batch, ("layer-output", "label")) @ found["generator.2.1.W"] + found["generator.2.1.b"]
    np.testing.assert_allclose(made.delta(h, batch), expected, rtol=1e-12, atol=1e-13)


FORMS = [
    *({"input": names, "normalize": normalize} for names in SEEN for normalize in (False, True)),
    *({"hidden": (7,), "activation": name} for name in ("relu", "tanh", "sigmoid", "identity")),
    {"hidden": (7, 6), "activation": "tanh", "normalize_hidden": True, "normalize": True},
    {"hidden": (7,), "bias": False, "normalize_hidden": True},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_fit_descends_the_squared_miss(form, reduce):
    """One step at alpha 1 is minus the gradient of 1/2 |sg - target|^2, summed or averaged over the batch."""
    options = {"last_layer": "random", "reduce": {"weights": reduce, "biases": reduce}, **form}
    made, probe = generator(**options), generator(**options)
    check_fitting_descends(made, probe, RNG, mean=reduce == "mean")


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_fitting_reaches_a_target_that_it_can_represent(optimizer):
    """A linear target of what it sees is learned to a hundredth of the first miss by each optimiser."""
    made = generator(optimizer={"name": optimizer}, alpha=0.02)
    h, batch, _ = examples(rows=B)
    target = inputs(h, batch, ("layer-output", "label")) @ RNG.normal(size=(N + N_Y, N))
    for _ in range(3000):
        made.delta(h, batch)
        made.fit(target)
    assert np.abs(made.delta(h, batch) - target).sum() < 0.01 * np.abs(target).sum()


def test_fit_leaves_the_target_alone():
    """The target is the next layer's array."""
    made, (h, batch, target) = generator(), examples()
    before = target.copy()
    made.delta(h, batch)
    made.fit(target)
    assert np.array_equal(target, before)


def test_step_size_zero_keeps_the_generator():
    """alpha: 0 holds a generator at its start."""
    made, (h, batch, target) = generator(alpha=0.0, last_layer="random"), examples()
    before = weights(made)
    made.delta(h, batch)
    made.fit(target)
    for name, value in weights(made).items():
        assert np.array_equal(value, before[name])


@pytest.mark.parametrize("steps", [1, 32, 33, 100])
def test_the_error_is_the_sum_over_all_steps_since_it_was_taken(steps):
    """sum |target - sg|, whatever the number of steps, and it starts again at zero."""
    made, expected = generator(alpha=0.01), 0.0
    for t in range(steps):
        h, batch, target = examples(seed=t)
        expected += np.abs(made.delta(h, batch) - target).sum()
        made.fit(target)
    assert made.take_error() == pytest.approx(expected, rel=1e-12)
    assert made.take_error() == 0


def test_the_error_counts_batches_of_every_size():
    """A short last batch adds its share."""
    made, expected = generator(alpha=0.01), 0.0
    for rows in (B, 3, B):
        made.set_batch_size(rows)
        h, batch, target = examples(rows)
        expected += np.abs(made.delta(h, batch) - target).sum()
        made.fit(target)
    assert made.take_error() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("form", [{}, {"hidden": (7,), "normalize": True}, {"input": ("label",)}], ids=str)
def test_a_stack_of_generators_is_its_replicas(form):
    """Predictions, fits and errors of (R, B, n) are those of each replica alone, alphas of their own included."""
    alphas = np.array([0.1, 0.01])
    form = {"last_layer": "random", **form}
    stack = generator(alpha=alphas, given=context((2,), seeds=(1, 2)), **form)
    h, batch, target = examples(replicas=(2,))
    for _ in range(3):
        sg = stack.delta(h, batch)
        stack.fit(target)
    error = stack.take_error()
    for r in range(2):
        alone = generator(alpha=float(alphas[r]), given=context(seeds=(r + 1,)), **form)
        for _ in range(3):
            one = alone.delta(h[r], Batch(batch.x[r], batch.y[r], batch.h[r]))
            alone.fit(target[r])
        assert np.array_equal(one, sg[r])
        assert alone.take_error() == pytest.approx(error[r], rel=1e-13)
        for name, value in stack.arrays():
            assert np.array_equal(value[r], weights(alone)[name]), name


def test_scale_multiplies_what_is_handed_over_and_not_what_is_fitted():
    """delta = scale sg; the miss, and with it every step of the fit, is that of sg."""
    plain, scaled = generator(last_layer="random"), generator(last_layer="random", scale=0.3)
    h, batch, target = examples()
    for _ in range(2):
        np.testing.assert_allclose(scaled.delta(h, batch), 0.3 * plain.delta(h, batch), rtol=1e-15)
        assert np.array_equal(scaled.sg, plain.sg)
        for made in (plain, scaled):
            made.fit(target)
    assert scaled.take_error() == plain.take_error()


def test_scale_one_costs_nothing():
    """What is handed over is the prediction itself."""
    made, (h, batch, _) = generator(last_layer="random", scale=1.0), examples()
    assert made.delta(h, batch) is made.sg


def test_a_stack_may_have_scales_of_its_own():
    """Each replica hands over what it would alone, bit for bit, 1 beside others included."""
    scales = np.array([1.0, 0.3, 0.0])
    stack = generator(scale=scales, given=context((3,), seeds=(1, 2, 3)), last_layer="random")
    h, batch, _ = examples(replicas=(3,))
    found = stack.delta(h, batch)
    for r, scale in enumerate(scales.tolist()):
        alone = generator(scale=scale, given=context(seeds=(r + 1,)), last_layer="random")
        assert np.array_equal(alone.delta(h[r], Batch(batch.x[r], batch.y[r], batch.h[r])), found[r])


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_float32_stays_float32(form):
    """Predictions and everything that fitting changes keep the network's dtype."""
    made = generator(given=context(dtype=np.float32), alpha=0.1, **form)
    h, batch, target = examples(dtype=np.float32)
    assert made.delta(h, batch).dtype == np.float32
    made.fit(target)
    assert {value.dtype for value in made.state().values()} == {np.dtype(np.float32)}
