"""Claims: what can be claimed, and whether runs bear it out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, group, reported, run

from synthgrad.claims.judge import exit_code
from synthgrad.compare.report import Answer
from synthgrad.errors import ConfigError

SEEDS = [i / 64 for i in range(8)]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Eight seeds: backprop .75, dni both equal but for luck, dni label .625, frozen .5, each and a little."""
    for seed, s in enumerate(SEEDS):
        run(tmp_path, BACKPROP, seed, {BITS: 0.75 + s, "loss": 1.0})
    group(tmp_path, BOTH, [0.75 + s + (-1) ** i / 64 for i, s in enumerate(SEEDS)])
    group(tmp_path, LABEL, [0.625 + s for s in SEEDS])
    group(tmp_path, FROZEN, [0.5 + s for s in SEEDS])
    return tmp_path


def answer(runs: Path, claim: str, **more: object) -> Answer:
    """The answer to one claim."""
    (found,) = reported(runs, claims=(claim,), **more).claims
    return found


# who is meant -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("dni boht > frozen", r"no group is called 'dni boht' \(did you mean 'dni both'\?\)"),
        ("dni both > %%%%", "no group is called '%%%%' .there are backprop, dni both, dni label, frozen."),
        ("0.5 < frozen", "no group is called '0.5'"),
        ("dni both > nan", "no group is called 'nan'"),
        ("dni both > inf", "no group is called 'inf'"),
        ("backprop - frozen > dni both", "dni both is not a number"),
        ("dni > frozen", "'dni' may be dni both, dni label in binary-addition .say more of its words, or where "),
        ("trainer.name=dni both ~ dni both", "'trainer.name=dni both' and 'dni both' are the same group in binary-"),
        ("dni both > frozen on los", "no run has los .did you mean 'loss'"),
        ("dni both > frozen where task.bts=4", "where 'task.bts=4': none of these runs has a key task.bts "),
        ("dni both > frozen where task.bits=5", "no run meets task.bits=5"),
        ("dni both > frozen where trainer.name=dni", "no group is called 'frozen' .there are dni both, dni label"),
    ],
)
def test_a_claim_about_nobody_says_who_may_be_meant(runs: Path, claim: str, said: str) -> None:
    """A misspelt claim must not count as undecided."""
    with pytest.raises(ConfigError, match=said):
        answer(runs, claim)


# answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("dni label > frozen", "held"),
        ("frozen < dni label", "held"),
        ("dni label < frozen", "not held"),
        ("dni both ~ backprop", "held"),
        ("dni label ~ backprop", "not held"),
        ("dni both > backprop", "undecided"),
        ("dni both < backprop", "undecided"),
        ("backprop - dni label > 0.1", "held"),
        ("backprop - dni label < 0.1", "not held"),
        ("backprop - dni both < 0.05", "held"),
        ("backprop - dni label ~ 0.125", "held"),
        ("backprop > 0.7", "held"),
        ("backprop < 0.7", "not held"),
        ("backprop > 0.8046875", "undecided"),
        ("backprop > 1", "not held"),
        ("both > frozen", "held"),
    ],
)
def test_a_claim_is_held_not_held_or_undecided(runs: Path, claim: str, said: str) -> None:
    """As the exact test at 5 % has it; a group may be called by some of its words."""
    assert answer(runs, claim).answer == said


def test_an_answer_has_the_numbers_of_the_difference(runs: Path) -> None:
    """Eight differences of .125: p = 2/256, whatever number they were held against."""
    a = answer(runs, "backprop - dni label > 0.1")
    assert (a.table, a.claim, a.n, a.p, a.p_holm) == (1, "backprop - dni label > 0.1", 8, 2 / 256, 2 / 256)
    assert (a.mean, a.interval) == (pytest.approx(0.125), (pytest.approx(0.125), pytest.approx(0.125)))
    assert a.why == "+0.125 [+0.125..+0.125], p .008, 8 seeds"


