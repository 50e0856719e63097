"""What a person sees: plain lines in a pipe, a live display on a terminal, a verdict in the end."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path

import pytest
from conftest import tiny
from support.commands import COMMAND, ENDLESS, SMALL, environment, no_file_above, only, ran, result, typed, write
from support.terminal import COLOUR, seen

from synthgrad.cli.opening import unstable
from synthgrad.cli.terminal import clock
from synthgrad.cli.train_display import Lines, rows
from synthgrad.compare.sparkline import BLOCKS
from synthgrad.experiment import Experiment
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log

LONG = ("-s", "training.epochs=1200")
"""Half a second of training, so that several pictures are drawn."""
DATA = "binary-addition: 60 examples, 4 bits, 20 examples held out"


def lines(said):
    """What was said on stderr, line by line."""
    return said.err.splitlines()


# redirected ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more", [{}, {"FORCE_COLOR": "1", "TERM": "xterm-256color"}, {"COLORTERM": "truecolor"}], ids=str
)
def test_redirected_output_is_plain_text(tmp_path, more):
    """No escape codes and no carriage returns, whatever the environment promises."""
    said = ran("train", write(tmp_path), cwd=tmp_path, env=environment(**more))
    assert "\x1b" not in said.out + said.err
    assert "\r" not in said.out + said.err


def test_a_long_run_says_ten_lines(tmp_path):
    """And one for its first epoch, all of them aligned."""
    said = ran("train", write(tmp_path), "-s", "training.epochs=100", "-s", "trainer.name=dni", cwd=tmp_path)
    epochs = [line for line in lines(said) if line.startswith("epoch")]
    assert [line[:13] for line in epochs] == [f"epoch {epoch:>3}/100" for epoch in [1, *range(10, 101, 10)]]
    for word in ("bits", "loss", "held-out", "generator error"):
        assert len({line.index(word) for line in epochs}) == 1, word


def test_redirected_lines_are_not_folded(tmp_path):
    """Where a line breaks is for the reader's editor to say."""
    said = ran("train", write(tmp_path), "-s", "trainer.name=dni", cwd=tmp_path, env=environment(COLUMNS="40"))
    assert max(map(len, lines(said))) > 100


def test_brackets_are_text(capsys):
    """What looks like rich's markup is printed as it is."""
    experiment = Experiment([tiny()])
    Lines(Log(Run(Path()), experiment.replicas[0]), experiment).say("[red]hot[/red] [bold]")
    assert capsys.readouterr().err == "[red]hot[/red] [bold]\n"


UNSTABLE = ("-s", "trainer.name=dni", "-s", "trainer.generator.alpha=3")
"""A step size that is too large for every generator of the tiny network."""


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_a_step_size_that_is_too_large_for_generators_is_warned_of(tmp_path, on):
    """One line below data and title, with both numbers, unless diagnostics are off."""
    said = typed("train", write(tmp_path), "--runs", tmp_path / "r", *UNSTABLE, "-s", f"diagnostics={json.dumps(on)}")
    warnings = [line for line in lines(said) if line.startswith("trainer.generator.alpha: 3 is above 0.")]
    assert warnings == (lines(said)[2:3] if on else [])


def test_the_warning_names_the_generator_with_the_smallest_bound():
    """Below its bound all are stable."""
    (line,) = unstable(tiny({"trainer.name": "dni", "trainer.generator.alpha": 0.3}), {"1": 0.25, "2": 0.0123456})
    assert line == (
        "trainer.generator.alpha: 0.3 is above 0.0123, the largest step size at which generator 2's regression is "
        "stable on this data (from lambda_max of Z^T Z); set it well below, or expect it to diverge"
    )


def test_a_stable_step_size_is_not_warned_of(tmp_path):
    """Below data and title come the epochs."""
    said = typed("train", write(tmp_path), "--runs", tmp_path / "r", "-s", "trainer.name=dni")
    assert lines(said)[2].startswith("epoch 1/3")


def test_a_quiet_run_warns_of_nothing(tmp_path):
    """Quiet means quiet."""
    assert typed("train", write(tmp_path), "--runs", tmp_path / "r", *UNSTABLE, "-q").err == ""


