"""``train --from RUN@EPOCH``: another trainer goes on from the state of a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from support.commands import metrics, numbers, only, result, typed, weights, write
from support.moved_files import WAYS, csv, edited
from support.trained_runs import LATE, called, fork, made
from test_completion import completed

LONG = "9" * 5000
"""Python does not read that many digits as a number."""
KEYS = {"training.epochs": 8, "training.shuffle": True, "trainer.name": "dni", "training.evaluate_every": 3}


@pytest.fixture
def parent(tmp_path):
    """A run of dni, eight epochs."""
    return made(tmp_path / "runs", KEYS)


@pytest.fixture
def branch(tmp_path):
    """Type a branch; new runs go beside the parent's directory."""
    return lambda *words: typed("train", "--from", *words, "--runs", tmp_path / "runs", "-q")


def config(path):
    """The config of a run as plain data."""
    return yaml.safe_load((path / "config.yaml").read_text())


def test_a_branch_has_the_rows_of_its_parent_up_to_the_fork(parent, branch):
    """Then its own, with the columns of both; run.json says where it comes from."""
    said = branch(f"{parent}@3", "-s", "trainer.name=frozen")
    assert (said.code, said.err) == (0, "")
    mine, theirs = numbers(said.run), numbers(parent)
    assert mine[:3] == theirs[:3]
    assert mine[3] != theirs[3]
    assert [row["cosine.1"] != "" for row in mine] == [False, False, True, *[False] * 5]
    assert json.loads((said.run / "run.json").read_text())["branch"] == {"run": parent.name, "epoch": 3}
    assert said.run.name.split("-")[2:-2] == ["tiny", "frozen"]
    assert result(said.run)["outcome"] == "finished"


def test_a_branch_is_a_config_like_any_other(parent, branch, tmp_path):
    """Without its parent it is trained again to the same bits, by train and by sweep, and verified."""
    said = branch(f"{parent}@3", "-s", "trainer.name=frozen")
    shutil.rmtree(parent)
    again = typed("train", said.run / "config.yaml", "--runs", tmp_path / "again", "-q").run
    swept = typed("sweep", said.run / "config.yaml", "--runs", tmp_path / "swept", "--jobs", 1, "-q").run
    for other in (again, swept):
        assert numbers(other) == numbers(said.run)
        assert {n: a.tobytes() for n, a in weights(other).items()} == {
            n: a.tobytes() for n, a in weights(said.run).items()
        }
    assert typed("runs", "verify", said.run).code == 0


def test_the_new_trainer_keeps_what_it_shares_with_the_old(branch, tmp_path):
    """Step size, loss, optimiser, reduction; what only the old one had is left out."""
    keys = {**KEYS, "trainer.alpha": 0.03, "trainer.optimizer": "adam", "trainer.reduce.weights": "sum"}
    parent = made(tmp_path / "runs", {**keys, "trainer.loss": "cross-entropy"})
    found = config(branch(f"{parent}@3", "-s", "trainer.name=frozen").run)
    was = config(parent)["trainer"]
    assert found["trainer"] == {
        "name": "frozen",
        **{k: v for k, v in was.items() if k in found["trainer"] and k != "name"},
    }
    assert (found["trainer"]["alpha"], found["trainer"]["optimizer"]["name"]) == (0.03, "adam")
    assert "generator" not in found["trainer"]
    assert found["branch"] == {"epoch": 3, "trainer": was, "training": {"epochs": 0, "evaluate_every": 0}}


def test_more_epochs_and_other_evaluations_are_the_branchs_own(parent, branch):
    """The first part keeps those of the parent, which its config then says."""
    said = branch(
        f"{parent}@8", "-s", "training.epochs=12", "-s", "training.evaluate_every=2", "-s", "trainer.alpha=0.01"
    )
    assert said.code == 0
    assert config(said.run)["branch"]["training"] == {"epochs": 8, "evaluate_every": 3}
    assert numbers(said.run)[:8] == numbers(parent)
    assert [row["epoch"] for row in metrics(said.run) if row["test_loss"]] == ["3", "6", "8", "10", "12"]


def test_a_branch_of_a_branch_takes_its_first_trainer_up_to_the_fork(branch, tmp_path):
    """And is refused after it."""
    dni, frozen = ({"trainer.name": name, "trainer.alpha": 0.2} for name in ("dni", "frozen"))
    training = {"training.epochs": 12, "branch.training.epochs": 9, "branch.training.evaluate_every": 2}
    parent = made(tmp_path / "runs", fork(dni, frozen, 5, training))
    for epoch in (4, 5):
        said = branch(f"{parent}@{epoch}", "-s", "trainer.name=backprop")
        found = config(said.run)
        assert (found["trainer"]["name"], found["branch"]["trainer"]["name"]) == ("backprop", "dni")
        assert (found["training"]["epochs"], found["training"]["evaluate_every"]) == (9, 2)
        rows = numbers(parent)[:epoch]
        assert [{name: row[name] for name in rows[0]} for row in numbers(said.run)[:epoch]] == rows
    said = branch(f"{parent}@6", "-s", "trainer.name=backprop")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"{parent}: is a branch itself, from epoch 5 on, and there is no branch of a branch "
        f"(at most {parent}@5, from its first trainer)\n"
    )


