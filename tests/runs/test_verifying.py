"""Does a run repeat? To the last bit, as far as it was recorded, and if not, from where on."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from conftest import ROWS
from support.trained_runs import DIVERGING, LATE, killed, made, replaced, rewritten

from synthgrad.errors import ConfigError
from synthgrad.experiment import Epoch
from synthgrad.runs.reading import Recorded
from synthgrad.runs.verifying import Verdict, Verifier


def verdict(path):
    """What comes of a run that is trained again."""
    *_, last = Verifier(Recorded(path)).run()
    assert isinstance(last, Verdict)
    return last


def without(path, *names):
    """Take columns out of a metrics file."""
    rows = [line.split(",") for line in (path / "metrics.csv").read_text().splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if name not in names]
    (path / "metrics.csv").write_text("".join(",".join(row[i] for i in kept) + "\n" for row in rows))


# it repeats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ROWS)
def test_a_run_repeats(tmp_path, keys):
    """Every trainer, every column of every epoch, every weight."""
    path = made(tmp_path, {**keys, "training.shuffle": True, "training.evaluate_every": 2})
    said = verdict(path)
    assert (said.epoch, said.weights, said.difference, said.decided) == (3, True, None, True)
    assert said.columns == said.recorded == len((path / "metrics.csv").read_text().partition("\n")[0].split(",")) - 2


def test_nothing_is_written(tmp_path):
    """Neither into the run nor beside it."""
    path = made(tmp_path)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}
    verdict(path)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()} == before
    assert list(tmp_path.iterdir()) == [path]


def test_every_epoch_is_yielded_as_it_repeats(tmp_path):
    """So that a person can be shown how far it is."""
    records = list(Verifier(Recorded(made(tmp_path))).run())
    assert [record.epoch for record in records if isinstance(record, Epoch)] == [1, 2, 3]


def test_an_interrupted_run_is_followed_as_far_as_it_went(tmp_path):
    """And its weights are those of its last epoch."""
    said = verdict(made(tmp_path, {"training.epochs": 1000}, stop=2))
    assert (said.epoch, said.weights, said.difference) == (2, True, None)


def test_a_killed_run_is_followed_to_its_last_row(tmp_path):
    """Half a row more does not matter; there are no weights."""
    path = killed(tmp_path, {"training.epochs": 1000}, stop=2)
    with (path / "metrics.csv").open("a") as file:
        file.write("3,12,0.")
    said = verdict(path)
    assert (said.epoch, said.weights, said.difference) == (2, False, None)


@pytest.mark.parametrize("keys", [DIVERGING, LATE], ids=["at once", "later"])
def test_a_diverged_run_diverges_again_in_the_same_place(tmp_path, keys):
    """The same epoch, step and thing; its weights are the last finite ones."""
    path = made(tmp_path, keys)
    said = verdict(path)
    assert said.diverged.place() == Recorded(path).diverged
    assert (said.epoch, said.difference, said.weights) == (said.diverged.epoch - 1, None, True)


def test_of_an_older_run_the_columns_that_it_has_are_compared(tmp_path):
    """All that it has."""
    path = made(tmp_path, {"trainer.name": "dni"})
    without(path, "cosine.1", "skill.1", "cosine.2", "skill.2", "generator_error.1")
    said = verdict(path)
    assert (said.epoch, said.difference, said.columns, said.recorded) == (3, None, 10, 10)


def test_columns_that_this_version_does_not_know_are_counted(tmp_path):
    """They cannot be compared."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "abs_error", "other_error")
    said = verdict(path)
    assert (said.difference, said.columns, said.recorded) == (None, 8, 9)


@pytest.mark.parametrize("name", ["weights.npz", "result.json"])
def test_without_weights_or_result_the_figures_alone_are_compared(tmp_path, name):
    """And it says so."""
    path = made(tmp_path)
    (path / name).unlink()
    said = verdict(path)
    assert (said.epoch, said.weights, said.difference) == (3, False, None)