def test_holm_takes_all_claims_together(runs: Path) -> None:
    """Six claims: 6 * 2/256 = .047 still holds; seven do not."""
    claims = ("dni label > frozen", "backprop > frozen", "dni both > frozen", "backprop > dni label", "frozen > .4")
    six = reported(runs, claims=(*claims, "backprop > .7")).claims
    assert {(a.answer, a.p_holm) for a in six} == {("held", 12 / 256)}
    seven = reported(runs, claims=(*claims, "backprop > .7", "backprop > .6")).claims
    assert {a.answer for a in seven} == {"undecided"}


def test_level_is_undecided_where_nothing_could_have_told_apart(tmp_path: Path) -> None:
    """Six seeds can, five cannot; and as it is not corrected, it does not matter how many are claimed."""
    for n, said in ((6, "held"), (5, "undecided")):
        group(tmp_path / str(n), BACKPROP, [0.5] * n)
        group(tmp_path / str(n), FROZEN, [0.5] * n)
        two = reported(tmp_path / str(n), claims=("backprop ~ frozen", "frozen ~ backprop")).claims
        assert [a.answer for a in two] == [said] * 2


def test_more_claims_do_not_make_level_easier_to_hold(tmp_path: Path) -> None:
    """Its p is .031, however many directed claims there are, and it does not count among them."""
    group(tmp_path, BACKPROP, [0.75 + s for s in SEEDS[:6]])
    group(tmp_path, FROZEN, [0.5 + s for s in SEEDS[:6]])
    level, more, less = reported(tmp_path, claims=("backprop ~ frozen", "backprop > frozen", "frozen < .6")).claims
    assert (level.answer, more.answer, less.answer) == ("not held", "undecided", "undecided")
    assert (level.p, level.p_holm, more.p_holm, more.family) == (2 / 64, None, 4 / 64, 2)


def test_only_claims_with_a_direction_share_the_correction(tmp_path: Path) -> None:
    """Those about each seed and those of equivalence ask something else."""
    group(tmp_path, BACKPROP, [0.75 + s for s in SEEDS[:6]])
    group(tmp_path, FROZEN, [0.5 + s for s in SEEDS[:6]])
    others = ("backprop ~ frozen within 1", "backprop = frozen", "backprop > frozen in every seed", "backprop ~ frozen")
    first, *rest = reported(tmp_path, claims=("backprop > frozen", *others)).claims
    assert (first.answer, first.p_holm, first.family) == ("held", 2 / 64, 1)
    assert [(a.p_holm, a.family) for a in rest] == [(None, 1)] * 4


@pytest.mark.parametrize("claim", ["backprop > frozen", "backprop < frozen", "backprop ~ frozen", "backprop > .1"])
def test_five_seeds_decide_nothing(tmp_path: Path, claim: str) -> None:
    """Nor does one; what they come to is told all the same."""
    for n in (1, 5):
        group(tmp_path / str(n), BACKPROP, [0.75] * n)
        group(tmp_path / str(n), FROZEN, [0.5] * n)
        a = answer(tmp_path / str(n), claim)
        mean = "0.750" if claim.endswith("1") else "+0.250"
        assert (a.answer, a.why) == ("undecided", f"{mean}; {n} seed{'s' * (n > 1)}, too few: 6 are needed")


def test_the_value_of_one_group_has_no_sign(runs: Path) -> None:
    """A plus is for differences."""
    assert answer(runs, "backprop > 0.1").why.startswith("0.805 [0.")
    assert answer(runs, "backprop - frozen > 0.1").why.startswith("+0.250 [+0.")


def test_seeds_that_are_too_few_after_holm_tell_their_interval(runs: Path) -> None:
    """With six seeds one claim may be decided, three may not."""
    few = reported(runs, where=("seed<6",), claims=("dni label > frozen",) * 3).claims
    assert [a.why for a in few] == ["+0.125 [+0.125..+0.125], p .094 Holm of 3; 6 seeds, too few: 7 are needed"] * 3


