"""The screen of two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, gathered, run

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen

RISE = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def lines(*paths: Path, width: int = 79, **question: Any) -> list[str]:
    """The screen of these runs."""
    found = gathered(*paths)
    return screen(build(found, Question(**question), []), found.subjects, width)


def pair(runs: Path, **second: Any) -> list[str]:
    """The screen of backprop and of another run of the same seed."""
    a = run(runs, BACKPROP, 1, {BITS: RISE, "loss": 2.0}, name="one")
    b = run(runs, **{"keys": BOTH, "seed": 1, "figures": {BITS: RISE[::-1], "loss": 3.0}, "name": "two", **second})
    return lines(a, b)


def figure(shown: list[str], name: str) -> list[str]:
    """The words of a figure's row."""
    return next(line.removeprefix(name).split() for line in shown if line.startswith(f"{name} "))


def test_the_runs_are_named_in_the_order_they_were_given_in(tmp_path: Path) -> None:
    """A and B, what came of them, how long they took."""
    a = run(tmp_path, BACKPROP, 1, name="one")
    b = run(tmp_path, BOTH, 1, outcome="interrupted", name="two")
    assert lines(a, b)[:2] == [
        f"A  {a.name}  finished     10 epochs  5.0 s",
        f"B  {b.name}  interrupted  10 epochs  5.0 s",
    ]
    assert lines(b, a)[0].startswith(f"A  {b.name}")


def test_what_differs_is_told_and_a_second_change_marked(tmp_path: Path) -> None:
    """The algorithm and the generators' input are what runs are compared for."""
    shown = pair(tmp_path, keys={**BOTH, "trainer.alpha": 0.01, "training.epochs": 9})
    at = shown.index("differs  trainer.name             backprop  dni")
    assert shown[at : at + 5] == [
        "differs  trainer.name             backprop  dni",
        "         trainer.alpha            0.2       0.01  ! another change",
        "         training.epochs          3         9     ! another change",
        "         trainer.generator.input  -         both",
        "same     24 keys; same data, initial weights and batch order (seed 1)",
    ]


def test_a_single_change_is_not_marked(tmp_path: Path) -> None:
    """Whatever it is."""
    shown = pair(tmp_path, keys={**BACKPROP, "trainer.alpha": 0.01})
    assert "differs  trainer.alpha  0.2  0.01" in shown


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"seed": 2}, "different seeds (1 and 2): not paired"),
        ({"hashes": {}}, "seed 1; too old to prove that they share data and weights"),
        ({"hashes": {"data": "x", "weights": "weights1", "order": "y"}}, "other data, batch order"),
    ],
)
def test_what_the_runs_share_is_said(tmp_path: Path, second: dict[str, Any], said: str) -> None:
    """As far as hashes prove it."""
    assert any(line.endswith(f"keys; {said}") for line in pair(tmp_path, **second))


def test_figures_are_side_by_side_with_their_difference(tmp_path: Path) -> None:
    """And their ratio."""
    shown = pair(tmp_path)
    assert figure(shown, "last epoch") == ["A", "B", "B", "-", "A", "B/A"]
    assert figure(shown, BITS) == ["up", "1", "0.5", "-0.5", "0.50"]
    assert figure(shown, "loss") == ["down", "2", "3", "+1", "1.50"]
    assert figure(shown, "seconds per epoch") == ["down", "0.5", "0.5", "+0", "1.00"]


@pytest.mark.parametrize(
    ("metric", "a", "b", "ratio"),
    [("loss", 2.0, 3.0, "1.50"), ("loss", -2.0, -3.0, "1.50"), ("loss", 0.0, 3.0, None), ("loss", 2.0, 0.0, None),
     ("loss", -2.0, 3.0, None), ("loss", 2.0, -3.0, None), ("loss", 1e-5, 1.0, "1e+05"), ("loss", 1.0, 1e-5, "1e-05"),
     ("loss", 1e-300, 1e300, None), ("test_r2", 0.5, 0.25, None), ("test_accuracy", 0.5, 0.25, "0.50"),
     ("cosine.1", 0.5, 0.25, None), ("skill.1", 0.5, 0.25, None)],
)  # fmt: skip
def test_a_ratio_is_given_where_it_means_anything(
    tmp_path: Path, metric: str, a: float, b: float, ratio: str | None
) -> None:
    """Of numbers of one sign, none of them 0, in metrics whose 0 is nothing."""
    paths = [run(tmp_path, keys, 1, {metric: x, BITS: 0.5}) for keys, x in ((BACKPROP, a), (BOTH, b))]
    row = figure(lines(*paths), "{} of layer 1".format(*metric.split(".")) if "." in metric else metric)
    assert len(row) == (4 if ratio is None else 5)
    assert ratio in (None, row[-1])


