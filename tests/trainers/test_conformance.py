"""What every trainer owes, whoever wrote it: a new entry of the registry becomes a row of each test here."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
from conftest import ROWS, arrays, finish, same_bits, tiny
from support import plain_numpy

from synthgrad.experiment import Epoch, Experiment, restore, snapshot, train
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.losses import LOSSES

LISTING = "printed-listing"
PIPELINE = {"trainer.name": "delayed-gradient", "trainer.delay": 2, "trainer.pipeline": True}
LEARNING = [*(row for row in ROWS if row.id != LISTING), pytest.param(PIPELINE, id="delayed-gradient-pipeline")]
"""The printed listing does not learn and has a straight line of its own, in test_printed_listing.py."""

DEEP = {"trainer.name": "dni", "trainer.generator.hidden": [7, 5], "trainer.generator.activation": "tanh",
        "trainer.generator.normalize": True, "trainer.generator.normalize_hidden": True}  # fmt: skip
ORACLE = {"trainer.name": "dni", "trainer.generator.kind": "oracle"}
MIXED = {"trainer.name": "dni", "trainer.lambda": 0.5, "trainer.generator.alpha": 0.05}
TAUGHT = {"trainer.name": "dni", "trainer.generator.every": 3, "trainer.generator.scale": 0.5,
          "trainer.generator.target": "true", "trainer.generator.alpha": 0.05}  # fmt: skip
OPTIONS = {"dni-deep": DEEP, "dni-lambda": MIXED, "dni-every-scale-true": TAUGHT, "dni-oracle": ORACLE}
MODULES = {"trainer.name": "dni", "trainer.interfaces": [2], "trainer.generator.alpha": 0.05}
PREDICTED = {"trainer.name": "dni", "trainer.generator.alpha": 0.05, "trainer.input_model.alpha": 0.05,
             "trainer.input_model.hidden": [6], "trainer.input_model.last_layer": "random"}  # fmt: skip
SCHEDULES = {
    "dni-interfaces": MODULES,
    "dni-pipelined": {"trainer.name": "dni", "trainer.generator.input": ["layer-output", "input"],
                      "trainer.generator.hidden": [7], "trainer.schedule": {"kind": "pipelined", "delay": 2}},
    "dni-inputs": PREDICTED,
    "dni-inputs-pipelined": {**PREDICTED, "trainer.schedule": "pipelined", "trainer.interfaces": [1]},
    "delayed-gradient-pipelined": {"trainer.name": "delayed-gradient", "trainer.schedule": "pipelined"},
}  # fmt: skip
STACKING = [*ROWS, *LEARNING[-1:], *(pytest.param(keys, id=name) for name, keys in {**OPTIONS, **SCHEDULES}.items())]
"""With options of dni that this straight line has not, and schedules, which have one of their own."""
CHANCE = pytest.param({"trainer.name": "dni", "trainer.schedule": "stochastic"}, id="dni-stochastic")
EVERY = [*STACKING, CHANCE]

FROZEN = {"trainer.name": "frozen"}
SECTIONS = {"dni": "generator", "local-loss": "head"}
"""Where the options of the models are that a trainer has beside the network."""


def models(keys, option, value):
    """An option for these models, where there are any."""
    section = SECTIONS.get(keys["trainer.name"]) if keys.get("trainer.generator.kind") != "oracle" else None
    return {f"trainer.{section}.{option}": value} if section else {}


def reductions(keys, reduction):
    """The same reduction for every gradient of a config."""
    both = {"weights": reduction, "biases": reduction}
    return {"trainer.reduce": both} | models(keys, "reduce", both)


def optimizers(keys, name):
    """The same optimiser for layers and models."""
    inputs = {"trainer.input_model.optimizer": name} if "trainer.input_model.alpha" in keys else {}
    return {"trainer.optimizer": name} | inputs | models(keys, "optimizer", name)


# against plain NumPy ------------------------------------------------------------------------------


OWN = {"B": r"feedback\.\d+\.B", "s": r"feedback\.\d+\.s", "V": r"head\.\d+\.1\.W", "v": r"head\.\d+\.1\.b"}
"""The arrays beside network and generators that a straight line starts from, the lowest layer's first."""


