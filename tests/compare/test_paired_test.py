"""Best against best, against a straight computation; and that nobody gets another answer by asking the other way."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthgrad.claims.grammar import Claim
from synthgrad.claims.judge import check
from synthgrad.claims.matching import Tables
from synthgrad.compare.judging import difference, judged
from synthgrad.compare.paired_test import PairedTest
from synthgrad.compare.report import Answer
from synthgrad.compare.scored_groups import Method, ScoredGroup
from synthgrad.compare.statistics import sign_flip_p
from synthgrad.compare.subjects import Subject

Row = Sequence[float | None]
"""The values of one setting, seed 0, 1, ...; None where the run diverged."""


def method(*rows: Row, up: bool = True, name: str = "m") -> Method:
    """A method with a setting for each row."""
    every = []
    for i, row in enumerate(rows):
        values = {seed: value for seed, value in enumerate(row) if value is not None}
        every.append(ScoredGroup({}, [], f"{name}{i}", up, values, set(range(len(row))) - values.keys()))
    return Method(name, every)


def straight(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> tuple[float, float]:
    """p_better and p_worse as the formula has them, from every flip of the signs of every pair."""

    def p(d: np.ndarray) -> float:
        flips = np.array(list(itertools.product((1, -1), repeat=len(d))))
        return float(np.mean(flips @ d >= d.sum() - 1e-9))

    x, y = np.array(a), np.array(b)
    better = len(x) * min(max(p(one - other) for other in y) for one in x)
    worse = len(y) * min(max(p(other - one) for one in x) for other in y)
    return min(1.0, better), min(1.0, worse)


@pytest.mark.parametrize(("A", "B", "up"), [(1, 1, True), (3, 2, True), (1, 4, True), (4, 1, False), (2, 2, False)])
def test_p_is_that_of_every_flip_of_every_pair(A: int, B: int, up: bool) -> None:
    """For a loss the roles change."""
    rng = np.random.default_rng([A, B])
    for _ in range(5):
        a, b = (rng.integers(0, 9, (K, 7)) / 8 + rng.integers(0, 2) for K in (A, B))
        contest = PairedTest(method(*a.tolist(), up=up), method(*b.tolist(), up=up))
        wanted = straight(a, b) if up else straight(-a, -b)
        assert (contest.p_better, contest.p_worse) == pytest.approx(wanted, abs=1e-12)


def test_the_interval_leaves_out_what_the_test_rejects() -> None:
    """At every number, also where settings were lost."""
    rng = np.random.default_rng(3)
    for trial in range(20):
        a, b = (rng.normal(0, 1, (K, 9)).tolist() for K in (2, 3))
        if trial % 2:
            b[0][0] = None
        best = max(a, key=np.mean)
        contest = PairedTest(method(*a), method(*b))
        ends = contest.interval()
        if ends is None:
            continue
        for number in rng.normal(np.mean(best), 2, 20):
            at = PairedTest(method(*a), method(*b), number)
            assert (2 * at.p_better < 0.05) == (number < ends[0])
            assert (2 * at.p_worse < 0.05) == (number > ends[1])


def test_a_setting_that_always_diverged_changes_only_the_correction() -> None:
    """It is nobody's best."""
    a, b = [[0.75 + i / 64 for i in range(10)]], [[0.5] * 10]
    alone, beside = PairedTest(method(*a), method(*b)), PairedTest(method(*a, [None] * 10), method(*b, [None] * 10))
    assert (beside.p_better, beside.p_worse) == (2 * alone.p_better, 1.0)
    assert beside.interval() is not None


def test_a_lucky_setting_among_many_does_not_beat_the_control() -> None:
    """Twelve settings of nothing: chosen and scored on the same seeds, the best would be better."""
    rng = np.random.default_rng(0)
    many, one = rng.standard_normal((12, 10)), rng.standard_normal((1, 10))
    chosen = many[many.mean(axis=1).argmax()] - one[0]
    assert sign_flip_p(chosen) < 0.05
    assert PairedTest(method(*many.tolist()), method(*one.tolist())).p > 0.3


def test_seeds_that_a_setting_lacks_are_incomplete() -> None:
    """And the others are compared on what all have."""
    contest = PairedTest(method([0.5] * 8, [0.75] * 7), method([0.25] * 8))
    assert (contest.seeds, contest.incomplete) == ([0, 1, 2, 3, 4, 5, 6], [7])


