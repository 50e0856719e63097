"""The JSON Schema serves editors: it describes every key, allows what is right, marks what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from support.random_configs import trees
from support.shipped import CONFIGS, SHIPPED

from synthgrad.config import check
from synthgrad.experiment import Config
from synthgrad.tasks import TASKS
from synthgrad.trainers import TRAINERS

SCHEMA = Config.model_json_schema()
VALID = Draft202012Validator(SCHEMA)
ROOT = Path(__file__).parents[2]
CONTRACT = """
seed: 1
task:
  name: binary-addition        # the tutorial's data; more tasks by name
  bits: 12                     # width of the sum; operands have bits - 1 random bits
  train_examples: 1000
  test_examples: 1000          # held out: no pair in common with the training set where bits allow it
network:
  hidden: [128, 64]            # layer dims between input and output; any depth, [] included
  activation: sigmoid          # sigmoid | tanh | relu | identity (hidden layers)
  bias: true
  init: {scheme: normal, scale: 0.2, shift: -0.1}    # the tutorial's; also: glorot, he
  dtype: float64               # float64 | float32
trainer:
  name: dni                    # backprop | frozen | dni | printed-listing | more by name
  alpha: 0.1                   # step size of the layers
  loss: squared-error          # squared-error | cross-entropy (on sigmoid outputs)
  optimizer: sgd               # sgd | momentum | adam
  generator:                   # dni only
    input: both                # layer-output | label | both | a list out of [layer-output, label, input]
    hidden: []                 # widths of the generator's hidden layers; [] is linear
    alpha: 0.01                # step size of the generators
    optimizer: sgd
training:
  epochs: 1000
  batch_size: 10
  shuffle: false
  evaluate_every: 1            # epochs between held-out evaluations
"""


SECTIONS: dict[str, dict[str, Any]] = {"Config": SCHEMA, **SCHEMA["$defs"]}


def test_the_contract_s_example_is_a_config_of_defaults() -> None:
    """It loads as it stands, and says what is the default anyway."""
    assert check(CONTRACT, Config) == check("task: {name: binary-addition}\ntrainer: {name: dni}", Config)
    assert VALID.is_valid(yaml.safe_load(CONTRACT))


def test_the_schema_is_a_schema() -> None:
    """Draft 2020-12, the one that pydantic writes."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_in_the_repository_is_the_current_one() -> None:
    """configs/schema.json, which editors read, is what the command prints."""
    shipped = json.loads((ROOT / "configs" / "schema.json").read_text())
    assert shipped == SCHEMA, "out of date: run `synthgrad config schema > configs/schema.json`"


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_every_key_is_described_and_no_other_is_allowed(section: dict[str, Any]) -> None:
    """Hovering a key explains it; a misspelt one is underlined."""
    assert section["additionalProperties"] is False
    assert [key for key, value in section["properties"].items() if not value.get("description")] == []


@pytest.mark.parametrize(("key", "registry"), [("task", TASKS), ("trainer", TRAINERS)])
def test_the_names_of_a_registry_are_an_enumeration(key: str, registry: dict[str, Any]) -> None:
    """Editors complete the names, and say what each means."""
    name = SCHEMA["properties"][key]["properties"]["name"]
    assert name["enum"] == list(registry)
    assert all(f"{entry}: " in name["description"] for entry in registry)


@pytest.mark.parametrize("path", SHIPPED, ids=[str(path.relative_to(CONFIGS)) for path in SHIPPED])
def test_a_shipped_config_is_valid(path: Path) -> None:
    """YAML 1.2 readers, which editors are, take 1e-3 for a number."""
    text = re.sub(r"\b(\d+)(e-?\d+)\b", r"\1.0\2", path.read_text()).replace("e3", "e+3")
    assert [error.message for error in VALID.iter_errors(yaml.safe_load(text))] == []


@settings(max_examples=60)
@given(trees())
def test_every_config_is_valid(tree: dict[str, Any]) -> None:
    """Random configs, with shorthands, aliases, lists and left-out names."""
    assert [error.message for error in VALID.iter_errors(tree)] == []


def _with(**sections: Any) -> dict[str, Any]:
    return {"task": {"name": "binary-addition"}, "trainer": {"name": "dni"}, **sections}


@pytest.mark.parametrize(
    "tree",
    [
        _with(trainer={"name": "backprop", "optimizer": "adam"}),
        _with(trainer={"name": "backprop", "optimizer": {"name": "adam", "beta1": 0.5}}),
        _with(trainer={"name": "dni", "generator": {"input": "both"}}),
        _with(trainer={"name": "dni", "generator": {"input": ["label", "input"]}}),
        _with(trainer={"name": "dni", "lambda": 0.5, "generator": {"target": True}}),
        _with(trainer={"name": "dni", "generator": {"kind": "oracle"}}),
        _with(network={"init": {"scale": 3}}),
        _with(network={"init": {"scheme": "he", "gain": 2}}),
        _with(network={"hidden": []}),
        _with(training={"shuffle": "on"}),
        _with(task={"name": "table", "path": "a.csv", "target": 2019, "columns": "b"}),
        _with(task={"name": "digits", "test_examples": None}),
    ],
    ids=str,
)
def test_a_short_form_is_valid(tree: dict[str, Any]) -> None:
    """What the loader takes, editors do not underline."""
    assert VALID.is_valid(tree)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"task": {"name": "binary-addition"}},
        _with(seeed=1),
        _with(seed="x"),
        _with(seed=-1),
        _with(trainer="dni"),
        _with(trainer={}),
        _with(trainer={"name": "backprob"}),
        _with(trainer={"name": "frozen", "generator": {}}),
        _with(trainer={"name": "dni", "alpha": "1e-2"}),
        _with(trainer={"name": "dni", "alpha": -1}),
        _with(trainer={"name": "dni", "optimizer": "adm"}),
        _with(trainer={"name": "dni", "optimizer": {"name": "sgd", "beta1": 0.5}}),
        _with(trainer={"name": "dni", "optimizer": {"beta1": 0.5}}),
        _with(trainer={"name": "dni", "lambda": 2}),
        _with(trainer={"name": "dni", "generator": {"target": False}}),
        _with(trainer={"name": "dni", "generator": {"kind": "oracle", "input": "both"}}),
        _with(trainer={"name": "dni", "generator": {"input": "lable"}}),
        _with(trainer={"name": "dni", "generator": {"input": []}}),
        _with(trainer={"name": "dni", "generator": {"input": ["label", "label"]}}),
        _with(network={"hidden": 64}),
        _with(network={"hidden": [0]}),
        _with(network={"activation": "rellu"}),
        _with(network={"init": {"gain": 2}}),
        _with(network={"init": {"scheme": "he", "scale": 2}}),
        _with(training={"shuffle": "maybe"}),
        _with(training={"decay": {"at": [2]}}),
        _with(task={"name": "binary-addition", "bits": 64}),
        _with(task={"name": "idx"}),
        _with(task={"name": "table", "path": "a.csv"}),
    ],
    ids=str,
)
def test_a_mistake_is_not_valid(tree: dict[str, Any]) -> None:
    """What the loader refuses, editors underline."""
    assert not VALID.is_valid(tree)
