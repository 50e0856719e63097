"""The verdict on a run, in sentences."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import tiny
from typed import typed, write

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


@pytest.mark.parametrize(
    ("figures", "beginning"),
    [
        ((1.0, 1.0, 1.0, 1.0), "It learned to add: "),
        ((1.0, 1.0, 0.99, 0.95), "It learned to add: "),
        ((0.997, 0.959, 0.713, 0.015), "It memorised its training pairs rather than learn to add: "),
        (
            (0.862, 0.38, 0.542, 0.006),
            "It memorised some of its training pairs and learned next to nothing of addition: ",
        ),
        ((0.49, 0.0, 0.499, 0.002), "It learned next to nothing (guessing gets 50% of the bits): "),
        ((0.7, 0.1, 0.65, 0.05), "It learned something, but not to add: "),
        ((0.97, 0.8, 0.96, 0.7), "It learned something, but not to add: "),
    ],
)
def test_a_verdict_says_what_was_learned(figures, beginning):
    """From the training and the held-out figures together."""
    assert said(*figures)[1].startswith(beginning)


def test_a_verdict_names_its_figures():
    """100% and 0% only where it is all or nothing."""
    assert said(1.0, 0.9999, 0.99996, 0.00004)[1].endswith(
        ": training bits 100%, sums 99.99%; held-out bits 99.99%, sums 0.01%."
    )
    assert said(0.5, 0.125, 0.51, 0.0)[1].endswith(": training bits 50%, sums 12.5%; held-out bits 51%, sums 0%.")


def of(last, guess=0.0):
    """What is said to be learned by a run with these figures, and how well."""
    log = SimpleNamespace(epoch=9, step=90, seconds=1, last=last, outcome="finished", diverged=None, resumed=False)
    return verdict(tiny(), log, guess)[1]


@pytest.mark.parametrize(
    ("train", "test", "guess", "beginning"),
    [
        (1.0, 0.987, 0.1, "It learned to tell the classes apart: "),
        (0.93, 0.91, 0.1, "It learned to tell the classes apart: "),
        (0.99, 0.925, 0.92, "It memorised its training examples and learned next to nothing (always the commonest"),
        (0.12, 0.13, 0.1, "It learned next to nothing (always the commonest class is 10% right): "),
        (0.99, 0.6, 0.1, "It memorised its training examples more than it learned: "),
        (0.7, 0.6, 0.1, "It learned something (always the commonest class is 10% right): "),
    ],
)
def test_a_verdict_on_classes_is_held_against_the_commonest_class(train, test, guess, beginning):
    """93% right says nothing where 92% are of one class."""
    assert of({"accuracy": train, "test_accuracy": test}, guess).startswith(beginning)


@pytest.mark.parametrize(
    ("train", "test", "beginning"),
    [
        (0.99, 0.98, "It learned to predict the values: "),
        (0.05, 0.04, "It learned next to nothing: "),
        (0.99, -0.5, "It memorised its training examples and learned next to nothing: "),
        (0.99, 0.5, "It memorised its training examples more than it learned: "),
        (0.6, 0.5, "It learned something: "),
    ],
)
def test_a_verdict_on_values_is_held_against_their_mean(train, test, beginning):
    """An r2 of 0 is what the mean of the labels has."""
    assert of({"r2": train, "test_r2": test}).startswith(beginning)


def test_verdicts_name_the_figures_of_their_task():
    """Shares of examples, or of variance."""
    assert of({"accuracy": 1.0, "test_accuracy": 0.975}).endswith(": training 100% right; held-out 97.5% right.")
    said = of({"r2": 0.99, "test_r2": 0.9876})
    assert said.endswith(": of the variance it explains 0.990 in training and 0.988 held out (r2).")


def test_a_run_on_digits_says_how_it_did(tmp_path):
    """From the command line: the score of always naming the commonest class is that of the held-out images."""
    config = tmp_path / "d.yaml"
    config.write_text("task: {name: digits}\ntrainer: {name: frozen}\ntraining: {epochs: 1}\n")
    said = typed("train", config, "--runs", tmp_path / "runs", "-s", "trainer.alpha=0").err
    assert "(always the commonest class is 11.8% right)" in said
    assert "training  right" in said


@pytest.mark.parametrize(("epoch", "words"), [(1, "1 epoch in"), (9, "9 epochs in")])
def test_a_finished_run_says_how_fast_it_was(epoch, words):
    """One epoch is not epochs."""
    assert said(epoch=epoch)[0] == f"Finished: {words} 1.2 s of training, {8 * epoch} steps a second."


def test_an_interrupted_run_says_what_is_recorded():
    """What it had learned so far, and how it can be resumed; its control can wait."""
    lines = said(outcome="interrupted", config=tiny({"trainer.name": "dni"}))
    assert lines[0] == "Interrupted: 9 epochs recorded (1.2 s of training, 72 steps a second)."
    assert lines[2:] == ["It starts again with:", "  synthgrad train --resume runs/a"]


def test_an_interrupted_run_goes_on_by_the_line_that_it_prints(tmp_path):
    """There is a checkpoint then."""
    run = Run(tmp_path / "my run")
    run.path.mkdir()
    run.checkpoint(2).touch()
    assert resumption(run) == ["It goes on with:", f"  synthgrad train --resume '{run.path}'"]
    assert resumption(Run(Path("-runs") / "a")) == ["It starts again with:", "  synthgrad train --resume ./-runs/a"]


def test_a_diverged_run_says_where_and_nothing_of_learning():
    """Figures of before the end would mislead."""
    (line,) = said(
        outcome="diverged", diverged=Diverged(10, 97, "the weights of layer 2", Experiment([tiny()]).replicas[0])
    )
    assert line.startswith("Diverged in epoch 10, step 97: the weights of layer 2 stopped being finite.")
    assert "everything up to epoch 9" in line


def test_synthetic_gradients_are_told_of_their_control():
    """What backpropagation and the control itself need not be told, nor a network without hidden layers."""
    dni = {"trainer.name": "dni"}
    assert said(config=tiny(dni))[-1] == "  synthgrad train runs/a/config.yaml -s trainer.name=frozen"
    for other in (tiny(), tiny({"trainer.name": "frozen"}), tiny(dni | {"network.hidden": []})):
        assert not any("frozen" in line for line in said(config=other))


@pytest.mark.parametrize("more", [[], ["-s", "trainer.schedule.kind=pipelined"]], ids=["", "settings"])
def test_the_control_that_is_named_can_be_run(tmp_path, more):
    """Beside the run, by the line as it stands, though the config and settings have what the control has not."""
    words = ["train", write(tmp_path), "-s", "trainer.name=dni", *more, "--runs", tmp_path / "my runs"]
    line = typed(*words).err.rpartition("can tell:\n  synthgrad ")[2]
    assert typed(*shlex.split(line)).code == 0
    assert len(list((tmp_path / "my runs").iterdir())) == 2


def test_without_held_out_figures_there_is_no_verdict():
    """Only the counts, and how to go on."""
    about = {"epoch": 0, "step": 0, "seconds": 0.0, "last": {}, "diverged": None, "run": Run(Path("runs") / "a")}
    log = SimpleNamespace(**about, outcome="finished")
    assert verdict(tiny(), log) == ["Finished: 0 epochs in 0.0 s of training."]
    count, *more = verdict(tiny(), SimpleNamespace(**about, outcome="interrupted"))
    assert count == "Interrupted: 0 epochs recorded (0.0 s of training)."
    assert more == ["It starts again with:", "  synthgrad train --resume runs/a"]