def delays(trainer, layers):
    """By how many steps each layer's gradient is late."""
    delay = getattr(trainer, "delay", 0)
    return [delay * (layers - 1 - i) if getattr(trainer, "pipeline", False) else delay for i in range(layers)]


def straight_line(config, start, task, nudge=0.0):
    """Every array after training by ``plain_numpy.modern``, by the package's names, and the last outputs."""
    trainer, layers = config.trainer, range(1, len(config.network.hidden) + 2)
    generator, rng = getattr(trainer, "generator", None), np.random.default_rng(0)
    own = {kind: [start[name] for name in start if re.fullmatch(pattern, name)] for kind, pattern in OWN.items()}
    done = plain_numpy.modern(
        task.train.x, task.train.y,
        [start[f"layer.{i}.W"] * (1 + nudge * rng.normal(size=start[f"layer.{i}.W"].shape)) for i in layers],
        [start.get(f"layer.{i}.b", np.zeros((1, 1)))[0] for i in layers],
        activation=config.network.activation, loss=trainer.loss, trainer=trainer.name,
        generator_inputs=generator.input if generator else ("layer-output",),
        optimiser=trainer.optimizer.name, alpha=trainer.alpha, alpha_generator=generator.alpha if generator else 0.0,
        reduction=trainer.reduce.weights, batch=config.training.batch_size, epochs=config.training.epochs,
        normalize=config.network.normalize,
        feedback=own["B"], sizes=[s.item() for s in own["s"]],
        heads=[(V, v[0]) for V, v in zip(own["V"], own["v"], strict=True)],
        alpha_head=trainer.head.alpha if own["V"] else 0.0, delays=delays(trainer, len(layers)),
    )  # fmt: skip
    found = {"outputs": np.concatenate(done.outputs)}
    found |= {name: value for name, value in start.items() if name.startswith("feedback")}  # which stays as it was
    found |= {f"head.{i}.1.W": V for i, V in enumerate(done.head_weights, 1)}
    found |= {f"head.{i}.1.b": v[None] for i, v in enumerate(done.head_biases, 1)}
    for i in layers:
        bias = "beta" if f"layer.{i}.beta" in start else "b"
        found |= {f"layer.{i}.W": done.weights[i - 1], f"layer.{i}.{bias}": done.biases[i - 1][None]}
    found |= {f"layer.{i}.gamma": gamma[None] for i, gamma in enumerate(done.gammas, 1)}
    found |= {f"generator.{i}.1.W": M for i, M in enumerate(done.generator_weights, 1)}
    return found | {f"generator.{i}.1.b": c[None] for i, c in enumerate(done.generator_biases, 1)}


def check_against_the_straight_line(keys, tolerance):
    """Train as configured, here and by ``plain_numpy.modern`` from the same arrays: everything agrees."""
    if keys.get("network.normalize"):
        keys = {**keys, "network.init": {"scheme": "glorot"}}  # the straight line's beta starts at zero
    config = tiny(keys)
    experiment = Experiment([config])
    start = arrays(experiment)
    expected = straight_line(config, start, experiment.task)
    if config.network.normalize and config.trainer.optimizer.name == "adam":
        nudged = straight_line(config, start, experiment.task, nudge=1e-15)
        tolerance = max(tolerance, 30 * max(np.abs(nudged[name] - expected[name]).max() for name in expected))
    finish(experiment)
    found = arrays(experiment) | {"outputs": experiment.trainer.loss.outputs(experiment.feed.h)}
    named = {name for name, _ in experiment.trainer.arrays() if "running" not in name}
    assert named == expected.keys() - {"outputs"}, (
        "the weights that `arrays()` of the trainer names are not those of the reference: put additional weights into "
        "`models`, what is drawn once into `fixed`, and have `straight_line` in this file name them too"
    )
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("row", LEARNING)
def test_training_agrees_with_the_straight_line(row, activation, loss, optimizer, reduction, normalize):
    """Weights and outputs after three epochs are those of plain NumPy, to a few thousand roundings.

    Adam divides by the root of the second moment and by 1e-8 at least: it makes a step of what is left of a
    gradient that is zero but for rounding. Batch normalisation has many of those (a shift that the next layer
    takes away again, a bias fitted to targets without a mean). There the tolerance is thirty times what the
    straight line itself moves when its first weights are nudged by 1e-15.
    """
    keys = {
        **row, "network.activation": activation, "network.normalize": normalize, "trainer.loss": loss,
        "trainer.alpha": 0.01, **reductions(row, reduction), **optimizers(row, optimizer),
    }  # fmt: skip
    keys |= models(row, "alpha", 0.01)
    check_against_the_straight_line(keys, 1e-12 if optimizer == "sgd" else 1e-10)


