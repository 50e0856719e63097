"""``synthgrad train``: one line on stdout, one directory, and what is in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import ROWS, same_bits
from support.commands import environment, metrics, numbers, only, ran, result, typed, weights, write

from synthgrad.config import load
from synthgrad.experiment import Config, Experiment

FILES = {"config.yaml", "run.json", "metrics.csv", "result.json", "weights.npz"}
TRAINING = ["loss", "abs_error", "abs_delta", "bit_accuracy", "exact_accuracy"]
HELD_OUT = ["test_loss", "test_bit_accuracy", "test_exact_accuracy"]
MISSES = ["generator_error.1", "generator_error.2"]
DIAGNOSTICS = ["cosine.1", "cosine.2", "skill.1", "skill.2"]
DIRECTORY = r"\d{8}-\d{6}-%s-s%d-[0-9a-f]{4}"


def trained(tmp_path, *arguments):
    """Train the tiny config, quietly, and return its directory."""
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs", "-q", *arguments)
    assert said.code == 0, said.err
    return said.run


def settings(keys):
    """Keys as they are typed."""
    return [part for key, value in keys.items() for part in ("-s", f"{key}={json.dumps(value)}")]


# what it prints -----------------------------------------------------------------------------------


def test_stdout_is_one_line_the_path_of_the_run(tmp_path):
    """So that run=$(synthgrad train config.yaml -q) works."""
    said = typed("train", write(tmp_path), "--runs", tmp_path / "runs")
    assert said.out == f"{only(tmp_path / 'runs')}\n"


def test_a_quiet_run_says_nothing_on_stderr(tmp_path):
    """In a process of its own, with warnings as errors: not a byte."""
    said = ran("train", write(tmp_path), "-q", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert said.out.count("\n") == 1


def test_everything_for_eyes_goes_to_stderr(tmp_path):
    """The data, a title, the epochs, a verdict."""
    said = ran("train", write(tmp_path), cwd=tmp_path)
    data, title, *epochs, finished, _ = said.err.splitlines()
    assert data == "binary-addition: 60 examples, 4 bits, 20 examples held out"
    assert title == "backprop, seed 3, 8-12-9-4 (265 weights)"
    assert [line[:9] for line in epochs] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert finished.startswith("Finished: 3 epochs in ")


def test_runs_are_made_below_the_working_directory(tmp_path, monkeypatch):
    """Without --runs they go to runs/, and the path printed leads there."""
    monkeypatch.chdir(tmp_path)
    said = typed("train", write(tmp_path), "-q")
    assert said.run.parent == Path("runs")
    assert said.run.is_dir()


# the directory ------------------------------------------------------------------------------------


def test_a_directory_is_named_for_time_config_and_seed(tmp_path):
    """YYYYMMDD-HHMMSS-<name>-s<seed>-<4 hex>."""
    assert re.fullmatch(DIRECTORY % ("tiny", 3), trained(tmp_path).name)


def test_a_name_takes_the_place_of_the_config_s(tmp_path):
    """--name and --seed show in the directory's name."""
    assert re.fullmatch(DIRECTORY % ("first-try", 12), trained(tmp_path, "--name", "first try", "--seed", 12).name)


