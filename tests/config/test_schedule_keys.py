"""Interfaces, schedules, input models: what may be written, what is said of the rest, and what does not go together."""

from __future__ import annotations

import pytest
from support.config_messages import made, said

from synthgrad.config import dump, flat, plain
from synthgrad.errors import ConfigError

HEAD = "task: {name: binary-addition}\nnetwork: {hidden: [8, 8, 8]}\n"
KINDS = "sequential, pipelined, free, stochastic"
ALL_OR = "expected all, or a list of numbers such as [1, 3], got "
OF_INPUT_MODELS = "its keys: hidden, activation, bias, normalize_hidden, alpha, optimizer, reduce, last_layer"


def dni(more: str) -> str:
    """A config with three hidden layers, dni and what stands behind its name."""
    return f"{HEAD}trainer: {{name: dni, {more}}}\n"


def delayed(more: str) -> str:
    """The same with late true gradients."""
    return f"{HEAD}trainer: {{name: delayed-gradient, {more}}}\n"


def messages(text: str, *settings: str) -> list[str]:
    """What is said, without the places."""
    return [line.partition(": ")[2] for line in said(text, *settings)]


# interfaces ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dni", "delayed-gradient, pipeline: true"])
@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("[4]", ["trainer.interfaces: 4 is no hidden layer of this network (1 to 3)"]),
        ("[7, 1]", ["trainer.interfaces: 7 is no hidden layer of this network (1 to 3)"]),
        ("[0, 1]", ["trainer.interfaces[0]: expected a whole number of at least 1, got 0"]),
        ("[2, -1]", ["trainer.interfaces[1]: expected a whole number of at least 1, got -1"]),
        ("[1, 2, 1]", ["trainer.interfaces[2]: names 1 twice (leave one out)"]),
        (
            "[1.5, x, true]",
            [f"trainer.interfaces[{k}]: expected a whole number of at least 1, got {what}"
             for k, what in enumerate(("1.5", "'x'", "true"))],
        ),
        ("2", [f"trainer.interfaces: {ALL_OR}2"]),
        ("al", [f"trainer.interfaces: {ALL_OR}'al'"]),
        ("ALL", [f"trainer.interfaces: {ALL_OR}'ALL'"]),
        ("'1, 2'", [f"trainer.interfaces: {ALL_OR}'1, 2'"]),
        ("{1: 2}", [f"trainer.interfaces: {ALL_OR}a section"]),
        ("null", [f"trainer.interfaces: {ALL_OR}nothing"]),
        ("true", [f"trainer.interfaces: {ALL_OR}true"]),
    ],
)  # fmt: skip
def test_what_are_no_interfaces_is_told(name: str, written: str, lines: list[str]) -> None:
    """One line each, at the number that is wrong where there is one."""
    assert messages(f"{HEAD}trainer: {{name: {name}, interfaces: {written}}}\n") == lines


