"""Files of claims: what they hold, and what is said of those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthgrad.claims.file import ClaimsFile, read
from synthgrad.errors import ConfigError

PARTS = ("--set", "trainer.alpha=1..2", "--set", "network.hidden=[64]", "--seed", "3", "--name", "x")


def stated(directory: Path, text: str) -> ClaimsFile:
    """What a file says."""
    path = directory / "claims.yaml"
    path.write_text(text)
    return read(path)


def test_a_file_has_sweeps_and_claims_and_where_each_stands(tmp_path: Path) -> None:
    """A sweep as the words of a line, or by its parts."""
    said = stated(
        tmp_path,
        """# A question?
sweeps:
  - backprop.yaml dni.yaml -s 'network.hidden=[64, 32],[64]' --seed 0..9
  - {configs: [a.yaml, b.yaml], set: [trainer.alpha=1..2, 'network.hidden=[64]'], seed: 3, name: x}
claims:
  - dni both > frozen
  - backprop - dni both < .01 on loss
""",
    )
    hidden = "network.hidden=[64, 32],[64]"
    assert [line.words for line in said.sweeps] == [
        ("backprop.yaml", "dni.yaml", "-s", hidden, "--seed", "0..9"),
        ("a.yaml", "b.yaml", *PARTS),
    ]
    assert [line.place.removeprefix(f"{tmp_path}/") for line in said.sweeps] == ["claims.yaml:3:5", "claims.yaml:4:5"]
    assert [(c.text, c.line.removeprefix(f"{tmp_path}/")) for c in said.claims] == [
        ("dni both > frozen", "claims.yaml:6:5"),
        ("backprop - dni both < .01 on loss", "claims.yaml:7:5"),
    ]


def test_what_is_said_of_all_claims_yields_to_what_one_says(tmp_path: Path) -> None:
    """But conditions come together."""
    text = "metric: loss\nat: best\nseeds: 7\nwhere: task.bits=4, seed<3\nclaims:\n- a > b\n"
    plain, own = stated(tmp_path, f"{text}- a > b on x at last where seed>1, 3 seeds\n").claims
    assert (plain.metric, plain.at, plain.seeds, plain.where) == ("loss", "best", 7, ("task.bits=4", "seed<3"))
    assert (own.metric, own.at, own.seeds, own.where) == ("x", "last", 3, ("task.bits=4", "seed<3", "seed>1"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "claims.yaml: is empty (expected claims: and a list of them)"),
        ("- a > b\n", "claims.yaml:1:1: expected sweeps, metric, at, seeds, where, claims, got [a > b]"),
        ("seeds: 3\n", "claims.yaml:1:1: claims: is missing (expected a list of claims)"),
        ("claim: [a > b]\n", "claims.yaml:1:1: claim: is not known here (did you mean 'claims'?)"),
        ("claims: a > b\n", "claims.yaml:1:9: claims: expected a list (a line with a dash for each), got 'a > b'"),
        ("claims: []\n", "claims.yaml:1:9: claims: expected a list (a line with a dash for each), got []"),
        ("claims:\n", "claims.yaml:1:8: claims: expected a list (a line with a dash for each), got nothing"),
        ("claims: [3]\n", "claims.yaml:1:10: claims[0]: expected a claim, got 3 (quote a text that has ': ' in it)"),
        ("claims: [a: b]\n", "claims[0]: expected a claim, got a section (quote a text that has ': ' in it)"),
        ("claims:\n- a >> b\n", "claims.yaml:2:3: 'a >> b': is not a claim (expected 'dni both > frozen', "),
        ("claims: [a > b\n", "claims.yaml:1:9: not valid YAML: this list in brackets is not closed"),
        ("claims: [a > b]\nclaims: [a > b]\n", "claims.yaml:2:1: claims: is given twice (first in line 1; keep one)"),
        ("metric: a b\nclaims: [a > b]\n", "claims.yaml:1:9: metric: 'a b' is not a metric (expected one, such as "),
        ("metric: 3\nclaims: [a > b]\n", "claims.yaml:1:9: metric: 3 is not a metric (expected one, such as "),
        ("at: x\nclaims: [a > b]\n", "claims.yaml:1:5: at: 'x': is not known (last, best, common, or epoch=N)"),
        ("seeds: 0\nclaims: [a > b]\n", "seeds: 0 is not a number of seeds (expected 1 or more)"),
        ("seeds: 0..9\nclaims: [a > b]\n", "seeds: '0..9' is not a number of seeds (expected 1 or more)"),
        ("where: x\nclaims: [a > b]\n", "claims.yaml:1:8: where: 'x' is not a condition (expected KEY=VALUE)"),
        ("where: [{a: b}]\nclaims: [a > b]\n", "where: expected words, got a list of sections or lists"),
        ("sweeps: a.yaml\nclaims: [a > b]\n", "sweeps: expected a list (a line with a dash for each), got 'a.yaml'"),
        ("sweeps: [\"x 'y\"]\nclaims: [a > b]\n", "sweeps[0]: \"x 'y\" has a quote that is never closed"),
        ("sweeps: ['']\nclaims: [a > b]\n", "sweeps[0]: expected the words after 'synthgrad sweep', got ''"),
        ("sweeps: [{seed: 3}]\nclaims: [a > b]\n", "sweeps[0]: has no configs (there are configs, set, seed, name, "),
        ("sweeps: [{jobs: 3}]\nclaims: [a > b]\n", "sweeps[0]: 'jobs' is no part of a sweep (there are configs, set, "),
        ("sweeps: [{configs: [true]}]\nclaims: [a > b]\n", "sweeps[0]: expected words, got [True]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    """With its place, and what would be right."""
    with pytest.raises(ConfigError) as raised:
        stated(tmp_path, text)
    assert any(said in line.removeprefix(f"{tmp_path}/") for line in raised.value.lines), raised.value.lines


def test_everything_that_is_wrong_is_said_at_once_down_the_file(tmp_path: Path) -> None:
    """Six lines."""
    text = "sweps: [a]\nseeds: x\nsweeps:\n- {set: a=3}\nclaims:\n- a > b\n- a ?? b\n- a > b on\n- [a]\n"
    with pytest.raises(ConfigError) as raised:
        stated(tmp_path, text)
    places = [line.removeprefix(f"{tmp_path}/").split(": ")[0] for line in raised.value.lines]
    assert places == [f"claims.yaml:{at}" for at in ("1:1", "2:8", "4:3", "7:3", "8:3", "9:3")]
