"""Which runs are trained side by side, and in which order."""

from __future__ import annotations

import pytest
from conftest import tiny
from support.stacks import orders
from support.trained_runs import made

from synthgrad.config import check
from synthgrad.experiment import Config
from synthgrad.sweep import stacks as stacking
from synthgrad.sweep.stacks import Order, cost, form, room, stacks

DNI = {"trainer.name": "dni"}
HEADS = {"trainer.name": "local-loss"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"seed": 1}, {"seed": 2}),
        ({"trainer.alpha": 0.1}, {"trainer.alpha": 0.2}),
        (DNI, {**DNI, "trainer.generator.alpha": 1e-3}),
        ({"trainer.name": "drtp"}, {"trainer.name": "drtp", "trainer.feedback_scale": 3.0}),
        ({"trainer.name": "local-loss"}, {"trainer.name": "local-loss", "trainer.head.alpha": 1e-3}),
        ({"network.init": {"scheme": "glorot", "gain": 2.0}}, {"network.init": {"scheme": "glorot", "gain": 3.0}}),
        ({"network.init": {"scheme": "normal", "scale": 2.0}}, {"network.init": {"scheme": "normal", "shift": 1.0}}),
    ],
    ids=str,
)
def test_seeds_and_numbers_that_broadcast_share_a_stack(one, other):
    """What the options declare with stacks=True, and the seed."""
    assert form(tiny(one)) == form(tiny(other))


@pytest.mark.parametrize(
    "keys",
    [
        {"trainer.name": "frozen"},
        {"trainer.optimizer": "adam"},
        {"trainer.freeze": [1]},
        {"network.hidden": [12, 10]},
        {"network.dtype": "float32"},
        {"training.epochs": 4},
        {"training.shuffle": True},
        {"task.bits": 5},
        {"stream": "tutorial"},
        {"diagnostics": False},
        {"network.init": {"scheme": "he"}},
    ],
    ids=str,
)
def test_anything_else_needs_a_stack_of_its_own(keys):
    """Another shape, another algorithm, another length."""
    assert form(tiny()) != form(tiny(keys))


def test_generator_inputs_need_stacks_of_their_own():
    """Their generators have other widths."""
    assert form(tiny(DNI)) != form(tiny({**DNI, "trainer.generator.input": "label"}))


def test_a_bound_splits_evenly(tmp_path):
    """Ten runs in threes are four stacks of two or three, none of one."""
    found = stacks(orders({"seed": s} for s in range(10)), tmp_path, jobs=1, most=3)
    assert sorted(len(s.orders) for s in found) == [2, 2, 3, 3]
    assert sorted(o.number for s in found for o in s.orders) == list(range(10))


def test_one_turns_stacking_off(tmp_path):
    """Every run alone."""
    found = stacks(orders({"seed": s} for s in range(5)), tmp_path, jobs=2, most=1)
    assert [len(s.orders) for s in found] == [1] * 5


def test_no_job_is_left_without_a_stack(tmp_path):
    """Ten seeds that would fit one stack are two for two processes, and three runs are three for eight."""
    assert [len(s.orders) for s in stacks(orders({"seed": s} for s in range(10)), tmp_path, jobs=2)] == [5, 5]
    assert [len(s.orders) for s in stacks(orders({"seed": s} for s in range(3)), tmp_path, jobs=8)] == [1, 1, 1]


def test_the_most_expensive_go_first(tmp_path):
    """So that no process is left alone with a long one at the end; numbers count from there."""
    found = stacks(orders([{}, {"training.epochs": 300}, {"training.epochs": 20}]), tmp_path, jobs=1)
    assert [s.orders[0].number for s in found] == [1, 2, 0]
    assert [s.number for s in found] == [0, 1, 2]
    assert found[0].cost > found[1].cost > found[2].cost