NAMES = [
    "two words", "a/b", "/etc/passwd", "..", "../..", "../escape", ".hidden", "it's \"quoted\"", "[red]hot[/red]",
    "$(touch x)", "-rf", "a\nb", "a\tb", "größe", "加法", "加" * 200, "x" * 5000, "🙂", "e\u0301", "", " ", "con:*?<>|",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_any_name_stays_within_the_runs_directory(tmp_path, name):
    """Whatever a name is made of, it makes one directory, there, of one line, and no other file."""
    run = trained(tmp_path, f"--name={name}")
    assert only(tmp_path / "runs") == run
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.yaml", "runs"}
    assert re.fullmatch(DIRECTORY % (r"[\w.+=-]+", 3), run.name)
    assert {path.name for path in run.iterdir()} == FILES


def test_a_name_is_kept_as_far_as_file_systems_allow(tmp_path):
    """Letters of any script, digits and + = . - stay."""
    assert "größe-加法-alpha=1e-3" in trained(tmp_path, "--name", "größe 加法 alpha=1e-3").name


def test_a_name_with_markup_is_shown_as_text(tmp_path):
    """[red] is a name, not a colour: the path printed is that of the directory, to the byte."""
    runs = tmp_path / "[red]runs[/]"
    said = ran("train", write(tmp_path), "--runs", runs, "--name", "[bold]x", cwd=tmp_path)
    assert said.out == f"{only(runs)}\n"


def test_a_path_that_is_no_text_is_printed_as_its_bytes(tmp_path):
    """A directory whose name is not UTF-8 can be used by a script all the same."""
    runs = tmp_path / "r\udcffuns"
    strict = environment(PYTHONIOENCODING="utf-8:strict")  # as in any locale but C
    said = ran("train", write(tmp_path), "--runs", runs, "-q", text=False, env=strict)
    assert (said.code, said.err) == (0, b"")
    assert b"/r\xffuns/" in said.out


# files --------------------------------------------------------------------------------------------


def test_a_run_has_five_files(tmp_path):
    """And no leftovers of their making."""
    assert {path.name for path in trained(tmp_path).iterdir()} == FILES


@pytest.mark.parametrize("keys", ROWS)
def test_the_config_of_a_run_repeats_it_bit_for_bit(tmp_path, keys):
    """Every figure of every epoch, and every weight."""
    first = trained(tmp_path, *settings(keys), "-s", "training.shuffle=true")
    again = typed("train", first / "config.yaml", "--runs", tmp_path / "runs", "-q").run
    assert numbers(again) == numbers(first)
    assert same_bits(weights(again), weights(first))
    assert (again / "config.yaml").read_text() == (first / "config.yaml").read_text()


def test_the_config_of_a_run_leaves_nothing_to_defaults(tmp_path):
    """What a later version thinks a default is cannot change it."""
    run = trained(tmp_path)
    assert (run / "config.yaml").read_text() == typed("config", "show", run / "config.yaml").out
    assert "divide_by: 10.0" in (run / "config.yaml").read_text()


def test_seed_is_a_setting(tmp_path):
    """--seed N is -s seed=N."""
    a, b = trained(tmp_path, "--seed", 8), trained(tmp_path, "-s", "seed=8")
    assert numbers(a) == numbers(b) != numbers(trained(tmp_path))
    assert (a / "config.yaml").read_text() == (b / "config.yaml").read_text()


def test_run_json_says_what_a_run_was_made_with(tmp_path):
    """Versions, machine, process, start, command, config, fingerprints of data, weights and order, stable steps."""
    config = write(tmp_path)
    said = typed("train", config, "--runs", tmp_path / "runs", "-q", "-s", "trainer.alpha=1e-2")
    about = json.loads((said.run / "run.json").read_text())
    assert about.keys() == {
        "schema", "synthgrad", "python", "numpy", "blas", "threads", "git", "host", "pid",
        "pid_started", "pid_namespace", "system", "started", "command", "config",
        "hashes", "files", "data", "stability", "processes", "varies",
    }  # fmt: skip
    assert about["numpy"] == np.__version__
    assert about["command"][:3] == ["synthgrad", "train", str(config)]
    assert about["command"][-1] == "trainer.alpha=1e-2"
    assert about["hashes"].keys() == {"data", "weights", "order"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", about["started"])


@pytest.mark.parametrize(
    ("trainer", "more"),
    [("backprop", []), ("frozen", []), ("dni", [*MISSES, *DIAGNOSTICS]), ("dni -s diagnostics=off", MISSES)],
)
def test_the_columns_stand_in_the_contract_s_order(tmp_path, trainer, more):
    """Counters, training, held-out, then the generators: what they missed, and what they are worth."""
    run = trained(tmp_path, "-s", *f"trainer.name={trainer}".split())
    assert list(metrics(run)[0]) == ["epoch", "step", "seconds", *TRAINING, *HELD_OUT, *more]


def test_a_row_an_epoch_counted_from_one(tmp_path):
    """Four steps an epoch, and a clock that never runs back."""
    rows = metrics(trained(tmp_path))
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "4"), ("2", "8"), ("3", "12")]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_held_out_cells_are_blank_between_evaluations(tmp_path):
    """Every third epoch is evaluated, and the last; the generators too."""
    keys = {"trainer.name": "dni", "training.epochs": 7, "training.evaluate_every": 3}
    rows = metrics(trained(tmp_path, *settings(keys)))
    for name in [*HELD_OUT, *DIAGNOSTICS]:
        assert [bool(row[name]) for row in rows] == [False, False, True, False, False, True, True]
    assert all(row[name] for row in rows for name in [*TRAINING, *MISSES])


