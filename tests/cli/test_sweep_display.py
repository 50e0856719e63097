"""What a person sees of a sweep: plain lines in a pipe, a live display on a terminal, a sentence in the end."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import tiny
from support.commands import ENDLESS, environment, ran, write
from support.terminal import COLOUR, seen

from synthgrad.cli import sweep_display, sweep_progress
from synthgrad.cli.signals import Stop
from synthgrad.cli.stack_names import Name, Names
from synthgrad.cli.sweep_display import Lines, stack_line
from synthgrad.cli.sweep_progress import Running, SweepProgress
from synthgrad.runs.finding import below
from synthgrad.sweep.events import Begun, Done, Ended, Lost, Progress
from synthgrad.sweep.planning import Plan
from synthgrad.sweep.stacks import Order, Stack

GRID = ("-s", "trainer.name=dni,frozen", "-s", "trainer.alpha=0.1,0.2", "--seed", "1..2", "--jobs", "2")
LONG = (*GRID, "-s", "training.epochs=1000")
"""A second of training, so that several pictures are drawn."""


def orders(*keys, first=0, **more):
    """An order of the tiny experiment for each of these settings."""
    return [Order(n, tiny(each), more.get("name", "tiny"), ()) for n, each in enumerate(keys, first)]


def progress_of(*stacks):
    """The progress of a plan of these stacks of orders."""
    numbers = sum(map(len, stacks))
    return SweepProgress(
        Plan([None] * numbers, stacks=[Stack(n, tuple(each), Path()) for n, each in enumerate(stacks)])
    )


@pytest.fixture
def clock(monkeypatch):
    """A clock to be set."""
    now = [100.0]
    for module in (sweep_progress, sweep_display):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


# redirected ---------------------------------------------------------------------------------------


def test_redirected_output_is_plain_text(tmp_path):
    """No escape codes and no carriage returns, whatever the environment promises."""
    said = ran(
        "sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, env=environment(FORCE_COLOR="1", TERM="xterm")
    )
    assert said.code == 0
    assert "\x1b" not in said.out + said.err
    assert "\r" not in said.out + said.err


def spoken(capsys, known, events):
    """What plain lines say of these events."""
    with Lines(known, Stop()) as lines:
        for event in events:
            known.note(event)
            lines.show(event)
    return capsys.readouterr().err.splitlines()


def test_every_tenth_of_the_runs_is_a_line(capsys, clock):
    """Once the runs that end together have ended; the last is the summary's."""
    stacks = [orders(*[{"seed": n} for n in range(5)], first=first) for first in range(0, 20, 5)]

    def events():
        for number, each in enumerate(stacks):
            runs = tuple(order.number for order in each)
            yield from [Begun(number, runs), *(Ended(number, run, "r", "finished") for run in runs), Done(number)]
            clock[0] += 1

    assert spoken(capsys, progress_of(*stacks), events()) == [
        " 5/20  25%   5 finished   5 running   10 waiting   0:03 left",
        "10/20  50%   10 finished   5 running   5 waiting   0:02 left",
        "15/20  75%   15 finished   5 running   0:01 left",
    ]


def test_half_a_minute_is_never_silent(capsys, clock):
    """Though no run ends."""

    def events():
        yield Begun(0, (0,))
        for epoch in range(1, 100):
            clock[0] += 1
            yield Progress(0, epoch)

    assert spoken(capsys, progress_of(orders({"training.epochs": 100})), events()) == [
        "0/1  31%   0 finished   1 running   1:09 left",
        "0/1  62%   0 finished   1 running   0:38 left",
        "0/1  93%   0 finished   1 running   0:07 left",
    ]


def test_brackets_are_text(capsys):
    """What looks like rich's markup is printed as it is."""
    Lines(progress_of(orders({})), Stop()).say("[red]hot[/red] [bold]")
    assert capsys.readouterr().err == "[red]hot[/red] [bold]\n"


