"""A run goes on only with the settings that it began with."""

from __future__ import annotations

import json

import pytest
from support.commands import result, typed
from support.data_files import write_csv
from support.trained_runs import killed, made, replaced, rewritten

from synthgrad.errors import ConfigError
from synthgrad.runs.directory import Run
from synthgrad.runs.reading import Recorded
from synthgrad.runs.resuming import check

KEYS = {"training.epochs": 9, "training.checkpoint_every": 2, "trainer.alpha": 0.25}


@pytest.fixture
def run(tmp_path):
    """A run that was interrupted after five of nine epochs."""
    return made(tmp_path, KEYS, stop=5)


def refused(run):
    """What is said of a run that is not resumed, without its directory; it is as it was."""
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    said = typed("train", "--resume", run)
    assert (said.code, said.out) == (2, "")
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    return said.err.replace(f"{run}/", "").replace(str(run), "RUN")


def test_run_json_has_the_config_from_the_start(run):
    """What config.yaml says, as a tree."""
    config = json.loads((run / "run.json").read_text())["config"]
    assert (config["trainer"]["alpha"], config["training"]["epochs"]) == (0.25, 9)
    assert Recorded(run).edited == {}


def test_an_edited_run_is_refused_with_the_keys_that_differ(run):
    """Both values of each, and what to do: exit 2."""
    replaced(run / "config.yaml", "alpha: 0.25", "alpha: 0.5")
    replaced(run / "config.yaml", "seed: 3", "seed: 4")
    assert refused(run) == (
        "config.yaml: seed: is 4, but the run began with 3\n"
        "config.yaml: trainer.alpha: is 0.5, but the run began with 0.25\n"
        "RUN: is resumed only as it began (put the values back, run.json has them; synthgrad train --from RUN@EPOCH "
        "-s KEY=VALUE goes on with others)\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: backprop", "name: frozen"), ("shuffle: false", "shuffle: true"), ("stream: named\n", ""),
        ("evaluate_every: 1", "evaluate_every: 2"), ("epochs: 9", "epochs: 12"),
        ("diagnostics: true", "diagnostics: off"),
    ],
    ids=str,
)  # fmt: skip
def test_every_key_on_which_a_number_depends_counts(run, old, new):
    """The trainer as well; a longer training is another."""
    replaced(run / "config.yaml", old, new)
    assert "but the run began with" in refused(run)


def test_a_run_without_a_checkpoint_is_refused_too(run):
    """It would start again as another."""
    for path in Run(run).checkpoints():
        path.unlink()
    replaced(run / "config.yaml", "alpha: 0.25", "alpha: 0.5")
    assert "trainer.alpha: is 0.5, but the run began with 0.25" in refused(run)


def test_a_config_that_was_cut_anywhere_is_never_resumed(run):
    """Whether it still parses or not; but for its last line end."""
    text = (run / "config.yaml").read_bytes()
    for end in range(len(text) - 1):
        (run / "config.yaml").write_bytes(text[:end])
        with pytest.raises(ConfigError):
            check(Recorded(run))
    (run / "config.yaml").write_bytes(text[:-1])
    check(Recorded(run))


@pytest.mark.parametrize("every", ["auto", "0", "4"])
def test_how_often_checkpoints_are_written_may_be_changed(run, every):
    """It changes no number."""
    replaced(run / "config.yaml", "checkpoint_every: 2", f"checkpoint_every: {every}")
    assert typed("train", "--resume", run, "-q") == (0, f"{run}\n", "")


def test_how_many_processes_share_a_pipeline_may_be_changed(tmp_path):
    """Under a schedule that comes to the same bits, not under one that does not."""
    for kind, edited in (("pipelined", {}), ("free", {"trainer.schedule.workers": (1, 2)})):
        run = made(tmp_path, {"trainer.name": "dni", "trainer.schedule": {"kind": kind, "workers": 1}}, stop=1)
        replaced(run / "config.yaml", "workers: 1", "workers: 2")
        assert Recorded(run).edited == edited


