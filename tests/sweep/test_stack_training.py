"""One stack into run directories: each exactly like that of a run alone."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import ROWS, tiny
from support.commands import numbers, result, weights
from support.stacks import SHUFFLED, ended, stack
from support.trained_runs import LATE, made

from synthgrad.errors import DiskError
from synthgrad.experiment import Experiment
from synthgrad.runs.directory import Run
from synthgrad.runs.locking import hold
from synthgrad.runs.log import Log, close
from synthgrad.runs.recording import record
from synthgrad.runs.resuming import take_up
from synthgrad.sweep.events import Begun, Done, Progress
from synthgrad.sweep.stacks import Order, Stack
from synthgrad.sweep.training import train_stack

CLOCKS = ("seconds", "steps_per_second", "ended")


def trained(stack, stop=lambda: False):
    """All events of a stack."""
    return list(train_stack(stack, {"host": "here"}, stop))


def same(path, other):
    """Two directories hold the same run, but for what a clock measured and where it was made."""
    assert sorted(p.name for p in path.iterdir()) == sorted(p.name for p in other.iterdir())
    assert (path / "config.yaml").read_bytes() == (other / "config.yaml").read_bytes()
    assert numbers(path) == numbers(other)
    one, two = ({k: v for k, v in result(each).items() if k not in CLOCKS} for each in (path, other))
    assert one == two
    a, b = weights(path), weights(other)
    assert {k: v.tobytes() for k, v in a.items()} == {k: v.tobytes() for k, v in b.items()}
    found = [json.loads((each / "run.json").read_text()) for each in (path, other)]
    assert [about["hashes"] for about in found] == [found[0]["hashes"]] * 2
    assert found[0]["stability"] == found[1]["stability"]


@pytest.mark.few(8)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", ROWS)
def test_every_run_of_a_stack_is_the_run_alone(tmp_path, row, dtype):
    """Directory by directory: config, every figure of every row, result, weights, hashes, bounds."""
    keys = [
        {**row, **SHUFFLED, "network.dtype": dtype, "seed": seed, "trainer.alpha": alpha}
        for seed, alpha in ((1, 0.1), (2, 0.03), (1, 0.3))
    ]
    found = ended(trained(stack(tmp_path / "sweep", keys)))
    for number, each in enumerate(keys):
        assert found[number].outcome == "finished"
        same(tmp_path / found[number].path, made(tmp_path / "alone", each))


def test_a_run_that_diverges_in_a_stack_of_ten_is_recorded_where_it_happened(tmp_path):
    """As the run alone is; the nine others finish as alone."""
    keys = [
        {**LATE, "training.epochs": 90, "seed": r, **({} if r == 3 else {"trainer.alpha": 1e-6})} for r in range(10)
    ]
    events = trained(stack(tmp_path / "sweep", keys))
    found = ended(events)
    assert {r: e.outcome for r, e in found.items()} == {r: "diverged" if r == 3 else "finished" for r in range(10)}
    for number, each in enumerate(keys):
        same(tmp_path / found[number].path, made(tmp_path / "alone", each))
    assert next(e.run for e in events if e in found.values()) == 3


def test_a_run_says_how_it_is_made_alone_and_with_how_many_it_was_made(tmp_path):
    """Its command is the line of train; its environment is that of the process."""
    found = ended(trained(stack(tmp_path, [{"seed": 1}, {"seed": 2}])))
    about = json.loads((tmp_path / found[1].path / "run.json").read_text())
    assert (about["command"], about["stack"], about["host"]) == (["synthgrad", "train", "1"], 2, "here")


def test_it_begins_with_the_directories_and_ends_with_done(tmp_path):
    """Between them progress, and every run's end."""
    events = trained(stack(tmp_path, [{"seed": 1}, {"seed": 2}], number=7))
    begun, *_, done = events
    assert isinstance(begun, Begun)
    assert (begun.stack, begun.runs) == (7, (0, 1))
    assert all(Run(tmp_path / path).config.exists() for path in begun.paths)
    assert done == Done(7, broken=False)


def test_progress_is_told(tmp_path, monkeypatch):
    """Epoch by epoch, not more than a few times a second."""
    monkeypatch.setattr("synthgrad.sweep.training.PROGRESS_SECONDS", 0.0)
    events = trained(stack(tmp_path, [{"seed": 1}, {"seed": 2}]))
    assert [e.epoch for e in events if isinstance(e, Progress)] == [1, 2, 3]


def test_stopping_interrupts_every_run_with_a_checkpoint(tmp_path):
    """They can be taken up where they stopped."""
    keys = [{"training.epochs": 50, "seed": seed} for seed in (1, 2)]
    calls = iter(range(100))
    found = ended(trained(stack(tmp_path, keys), stop=lambda: next(calls) == 20))
    assert {e.outcome for e in found.values()} == {"interrupted"}
    for number, each in enumerate(keys):
        path = tmp_path / found[number].path
        assert [p.name for p in Run(path).checkpoints()] == ["checkpoint-00000020.npz"]
        again = Stack(0, (Order(number, tiny(each), "tiny", (), path),), tmp_path)
        assert ended(trained(again))[number].outcome == "finished"
        same(path, made(tmp_path / "alone", each))


