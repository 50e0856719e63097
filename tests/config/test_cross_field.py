"""Problems between values: each at the key that is to be changed."""

from __future__ import annotations

import pytest
from said import BASE, said

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


def test_weights_beyond_the_machine_are_reported_before_training() -> None:
    """Nobody waits for an allocation that cannot be had."""
    (line,) = said(BASE + f"network: {{hidden: {[100_000] * 50}}}\n")
    assert line.startswith("a.yaml:3:19: network.hidden: the weights would need ")


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