def test_a_file_may_lie_elsewhere(tmp_path):
    """If it is the same to the last byte."""
    (tmp_path / "b").mkdir()
    keys = {**KEYS, "task": {"name": "table", "path": str(write_csv(tmp_path)), "target": "kind"}}
    run = made(tmp_path / "runs", keys, stop=5)
    moved = (tmp_path / "table.csv").rename(tmp_path / "b" / "table.csv")
    replaced(run / "config.yaml", str(tmp_path / "table.csv"), str(moved))
    assert Recorded(run).edited == {}
    assert typed("train", "--resume", run, "-q").code == 0


def test_a_run_of_an_older_version_is_resumed_with_a_warning(run):
    """It has no copy of its settings to be held against."""
    rewritten(run, "run.json", config=None)
    said = typed("train", "--resume", run, "-q")
    assert (said.code, said.out) == (0, f"{run}\n")
    assert said.err == (
        f"{run}: run.json has no copy of the settings (written by an older version): config.yaml is taken as it is\n"
    )


def test_a_run_that_starts_again_says_what_it_begins_with(tmp_path):
    """Also one of an older version, whose config lacks keys: both files say all of it from then on."""
    run = killed(tmp_path, KEYS, stop=1)
    rewritten(run, "run.json", config=None)
    Run(run).checkpoint(1).unlink()
    replaced(run / "config.yaml", "stream: named\n", "")
    assert typed("train", "--resume", run, "-q").code == 0
    assert Recorded(run).edited == {}
    assert Recorded(run).config["stream"] == "named"


def test_an_edited_run_is_no_parent(run):
    """A branch would begin with what the run never was."""
    replaced(run / "config.yaml", "alpha: 0.25", "alpha: 0.5")
    said = typed("train", "--from", f"{run}@3", "-s", "trainer.name=frozen", "--runs", run.parent)
    assert (said.code, said.out) == (2, "")
    assert (
        f"{run}/config.yaml: trainer.alpha: is 0.5, but the run began with 0.25\n{run}: cannot be branched from ("
        in said.err
    )


def test_everybody_who_reads_an_edited_run_is_warned(run):
    """``compare`` and ``show`` name the key, ``list`` counts the run, ``verify`` says why it does not repeat."""
    replaced(run / "config.yaml", "alpha: 0.25", "alpha: 0.5")
    warning = "config.yaml: is not what the run began with: trainer.alpha is 0.5, it was 0.25"
    assert warning in typed("compare", run).err
    assert warning in " ".join(typed("runs", "show", run).out.split())
    assert "damaged" in typed("runs", "list", run).err
    said = typed("runs", "verify", run)
    assert (said.code, warning in said.err) == (4, True)
    assert "not as it was: trainer.alpha 0.25, now 0.5" in said.out


# fewer epochs than there are ----------------------------------------------------------------------


def test_a_run_with_more_epochs_than_its_config_says_is_refused(run):
    """Exit 2, not 128: it would never come to its end."""
    replaced(run / "config.yaml", "epochs: 9", "epochs: 3")
    first, *_ = refused(run).splitlines()
    right = "put the number back, or train the shorter run anew: synthgrad train config.yaml"
    assert first == f"RUN: has 5 epochs, the config says 3 ({right})"


def test_a_run_of_an_older_version_with_too_many_epochs_is_refused(run):
    """Though it has no copy of its settings."""
    rewritten(run, "run.json", config=None)
    replaced(run / "config.yaml", "epochs: 9", "epochs: 4")
    assert refused(run).startswith("RUN: has 5 epochs, the config says 4 (")


def test_a_run_killed_after_its_last_epoch_is_resumed(tmp_path):
    """As many epochs as the config says are not too many."""
    run = killed(tmp_path, {**KEYS, "training.epochs": 6}, stop=6)
    assert typed("train", "--resume", run, "-q").code == 0
    assert (result(run)["outcome"], result(run)["epoch"]) == ("finished", 6)
