"""Differences of paired runs, and what may be concluded from them, worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, between, found, group, reported, run, scores

from synthgrad.compare.judging import called, difference, interval
from synthgrad.compare.report import Difference
from synthgrad.compare.scored_groups import Method, shared

LOW = [0.50, 0.51, 0.52, 0.50, 0.51, 0.52, 0.50, 0.51, 0.52, 0.50]
"""Ten seeds at chance level."""


def judged(runs: Path, method: list[float | None], control: list[float | None], metric: str = BITS) -> Difference:
    """Backprop against frozen, which are a family of one."""
    group(runs, BACKPROP, method, metric)
    group(runs, FROZEN, control, metric)
    return between(reported(runs, metrics=(metric,)), "backprop", "frozen")


def above(by: list[float]) -> list[float | None]:
    """Values that are better than those of LOW by so much."""
    return [low + d for low, d in zip(LOW, by, strict=False)]


# numbers ------------------------------------------------------------------------------------------


def test_a_difference_is_that_of_each_seed(tmp_path: Path) -> None:
    """Five seeds: the mean of the differences, p = 2/32 as all are positive, no interval, too few to decide."""
    d = judged(tmp_path, [0.5, 0.75, 0.5, 0.75, 1.0], [0.25, 0.25, 0.0, 0.625, 0.5])
    assert (d.seeds, d.values) == ([0, 1, 2, 3, 4], [0.25, 0.5, 0.5, 0.125, 0.5])
    assert (d.n, d.mean, d.p, d.p_holm, d.family) == (5, 0.375, 0.0625, 0.0625, 1)
    assert (d.wins, d.losses, d.ties, d.verdict, d.interval) == (5, 0, 0, "too few", None)


@pytest.mark.parametrize("power", [-1000, 900, 1023])
def test_what_is_concluded_does_not_depend_on_the_size_of_the_numbers(tmp_path: Path, power: int) -> None:
    """Where sums overflow and squares vanish, too."""
    size, ends = 2.0**power, ([0.5, 0.75, 0.5, 0.25, 1.0, 1.0, 0.5], [0.25, 0.25, 0.0, 0.625, 0.5, 0.75, 0.125])
    a, b = (judged(tmp_path / str(s), *([s * x for x in each] for each in ends), "r2") for s in (1.0, size))
    assert [size * x for x in a.values] == b.values
    assert (size * (a.mean or 0), [size * x for x in a.interval or ()]) == (b.mean, list(b.interval or ()))
    names = ("p", "p_holm", "wins", "losses", "gap", "gap_interval", "d_z", "cliffs_delta", "correlation", "verdict")
    assert [getattr(a, name) for name in names] == [getattr(b, name) for name in names]


def test_six_seeds_that_agree_decide(tmp_path: Path) -> None:
    """2/64 is below .05; of 63 subset means the outermost are the interval, as .025 * 64 = 1.6."""
    by = [0.25, 0.5, 0.125, 0.375, 0.25, 0.5]
    d = judged(tmp_path, [0.25 + x for x in by], [0.25] * 6)
    assert (d.n, d.p, d.interval, d.verdict) == (6, 2 / 64, (0.125, 0.5), "better")


def test_the_p_value_counts_sign_flips(tmp_path: Path) -> None:
    """Of 1, 1, 1, 1, 1, -1 (eighths) flips leave a sum as large in 7 of 64 cases: p = 14/64."""
    d = judged(tmp_path, [0.625] * 5 + [0.375], [0.5] * 6)
    assert (d.mean, d.p, d.verdict) == (pytest.approx(0.125 * 4 / 6), 14 / 64, "~")
    assert (d.wins, d.losses, d.ties) == (5, 1, 0)


def test_equal_runs_are_a_tie_and_told_apart_by_nothing(tmp_path: Path) -> None:
    """All differences 0: p = 1, no effect size, no correlation to speak of."""
    d = judged(tmp_path, [0.5] * 6, [0.5] * 6)
    assert (d.mean, d.p, d.verdict, d.wins, d.losses, d.ties) == (0.0, 1.0, "~", 0, 0, 6)
    assert (d.d_z, d.cliffs_delta, d.correlation) == (None, 0.0, None)


def test_effect_sizes_are_those_of_the_textbook(tmp_path: Path) -> None:
    """d_z = mean / sd of the differences, Cliff's delta over all pairs."""
    d = judged(tmp_path, [0.5, 0.75, 1.0], [0.25, 0.25, 0.75])
    values = np.array([0.25, 0.5, 0.25])
    assert d.d_z == pytest.approx(values.mean() / values.std(ddof=1), rel=1e-14)
    assert d.cliffs_delta == pytest.approx((7 - 1) / 9)


