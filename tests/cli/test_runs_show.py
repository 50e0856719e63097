"""``synthgrad runs show``: a page about one run."""

from __future__ import annotations

import json

import pytest
from support.commands import typed
from support.shown import screen
from support.trained_runs import DIVERGING, called, killed, made, replaced, rewritten

from synthgrad.compare.sparkline import BLOCKS

DNI = {"trainer.name": "dni", "trainer.optimizer": "adam", "training.epochs": 20, "training.evaluate_every": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A dni run of twenty epochs."""
    return made(tmp_path_factory.mktemp("runs"), DNI)


def page(run, *words):
    """The page, as text."""
    said = typed("runs", "show", run, *words)
    assert (said.code, said.err) == (0, "")
    return said.out


def block(run, title):
    """The lines of one block of the page."""
    blocks = {lines[0]: lines[1:] for lines in (part.splitlines() for part in page(run).split("\n\n"))}
    return blocks[title]


def described(run):
    """The page, as JSON."""
    return json.loads(page(run, "--format", "json"), parse_constant=pytest.fail)


def test_a_page_begins_with_what_happened(run):
    """Name, outcome, epochs, when, how long, who."""
    name, happened, who = page(run).splitlines()[:3]
    assert name == run.name
    assert happened.startswith("finished, 20 of 20 epochs, started 20")
    assert happened.endswith(" steps a second)")
    assert who == "dni both on binary-addition, seed 3"


def test_settings_are_those_that_are_not_at_their_defaults(run):
    """With the defaults beside them; a choice that is not the default, but not what it brings along."""
    lines = block(run, "settings")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines}
    assert rows["task.bits"] == "4 12"
    assert rows["network.hidden"] == "[12, 9] [128, 64]"
    assert rows["network.init.scheme"] == "glorot normal"
    assert rows["trainer.optimizer.name"] == "adam sgd"
    assert not {"seed", "trainer.name", "network.bias", "trainer.optimizer.beta1", "training.batch_size"} & set(rows)


def test_curves_have_their_ends_and_their_best(run):
    """Of the loss and of what was held out."""
    header, *lines = block(run, "curves")
    assert header.split() == ["metric", "first", "last", "best", "in", "epoch"]
    assert [line.split()[0] for line in lines] == ["loss", "test_loss", "test_bit_accuracy", "test_exact_accuracy"]
    figures = described(run)["figures"]["test_bit_accuracy"]
    ends = [f"{figures[end]:.4f}" for end in ("first", "last", "best")]
    assert lines[2].split()[2:] == [*ends, str(figures["best_epoch"])]
    assert all(set(line.split()[1]) <= set(BLOCKS) for line in lines[:1])


def test_layers_have_their_last_values(run):
    """Error, cosine and skill, blank epochs left out, and the step size that a generator does not bear."""
    header, *lines = block(run, "layers")
    assert header.split() == ["layer", "error", "cosine", "skill", "stable", "below"]
    assert [line.split()[0] for line in lines] == ["1", "2"]
    layers = described(run)["layers"]
    assert layers["1"].keys() == {"generator_error", "cosine", "skill"}
    assert lines[0].split()[2] == f"{layers['1']['cosine']:.3f}"
    assert lines[0].split()[4] == f"{described(run)['about']['stability']['1']:.3g}"


def test_the_environment_is_that_of_the_run(run):
    """Command, commit, versions, BLAS and its threads, machine."""
    about = json.loads((run / "run.json").read_text())
    text = "\n".join(block(run, "made with"))
    for part in ("synthgrad train tiny.yaml", f"numpy {about['numpy']}", about["blas"], about["host"], about["system"]):
        assert part in text
    assert described(run)["about"]["hashes"] == about["hashes"]


@pytest.mark.few(2)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_page_fits_the_terminal(run, width):
    """Long words such as a commit stay whole."""
    text = screen("runs", "show", run, width=width)
    assert max(len(line) for line in text if len(line.split()) > 2) <= width
    assert len([line for line in text if set(line) & set(BLOCKS)]) == 4


def test_a_page_in_a_pipe_is_plain(run):
    """A hundred columns, no colour."""
    text = page(run)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_json_is_everything(run):
    """Config and environment, figures of every column, what differs from the defaults."""
    said = described(run)
    assert said["config"]["trainer.optimizer.beta1"] == 0.9
    assert said["changed"]["task.bits"] == {"value": 4, "default": 12}
    assert {"loss", "abs_error", "bit_accuracy", "test_loss"} <= said["figures"].keys()
    assert (said["name"], said["outcome"], said["damage"]) == (run.name, "finished", [])


def test_where_a_run_diverged_is_said(tmp_path):
    """In a sentence; there may be no curves."""
    text = page(made(tmp_path, DIVERGING))
    assert "Diverged in epoch 1, step 2: the activations of layer 2 stopped being finite.\n" in text
    assert "curves" not in text


def test_why_a_run_failed_is_said(tmp_path):
    """As the error said it."""
    path = made(tmp_path)
    rewritten(path, "result.json", outcome="failed", error="disk/metrics.csv: no space left on [device]")
    assert "Failed: disk/metrics.csv: no space left on [device]\n" in page(path)


def test_a_killed_run_is_shown_as_far_as_it_came(tmp_path):
    """Its curves are those of its log."""
    text = page(killed(tmp_path, {"training.epochs": 9}, stop=2))
    assert "unfinished, 2 of 9 epochs, started" in text
    assert "It has no result: it is still running, or it was killed.\n" in text
    assert "test_loss" in text


def test_without_held_out_examples_training_is_shown(tmp_path):
    """Its scores have curves instead."""
    lines = block(made(tmp_path, {"task.test_examples": 0}), "curves")
    assert [line.split()[0] for line in lines[1:]] == ["loss", "bit_accuracy", "exact_accuracy"]


@pytest.mark.parametrize("name", ["result.json", "run.json", "metrics.csv"])
@pytest.mark.parametrize("content", [None, "", "garbage\n\x00\n"], ids=repr)
def test_damage_is_named_and_the_rest_is_shown(tmp_path, name, content):
    """Missing, empty or garbage."""
    path = made(tmp_path)
    (path / name).unlink()
    if content is not None:
        (path / name).write_text(content)
    text = page(path)
    damaged = content is not None and (name, content) != ("metrics.csv", "")  # an empty log is one that never began
    assert "backprop on binary-addition, seed 3" in text
    assert (str(path / name) in text.replace("\n  ", "")) == damaged


def test_damage_in_the_midst_of_a_log_is_named(tmp_path):
    """With the line."""
    path = made(tmp_path)
    replaced(path / "metrics.csv", "\n3,", "\n3;")
    assert described(path)["damage"] == [f"{path}/metrics.csv:4: is damaged; only the 2 rows before it were used"]


def test_keys_of_another_version_are_shown(tmp_path):
    """Without a default, as this version knows none."""
    path = made(tmp_path)
    with (path / "config.yaml").open("a") as file:
        file.write("later: {knob: 7}\n")
    assert any(
        line.split() == ["later.knob", "7", "unknown", "to", "this", "version"] for line in block(path, "settings")
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("name: backprop", "name: magic"), ("name: binary-addition", "name: 3"), ("scheme: glorot", "scheme: new")],
)
def test_choices_of_another_version_are_shown_whole(tmp_path, old, new):
    """Nothing is known of their defaults."""
    path = made(tmp_path)
    replaced(path / "config.yaml", old, new)
    lines = block(path, "settings")
    assert lines[0] == "  (of another version: all of them)"
    assert len(lines) > 20
    assert described(path)["changed"] is None


def test_a_config_that_lacks_keys_is_shown(tmp_path):
    """One of an older version, or not much of one."""
    path = made(tmp_path)
    (path / "config.yaml").write_text("seed: 4\ntraining: {epochs: 3}\n")
    assert "\nunknown on unknown, seed 4\n" in page(path)


def test_values_that_json_does_not_know_are_text(tmp_path):
    """A date, an infinity."""
    path = made(tmp_path)
    with (path / "config.yaml").open("a") as file:
        file.write("later: {day: 2026-11-24, most: .inf}\n")
    config = described(path)["config"]
    assert (config["later.day"], config["later.most"]) == ("2026-11-24", "inf")
    assert "later.day" in page(path)


def test_names_and_commands_are_shown_as_they_are(tmp_path):
    """Brackets are no markup, words with spaces are quoted as a shell wants them."""
    path = called(made(tmp_path), "[red]hot[bold]")
    rewritten(path, "run.json", command=["synthgrad", "train", "my [bold]config.yaml", "-q"])
    text = page(path)
    assert text.startswith("[red]hot[bold]\n")
    assert "synthgrad train 'my [bold]config.yaml' -q\n" in text


@pytest.mark.parametrize(
    "odd", [{"command": "x"}, {"git": 3}, {"threads": [1]}, {"blas": None, "host": None}, {"numpy": {"a": 1}}], ids=str
)
def test_an_odd_environment_does_not_matter(tmp_path, odd):
    """Something else wrote them."""
    path = made(tmp_path)
    rewritten(path, "run.json", **odd)
    assert "made with" in page(path)


def test_no_such_run_is_2(tmp_path):
    """With a hint."""
    made(tmp_path)
    said = typed("runs", "show", "nosuch", "--runs", tmp_path)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


def test_a_run_that_cannot_be_read_is_2(tmp_path):
    """The file is named."""
    path = made(tmp_path)
    (path / "config.yaml").write_text("")
    said = typed("runs", "show", path)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"{path}/config.yaml: ")