@pytest.mark.parametrize("name", ["latest", "20261124-1", "b19d"])
def test_the_run_is_named_as_elsewhere(parent, branch, name):
    """latest, the beginning or the end of a name."""
    called(parent, "20261124-191841-tiny-s3-b19d")
    assert branch(f"{name}@3", "-s", "trainer.name=frozen").code == 0


def test_a_run_in_an_archive_will_do(parent, branch, tmp_path):
    """Only its config is needed, and how far it went."""
    typed("runs", "archive", parent, "-o", tmp_path / "a.zip")
    shutil.rmtree(tmp_path / "runs")
    for place in (tmp_path / "a.zip", tmp_path / "a.zip" / parent.name):
        assert branch(f"{place}@3", "-s", "trainer.name=frozen").code == 0


def test_it_has_the_name_it_is_given(parent, branch):
    """--name."""
    assert "-mine-s3-" in branch(f"{parent}@3", "--name", "mine").run.name


def test_it_says_what_it_trains(parent, tmp_path):
    """On stderr."""
    said = typed("train", "--from", f"{parent}@3", "-s", "trainer.name=frozen", "--runs", tmp_path)
    assert said.err.splitlines()[1].startswith("frozen from dni@3, seed 3, ")


def test_an_interrupted_branch_still_knows_its_parent_when_it_starts_again(parent, branch):
    """After the loss of every checkpoint."""
    path = branch(f"{parent}@3", "-s", "trainer.name=frozen").run
    (path / "result.json").unlink()
    assert typed("train", "--resume", path, "-q").code == 0
    assert json.loads((path / "run.json").read_text())["branch"] == {"run": parent.name, "epoch": 3}


def test_a_first_part_that_does_not_repeat_is_told(parent, branch):
    """As on another machine: here a digit of the parent's is changed, before the fork and after it."""
    rows = (parent / "metrics.csv").read_text().splitlines(keepends=True)
    for epoch, told in ((2, True), (5, False)):
        row = rows[epoch].split(",")
        row[3] = repr(float(row[3]) + 1e-15)
        (parent / "metrics.csv").write_text("".join([*rows[:epoch], ",".join(row), *rows[epoch + 1 :]]))
        said = branch(f"{parent}@3", "-s", "trainer.name=frozen")
        assert said.code == 0
        line = (
            f"{said.run}: its first part is not to the last bit that of {parent}: they first differ in epoch 2, loss "
            "(synthgrad runs diff says what else differs, a version or a machine)\n"
        )
        assert said.err == line * told


# what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epoch", "said"),
    [
        ("", "--from {run}: says no epoch (--from {run}@20)"),
        ("@", "--from {run}@: '' is no epoch (a whole number from 1 on)"),
        ("@0", "--from {run}@0: '0' is no epoch (a whole number from 1 on)"),
        ("@-1", "--from {run}@-1: '-1' is no epoch (a whole number from 1 on)"),
        ("@3.5", "--from {run}@3.5: '3.5' is no epoch (a whole number from 1 on)"),
        ("@last", "--from {run}@last: 'last' is no epoch (a whole number from 1 on)"),
        (f"@{LONG}", f"--from {{run}}@{LONG}: '{LONG}' is no epoch (a whole number from 1 on)"),
        ("@9", "{run}: has recorded 8 epochs: there is no state after epoch 9 (at most {run}@8)"),
        ("@8", "--from {run}@8: branch.epoch: after epoch 8 there is nothing left to train "
               "(training.epochs is 8: take more)"),
    ],
)  # fmt: skip
def test_an_epoch_that_is_none_is_one_message(parent, branch, epoch, said):
    """Exit 2, and no directory."""
    found = branch(f"{parent}{epoch}", "-s", "trainer.name=frozen")
    assert (found.code, found.out, found.err) == (2, "", said.format(run=parent) + "\n")
    assert only(parent.parent) == parent


