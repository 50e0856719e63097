"""A run taken up again ends where it would have ended, to the last bit."""

from __future__ import annotations

import json
import shutil
from contextlib import closing

import numpy as np
import pytest
from conftest import ROWS, tiny
from support.commands import metrics, numbers, result, weights
from support.data_files import write_csv
from support.trained_runs import LATE, killed, made, replaced

from synthgrad.errors import ConfigError, RunError
from synthgrad.experiment import Experiment
from synthgrad.runs.checkpoints import read
from synthgrad.runs.directory import Run
from synthgrad.runs.reading import Recorded
from synthgrad.runs.recording import record
from synthgrad.runs.resuming import check, take_up

KEYS = {
    "training.epochs": 9, "training.checkpoint_every": 2, "network.normalize": True, "training.shuffle": True,
    "training.evaluate_every": 2, "trainer.optimizer": "adam",
}  # fmt: skip


def resumed(path, keys=None):
    """Go on with a run to its end; the epoch after which it went on."""
    experiment = Experiment([tiny(keys)])
    with closing(take_up(Run(path), experiment.replicas[0], {"started": "now"})) as log:
        after = log.epoch
        for _ in record(experiment, [log], lambda: False):
            pass
    return after


def same(path, other):
    """Two runs agree in rows, weights and result, but for clocks."""
    clocks = ("seconds", "steps_per_second", "ended")
    one, two = ({k: v for k, v in result(each).items() if k not in clocks} for each in (path, other))
    assert numbers(path) == numbers(other)
    assert one == two
    a, b = weights(path), weights(other)
    assert a.keys() == b.keys()
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def cut_off(path, keys, stop, torn=b""):
    """What a kill leaves after an epoch ``stop``, with a part of a row behind it."""
    run = made(path, keys, stop=stop)
    if stop % KEYS["training.checkpoint_every"]:
        Run(run).checkpoint(stop).unlink()  # the one that an interruption leaves
    for name in ("result.json", "weights.npz"):
        (run / name).unlink()
    with (run / "metrics.csv").open("ab") as file:
        file.write(torn)
    return run


@pytest.mark.parametrize("row", ROWS)
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path, row):
    """Every trainer: rows, weights, best and last figures are those of a run that was never killed."""
    keys = {**KEYS, **row}
    if row["trainer.name"] == "printed-listing":
        keys.pop("trainer.optimizer")
    run = cut_off(tmp_path / "a", keys, 5, b"6,24,0.1")
    assert resumed(run, keys) == 4
    same(run, made(tmp_path / "b", keys))


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    """Whatever checkpoint_every says, an interruption leaves a checkpoint."""
    keys = {**KEYS, "training.checkpoint_every": 0}
    run = made(tmp_path / "a", keys, stop=5)
    assert resumed(run, keys) == 5
    same(run, made(tmp_path / "b", keys))


def test_a_run_without_a_checkpoint_starts_again(tmp_path):
    """In the same directory, with a metrics file that has every row once."""
    keys = {**KEYS, "training.checkpoint_every": 0}
    run = killed(tmp_path / "a", keys, stop=5)
    for path in Run(run).checkpoints():
        path.unlink()
    assert resumed(run, keys) == 0
    same(run, made(tmp_path / "b", keys))


def test_a_torn_checkpoint_falls_back_to_the_one_before_it(tmp_path):
    """And to the start where both are torn."""
    for torn, after in ((1, 2), (2, 0)):
        run = cut_off(tmp_path / str(torn), KEYS, 4)
        for path in Run(run).checkpoints()[:torn]:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(bytes(data) if torn == 1 else bytes(data[:-40]))
        assert resumed(run, KEYS) == after
        same(run, made(tmp_path / "whole", KEYS))
        shutil.rmtree(tmp_path / "whole")


def test_a_checkpoint_whose_rows_are_lost_is_passed_over(tmp_path):
    """Without rows 3 and 4 the state after epoch 4 would leave a gap."""
    run = cut_off(tmp_path / "a", KEYS, 4)
    rows = (run / "metrics.csv").read_bytes().splitlines(keepends=True)
    (run / "metrics.csv").write_bytes(b"".join(rows[:4]))
    assert resumed(run, KEYS) == 2
    same(run, made(tmp_path / "b", KEYS))


@pytest.mark.parametrize(
    "damage", [b"", b"epoch,ste", b"epoch,step,seconds,other\n1,4,0.1,2\n", b"\xff\xfe\n"], ids=str
)
def test_a_damaged_metrics_file_starts_again(tmp_path, damage):
    """Of whatever kind."""
    run = cut_off(tmp_path / "a", KEYS, 5)
    (run / "metrics.csv").write_bytes(damage)
    assert resumed(run, KEYS) == 0
    same(run, made(tmp_path / "b", KEYS))


