"""YAML itself: syntax, duplicates, anchors, merges, tags, and scalars as people write them."""

from __future__ import annotations

import time

import pytest
from support.config_messages import BASE, TOP, made, said

SYNTAX = {
    "tab-indent": (BASE + "network:\n\thidden: []\n", "a.yaml:4:1: not valid YAML: a tab (YAML wants spaces)"),
    "tab-value": (BASE + "seed:\t1\n", "a.yaml:3:6: not valid YAML: a tab (YAML wants spaces)"),
    "two-documents": (BASE + "---\n" + BASE, "a.yaml:3:1: not valid YAML: a second document begins (expected one)"),
    "no-space": (
        BASE + "seed:3\n",
        "a.yaml:3:1: not valid YAML: neither a value nor a key (a key ends with ': ', colon and space)",
    ),
    "open-brace": (
        "seed: 1\ntask: {name: x",
        "a.yaml:2:7: not valid YAML: this section in braces is not closed (a '}' or ',' is missing after it)",
    ),
    "open-bracket": (
        "network:\n  hidden: [1, 2\nseed: 1\n",
        "a.yaml:2:11: not valid YAML: this list in brackets is not closed (a ']' or ',' is missing after it)",
    ),
    "open-quote": ("seed: 1\ntask: 'x\n", "a.yaml:2:7: not valid YAML: this quote is never closed"),
    "indent": (
        "task:\n  name: x\n bits: 3\n",
        "a.yaml:3:2: not valid YAML: indented unlike the lines above it (align the keys of a section)",
    ),
    "two-colons": (
        "task: name: x\n",
        "a.yaml:1:11: not valid YAML: one ': ' too many in this line (quote the text, or begin a new line)",
    ),
    "dash-among-keys": (
        BASE + "- x\n",
        "a.yaml:3:1: not valid YAML: an item of a list among keys (drop the dash, or put the list under a key)",
    ),
    "at-sign": ("task: @x\n", "a.yaml:1:7: not valid YAML: '@' cannot begin a value (quote the text)"),
    "no-anchor": (
        BASE + "network: *n\n",
        "a.yaml:3:10: not valid YAML: *n refers to nothing (there is no &n above it)",
    ),
}


@pytest.mark.parametrize(("text", "line"), SYNTAX.values(), ids=SYNTAX)
def test_a_slip_of_syntax_is_named_in_plain_words(text: str, line: str) -> None:
    """The place of the cause, and what to do about it."""
    assert said(text) == [line]


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("- 1\n- 2\n", "[1, 2]"),
        ("hello\n", "'hello'"),
        ("3\n", "3"),
        ("task:x\n", "'task:x' (a key ends with ': ', colon and space)"),
    ],
)
def test_a_file_without_sections_is_told_what_one_looks_like(text: str, got: str) -> None:
    """A list or a scalar at the top is no config."""
    assert said(text) == [f"a.yaml:1:1: expected sections such as 'task:' and 'trainer:', got {got}"]


# duplicates ---------------------------------------------------------------------------------------


def test_every_duplicate_key_is_reported_and_the_rest_is_still_checked() -> None:
    """Duplicates on any level, with the place of the first, beside other problems."""
    text = BASE + "seed: 1\nseed: 2\nnetwork:\n  hidden: [0]\n  hidden: [1]\nfoo: 1\n"
    assert said(text) == [
        "a.yaml:4:1: seed: is given twice (first in line 3; keep one)",
        "a.yaml:6:12: network.hidden[0]: 0 is out of range (must be 1 to 100000)",
        "a.yaml:7:3: network.hidden: is given twice (first in line 6; keep one)",
        f"a.yaml:8:1: foo: unknown key ({TOP})",
    ]


# anchors ------------------------------------------------------------------------------------------


def test_anchors_that_explode_are_stopped_early() -> None:
    """A billion laughs are not expanded."""
    lines = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)]
    start = time.perf_counter()
    (line,) = said("a: &a [lol, lol]\n" + "\n".join(lines))
    assert line.endswith("more than 10000 values: do anchors multiply? (write it out)")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("network: &a [*a]\n", "a.yaml:3:14: network[0]: an anchor that contains itself (write it out)"),
        ("network: &a {init: *a}\n", "a.yaml:3:20: network.init: an anchor that contains itself (write it out)"),
        ("network: &a {<<: *a}\n", "a.yaml:3:18: network: an anchor that contains itself (write it out)"),
    ],
    ids=["list", "section", "merge"],
)
def test_an_anchor_that_contains_itself_is_an_error(text: str, line: str) -> None:
    """Recursion is found, at the alias."""
    assert line in said(BASE + text)


@pytest.mark.parametrize(
    "text", ["[" * 5000, "a: " + "[" * 100 + "]" * 100, "\n".join(" " * i + "a:" for i in range(300))]
)
def test_deep_nesting_is_an_error(text: str) -> None:
    """However deep, one line and no traceback."""
    assert any(line.endswith("is nested too deeply (at most 30 levels)") for line in said(text))


def test_a_wrong_alias_is_pointed_at_where_it_is_used() -> None:
    """The place of an alias is its own, not its anchor's."""
    text = BASE + "training: {epochs: &n 5}\nnetwork:\n  hidden: *n\n"
    assert said(text) == ["a.yaml:5:11: network.hidden: expected a list, got 5 (write [5])"]