@pytest.mark.few(1)
@pytest.mark.parametrize("place", ["/dev/full", "nobody"])
def test_a_display_that_cannot_be_written_does_not_end_the_sweep(tmp_path, place):
    """With stderr full, or its reader gone, everything is trained and the directories are printed."""
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open(place, os.O_WRONLY) if place == "/dev/full" else writing
    said = ran("sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, stderr=full)
    os.close(writing)
    assert (said.code, sorted(said.out.split())) == (0, sorted(map(str, below(tmp_path / "r"))))


# on a terminal ------------------------------------------------------------------------------------


def pictures(shown):
    """The screens on which stacks are at work."""
    return [screen for screen in shown.screens if any("   epoch " in line for line in screen)]


@pytest.mark.few(1)
@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_live_display_fits_the_terminal(tmp_path, width):
    """No picture has a line longer than the terminal is wide; nothing of it is left in the end."""
    shown = seen("sweep", write(tmp_path), "--runs", tmp_path / "r", *LONG, width=width)
    assert shown.code == 0
    assert len(pictures(shown)) >= 2
    assert max(len(line) for screen in shown.screens for line in screen) <= width
    assert "…" not in shown.raw
    text = " ".join(shown.screen)
    assert re.match(r"8 runs: 8 to train, in 2 stacks on 2 processes 8 runs in \d+:\d\d: ", text)
    assert text.endswith(": 8 finished. The grid is complete.")
    assert len(shown.out.splitlines()) == 8


def test_the_live_display_shows_a_bar_the_counts_and_the_stacks(tmp_path):
    """In this order, below the first sentence."""
    keys = iter(["\x03"])
    shown = seen(
        "sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, *ENDLESS,
        typing=lambda raw: next(keys, None) if min(raw.count("dni"), raw.count("frozen")) > 3 else None,
    )  # fmt: skip
    picture = next(screen for screen in shown.screens if len(screen) == 5 and screen[2].startswith("0 finished"))
    _, bar, counts, *stacks = picture
    assert bar.startswith("0/8 ━")
    assert bar.endswith(" left")
    assert counts == "0 finished   8 running"
    assert {line.split("   ")[0] for line in stacks} == {"dni alpha=0.1,0.2", "frozen alpha=0.1,0.2"}
    assert all("   4 runs   epoch " in line and line.endswith("/100000000") for line in stacks)
    assert len({len(line) for line in stacks}) == 1


def test_ctrl_c_leaves_a_clean_screen(tmp_path):
    """Two sentences, nothing of the display, though the terminal wrote ^C into its last line."""
    keys = iter(["\x03"])
    shown = seen(
        "sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, *ENDLESS, width=60,
        typing=lambda raw: next(keys, None) if raw.count("   epoch ") > 3 else None,
    )  # fmt: skip
    assert shown.code == 130
    text = " ".join(shown.screen)
    assert re.match(r"8 runs: 8 to train, in 2 stacks on 2 processes 8 runs in \d+:\d\d: ", text)
    assert text.endswith(": 8 interrupted. 8 of 8 runs are missing: run the same line again to complete the grid.")
    assert not any("^C" in line or " left" in line for line in shown.screen)


@pytest.mark.full
def test_a_terminal_has_colours(tmp_path):
    """So that NO_COLOR has something to take away."""
    assert COLOUR.search(seen("sweep", write(tmp_path), "--runs", tmp_path / "r", *LONG).raw)


@pytest.mark.full
def test_no_color_is_respected(tmp_path):
    """The display is live, without a colour."""
    shown = seen("sweep", write(tmp_path), "--runs", tmp_path / "r", *LONG, NO_COLOR="1")
    assert pictures(shown)
    assert not COLOUR.search(shown.raw)


def test_a_dumb_terminal_gets_plain_lines(tmp_path):
    """One that cannot move its cursor."""
    shown = seen("sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, TERM="dumb")
    assert "\x1b" not in shown.raw
    assert shown.screen[-1].endswith("The grid is complete.")


def test_quiet_is_quiet_on_a_terminal(tmp_path):
    """Not even the cursor blinks."""
    assert seen("sweep", write(tmp_path), "--runs", tmp_path / "r", *GRID, "-q").raw == ""


# what is known ------------------------------------------------------------------------------------


def test_runs_count_by_their_cost(clock):
    """A run of three times the epochs is three times the work."""
    known = progress_of(orders({"training.epochs": 300}), orders({"training.epochs": 100}, first=1))
    for event in (Begun(0, (0,)), Begun(1, (1,)), Ended(1, 1, "r", "finished"), Done(1)):
        known.note(event)
    assert (known.over, known.share) == (1, 0.25)
    known.note(Progress(0, 150))
    assert known.share == 0.625


def test_time_left_is_that_of_the_pace_so_far(clock):
    """Unknown before there is one; the start of the processes does not count."""
    known = progress_of(*[orders({"training.epochs": 100}, first=n) for n in range(4)])
    clock[0] += 50
    known.note(Begun(0, (0,)))
    assert known.left() is None
    clock[0] += 10
    known.note(Progress(0, 100))
    assert known.left() == 30


def test_time_left_is_at_least_that_of_each_stack_at_work(clock):
    """Two were quick together; the third is alone, and has the pace of one."""
    known = progress_of(*[orders({"training.epochs": 100}, first=n) for n in range(3)])
    for event in (Begun(0, (0,)), Begun(1, (1,))):
        known.note(event)
    clock[0] += 10
    for event in (Ended(0, 0, "r", "finished"), Done(0), Ended(1, 1, "r", "finished"), Done(1), Begun(2, (2,))):
        known.note(event)
    clock[0] += 5
    known.note(Progress(2, 50))
    assert known.left() == 5


def test_epochs_of_an_earlier_attempt_are_no_pace(clock):
    """A run that goes on after epoch 90 has not trained 90 epochs in a second."""
    (order,) = orders({"training.epochs": 100})
    known = progress_of([Order(0, order.config, "tiny", (), Path("earlier"))])
    known.note(Begun(0, (0,)))
    known.note(Progress(0, 90))
    assert (known.share, known.left()) == (0.9, None)
    clock[0] += 10
    known.note(Progress(0, 95))
    assert known.left() == 10


def test_runs_of_a_lost_process_wait_again():
    """What they had done is lost; those that had ended stay so."""
    known = progress_of(orders({"seed": 1}, {"seed": 2}))
    for event in (Begun(0, (0, 1)), Progress(0, 2), Ended(0, 0, "r", "diverged"), Lost(0, (1,), "is gone", True)):
        known.note(event)
    assert {name: count for name, count in known.counts().items() if count} == {"diverged": 1, "waiting": 1}
    assert known.share == 0.5


# text ---------------------------------------------------------------------------------------------


def named(*stacks):
    """What these stacks are called."""
    names = Names(stacks)
    return [" ".join([*(name := names.of(each)).words, f"({name.size})"]) for each in stacks]


def test_a_stack_is_called_by_what_tells_it_from_others():
    """The algorithm first, then what differs; of its own differences all values, or the first and the last."""
    both = {"trainer.name": "dni", "trainer.generator.input": "both"}
    label = {"trainer.name": "dni", "trainer.generator.input": "label"}
    assert named(
        orders(*[{**both, "trainer.alpha": alpha, "seed": seed} for alpha in (0.1, 0.3) for seed in (1, 2)]),
        orders(*[{**label, "trainer.alpha": alpha} for alpha in (0.1, 0.2, 0.3, 0.4)]),
        orders({"trainer.name": "frozen", "seed": 7}),
    ) == ["dni both alpha=0.1,0.3 (4 runs)", "dni label alpha=0.1..0.4 (4 runs)", "frozen (seed 7)"]


def test_stacks_that_differ_in_seeds_alone_are_called_alike():
    """Each says how many it has."""
    seeds = [{"seed": seed} for seed in range(5)]
    assert named(orders(*seeds[:3]), orders(*seeds[3:])) == ["backprop (3 seeds)", "backprop (2 seeds)"]


def test_stacks_of_several_configs_are_called_by_them():
    """That tells more than a dozen keys that differ."""
    small, large = orders({}, name="small"), orders({"network.hidden": [30], "task.bits": 5}, name="large")
    faster = orders({"network.hidden": [30], "task.bits": 5, "training.batch_size": 4}, name="large")
    assert named(small, large) == ["small (seed 3)", "large (seed 3)"]
    assert named(small, large, faster) == [
        "small batch_size=10 (seed 3)", "large batch_size=10 (seed 3)", "large batch_size=4 (seed 3)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (50, "dni both alpha=0.1       6 seeds   epoch    7/1000"),
        (40, "dni both       6 seeds   epoch    7/1000"),
        (34, "dni both   6 seeds   epoch    7/1000"),
    ],
)
def test_a_line_of_a_stack_has_as_many_words_as_fit(width, line):
    """None is cut, and how far it is stands at the end."""
    name = Name(["dni", "both", "alpha=0.1"], "6 seeds")
    assert stack_line(name, Running({}, 1000, 0.0, epoch=7), width) == line


def test_a_line_of_a_stack_is_one_line():
    """Wide letters count twice, what moves the cursor is no letter, and what is too long is cut in its middle."""
    stack = Running({}, 9, 0.0)
    assert stack_line(Name(["加法"], "seed 1"), stack, 40) == f"加法{'':15}   seed 1   epoch 0/9"
    assert stack_line(Name(["a\x1b[2Jb\n"], "seed 1"), stack, 40).startswith("a�[2Jb� ")
    assert stack_line(Name(["x" * 30 + "y"], "seed 1"), stack, 40).startswith(f"{'x' * 9}…{'x' * 8}y   seed 1")
