"""``-s KEY=VALUE``: what can be set, and what is said about what cannot."""

from __future__ import annotations

from typing import Any

import pytest
from support.config_messages import BASE, DNI, TOP, made, said

from synthgrad.tasks import TASKS
from synthgrad.trainers import TRAINERS

ADAM = BASE.replace("backprop", "backprop, optimizer: adam")
NORMAL = BASE + "network: {init: {scheme: normal, scale: 0.3, shift: 0}}\n"

WORKS: dict[str, tuple[str, list[str], str, Any]] = {
    "number": (BASE, ["trainer.alpha=1e-2"], "trainer.alpha", 0.01),
    "blanks": (BASE, [" seed = 4"], "seed", 4),
    "last-wins": (BASE, ["seed=3", "seed=4"], "seed", 4),
    "list": (BASE, ["network.hidden=[64, 32]"], "network.hidden", (64, 32)),
    "switch": (BASE, ["training.shuffle=on"], "training.shuffle", True),
    "section": (BASE, ["network={hidden: [3]}"], "network.hidden", (3,)),
    "section-then-key": (BASE, ["network={hidden: [3]}", "network.bias=no"], "network.hidden", (3,)),
    "key-then-section": (BASE, ["network.bias=no", "network={hidden: [3]}"], "network.bias", True),
    "empty-is-default": (NORMAL, ["network="], "network.init.scale", 0.2),
    "into-an-empty-section": (BASE + "network:\n", ["network.hidden=[3]"], "network.hidden", (3,)),
    "shorthand": (BASE, ["trainer.optimizer=adam"], "trainer.optimizer.beta1", 0.9),
    "into-a-shorthand": (ADAM, ["trainer.optimizer.beta1=0.95"], "trainer.optimizer.beta1", 0.95),
    "shorthand-then-key": (
        BASE,
        ["trainer.optimizer=adam", "trainer.optimizer.beta1=0.95"],
        "trainer.optimizer.beta1",
        0.95,
    ),
    "into-a-shorthand-within-a-section": (
        BASE,
        ["trainer={name: frozen, optimizer: adam}", "trainer.optimizer.beta1=0.95"],
        "trainer.optimizer.beta1",
        0.95,
    ),
    "choice-then-key": (
        BASE,
        ["trainer.optimizer.name=momentum", "trainer.optimizer.mu=0.5"],
        "trainer.optimizer.mu",
        0.5,
    ),
    "key-then-choice": (
        BASE,
        ["trainer.optimizer.mu=0.5", "trainer.optimizer.name=momentum"],
        "trainer.optimizer.mu",
        0.5,
    ),
    "repairs-the-file": (BASE + "seed: x\n", ["seed=4"], "seed", 4),
    "thousands": (BASE, ["training.epochs=1_000"], "training.epochs", 1000),
    "alias": (DNI, ["trainer.generator.input=[label]"], "trainer.generator.input", ("label",)),
}


@pytest.mark.parametrize(("text", "settings", "key", "meant"), WORKS.values(), ids=WORKS)
def test_an_override_sets_what_it_says(text: str, settings: list[str], key: str, meant: object) -> None:
    """A dotted key, a YAML value, one after the other."""
    value: Any = made(text, *settings)
    for part in key.split("."):
        value = getattr(value, part)
    assert value == meant


@pytest.mark.parametrize("setting", ["seed", "", "=3", ".=1", "a..b=1", "a.=1"])
def test_an_override_without_key_or_value_is_told_the_form(setting: str) -> None:
    """KEY=VALUE, with an example."""
    assert said(BASE, setting) == [f"-s {setting}: expected KEY=VALUE (for example -s trainer.alpha=1e-2)"]


