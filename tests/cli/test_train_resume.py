"""``train --resume``: a run that was killed ends where it would have ended."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
from pathlib import Path

import pytest
from conftest import ROWS
from support.commands import numbers, only, ran, result, started, typed, until, weights, write
from support.moved_files import FILES, WAYS
from support.trained_runs import killed, made

from synthgrad.runs.directory import Run

KEYS = {
    "training.epochs": 150, "training.checkpoint_every": 7, "training.shuffle": True, "network.normalize": True,
    "training.evaluate_every": 5, "diagnostics": False,
}  # fmt: skip
CLOCKS = ("seconds", "steps_per_second", "ended")
KILLS = -(-50 // len(ROWS))


def ends(path):
    """The results of a run except times: rows, result, weights."""
    found = {key: value for key, value in result(path).items() if key not in CLOCKS}
    return numbers(path), found, {name: value.tobytes() for name, value in weights(path).items()}


@pytest.fixture(scope="module")
def forks():
    """Where processes come from that have everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.trained_runs"])
    return context


@pytest.mark.few(5)
@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.slow)])
@pytest.mark.parametrize("row", ROWS)
def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(tmp_path, forks, row, kills):
    """SIGKILL after a random time, then --resume: all of fifty times over all trainers in the slow set."""
    keys = {**KEYS, **row, **({} if row["trainer.name"] == "printed-listing" else {"trainer.optimizer": "momentum"})}
    whole = ends(made(tmp_path / "whole", keys))
    chance = random.Random(str(row))
    epochs = set()
    for attempt in range(kills):
        runs = tmp_path / str(attempt)
        process = forks.Process(target=made, args=(runs, keys))
        process.start()
        until(lambda runs=runs: any(file.stat().st_size for file in runs.glob("*/metrics.csv")))
        process.join(chance.uniform(0, 0.15))
        process.kill()
        process.join()
        path = only(runs)
        if (path / "result.json").exists():  # it was quicker
            continue
        epochs.add(len((path / "metrics.csv").read_text().splitlines()))
        said = typed("train", "--resume", path, "-q")
        assert (said.code, said.out, said.err) == (0, f"{path}\n", "")
        assert ends(path) == whole
    assert len(epochs) > 1 or kills == 1


@pytest.mark.full
def test_a_run_killed_from_outside_is_resumed_by_its_name(tmp_path):
    """The whole command, twice, in processes of its own."""
    config = write(tmp_path)
    more = ["-s", "training.epochs=4000", "-s", "training.checkpoint_every=50", "--runs", tmp_path / "runs"]
    process = started("train", config, *more, "-q")
    until(lambda: list((tmp_path / "runs").glob("*/checkpoint-*.npz")))
    process.kill()
    process.communicate()
    path = only(tmp_path / "runs")
    said = ran("train", "--resume", path.name[:20], "--runs", tmp_path / "runs")
    assert (said.code, said.run) == (0, path)
    assert "Continues after epoch " in said.err
    assert ends(path) == ends(typed("train", config, *more, "-q").run)


def test_ctrl_c_leaves_a_run_that_can_be_resumed_where_it_stopped(tmp_path):
    """Without checkpoint_every."""
    config = write(tmp_path)
    more = ["-s", "training.epochs=3000", "--runs", tmp_path / "runs"]
    process = started("train", config, *more, "-q")
    until(lambda: any(len(p.read_bytes()) > 2000 for p in (tmp_path / "runs").glob("*/metrics.csv")))
    process.send_signal(signal.SIGINT)
    process.communicate()
    path = only(tmp_path / "runs")
    assert (process.returncode, result(path)["outcome"]) == (130, "interrupted")
    epoch = result(path)["epoch"]
    assert f"Continues after epoch {epoch}." in ran("train", "--resume", path).err
    assert ends(path) == ends(typed("train", config, *more, "-q").run)
    assert json.loads((path / "run.json").read_text())["resumed"][0]["after_epoch"] == epoch


def test_without_a_checkpoint_it_starts_again_and_says_so(tmp_path):
    """In the same directory."""
    path = killed(tmp_path, stop=2)
    for checkpoint in Run(path).checkpoints():
        checkpoint.unlink()
    said = ran("train", "--resume", path)
    assert (said.code, said.run) == (0, path)
    assert "There is no checkpoint: starts again at epoch 1." in said.err


@pytest.mark.parametrize("more", [["x.yaml"], ["--seed", "1"], ["--name", "a"]], ids=str)
def test_a_resumed_run_has_its_own_config(tmp_path, more):
    """Nothing beside it: exit 2."""
    said = typed("train", "--resume", made(tmp_path, stop=2), *more)
    assert said.code == 2
    assert "--resume takes the config of the run (leave out CONFIG, --seed, --name)" in said.err


def test_a_finished_run_is_not_resumed(tmp_path):
    """Exit 2, one line."""
    path = made(tmp_path)
    said = typed("train", "--resume", path)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{path}: is finished: there is nothing to resume (train it anew from its config.yaml)\n"


def test_nothing_to_train_is_a_usage_error():
    """A config or --resume."""
    said = typed("train")
    assert (said.code, said.out) == (2, "")
    assert "missing argument CONFIG.yaml, or --resume RUN" in said.err


def test_a_run_that_is_not_there_is_one_message(tmp_path):
    """As everywhere."""
    assert typed("train", "--resume", "latest", "--runs", tmp_path).code == 2
    assert typed("train", "--resume", Path("nowhere")).code == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_a_run_goes_on_with_data_that_were_moved(tmp_path, kind, way):
    """To the same end, from its last checkpoint."""
    task = FILES[kind](tmp_path / "data")
    keys = {"task": task, "training.checkpoint_every": 1}
    path = made(tmp_path / "runs", keys, stop=2)
    moved = WAYS[way](task, tmp_path)
    where = [word for key in moved if moved[key] != task.get(key) for word in ("-s", f"task.{key}={moved[key]}")]
    assert typed("train", "--resume", path, *where, "-q").code == 0
    assert ends(path) == ends(made(tmp_path / "whole", keys))


@pytest.mark.parametrize("setting", ["seed=1", "trainer.alpha=0.1"])
def test_a_resumed_run_keeps_its_settings(tmp_path, setting):
    """Only where its data lie can be said."""
    said = typed("train", "--resume", made(tmp_path, stop=2), "-s", setting)
    assert said.code == 2
    assert f"-s {setting}: does not say where the data of" in said.err