def test_a_run_is_taken_up_twice(tmp_path):
    """Killed again on the way, and told of in run.json."""
    run = made(tmp_path / "a", KEYS, stop=3)
    experiment = Experiment([tiny(KEYS)])
    with closing(take_up(Run(run), experiment.replicas[0], {"host": "other"})) as log:
        for _ in record(experiment, [log], lambda: log.epoch == 7):
            pass
    assert resumed(run, KEYS) == 7
    same(run, made(tmp_path / "b", KEYS))
    about = json.loads((run / "run.json").read_text())
    assert about["resumed"] == [{"after_epoch": 3, "host": "other"}, {"after_epoch": 7, "started": "now"}]
    assert about["command"] == ["synthgrad", "train", "tiny.yaml"]


def test_a_run_does_not_go_on_with_other_data(tmp_path):
    """Half of it would be of each; without a checkpoint it starts again, on what is there now."""
    keys = {**KEYS, "task": {"name": "table", "path": str(write_csv(tmp_path)), "target": "kind"}}
    run = made(tmp_path / "a", keys, stop=3)
    replaced(tmp_path / "table.csv", "setosa", "virginica")
    with pytest.raises(RunError, match=r"began with another table\.csv \(train it anew from its config\.yaml\)"):
        resumed(run, keys)
    assert result(run)["outcome"] == "interrupted"
    for path in Run(run).checkpoints():
        path.unlink()
    assert resumed(run, keys) == 0
    whole = made(tmp_path / "b", keys)
    same(run, whole)
    about = [json.loads((path / "run.json").read_text()) for path in (run, whole)]
    assert about[0]["files"] == about[1]["files"]


def test_the_seconds_go_on(tmp_path):
    """Those of both parts, never backwards."""
    run = made(tmp_path, KEYS, stop=5)
    before = float(metrics(run)[-1]["seconds"])
    resumed(run, KEYS)
    seconds = [float(row["seconds"]) for row in metrics(run)]
    assert seconds == sorted(seconds)
    assert seconds[5] > before
    assert result(run)["seconds"] == pytest.approx(seconds[-1], abs=1e-6)


def test_a_diverging_run_taken_up_diverges_in_the_same_place(tmp_path):
    """With the rows, the weights and the place of the run that was not stopped."""
    keys = {**LATE, "training.checkpoint_every": 7}
    run = made(tmp_path / "a", keys, stop=20)
    resumed(run, keys)
    same(run, made(tmp_path / "b", keys))
    assert result(run)["outcome"] == "diverged"


def test_two_checkpoints_are_kept_and_none_after_the_end(tmp_path):
    """The newest two; a run that is finished has its weights."""
    run = Run(made(tmp_path, KEYS, stop=7))
    assert [c.epoch for c in read(run)] == [7, 6]
    resumed(run.path, KEYS)
    assert run.checkpoints() == []


def test_a_run_that_is_being_written_is_not_taken_up(tmp_path):
    """Neither asked politely nor by accident."""
    run = Run(made(tmp_path, KEYS, stop=3))
    one, two = Experiment([tiny(KEYS)]), Experiment([tiny(KEYS)])
    with closing(take_up(run, one.replicas[0], {})):
        with pytest.raises(ConfigError, match="is being trained by another process"):
            check(Recorded(run.path))
        with pytest.raises(RunError, match="is being trained by another process"):
            take_up(run, two.replicas[0], {})


@pytest.mark.parametrize(
    ("keys", "said"), [(KEYS, "is finished: there is nothing"), (LATE, "has diverged: there is nothing")]
)
def test_a_run_that_ended_is_not_taken_up(tmp_path, keys, said):
    """There is nothing left to do."""
    with pytest.raises(ConfigError, match=said):
        check(Recorded(made(tmp_path, keys)))


def test_a_failed_checkpoint_write_leaves_those_before(tmp_path, monkeypatch):
    """The run ends with the reason; it can be taken up from the older one."""
    run = Run(made(tmp_path, KEYS, stop=4))
    experiment = Experiment([tiny(KEYS)])
    with closing(take_up(run, experiment.replicas[0], {})) as log:
        monkeypatch.setattr(np, "savez", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(RunError, match="the checkpoint cannot be written: no space left on device"):
            list(record(experiment, [log], lambda: False))
        monkeypatch.undo()
    assert [c.epoch for c in read(run)] == [4, 2]
    assert resumed(run.path, KEYS) == 4