def test_figures_are_read_where_it_was_asked_for(tmp_path: Path) -> None:
    """At an epoch, or at the best of each run: the screen says the same as the other formats."""
    pair(tmp_path)
    early, best = lines(tmp_path, at="epoch=2"), lines(tmp_path, at="best")
    assert (figure(early, "epoch 2")[:2], figure(early, BITS)[1:3]) == (["A", "B"], ["0.6", "0.9"])
    assert (figure(best, "best epoch")[:2], figure(best, BITS)[1:3]) == (["A", "B"], ["1", "1"])


def test_runs_of_unequal_length_are_read_at_the_last_common_epoch(tmp_path: Path) -> None:
    """That of the shorter."""
    shown = pair(tmp_path, figures={BITS: RISE[:4], "loss": 3.0})
    assert (figure(shown, "epoch 4")[:2], figure(shown, BITS)[1:3]) == (["A", "B"], ["0.8", "0.8"])


@pytest.mark.parametrize("outcome", ["diverged", "interrupted", None])
def test_a_run_without_a_result_is_read_as_far_as_it_got(tmp_path: Path, outcome: str | None) -> None:
    """The other at the same epoch; and it is said so."""
    shown = pair(tmp_path, figures={BITS: RISE[:3], "loss": 3.0}, outcome=outcome)
    assert (figure(shown, "epoch 3")[:2], figure(shown, BITS)[1:3]) == (["A", "B"], ["0.7", "0.7"])
    assert "One of them has no result: the figures are those of epoch 3, the last that both have." in " ".join(shown)


def test_a_run_that_diverged_says_where(tmp_path: Path) -> None:
    """The epoch, and what was no longer finite."""
    shown = pair(tmp_path, outcome="diverged")
    assert any("-two-s1-" in line and line.endswith(" diverged in epoch 6: layer 1.") for line in shown)


def test_a_run_without_an_epoch_is_no_trouble(tmp_path: Path) -> None:
    """It has just begun: nothing to compare but the settings."""
    shown = pair(tmp_path, figures={BITS: []}, outcome=None)
    assert shown[1].endswith("unfinished  no epoch  0.0 s")
    assert any("they have no epoch in common" in line for line in shown)


def test_curves_are_to_one_scale(tmp_path: Path) -> None:
    """From the least to the greatest of both, first and last value, and the best with its epoch."""
    shown = pair(tmp_path)
    at = shown.index(f"{BITS}, 0.5 to 1")
    assert shown[at + 1] == "A ▁▂▄▅▇█  0.5 → 1  best 1@6".replace("▂▄▅▇", shown[at + 1][3:7])
    assert shown[at + 2].endswith("  1 → 0.5  best 1@1")
    assert (shown[at + 1][2], shown[at + 1][7], shown[at + 2][2], shown[at + 2][7]) == ("▁", "█", "█", "▁")


def test_a_wide_screen_has_the_best_epochs(tmp_path: Path) -> None:
    """Of each figure and run."""
    pair(tmp_path)
    shown = lines(tmp_path, width=119)
    assert figure(shown, BITS)[-2:] == ["1@6", "1@1"]


def test_one_seed_is_no_method(tmp_path: Path) -> None:
    """Nor is one run each of two seeds; and without a control nobody can tell whether anything is learned."""
    shown = pair(tmp_path / "a")
    assert "One seed: this is a difference between two runs, not between two methods." in shown
    assert any(line.startswith("No frozen control among them") for line in shown)
    assert "One run each: this is a difference between two runs, not between two methods." in pair(
        tmp_path / "b", seed=2
    )


def test_with_a_control_none_is_asked_for(tmp_path: Path) -> None:
    """Nor where nobody wants one."""
    assert not any("No frozen control" in line for line in pair(tmp_path / "a", keys=FROZEN))
    pair(tmp_path / "b")
    assert not any("No frozen control" in line for line in lines(tmp_path / "b", control=False))


def test_two_runs_of_one_group_are_compared_as_well(tmp_path: Path) -> None:
    """Nothing differs but the seed."""
    shown = pair(tmp_path, keys=BACKPROP, seed=2)
    assert not any(line.startswith("differs") for line in shown)
    assert any(line.startswith("same     27 keys; different seeds") for line in shown)


def test_two_runs_of_two_networks_have_a_table_each(tmp_path: Path) -> None:
    """They are not held against each other."""
    shown = pair(tmp_path, keys={**BACKPROP, "network.hidden": [4]})
    assert [line for line in shown if line.startswith("==")] == ["== hidden=[12,9] ==", "== hidden=[4] =="]


def test_layers_are_told_by_name(tmp_path: Path) -> None:
    """Of the run that has generators."""
    shown = pair(tmp_path, figures={BITS: RISE, "cosine.1": 0.5})
    assert figure(shown, "cosine of layer 1") == ["up", "-", "0.5"]