# mirror images ------------------------------------------------------------------------------------

values = st.one_of(st.none(), st.integers(0, 6).map(lambda n: n / 8))


@st.composite
def tables(draw: st.DrawFn, most: int) -> tuple[list[list[float | None]], list[list[float | None]]]:
    """Two methods with up to so many settings on the same seeds."""
    n = draw(st.integers(1, 11))
    row = st.lists(values, min_size=n, max_size=n)
    return draw(st.lists(row, min_size=1, max_size=most)), draw(st.lists(row, min_size=1, max_size=most))


def subject(trainer: str, setting: int, seed: int, value: float | None, metric: str) -> Subject:
    """A run of one epoch."""
    config: Mapping[str, Any] = {"trainer.name": trainer, "trainer.alpha": 0.1 * (setting + 1), "task.name": "t"}
    column = {metric: np.array([0.0 if value is None else value])}
    outcome = "diverged" if value is None else "finished"
    return Subject(f"{trainer}{setting}", "", seed, dict(config), outcome, {}, {}, np.array([1.0]), column)


def answers(a: Sequence[Row], b: Sequence[Row], metric: str, *claims: str) -> list[Answer]:
    """The claims about backprop, rows ``a``, and dni, rows ``b``."""
    rows = [(name, i, row) for name, several in (("backprop", a), ("dni", b)) for i, row in enumerate(several)]
    subjects = [subject(name, i, seed, v, metric) for name, i, row in rows for seed, v in enumerate(row)]
    return check([Claim.parse(c) for c in claims], Tables([subjects], ["t"], {metric}, [metric]))


MIRRORED = [
    ("backprop > dni", "dni < backprop"),
    ("backprop < dni", "dni > backprop"),
    ("backprop ~ dni", "dni ~ backprop"),
    ("backprop ~ dni within 0.25", "dni ~ backprop within 0.25"),
    ("backprop - dni > 0.125", "dni - backprop < -0.125"),
    ("backprop > dni in every seed", "dni < backprop in every seed"),
]


@settings(max_examples=150)
@given(tables(3), st.sampled_from(["test_accuracy", "loss"]), st.sampled_from(MIRRORED))
def test_a_claim_and_its_mirror_image_have_one_answer(
    found: tuple[list[Row], list[Row]], metric: str, claims: tuple[str, str]
) -> None:
    """Whatever diverged, and however many settings were tried."""
    tuned = " tuned" if max(map(len, found)) > 1 else ""
    one, other = answers(*found, metric, *(claim + tuned for claim in claims))
    assert (one.answer, one.p, one.n) == (other.answer, other.p, other.n)


@settings(max_examples=150)
@given(tables(2), st.sampled_from(["test_accuracy", "loss"]))
def test_no_two_answers_contradict_each_other(found: tuple[list[Row], list[Row]], metric: str) -> None:
    """More is not held beside less; what is not held has its opposite held; level goes with neither."""
    tuned = " tuned" if max(map(len, found)) > 1 else ""
    more, less, level = (
        a.answer for a in answers(*found, metric, *(f"backprop {sign} dni{tuned}" for sign in ("> ", "< ", "~ ")))
    )
    assert (more == "held") == (less == "not held")
    assert (less == "held") == (more == "not held")
    if "held" in (more, less):
        assert level == "not held"


@settings(max_examples=150)
@given(tables(2), st.booleans())
def test_verdicts_are_mirrored_and_never_against_wins_and_losses(found: tuple[list[Row], list[Row]], up: bool) -> None:
    """Of the groups of a table, where a seed was lost."""
    a, b = (method(*rows, up=up) for rows in found)
    (one,), (other,) = judged([difference(1, a, b)]), judged([difference(1, b, a)])
    turned = {"better": "worse", "worse": "better"}
    assert other.verdict == turned.get(one.verdict, one.verdict)
    assert (one.wins, one.losses, one.p) == (other.losses, other.wins, other.p)
    if (one.diverged or one.against_diverged) and one.settings == 1 and one.verdict in turned:
        assert (one.wins > one.losses) == (one.verdict == "better")
