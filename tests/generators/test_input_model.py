"""Input models, and copies in flight: what they share, and what each keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.model_beside import B, check_fitting_descends, context, examples, layer, weights

from synthgrad.generators import GENERATOR_INPUTS, Generator, GeneratorOptions, InputModel, InputModelOptions
from synthgrad.nn.modules import Interface
from synthgrad.types import Batch

SEEN = [names for k in (1, 2, 3) for names in itertools.combinations(GENERATOR_INPUTS, k)]
FORMS = [
    *({"input": names} for names in SEEN), {"normalize": True}, {"input": ("layer-output",), "normalize": True},
    {"hidden": (7, 6), "activation": "tanh"}, {"hidden": (7,), "normalize_hidden": True},
]  # fmt: skip
INNER = [{}, {"hidden": (7,)}, {"hidden": (7, 6), "activation": "tanh", "normalize_hidden": True}, {"bias": False}]


def input_model(alpha=1.0, given=None, **options):
    given = given or context()
    made = InputModel(InputModelOptions(**options), Interface(2, layer(given)), given)
    made.set_batch_size(B)
    made.set_alpha(alpha)
    return made


def copies(count=3, alpha=0.1, kind=Generator, **options):
    """A model and its copies in flight, ready for a batch."""
    options = {"last_layer": "random", **options}
    made = GeneratorOptions(kind="learned", **options) if kind is Generator else InputModelOptions(**options)
    models = kind(made, Interface(2, layer(context())), context()).in_flight(count)
    models[0].set_alpha(alpha)
    for model in models:
        model.follow(models[0])
        model.set_batch_size(B)
    return models


# the input model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", INNER, ids=str)
def test_the_first_predicted_input_is_zero(form):
    """The last layer starts at zero, as a generator's does, unless it is to be random."""
    h, batch, _ = examples()
    assert not input_model(**form).delta(h, batch).any()
    assert input_model(last_layer="random", **form).delta(h, batch).all()