def test_five_seeds_that_show_equivalence_are_not_called_too_few(tmp_path: Path) -> None:
    """They have no interval at 95 %, but one at 90 %."""
    group(tmp_path, BACKPROP, [0.75] * 5)
    group(tmp_path, FROZEN, [0.5] * 5)
    a = answer(tmp_path, "backprop ~ frozen within 0.5")
    assert (a.answer, a.why) == ("held", "+0.250, 90 % interval +0.250..+0.250, margin 0.5, 5 seeds")


def test_groups_without_a_seed_in_common_decide_nothing(tmp_path: Path) -> None:
    """No difference, no p."""
    for seed in range(6):
        run(tmp_path, BACKPROP, seed)
        run(tmp_path, FROZEN, seed + 6)
    a = answer(tmp_path, "backprop > frozen")
    assert (a.answer, a.n, a.mean, a.p) == ("undecided", 0, None, None)


def test_more_of_a_loss_is_more(tmp_path: Path) -> None:
    """A claim compares numbers; whether more is better is another question."""
    group(tmp_path, BACKPROP, [1.0] * 6, "loss")
    group(tmp_path, FROZEN, [2.0] * 6, "loss")
    assert answer(tmp_path, "backprop < frozen", metrics=("loss",)).answer == "held"
    assert answer(tmp_path, "backprop > frozen", metrics=("loss",)).answer == "not held"


# divergence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("dni both > frozen", "undecided"),
        ("frozen < dni both", "undecided"),
        ("dni both ~ backprop", "undecided"),
        ("backprop - dni both < 0.1", "undecided"),
        ("dni both > 0.6", "undecided"),
        ("backprop > dni both", "held"),
        ("dni both < backprop", "held"),
        ("backprop > frozen", "held"),
    ],
)
def test_what_favours_a_method_that_diverged_is_not_held(tmp_path: Path, claim: str, said: str) -> None:
    """Two of eight seeds: those that finished say nothing for all; 6-2 is no more than luck."""
    group(tmp_path, BACKPROP, [0.9] * 8)
    group(tmp_path, BOTH, [0.9 if "~" in claim else 0.875] * 6 + [None] * 2)
    group(tmp_path, FROZEN, [0.5] * 8)
    a = answer(tmp_path, claim)
    assert (a.answer, a.why.endswith(", 2 diverged")) == (said, "dni" in claim)


def test_all_seeds_that_were_lost_decide(tmp_path: Path) -> None:
    """There is no mean, and nothing to doubt."""
    group(tmp_path, BACKPROP, [None] * 6)
    group(tmp_path, FROZEN, [0.5] * 6)
    claims = ("backprop > frozen", "frozen > backprop", "backprop ~ frozen within 9")
    found = reported(tmp_path, claims=claims).claims
    assert [(a.answer, a.n, a.mean) for a in found] == [
        ("undecided", 0, None), ("undecided", 0, None), ("not held", 0, None),
    ]  # fmt: skip
    assert answer(tmp_path, "backprop > frozen").answer == "not held"
    assert answer(tmp_path, "frozen > backprop").why == "6-0 in seeds, p .031, 0 seeds, 6 diverged"


def test_seeds_that_were_lost_outweigh_those_that_finished(tmp_path: Path) -> None:
    """A hundredth better in seven of twenty, lost in thirteen others: not better, in wins 7-13."""
    group(tmp_path, BACKPROP, [0.51] * 4 + [None] * 16)
    group(tmp_path, FROZEN, [0.5] * 20)
    assert answer(tmp_path, "backprop > frozen").answer == "not held"
    (d,) = reported(tmp_path).differences
    assert (d.verdict, d.wins, d.losses, d.gap) == ("worse", 4, 16, None)


