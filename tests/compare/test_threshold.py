"""A verdict needs p below .05: p of exactly .05 is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.written_runs import BACKPROP, FROZEN, between, group, reported

from synthgrad.compare.judging import judged
from synthgrad.compare.paired_test import PairedTest
from synthgrad.compare.report import Difference

BELOW = 0.05 - 2**-50
"""Less than .05, by little."""


@pytest.fixture
def difference(tmp_path: Path) -> Difference:
    """Backprop above frozen in all of ten seeds."""
    group(tmp_path, BACKPROP, [0.75] * 10)
    group(tmp_path, FROZEN, [0.5] * 10)
    return between(reported(tmp_path), "backprop", "frozen")


@pytest.mark.parametrize(("p", "verdict"), [(BELOW, "better"), (0.05, "~"), (0.05 + 2**-50, "~")])
def test_a_verdict_needs_p_below_5_percent(difference: Difference, p: float, verdict: str) -> None:
    """Exactly .05 is no verdict."""
    (found,) = judged([replace(difference, p=p)])
    assert (found.p_holm, found.verdict) == (p, verdict)


@pytest.mark.parametrize(("p", "verdict"), [(BELOW / 2, "better"), (0.025, "~")])
def test_the_p_that_counts_is_that_of_holm(difference: Difference, p: float, verdict: str) -> None:
    """Of two comparisons the smaller p is doubled: .025 is .05."""
    first, _ = judged([replace(difference, p=p), replace(difference, p=1.0)])
    assert (first.p_holm, first.verdict) == (2 * p, verdict)


@pytest.mark.parametrize(("p", "verdict"), [(BELOW, "worse"), (0.05, "~")])
def test_worse_needs_p_below_5_percent_too(difference: Difference, p: float, verdict: str) -> None:
    """The other side is no easier."""
    mirrored = replace(difference, p=p, p_better=difference.p_worse, p_worse=difference.p_better)
    (found,) = judged([mirrored])
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("claim", "below"),
    [("backprop > frozen", "held"), ("backprop < frozen", "not held"), ("backprop ~ frozen", "not held")],
)
def test_a_claim_needs_p_below_5_percent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, below: str
) -> None:
    """Exactly .05 answers nothing: the claim is as open as with p = 1."""
    group(tmp_path, BACKPROP, [0.75] * 10)
    group(tmp_path, FROZEN, [0.5] * 10)
    answers = []
    for p in (BELOW, 0.05, 1.0):
        monkeypatch.setattr(PairedTest, "p", p)
        answers.append(reported(tmp_path, claims=(claim,)).claims[0].answer)
    assert answers[0] == below
    assert answers[1] == answers[2]
    assert answers[1] != below
