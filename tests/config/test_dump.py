"""What is written reads back as the same config, here and in other YAML readers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.config_messages import BASE, made
from support.random_configs import trees
from support.shipped import CONFIGS, WHOLE

from synthgrad.config import check, dump, load
from synthgrad.experiment import Config


@pytest.mark.full
@settings(max_examples=150)
@given(trees())
def test_a_config_written_out_reads_back_as_the_same_config(tree: dict[str, Any]) -> None:
    """Every key, every choice, floats to the last bit."""
    config = check(dump(tree), Config)
    for mode in ("python", "json"):
        written = dump(config.model_dump(mode=mode))
        again = check(written, Config)
        assert again == config
        assert repr(again) == repr(config)  # tells 0.0 from -0.0


@settings(max_examples=50)
@given(trees())
def test_a_written_config_means_the_same_to_plain_pyyaml(tree: dict[str, Any]) -> None:
    """Nothing that is written leans on how this project reads numbers and words."""
    data = check(dump(tree), Config).model_dump(mode="json")
    assert yaml.safe_load(dump(data)) == data


@pytest.mark.parametrize("path", WHOLE, ids=[str(path.relative_to(CONFIGS)) for path in WHOLE])
def test_a_shipped_config_round_trips(path: Path) -> None:
    """So it is for the configs that come with the project."""
    config = load(path, Config)
    assert check(dump(config.model_dump(mode="json")), Config) == config


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1.0e-05"),
        (1e22, "1.0e+22"),
        (-2.5e-300, "-2.5e-300"),
        (0.1, "0.1"),
        (10.0, "10.0"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        ([64, 32], "[64, 32]"),
        ([], "[]"),
        (True, "true"),
        ("on", "'on'"),
        ("1e-2", "'1e-2'"),
        ("012", "'012'"),
        ("nan", "'nan'"),
        ("dni", "dni"),
    ],
)
def test_a_value_is_written_so_that_no_reader_mistakes_it(value: object, text: str) -> None:
    """1e-05 without a point, and words that look like numbers, are read differently by others."""
    assert dump({"a": value}) == f"a: {text}\n"
    assert yaml.safe_load(dump({"a": value}))["a"] == value


@given(st.floats(allow_nan=False))
def test_a_float_is_written_to_its_last_bit(value: float) -> None:
    """Bit-exact, whatever the exponent, for any reader."""
    assert yaml.safe_load(dump([value]))[0].hex() == value.hex()


def test_generator_inputs_are_written_the_shortest_way() -> None:
    """The alias, the bare name, or the list."""
    forms = {}
    for written in ("[label, layer-output]", "[label]", "[input, label]"):
        text = BASE.replace("backprop", f"dni, generator: {{input: {written}}}")
        forms[written] = made(text).model_dump()["trainer"]["generator"]["input"]
    assert list(forms.values()) == ["both", "label", ["label", "input"]]


def test_the_keys_stand_in_the_order_of_the_options() -> None:
    """A resolved config reads like the documentation."""
    written = yaml.safe_load(dump(made(BASE).model_dump()))
    assert list(written) == list(Config.model_fields)
