"""Claims: what can be claimed, and whether runs bear it out."""

from __future__ import annotations

from pathlib import Path

import pytest
from directories import BACKPROP, BOTH, FROZEN, LABEL, group, reported

from synthgrad.compare.claims import Claim, exit_code
from synthgrad.compare.report import Answer
from synthgrad.errors import ConfigError

SEEDS = [i / 64 for i in range(8)]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Eight seeds: backprop .75, dni both equal but for luck, dni label .625, frozen .5, each and a little."""
    group(tmp_path, BACKPROP, [0.75 + s for s in SEEDS])
    group(tmp_path, BOTH, [0.75 + s + (-1) ** i / 64 for i, s in enumerate(SEEDS)])
    group(tmp_path, LABEL, [0.625 + s for s in SEEDS])
    group(tmp_path, FROZEN, [0.5 + s for s in SEEDS])
    return tmp_path


def answer(runs: Path, claim: str, **more: object) -> Answer:
    """The answer to one claim."""
    (found,) = reported(runs, claims=(claim,), **more).claims
    return found


# grammar ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dni both > frozen", ("dni both", "", ">", "frozen")),
        ("dni both>frozen", ("dni both", "", ">", "frozen")),
        ("  a  ~  b  ", ("a", "", "~", "b")),
        ("backprop - dni both < 0.01", ("backprop", "dni both", "<", "0.01")),
        ("layer-output > .5", ("layer-output", "", ">", ".5")),
        ("a alpha=1e-05 > b", ("a alpha=1e-05", "", ">", "b")),
        ("a > -0.5", ("a", "", ">", "-0.5")),
    ],
)
def test_a_claim_is_a_group_or_a_difference_a_sign_and_a_group_or_a_number(text: str, parts: tuple[str, ...]) -> None:
    """Spaces around the sign may be left out; those around a minus may not, as names have hyphens."""
    claim = Claim.parse(text)
    assert (claim.of, claim.minus, claim.sign, claim.than) == parts


@pytest.mark.parametrize("text", ["", "frozen", "> frozen", "frozen >", "a = b", "a != b", "<>"])
def test_what_is_no_claim_is_refused_with_examples(text: str) -> None:
    """Not taken for one that holds."""
    with pytest.raises(ConfigError, match=r"is no claim \('dni both > frozen', 'backprop - dni both < 0.01', ~\)"):
        Claim.parse(text)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("dni boht > frozen", r"no group is called 'dni boht' \(did you mean 'dni both'\?\)"),
        ("dni both > %%%%", "no group is called '%%%%' .there are backprop, dni both, dni label, frozen."),
        ("dni both >= frozen", "no group is called '= frozen'"),
        ("0.5 < frozen", "no group is called '0.5'"),
        ("dni both > nan", "no group is called 'nan'"),
        ("dni both > inf", "no group is called 'inf'"),
        ("backprop - frozen > dni both", "dni both is not a number"),
        ("dni > frozen", "no table has exactly one group of each name"),
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
    """Six seeds carry one claim; of two, neither could ever fail, so neither is held."""
    group(tmp_path, BACKPROP, [0.5] * 6)
    group(tmp_path, FROZEN, [0.5] * 6)
    assert answer(tmp_path, "backprop ~ frozen").answer == "held"
    two = reported(tmp_path, claims=("backprop ~ frozen", "frozen ~ backprop")).claims
    assert {(a.answer, a.why) for a in two} == {("undecided", "6 seeds, too few: 7 are needed")}


def test_more_claims_do_not_make_level_easier_to_hold(tmp_path: Path) -> None:
    """Holm's correction may only take away: p is .031 alone and .063 of two."""
    group(tmp_path, BACKPROP, [0.75 + s for s in SEEDS[:6]])
    group(tmp_path, FROZEN, [0.5 + s for s in SEEDS[:6]])
    level, more = reported(tmp_path, claims=("backprop ~ frozen", "backprop > frozen")).claims
    assert (level.answer, more.answer) == ("not held", "undecided")
    assert level.p < 0.05 < level.p_holm


@pytest.mark.parametrize("claim", ["backprop > frozen", "backprop < frozen", "backprop ~ frozen", "backprop > .1"])
def test_five_seeds_decide_nothing(tmp_path: Path, claim: str) -> None:
    """Nor does one."""
    for n in (1, 5):
        group(tmp_path / str(n), BACKPROP, [0.75] * n)
        group(tmp_path / str(n), FROZEN, [0.5] * n)
        a = answer(tmp_path / str(n), claim)
        assert (a.answer, a.why) == ("undecided", f"{n} seed{'s' * (n > 1)}, too few: 6 are needed")


def test_groups_without_a_seed_in_common_decide_nothing(tmp_path: Path) -> None:
    """No difference, no p."""
    group(tmp_path, BACKPROP, [None] * 6)
    group(tmp_path, FROZEN, [0.5] * 6)
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
        ("backprop > frozen", "held"),
    ],
)
def test_what_favours_a_method_that_diverged_is_not_held(tmp_path: Path, claim: str, said: str) -> None:
    """Two of eight seeds: those that finished say nothing for all; against it they may."""
    group(tmp_path, BACKPROP, [0.9] * 8)
    group(tmp_path, BOTH, [0.9 if "~" in claim else 0.875] * 6 + [None] * 2)
    group(tmp_path, FROZEN, [0.5] * 8)
    a = answer(tmp_path, claim)
    assert (a.answer, a.why.endswith("it diverges more often")) == (said, said == "undecided")


# several tables -----------------------------------------------------------------------------------


def test_a_claim_is_answered_in_every_table_that_has_its_groups(runs: Path) -> None:
    """In the other table frozen is better."""
    other = {"task.bits": 5}
    group(runs, {**BACKPROP, **other}, [0.5] * 8)
    group(runs, {**FROZEN, **other}, [0.75] * 8)
    both = reported(runs, claims=("backprop > frozen",)).claims
    assert [(a.table, a.answer, a.p_holm) for a in both] == [(1, "held", 4 / 256), (2, "not held", 4 / 256)]
    assert [a.table for a in reported(runs, claims=("dni both > frozen",)).claims] == [1]


def test_groups_of_different_tables_are_not_compared(runs: Path) -> None:
    """Neither has both."""
    group(runs, {"trainer.name": "dni", "trainer.generator.input": "layer-output", "task.bits": 5}, [0.5] * 8)
    group(runs, {**BACKPROP, "task.bits": 5}, [0.5] * 8)
    with pytest.raises(ConfigError, match="no table has exactly one group of each name"):
        answer(runs, "layer-output > frozen")


@pytest.mark.parametrize(
    ("answers", "code"),
    [([], 0), (["held", "held"], 0), (["held", "undecided"], 5), (["undecided", "not held", "held"], 4)],
)
def test_one_claim_that_does_not_hold_outweighs_undecided_ones(answers: list[str], code: int) -> None:
    """0 all held, 4 one not, 5 one undecided."""
    assert exit_code([Answer(1, "", each, 0, None, None, None, None, "") for each in answers]) == code
