"""The shipped configs: the names that scripts and texts rely on, what editors need, and that each trains."""

from __future__ import annotations

import json
import math
import re

import pytest
import yaml
from conftest import finish
from jsonschema import Draft202012Validator
from support.data_files import write_idx
from support.shipped import CLAIMS, CONFIGS, SHIPPED

from synthgrad.claims.file import read
from synthgrad.claims.report import of_files
from synthgrad.compare.statistics import seeds_needed
from synthgrad.config import load
from synthgrad.experiment import Config, Experiment

NAMES = {
    "tutorial": {
        "vanilla", "vanilla-8bit", "dni-layer-output", "dni-label", "dni-both", "frozen", "printed-listing",
    },
    "addition": {
        "backprop", "frozen", "dni-layer-output", "dni-label", "dni-both", "dni-layer-output-deep-generator",
        "backprop-12bit", "dni-both-12bit",
    },
}  # fmt: skip
EVERY = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(CONFIGS).with_suffix("")))
STATED = pytest.mark.parametrize("path", CLAIMS, ids=lambda path: str(path.parent.relative_to(CONFIGS)))
SCHEMA = Draft202012Validator(json.loads((CONFIGS / "schema.json").read_text()))
REDUCED = ("training.epochs=2", "task.train_examples=60", "task.test_examples=30", "training.batch_size=20")


def with_files(path, directory):
    """What a config needs that is about files of the user's: small ones."""
    needy = in_yaml_1_2(path.read_text())["task"]["name"] == "idx"
    return (f"task.path={write_idx(directory)}", "training.batch_size=20") if needy else ()


def in_yaml_1_2(text):
    """The tree that an editor sees, to which 1e-3 is a number."""
    return yaml.safe_load(re.sub(r"(?<![\w.])(\d+)e(-?)(\d+)\b", lambda m: f"{m[1]}.0e{m[2] or '+'}{m[3]}", text))


@pytest.mark.parametrize("directory", NAMES)
def test_every_name_that_is_relied_on_is_there(directory):
    """Under configs/tutorial and configs/addition."""
    assert NAMES[directory] <= {path.stem for path in (CONFIGS / directory).glob("*.yaml")}


@EVERY
def test_a_config_tells_editors_of_its_schema(path):
    """The first line is a modeline that leads to the shipped schema."""
    modeline = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text().splitlines()[0])
    assert modeline
    assert (path.parent / modeline[1]).resolve() == CONFIGS / "schema.json"


@EVERY
def test_a_config_opens_with_what_it_is_for(path):
    """A comment of at least a sentence, before the first key."""
    comment = re.match(r"((?:# .*\n)+)\w", path.read_text().split("\n", 1)[1])
    assert comment
    assert len(comment[1]) > 60
    assert comment[1].rstrip().endswith(".")


@EVERY
def test_a_config_is_valid_for_the_shipped_schema(path):
    """An editor underlines nothing."""
    assert [error.message for error in SCHEMA.iter_errors(in_yaml_1_2(path.read_text()))] == []


@EVERY
def test_a_config_is_as_other_yaml_readers_see_it(path, tmp_path):
    """Read by YAML 1.2's rules it has the values that are trained with."""

    def agree(tree, options):
        for name, value in tree.items():
            meant = getattr(options, name)
            if isinstance(value, dict):
                agree(value, meant)
            elif isinstance(value, str):
                assert value in (meant, getattr(meant, "name", None)) or isinstance(meant, tuple)
            else:
                assert list(meant) == value if isinstance(value, list) else meant == value

    tree, files = in_yaml_1_2(path.read_text()), with_files(path, tmp_path)
    if files:
        del tree["task"]["path"], tree["training"]["batch_size"]
    agree(tree, load(path, Config, files))


@EVERY
def test_a_config_trains(path, tmp_path):
    """Two epochs on fewer examples, to finite figures."""
    epochs = finish(Experiment([load(path, Config, (*with_files(path, tmp_path), *REDUCED))]))
    assert [record.epoch for record in epochs] == [1, 2]
    assert all(math.isfinite(value) for record in epochs for value in record.metrics.values())


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.parent.name in NAMES], ids=lambda path: path.stem)
def test_a_config_loads_at_its_full_size(path):
    """Its held-out examples are many enough to tell learning from chance."""
    assert load(path, Config).task.test_examples >= 1000


DNI = ["dni-label", "dni-both", "dni-layer-output"]


@pytest.mark.parametrize(
    ("directory", "names"), [("tutorial", ["frozen", *DNI]), ("addition", ["frozen", "backprop", *DNI])]
)
def test_what_is_compared_shares_its_data_and_initial_weights(directory, names):
    """Synthetic gradients, their control and backpropagation begin from the same numbers."""
    first, *others = [Experiment([load(CONFIGS / directory / f"{name}.yaml", Config)]).hashes() for name in names]
    assert all(other == first for other in others)


# claims -------------------------------------------------------------------------------------------


@STATED
def test_claims_open_with_a_question_and_the_answer_that_is_expected(path):
    """And with the command that answers them, and how long that takes."""
    comment = re.match(r"(?:#.*\n)+", path.read_text())
    assert comment
    words = " ".join(comment[0].replace("#", " ").split())
    assert "?" in words.partition("Expected: ")[0]
    assert re.search(r"Expected: \w.*Duration: \w.*\.$", words)
    assert f"synthgrad compare --claims configs/{path.relative_to(CONFIGS)}" in words


@pytest.mark.few(3)
@STATED
def test_claims_are_about_groups_of_their_own_sweeps(path, tmp_path):
    """Every line and every name is understood before there are runs; then all are missing, and nothing is decided."""
    report, _ = of_files([path], [], tmp_path, ["synthgrad"])
    assert {(answer.answer, answer.why) for answer in report.claims} == {("undecided", "no runs yet")}
    assert report.missing


@STATED
def test_claims_can_be_decided_by_the_seeds_that_they_ask_for(path, tmp_path):
    """They ask for some, and Holm's correction leaves a chance to every one that has a direction."""
    report, _ = of_files([path], [], tmp_path, ["synthgrad"])
    family = max(answer.family for answer in report.claims)
    assert min(claim.seeds or 0 for claim in read(path).claims) >= seeds_needed(family)