WRONG = {
    "trainer=dni": "trainer: expected a section, got 'dni' (write -s trainer.name=dni)",
    "trainer=dnii": "trainer: expected a section, got 'dnii' (write -s trainer.name=dni)",
    "task=3": f"task: expected a section, got 3 (task.name is one of {', '.join(TASKS)})",
    "task=": f"task.name: is missing (one of {', '.join(TASKS)})",
    "seed=": "seed: expected a whole number, got nothing (leave the key out for its default)",
    "seed.x=1": "seed: takes one value and has no keys of its own (set it as a whole: -s seed=VALUE)",
    "network.hidden.0=64": "network.hidden: takes one value and has no keys of its own "
    "(set it as a whole: -s network.hidden=VALUE)",
    "network.hidden[0]=64": "a list is set as a whole (for example -s network.hidden='[64, 32]')",
    "foo=1": f"foo: unknown key ({TOP})",
    "foo.bar.baz=1": f"foo: unknown key ({TOP})",
    "training.batch-size=3": "training.batch-size: unknown key (did you mean 'batch_size'? "
    "known here: epochs, batch_size, shuffle, evaluate_every, checkpoint_every, decay)",
    "trainer.name=frozzen": f"trainer.name: 'frozzen' is not one of {', '.join(TRAINERS)} (did you mean 'frozen'?)",
    "trainer.generator.input=label": "trainer.generator: backprop has no such option (dni has it)",
    "trainer.optimizer=adm": "trainer.optimizer.name: 'adm' is not one of sgd, momentum, adam (did you mean 'adam'?)",
    "trainer.optimizer.beta1=0.9": "trainer.optimizer.beta1: sgd has no such option (adam has it)",
    "trainer.optimizer={name: adam, beta1: 3}": "trainer.optimizer.beta1: 3 is out of range (must be >= 0 and < 1)",
    'trainer.alpha="1e-2"': "trainer.alpha: expected a number, got '1e-2' (write it without quotes)",
    "training={epochs: 1, epochs: 2}": "training.epochs: is given twice (keep one)",
    "seed=!!python/object:x 1": "seed: the tag !!python/object:x has no meaning here (leave it out)",
    "trainer.alpha=1_0": "trainer.alpha: expected a number, got '1_0' (write 10; _ is for thousands, 1_000)",
    "trainer.alpha=1e-400": "trainer.alpha: '1e-400' is too small for a number (it would be read as 0; the smallest is "
    "2.2e-308)",
    "trainer.alpha=1e400": "trainer.alpha: '1e400' is too large for a number (at most 1.8e+308)",
    "trainer.alpha=0.1 # low": "trainer.alpha: expected a number, got '0.1 # low'",
    "network.hidden=[3] # low": "network.hidden: the text after # would be ignored (quote it, or delete it)",
    "trainer.name='dni' # x": "trainer.name: the text after # would be ignored (quote it, or delete it)",
    "seed=[": "not valid YAML: ends too early (a bracket or a quote is not closed)",
}


@pytest.mark.parametrize(("setting", "what"), WRONG.items(), ids=WRONG)
def test_a_wrong_override_has_itself_for_a_place(setting: str, what: str) -> None:
    """The place of an override's problem is ``-s KEY=VALUE``."""
    assert said(BASE, setting) == [f"-s {setting}: {what}"]


SWEEP = "several values are for synthgrad sweep"
SEVERAL = {
    "trainer.alpha=1e-3,1e-2": f"expected a number, got '1e-3,1e-2' ({SWEEP})",
    "seed=0..9": f"expected a whole number, got '0..9' ({SWEEP})",
    "trainer.alpha=1e-4..1e-1:log4": f"expected a number, got '1e-4..1e-1:log4' ({SWEEP})",
    "seed=1,2": f"expected a whole number, got '1,2' (without the comma; {SWEEP})",
    "network.hidden=64,32": f"expected a list, got '64,32' (write [64,32]; {SWEEP})",
    "network.hidden=[64],[64, 32]": f"but found ',' ({SWEEP})",
    "trainer.name=frozen,dni": f"(did you mean 'frozen'? {SWEEP})",
    "trainer.optimizer=sgd,adam": f"{SWEEP})",
}


@pytest.mark.parametrize(("setting", "end"), SEVERAL.items(), ids=SEVERAL)
def test_several_values_are_sent_to_sweep(setting: str, end: str) -> None:
    """After what else would be right."""
    (line,) = said(BASE, setting)
    assert line.startswith(f"-s {setting}: ")
    assert line.endswith(end)


