"""Claims about each seed, about equivalence, about tuned methods; where and of how many seeds they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, DEEP, FROZEN, group, reported, run

from synthgrad.compare.report import Answer
from synthgrad.errors import ConfigError

N = 8
ALPHAS = {0.05: (0.5, 0.75), 0.1: (0.75, 0.5)}
"""By step size, how well it does in even and in odd seeds."""


def answer(runs: Path, claim: str, **more: object) -> Answer:
    """The answer to one claim."""
    (found,) = reported(runs, claims=(claim,), **more).claims
    return found


def two(runs: Path, ends: list[float | None], against: list[float | None], metric: str = BITS) -> Path:
    """Backprop and the frozen control, with these final values in seeds 0, 1, ..."""
    group(runs, BACKPROP, ends, metric)
    group(runs, FROZEN, against, metric)
    return runs


# the same to the last bit -------------------------------------------------------------------------


def test_the_same_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    """One seed is enough to say so, and enough to deny it."""
    third = 1 / 3
    two(tmp_path / "a", [third], [third])
    two(tmp_path / "b", [third, third], [third, third + 2**-54])
    same, other = (answer(tmp_path / name, "backprop = frozen") for name in "ab")
    assert (same.answer, same.why, same.n) == ("held", "the same in all of 1 seed", 1)
    said = "not so in 1 of 2 seeds, the first is seed 1: 0.333333 and 0.333333, 5.55e-17 apart"
    assert (other.answer, other.why) == ("not held", said)


def test_a_number_can_be_hit_exactly(tmp_path: Path) -> None:
    """And a difference be exactly one."""
    two(tmp_path, [0.75] * 2, [0.5] * 2)
    claims = ("backprop = 0.75", "backprop = 0.5", "backprop - frozen = 0.25", "backprop - frozen = 0.26")
    assert [answer(tmp_path, claim).answer for claim in claims] == ["held", "not held"] * 2


@pytest.mark.parametrize("other", [0.5, None])
def test_a_run_that_diverged_is_the_same_as_none(tmp_path: Path, other: float | None) -> None:
    """Not even as one that diverged too."""
    said = answer(two(tmp_path, [0.5, None], [0.5, other]), "backprop = frozen")
    assert (said.answer, said.why.partition(", ")[0]) == ("not held", "not so in 1 of 2 seeds")


# in every seed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "said", "why"),
    [
        ([0.75, 0.75, 0.75], "held", "so in all of 3 seeds"),
        ([0.75, 0.5, 0.75], "not held", "not so in 1 of 3 seeds, the first is seed 1: 0.5 and 0.5"),
        ([0.75, 0.75, 0.25], "not held", "not so in 1 of 3 seeds, the first is seed 2: 0.25 and 0.5"),
        ([None, 0.75, 0.25], "not held", "not so in 2 of 3 seeds, the first is seed 0: diverged and 0.5"),
    ],
)
def test_every_seed_has_its_say(tmp_path: Path, ends: list[float | None], said: str, why: str) -> None:
    """A tie counts against, and so does a run that diverged."""
    found = answer(two(tmp_path, ends, [0.5] * 3), "backprop > frozen in every seed")
    assert (found.answer, found.why, found.p, found.p_holm) == (said, why, None, None)


@pytest.mark.parametrize(
    ("metric", "claim", "said"),
    [
        (BITS, "frozen > backprop in every seed", "held"),
        (BITS, "backprop < frozen in every seed", "held"),
        (BITS, "backprop > frozen in every seed", "not held"),
        ("loss", "frozen < backprop in every seed", "held"),
        ("loss", "backprop > frozen in every seed", "held"),
        ("loss", "backprop < frozen in every seed", "not held"),
        (BITS, "backprop < 0.9 in every seed", "held"),
        (BITS, "backprop > 0.1 in every seed", "not held"),
        (BITS, "frozen - backprop > 1 in every seed", "not held"),
        (BITS, "frozen > 0.4 in every seed", "held"),
    ],
)
def test_a_run_that_diverged_is_worse_than_one_that_did_not(tmp_path: Path, metric: str, claim: str, said: str) -> None:
    """Whichever way the metric goes, and worse than every number."""
    worse = 0.25 if metric == BITS else 0.75
    two(tmp_path, [None, worse], [0.5, 0.5], metric)
    assert answer(tmp_path, claim, metrics=(metric,)).answer == said


def test_all_runs_of_the_other_may_have_diverged(tmp_path: Path) -> None:
    """There is no difference to average, and nothing to doubt."""
    found = answer(two(tmp_path, [0.75] * 3, [None] * 3), "backprop > frozen in every seed")
    assert (found.answer, found.n, found.why) == ("held", 0, "so in all of 3 seeds")


def test_two_runs_that_diverged_are_a_tie(tmp_path: Path) -> None:
    """Which counts against."""
    assert answer(two(tmp_path, [None, 0.75], [None, 0.5]), "backprop > frozen in every seed").answer == "not held"


# equivalence --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "margin", "said"),
    [
        ([0.5 + (-1) ** i / 64 for i in range(N)], 1 / 32, "held"),
        ([0.5 + (-1) ** i / 64 for i in range(N)], 1 / 128, "undecided"),
        ([0.75 + (-1) ** i / 64 for i in range(N)], 1 / 32, "not held"),
        ([0.25 + (-1) ** i / 64 for i in range(N)], 1 / 32, "not held"),
        ([0.75] * N, 0.25, "undecided"),
        ([0.25] * N, 0.25, "undecided"),
        ([0.75] * N, 0.2501, "held"),
        ([0.75] * N, 0.2499, "not held"),
    ],
)
def test_equivalence_is_an_interval_within_the_margin(
    tmp_path: Path, ends: list[float], margin: float, said: str
) -> None:
    """The margin itself is not within; beyond it lies what leaves no part of the 95 % interval within."""
    assert answer(two(tmp_path, [*ends], [0.5] * N), f"backprop ~ frozen within {margin}").answer == said


def test_the_interval_of_equivalence_is_that_of_two_one_sided_tests(tmp_path: Path) -> None:
    """90 %, narrower than the 95 % that is shown beside it."""
    ends = [0.5 + i * i / 1024 for i in range(N)]
    found = answer(two(tmp_path, [*ends], [0.5] * N), "backprop ~ frozen within 0.03")
    assert found.equivalence is not None
    assert found.interval is not None
    assert found.interval[0] < found.equivalence[0] < found.equivalence[1] < 0.03 < found.interval[1]
    assert (found.answer, found.p, found.p_holm) == ("held", None, None)
    assert found.why == "+0.017 [+0.002..+0.033], 90 % interval +0.005..+0.029, margin 0.03, 8 seeds"


@pytest.mark.parametrize(("n", "said"), [(4, "undecided"), (5, "held")])
def test_equivalence_takes_five_seeds(tmp_path: Path, n: int, said: str) -> None:
    """2 / 2^5 is below 10 %."""
    found = answer(two(tmp_path, [0.5] * n, [0.5] * n), "backprop ~ frozen within 0.1")
    assert (found.answer, found.needed) == (said, 5)


def test_a_number_can_be_approached(tmp_path: Path) -> None:
    """And a difference be about one."""
    two(tmp_path, [0.75 + i / 1024 for i in range(N)], [0.5] * N)
    claims = ("backprop ~ 0.75 within 0.01", "backprop ~ 0.8 within 0.01", "backprop - frozen ~ 0.25 within 0.01")
    found = [answer(tmp_path, claim) for claim in claims]
    assert [each.answer for each in found] == ["held", "not held", "held"]
    assert found[0].mean == pytest.approx(0.75 + 3.5 / 1024)
    assert found[0].equivalence == pytest.approx((0.75 + 1.75 / 1024, 0.75 + 5.25 / 1024))
    assert found[0].why.endswith(", 90 % interval 0.7517..0.7551, margin 0.01 about 0.75, 8 seeds")


def test_a_method_that_diverges_more_often_is_not_equivalent(tmp_path: Path) -> None:
    """Those that finished say nothing for all."""
    found = answer(two(tmp_path, [0.5] * 6 + [None] * 2, [0.5] * 8), "backprop ~ frozen within 0.1")
    assert (found.answer, found.why) == ("undecided", "+0.000, 90 % interval -, margin 0.1, 6 seeds, 2 diverged")


# how many seeds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim",
    [
        "backprop > frozen",
        "frozen < backprop",
        "backprop > 0.6",
        "backprop - frozen > 0.1",
        "backprop ~ frozen within 1",
        "backprop > frozen in every seed",
        "backprop = 0.75",
    ],
)
def test_fewer_seeds_than_a_claim_asks_for_decide_nothing(tmp_path: Path, claim: str) -> None:
    """As many do."""
    two(tmp_path, [0.75] * N, [0.5] * N)
    few = answer(tmp_path, f"{claim}, {N + 1} seeds")
    assert (few.answer, few.needed) == ("undecided", N + 1)
    assert few.why.endswith(f"{N} seeds, {N + 1} are needed")
    assert answer(tmp_path, f"{claim}, {N} seeds").answer == "held"


def test_what_a_seed_contradicts_needs_no_more_of_them(tmp_path: Path) -> None:
    """It will not hold in every seed."""
    two(tmp_path, [0.25, 0.75], [0.5] * 2)
    assert answer(tmp_path, "backprop > frozen in every seed, 10 seeds").answer == "not held"
    assert answer(tmp_path, "backprop = frozen, 10 seeds").answer == "not held"


def test_a_run_that_diverged_counts_as_a_seed(tmp_path: Path) -> None:
    """It is an outcome: else no number of runs would ever be enough."""
    found = answer(two(tmp_path, [0.75] * 9 + [None], [0.5] * 10), "backprop > frozen, 10 seeds")
    assert (found.answer, found.n) == ("held", 9)
    assert found.why.endswith(", 9 seeds, 1 diverged")
    few = answer(two(tmp_path / "few", [0.75] * 4 + [None], [0.5] * 5), "backprop > frozen")
    assert (few.answer, few.why) == (
        "undecided",
        "+0.250, 4-1 in seeds, p .38; 4 seeds, too few: 6 are needed, 1 diverged",
    )


@pytest.mark.parametrize(("claim", "said"), [("backprop - frozen > .25", "undecided"), ("backprop < 0.3", "undecided")])
def test_what_rounding_leaves_is_nothing(tmp_path: Path, claim: str, said: str) -> None:
    """0.1 + 0.2 is no more than 0.3, nor 0.35 - 0.1 more than 0.25."""
    two(tmp_path, [0.1 + 0.2 if "<" in claim else 0.35] * N, [0.1] * N)
    assert answer(tmp_path, claim).answer == said


# where it is read ---------------------------------------------------------------------------------


def test_a_claim_says_which_metric_and_epoch(tmp_path: Path) -> None:
    """Whatever the table shows."""
    for seed in range(N):
        run(tmp_path, BACKPROP, seed, {BITS: [0.25, 0.75], "loss": [2.0, 1.0]})
        run(tmp_path, FROZEN, seed, {BITS: [0.5, 0.5], "loss": [1.5, 1.5]})
    claims = (f"backprop {rest}" for rest in ("> frozen", "> frozen at epoch=1", "> frozen on loss", "< 1.1 on loss"))
    found = reported(tmp_path, claims=tuple(claims)).claims
    assert [a.answer for a in found] == ["held", "not held", "not held", "held"]
    assert [(a.metric, a.at, a.epoch) for a in found] == [
        (BITS, "last", 2), (BITS, "epoch=1", 1), ("loss", "last", 2), ("loss", "last", 2),
    ]  # fmt: skip
    assert found[0].means == {"backprop": 0.75, "frozen": 0.5}
    assert answer(tmp_path, "backprop < 0.3 at last", at="epoch=1").answer == "not held"
    assert answer(tmp_path, "backprop < 0.3", at="epoch=1").answer == "held"


def test_what_a_group_never_measured_is_said(tmp_path: Path) -> None:
    """More seeds would not help."""
    group(tmp_path, BOTH, [0.5] * N, "cosine.1")
    two(tmp_path, [0.75] * N, [0.5] * N)
    claims = ("dni > frozen on cosine.1", "backprop > frozen at epoch=99", "dni = frozen on cosine.1 at best")
    found = reported(tmp_path, claims=claims).claims
    assert [(a.answer, a.why) for a in found] == [
        ("undecided", f"no cosine.1 at epoch {DEEP} in frozen"),
        ("undecided", f"no {BITS} at epoch 99 in backprop, frozen"),
        ("undecided", "no cosine.1 in frozen"),
    ]


def test_only_its_own_groups_decide_at_which_epoch_a_claim_is_read(tmp_path: Path) -> None:
    """A third that ended earlier does not."""
    two(tmp_path, [0.75] * N, [0.5] * N)
    run(tmp_path, BOTH, 0, {BITS: [0.5, 0.5]})
    assert answer(tmp_path, "backprop > frozen").epoch == DEEP
    assert answer(tmp_path, "backprop > dni").epoch == 2


def test_conditions_choose_the_runs(tmp_path: Path) -> None:
    """And so the table, or what a name means, or the seeds."""
    group(tmp_path, {**BACKPROP, "trainer.alpha": 0.05}, [0.25] * N)
    two(tmp_path, [0.75] * N, [0.5] * N)
    two(tmp_path, [0.5] * 2, [0.5] * 2)
    with pytest.raises(ConfigError, match=r"'backprop' may be backprop alpha=0\.05, backprop alpha=0\.2 in "):
        answer(tmp_path, "backprop > frozen")
    assert answer(tmp_path, "backprop > frozen where trainer.alpha=0.2, seed>1, 6 seeds").answer == "held"
    assert answer(tmp_path, "backprop > 0.6 where alpha=0.05,0.06").answer == "not held"
    assert answer(tmp_path, "backprop alpha=5e-2 < frozen where seed>1").answer == "held"


def test_a_group_is_called_by_any_end_of_its_keys(tmp_path: Path) -> None:
    """And by a number in any spelling."""
    two(tmp_path, [0.75] * N, [0.5] * N)
    names = ("backprop trainer.alpha=.20", "alpha=2e-1 backprop", "trainer.name=backprop", "name=backprop", "backprop")
    assert [answer(tmp_path, f"{name} > frozen").answer for name in names] == ["held"] * 5


# tuned --------------------------------------------------------------------------------------------


def test_a_method_is_tuned_without_choosing_a_setting(tmp_path: Path) -> None:
    """Each of two settings is best in half of the seeds; neither is better than the control, nor worse."""
    for alpha, ends in ALPHAS.items():
        group(tmp_path, {**BACKPROP, "trainer.alpha": alpha}, [ends[seed % 2] for seed in range(N)])
    group(tmp_path, FROZEN, [0.5625] * N)
    claims = ("backprop < frozen tuned", "frozen > backprop tuned", "backprop > frozen tuned")
    assert {a.answer for a in reported(tmp_path, claims=claims).claims} == {"undecided"}
    with pytest.raises(ConfigError, match="'backprop' may be"):
        answer(tmp_path, "backprop < frozen")


def test_in_every_seed_a_tuned_method_has_one_setting_that_beats_all_others(tmp_path: Path) -> None:
    """Not the best of each seed."""
    group(tmp_path, {**BACKPROP, "trainer.alpha": 0.1}, [0.75, 0.25, 0.75])
    group(tmp_path, {**BACKPROP, "trainer.alpha": 0.2}, [0.25, 0.75, 0.75])
    group(tmp_path, FROZEN, [0.5] * 3)
    found = answer(tmp_path, "backprop > frozen in every seed tuned")
    assert (found.answer, found.why) == ("not held", "not so in 1 of 3 seeds, the first is seed 1: 0.25 and 0.5")
    group(tmp_path, {**BACKPROP, "trainer.alpha": 0.3}, [0.625] * 3)
    assert answer(tmp_path, "backprop > frozen in every seed tuned").answer == "held"
    assert answer(tmp_path, "frozen < backprop in every seed tuned").answer == "held"


def test_one_missing_run_of_a_setting_leaves_a_tuned_claim_undecided(tmp_path: Path) -> None:
    """The setting is not left out, whichever it is."""
    for alpha, ends in ((0.1, [0.25] * 8), (0.2, [0.75] * 7)):
        group(tmp_path, {**BACKPROP, "trainer.alpha": alpha}, ends)
    group(tmp_path, FROZEN, [0.5] * 8)
    found = reported(tmp_path, claims=("backprop > frozen tuned", "backprop < frozen tuned"))
    assert {a.answer for a in found.claims} == {"undecided"}
    assert {a.why.rpartition("; ")[2] for a in found.claims} == {"undecided until every group has a result of seed 7"}
    run(tmp_path, {**BACKPROP, "trainer.alpha": 0.2}, 7, {BITS: 0.75})
    found = reported(tmp_path, claims=("backprop > frozen tuned", "backprop < frozen tuned"))
    assert [a.answer for a in found.claims] == ["held", "not held"]