def test_a_full_disk_fails_the_runs_and_says_so(tmp_path, monkeypatch):
    """One message each, a result that says failed, and done with a broken machine."""
    done = Log.epoch_done

    def full(log, epoch, *more):
        if epoch == 2:
            raise DiskError(f"{log.run.metrics}: cannot be written: no space left on device")
        done(log, epoch, *more)

    monkeypatch.setattr(Log, "epoch_done", full)
    events = trained(stack(tmp_path, [{"seed": 1}, {"seed": 2}]))
    found = ended(events)
    assert {e.outcome for e in found.values()} == {"failed"}
    assert all("no space left on device" in e.error for e in found.values())
    assert [result(tmp_path / e.path)["outcome"] for e in found.values()] == ["failed", "failed"]
    assert events[-1] == Done(0, broken=True)


def test_a_directory_that_cannot_be_made_fails_all_of_a_stack(tmp_path):
    """Here a file is in its place."""
    (tmp_path / "runs").write_text("")
    events = trained(stack(tmp_path / "runs", [{"seed": 1}, {"seed": 2}]))
    assert [(e.run, e.path, e.outcome) for e in ended(events).values()] == [(0, "", "failed"), (1, "", "failed")]
    assert events[-1] == Done(0, broken=True)


def test_a_bug_fails_its_stack_and_no_other(tmp_path, monkeypatch):
    """The machine is not to blame."""
    monkeypatch.setattr("synthgrad.runs.log.Log.note", lambda *a: 1 / 0)
    events = trained(stack(tmp_path, [{"seed": 1}]))
    assert ended(events)[0].error == "ZeroDivisionError: division by zero (a bug)"
    assert events[-1] == Done(0, broken=False)


def test_what_was_ended_meanwhile_is_left_as_it_is(tmp_path):
    """By another process, since the plan was made: it is there, the others are trained, and nothing is deleted."""
    done = made(tmp_path, {"seed": 1})
    before = {path.name: path.read_bytes() for path in done.iterdir()}
    orders = (Order(0, tiny(seed=1), "tiny", (), done), Order(1, tiny(seed=2), "tiny", ()))
    events = trained(Stack(0, orders, tmp_path))
    assert ended(events)[0].outcome == ended(events)[1].outcome == "finished"
    assert ended(events)[0].path == str(done)
    assert {path.name: path.read_bytes() for path in done.iterdir()} == before


def test_what_is_being_trained_elsewhere_fails_alone(tmp_path):
    """The others of the stack are trained, and the sweep goes on."""
    path = made(tmp_path, {"seed": 1}, stop=1)
    with (path / "metrics.csv").open("r+b") as file:
        assert hold(file)
        orders = (Order(0, tiny(seed=1), "tiny", (), path), Order(1, tiny(seed=2), "tiny", ()))
        events = trained(Stack(0, orders, tmp_path))
    assert [ended(events)[number].outcome for number in (0, 1)] == ["failed", "finished"]
    assert "is being trained by another process" in ended(events)[0].error
    assert events[-1] == Done(0, broken=False)


def test_an_attempt_that_was_deleted_since_the_plan_begins_anew(tmp_path):
    """In a new directory."""
    orders = (Order(0, tiny(seed=1), "tiny", (), tmp_path / "gone"),)
    assert ended(trained(Stack(0, orders, tmp_path)))[0].outcome == "finished"


def test_a_directory_deleted_by_hand_fails_only_its_own_run(tmp_path):
    """In the midst of training; the message is that run's."""
    events = train_stack(stack(tmp_path, [{"seed": 1}, {"seed": 2}]), {}, lambda: False)
    begun = next(events)
    shutil.rmtree(begun.paths[0])
    found = ended(events)
    assert [found[number].outcome for number in (0, 1)] == ["failed", "finished"]
    assert "no such file or directory" in found[0].error
    assert found[1].error == ""


def test_too_little_memory_fails_a_stack_and_no_other(tmp_path, monkeypatch):
    """A smaller network may fit."""
    monkeypatch.setattr("synthgrad.sweep.training.Experiment", lambda configs: (_ for _ in ()).throw(MemoryError()))
    assert trained(stack(tmp_path, [{"seed": 1}]))[-1] == Done(0, broken=False)


def test_runs_that_came_unequally_far_go_on_one_group_after_the_other(tmp_path):
    """Each after its own epoch, with no row missing."""
    keys = [{"training.epochs": 9, "seed": seed} for seed in (2, 3, 4)]
    paths = [made(tmp_path / "sweep", each, stop=stop) for each, stop in zip(keys, (2, 3, 2), strict=True)]
    orders = [Order(i, tiny(k), "tiny", (), p) for i, (k, p) in enumerate(zip(keys, paths, strict=True))]
    events = trained(Stack(0, tuple(orders), tmp_path))
    assert [event.runs for event in events if isinstance(event, Begun)] == [(0, 2), (1,)]
    for number, each in enumerate(keys):
        assert ended(events)[number].outcome == "finished"
        same(paths[number], made(tmp_path / "alone", each))


def test_logs_after_different_epochs_are_never_trained_side_by_side(tmp_path):
    """A row would be missing."""
    keys = [{"training.epochs": 9, "seed": seed} for seed in (2, 3)]
    paths = [made(tmp_path, each, stop=each["seed"]) for each in keys]
    experiment = Experiment([tiny(each) for each in keys])
    logs = [take_up(Run(p), r, {}) for p, r in zip(paths, experiment.replicas, strict=True)]
    with pytest.raises(ValueError, match="unpack"):
        list(record(experiment, logs, lambda: False))
    close(logs)
