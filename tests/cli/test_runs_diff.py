"""``synthgrad runs diff``: how two runs differ, and from which epoch on."""

from __future__ import annotations

import json

import pytest
from support.commands import typed
from support.moved_files import FILES, WAYS, csv, edited
from support.shown import screen
from support.trained_runs import called, made, replaced, rewritten


def said(a, b, *words):
    """The text."""
    answer = typed("runs", "diff", a, b, *words)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


def data(a, b):
    """The same as JSON."""
    return json.loads(said(a, b, "--format", "json"), parse_constant=pytest.fail)


def test_the_same_run_twice_differs_in_nothing(tmp_path):
    """Settings, environment, start, log."""
    a, b = made(tmp_path), made(tmp_path)
    assert said(a, b) == (
        f"a  {a.name}  finished\nb  {b.name}  finished\n\nsettings: the same\n\nenvironment: the same\n\n"
        "start: the same data, initial weights, batch order\nlog: identical to epoch 3 (9 columns)\n"
    )


def test_settings_that_differ_stand_side_by_side(tmp_path):
    """With the key in front."""
    a, b = made(tmp_path), made(tmp_path, {"trainer.alpha": 0.3, "network.hidden": [12]})
    text = said(a, b).splitlines()
    assert [line.split() for line in text[3:6]] == [
        ["settings", "a", "b"],
        ["network.hidden", "[12,", "9]", "[12]"],
        ["trainer.alpha", "0.2", "0.3"],
    ]
    assert "start: the same data, batch order; other initial weights" in text
    assert data(a, b)["config"] == {"network.hidden": [[12, 9], [12]], "trainer.alpha": [0.2, 0.3]}


def test_a_section_that_one_run_alone_has_is_one_line(tmp_path):
    """The generators of dni, seen from backprop; JSON has every key."""
    a, b = made(tmp_path, {"trainer.name": "dni"}), made(tmp_path)
    sections = [line.split() for line in said(a, b).splitlines() if line.startswith("trainer.generator")]
    keys = [key for key in data(a, b)["config"] if key.startswith("trainer.generator.")]
    assert sections == [["trainer.generator.*", str(len(keys)), "keys", "-"]]
    assert ["trainer.generator.*", "-", str(len(keys)), "keys"] in [line.split() for line in said(b, a).splitlines()]


def test_the_first_epoch_and_column_that_differ_are_named(tmp_path):
    """With both values, every digit."""
    a, b = made(tmp_path), made(tmp_path)
    replaced(b / "metrics.csv", "\n2,8,", "\n2,9,")
    assert said(a, b).splitlines()[-1] == "log: first difference in epoch 2: step is 8.0 in a, 9.0 in b"
    assert data(a, b)["log"] == {
        "columns": 9, "last_epochs": [3, 3], "parting": {"epoch": 2, "column": "step", "values": [8.0, 9.0]},
    }  # fmt: skip


def test_a_value_that_is_blank_in_one_is_called_so(tmp_path):
    """Evaluated in every epoch, and in every second."""
    a, b = made(tmp_path), made(tmp_path, {"training.evaluate_every": 2})
    assert said(a, b).splitlines()[-1].endswith(" in a, blank in b")
    assert data(a, b)["log"]["parting"]["values"][1] is None


@pytest.mark.parametrize("swap", [False, True])
def test_a_log_that_ends_before_the_other_is_called_so(tmp_path, swap):
    """Identical as far as it goes."""
    pair = made(tmp_path), made(tmp_path, {"training.epochs": 5})
    last = said(*(pair[::-1] if swap else pair)).splitlines()[-1]
    ends, other = ("b", "a") if swap else ("a", "b")
    assert last == f"log: identical to epoch 3 (9 columns); {ends} ends there, {other} after epoch 5"


def test_what_differs_in_the_environment_is_named(tmp_path):
    """Versions, threads, commit, machine; not the command and the start."""
    a, b = made(tmp_path), made(tmp_path)
    rewritten(a, "run.json", git={"commit": "a" * 40, "dirty": False})
    rewritten(b, "run.json", numpy="1.0", git={"commit": "b" * 40, "dirty": False}, command=["other"], host="[red]")
    found = data(a, b)["circumstances"]
    assert list(found) == ["git.commit", "numpy", "host"]
    assert "[red]" in said(a, b)