def test_the_correlation_says_what_pairing_is_worth(tmp_path: Path) -> None:
    """n paired seeds tell as much as n / (1 - r) unpaired: var(d) = (1 - r) (var a + var b)."""
    a, b = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7], [0.0, 0.2, 0.2, 0.3, 0.5, 0.5]
    d = judged(tmp_path, [*a], [*b])
    cov = np.cov(a, b)
    assert d.correlation == pytest.approx(2 * cov[0, 1] / (cov[0, 0] + cov[1, 1]), rel=1e-12)


def test_a_lower_loss_is_better(tmp_path: Path) -> None:
    """The difference keeps its sign; wins, verdict and order turn context."""
    group(tmp_path, BACKPROP, [1.0 + i / 8 for i in range(6)], "loss")
    group(tmp_path, FROZEN, [2.0 + i / 8 for i in range(6)], "loss")
    report = reported(tmp_path, metrics=("loss",))
    d = between(report, "backprop", "frozen")
    assert (d.mean, d.interval, d.wins, d.losses, d.verdict) == (-1.0, (-1.0, -1.0), 6, 0, "better")
    assert [g.label for g in report.groups] == ["backprop", "frozen"]


def test_worse_is_told_as_well(tmp_path: Path) -> None:
    """In six seeds of six below the control."""
    d = judged(tmp_path, [0.25] * 6, [0.5, 0.75, 0.5, 0.5, 0.5, 0.75])
    assert (d.wins, d.losses, d.verdict) == (0, 6, "worse")


def test_the_interval_and_the_test_do_not_disagree(tmp_path: Path) -> None:
    """Alone in its family, a difference is decided exactly where its interval leaves out 0."""
    draw = np.random.default_rng(5)
    for trial in range(8):
        by = draw.normal(0.06, 0.1, 8).tolist()
        d = judged(tmp_path / str(trial), [0.5 + x for x in by], [0.5] * 8)
        assert d.interval is not None
        assert (d.verdict in ("better", "worse")) == (d.interval[0] > 0 or d.interval[1] < 0)


def test_five_values_have_no_interval() -> None:
    """Nor have none."""
    assert interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert interval([]) is None
    assert interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == (1.0, 6.0)


# families -----------------------------------------------------------------------------------------


def family(runs: Path, *methods: list[float | None]) -> list[Difference]:
    """Methods of different step sizes against the control, the best first."""
    for number, values in enumerate(methods):
        group(runs, {**BOTH, "trainer.generator.alpha": 0.1 * (number + 1)}, values)
    group(runs, FROZEN, [*LOW[: len(methods[0])]])
    return reported(runs).differences


def test_holm_takes_all_methods_against_the_control_together(tmp_path: Path) -> None:
    """p of 2/1024, 2/1024 and 1: twice 3 times the smallest, and the last as it is."""
    up = above([0.25] * 10)
    differences = family(tmp_path, up, above([0.125] * 10), above([0.0625, -0.0625] * 5))
    assert [(d.p, d.family) for d in differences] == [(2 / 1024, 3), (2 / 1024, 3), (1.0, 3)]
    assert [d.p_holm for d in differences] == [6 / 1024, 6 / 1024, 1.0]
    assert [d.verdict for d in differences] == ["better", "better", "~"]


def test_seeds_that_could_not_decide_are_too_few(tmp_path: Path) -> None:
    """Seven seeds carry three comparisons, six only one: 3 * 2/64 = .094 whatever happens."""
    three = [above([0.25] * 7), above([0.125] * 7), above([0.0625] * 7)]
    assert [d.verdict for d in family(tmp_path / "7", *three)] == ["better"] * 3
    three = [values[:6] for values in three]
    assert [(d.verdict, d.p_holm) for d in family(tmp_path / "6", *three)] == [("too few", 6 / 64)] * 3