# on a terminal ------------------------------------------------------------------------------------


@pytest.mark.few(1)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_live_display_fits_the_terminal(tmp_path, width):
    """No line is longer than the terminal is wide, but one to be copied; none is cut with an ellipsis."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG, "-s", "trainer.name=dni", width=width)
    assert shown.code == 0
    pictures = [screen for screen in shown.screens if any("steps/s" in line or " left" in line for line in screen)]
    assert len(pictures) >= 2
    those = [line for screen in shown.screens for line in screen if not line.startswith("  synthgrad train ")]
    assert max(map(len, those)) <= width
    assert "…" not in shown.raw


def test_the_live_display_shows_progress_figures_and_a_curve(tmp_path):
    """Epoch, speed, time left; training and held-out figures below each other; the generators'; the loss."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG, "-s", "trainer.name=dni")
    picture = next(
        s for s in reversed(shown.screens) if any("steps/s" in line for line in s) and s[-1].startswith("loss")
    )
    data, title, bar, training, held_out, generators, layers, curve = picture
    assert data == DATA
    assert title == "dni, seed 3, 8-12-9-4 (265 weights)"
    assert bar.startswith("epoch ")
    assert bar.endswith(" left")
    assert training.startswith("training   bits ")
    assert held_out.startswith("held-out   bits ")
    assert held_out.index("exact") == training.index("exact")
    assert generators.startswith("generator error ")
    assert layers.startswith("layers cos ")
    assert len(layers.split()) == 4
    assert set(curve.split()[1]) <= set(BLOCKS)
    assert curve.split()[3] == "→"


def test_a_terminal_without_these_signs_gets_others(tmp_path):
    """In ASCII, as wide."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG, PYTHONIOENCODING="ascii")
    curve = next(line for s in shown.screens for line in s if line.startswith("loss") and " > " in line)
    assert curve.isascii()


@pytest.mark.parametrize("width", [40, 80])
def test_the_verdict_takes_the_place_of_the_display(tmp_path, width):
    """Nothing of bar and curve is left, and no word is broken."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG, width=width)
    text = " ".join(shown.screen)
    assert text.startswith(f"{DATA} backprop, seed 3, 8-12-9-4 (265 weights) Finished: 1,200 epochs in ")
    assert " left" not in text
    assert not set(BLOCKS) & set(text)
    for phrase in ("of training,", "steps a second.", "held-out bits"):
        assert phrase in text
    assert shown.out == f"{only(tmp_path / 'r')}\n"


def test_ctrl_c_leaves_a_clean_screen(tmp_path):
    """Data, title, verdict, nothing else; the run is recorded and the exit code 130."""
    keys = iter(["\x03"])
    shown = seen(
        "train", write(tmp_path), "--runs", tmp_path / "r", *ENDLESS,
        typing=lambda raw: next(keys, None) if raw.count("steps/s") > 2 else None,
    )  # fmt: skip
    assert shown.code == 130
    assert result(only(tmp_path / "r"))["outcome"] == "interrupted"
    assert shown.screen[0] == DATA
    assert shown.screen[1].startswith("backprop, seed 3")
    assert shown.screen[2].startswith("Interrupted: ")
    assert not any("^C" in line or " left" in line for line in shown.screen)


def test_an_error_leaves_a_clean_screen(tmp_path):
    """The message stands below the title, not inside a bar."""
    words = ["train", write(tmp_path), "--runs", tmp_path / "r", *ENDLESS]
    shown = seen(*words, width=200, preexec_fn=no_file_above(SMALL))
    _, title, message, *again = shown.screen
    run = only(tmp_path / "r")
    assert (shown.code, shown.out) == (1, f"{run}\n")
    assert title.startswith("backprop, seed 3")
    assert message == f"{run}/metrics.csv: cannot be written: no space left on device"
    assert again == ["Start it again with:", f"  synthgrad train --resume {run}"]


def test_a_terminal_has_colours(tmp_path):
    """So that NO_COLOR has something to take away."""
    assert COLOUR.search(seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG).raw)


