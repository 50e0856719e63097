"""The screen of a sweep: every method against the settings that were tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BOTH, FROZEN, LABEL, gathered, group

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen


def lines(runs: Path, width: int = 79, **question: Any) -> list[str]:
    """The screen of the runs in a directory."""
    found = gathered(runs)
    return screen(build(found, Question(**question), []), found.subjects, width)


def swept(runs: Path, alphas: tuple[float, ...] = (0.1, 0.2, 0.4), n: int = 9) -> None:
    """Three methods: backprop at its best at the edge, dni diverging there, frozen in the middle."""
    for alpha in alphas:
        group(runs, {**BACKPROP, "trainer.alpha": alpha}, [0.6 + alpha / 2] * n)
        group(
            runs,
            {**BOTH, "trainer.alpha": alpha},
            [0.5 + alpha / 2] * (n - 2) + [None if alpha == alphas[-1] else 0.6] * 2,
        )
        group(runs, {**FROZEN, "trainer.alpha": alpha}, [0.5 if alpha == alphas[1] else 0.45] * n)


def row(shown: list[str], method: str) -> list[str]:
    """The words of a method's row."""
    return next(line.split() for line in shown if line.startswith(f"{method} "))


def test_settings_stand_side_by_side(tmp_path: Path) -> None:
    """The best in brackets, one at the edge marked, and where seeds diverged how many."""
    swept(tmp_path)
    shown = lines(tmp_path)
    assert shown[0].startswith("81 runs: 3 methods x 3 settings x 9 seeds ")
    assert shown[1] == "columns trainer.alpha; mean over seeds"
    assert row(shown, "method")[1:4] == ["0.1", "0.2", "0.4"]
    assert row(shown, "backprop")[1:5] == ["0.65", "0.70", "[0.80]<", "+0.30"]
    assert row(shown, "dni")[1:5] == ["0.56", "[0.60]", "div", "2"]
    assert row(shown, "frozen")[1:4] == ["0.45", "[0.50]", "0.45"]


def test_methods_at_their_best_have_their_verdict(tmp_path: Path) -> None:
    """Against the control at its best."""
    swept(tmp_path)
    shown = lines(tmp_path)
    assert "+0.30 better" in " ".join(row(shown, "backprop"))
    assert "control" in row(shown, "frozen")


def test_the_notes_say_what_to_try_next_and_what_was_paid(tmp_path: Path) -> None:
    """The next value of the grid, what the best mean is worth, how it was tested, the budget."""
    swept(tmp_path)
    text = " ".join(" ".join(lines(tmp_path)).split())
    assert "< the best lies at the edge of the grid (backprop: add trainer.alpha=0.8)." in text
    assert "* on the seeds that made it the best, which flatters many settings." in text
    assert "all settings against all, corrected for their number and for 2 comparisons (Holm)." in text
    assert "Nearest to deciding: backprop alpha=0.4 against frozen alpha=0.2; dni" in text
    assert "budget equal: backprop 3 settings, 135 s, dni 3 settings, 135 s, frozen 3 settings, 135 s" in text
    assert "div: seeds that diverged, not ranked." in text


def test_epochs_to_the_target_and_seconds_are_columns_or_text(tmp_path: Path) -> None:
    """A narrow screen has no room for the columns; what the number means is said at any width."""
    swept(tmp_path)
    said = "to 0.7: median epoch from which 0.7 was held for three evaluations; "
    for width, part in ((160, "to 0.7 s/epoch"), (50, "epochs to 0.7, seconds an epoch, of the best")):
        text = " ".join(" ".join(lines(tmp_path, width, target=0.7)).split())
        assert said in text
        assert part in text


def test_an_unequal_budget_is_said(tmp_path: Path) -> None:
    """One setting is one."""
    swept(tmp_path)
    group(tmp_path, {"trainer.name": "printed-listing", "trainer.alpha": 0.1}, [0.5])
    text = " ".join(" ".join(lines(tmp_path)).split())
    assert "budget not equal: " in text
    assert "printed-listing 1 setting, 5 s" in text


@pytest.mark.parametrize(("width", "beside"), [(119, True), (79, True), (30, False)])
def test_where_settings_do_not_fit_they_stand_below(tmp_path: Path, width: int, beside: bool) -> None:
    """Every one of them, with its marks."""
    swept(tmp_path, (0.1, 0.2, 0.3, 0.4))
    shown = lines(tmp_path, width)
    assert any("0.2" in line.split() and line.startswith("method") for line in shown) is beside
    text = " ".join(shown)
    assert ("backprop: 0.1 0.65, 0.2 0.70, 0.3 0.75, 0.4 [0.80]<" in " ".join(text.split())) is not beside


def test_of_many_settings_the_best_is_shown(tmp_path: Path) -> None:
    """By its name."""
    swept(tmp_path, tuple(n / 10 for n in range(1, 10)), 2)
    shown = lines(tmp_path)
    assert shown[3].split()[:3] == ["method", "best", "setting"]
    assert row(shown, "backprop")[1] == "alpha=0.9<"


def test_two_keys_have_a_marginal_table_each(tmp_path: Path) -> None:
    """Mean and best over the other key."""
    for size in (5, 10):
        for alpha in (0.1, 0.2):
            group(tmp_path, {**BACKPROP, "trainer.alpha": alpha, "training.batch_size": size}, [alpha + size / 100])
    shown = lines(tmp_path)
    at = next(i for i, line in enumerate(shown) if line.startswith("trainer.alpha: mean, best"))
    assert [line.split() for line in shown[at + 1 : at + 3]] == [["0.1", "0.175", "0.200"], ["0.2", "0.275", "0.300"]]
    assert any(line.startswith("training.batch_size: mean, best") for line in shown)


def test_the_best_epoch_is_said_to_be_one(tmp_path: Path) -> None:
    """And selected on test."""
    swept(tmp_path)
    assert "best epoch of each run, selected on test" in " ".join(lines(tmp_path, at="best"))


def test_small_curves_of_a_wide_screen_are_to_one_scale(tmp_path: Path) -> None:
    """A flat cell at chance level does not look like one that learned."""
    swept(tmp_path)
    shown = lines(tmp_path, 119)
    assert "▁▁▁▁ 0.45" in " ".join(row(shown, "frozen"))
    assert "████ [0.80]<" in " ".join(row(shown, "backprop"))


@pytest.mark.parametrize("width", [79, 119])
def test_an_axis_of_algorithms_leaves_one_row(tmp_path: Path, width: int) -> None:
    """What only one algorithm has sets none apart; a row says what does, and no word of it is cut."""
    swept(tmp_path)
    shown = lines(tmp_path, width, by=("trainer.alpha", "trainer.name"))
    assert shown[0].startswith("81 runs: 1 method x 9 settings x 9 seeds")
    assert any(line.startswith("all methods ") for line in shown)
    for alpha in (0.1, 0.2):
        group(tmp_path, {**LABEL, "trainer.alpha": alpha}, [0.5] * 9)
    shown = lines(tmp_path, width, by=("trainer.alpha", "trainer.name"))
    for label in ("input=(unset)", "both", "label"):
        assert any(line.startswith(f"{label} ") for line in shown)
    assert "…" not in "\n".join(shown)
    assert "hidden layers learn" not in "\n".join(shown)
