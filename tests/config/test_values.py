"""Values: wrong types, out of range, not finite; every problem of a file at once."""

from __future__ import annotations

import pytest
from support.config_messages import BASE, DNI, made, said

SEED = "must be >= 0 and < 4294967296"
VALUES = {
    "seed: x": "3:7: seed: expected a whole number, got 'x'",
    "seed: 1.5": "3:7: seed: expected a whole number, got 1.5",
    "seed: 1e-2": "3:7: seed: expected a whole number, got 0.01",
    "seed: '3'": "3:7: seed: expected a whole number, got '3' (write it without quotes)",
    "seed: 1,000": "3:7: seed: expected a whole number, got '1,000' (without the comma)",
    "seed: 0x1F": "3:7: seed: expected a whole number, got '0x1F'",
    "seed: true": "3:7: seed: expected a whole number, got true",
    "seed: 2001-01-01": "3:7: seed: expected a whole number, got '2001-01-01'",
    "seed:": "3:6: seed: expected a whole number, got nothing (leave the key out for its default)",
    "seed: -1": f"3:7: seed: -1 is out of range ({SEED})",
    "seed: 4294967296": f"3:7: seed: 4294967296 is out of range ({SEED})",
    "seed: " + "9" * 5000: f"3:7: seed: '{'9' * 56}... is too large for a number (at most 1.8e+308)",
    "stream: tutorial_dni": "3:9: stream: 'tutorial_dni' is not one of named, tutorial, tutorial-dni "
    "(did you mean 'tutorial-dni'?)",
    "network: {activation: rellu}": "3:23: network.activation: 'rellu' is not one of sigmoid, tanh, relu, identity "
    "(did you mean 'relu'?)",
    "network: {hidden: 64}": "3:19: network.hidden: expected a list, got 64 (write [64])",
    "network: {hidden: {a: 1}}": "3:19: network.hidden: expected a list, got a section",
    "network: {hidden: [64, 1000000000]}": "3:24: network.hidden[1]: 1000000000 is out of range (must be 1 to 100000)",
    "network: {hidden: [-64]}": "3:20: network.hidden[0]: -64 is out of range (must be 1 to 100000)",
    "network: {hidden: [64, [32]]}": "3:24: network.hidden[1]: expected a whole number, got [32]",
    "network: {bias: 1}": "3:17: network.bias: expected true or false, got 1",
    "network: {bias: maybe}": "3:17: network.bias: expected true or false, got 'maybe'",
    "network: {init: {shift: .inf}}": "3:25: network.init.shift: inf is not a finite number",
    "training: 3": "3:11: training: expected a section, got 3 "
    "(its keys: epochs, batch_size, shuffle, evaluate_every, checkpoint_every, decay)",
    "training: {epochs: 0}": "3:20: training.epochs: 0 is out of range (must be >= 1)",
    "training: {decay: {at: [0.5, 1]}}": "3:30: training.decay.at[1]: 1 is out of range (must be > 0 and < 1)",
    "training: {decay: {at: 0.5}}": "3:24: training.decay.at: expected a list, got 0.5 (write [0.5])",
}


@pytest.mark.parametrize(("text", "line"), VALUES.items(), ids=[text[:35] for text in VALUES])
def test_a_wrong_value_is_shown_with_what_is_allowed(text: str, line: str) -> None:
    """The place is the value's own, in lists too."""
    assert said(BASE + text + "\n") == [f"a.yaml:{line}"]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("-0.5", "-0.5 is out of range (must be >= 0)"),
        (".nan", "nan is not a finite number (must be >= 0)"),
        ("-.inf", "-inf is not a finite number (must be >= 0)"),
        ("1e400", "'1e400' is too large for a number (at most 1.8e+308)"),
        ("9" * 1000, f"'{'9' * 56}... is too large for a number (at most 1.8e+308)"),
        ("-1e400", "'-1e400' is too large for a number (at most 1.8e+308)"),
        ("1e-400", "'1e-400' is too small for a number (it would be read as 0; the smallest is 2.2e-308)"),
        (
            f".{'0' * 400}1",
            f"'.{'0' * 55}... is too small for a number (it would be read as 0; the smallest is 2.2e-308)",
        ),
        ("３.5", "expected a number, got '３.5' (write 3.5)"),
        ("1_0", "expected a number, got '1_0' (write 10; _ is for thousands, 1_000)"),
        ("1__000", "expected a number, got '1__000'"),
        ('"1e-2"', "expected a number, got '1e-2' (write it without quotes)"),
        ("1,5", "expected a number, got '1,5' (a decimal point, not a comma)"),
        ("10%", "expected a number, got '10%'"),
        ("'yes'", "expected a number, got 'yes'"),
        ("true", "expected a number, got true"),
        ("x" * 100, f"expected a number, got '{'x' * 56}..."),
        (r'"\e[31m"', r"expected a number, got '\x1b[31m'"),
    ],
)
def test_a_wrong_step_size_is_told_inside_the_chosen_trainer(value: str, what: str) -> None:
    """Problems inside a choice have the choice's key and the value's line and column."""
    text = f"task: {{name: binary-addition}}\ntrainer:\n  name: dni\n  alpha:    {value}\n"
    assert said(text) == [f"a.yaml:4:13: trainer.alpha: {what}"]