def test_a_run_with_a_checkpoint_goes_on_alone(tmp_path):
    """The others of its form, an attempt without one among them, share a stack."""
    half = made(tmp_path, {"training.epochs": 9}, stop=3)
    empty = tmp_path / "empty"
    empty.mkdir()
    orders = [Order(i, tiny(seed=i), "tiny", (), resume) for i, resume in enumerate([None, half, empty])]
    assert sorted([o.number for o in s.orders] for s in stacks(orders, tmp_path, jobs=1)) == [[0, 2], [1]]


def test_a_stack_fits_the_cache(monkeypatch):
    """The tutorial's 12-bit network: a few in double precision, twice as many in single, one where nothing fits."""
    monkeypatch.setattr(stacking, "_cache", lambda: 1 << 20)
    net = {"task.bits": 12, "network.hidden": [128, 64]}
    dni = {**net, "trainer.name": "dni"}
    assert 3 <= room(tiny(dni)) <= 6
    assert 7 <= room(tiny({**dni, "network.dtype": "float32"})) <= 12
    assert room(tiny({"network.hidden": [4096, 4096]})) == 1


def test_a_stack_has_little_memory_for_the_examples_of_its_runs(monkeypatch):
    """Where each run has its own; those that all seeds share are there once, and count for nothing."""
    net = {"network.hidden": [], "training.batch_size": 10}
    monkeypatch.setattr(stacking, "DATA_BYTES", 5 * 60 * (8 + 4) * 16)  # of five runs
    assert room(tiny(net)) == 5
    assert room(tiny({**net, "task.train_examples": 64, "task.test_examples": 0, "task.bits": 12})) == 1
    digits = check("task: {name: digits}\ntrainer: {name: backprop}\nnetwork: {hidden: []}\n", Config)
    assert room(digits) > 5


def test_a_stack_of_tiny_networks_is_bounded():
    """It gains no more, and takes more runs with it when its process is lost."""
    assert room(tiny({"network.hidden": []})) == stacking.MAX_REPLICAS


def test_lambda_and_scale_share_a_stack():
    """Both are numbers that broadcast; how often and to what generators are fitted is not."""
    changed = {"trainer.lambda": 0.5, "trainer.generator.scale": 0.5}
    assert form(tiny(DNI)) == form(tiny({**DNI, **changed}))
    for key, value in (("every", 2), ("target", "true"), ("kind", "oracle")):
        assert form(tiny(DNI)) != form(tiny({**DNI, f"trainer.generator.{key}": value}))


def test_a_twin_of_the_network_counts():
    """True targets cost their generators and the twin, an oracle the twin alone."""
    true, oracle = ({**DNI, f"trainer.generator.{k}": v} for k, v in (("target", "true"), ("kind", "oracle")))
    assert cost(tiny(true)) > cost(tiny(DNI))
    assert cost(tiny(true)) > cost(tiny(oracle)) > cost(tiny())
    assert cost(tiny(true)) - cost(tiny(DNI)) == cost(tiny(oracle)) - cost(tiny())


@pytest.mark.parametrize(
    "keys", [{"training.epochs": 30}, {"network.hidden": [120, 90]}, {"task.train_examples": 44}, DNI, HEADS], ids=str
)
def test_what_takes_longer_costs_more(keys):
    """Epochs, widths, examples, generators, heads."""
    assert cost(tiny(keys)) > cost(tiny())


@pytest.mark.parametrize(
    ("schedule", "alone"),
    [("sequential", False), ("pipelined", False), ("free", True), ({"kind": "stochastic", "probability": 0.5}, True),
     ({"kind": "stochastic", "probability": 1.0}, False)],
    ids=str,
)  # fmt: skip
def test_networks_that_go_their_own_way_in_every_step_train_alone(schedule, alone):
    """Updates by chance and by timing are no part of a stack; a pipeline is one, in order."""
    assert (room(tiny({**DNI, "trainer.schedule": schedule})) == 1) == alone