SHAPES = [
    {"seed": 1, "network.hidden": [20], "task.bits": 3, "task.train_examples": 12, "task.test_examples": 0,
     "training.batch_size": 4},
    {"seed": 2, "network.hidden": [5, 17], "training.batch_size": 20, "training.epochs": 5},
    {"seed": 7, "network.hidden": [8, 8, 8], "training.batch_size": 1, "training.epochs": 2},
    {"seed": 8, "network.hidden": [31, 11, 6, 9], "task.bits": 6, "task.train_examples": 100},
    {"seed": 9, "network.hidden": [1, 2], "training.batch_size": 40, "training.epochs": 9},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape["network.hidden"])))
@pytest.mark.parametrize("row", LEARNING)
def test_other_shapes_agree_with_the_straight_line(row, shape):
    """Other seeds, depths, widths, widths of one and batches of one."""
    check_against_the_straight_line({**row, **shape}, 1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("row", LEARNING)
def test_a_short_last_batch_is_trained_on_like_any_other(row, normalize, reduction, monkeypatch):
    """40 examples in batches of 12 end in one of 4, reduced by its own size."""

    def slices(x, y, batch):
        return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]

    monkeypatch.setattr(plain_numpy, "batches", slices)
    keys = {**row, "network.normalize": normalize, "training.batch_size": 12, **reductions(row, reduction)}
    check_against_the_straight_line({**keys, "trainer.alpha": 0.05}, 1e-12)


# learning and randomness --------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("row", [row for row in EVERY if row.id != LISTING])
def test_the_loss_falls(row, loss):
    """A tiny task is learned in part by everyone, the control included; the hidden layers are free to help."""
    keys = {**row, "trainer.loss": loss, "trainer.optimizer": "adam", "trainer.alpha": 0.02, "training.epochs": 50}
    losses = [float(epoch.metrics["loss"]) for epoch in finish(Experiment([tiny(keys)]))]
    assert losses[-1] < 0.95 * losses[0], "the loss of a tiny task does not fall: does every layer receive its delta?"


@pytest.mark.parametrize("shuffle", [False, True], ids=["in-order", "shuffled"])
@pytest.mark.parametrize("row", EVERY)
def test_the_same_config_gives_the_same_bits(row, shuffle):
    """Two runs of one config agree in every array and every figure."""
    one, two = (Experiment([tiny({**row, "training.shuffle": shuffle})]) for _ in range(2))
    epochs = zip(finish(one), finish(two), strict=True)
    assert same_bits(arrays(one), arrays(two)), "the weights depend on more than the config: draw from setup's streams"
    assert all(same_bits(a.metrics, b.metrics) for a, b in epochs)


@pytest.mark.parametrize("row", EVERY)
def test_another_seed_gives_other_weights(row):
    """The seed reaches every layer's first weights."""
    one, two = (Experiment([tiny(row, seed=seed)]) for seed in (1, 2))
    for i in (1, 2, 3):
        name = f"layer.{i}.W"
        assert not np.isin(arrays(one)[name], arrays(two)[name]).any()


