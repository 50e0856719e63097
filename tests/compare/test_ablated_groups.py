"""Groups that freeze hidden layers, held against the one that freezes none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BOTH, FROZEN, gathered, group, reported

from synthgrad.claims.report import build
from synthgrad.compare.page import page
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen

ENDS = [0.75 + i / 128 for i in range(7)]


def less(keys: dict[str, Any], *layers: int) -> dict[str, Any]:
    """These settings with layers frozen."""
    return {**keys, "network.hidden": [8, 8], "trainer.freeze": list(layers)}


def ablated(runs: Path, keys: dict[str, Any], seeds: int = 7) -> Path:
    """Runs of a method; it loses nothing without layer 1, a quarter without layer 2."""
    for layers, lost in (((), 0.0), ((1,), 0.0), ((2,), 0.25)):
        group(runs, less(keys, *layers), [end - lost for end in ENDS[:seeds]])
    return runs


def test_each_is_held_against_the_group_that_freezes_nothing(tmp_path: Path) -> None:
    """Where there is neither control nor backprop too: one family, one sentence each."""
    report = reported(ablated(tmp_path, BOTH))
    table = report.tables[0]
    assert table.family == {"dni": ["dni freeze=[1]", "dni freeze=[2]"]}
    assert table.answers == [
        "dni: no control to tell whether its hidden layers learn.",
        "without training hidden layer 1 (freeze=[1]): +0.000 (0-0 in seeds), not told apart from dni.",
        "without training hidden layer 2 (freeze=[2]): -0.250 (0-7 in seeds), worse than dni.",
    ]
    assert [(d.verdict, d.family) for d in report.differences] == [("~", 2), ("worse", 2)]


def test_the_control_says_of_each_whether_it_learns(tmp_path: Path) -> None:
    """And the whole method what the layer is worth."""
    group(ablated(tmp_path, BOTH), less(FROZEN), [end - 0.125 for end in ENDS])
    report = reported(tmp_path)
    assert list(report.tables[0].family) == ["frozen", "dni"]
    assert [answer.partition(":")[0] for answer in report.tables[0].answers] == [
        "dni",
        "dni freeze=[1]",
        "dni freeze=[2]",
        "without training hidden layer 1 (freeze=[1])",
        "without training hidden layer 2 (freeze=[2])",
    ]


def test_those_of_backprop_are_one_family(tmp_path: Path) -> None:
    """Backprop is what everything is held against already."""
    report = reported(ablated(tmp_path, BACKPROP))
    assert report.tables[0].family == {"backprop": ["backprop freeze=[1]", "backprop freeze=[2]"]}
    assert report.tables[0].answers[-1].endswith(" -0.250 (0-7 in seeds), worse than backprop.")


def test_too_few_seeds_are_said_to_be(tmp_path: Path) -> None:
    """With what they come to."""
    assert reported(ablated(tmp_path, BOTH, seeds=3)).tables[0].answers[-1] == (
        "without training hidden layer 2 (freeze=[2]): -0.250 (0-3 in seeds), "
        "undecided against dni: 3 shared seeds, 7 are needed."
    )


def test_without_a_control_that_is_not_missed_the_sentences_stay(tmp_path: Path) -> None:
    """They need none."""
    assert len(reported(ablated(tmp_path, BOTH), control=False).tables[0].answers) == 2


@pytest.mark.parametrize("other", [{"trainer.alpha": 0.5}, {"trainer.generator.input": "label"}])
def test_what_differs_in_anything_else_is_no_ablation(tmp_path: Path, other: dict[str, Any]) -> None:
    """Then it is not the layer alone that the difference comes from."""
    group(tmp_path, less(BOTH), ENDS)
    group(tmp_path, {**less(BOTH, 1), **other}, ENDS)
    assert reported(tmp_path).differences == []


def test_several_layers_are_named(tmp_path: Path) -> None:
    """Each by its number."""
    group(tmp_path, less(BOTH), ENDS)
    group(tmp_path, less(BOTH, 1, 2), ENDS)
    assert "without training hidden layers 1, 2 (freeze=[1,2]): +0.000" in reported(tmp_path).tables[0].answers[-1]


def test_screen_and_page_have_them(tmp_path: Path) -> None:
    """Below the table, against the whole method."""
    found = gathered(ablated(tmp_path, BOTH))
    report = build(found, Question(), [])
    shown = screen(report, found.subjects, 79)
    assert any(line.startswith("against dni ") and "worse" not in line for line in shown)
    assert any("freeze=[2]" in line and "-0.250" in line and "0-7" in line and "worse" in line for line in shown)
    assert "without training hidden layer 2" in page(report)