@pytest.mark.parametrize("form", INNER, ids=str)
def test_an_input_model_sees_the_networks_input_and_nothing_else(form):
    """Linear by default: x^ = x W + c; neither h nor the label changes a bit."""
    made, (h, batch, _) = input_model(last_layer="random", **form), examples()
    first = made.delta(h, batch).copy()
    other = Batch(batch.x, batch.y + 1, batch.h)
    assert np.array_equal(made.delta(h + 1, other), first)
    if not form:
        found = weights(made)
        expected = batch.x @ found["input_model.2.1.W"] + found["input_model.2.1.b"]
        np.testing.assert_allclose(first, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("form", INNER, ids=str)
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_fitting_an_input_model_descends_the_squared_miss(form, reduce):
    """One step at alpha 1 is minus the gradient of 1/2 |x^ - h|^2, summed or averaged over the batch."""
    form = {"last_layer": "random", "reduce": {"weights": reduce, "biases": reduce}, **form}
    made, probe = input_model(**form), input_model(**form)
    check_fitting_descends(made, probe, np.random.default_rng(0), mean=reduce == "mean")


def test_an_input_model_is_named_and_drawn_for_itself():
    """Its first weights are not those of the generator of the same layer, and its arrays have names of their own."""
    inner, options = input_model(last_layer="random"), GeneratorOptions(kind="learned", input=("input",))
    options = options.model_copy(update={"last_layer": "random"})
    generator = Generator(options, Interface(2, layer(context())), context())
    assert weights(inner).keys() == {"input_model.2.1.W", "input_model.2.1.b"}
    assert not np.isin(weights(inner)["input_model.2.1.W"], weights(generator)["generator.2.1.W"]).any()


def test_the_numbers_of_input_models_are_counted():
    """One model for each layer with an interface, from the network's input to the layer's width."""
    widths = [24, 128, 64, 12]
    assert InputModelOptions().extra_weights(widths, (1, 2)) == 24 * 128 + 24 * 64
    assert InputModelOptions(hidden=(10,)).extra_weights(widths, (2,)) == 24 * 10 + 10 * 64
    assert InputModelOptions().extra_weights(widths, ()) == 0


# copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_moment_is_fitted_to_the_target_of_its_own_prediction(form, optimizer):
    """Three predictions, then three fits: each step is that of a model that predicted at that time and then waited."""
    models = copies(optimizer={"name": optimizer}, **form)
    seen = [examples(seed=seed) for seed in (1, 2, 3)]
    predicted = [M.delta(h, batch).copy() for M, (h, batch, _) in zip(models, seen, strict=True)]
    (other,) = copies(1, optimizer={"name": optimizer}, **form)
    start = other.network.theta.copy()
    for M, (h, batch, target), sg in zip(models, seen, predicted, strict=True):
        now = other.network.theta.copy()
        other.network.theta[...] = start  # as it was when it predicted
        assert np.array_equal(other.delta(h, batch), sg)
        other.network.theta[...] = now
        M.fit(target)
        other.fit(target)
        assert np.array_equal(M.network.theta, other.network.theta)
    assert sum(float(M.take_error()) for M in models) == pytest.approx(float(other.take_error()))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_prediction_made_anew_is_that_of_the_weights_of_now(form):
    """From what was seen then: as if the model predicted and learned at once."""
    models, (other,) = copies(2, **form), copies(1, **form)
    (h, batch, target), (h_2, batch_2, target_2) = examples(seed=1), examples(seed=2)
    models[0].delta(h, batch)
    models[1].delta(h_2, batch_2)
    models[0].fit(target)
    models[1].again()
    models[1].fit(target_2)
    for each in ((h, batch, target), (h_2, batch_2, target_2)):
        other.delta(*each[:2])
        other.fit(each[2])
    assert np.array_equal(models[1].network.theta, other.network.theta)


@pytest.mark.parametrize("kind", [Generator, InputModel])
@pytest.mark.parametrize("names", SEEN, ids=str)
def test_a_moment_keeps_an_input_that_is_overwritten(names, kind):
    """The network's inputs lie in a block that the next batches are gathered into; labels and h are there to stay."""
    options = {} if kind is InputModel else {"input": names}
    models, (other,) = copies(kind=kind, **options), copies(1, kind=kind, **options)
    h, batch, target = examples()
    other.delta(h, batch)
    other.fit(target)
    x = batch.x.copy()
    models[1].delta(h, Batch(x, batch.y, batch.h))
    x[...] = np.nan
    models[1].fit(target)
    assert np.array_equal(models[0].network.theta, other.network.theta)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_copies_share_weights_optimiser_and_statistics(form):
    """There is one model, whoever of them is asked for its state; buffers are each one's own."""
    first, *others = copies(optimizer={"name": "adam"}, **form)
    h, batch, _ = examples()
    for M in (first, *others):
        M.delta(h, batch)
    for M in others:
        assert M.optimizer is first.optimizer
        assert all(M.state()[name] is value for name, value in first.state().items())
        assert not np.shares_memory(M.sg, first.sg)
        assert not np.shares_memory(M.errors.steps, first.errors.steps)
        assert np.array_equal(M.sg, first.sg)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
@pytest.mark.parametrize("hidden", [(), (7,)])
def test_a_step_size_reaches_every_moment(hidden, optimizer):
    """``set_alpha`` of the first and ``follow`` of the others: all make the same step; before that, the old one."""
    steps = []
    for k in range(3):
        models = copies(alpha=0.1, hidden=hidden, optimizer={"name": optimizer})
        models[0].set_alpha(0.025)
        for M in models[1:]:
            M.follow(models[0])
        h, batch, target = examples()
        before = models[0].network.theta.copy()
        models[k].delta(h, batch)
        models[k].fit(target)
        steps.append(models[0].network.theta - before)
    whole = copies(1, alpha=0.1, hidden=hidden, optimizer={"name": optimizer})[0]
    before = whole.network.theta.copy()
    whole.delta(h, batch)
    whole.fit(target)
    for step in steps:
        assert np.array_equal(step, steps[0])
        np.testing.assert_allclose(step, (whole.network.theta - before) / 4, rtol=1e-12, atol=1e-15)


def test_copies_of_batches_of_other_sizes_are_scaled_by_their_own():
    """A mean over eight rows and one over three, whichever is fitted first."""
    models, (other,) = copies(2), copies(1)
    long, short = examples(), examples(3, seed=2)
    models[1].set_batch_size(3)
    models[0].delta(*long[:2])
    models[1].delta(*short[:2])
    models[1].fit(short[2])
    models[0].fit(long[2])
    start = other.network.theta.copy()
    moved = np.zeros_like(start)
    for rows, (h, batch, target) in ((3, short), (B, long)):
        other.network.theta[...] = start
        other.set_batch_size(rows)
        other.delta(h, batch)
        other.fit(target)
        moved += other.network.theta - start
    np.testing.assert_allclose(models[0].network.theta, start + moved, rtol=1e-12, atol=1e-15)