@pytest.mark.parametrize("bits", ["0", "1", "32", "64"])
def test_a_width_that_no_task_has_is_out_of_range(bits: str) -> None:
    """Bits go from 2 to 31."""
    text = BASE.replace("addition}", f"addition, bits: {bits}}}")
    assert said(text) == [f"a.yaml:1:37: task.bits: {bits} is out of range (must be 2 to 31)"]


def test_every_problem_of_a_file_is_reported_at_once() -> None:
    """Unknown keys, wrong types, ranges, near misses, overrides: overrides first, then down the file."""
    text = """seeed: 3
task: {name: binary-addition, bits: 0}
network:
  hidden: [128, -64]
  activation: rellu
trainer:
  name: dni
  alpha: "1e-2"
  optimizer: {name: adam, beta1: 2, beta3: 1}
  generator:
    input: [label, lable]
    hiden: []
training: {epochs: 1.5, decay: {at: [0.5, 2]}}
"""
    lines = said(text, "trainer.gamma=3", "training.batch_size")
    assert [line.split(": ")[0] for line in lines] == [
        "-s training.batch_size",
        "-s trainer.gamma=3",
        *(f"a.yaml:{at}" for at in ["1:1", "2:37", "4:17", "5:15", "8:10", "9:34", "9:37", "11:20", "12:5", "13:20"]),
        "a.yaml:13:43",
    ]


# generator inputs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("layer-output", ("layer-output",)),
        ("label", ("label",)),
        ("input", ("input",)),
        ("both", ("layer-output", "label")),
        ("[label]", ("label",)),
        ("[label, layer-output]", ("layer-output", "label")),
        ("[input, label, layer-output]", ("layer-output", "label", "input")),
    ],
)
def test_generator_inputs_are_a_name_an_alias_or_a_list(written: str, meant: tuple[str, ...]) -> None:
    """The order of a list does not matter."""
    assert made(DNI.replace("both", written)).trainer.generator.input == meant


WORDS = "layer-output, label, input"
INPUTS = {
    "lable": f"12: trainer.generator.input: 'lable' is not one of {WORDS}, both (did you mean 'label'?)",
    "BOTH": f"12: trainer.generator.input: 'BOTH' is not one of {WORDS}, both (did you mean 'both'?)",
    "[]": f"12: trainer.generator.input: expected one of {WORDS}, both, or a list of them, got []",
    "3": f"12: trainer.generator.input: expected one of {WORDS}, both, or a list of them, got 3",
    "{a: b}": f"12: trainer.generator.input: expected one of {WORDS}, both, or a list of them, got a section",
    "[both]": "13: trainer.generator.input[0]: 'both' is short for a list: write it without brackets",
    "[input, both]": "20: trainer.generator.input[1]: 'both' is short for a list "
    "(layer-output, label): write its names",
    "[label, label]": "20: trainer.generator.input[1]: names 'label' twice (leave one out)",
    "[label, 3]": f"20: trainer.generator.input[1]: 3 is not one of {WORDS}",
    "[label, [input]]": f"20: trainer.generator.input[1]: [input] is not one of {WORDS} (did you mean 'input'?)",
}


@pytest.mark.parametrize(("written", "line"), INPUTS.items(), ids=INPUTS)
def test_a_wrong_generator_input_is_pointed_at(written: str, line: str) -> None:
    """In a list, the item and not the list."""
    assert said(DNI.replace("both", written)) == [f"a.yaml:5:{line}"]


def test_two_wrong_names_in_one_list_are_two_problems() -> None:
    """A list is not left at its first wrong name."""
    lines = said(DNI.replace("both", "[lable, inputt]"))
    assert [line.split(": ")[0] for line in lines] == ["a.yaml:5:13", "a.yaml:5:20"]
