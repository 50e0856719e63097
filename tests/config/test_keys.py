"""Keys and choices: unknown, misspelt, misplaced, missing, of another choice."""

from __future__ import annotations

import pytest
from support.config_messages import BASE, DNI, TOP, made, said

from synthgrad.tasks import TASKS
from synthgrad.trainers import TRAINERS as REGISTRY

TRAINERS = ", ".join(REGISTRY)

UNKNOWN = {
    "no-idea": ("foo: 1\n", f"a.yaml:3:1: foo: unknown key ({TOP})"),
    "misspelt": ("sead: 1\n", f"a.yaml:3:1: sead: unknown key (did you mean 'seed'? {TOP})"),
    "upper-case": ("SEED: 1\n", f"a.yaml:3:1: SEED: unknown key (did you mean 'seed'? {TOP})"),
    "section": ("trainning: {}\n", f"a.yaml:3:1: trainning: unknown key (did you mean 'training'? {TOP})"),
    "wrong-level": ("epochs: 3\n", f"a.yaml:3:1: epochs: unknown key (did you mean 'training.epochs'? {TOP})"),
    "dotted": (
        "training.epochs: 3\n",
        "a.yaml:3:1: training.epochs: a dotted key is for -s (in a file write a section, training: {epochs: ...})",
    ),
    "nested": (
        "network:\n  init:\n    scal: 1\n",
        "a.yaml:5:5: network.init.scal: unknown key (did you mean 'scale'? known here: scheme, biases, scale, shift)",
    ),
    "wrong-section": (
        "network: {bits: 3}\n",
        "a.yaml:3:11: network.bits: unknown key (did you mean 'task.bits'? "
        "known here: hidden, activation, bias, normalize, init, dtype)",
    ),
}


@pytest.mark.parametrize(("text", "line"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_key_is_answered_with_the_known_ones_and_the_one_meant(text: str, line: str) -> None:
    """The place is the key's; the suggestion looks in the whole config."""
    assert said(BASE + text) == [line]


CHOICES = {
    "misspelt": (
        "trainer: {name: backprob}\n",
        f"a.yaml:2:17: trainer.name: 'backprob' is not one of {TRAINERS} (did you mean 'backprop'?)",
    ),
    "upper-case": (
        "trainer: {name: DNI}\n",
        f"a.yaml:2:17: trainer.name: 'DNI' is not one of {TRAINERS} (did you mean 'dni'?)",
    ),
    "no-idea": ("trainer: {name: perceptron}\n", f"a.yaml:2:17: trainer.name: 'perceptron' is not one of {TRAINERS}"),
    "number": ("trainer: {name: 3}\n", f"a.yaml:2:17: trainer.name: 3 is not one of {TRAINERS}"),
    "list": (
        "trainer: {name: [dni]}\n",
        f"a.yaml:2:17: trainer.name: [dni] is not one of {TRAINERS} (did you mean 'dni'?)",
    ),
    "no-section": ("seed: 1\n", f"a.yaml:1:1: trainer.name: is missing (one of {TRAINERS})"),
    "no-name": ("trainer: {alpha: 1}\n", f"a.yaml:2:10: trainer.name: is missing (one of {TRAINERS})"),
    "empty-section": ("trainer:\n", f"a.yaml:2:9: trainer.name: is missing (one of {TRAINERS})"),
    "bare-name": ("trainer: dni\n", "a.yaml:2:10: trainer: expected a section, got 'dni' (write trainer: {name: dni})"),
    "bare-other": (
        "trainer: 3\n",
        f"a.yaml:2:10: trainer: expected a section, got 3 (trainer.name is one of {TRAINERS})",
    ),
    "dashes": (
        "trainer:\n  - name: dni\n",
        "a.yaml:3:3: trainer: expected a section, got a list of sections or lists "
        f"(trainer.name is one of {TRAINERS}; drop the dashes)",
    ),
}


@pytest.mark.parametrize(("trainer", "line"), CHOICES.values(), ids=CHOICES)
def test_a_choice_that_is_none_is_answered_with_the_choices(trainer: str, line: str) -> None:
    """Misspelt, missing, or not written as a section."""
    assert said("task: {name: binary-addition}\n" + trainer) == [line]


def test_both_names_are_missed_at_once() -> None:
    """A file with neither task nor trainer has two problems."""
    assert said("seed: 1\n") == [
        f"a.yaml:1:1: task.name: is missing (one of {', '.join(TASKS)})",
        f"a.yaml:1:1: trainer.name: is missing (one of {TRAINERS})",
    ]


def test_a_misspelt_choice_does_not_hide_what_else_is_wrong_in_its_section() -> None:
    """The rest of the section is held against the choice that was meant."""
    text = BASE.replace("backprop}", "backprob, alpha: -1, gama: 2}")
    assert [line.split(": ", 2)[1] for line in said(text)] == ["trainer.name", "trainer.alpha", "trainer.gama"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (DNI.replace("dni", "frozen"), "a.yaml:4:3: trainer.generator: frozen has no such option (dni has it)"),
        (
            BASE + "network:\n  init: {scheme: normal, gain: 2}\n",
            "a.yaml:4:26: network.init.gain: normal has no such option (glorot, he have it)",
        ),
        (
            BASE + "network: {init: {gain: 2}}\n",
            "a.yaml:3:18: network.init.gain: normal has no such option (glorot, he have it)",
        ),
    ],
)
def test_an_option_of_another_choice_names_the_choices_that_have_it(text: str, line: str) -> None:
    """A key that exists elsewhere in the registry is no unknown key."""
    assert said(text) == [line]


def test_a_section_with_a_default_choice_needs_no_name() -> None:
    """What is left out is the default, the name of a choice included."""
    init = made(BASE + "network: {init: {scale: 0.5}}\n").network.init
    assert (init.scheme, init.scale, init.shift) == ("normal", 0.5, -0.1)


@pytest.mark.parametrize("section", ["network:", "training: ~", "network: {init: }", "training:\n  decay:"])
def test_an_empty_section_is_its_default(section: str) -> None:
    """A header whose keys are all commented out changes nothing."""
    assert made(BASE + section + "\n") == made(BASE)


def test_a_shorthand_is_the_section_with_every_other_key_at_its_default() -> None:
    """``optimizer: adam`` is ``optimizer: {name: adam}``."""
    short = made(BASE.replace("backprop", "backprop, optimizer: adam"))
    assert short == made(BASE.replace("backprop", "backprop, optimizer: {name: adam}"))
    assert short.trainer.optimizer.beta2 == 0.999
