"""What a run learned, in one sentence: every task and every kind of outputs."""

from __future__ import annotations

import pytest

from synthgrad.scores import SCORES, scores_of
from synthgrad.tasks import TASKS
from synthgrad.tasks.learned import SENTENCES, learned

PAIRS = [
    (1.0, 1.0), (1.0, 0.7), (1.0, 0.0), (0.7, 0.52), (0.5, 0.4), (0.0, 0.0), (0.9, 0.85), (0.3, -0.5), (-3.0, -7.0),
]  # fmt: skip


def of(last, guess=0.0, skill=""):
    """What is said of metrics, by a task of this skill."""
    return learned(last, guess, skill, "example")


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("outputs", SENTENCES)
def test_every_task_says_in_its_own_words_what_was_learned(name, outputs):
    """One sentence for every outcome; of addition only binary addition speaks."""
    for train, test in PAIRS:
        columns = [score.column for score in scores_of(outputs)]
        last = dict.fromkeys(columns, train) | {f"test_{column}": test for column in columns}
        said = TASKS[name].learned(last, 0.1)
        assert said.startswith("It ")
        assert (said.endswith("."), said.count(": "), said.count("; ")) == (True, 1, 1)
        assert "add" not in said or name == "binary-addition"
        assert all(score.name in said for score in scores_of(outputs))


def test_every_score_is_judged_in_a_sentence():
    """A kind of outputs that has scores has a function that judges them."""
    assert {score.of for score in SCORES} == SENTENCES.keys()


@pytest.mark.parametrize(
    ("figures", "beginning"),
    [
        ((1.0, 1.0, 1.0, 1.0), "It learned to add: "),
        ((1.0, 1.0, 0.99, 0.95), "It learned to add: "),
        ((0.997, 0.959, 0.713, 0.015), "It memorised its training pairs instead of learning to add: "),
        ((0.862, 0.38, 0.542, 0.006), "It memorised some of its training pairs and learned almost nothing else: "),
        ((0.49, 0.0, 0.499, 0.002), "It learned almost nothing (guessing scores 50% of the bits): "),
        ((0.7, 0.1, 0.65, 0.05), "It learned something, but not to add: "),
        ((0.97, 0.8, 0.96, 0.7), "It learned something, but not to add: "),
    ],
)
def test_bits_are_judged_by_training_and_held_out_scores_together(figures, beginning):
    """In the words of binary addition."""
    names = ("bit_accuracy", "exact_accuracy", "test_bit_accuracy", "test_exact_accuracy")
    last = dict(zip(names, figures, strict=True))
    assert TASKS["binary-addition"].learned(last, 0.0).startswith(beginning)
    assert of(last, skill="count").startswith(beginning.replace("pairs", "examples").replace("add", "count"))


@pytest.mark.parametrize(
    ("train", "test", "guess", "beginning"),
    [
        (1.0, 0.987, 0.1, "It learned to tell the classes apart: "),
        (0.93, 0.91, 0.1, "It learned to tell the classes apart: "),
        (0.99, 0.925, 0.92, "It memorised its training examples and learned almost nothing (always guessing the most"),
        (0.12, 0.13, 0.1, "It learned almost nothing (always guessing the most common class scores 10%): "),
        (0.99, 0.6, 0.1, "It memorised its training examples more than it learned: "),
        (0.7, 0.6, 0.1, "It learned something (always guessing the most common class scores 10%): "),
    ],
)
def test_classes_are_judged_against_always_guessing_the_most_common(train, test, guess, beginning):
    """93% right says nothing if 92% are of one class."""
    assert of({"accuracy": train, "test_accuracy": test}, guess).startswith(beginning)


@pytest.mark.parametrize(
    ("train", "test", "beginning"),
    [
        (0.99, 0.98, "It learned to predict the values: "),
        (0.05, 0.04, "It learned almost nothing: "),
        (0.99, -0.5, "It memorised its training examples and learned almost nothing: "),
        (0.99, 0.5, "It memorised its training examples more than it learned: "),
        (0.6, 0.5, "It learned something: "),
    ],
)
def test_values_are_judged_against_their_mean(train, test, beginning):
    """An r2 of 0 is what the mean of the labels has."""
    assert of({"r2": train, "test_r2": test}).startswith(beginning)


def test_the_sentence_ends_with_the_scores():
    """By their names on screens; a score that is not defined is a dash."""
    bits = {"bit_accuracy": 0.5, "exact_accuracy": 0.125, "test_bit_accuracy": 0.99996, "test_exact_accuracy": 0.00004}
    assert of(bits).endswith(": training bits 50%, exact 12.5%; held-out bits 99.99%, exact 0.01%.")
    assert of({"accuracy": 1.0, "test_accuracy": 0.975}).endswith(": training accuracy 100%; held-out accuracy 97.5%.")
    assert of({"r2": 0.99, "test_r2": 0.9876}).endswith(": training r2 0.990; held-out r2 0.988.")
    assert of({"test_r2": 0.9876}).endswith(": training r2 -; held-out r2 0.988.")


def test_without_held_out_scores_nothing_is_said():
    """Training scores alone do not say what was learned."""
    assert of({"accuracy": 1.0, "loss": 0.1}) == ""