@pytest.mark.parametrize("stream", ["named", "tutorial", "tutorial-dni"])
@pytest.mark.parametrize("row", EVERY)
def test_the_same_seed_gives_every_trainer_the_same_initial_weights(row, stream):
    """What a trainer draws for itself shifts no layer's numbers."""
    backprop = Experiment([tiny(stream=stream)])
    other = Experiment([tiny(row, stream=stream)])
    weights = [dict(experiment.trainer.network.arrays()) for experiment in (backprop, other)]
    assert same_bits(*weights), "what the trainer draws for itself needs a stream of its own, named in `draw`"


@pytest.mark.parametrize("row", EVERY)
def test_the_same_seed_gives_every_trainer_the_same_shuffled_batches(row):
    """Epoch by epoch, each trainer sees the same examples in the same order, and another order each epoch."""
    seen = []
    for keys in (row, {}):
        experiment = Experiment([tiny({**keys, "training.shuffle": True})])
        for epoch in (1, 2):
            seen.append([(b.x.copy(), b.y.copy()) for b in experiment.feed.epoch(epoch)])
            for batch in experiment.feed.epoch(epoch):
                experiment.trainer.set_rate(1)
                experiment.trainer.step(batch)
    for one, two in zip(seen[0] + seen[1], seen[2] + seen[3], strict=True):
        assert np.array_equal(one[0], two[0])
        assert np.array_equal(one[1], two[1])
    assert not np.array_equal(seen[0][0][0], seen[1][0][0])


# precision ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("row", EVERY)
def test_float32_keeps_every_array_float32(row, optimizer, normalize):
    """After some epochs with a decay nothing has been drawn up to float64; only Adam's counter is no float."""
    keys = {**row, "network.dtype": "float32", "network.normalize": normalize}
    keys |= {"training.decay": {"at": [0.5]}, "training.batch_size": 12}
    if row["trainer.name"] != LISTING:  # which knows sgd only
        keys |= optimizers(row, optimizer)
    experiment = Experiment([tiny(keys)])
    finish(experiment)
    kinds = {name: value.dtype for name, value in arrays(experiment).items()}
    wide = {name: kind for name, kind in kinds.items() if not name.endswith(".t") and kind != np.float32}
    assert wide == {}, "these arrays of a float32 network are not float32: a Python or NumPy scalar drew them up?"
    assert experiment.feed.h.dtype == experiment.test_h.dtype == np.float32


@pytest.mark.parametrize("row", EVERY)
def test_float32_follows_float64(row):
    """Some epochs in single precision end where those in double precision do, to single precision."""
    single, double = (Experiment([tiny({**row, "network.dtype": dtype})]) for dtype in ("float32", "float64"))
    finish(single)
    finish(double)
    for name, value in double.trainer.arrays():
        np.testing.assert_allclose(dict(single.trainer.arrays())[name], value, atol=1e-5, err_msg=name)


# snapshots ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fresh", [False, True], ids=["same-objects", "fresh-objects"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("row", EVERY)
def test_a_snapshot_restored_takes_the_same_next_steps(row, optimizer, fresh):
    """Training taken up from a snapshot, here or in a new process's objects, gives the same bits as going on."""
    keys = {**row, "network.normalize": True, "training.shuffle": True}
    if row["trainer.name"] != LISTING:
        keys |= optimizers(row, optimizer)
    experiment = Experiment([tiny(keys)])

    def epochs(experiment, *numbers):
        for epoch in numbers:
            experiment.begin_epoch(epoch)
            for batch in experiment.feed.epoch(epoch):
                experiment.trainer.step(batch)
            experiment.trainer.settle()

    epochs(experiment, 1, 2)
    kept = snapshot(experiment.trainer)
    epochs(experiment, 3)
    went_on = arrays(experiment)
    assert not all(np.array_equal(went_on[name], value) for name, value in kept.items()), (
        "a third epoch changes nothing"
    )
    other = Experiment([tiny(keys)]) if fresh else experiment
    restore(other.trainer, kept)
    epochs(other, 3)
    apart = [name for name, value in arrays(other).items() if value.tobytes() != went_on[name].tobytes()]
    assert apart == [], "training goes on otherwise from a snapshot: `state()` lacks something that training changes"


