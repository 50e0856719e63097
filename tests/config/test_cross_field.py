"""Problems between values: each at the key that is to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.config_messages import BASE, said
from support.data_files import write_csv

from synthgrad.experiment import settings as settings_module

FEW = "task: {name: binary-addition, bits: 3"
TRAINER = "trainer: {name: backprop}\n"
TASKS = {
    ", train_examples: 10": "1:37: task.bits: 3 bits have 16 pairs, of which 10 train: "
    "at most 6 can be held out, not 1000",
    ", train_examples: 10, test_examples: 7": "1:75: task.test_examples: 3 bits have 16 pairs, of which 10 train: "
    "at most 6 can be held out, not 7",
    ", test_examples: 7": "1:37: task.bits: 3 bits have 16 pairs: at most 16 can train, not 1000",
    ", train_examples: 17": "1:56: task.train_examples: 3 bits have 16 pairs: at most 16 can train, not 17",
}


@pytest.mark.parametrize(("more", "line"), TASKS.items(), ids=[more[2:] for more in TASKS])
def test_more_examples_than_pairs_are_reported_where_they_were_asked_for(more: str, line: str) -> None:
    """At the number of examples if it was given, at the number of bits if not."""
    assert said(f"{FEW}{more}}}\n{TRAINER}") == [f"a.yaml:{line}"]


def test_every_pair_may_be_used() -> None:
    """Training and held-out examples may fill the space of pairs."""
    assert said(f"{FEW}, train_examples: 10, test_examples: 6}}\n{TRAINER}") == []


@pytest.mark.parametrize(
    ("text", "settings", "line"),
    [
        (
            "training:\n  batch_size: 2000\n",
            [],
            "a.yaml:4:15: training.batch_size: 2000 is more than there are training examples (at most 1000)",
        ),
        (
            "",
            ["training.batch_size=2000"],
            "-s training.batch_size=2000: training.batch_size: "
            "2000 is more than there are training examples (at most 1000)",
        ),
        (
            "network: {normalize: true}\ntraining: {batch_size: 999}\n",
            [],
            "a.yaml:4:24: training.batch_size: "
            "leaves a batch of one example, which batch normalisation cannot normalise",
        ),
    ],
    ids=["file", "override", "batch-normalisation"],
)
def test_a_batch_that_does_not_fit_the_data_is_reported(text: str, settings: list[str], line: str) -> None:
    """Problems between sections have the place of the key named."""
    assert said(BASE + text, *settings) == [line]


@pytest.mark.parametrize(("size", "refused"), [(1, True), (2, False), (3, True), (999, True), (1000, False)])
def test_batch_normalisation_needs_more_than_one_example_in_every_batch(size: int, refused: bool) -> None:
    """Batches of one, and a last batch of one: 1,000 examples are 333 threes and one."""
    line = "training.batch_size: leaves a batch of one example, which batch normalisation cannot normalise"
    text = f"{BASE}training: {{batch_size: {size}}}\n"
    assert said(f"{text}network: {{normalize: true}}\n") == ([f"a.yaml:3:24: {line}"] if refused else [])
    assert said(f"{text}network: {{normalize: false}}\n") == []


SEES = "{name: dni, generator: {%s}}"


@pytest.mark.parametrize("normalizes", ["normalize: true", "hidden: [5], normalize_hidden: true"])
@pytest.mark.parametrize("forked", [False, True], ids=["trainer", "branch"])
def test_generators_do_not_normalise_a_batch_of_one_example_either(normalizes: str, forked: bool) -> None:
    """Neither those that train to the end nor those of a first trainer."""
    dni, batch = SEES % normalizes, "training: {batch_size: 3}\n"
    branch = f"branch: {{epoch: 2, trainer: {dni}}}\n"
    text = f"{BASE}{branch}" if forked else BASE.replace("{name: backprop}", dni)
    line = "training.batch_size: leaves a batch of one example, which batch normalisation cannot normalise"
    assert said(text + batch) == [f"a.yaml:{4 if forked else 3}:24: {line}"]
    assert said(text + batch.replace("3", "4")) == []
    assert said(f"{text}{batch}".replace("true", "false")) == []


@pytest.mark.parametrize(
    ("hidden", "freeze", "lines"),
    [
        ("[8, 8]", "[1, 3]", ["3:39: trainer.freeze[1]: 3 is no hidden layer of this network (1 to 2)"]),
        ("[8]", "[2]", ["3:36: trainer.freeze[0]: 2 is no hidden layer of this network (only 1)"]),
        ("[]", "[1]", ["3:36: trainer.freeze[0]: 1 is no hidden layer of this network (there are none)"]),
        ("[8, 8]", "[2, 1, 2]", ["3:42: trainer.freeze[2]: names 2 twice (leave one out)"]),
        ("[8, 8]", "[2, 1]", []),
        ("[8, 8]", "[]", []),
    ],
)
def test_only_hidden_layers_of_the_network_can_be_frozen(hidden: str, freeze: str, lines: list[str]) -> None:
    """Each once, counted from 1."""
    text = f"{FEW}, train_examples: 10, test_examples: 0}}\nnetwork: {{hidden: {hidden}}}\n"
    assert said(f"{text}trainer: {{name: backprop, freeze: {freeze}}}\n") == [f"a.yaml:{line}" for line in lines]


TEACHER = "task: {name: linear-teacher%s}\ntrainer: {name: backprop%s}\n"


def test_a_loss_that_is_not_for_the_outputs_of_the_task_is_reported() -> None:
    """Cross-entropy is for bits and for classes."""
    assert said(TEACHER % ("", ", loss: cross-entropy")) == [
        "a.yaml:2:33: trainer.loss: cross-entropy is not for values, which the task linear-teacher has here "
        "(squared-error)"
    ]
    assert said(TEACHER % (", kind: classes", ", loss: cross-entropy")) == []


def test_the_default_batch_of_a_small_table_is_reported_at_the_batch(tmp_path: Path) -> None:
    """A table has no number of examples that could be changed."""
    path = write_csv(tmp_path, "a,d\n1,2.5\n3,4\n")
    assert said(f"task: {{name: table, path: {path}, target: d}}\ntrainer: {{name: backprop}}\n") == [
        "a.yaml:1:1: training.batch_size: the default training.batch_size 10 is more than there are training examples "
        "(at most 2)"
    ]


def test_a_file_that_cannot_be_read_does_not_hide_other_problems(tmp_path: Path) -> None:
    """All of them at once; what depends on the data cannot be said."""
    text = f"seed: x\ntask: {{name: idx, path: {tmp_path}/none}}\ntrainer: {{name: backprop, alpha: -1}}\n"
    found = said(text)
    assert [line.partition(" ")[0] for line in found] == ["a.yaml:1:7:", "a.yaml:2:25:", "a.yaml:3:34:"]
    assert "there is no such directory" in found[1]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 8 GiB, whatever this one has."""
    monkeypatch.setattr(settings_module, "memory", lambda: 8 << 30)