# unfinished runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [None, "interrupted", "failed"])
@pytest.mark.parametrize(
    "claim",
    [
        "backprop > frozen",
        "frozen < backprop",
        "backprop > .7",
        "backprop ~ frozen within 1",
        "backprop > frozen in every seed",
        "backprop > frozen tuned",
    ],
)
def test_a_run_without_a_result_leaves_a_claim_undecided(tmp_path: Path, outcome: str | None, claim: str) -> None:
    """Both were given the seed; a seed that only one of them was given does not count."""
    group(tmp_path, BACKPROP, [0.75] * 8)
    group(tmp_path, FROZEN, [0.5] * 9)
    assert answer(tmp_path, claim).answer == "held"
    run(tmp_path, BACKPROP, 8, outcome=outcome)
    a = answer(tmp_path, claim)
    assert a.answer == "undecided"
    assert a.why.endswith("undecided until every group has a result of seed 8")


# several tables -----------------------------------------------------------------------------------


def test_a_claim_is_answered_in_every_table_that_has_its_groups(runs: Path) -> None:
    """In the other table frozen is better."""
    other = {"task.bits": 5}
    group(runs, {**BACKPROP, **other}, [0.5] * 8)
    group(runs, {**FROZEN, **other}, [0.75] * 8)
    both = reported(runs, claims=("backprop > frozen",)).claims
    assert [(a.table, a.answer, a.p_holm) for a in both] == [(1, "held", 4 / 256), (2, "not held", 4 / 256)]
    assert [a.table for a in reported(runs, claims=("dni both > frozen",)).claims] == [1]


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("dni > frozen where task.name=binary-addition", "'dni' may be dni both, dni label in bits=5 "),
        ("backprop > frozen on loss", "no run here has loss"),
    ],
)
def test_a_table_that_cannot_answer_leaves_a_claim_undecided(tmp_path: Path, claim: str, why: str) -> None:
    """It may contradict the one that can; that both stand there keeps anybody from reading "held"."""
    for keys, end in ((BACKPROP, 1.0), (BOTH, 1.0), (FROZEN, 0.5)):
        for seed in range(8):
            run(tmp_path, keys, seed, {BITS: end, "loss": end})
    other = {"task.bits": 5}
    for keys in (BACKPROP, BOTH, LABEL, FROZEN):  # the larger table comes first
        group(tmp_path, {**keys, **other}, [0.5] * 8)
    unclear, clear = reported(tmp_path, claims=(claim,)).claims
    assert (unclear.answer, unclear.why[: len(why)], unclear.n, unclear.p) == ("undecided", why, 0, None)
    assert (clear.answer, clear.p_holm, exit_code([unclear, clear])) == ("held", 2 / 256, 5)


def test_a_tuned_claim_about_one_method_by_two_names_is_an_error(runs: Path) -> None:
    """As one about single groups is."""
    with pytest.raises(ConfigError, match="'dni' and 'dni both' are the same group"):
        answer(runs, "dni > dni both tuned")


def test_groups_of_different_tables_are_not_compared(runs: Path) -> None:
    """Neither has both."""
    group(runs, {"trainer.name": "dni", "trainer.generator.input": "layer-output", "task.bits": 5}, [0.5] * 8)
    group(runs, {**BACKPROP, "task.bits": 5}, [0.5] * 8)
    with pytest.raises(ConfigError, match=r"no table has all its groups \(layer-output is in bits=5; "):
        answer(runs, "layer-output > frozen")


@pytest.mark.parametrize(
    ("answers", "code"),
    [([], 0), (["held", "held"], 0), (["held", "undecided"], 5), (["undecided", "not held", "held"], 4)],
)
def test_one_claim_that_does_not_hold_outweighs_undecided_ones(answers: list[str], code: int) -> None:
    """0 all held, 4 one not, 5 one undecided."""
    assert exit_code([Answer(1, "", each, 0, None, None, None, None, "") for each in answers]) == code