@pytest.mark.parametrize(("hidden", "there"), [("[]", "there are none"), ("[8]", "only 1"), ("[8, 8]", "1 to 2")])
def test_interfaces_are_at_hidden_layers_of_the_network(hidden: str, there: str) -> None:
    """Of this one, in a branch as well."""
    text = dni("interfaces: [3]").replace("[8, 8, 8]", hidden)
    assert messages(text) == [f"trainer.interfaces: 3 is no hidden layer of this network ({there})"]
    late = dni("interfaces: [9], schedule: pipelined").replace("[8, 8, 8]", hidden)
    assert messages(late) == [f"trainer.interfaces: 9 is no hidden layer of this network ({there})"]
    branch = "branch: {epoch: 1, trainer: {name: dni, interfaces: [3]}}\n"
    text = f"{HEAD}trainer: {{name: backprop}}\n{branch}".replace("[8, 8, 8]", hidden)
    assert messages(text) == [f"branch.trainer.interfaces: 3 is no hidden layer of this network ({there})"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("all", "all"), ("[]", ()), ("[2]", (2,)), ("[3, 1]", (1, 3)), ("[2.0]", (2,)), ("[1, 2, 3]", (1, 2, 3))],
)
def test_interfaces_are_read_in_their_order(written: str, read: object) -> None:
    """From a file, from an override, and from what is written of the config."""
    config = made(dni(f"interfaces: {written}"))
    assert config.trainer.interfaces == read
    assert made(dni("alpha: 0.1"), f"trainer.interfaces={written}") == config
    assert made(dump(plain(config))) == config
    assert flat(plain(config))["trainer.interfaces"] == (read if read == "all" else list(read))


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("[4]", "trainer.interfaces: 4 is no hidden layer of this network (1 to 3)"),
        ("1,2", f"trainer.interfaces: {ALL_OR}'1,2' (several values are for synthgrad sweep)"),
        ("1..3", f"trainer.interfaces: {ALL_OR}'1..3' (several values are for synthgrad sweep)"),
        ("", f"trainer.interfaces: {ALL_OR}nothing"),
    ],
)
def test_an_override_of_interfaces_is_told_like_the_key_of_a_file(value: str, rest: str) -> None:
    """With the word on sweeps, where it is what they take."""
    assert said(dni("alpha: 0.1"), f"trainer.interfaces={value}") == [f"-s trainer.interfaces={value}: {rest}"]


def test_late_gradients_have_interfaces_where_these_say_something() -> None:
    """Without a pipeline every layer's gradient is as late as any other's."""
    assert messages(delayed("interfaces: [1]")) == [
        "trainer.interfaces: says where gradients come late, which without pipeline is everywhere (pipeline: true)"
    ]
    for right in ("interfaces: all", "interfaces: [1], pipeline: true", "interfaces: [1], schedule: pipelined"):
        assert messages(delayed(right)) == []


# schedules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("pipeline", f"schedule.kind: 'pipeline' is not one of {KINDS} (did you mean 'pipelined'?)"),
        ("Stochastic", f"schedule.kind: 'Stochastic' is not one of {KINDS} (did you mean 'stochastic'?)"),
        ("asynchronous", f"schedule.kind: 'asynchronous' is not one of {KINDS}"),
        ("{kind: true}", f"schedule.kind: true is not one of {KINDS}"),
        ("3", f"schedule: expected a section, got 3 (trainer.schedule.kind is one of {KINDS})"),
        ("[]", f"schedule: expected a section, got [] (trainer.schedule.kind is one of {KINDS}; drop the dashes)"),
        ("{kind: pipelined, delay: 0}", "schedule.delay: 0 is out of range (must be 1 to 1000)"),
        ("{kind: pipelined, delay: 1000000000}", "schedule.delay: 1000000000 is out of range (must be 1 to 1000)"),
        ("{kind: free, delay: 0}", "schedule.delay: 0 is out of range (must be 1 to 1000)"),
        ("{kind: pipelined, delay: 1.5}", "schedule.delay: expected a whole number, got 1.5"),
        ("{kind: pipelined, workers: 0}", "schedule.workers: 0 is out of range (must be >= 1)"),
        ("{kind: free, workers: two}", "schedule.workers: expected a whole number, got 'two'"),
        ("{kind: stochastic, probability: 0}", "schedule.probability: 0 is out of range (must be > 0 and <= 1)"),
        ("{kind: stochastic, probability: 1.1}", "schedule.probability: 1.1 is out of range (must be > 0 and <= 1)"),
        ("{kind: stochastic, probability: .nan}", "schedule.probability: nan is not a finite number (must be > 0 and "
         "<= 1)"),
        ("{kind: stochastic, p: 0.5}", "schedule.p: unknown key (known here: kind, probability)"),
        ("{kind: stochastic, delay: 2}", "schedule.delay: stochastic has no such option (pipelined, free have it)"),
        ("{kind: free, probability: 1}", "schedule.probability: free has no such option (stochastic has it)"),
        ("{kind: sequential, workers: 2}", "schedule.workers: sequential has no such option (pipelined, free have it)"),
        ("{workers: 2}", "schedule.workers: sequential has no such option (pipelined, free have it)"),
        ("{kind: pipelined, prediction: old}", "schedule.prediction: 'old' is not one of anew, kept"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_told(written: str, line: str) -> None:
    """Kinds and near misses, limits, options of other kinds."""
    assert messages(dni(f"schedule: {written}")) == [f"trainer.{line}"]


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("workers=2", "workers: sequential has no such option (pipelined, free have it)"),
        ("delay=2", "delay: sequential has no such option (pipelined, free have it)"),
        ("probability=0.5", "probability: sequential has no such option (stochastic has it)"),
        ("foo=2", "foo: unknown key (known here: kind)"),
    ],
)
def test_a_key_of_a_schedule_that_is_not_chosen_is_told(setting: str, line: str) -> None:
    """An override of one key alone does not choose the schedule that has it."""
    assert said(dni("alpha: 0.1"), f"trainer.schedule.{setting}") == [
        f"-s trainer.schedule.{setting}: trainer.schedule.{line}"
    ]


