"""Did it work? The sentence for each method."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.written_runs import BACKPROP, BOTH, FROZEN, LABEL, between, group, reported

from synthgrad.compare.learning import learns

CONTROL = [0.5 + i / 64 for i in range(8)]


def said(runs: Path, *methods: tuple[dict[str, str], float], **more: object) -> list[str]:
    """The answers where each method is so much above the control."""
    group(runs, FROZEN, [*CONTROL])
    for keys, by in methods:
        group(runs, keys, [c + by for c in CONTROL])
    return reported(runs, **more).tables[0].answers


def test_a_method_above_the_control_learns_below_the_top_layer(tmp_path: Path) -> None:
    """By how much, in how many seeds, and how it does beside backprop."""
    assert said(tmp_path, (BACKPROP, 0.375), (BOTH, 0.25)) == [
        "dni: its hidden layers learn (+0.250 against the frozen control, 8-0 in seeds); worse than backprop."
    ]


@pytest.mark.parametrize(("by", "beside"), [(0.5, "better than"), (0.25, "worse than"), (0.375, "not told apart from")])
def test_a_method_that_learns_is_held_beside_backprop(tmp_path: Path, by: float, beside: str) -> None:
    """Better, worse, or not told apart."""
    assert said(tmp_path, (BACKPROP, 0.375), (BOTH, by))[0].endswith(f"; {beside} backprop.")


def test_a_method_at_the_controls_level_shows_nothing(tmp_path: Path) -> None:
    """Which is not to say that it does not learn."""
    assert said(tmp_path, (BOTH, 0.0)) == [
        "dni: level with the frozen control: nothing shows that its hidden layers learn."
    ]


def test_a_method_below_the_control_learns_the_wrong_thing(tmp_path: Path) -> None:
    """A random hidden layer would have done better."""
    assert said(tmp_path, (BOTH, -0.125)) == [
        "dni: below the frozen control: its hidden layers learn the wrong thing "
        "(-0.125 against the frozen control, 0-8 in seeds)."
    ]


def test_a_method_that_learns_and_diverges_is_said_to(tmp_path: Path) -> None:
    """In one seed of ten; where that happens in two, wins and losses do not tell it from the control."""
    for lost, said in ((1, "its hidden layers learn (+0.250 against the frozen control, 9-1 in seeds)"),
                       (2, "level with the frozen control: nothing shows that its hidden layers learn")):  # fmt: skip
        group(tmp_path / str(lost), FROZEN, [0.5] * 10)
        group(tmp_path / str(lost), BOTH, [0.75] * (10 - lost) + [None] * lost)
        (answer,) = reported(tmp_path / str(lost)).tables[0].answers
        assert answer == f"dni: {said}; it diverged in {lost} of 10 seeds."


def test_a_method_that_loses_its_seeds_is_below_the_control(tmp_path: Path) -> None:
    """There is no mean to tell."""
    group(tmp_path, FROZEN, [0.5] * 8)
    group(tmp_path, BOTH, [None] * 8)
    assert reported(tmp_path).tables[0].answers == [
        "dni: below the frozen control: it diverged in 8 of 8 seeds (0-8 in seeds)."
    ]


@pytest.mark.parametrize(("n", "words"), [(1, "1 shared seed, 6"), (5, "5 shared seeds, 6"), (0, "1 shared seed, 6")])
def test_too_few_seeds_leave_it_undecided(tmp_path: Path, n: int, words: str) -> None:
    """And how many it takes."""
    group(tmp_path, FROZEN, CONTROL[:n] or [None])
    group(tmp_path, BOTH, [0.75] * max(n, 1))
    assert reported(tmp_path).tables[0].answers == [f"dni: undecided: {words} are needed."]


def test_without_a_control_nobody_can_tell(tmp_path: Path) -> None:
    """However good it is."""
    group(tmp_path, BOTH, [0.9] * 8)
    assert reported(tmp_path).tables[0].answers == ["dni: no control to tell whether its hidden layers learn."]


def test_of_backprop_it_is_asked_where_there_is_nobody_else(tmp_path: Path) -> None:
    """Beside methods it is the reference."""
    assert said(tmp_path, (BACKPROP, 0.25)) == [
        "backprop: its hidden layers learn (+0.250 against the frozen control, 8-0 in seeds)."
    ]
    group(tmp_path, LABEL, [0.9] * 8)
    assert [a.partition(":")[0] for a in reported(tmp_path).tables[0].answers] == ["dni"]


def test_where_something_else_was_asked_it_is_not_answered(tmp_path: Path) -> None:
    """Against another group, the control says nothing; but it is there."""
    assert said(tmp_path, (BOTH, 0.25), (LABEL, 0.125), against="dni label") == []


@pytest.mark.parametrize(("by", "word"), [(0.25, "yes"), (0.0, "no: level with frozen"), (-0.25, "no: below frozen")])
def test_the_answer_in_a_word(tmp_path: Path, by: float, word: str) -> None:
    """For a column of a table."""
    said(tmp_path, (BOTH, by))
    assert learns(between(reported(tmp_path), "dni", "frozen")) == word