# stacks -------------------------------------------------------------------------------------------


def check_stack_is_its_replicas(configs):
    """Train as one stack and one by one: the same bits in all arrays and all figures."""
    stack, single = Experiment(configs), [Experiment([config]) for config in configs]
    together, alone = finish(stack), [finish(experiment) for experiment in single]
    for r, experiment in enumerate(single):
        for name, value in arrays(experiment).items():
            found = arrays(stack)[name]
            found = found if name.endswith(".t") else found[r]
            assert found.shape == value.shape
            assert found.tobytes() == value.tobytes(), (
                f"{name} of replica {r} of a stack is off by {np.abs(found - value).max()} from the same run alone: "
                "does something reduce over other axes than the last two, or mix replicas?"
            )
        for a, b in zip(together, alone[r], strict=True):
            assert dict(a.each())[stack.replicas[r]] == dict(b.each())[experiment.replicas[0]]


SHARES = {"trainer.lambda": (0.5, 0.0, 1.0), "trainer.generator.scale": (0.5, 1.0, 0.0),
          "trainer.input_model.alpha": (0.05, 0.0, 0.02)}  # fmt: skip
"""Numbers of their own for the replicas of a stack, the ends among them, which go another way alone."""


def three(keys):
    """Three configs that differ in their seed and in every number that may differ within a stack."""
    base = tiny(keys).trainer.alpha
    own = [{**keys, "seed": seed, "trainer.alpha": base * f} for seed, f in ((3, 1.0), (4, 0.3), (11, 0.7))]
    own = [{**k, **models(keys, "alpha", a)} for k, a in zip(own, (0.05, 0.02, 0.0), strict=True)]
    for name, values in SHARES.items():
        if name in keys:
            own = [{**k, name: value} for k, value in zip(own, values, strict=True)]
    if hasattr(tiny(keys).trainer, "feedback_scale"):
        own = [{**k, "trainer.feedback_scale": s} for k, s in zip(own, (1.0, 0.3, 2.0), strict=True)]
    return [tiny({**k, "network.init.gain": g}) for k, g in zip(own, (1.0, 0.5, 2.0), strict=True)]


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("row", STACKING)
def test_a_stack_is_its_replicas(row, optimizer, normalize):
    """Seeds, step sizes, initial scales side by side train as each would alone, bit for bit."""
    keys = {**row, "network.normalize": normalize, "training.shuffle": True, "training.batch_size": 12}
    if row["trainer.name"] != LISTING:
        keys |= optimizers(row, optimizer)
    check_stack_is_its_replicas(three(keys))


WIDE = {
    "task.bits": 12, "task.train_examples": 120, "network.hidden": [128, 64], "training.epochs": 4,
    "training.batch_size": 10,
}  # fmt: skip


@pytest.mark.few(8)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", STACKING)
def test_a_stack_of_the_tutorials_nets_is_its_replicas(row, dtype):
    """The same at 24-128-64-12, batch 10, where BLAS uses its blocked kernels."""
    check_stack_is_its_replicas(three({**row, **WIDE, "network.dtype": dtype}))