def test_a_cosine_that_is_none_is_a_blank_cell(tmp_path):
    """Generators that stay at zero have no direction, and are as good as no step."""
    rows = metrics(trained(tmp_path, "-s", "trainer.name=dni", "-s", "trainer.generator.alpha=0"))
    assert {row[name] for row in rows for name in DIAGNOSTICS[:2]} == {""}
    assert {row[name] for row in rows for name in DIAGNOSTICS[2:]} == {"0.0"}


def test_without_held_out_examples_their_cells_stay_blank(tmp_path):
    """The columns are there all the same."""
    rows = metrics(trained(tmp_path, "-s", "task.test_examples=0"))
    assert {row[name] for row in rows for name in HELD_OUT} == {""}


def test_the_result_of_a_finished_run(tmp_path):
    """Its last figures are those of the last row, to the last digit."""
    run = trained(tmp_path)
    came, row = result(run), metrics(run)[-1]
    assert came.keys() == {
        "outcome", "epoch", "step", "seconds", "steps_per_second", "last", "best", "ended",
    }  # fmt: skip
    assert (came["outcome"], came["epoch"], came["step"]) == ("finished", 3, 12)
    assert came["last"] == {name: float(row[name]) for name in [*TRAINING, *HELD_OUT]}
    assert came["steps_per_second"] == pytest.approx(12 / came["seconds"])
    assert came["seconds"] == pytest.approx(float(row["seconds"]), abs=1e-6)


def test_the_best_figures_are_the_extremes_of_their_columns(tmp_path):
    """The largest accuracy, the smallest of everything else, each with its first epoch."""
    run = trained(tmp_path, "-s", "training.epochs=30", "-s", "training.evaluate_every=4")
    rows = metrics(run)
    for name, best in result(run)["best"].items():
        column = {int(row["epoch"]): float(row[name]) for row in rows if row[name]}
        value = max(column.values()) if name.endswith("accuracy") else min(column.values())
        assert best == {"value": value, "epoch": next(epoch for epoch, x in column.items() if x == value)}, name


SHAPES = {
    "backprop": {"layer.1.W": (8, 12), "layer.1.b": (1, 12), "layer.2.W": (12, 9), "layer.2.b": (1, 9),
                 "layer.3.W": (9, 4), "layer.3.b": (1, 4)},
    "dni": {"generator.1.1.W": (16, 12), "generator.1.1.b": (1, 12), "generator.2.1.W": (13, 9),
            "generator.2.1.b": (1, 9)},
}  # fmt: skip
SHAPES["dni"] |= SHAPES["backprop"]


@pytest.mark.parametrize("trainer", SHAPES)
def test_weights_are_named_and_shaped_as_in_the_network(tmp_path, trainer):
    """Layers and generators counted from 1, W (n_in, n_out); no pickles."""
    arrays = weights(trained(tmp_path, "-s", f"trainer.name={trainer}"))
    assert {name: array.shape for name, array in arrays.items()} == SHAPES[trainer]
    assert {array.dtype for array in arrays.values()} == {np.dtype("float64")}


def test_weights_keep_their_precision(tmp_path):
    """A float32 network has float32 weights."""
    arrays = weights(trained(tmp_path, "-s", "network.dtype=float32"))
    assert {array.dtype for array in arrays.values()} == {np.dtype("float32")}


def test_the_weights_are_those_that_were_evaluated_last(tmp_path):
    """A forward pass in plain NumPy through weights.npz gives the last held-out figures."""
    run = trained(tmp_path)
    task = Experiment([load(run / "config.yaml", Config)]).task
    arrays, h = weights(run), task.test.x
    for i in (1, 2, 3):
        h = 1 / (1 + np.exp(-(h @ arrays[f"layer.{i}.W"] + arrays[f"layer.{i}.b"])))
    last = result(run)["last"]
    assert np.mean((h > 0.5) == (task.test.y > 0.5)) == pytest.approx(last["test_bit_accuracy"], abs=1e-12)
    assert np.sum((h - task.test.y) ** 2) / 2 / len(h) == pytest.approx(last["test_loss"], rel=1e-12)