# merges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("training", "epochs", "batch_size"),
    [
        ("{<<: {epochs: 3}, batch_size: 2}", 3, 2),
        ("{epochs: 3, <<: {epochs: 4, batch_size: 2}}", 3, 2),
        ("{<<: [{epochs: 3}, {epochs: 4, batch_size: 2}]}", 3, 2),
        ("{<<: {<<: {epochs: 3}, batch_size: 2}}", 3, 2),
    ],
)
def test_a_merge_takes_over_what_is_not_said_itself(training: str, epochs: int, batch_size: int) -> None:
    """Own keys win over merged ones, earlier merges over later ones."""
    made_training = made(BASE + f"training: {training}\n").training
    assert (made_training.epochs, made_training.batch_size) == (epochs, batch_size)


def test_an_anchor_may_be_shared_by_two_optimisers() -> None:
    """Anchors on a section of the config itself need no place of their own."""
    text = BASE.replace("backprop}", "dni, optimizer: &o {name: adam, beta1: 0.5}, generator: {optimizer: *o}}")
    trainer = made(text).trainer
    assert trainer.optimizer == trainer.generator.optimizer


def test_problems_of_merged_values_have_the_places_where_they_are_written() -> None:
    """A merged value is pointed at in the section that it comes from, an own one in its own."""
    text = BASE + "training:\n  epochs: 0\n  <<: [{epochs: 5, batch_size: x}, {batch_size: 2, foo: 1}]\n"
    assert said(text) == [
        "a.yaml:4:11: training.epochs: 0 is out of range (must be >= 1)",
        "a.yaml:5:32: training.batch_size: expected a whole number, got 'x'",
        "a.yaml:5:52: training.foo: unknown key "
        "(known here: epochs, batch_size, shuffle, evaluate_every, checkpoint_every, decay)",
    ]


@pytest.mark.parametrize(
    ("training", "line"),
    [
        ("{<<: 3}", "a.yaml:3:16: training.<<: expected a section or its *anchor"),
        (
            "{<<: {}, <<: {}}",
            "a.yaml:3:20: training.<<: is given twice (write <<: [*one, *other]; the first has priority)",
        ),
    ],
)
def test_a_merge_of_no_section_is_an_error(training: str, line: str) -> None:
    """What cannot be merged is told so."""
    assert said(BASE + f"training: {training}\n") == [line]


# tags and keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object:os.system {}",
        "!!python/object/apply:os.getcwd []",
        "!!python/name:os.system ''",
        "!!set {a}",
        "!x 3",
    ],
)
def test_a_tag_is_refused_and_nothing_is_made_of_it(value: str) -> None:
    """No tag constructs anything; each is named."""
    assert said(BASE + f"seed: {value}\n") == [
        f"a.yaml:3:7: seed: the tag {value.split()[0]} has no meaning here (leave it out)"
    ]


def test_a_tag_at_the_top_is_refused() -> None:
    """The whole file cannot be a Python object either."""
    assert said("!!python/object:os.system {}\n") == [
        "a.yaml:1:1: the tag !!python/object:os.system has no meaning here (leave it out)"
    ]


@pytest.mark.parametrize("value", ["!!int x", "!!float x", "!!bool maybe", "!!null x"])
def test_a_tag_that_its_text_contradicts_is_an_error(value: str) -> None:
    """A forced type that the text cannot have is no crash."""
    tag, text = value.split()
    assert said(BASE + f"seed: {value}\n") == [
        f"a.yaml:3:7: seed: {text!r} is not what its tag {tag} says (leave the tag out)"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("? [a]\n: 3\n", "a.yaml:3:3: a key is a word, not a list or a section"),
        ("'': 3\n", f"a.yaml:3:1: '': unknown key ({TOP})"),
        (
            '"a\\nb": 3\n',
            rf"a.yaml:3:1: 'a\nb': unknown key ({TOP})",
        ),
        ("on: 3\n", f"a.yaml:3:1: on: unknown key ({TOP})"),
    ],
)
def test_an_odd_key_is_shown_in_one_line(text: str, line: str) -> None:
    """Keys that are no words, or hold what a terminal should not see."""
    assert said(BASE + text) == [line]


# scalars ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-2", 0.01),
        ("1E-2", 0.01),
        ("1e+1", 10.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3.0),
        ("1_000.5", 1000.5),
        ("0e-400", 0.0),
    ],
)
def test_numbers_are_read_as_a_person_means_them(written: str, meant: float) -> None:
    """PyYAML alone takes 1e-2 for text."""
    assert made(BASE.replace("backprop", f"backprop, alpha: {written}")).trainer.alpha == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("012", 12), ("08", 8), ("1_000", 1000), ("1e3", 1000), ("2.0", 2), ("+3", 3), ("-0", 0)]
)
def test_whole_numbers_are_read_as_a_person_means_them(written: str, meant: int) -> None:
    """No octal, and 1e3 is a whole number."""
    assert made(BASE + f"seed: {written}\n").seed == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("on", True), ("Yes", True), ("TRUE", True), ('"on"', True), ("off", False), ("NO", False), ("false", False)],
)
def test_switches_are_read_as_a_person_means_them(written: str, meant: bool) -> None:
    """on, off, yes and no are words everywhere but where a switch is expected."""
    assert made(BASE + f"training: {{shuffle: {written}}}\n").training.shuffle is meant