@pytest.mark.parametrize(
    "setting",
    ["network.hidden=[64, x]", "trainer.alpha='1,2'", "seed=1..", "trainer.alhpa=1,2", "network.hidden=[[1],[2]]"],
)
def test_one_wrong_value_is_not(setting: str) -> None:
    """Commas in brackets and quotes part nothing; a key that is not there is wrong with any value."""
    lines = said(BASE, setting)
    assert lines
    assert not any(SWEEP in line for line in lines)


def test_a_file_is_not_sent_to_sweep() -> None:
    """What is wrong there is wrong in a sweep too, whatever the file is called."""
    assert said(BASE + "seed: 0..9\n") == ["a.yaml:3:7: seed: expected a whole number, got '0..9'"]


def test_an_override_with_line_breaks_is_still_one_line() -> None:
    """What a terminal would break or obey is shown escaped."""
    (line,) = said(BASE, "seed=\x1b[1m\nx")
    assert line.startswith(r"-s seed=\x1b[1m\nx: the character U+001B is not allowed in YAML")


def test_an_override_into_the_file_s_bare_name_leaves_the_file_s_error() -> None:
    """``trainer: dni`` is no section, whatever is set in it."""
    assert said("task: {name: binary-addition}\ntrainer: dni\n", "trainer.alpha=1") == [
        "a.yaml:2:10: trainer: expected a section, got 'dni' (write trainer: {name: dni})"
    ]


# another choice -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "setting", "key", "name"),
    [
        (DNI, "trainer.name=frozen", "trainer", "frozen"),
        (DNI.replace("both", "boht"), "trainer.name=frozen", "trainer", "frozen"),
        (NORMAL, "network.init.scheme=he", "network.init", "he"),
        (ADAM.replace("adam", "{name: adam, beta1: 0.5}"), "trainer.optimizer.name=sgd", "trainer.optimizer", "sgd"),
        (
            ADAM.replace("adam", "{name: adam, beta1: 0.5}"),
            "trainer.optimizer=momentum",
            "trainer.optimizer",
            "momentum",
        ),
    ],
)
def test_keys_of_the_choice_that_an_override_replaced_are_dropped(text: str, setting: str, key: str, name: str) -> None:
    """One file serves every trainer."""
    section: Any = made(text, setting)
    for part in key.split("."):
        section = getattr(section, part)
    assert name in (getattr(section, "name", None), getattr(section, "scheme", None))


def test_keys_that_both_choices_have_are_kept() -> None:
    """Only what the new choice does not know is dropped."""
    text = DNI.replace("name: dni", "name: dni\n  alpha: 0.7")
    assert made(text, "trainer.name=frozen").trainer.alpha == 0.7


def test_an_override_of_a_key_that_the_new_choice_lacks_is_an_error() -> None:
    """What was asked for now is not dropped."""
    assert said(DNI, "trainer.name=frozen", "trainer.generator.input=label") == [
        "-s trainer.generator.input=label: trainer.generator: frozen has no such option (dni has it)"
    ]


def test_a_key_that_neither_choice_has_is_still_an_error() -> None:
    """Changing the choice is no amnesty for misspelt keys."""
    (line,) = said(DNI.replace("generator:", "generater:"), "trainer.name=frozen")
    assert line.startswith("a.yaml:4:3: trainer.generater: unknown key")


def test_a_key_of_a_third_choice_is_still_an_error() -> None:
    """Only the keys of the choice replaced are dropped."""
    text = ADAM.replace("adam", "{name: adam, mu: 0.5}")
    assert said(text, "trainer.optimizer.name=sgd") == [
        "a.yaml:2:51: trainer.optimizer.mu: sgd has no such option (momentum has it)"
    ]


@pytest.mark.parametrize("text", ["0-9", "0:9", "{0..9}", "[0..9]", "0 - 9"])
def test_a_range_as_others_write_it_is_told_how_it_is_written_here(text: str) -> None:
    """Braces, colons, dashes; and where it is a value, nothing is said."""
    (line,) = said(BASE, f"seed={text}")
    assert "a range is written 0..9, for synthgrad sweep" in line
