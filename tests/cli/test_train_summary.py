"""The verdict on a run, in sentences."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import tiny
from support.commands import typed, write

from synthgrad.cli.train_summary import resumption, verdict
from synthgrad.experiment import Diverged, Experiment
from synthgrad.runs.directory import Run


def said(bits=0.5, sums=0.0, test_bits=0.5, test_sums=0.0, outcome="finished", diverged=None, config=None, epoch=9):
    """The verdict on a run with these figures."""
    last = {
        "bit_accuracy": bits,
        "exact_accuracy": sums,
        "test_bit_accuracy": test_bits,
        "test_exact_accuracy": test_sums,
    }
    log = SimpleNamespace(
        epoch=epoch, step=10 * epoch, seconds=1.25, last=last, outcome=outcome, diverged=diverged,
        run=Run(Path("runs") / "a"),
    )  # fmt: skip
    return verdict(config or tiny(), log)


def test_a_run_on_digits_says_how_it_did(tmp_path):
    """From the command line: the score of always naming the commonest class is that of the held-out images."""
    config = tmp_path / "d.yaml"
    config.write_text("task: {name: digits}\ntrainer: {name: frozen}\ntraining: {epochs: 1}\n")
    said = typed("train", config, "--runs", tmp_path / "runs", "-s", "trainer.alpha=0").err
    assert "(always guessing the most common class scores 11.8%)" in said
    assert re.search("training +.*accuracy", said)


@pytest.mark.parametrize(("epoch", "words"), [(1, "1 epoch in"), (9, "9 epochs in")])
def test_a_finished_run_says_how_fast_it_was(epoch, words):
    """One epoch is not epochs."""
    assert said(epoch=epoch)[0] == f"Finished: {words} 1.2 s of training, {8 * epoch} steps a second."


def test_an_interrupted_run_says_what_is_recorded():
    """What it had learned so far, and how it can be resumed; its control can wait."""
    lines = said(outcome="interrupted", config=tiny({"trainer.name": "dni"}))
    assert lines[0] == "Interrupted: 9 epochs recorded (1.2 s of training, 72 steps a second)."
    assert lines[2:] == ["Start it again with:", "  synthgrad train --resume runs/a"]


def test_an_interrupted_run_continues_with_the_line_that_it_prints(tmp_path):
    """If there is a checkpoint; otherwise the line starts it again."""
    run = Run(tmp_path / "my run")
    run.path.mkdir()
    run.checkpoint(2).touch()
    assert resumption(run) == ["Continue it with:", f"  synthgrad train --resume '{run.path}'"]
    assert resumption(Run(Path("-runs") / "a")) == [
        "Start it again with:",
        "  synthgrad train --resume ./-runs/a",
    ]


def test_a_diverged_run_says_where_and_nothing_of_learning():
    """Metrics from before the end would mislead."""
    (line,) = said(
        outcome="diverged", diverged=Diverged(10, 97, "the weights of layer 2", Experiment([tiny()]).replicas[0])
    )
    assert line.startswith("Diverged in epoch 10, step 97: the weights of layer 2 stopped being finite.")
    assert "Everything up to epoch 9 is recorded." in line


def test_a_run_with_synthetic_gradients_names_the_line_of_its_control():
    """Backpropagation, the control itself and a network without hidden layers need none."""
    dni = {"trainer.name": "dni"}
    assert said(config=tiny(dni))[-1] == "  synthgrad train runs/a/config.yaml -s trainer.name=frozen"
    for other in (tiny(), tiny({"trainer.name": "frozen"}), tiny(dni | {"network.hidden": []})):
        assert not any("frozen" in line for line in said(config=other))


@pytest.mark.parametrize("more", [[], ["-s", "trainer.schedule.kind=pipelined"]], ids=["", "settings"])
def test_the_control_that_is_named_can_be_run(tmp_path, more):
    """Beside the run, by the line as it stands, though the config and settings have what the control has not."""
    words = ["train", write(tmp_path), "-s", "trainer.name=dni", *more, "--runs", tmp_path / "my runs"]
    line = typed(*words).err.rpartition("Train it with:\n  synthgrad ")[2]
    assert typed(*shlex.split(line)).code == 0
    assert len(list((tmp_path / "my runs").iterdir())) == 2


def test_without_held_out_figures_there_is_no_verdict():
    """Only the counts, and how to go on."""
    about = {"epoch": 0, "step": 0, "seconds": 0.0, "last": {}, "diverged": None, "run": Run(Path("runs") / "a")}
    log = SimpleNamespace(**about, outcome="finished")
    assert verdict(tiny(), log) == ["Finished: 0 epochs in 0.0 s of training."]
    count, *more = verdict(tiny(), SimpleNamespace(**about, outcome="interrupted"))
    assert count == "Interrupted: 0 epochs recorded (0.0 s of training)."
    assert more == ["Start it again with:", "  synthgrad train --resume runs/a"]