def test_against_backprop_the_control_is_told_once(tmp_path: Path) -> None:
    """Against frozen: backprop and two kinds of dni; against backprop the two."""
    for keys, by in ((BACKPROP, 0.3), (BOTH, 0.2), (LABEL, 0.1), (FROZEN, 0.0)):
        group(tmp_path, keys, above([by] * 10))
    report = reported(tmp_path)
    assert report.family == {"frozen": ["backprop", "dni both", "dni label"], "backprop": ["dni both", "dni label"]}
    assert [d.family for d in report.differences] == [3, 3, 3, 2, 2]


# pairing ------------------------------------------------------------------------------------------


def test_only_seeds_that_both_have_are_paired(tmp_path: Path) -> None:
    """Seeds 0 to 5 and 3 to 7."""
    group(tmp_path, BACKPROP, [0.5] * 6)
    for seed in range(3, 8):
        run(tmp_path, FROZEN, seed)
    assert between(reported(tmp_path), "backprop", "frozen").seeds == [3, 4, 5]


def test_runs_of_one_seed_with_other_data_are_not_paired(tmp_path: Path) -> None:
    """Neither in the mean nor in wins and losses."""
    for seed in range(3):
        run(tmp_path, BACKPROP, seed, {BITS: 0.75})
        run(tmp_path, FROZEN, seed, hashes={"data": "x" if seed == 1 else f"data{seed}"})
    d = between(reported(tmp_path), "backprop", "frozen")
    assert (d.seeds, d.wins) == ([0, 2], 2)


def test_runs_too_old_to_have_hashes_are_paired_by_their_seed(tmp_path: Path) -> None:
    """One or both."""
    for seed in range(2):
        run(tmp_path, BACKPROP, seed, hashes={})
        run(tmp_path, FROZEN, seed, hashes={} if seed else None)
    assert between(reported(tmp_path), "backprop", "frozen").seeds == [0, 1]


# divergence ---------------------------------------------------------------------------------------


def test_a_run_that_diverged_has_lost(tmp_path: Path) -> None:
    """Not in the mean, but in wins and losses: what is compared is a method, not its lucky runs."""
    d = judged(tmp_path, [0.75, None, 0.75], [0.5, 0.5, None])
    assert (d.values, d.wins, d.losses, d.ties) == ([0.25], 2, 1, 0)


def test_two_that_diverged_are_a_tie(tmp_path: Path) -> None:
    """Nobody won."""
    d = judged(tmp_path, [0.75, None], [0.5, None])
    assert (d.wins, d.losses, d.ties) == (1, 0, 1)


def test_a_run_that_did_not_finish_is_neither_won_nor_lost(tmp_path: Path) -> None:
    """It may be running: nothing is known of it."""
    group(tmp_path, FROZEN, [0.5, 0.5])
    run(tmp_path, BACKPROP, 0, {BITS: 0.75})
    run(tmp_path, BACKPROP, 1, outcome="interrupted")
    d = between(reported(tmp_path), "backprop", "frozen")
    assert (d.wins, d.losses, d.ties) == (1, 0, 0)


@pytest.mark.parametrize(
    ("lost", "verdict"), [(1, "better"), (2, "~"), (5, "~"), (8, "~"), (9, "worse"), (10, "worse")]
)
def test_seeds_that_were_lost_take_part_in_the_verdict(tmp_path: Path, lost: int, verdict: str) -> None:
    """9-1 is told from luck, 8-2 is not; in the other direction as well."""
    method: list[float | None] = [None] * lost + [*above([0.25] * 10)][lost:]
    d = judged(tmp_path, method, [*LOW])
    assert (d.verdict, d.diverged, d.against_diverged, d.tested) == (verdict, lost, 0, 10)
    assert (d.wins, d.losses) == (10 - lost, lost)
    assert d.interval is None


def test_all_runs_of_both_diverged(tmp_path: Path) -> None:
    """Nothing but ties: no mean, no p, too few."""
    d = judged(tmp_path, [None] * 6, [None] * 6)
    assert (d.n, d.mean, d.p, d.p_holm, d.verdict, d.ties) == (0, None, None, None, "too few", 6)