# frozen layers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("optimizer", "normalize"), [("sgd", False), ("momentum", True), ("adam", True)])
@pytest.mark.parametrize("row", EVERY)
def test_a_frozen_layer_keeps_its_weights_and_all_others_move(row, optimizer, normalize):
    """Layer 2 ends with the bits it began with; its running statistics, what is below and what is above have moved."""
    keys = {**row, "network.normalize": normalize, "trainer.freeze": [2], "training.epochs": 5}
    if row["trainer.name"] != LISTING:
        keys |= optimizers(row, optimizer)
    experiment = Experiment([tiny(keys)])
    before = arrays(experiment)
    finish(experiment)
    kept = {name for name, value in experiment.trainer.arrays() if np.array_equal(value, before[name])}
    frozen = ("layer.1", "layer.2") if row["trainer.name"] == "frozen" else ("layer.2",)
    expected = {name for name in before if name.startswith(frozen) and "running" not in name}
    assert kept == expected | experiment.trainer.fixed.keys(), (
        "other arrays stayed as they were than those of the frozen layer and those in `fixed` of the trainer"
    )


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_backprop_with_all_hidden_layers_frozen_is_the_control(optimizer, normalize):
    """The same bits in all weights and figures."""
    keys = {"network.normalize": normalize, "trainer.optimizer": optimizer, "training.batch_size": 12}
    one, other = Experiment([tiny({**keys, "trainer.freeze": [1, 2]})]), Experiment([tiny(keys | FROZEN)])
    epochs = zip(finish(one), finish(other), strict=True)
    assert same_bits(dict(one.trainer.arrays()), dict(other.trainer.arrays()))
    assert all(same_bits(a.metrics, b.metrics) for a, b in epochs)


@pytest.mark.parametrize("row", STACKING)
def test_a_stack_with_a_frozen_layer_is_its_replicas(row):
    """Bit for bit, as any other."""
    check_stack_is_its_replicas(three({**row, "trainer.freeze": [1]}))


# memory -------------------------------------------------------------------------------------------


def peak(work):
    """The most bytes that were allocated at once, beyond what there was, while ``work`` ran."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


SIDE_BY_SIDE = [pytest.param(row.values[0], r, id=f"{r}-{row.id}") for row in STACKING for r in (1, 3)]
SIDE_BY_SIDE.append(pytest.param(CHANCE.values[0], 1, id=f"1-{CHANCE.id}"))


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalize"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(("row", "replicas"), SIDE_BY_SIDE)
def test_a_step_allocates_no_array_of_an_activations_size(row, optimizer, normalize, replicas):
    """After a warm-up, steps on batches of two sizes stay below the smallest activation, the outputs.

    NumPy itself takes up to 8192 numbers, 64 KiB, to add a bias (1, n) to a batch; hence the size of these.
    """
    keys = {
        **row, "task.bits": 8, "task.train_examples": 3 * 2048 + 1536, "training.batch_size": 2048,
        "network.hidden": [12, 10], "network.normalize": normalize, "trainer.alpha": 1e-9,
    }  # fmt: skip
    if row["trainer.name"] == "dni":
        keys |= models(row, "normalize", normalize)
    if row["trainer.name"] != LISTING:
        keys |= optimizers(row, optimizer)
    experiment = Experiment([tiny(keys, seed=seed) for seed in range(replicas)])
    experiment.begin_epoch(1)
    batches = list(experiment.feed.epoch(1))

    def steps():
        for _ in range(3):
            for batch in batches:
                experiment.trainer.step(batch)

    steps()
    assert peak(steps) < 1536 * 8 * 8, "a step allocates an array of an activation's size: make it in set_batch_size"


ORDERED = {True: "shuffled", False: "in-order"}
LONG = [
    pytest.param(row.values[0], shuffle, id=f"{row.id}-{name}")
    for row in EVERY for shuffle, name in ORDERED.items() if shuffle or row.id not in {*SCHEDULES, CHANCE.id}
]  # fmt: skip


@pytest.mark.few(8)
@pytest.mark.parametrize(("row", "shuffle"), LONG)
def test_memory_does_not_grow_with_the_epochs(row, shuffle):
    """Once Python's own free lists are full, a hundred epochs keep nothing: not one number each."""
    keys = {**row, "training.epochs": 481, "training.shuffle": shuffle, "training.batch_size": 12}
    records, held = (r for r in train(Experiment([tiny(keys)])) if isinstance(r, Epoch)), [0]
    tracemalloc.start()
    try:
        for record in records:
            if record.epoch % 100 == 80:
                held.append(tracemalloc.get_traced_memory()[0])
                if len(held) > 2 and held[-1] - held[-2] < 100 * 24:
                    return
    finally:
        tracemalloc.stop()
    raise AssertionError(f"memory grows with the epochs: {held[1:]} bytes were held, every hundred epochs")
