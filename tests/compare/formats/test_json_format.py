"""A report as JSON: everything, to the last bit, as its schema says."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, group, reported, run

from synthgrad.compare.formats import as_json, schema

ODD = 0.1 + 0.2
VALIDATOR = jsonschema.Draft202012Validator(schema())


def many(runs: Path) -> None:
    """Three methods, seven seeds, one that diverged, layers."""
    group(runs, BACKPROP, [ODD + i / 100 for i in range(7)])
    group(runs, FROZEN, [0.1 + i / 100 for i in range(7)])
    for seed in range(6):
        run(runs, BOTH, seed, {BITS: ODD, "cosine.1": 1 / 3, "skill.1": -2 / 3, "loss": 1 / 7})
    run(runs, BOTH, 6, outcome="diverged")


def swept(runs: Path) -> None:
    """Two step sizes and two batch sizes."""
    for alpha in (0.1, 0.2):
        for size in (5, 10):
            for keys in (BACKPROP, FROZEN):
                group(runs, {**keys, "trainer.alpha": alpha, "training.batch_size": size}, [ODD, 0.25])


def tabled(runs: Path) -> None:
    """Two tasks, in one of which nothing finished."""
    group(runs, {**BACKPROP, "task.bits": 5}, [0.5])
    group(runs, BACKPROP, [None, None])


MADE = {"many": (many, {}), "best": (many, {"at": "best"}), "curves": (many, {"curves": True}), "sweep": (swept, {}),
        "claims": (many, {"claims": ("dni > frozen", "backprop ~ 0.3")}), "others": (many, {"metrics": (BITS, "loss")}),
        "tables": (tabled, {}), "target": (many, {"target": 0.3, "control": False})}  # fmt: skip


@pytest.fixture(params=MADE)
def text(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The JSON of one of these reports."""
    make, question = MADE[request.param]
    make(tmp_path)
    return as_json(reported(tmp_path, **question))


FREE = ("config", "keys_that_differ", "setting", "task", "network", "environment", "marginals", "bounds", "means")
"""Fields that hold any names and values."""
NAMED = ("family", "others", "curves")
"""Fields that hold things of a kind by their names."""


def objects(data: Any, named: bool = False) -> Iterator[dict[str, Any]]:
    """Every object in it that has fields."""
    if isinstance(data, dict):
        if not named:
            yield data
        for key, value in data.items():
            if named or key not in FREE:
                yield from objects(value, not named and key in NAMED)
    elif isinstance(data, list):
        for each in data:
            yield from objects(each)


def test_a_report_is_as_its_schema_says(text: str) -> None:
    """Of methods, of a sweep, of claims, of runs that came to nothing."""
    VALIDATOR.validate(json.loads(text))


def test_the_schema_is_one() -> None:
    """By its own rules; and it names itself in every report."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_knows_every_field(tmp_path: Path) -> None:
    """One more, or one less, anywhere, is an error."""
    swept(tmp_path)
    run(tmp_path, BOTH, 0, {BITS: 0.5, "cosine.1": 0.5, "loss": 1.0})
    data = json.loads(as_json(reported(tmp_path, metrics=(BITS, "loss"), claims=("dni > 0.1",))))
    kinds = {tuple(each): at for at, each in enumerate(objects(data))}
    assert len(kinds) == 12, (
        "report, table, missing, sweep, tuned, cell, group, layer, estimate, curve, difference, answer"
    )
    for at in kinds.values():
        more, less = copy.deepcopy(data), copy.deepcopy(data)
        list(objects(more))[at]["one_more"] = None
        field, _ = list(objects(less))[at].popitem()
        assert not VALIDATOR.is_valid(more)
        assert not VALIDATOR.is_valid(less), field


def test_numbers_are_whole_to_the_last_bit(tmp_path: Path) -> None:
    """Read back, the report is equal to what was written."""
    many(tmp_path)
    report = reported(tmp_path, curves=True)
    data = json.loads(as_json(report))
    assert data == json.loads(json.dumps(dataclasses.asdict(report)))
    assert data["groups"][0]["values"][0].hex() == ODD.hex()
    assert repr(ODD) in as_json(report)


def test_nothing_in_it_is_no_number(tmp_path: Path) -> None:
    """Figures that are not finite are null, wherever they come from; no sum of huge ones overflows."""
    for seed, value in enumerate((float("nan"), float("inf"), -float("inf"), 1e308)):
        run(tmp_path, BACKPROP, seed, {BITS: value, "loss": value})
    run(tmp_path, BACKPROP, 4, {BITS: 0.5, "loss": 1e308})
    text = as_json(reported(tmp_path, metrics=(BITS, "loss"), curves=True))
    assert not any(word in text for word in ("NaN", "Infinity"))
    assert json.loads(text)["groups"][0]["values"] == [None, None, None, 1e308, 0.5]


def test_names_are_as_they_are(tmp_path: Path) -> None:
    """Letters of any script, and bytes that are no text as escapes, so that it is JSON all the same."""
    runs = Path(os.fsdecode(bytes(tmp_path) + "/日本".encode() + b"\xff"))
    run(runs, BACKPROP, 0)
    text = as_json(reported(runs))
    assert "日本" in text
    assert json.loads(text.encode())["groups"][0]["runs"][0].startswith(str(runs))


def test_the_values_of_every_seed_are_inside(tmp_path: Path) -> None:
    """Nobody needs to read the runs again."""
    many(tmp_path)
    data = json.loads(as_json(reported(tmp_path)))
    for each in data["groups"]:
        assert len(each["values"]) == len(each["seeds"]) == len(each["runs"]) == len(each["outcomes"])
    for each in data["differences"]:
        assert len(each["values"]) == len(each["seeds"]) == each["n"]
