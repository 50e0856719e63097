"""One network of a stack as if it were alone: its figures, its divergence, its state."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ROWS, same_bits, tiny

from synthgrad.experiment import Diverged, Epoch, Experiment, train

LATE = {"trainer.name": "printed-listing", "trainer.alpha": 0.3, "training.epochs": 100, "training.shuffle": True}
"""Diverges after some epochs."""
CALM = {**LATE, "trainer.alpha": 1e-6}


def followed(experiment):
    """Train to the end: by replica its rows, its divergence or None, and its final state."""
    rows = {replica.number: [] for replica in experiment.replicas}
    lost = dict.fromkeys(rows)
    for record in train(experiment):
        if isinstance(record, Diverged):
            lost[record.replica.number] = record.place()
        if isinstance(record, Epoch):
            for replica, figures in record.each():
                rows[replica.number].append((record.epoch, record.step, figures))
    return [(rows[r.number], lost[r.number], r.state() | dict(r.arrays())) for r in experiment.replicas]


def check(configs):
    """A stack of them ends, replica by replica, as each does alone."""
    together = followed(Experiment(configs))
    for config, (rows, lost, state) in zip(configs, together, strict=True):
        ((alone, lost_alone, end),) = followed(Experiment([config]))
        assert rows == alone
        assert lost == lost_alone
        assert same_bits(state, end)
    return together


@pytest.mark.few(1)
@pytest.mark.parametrize("where", [0, 4, 9])
def test_one_of_ten_that_diverges_disturbs_no_other(where):
    """It is recorded where it would have been alone; the nine others go on to the end, bit for bit as alone."""
    configs = [tiny({**(LATE if r == where else CALM), "seed": r}) for r in range(10)]
    together = check(configs)
    assert [lost is not None for _, lost, _ in together] == [r == where for r in range(10)]
    assert 0 < len(together[where][0]) < 100
    assert all(len(rows) == 100 for r, (rows, _, _) in enumerate(together) if r != where)


def test_replicas_diverge_one_after_the_other_until_none_is_left():
    """Each in its own epoch, two of them at once in the first."""
    alphas = (0.3, 1e6, 0.35, 1e6, 0.5)
    together = check([tiny({**LATE, "trainer.alpha": alpha}) for alpha in alphas])
    assert len({len(rows) for rows, _, _ in together}) > 2
    assert all(lost for _, lost, _ in together)


def test_the_last_of_a_stack_goes_on_alone():
    """With arrays that have no replica axis any more."""
    experiment = Experiment([tiny({**LATE, "trainer.alpha": alpha}) for alpha in (0.3, 1e-6)])
    followed(experiment)
    assert experiment.replicas[1].alone
    check([tiny({**LATE, "trainer.alpha": alpha}) for alpha in (0.3, 1e-6)])


@pytest.mark.parametrize(
    "keys", [{"network.dtype": "float32"}, {"stream": "tutorial-dni"}, {"task.fresh": True}], ids=str
)
def test_a_stack_is_thinned_out_in_every_precision_stream_and_task(keys):
    """The data of those that stay stay theirs."""
    kept = {k: v for k, v in LATE.items() if not (k == "training.shuffle" and "stream" in keys)}
    check(
        [
            tiny({**kept, **keys, "seed": seed, "trainer.alpha": alpha})
            for seed, alpha in ((1, 1e-6), (2, 0.4), (3, 1e-5))
        ]
    )


def test_an_overflowing_figure_loses_only_its_own_replica(monkeypatch):
    """A summed generator error beyond all numbers, in one of three."""
    keys = {"trainer.name": "dni", "trainer.generator.last_layer": "random", "training.epochs": 4}
    experiment = Experiment([tiny(keys, seed=seed) for seed in (1, 2, 3)])
    metrics = experiment.trainer.metrics
    monkeypatch.setattr(
        experiment.trainer, "metrics",
        lambda: {name: np.where([False, True, False], np.inf, value) for name, value in metrics().items()},
    )  # fmt: skip
    second, first, *_ = (record for record in train(experiment) if isinstance(record, Diverged | Epoch))
    assert first.place() == {"epoch": 1, "step": 4, "where": "the summed error of generator 1"}
    assert first.replica.number == 1
    assert [replica.number for replica, _ in second.each()] == [0, 2]


@pytest.mark.parametrize("row", ROWS)
def test_training_goes_on_from_a_replicas_state(row):
    """Taken after an epoch from one of a stack, put into an experiment of its own, it ends where the stack does."""
    keys = {**row, "network.normalize": True, "training.shuffle": True, "training.epochs": 7, "task.fresh": True}
    stack = Experiment([tiny(keys, seed=seed) for seed in (1, 2, 3)])
    for record in train(stack):
        if isinstance(record, Epoch) and record.epoch == 4:
            state = {name: value.copy() for name, value in stack.replicas[1].state().items()}
    alone = Experiment([tiny(keys, seed=2)])
    alone.replicas[0].restore(state)
    records = [record for record in train(alone, 4) if isinstance(record, Epoch)]
    assert [(record.epoch, record.step) for record in records] == [(5, 20), (6, 24), (7, 28)]
    assert same_bits(alone.replicas[0].state(), stack.replicas[1].state())


def test_the_state_of_another_network_is_refused():
    """Another width, another trainer: ValueError, and nothing is changed."""
    experiment = Experiment([tiny()])
    before = {name: value.copy() for name, value in experiment.replicas[0].state().items()}
    for keys in ({"network.hidden": [12, 8]}, {"trainer.optimizer": "adam"}, {"network.dtype": "float32"}):
        with pytest.raises(ValueError, match="of another network"):
            experiment.replicas[0].restore(Experiment([tiny(keys)]).replicas[0].state())
    assert same_bits(before, experiment.replicas[0].state())


def test_the_seconds_of_a_stack_are_shared_out(monkeypatch):
    """Ten networks that take ten seconds have taken one each."""
    clock = iter(range(10_000))
    monkeypatch.setattr("synthgrad.experiment.training.time.perf_counter", lambda: next(clock) * 10)
    stack = Experiment([tiny(seed=seed) for seed in range(10)])
    first = next(record for record in train(stack) if isinstance(record, Epoch))
    assert first.seconds == pytest.approx(first.step + 1, abs=1)


def test_the_hashes_of_a_replica_are_those_of_its_run_alone():
    """Data, initial weights, order."""
    for keys in ({"training.shuffle": True}, {"task.fresh": True}, {"stream": "tutorial"}):
        configs = [tiny(keys, seed=seed) for seed in (3, 4)]
        stack = Experiment(configs)
        assert [r.hashes() for r in stack.replicas] == [Experiment([c]).hashes() for c in configs]


@pytest.mark.full
def test_whoever_leaves_at_any_record_finds_the_state_of_the_last_epoch_of_each(monkeypatch):
    """A divergence in a stack too: what its record comes with is what the handles have."""
    alphas = (0.3, 1e-6, 0.35)
    configs = [tiny({**LATE, "trainer.alpha": alpha}) for alpha in alphas]
    count = sum(1 for _ in train(Experiment(configs)))
    states = {}
    for config, alpha in zip(configs, alphas, strict=True):
        alone = Experiment([config])
        states[alpha, 0] = {n: v.copy() for n, v in alone.replicas[0].state().items()}
        for record in train(alone):
            if isinstance(record, Epoch):
                states[alpha, record.epoch] = {n: v.copy() for n, v in alone.replicas[0].state().items()}
    for stop in range(55, count, 3):
        stack, last = Experiment(configs), [0, 0, 0]
        records = train(stack)
        for _, record in zip(range(stop), records, strict=False):
            for replica, _ in record.each() if isinstance(record, Epoch) else ():
                last[replica.number] = record.epoch
        records.close()
        for replica, alpha, epoch in zip(stack.replicas, alphas, last, strict=True):
            assert same_bits(replica.state(), states[alpha, epoch]), (stop, alpha, epoch)