def test_a_damaged_log_is_followed_to_its_damage(tmp_path):
    """The weights are those of a later epoch, and are left out."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "\n3,12", "\n3,x")
    run = Recorded(path)
    *_, said = Verifier(run).run()
    assert (said.epoch, said.weights, said.difference) == (2, False, None)
    assert ":4: is damaged" in run.damage[0]


def test_a_diverged_run_with_a_damaged_log_is_followed_to_its_end(tmp_path):
    """The rows that are missing are passed by."""
    path = made(tmp_path, LATE)
    replaced(path / "metrics.csv", "\n5,", "\nx,")
    said = verdict(path)
    assert (said.epoch, said.difference, said.diverged is not None) == (4, None, True)


def test_a_run_that_recorded_nothing_decides_nothing(tmp_path):
    """It was killed in its first epoch."""
    path = killed(tmp_path, stop=1)
    (path / "metrics.csv").unlink()
    assert not verdict(path).decided


# it does not --------------------------------------------------------------------------------------


def first_difference(path):
    """Where it does not repeat."""
    said = verdict(path)
    assert said.difference is not None
    assert not said.weights
    return said.difference


def test_the_first_epoch_and_column_that_differ_are_named(tmp_path):
    """With what was recorded and what came now."""
    path = made(tmp_path)
    row = (path / "metrics.csv").read_text().splitlines()[2]
    cell = row.split(",")[4]
    replaced(path / "metrics.csv", row, row.replace(cell, "7.5"))
    assert first_difference(path) == (2, "abs_error", "7.5", cell)


def test_training_ends_where_it_differs(tmp_path):
    """Nobody waits for the rest."""
    path = made(tmp_path, {"training.epochs": 5})
    replaced(path / "metrics.csv", "\n2,8,", "\n2,9,")
    records = list(Verifier(Recorded(path)).run())
    assert [record.epoch for record in records if isinstance(record, Epoch)] == [1]


def test_another_config_does_not_repeat_the_run(tmp_path):
    """From the first epoch on."""
    path = made(tmp_path)
    replaced(path / "config.yaml", "alpha: 0.2", "alpha: 0.3")
    assert first_difference(path)[:2] == (1, "loss")


def changed_weights(path, change):
    """Write the weights of a run anew, one thing about them changed."""
    with np.load(path / "weights.npz") as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path / "weights.npz", **arrays)


WEIGHTS = {
    "one number": (lambda a: a["layer.2.W"].__setitem__((3, 4), 7.5), "final weights, layer.2.W"),
    "the sign of zero": (lambda a: a.update({"layer.1.b": a["layer.1.b"] * -0.0}), "final weights, layer.1.b"),
    "precision": (lambda a: a.update({"layer.1.W": a["layer.1.W"].astype("f4")}), "final weights, layer.1.W"),
    "shape": (lambda a: a.update({"layer.1.W": a["layer.1.W"].T}), "final weights, layer.1.W"),
    "one missing": (lambda a: a.pop("layer.3.b"), "final weights, layer.3.b"),
    "one more": (lambda a: a.update(more=np.zeros(2)), "final weights, more"),
}


@pytest.mark.parametrize(("change", "place"), WEIGHTS.values(), ids=WEIGHTS)
def test_other_weights_are_a_difference(tmp_path, change, place):
    """Found after the last epoch."""
    path = made(tmp_path)
    changed_weights(path, change)
    assert first_difference(path)[:2] == (3, place)


def pickled(path):
    """Weights that would run code when they are read."""
    np.savez(path, x=np.array([{}], dtype=object))


SPOILED = {
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"PK\x03\x04garbage" * 9),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:1000]),
    "one byte": lambda path: path.write_bytes(path.read_bytes().replace(b"\x3f", b"\x3e", 1)),
    "pickled": pickled,
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_weights_that_cannot_be_read_are_a_difference(tmp_path, spoil):
    """They do not repeat, and nothing in them is run."""
    path = made(tmp_path)
    spoil(path / "weights.npz")
    assert first_difference(path).place == "final weights"


def test_a_divergence_that_does_not_come_is_a_difference(tmp_path):
    """The run goes on where the record says that it could not."""
    path = made(tmp_path, {"training.epochs": 5}, stop=2)
    rewritten(path, "result.json", outcome="diverged", diverged={"epoch": 3, "step": 9, "where": "the outputs"})
    assert first_difference(path) == (3, "outcome", "diverged in epoch 3, step 9: the outputs", "no divergence")


def test_a_divergence_beyond_the_last_epoch_is_a_difference(tmp_path):
    """Training ends before it."""
    path = made(tmp_path)
    rewritten(path, "result.json", outcome="diverged", diverged={"epoch": 4, "step": 13, "where": "the outputs"})
    assert first_difference(path) == (
        3,
        "outcome",
        "diverged in epoch 4, step 13: the outputs",
        "training is at its end",
    )


@pytest.mark.parametrize(("key", "other"), [("epoch", 60), ("step", 3), ("where", "the outputs")])
def test_a_divergence_elsewhere_is_a_difference(tmp_path, key, other):
    """Both places are named."""
    path = made(tmp_path, LATE)
    where = Recorded(path).diverged
    rewritten(path, "result.json", diverged={**where, key: other})
    found = first_difference(path)
    assert found.place == "outcome"
    assert str(other) in found.recorded


def test_a_divergence_that_was_not_recorded_is_a_difference(tmp_path):
    """The record has figures for an epoch that now has none."""
    path = made(tmp_path)
    replaced(path / "config.yaml", "alpha: 0.2", "alpha: 1.0e+200")
    replaced(path / "config.yaml", "sigmoid", "relu")
    found = first_difference(path)
    assert found[:3] == (1, "outcome", "no divergence")
    assert found.now.startswith("diverged in epoch 1, step 2: ")


def test_more_rows_than_there_are_epochs_to_train_are_a_difference(tmp_path):
    """The log is not that of the config."""
    path = made(tmp_path)
    replaced(path / "config.yaml", "epochs: 3", "epochs: 2")
    rewritten(path, "result.json", outcome="finished")
    assert first_difference(path) == (2, "outcome", "epochs up to 3", "training is at its end")


def test_what_is_not_as_it_was_is_named(tmp_path):
    """Versions, threads, machine, and what the run began with; the first suspects."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "\n2,8,", "\n2,9,")
    about = json.loads((path / "run.json").read_text())
    threads = {**about["threads"], "OMP_NUM_THREADS": "7"}
    hashes = {**about["hashes"], "order": "0"}
    rewritten(path, "run.json", numpy="1.0", host="elsewhere", threads=threads, hashes=hashes, blas=None)
    found = verdict(path).environment
    assert list(found) == ["numpy", "threads.OMP_NUM_THREADS", "host", "blas", "order"]
    assert found["numpy"] == ("1.0", np.__version__)
    assert found["blas"][0] is None


def test_a_run_that_does_not_say_what_it_was_made_with_has_no_differences_there(tmp_path):
    """Not everything is new to it."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "\n2,8,", "\n2,9,")
    (path / "run.json").unlink()
    assert verdict(path).environment == {}


def test_a_config_of_another_version_is_an_error(tmp_path):
    """With the file, the line and the key."""
    path = made(tmp_path)
    replaced(path / "config.yaml", "shuffle: false", "shufle: false")
    with pytest.raises(
        ConfigError, match=re.escape(f"{path}/config.yaml:") + r"\d+:\d+: training\.shufle: unknown key"
    ):
        Verifier(Recorded(path))