def test_no_color_is_respected(tmp_path):
    """The display is live, without a colour."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", *LONG, NO_COLOR="1")
    assert "steps/s" in shown.raw
    assert not COLOUR.search(shown.raw)


def test_a_dumb_terminal_gets_plain_lines(tmp_path):
    """One that cannot move its cursor."""
    shown = seen("train", write(tmp_path), "--runs", tmp_path / "r", TERM="dumb")
    assert "\x1b" not in shown.raw
    assert sum(line.startswith("epoch ") for line in shown.screen) == 3


def test_quiet_is_quiet_on_a_terminal(tmp_path):
    """Not even the cursor blinks."""
    assert seen("train", write(tmp_path), "--runs", tmp_path / "r", "-q").raw == ""


# text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (6.6, "0:07"),
        (59.6, "1:00"),
        (754, "12:34"),
        (3599.7, "1:00:00"),
        (3723, "1:02:03"),
        (360000, "100:00:00"),
    ],
)
def test_a_clock_reads_like_a_clock(seconds, text):
    """Rounded first, so that there is no 0:60."""
    assert clock(seconds) == text


def test_figures_of_a_row_have_one_width():
    """0 %, 50 % and 100 % take the same room."""
    shares = [0.0, 0.0512, 0.5, 1.0]
    texts = [rows({"loss": 1.0, "bit_accuracy": share, "exact_accuracy": share}) for share in shares]
    assert len({tuple(map(len, row.pairs)) for (row,) in texts}) == 1


def test_only_figures_that_there_are_make_rows():
    """Before the first evaluation nothing is held out; a classifier has accuracies of its own."""
    assert [row.name for row in rows({})] == []
    assert [row.name for row in rows({"loss": 1.0})] == ["training"]
    (training, held_out) = rows({"loss": 1.0, "accuracy": 0.5, "test_accuracy": 0.25})
    assert (training.pairs[0], held_out.pairs) == ("accuracy  50.0%", ["accuracy  25.0%"])


def test_a_generator_error_may_have_any_size():
    """Three digits, however large."""
    (row,) = rows({"generator_error.1": 3.7412e55, "generator_error.2": 1e-9, "generator_error.3": math.pi})
    assert row.pairs == ["3.74e+55", "1e-09", "3.14"]


def test_every_layer_has_its_place_among_the_cosines():
    """A dash for one that has none, all of one width."""
    figures = {"generator_error.1": 1.0, "generator_error.2": 1.0, "generator_error.3": 1.0}
    _, layers = rows({**figures, "cosine.1": -0.1234, "cosine.3": 1.0})
    assert layers.name == "layers cos"
    assert layers.pairs == ["-0.12", "    -", " 1.00"]


def test_layers_without_generators_have_cosines_too():
    """Those that were measured."""
    (layers,) = rows({"cosine.1": 0.5, "cosine.2": -0.25, "skill.1": 0.1})
    assert layers.pairs == [" 0.50", "-0.25"]


def test_where_not_every_layer_has_a_generator_figures_say_whose_they_are():
    """With one interface, the figures of its layer."""
    errors, layers = rows({"generator_error.4": 12.345, "cosine.1": 0.1, "cosine.4": 0.5})
    assert (errors.pairs, layers.pairs) == (["4: 12.3"], ["4:  0.50"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_display_that_cannot_be_written_does_not_end_the_run(tmp_path):
    """With stderr full the run finishes, is recorded, and prints its directory."""
    with open("/dev/full", "w") as full:
        line = [*COMMAND, "train", str(write(tmp_path)), "--runs", str(tmp_path / "runs")]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=full, text=True, env=environment(), check=False)
    assert done.returncode == 0
    assert result(Path(done.stdout.strip()))["outcome"] == "finished"


def test_a_reader_who_leaves_does_not_end_the_run(tmp_path):
    """With stderr's reader gone the run finishes, is recorded, and prints its directory."""
    reading, writing = os.pipe()
    os.close(reading)
    line = [*COMMAND, "train", str(write(tmp_path)), "--runs", str(tmp_path / "runs")]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=writing, text=True, env=environment(), check=False)
    os.close(writing)
    assert done.returncode == 0
    assert result(Path(done.stdout.strip()))["outcome"] == "finished"
