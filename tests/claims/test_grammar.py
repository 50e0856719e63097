"""The grammar of claims."""

from __future__ import annotations

import itertools

import pytest

from synthgrad.claims.grammar import Claim
from synthgrad.errors import ConfigError

NO_CLAIM = r"is not a claim \(expected 'dni both > frozen', 'backprop - dni both < 0.01', "
CLAUSES = ("within 0.01", "on loss", "at epoch=6", "where task.bits=4, seed<3", "6 seeds", "tuned")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dni both > frozen", ("dni both", "", ">", "frozen")),
        ("dni both>frozen", ("dni both", "", ">", "frozen")),
        ("  a  ~  b  ", ("a", "", "~", "b")),
        ("a = b", ("a", "", "=", "b")),
        ("dni alpha=0.1 = dni alpha=1", ("dni alpha=0.1", "", "=", "dni alpha=1")),
        ("backprop - dni both < 0.01", ("backprop", "dni both", "<", "0.01")),
        ("a - b = 0", ("a", "b", "=", "0")),
        ("layer-output > .5", ("layer-output", "", ">", ".5")),
        ("a alpha=1e-05 > b", ("a alpha=1e-05", "", ">", "b")),
        ("a > -0.5", ("a", "", ">", "-0.5")),
    ],
)
def test_a_claim_is_a_group_or_a_difference_a_sign_and_a_group_or_a_number(text: str, parts: tuple[str, ...]) -> None:
    """Spaces around a sign may be left out; those around a minus and = may not, as names have hyphens and settings."""
    claim = Claim.parse(text)
    assert (claim.of, claim.minus, claim.sign, claim.than) == parts


@pytest.mark.parametrize(
    "text",
    ["", "frozen", "> frozen", "frozen >", "a != b", "<>", "a >= b", "a =b", "a <~ b", "a >, 3 seeds"],
)
def test_what_is_no_claim_is_refused_with_examples(text: str) -> None:
    """Not taken for one that holds."""
    with pytest.raises(ConfigError, match=rf"^--check '.*': {NO_CLAIM}"):
        Claim.parse(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("a > .01", 0.01), ("a < 1e-12", 1e-12), ("a ~ -0.5 on loss", -0.5), ("a > +2, 3 seeds", 2.0), ("a > b", None)],
)
def test_numbers_are_written_as_people_write_them(text: str, number: float | None) -> None:
    """What is none is a group."""
    claim = Claim.parse(text)
    assert (claim.number, claim.names) == (number, ["a"] if number is not None else ["a", "b"])


@pytest.mark.parametrize("clauses", [*itertools.permutations(CLAUSES, 3)], ids=" ".join)
def test_clauses_come_in_any_order(clauses: tuple[str, ...]) -> None:
    """Each says one thing, with a comma before it or without; what is not said is left open."""
    for comma in (" ", ", "):
        claim = Claim.parse(comma.join(["a ~ b", *clauses]))
        found = {
            "within 0.01": claim.within == 0.01,
            "on loss": claim.metric == "loss",
            "at epoch=6": claim.at == "epoch=6",
            "where task.bits=4, seed<3": claim.where == ("task.bits=4", "seed<3"),
            "6 seeds": claim.seeds == 6,
            "tuned": claim.tuned,
        }
        assert (claim.of, claim.than) == ("a", "b")
        assert {clause for clause, said in found.items() if said} == set(clauses)


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("a > b where task.bits=4", ("task.bits=4",)),
        ("a > b where bits=4,5, network.hidden=[64, 32], name=x", ("bits=4,5", "network.hidden=[64, 32]", "name=x")),
        ("a > b where trainer.alpha<=1e-2, outcome!=diverged", ("trainer.alpha<=1e-2", "outcome!=diverged")),
        ("a > b where task.bits=4, 10 seeds", ("task.bits=4",)),
    ],
)
def test_a_comma_parts_conditions_where_a_key_follows_it(text: str, conditions: tuple[str, ...]) -> None:
    """Else it parts the values of one; in brackets it parts nothing."""
    assert Claim.parse(text).where == conditions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a > b within 3", r"within 3 goes with ~ \(A ~ B within 3\)"),
        ("a ~ b within x", "within x: is not a number above 0"),
        ("a ~ b within -1", "within -1: is not a number above 0"),
        ("a ~ b within 0", "within 0: is not a number above 0"),
        ("a ~ b in every seed", "in every seed goes with > or <"),
        ("a = b in every seed", "in every seed goes with > or <"),
        ("a - b > c", r"c is not a number \(expected one after a difference A - B\)"),
        ("a > b on", "nothing stands after 'on'"),
        ("a > b on x y", r"on x y: is not a metric \(expected one word"),
        ("a > b on x on y", r"says 'on' after another of the kind \(keep one\)"),
        ("a > b 3 seeds, 4 seeds", r"says '4 seeds' after another of the kind \(keep one\)"),
        ("a > b, 0 seeds", r"0 seeds decide nothing \(expected 1 or more\)"),
        ("a > b where foo", "where foo: expected KEY=VALUE"),
        ("a > b at foo", r"at foo: is not known \(last, best, common, or epoch=N\)"),
        ("a > b at epoch=0", "at epoch=0: is not known"),
        ("a > b tuned well", "'well' has no meaning after 'tuned'"),
        ("a > b, 10 seeds each", "'each' has no meaning after '10 seeds'"),
        ("frozen = frozen", "holds frozen against itself"),
        ("a - a > 1", "holds a against itself"),
    ],
)
def test_what_makes_no_sense_is_named(text: str, said: str) -> None:
    """By the line of the file, and the claim."""
    with pytest.raises(ConfigError, match=rf"^claims.yaml:3:5: '{text}': {said}"):
        Claim.parse(text, "claims.yaml:3:5")


@pytest.mark.parametrize(
    ("text", "directed", "each"),
    [
        ("a > b", True, False),
        ("a - b < 1", True, False),
        ("a > b in every seed", False, True),
        ("a = b", False, True),
        ("a ~ b", False, False),
        ("a ~ b within 1", False, False),
    ],
)
def test_a_claim_is_about_the_mean_or_about_each_seed(text: str, directed: bool, each: bool) -> None:
    """And only one about the mean that has a direction takes part in the correction."""
    claim = Claim.parse(text)
    assert (claim.directed, claim.each) == (directed, each)