@pytest.mark.parametrize(
    ("written", "settings", "read"),
    [
        ("alpha: 0.1", [], {"kind": "sequential"}),
        ("schedule: null", [], {"kind": "sequential"}),
        ("schedule: {}", [], {"kind": "sequential"}),
        ("schedule: pipelined", [], {"kind": "pipelined", "delay": 1, "workers": 1, "prediction": "anew"}),
        ("schedule: free", [], {"kind": "free", "delay": 4, "workers": 2, "prediction": "anew"}),
        ("schedule: stochastic", [], {"kind": "stochastic", "probability": 0.5}),
        ("schedule: {kind: stochastic, probability: 1}", [], {"kind": "stochastic", "probability": 1.0}),
        (
            "schedule: pipelined", ["workers=2"],
            {"kind": "pipelined", "delay": 1, "workers": 2, "prediction": "anew"},
        ),
        (
            "alpha: 0.1", ["workers=2", "kind=pipelined", "delay=3", "prediction=kept"],
            {"kind": "pipelined", "delay": 3, "workers": 2, "prediction": "kept"},
        ),
        ("schedule: {kind: pipelined, delay: 2}", ["kind=stochastic"], {"kind": "stochastic", "probability": 0.5}),
    ],
)  # fmt: skip
def test_a_schedule_is_read_from_a_word_a_section_or_overrides(
    written: str, settings: list[str], read: dict[str, object]
) -> None:
    """With all its options written out in what is kept of the config, which reads the same."""
    config = made(dni(written), *(f"trainer.schedule.{setting}" for setting in settings))
    assert plain(config)["trainer"]["schedule"] == read
    assert made(dump(plain(config))) == config


def test_a_schedule_may_be_overridden_by_a_word() -> None:
    """Whatever section the file has, and in any order with overrides of its keys."""
    file = dni("schedule: {kind: pipelined, delay: 2}")
    assert made(file, "trainer.schedule=sequential") == made(dni("alpha: 0.1"))
    chosen = made(dni("alpha: 0.1"), "trainer.schedule=pipelined", "trainer.schedule.workers=2")
    assert chosen == made(dni("schedule: {kind: pipelined, workers: 2}"))


def test_late_true_gradients_are_pipelined_or_in_order() -> None:
    """Other schedules are for generators, and so is what a late target is held against."""
    for kind in ("free", "stochastic"):
        assert messages(delayed(f"schedule: {kind}")) == [
            f"trainer.schedule.kind: '{kind}' is not one of sequential, pipelined"
        ]
    assert messages(delayed("schedule: {kind: pipelined, prediction: kept}")) == [
        "trainer.schedule.prediction: unknown key (known here: kind, delay, workers)"
    ]
    assert plain(made(delayed("schedule: {kind: pipelined, delay: 3}")))["trainer"]["schedule"] == {
        "kind": "pipelined", "delay": 3, "workers": 1,
    }  # fmt: skip