def test_diverged_runs_are_counted_with_a_wilson_interval(tmp_path: Path) -> None:
    """2 of 10: .057 to .510 in the tables."""
    group(tmp_path, BACKPROP, [None, None, *LOW[2:]])
    g = found(reported(tmp_path), "backprop")
    assert (g.n, g.diverged) == (8, 2)
    assert g.diverged_interval == pytest.approx((0.0567, 0.5098), abs=5e-5)


# the gap ------------------------------------------------------------------------------------------


def test_the_gap_is_the_share_of_the_way_from_frozen_to_backprop(tmp_path: Path) -> None:
    """Frozen 0 %, backprop 100 %, and half the way in between in each seed."""
    group(tmp_path, BACKPROP, [1.0] * 7)
    group(tmp_path, BOTH, [0.75, 0.75, 0.625, 0.875, 0.75, 0.75, 0.75])
    group(tmp_path, FROZEN, [0.5] * 7)
    report = reported(tmp_path)
    both, backprop = between(report, "dni", "frozen"), between(report, "backprop", "frozen")
    assert (both.gap, both.gap_interval) == (0.5, (0.375, 0.625))
    assert (backprop.gap, backprop.gap_interval) == (1.0, (1.0, 1.0))


def test_there_is_no_gap_where_backprop_does_not_beat_frozen(tmp_path: Path) -> None:
    """Half of nothing says nothing; nor does a way that five seeds cannot prove."""
    group(tmp_path / "level", BACKPROP, above([0.25, -0.25] * 5))
    group(tmp_path / "level", BOTH, above([0.25] * 10))
    group(tmp_path / "level", FROZEN, [*LOW])
    group(tmp_path / "few", BACKPROP, [1.0] * 5)
    group(tmp_path / "few", BOTH, [0.75] * 5)
    group(tmp_path / "few", FROZEN, [0.5] * 5)
    for runs in (tmp_path / "level", tmp_path / "few"):
        assert {d.gap for d in reported(runs).differences} == {None}


@pytest.mark.parametrize("diverges", [BACKPROP, BOTH])
def test_there_is_no_gap_where_a_run_diverged(tmp_path: Path, diverges: dict[str, str]) -> None:
    """It would be the gap of those that were lucky."""
    for keys, end in ((BACKPROP, 1.0), (BOTH, 0.75), (FROZEN, 0.5)):
        group(tmp_path, keys, [end] * 11 + [None if keys is diverges else end])
    report = reported(tmp_path)
    assert between(report, "backprop", "frozen").verdict == "better"
    assert between(report, "dni", "frozen").gap is None


def test_a_seed_without_a_way_to_go_does_not_decide_the_gap(tmp_path: Path) -> None:
    """Backprop equals frozen in one of eight: the gap is a ratio of means, here without bounds."""
    group(tmp_path, BACKPROP, [1.0] * 7 + [0.5])
    group(tmp_path, BOTH, [0.75] * 8)
    group(tmp_path, FROZEN, [0.5] * 8)
    report = reported(tmp_path)
    assert between(report, "backprop", "frozen").verdict == "better"
    gap = between(report, "dni", "frozen")
    assert gap.gap == pytest.approx(8 * 0.25 / (7 * 0.5))
    assert gap.gap_interval is None


# names --------------------------------------------------------------------------------------------


def test_a_group_is_called_by_its_label_or_by_words_of_its_settings(tmp_path: Path) -> None:
    """``dni both`` also where dni alone would do; a label comes before words."""
    for keys in (BOTH, BACKPROP, FROZEN):
        run(tmp_path, keys)
    every = list(scores(tmp_path).values())
    assert [s.label for s in called("dni both", every)] == ["dni"]
    assert [s.label for s in called("both", every)] == ["dni"]
    assert called("dni label", every) == []


def test_scores_know_what_they_share(tmp_path: Path) -> None:
    """Diverged or not, but not what is unfinished."""
    run(tmp_path, BACKPROP, 0)
    run(tmp_path, BACKPROP, 1, outcome="diverged")
    run(tmp_path, BACKPROP, 2, outcome=None)
    group(tmp_path, FROZEN, [0.5] * 3)
    s = scores(tmp_path)
    assert shared([s["backprop"], s["frozen"]]) == [0, 1]
    assert not math.isnan(difference(1, Method.alone(s["backprop"]), Method.alone(s["frozen"])).values[0])
