"""``synthgrad config check | show | schema | list``."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import ROWS
from support.commands import ROOT, environment, metrics, numbers, ran, typed, write
from support.shipped import CLAIMS, CONFIGS, WHOLE

from synthgrad.cli.config_list import keys
from synthgrad.experiment import Config
from synthgrad.generators import GENERATOR_INPUTS, GENERATORS
from synthgrad.nn.activations import ACTIVATIONS
from synthgrad.nn.initial import INITIAL
from synthgrad.nn.losses import LOSSES
from synthgrad.nn.optimizers import OPTIMIZERS
from synthgrad.schedules.options import SCHEDULES
from synthgrad.streams import STREAMS
from synthgrad.tasks import TASKS
from synthgrad.trainers import TRAINERS

REGISTRIES = {
    "task.name": TASKS, "trainer.name": TRAINERS, "stream": STREAMS, "network.activation": ACTIVATIONS,
    "network.init.scheme": INITIAL, "trainer.loss": LOSSES, "trainer.optimizer": OPTIMIZERS,
    "trainer.generator.input": GENERATOR_INPUTS, "trainer.generator.kind": GENERATORS, "trainer.schedule": SCHEDULES,
}  # fmt: skip
EVERY = pytest.mark.parametrize("config", WHOLE, ids=lambda path: str(path.relative_to(CONFIGS)))


# check --------------------------------------------------------------------------------------------


def test_check_says_ok_for_each_good_config():
    """A line each, on stdout."""
    said = typed("config", "check", *WHOLE)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [f"{path}: ok" for path in WHOLE]


def test_check_says_all_that_is_wrong_with_all_files(tmp_path):
    """Good ones on stdout, problems on stderr, each with its place; exit code 2."""
    good, bad = write(tmp_path), write(tmp_path, "bad.yaml")
    bad.write_text(bad.read_text().replace("alpha: 0.2", "alpha: x\n  beta: 1"))
    said = typed("config", "check", tmp_path / "missing.yaml", bad, good)
    assert (said.code, said.out) == (2, f"{good}: ok\n")
    missing, *problems = said.err.splitlines()
    assert missing == f"{tmp_path}/missing.yaml: no such file"
    assert len(problems) == 2
    assert all(line.startswith(f"{bad}:") for line in problems)


def test_check_takes_settings(tmp_path):
    """The config as it would be trained is what is checked."""
    assert typed("config", "check", write(tmp_path), "-s", "trainer.name=dni").code == 0
    assert typed("config", "check", write(tmp_path), "-s", "trainer.name=dnii").code == 2


def test_check_trains_nothing(tmp_path, monkeypatch):
    """And makes no directory."""
    monkeypatch.chdir(tmp_path)
    typed("config", "check", write(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_check_takes_files_of_claims(tmp_path):
    """Their claims, their sweeps and the configs of these are checked, as they are before any run."""
    write(tmp_path)
    claims = tmp_path / "claims.yaml"
    text = "sweeps:\n- tiny.yaml -s trainer.name=dni,frozen\nclaims:\n- dni > frozen\n"
    claims.write_text(text)
    assert typed("config", "check", claims) == (0, f"{claims}: ok\n", "")
    claims.write_text(text.replace("=dni,", "=dmi,"))
    said = typed("config", "check", claims)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"{claims}:2:3: -s trainer.name=dmi: ")
    claims.write_text(text.replace("> frozen", "> frzen"))
    said = typed("config", "check", claims, tmp_path / "tiny.yaml")
    assert (said.code, said.out) == (2, f"{tmp_path}/tiny.yaml: ok\n")
    assert said.err == f"{claims}:4:3: 'dni > frzen': no group is called 'frzen' (did you mean 'frozen'?)\n"
    claims.write_text("claims:\n- dni > frozen\n")
    assert typed("config", "check", claims).code == 0


def test_every_shipped_file_of_claims_is_ok():
    """With the configs of its sweeps."""
    assert typed("config", "check", *CLAIMS) == (0, "".join(f"{path}: ok\n" for path in CLAIMS), "")


# show ---------------------------------------------------------------------------------------------


@EVERY
def test_what_show_prints_is_shown_again_as_it_is(tmp_path, config):
    """Every default is filled in, and written so that it is read as it was."""
    first = typed("config", "show", config)
    (tmp_path / "shown.yaml").write_text(first.out)
    again = typed("config", "show", tmp_path / "shown.yaml")
    assert (first.code, first.err) == (again.code, again.err) == (0, "")
    assert again.out == first.out


@pytest.mark.parametrize("row", ROWS)
def test_what_show_prints_trains_to_the_same_figures(tmp_path, row):
    """For every trainer and generator input."""
    config = write(tmp_path)
    words = [word for key, value in row.items() for word in ("-s", f"{key}={json.dumps(value)}")]
    shown = tmp_path / "shown.yaml"
    shown.write_text(typed("config", "show", config, *words).out)
    runs = [
        typed("train", path, "--runs", tmp_path / "runs", "-q", *more).run
        for path, more in [(config, words), (shown, [])]
    ]
    assert numbers(runs[0]) == numbers(runs[1])
    assert len(metrics(runs[0])) == 3


def test_show_applies_settings(tmp_path):
    """1e-2 is a number, whatever PyYAML thinks."""
    assert "\n  alpha: 0.01\n" in typed("config", "show", write(tmp_path), "-s", "trainer.alpha=1e-2").out


# schema -------------------------------------------------------------------------------------------


def test_the_shipped_schema_is_the_generated_one():
    """To the byte: ``synthgrad config schema > configs/schema.json``."""
    said = typed("config", "schema")
    assert said.out == (ROOT / "configs" / "schema.json").read_text()
    assert json.loads(said.out) == Config.model_json_schema()


# list ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", REGISTRIES)
def test_list_names_every_entry_of_every_registry(key):
    """Each with a line that says what it is."""
    lines = typed("config", "list").out.splitlines()
    for name in REGISTRIES[key]:
        place = lines.index(f"{key}: {name}")
        assert lines[place + 1].startswith("    ")
        assert lines[place + 1].strip()


def test_list_says_every_key():
    """With its default and meaning."""
    text = typed("config", "list").out
    assert [key for key in keys() if key.rpartition(".")[2] not in text] == []


def test_no_registry_is_left_out():
    """What the keys of a config choose from is what is listed here."""
    from synthgrad.cli.config_list import registries

    assert {key: list(registry) for key, (registry, _) in registries().items()} == {
        key: list(registry) for key, registry in REGISTRIES.items()
    }


@pytest.mark.parametrize("width", [60, 80, 120])
def test_list_fits_the_terminal(monkeypatch, width):
    """Meanings are wrapped, words are not broken."""
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback: shutil.os.terminal_size((width, 24)))
    assert max(map(len, typed("config", "list").out.splitlines())) <= max(width, 80)


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("dni", "trainer.name: dni"),
        ("trainer", "trainer.name: frozen"),
        ("init", "network.init.scheme: he"),
        ("adam", "trainer.optimizer: adam"),
    ],
)
def test_list_can_be_narrowed(name, heading):
    """To an entry, or to what belongs to a section."""
    text = typed("config", "list", name).out
    assert heading in text.splitlines()
    assert "task.name: binary-addition" not in text


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("trainer.freeze", ["trainer.freeze"]),
        ("freeze", ["trainer.freeze"]),
        ("task.path", ["task.path", "task.path"]),
        ("lambda", ["trainer.lambda"]),
        ("every", ["trainer.generator.every"]),
        ("trainer.generator.every", ["trainer.generator.every"]),
        ("branch.trainer.freeze", ["trainer.freeze"]),
        ("decay", ["training.decay.at", "training.decay.divide_by"]),
        ("branch", ["branch.epoch", "branch.trainer.name", "branch.training.epochs", "branch.training.evaluate_every"]),
    ],
)
def test_keys_are_found_by_their_name_or_its_end(name, rows):
    """Each once with its default and meaning, however many entries have it; of a section those below it."""
    lines = typed("config", "list", name).out.splitlines()
    assert [line.split()[0] for line in lines if line[:1].strip()] == rows
    assert all(len(line.split()) > 3 for line in lines if line[:1].strip())


def test_which_entries_have_a_key_is_said():
    """Where it is not all of them; and the default is that of each."""
    lambda_, alpha = (" ".join(typed("config", "list", name).out.split()) for name in ("lambda", "trainer.alpha"))
    assert lambda_.endswith("(trainer.name: dni)")
    assert alpha.endswith("trainer.alpha 0.0001 step size of layers and generators (trainer.name: printed-listing)")
    assert "(" not in typed("config", "list", "freeze").out


def test_a_section_shows_what_can_be_chosen_for_it():
    """By its dotted name too."""
    lines = typed("config", "list", "trainer.generator").out.splitlines()
    assert "trainer.generator.kind: learned" in lines
    assert [line.split()[:2] for line in lines if line.startswith("    every ")] == [["every", "1"]]


def test_a_near_miss_is_suggested():
    """Of an entry, a key or its end."""
    for wrong, right in (("dnni", "dni"), ("freze", "freeze"), ("task.pth", "task.path")):
        said = typed("config", "list", wrong)
        assert said.code == 2
        assert f"no key or entry is called '{wrong}' (did you mean '{right}'? " in said.err


def test_what_nothing_is_called_is_an_error():
    """That says where to find the names."""
    said = typed("config", "list", "dni", "nosuch")
    assert (said.code, said.out) == (2, "")
    assert said.err == "synthgrad config list: no key or entry is called 'nosuch' (`synthgrad config list` shows all)\n"


def test_everything_is_listed_without_docstrings():
    """``PYTHONOPTIMIZE=2`` takes them away, and with them what some entries say of themselves."""
    said = ran("config", "list", env=environment(PYTHONOPTIMIZE="2"))
    assert (said.code, said.err) == (0, "")
    assert "trainer.name: backprop\n" in said.out