@pytest.mark.parametrize("key", ["schedule: pipelined", "interfaces: [1]", "input_model: {}"])
@pytest.mark.parametrize("name", ["backprop", "frozen", "feedback-alignment", "local-loss", "printed-listing"])
def test_trainers_without_interfaces_have_none_of_this(name: str, key: str) -> None:
    """And say who has it."""
    have = "dni has it" if key == "input_model: {}" else "dni, delayed-gradient have it"
    (line,) = messages(f"{HEAD}trainer: {{name: {name}, {key}}}\n")
    assert line == f"trainer.{key.partition(':')[0]}: {name} has no such option ({have})"


# what does not go together ------------------------------------------------------------------------

TOGETHER = {
    "lambda: 0.5": "lambda: 0.5 has gradients handed down through all layers in a step",
    "lambda: 1": "lambda: 1 has gradients handed down through all layers in a step",
    "generator: {kind: oracle}": "generator.kind: oracle takes a pass through the whole network",
    "generator: {target: true}": "generator.target: true takes a pass through the whole network",
    "generator: {targets: after}": "generator.targets: after is for one layer after the other",
    "generator: {every: 3}": "generator.every: 3 counts steps of the whole network",
}
"""What takes a step of all modules together."""
APART = {
    "schedule: pipelined": "schedule: pipelined",
    "schedule: free": "schedule: free",
    "schedule: stochastic": "schedule: stochastic",
    "schedule: {kind: stochastic, probability: 1}": "schedule: stochastic",
    "input_model: {}": "input_model",
    "input_model: {}, schedule: pipelined": "input_model",
}


@pytest.mark.parametrize("apart", APART)
@pytest.mark.parametrize("together", TOGETHER)
def test_what_takes_all_modules_together_goes_with_no_schedule(together: str, apart: str) -> None:
    """At the key to be changed, whichever stands first; either alone is right."""
    line = f"trainer.{TOGETHER[together]}, which does not go with {APART[apart]}"
    for text in (dni(f"{together}, {apart}"), dni(f"{apart}, {together}")):
        assert messages(text) == [line]
    assert messages(dni(together)) == messages(dni(apart)) == []


def test_several_that_do_not_go_together_are_told_at_once() -> None:
    """One line each."""
    found = messages(dni("schedule: free, lambda: 0.2, generator: {every: 2, target: true}"))
    assert [line.partition(":")[0] for line in found] == [
        "trainer.lambda", "trainer.generator.every", "trainer.generator.target"
    ]  # fmt: skip


def test_what_means_nothing_goes_with_everything() -> None:
    """Defaults written out are no contradiction."""
    written = "lambda: 0, generator: {every: 1, target: synthetic, targets: before}"
    for apart in APART:
        assert messages(dni(f"{apart}, {written}")) == []


def test_targets_through_new_weights_are_for_modules_of_one_layer() -> None:
    """Inside a module nobody has moved yet."""
    said_ = "trainer.generator.targets: after is for modules of one layer (write before, or interfaces: all)"
    assert messages(dni("interfaces: [2], generator: {targets: after}")) == [said_]
    assert messages(dni("interfaces: all, generator: {targets: after}")) == []


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("delay: 2", "delay: is for schedule: sequential (schedule.delay is that of the pipeline)"),
        ("delay: 0", "delay: is for schedule: sequential (schedule.delay is that of the pipeline)"),
        ("pipeline: true", "pipeline: is what schedule: pipelined does (leave one out)"),
    ],
)
def test_late_gradients_have_one_pipeline(more: str, line: str) -> None:
    """That of the schedule, or the one in order; its own delay is that of the one in order."""
    assert messages(delayed(f"schedule: pipelined, {more}")) == [f"trainer.{line}"]
    assert messages(delayed(more)) == []