def test_how_many_processes_shared_a_network_is_part_of_the_environment(tmp_path):
    """The numbers are the same, the seconds are not."""
    keys = {"trainer.name": "dni", "trainer.schedule": {"kind": "pipelined", "workers": 2}}
    a, b = made(tmp_path, keys), made(tmp_path, keys)
    rewritten(b, "run.json", processes=1)
    assert data(a, b)["circumstances"] == {"processes": [2, 1]}


def test_runs_that_vary_with_timing_say_why_they_part(tmp_path):
    """Both of them, or the one that does."""
    free = made(tmp_path, {"trainer.name": "dni", "trainer.schedule": "free"})
    plain = made(tmp_path, {"trainer.name": "dni"})
    assert said(free, free).endswith(
        "\ntiming: the schedule of a and b is free, so its numbers vary: no run repeats it\n"
    )
    assert "\ntiming: the schedule of b is free" in said(plain, free)
    assert data(plain, free)["varies"] == [free.name]
    assert "timing" not in said(plain, plain)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_page_fits_the_terminal(tmp_path, width):
    """Commits are cut, in their middle, where there is no room."""
    a, b = made(tmp_path), made(tmp_path, {"network.hidden": [1] * 30})
    rewritten(a, "run.json", git={"commit": "a" * 40, "dirty": False})
    rewritten(b, "run.json", git={"commit": "b" * 40, "dirty": False})
    assert max(map(len, screen("runs", "diff", a, b, width=width))) <= width


def test_runs_that_recorded_little_can_be_compared(tmp_path):
    """Neither an environment nor a log."""
    a, b = made(tmp_path), made(tmp_path)
    for name in ("run.json", "metrics.csv", "result.json"):
        (b / name).unlink()
    text = said(a, b).splitlines()
    assert text[-2:] == ["start: not known (no fingerprints were recorded)", "log: nothing to compare"]


def test_damage_is_said_on_stderr(tmp_path):
    """What is whole is compared."""
    a, b = made(tmp_path), made(tmp_path)
    (b / "run.json").write_text("")
    replaced(b / "metrics.csv", "\n3,", "\n3;")
    answer = typed("runs", "diff", a, b)
    assert answer.code == 0
    assert answer.err.splitlines() == [
        f"{b}/run.json: is damaged and was ignored",
        f"{b}/metrics.csv:4: is damaged; only the 2 rows before it were used",
    ]
    assert answer.out.endswith("log: identical to epoch 2 (9 columns); b ends there, a after epoch 3\n")


def test_names_are_shown_as_they_are(tmp_path):
    """Brackets and spaces."""
    a, b = called(made(tmp_path), "[red]a b"), made(tmp_path)
    assert said("[red]a b", b, "--runs", tmp_path).startswith(f"a  [red]a b  finished\nb  {b.name}  finished\n")
    assert a.exists()


@pytest.mark.parametrize("words", [["nosuch", "latest"], ["latest"], ["latest", "latest", "latest"]], ids=str)
def test_what_cannot_be_meant_is_2(tmp_path, words):
    """It takes two runs, and both must be there."""
    made(tmp_path)
    answer = typed("runs", "diff", *words, "--runs", tmp_path)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


# data ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_the_same_data_elsewhere_are_no_difference(tmp_path, kind, way):
    """A run is what it was trained on, not where that lay."""
    task = FILES[kind](tmp_path / "data")
    a, b = made(tmp_path, {"task": task}), made(tmp_path, {"task": WAYS[way](task, tmp_path)})
    assert data(a, b)["config"] == {}
    assert "settings: the same" in said(a, b)


def test_other_data_under_the_same_path_are_a_difference(tmp_path):
    """They are called alike, so that their fingerprints tell them apart."""
    task = csv(tmp_path / "data")
    a = made(tmp_path, {"task": task})
    edited(task)
    b = made(tmp_path, {"task": task})
    one, other = data(a, b)["config"]["task.data"]
    assert one.startswith("mine.csv (")
    assert other.startswith("mine.csv (")
    assert one != other


def test_runs_that_do_not_say_what_they_read_differ_in_their_paths(tmp_path):
    """Nothing else is known."""
    task = csv(tmp_path / "data")
    a, b = made(tmp_path, {"task": task}), made(tmp_path, {"task": WAYS["copied"](task, tmp_path)})
    rewritten(b, "run.json", files=None)
    assert list(data(a, b)["config"]) == ["task.path"]