@pytest.mark.usefixtures("small")
def test_examples_beyond_the_machine_are_reported_before_they_are_made() -> None:
    """At the number of examples."""
    (line,) = said(TEACHER % (", inputs: 100000, train_examples: 10000000", ""))
    assert line.startswith("a.yaml:1:62: task.train_examples: the examples would need 14")


@pytest.mark.usefixtures("small")
def test_weights_beyond_the_machine_are_reported_before_training() -> None:
    """Nobody waits for an allocation that cannot be had."""
    (line,) = said(BASE + f"network: {{hidden: {[100_000] * 50}}}\n")
    assert line.startswith("a.yaml:3:19: network.hidden: the weights would need ")


@pytest.mark.usefixtures("small")
def test_more_gradients_under_way_than_the_machine_can_hold_are_reported() -> None:
    """The delay is what is to be changed."""
    late = BASE.replace("backprop", "delayed-gradient, delay: %d")
    assert said(late % 1000000000) == [
        "a.yaml:2:42: trainer.delay: the gradients under way would need 87.5 TiB while training "
        "(this machine has 8 GiB)"
    ]
    assert said(late % 50_000) == []


def test_problems_of_a_sound_section_are_reported_beside_wrong_values_elsewhere() -> None:
    """A wrong seed does not hide that a task has too few pairs."""
    assert said(f"{FEW}, train_examples: 17}}\n{TRAINER}seed: x\n") == [
        "a.yaml:1:56: task.train_examples: 3 bits have 16 pairs: at most 16 can train, not 17",
        "a.yaml:3:7: seed: expected a whole number, got 'x'",
    ]


def test_a_misspelt_key_does_not_set_off_problems_of_its_section() -> None:
    """What the misspelt key would have changed is not held against its default."""
    (line,) = said(f"{FEW}, train_exmaples: 10}}\n{TRAINER}")
    assert line.startswith("a.yaml:1:40: task.train_exmaples: unknown key (did you mean 'train_examples'?")