def test_a_run_that_diverged_before_has_no_state_there(branch, tmp_path):
    """It says where it did."""
    parent = made(tmp_path / "runs", {**LATE, "seed": 3})
    last = len(metrics(parent))
    said = branch(f"{parent}@{last + 1}", "-s", "trainer.name=frozen")
    assert (said.code, said.err) == (
        2,
        f"{parent}: diverged in epoch {last + 1}: there is no state after epoch {last + 1} (at most {parent}@{last})\n",
    )
    assert branch(f"{parent}@2", "-s", "trainer.name=frozen", "-s", "training.epochs=4").code == 0


def test_a_run_without_an_epoch_has_no_state(parent, branch):
    """It was killed at once."""
    (parent / "metrics.csv").unlink()
    said = branch(f"{parent}@1")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert said.err.startswith(f"{parent}: has recorded 0 epochs")


@pytest.mark.parametrize(
    "setting", ["task.bits=5", "network.hidden=[3]", "seed=4", "training.batch_size=5", "training={}"]
)
def test_what_the_state_depends_on_stays_as_it_was(parent, branch, setting):
    """Trainer and length may change, and nothing else."""
    said = branch(f"{parent}@3", "-s", setting)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"-s {setting}: a branch keeps what its run began with (trainer.*, training.epochs, "
        "training.evaluate_every and training.checkpoint_every may change)\n"
    )


def test_every_wrong_setting_is_said_at_once(parent, branch):
    """--seed is one of them."""
    said = branch(f"{parent}@3", "-s", "task.bits=5", "-s", "trainer.alpha", "--seed", "4")
    assert said.code == 2
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "-s task.bits=5",
        "-s trainer.alpha",
        "-s seed=4",
    ]


def test_a_wrong_trainer_is_refused_as_elsewhere(parent, branch):
    """With the override as the place."""
    said = branch(f"{parent}@3", "-s", "trainer.name=frozzen")
    assert said.code == 2
    assert said.err.startswith("-s trainer.name=frozzen: trainer.name: 'frozzen' is not one of")


@pytest.mark.parametrize("more", [["tiny.yaml"], ["--resume", "latest"]], ids=str)
def test_a_branch_has_the_config_of_its_run(parent, branch, tmp_path, more):
    """No other, and it is a new run: a usage error."""
    write(tmp_path)
    said = branch(f"{parent}@3", *more)
    assert said.code == 2
    assert "--from takes the config of its run (leave out CONFIG and --resume)" in said.err


def test_a_run_that_is_not_there_is_one_message(branch):
    """As everywhere."""
    said = branch("nowhere@3")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


# around it ----------------------------------------------------------------------------------------


def test_a_sweep_branches_at_several_epochs(parent, branch, tmp_path):
    """branch.epoch is a key like any other; the lines of a dry run make the same runs."""
    path = branch(f"{parent}@3", "-s", "trainer.name=frozen").run
    words = ["sweep", path / "config.yaml", "-s", "branch.epoch=2,4", "--seed", "1..2", "--runs", tmp_path / "s"]
    lines = typed(*words, "--dry-run", "-q").out.splitlines()
    assert [line.split(" -s ")[1:] for line in lines] == [
        [f"branch.epoch={epoch}", f"seed={seed} --runs {tmp_path / 's'} -q"] for epoch in (2, 4) for seed in (1, 2)
    ]
    alone = typed(*lines[3].split()[1:]).run
    swept = [Path(line) for line in typed(*words[:-1], tmp_path / "t", "--jobs", 1, "-q").out.splitlines()]
    assert numbers(alone) == numbers(swept[3])
    assert [config(each)["branch"]["epoch"] for each in swept] == [2, 2, 4, 4]


def test_show_says_what_it_branches_from(parent, branch):
    """And list what it is."""
    path = branch(f"{parent}@3", "-s", "trainer.name=frozen").run
    page = typed("runs", "show", path).out
    assert "frozen from dni@3" in page
    assert f"Its first 3 epochs are those of {parent.name}." in page
    assert "frozen from dni@3" in typed("runs", "list", parent.parent).out


def test_runs_are_completed_with_an_at_and_their_last_epoch(parent):
    """In Bash, where an at sign ends a word."""
    assert completed("train", "--runs", str(parent.parent), "--from", parent.name[:12]) == [f"{parent.name}@"]
    assert completed("train", "--runs", str(parent.parent), "--from", "latest", "@") == ["8"]
    assert completed("train", "--runs", str(parent.parent), "--from", "nosuch", "@") == []


def test_a_branch_finds_data_that_were_moved(branch, tmp_path):
    """And refuses others."""
    task = csv(tmp_path / "data")
    parent = made(tmp_path / "runs", {"task": task})
    moved = WAYS["renamed"](task, tmp_path)
    words = (f"{parent}@1", "-s", "trainer.name=frozen", "-s", f"task.path={moved['path']}")
    said = branch(*words)
    assert (said.code, said.err) == (0, "")
    edited(moved)
    assert branch(*words).code == 2
