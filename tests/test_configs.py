"""The shipped configs: the names that scripts and texts rely on, what editors need, and that each trains."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
import yaml
from conftest import finish
from jsonschema import Draft202012Validator

from synthgrad.config import load
from synthgrad.experiment import Config, Experiment

CONFIGS = Path(__file__).parents[1] / "configs"
NAMES = {
    "tutorial": {
        "vanilla", "vanilla-8bit", "dni-layer-output", "dni-label", "dni-both", "frozen", "printed-listing",
    },
    "addition": {
        "backprop", "frozen", "dni-layer-output", "dni-label", "dni-both", "dni-layer-output-deep-generator",
        "backprop-12bit", "dni-both-12bit",
    },
}  # fmt: skip
SHIPPED = sorted(CONFIGS.glob("*/*.yaml"))
EVERY = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
SCHEMA = Draft202012Validator(json.loads((CONFIGS / "schema.json").read_text()))
REDUCED = ("training.epochs=2", "task.train_examples=60", "task.test_examples=30", "training.batch_size=20")


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
def test_a_config_is_as_other_yaml_readers_see_it(path):
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

    agree(in_yaml_1_2(path.read_text()), load(path, Config))


@EVERY
def test_a_config_trains(path):
    """Two epochs on fewer examples, to finite figures."""
    epochs = finish(Experiment([load(path, Config, REDUCED)]))
    assert [record.epoch for record in epochs] == [1, 2]
    assert all(math.isfinite(value) for record in epochs for value in record.figures.values())


@EVERY
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