def test_what_does_not_go_together_is_told_of_a_branch_too() -> None:
    """At the branch's key."""
    branch = "branch: {epoch: 1, trainer: {name: dni, lambda: 0.5, schedule: stochastic}}\n"
    (line,) = messages(f"{HEAD}trainer: {{name: backprop}}\n{branch}")
    assert line.startswith("branch.trainer.lambda: 0.5 has gradients handed down")


# input models -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("3", f"input_model: expected a section, got 3 ({OF_INPUT_MODELS})"),
        ("true", f"input_model: expected a section, got true ({OF_INPUT_MODELS})"),
        ("linear", f"input_model: expected a section, got 'linear' ({OF_INPUT_MODELS})"),
        ("{alpha: -1}", "input_model.alpha: -1 is out of range (must be >= 0)"),
        ("{hidden: 4}", "input_model.hidden: expected a list, got 4 (write [4])"),
        ("{last_layer: zero}", "input_model.last_layer: 'zero' is not one of zeros, random (did you mean 'zeros'?)"),
    ],
)
def test_what_is_no_input_model_is_told(written: str, line: str) -> None:
    """Like every other section."""
    assert messages(dni(f"input_model: {written}")) == [f"trainer.{line}"]


def test_an_input_model_is_there_or_not() -> None:
    """A section, an empty one too, makes models; ``null`` makes none, and all of this is written so that it reads."""
    none, empty = made(dni("input_model: null")), made(dni("input_model: {}"))
    assert none == made(dni("alpha: 0.1"))
    assert none.trainer.input_model is None
    assert empty.trainer.input_model.alpha == 0.01
    assert made(dni("input_model: {alpha: 0.2}"), "trainer.input_model=null") == none
    assert made(dni("input_model: null"), "trainer.input_model={}") == empty
    assert made(dni("alpha: 0.1"), "trainer.input_model.alpha=0.01") == empty
    for config in (none, empty):
        assert made(dump(plain(config))) == config


def test_input_models_do_not_normalise_a_batch_of_one_example() -> None:
    """No more than anything else does."""
    text = dni("input_model: {hidden: [4], normalize_hidden: true}") + "training: {batch_size: 3}\n"
    line = "training.batch_size: leaves a batch of one example, which batch normalisation cannot normalise"
    assert messages(text) == [line]
    assert messages(text.replace("true", "false")) == []


def test_the_numbers_beside_the_network_are_those_of_the_chosen_interfaces() -> None:
    """Generators and input models stand where interfaces are."""
    widths = [16, 8, 6, 4, 9]
    sizes = {}
    for written in ("all", "[2]", "[]"):
        for inputs in ("null", "{}"):
            options = made(dni(f"interfaces: {written}, input_model: {inputs}")).trainer
            sizes[written, inputs] = options.extra_weights(widths)
    generators = {1: (8 + 9) * 8, 2: (6 + 9) * 6, 3: (4 + 9) * 4}
    models = {1: 16 * 8, 2: 16 * 6, 3: 16 * 4}
    assert sizes == {
        ("all", "null"): sum(generators.values()), ("all", "{}"): sum(generators.values()) + sum(models.values()),
        ("[2]", "null"): generators[2], ("[2]", "{}"): generators[2] + models[2], ("[]", "null"): 0, ("[]", "{}"): 0,
    }  # fmt: skip


def test_all_of_this_is_told_at_once() -> None:
    """One error with a line for each key."""
    with pytest.raises(ConfigError) as error:
        made(dni("interfaces: 9, schedule: soon, input_model: 1"))
    keys = [line.split(": ")[1] for line in error.value.lines]
    assert keys == ["trainer.interfaces", "trainer.schedule.kind", "trainer.input_model"]
