"""Keys of dni whose names YAML or Python take for something else: ``lambda`` and ``true``; and the oracle's few."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import finish, tiny
from support.commands import metrics, typed, write
from support.config_messages import DNI, made, said

from synthgrad.cli.config_list import keys as listed
from synthgrad.config import dump, flat, plain, read_resolved
from synthgrad.experiment import Experiment


def test_the_key_is_lambda_everywhere(tmp_path: Path) -> None:
    """In a file, in an override, in the resolved config, in what is listed and shown, and in a run's own config."""
    text = DNI + "  lambda: 0.5\n"
    config = made(text)
    assert made(DNI, "trainer.lambda=0.5") == config
    assert config.trainer.lambda_ == 0.5
    assert made(dump(plain(config))) == config
    assert flat(plain(config))["trainer.lambda"] == 0.5
    assert "trainer.lambda" in listed()
    file = write(tmp_path)
    run = typed("train", file, "--runs", tmp_path / "runs", "-q", "-s", "trainer={name: dni, lambda: 5e-1}").run
    assert read_resolved(run / "config.yaml")["trainer.lambda"] == 0.5
    assert "  lambda: 0.5\n" in typed("config", "show", run / "config.yaml").out
    again = typed("train", run / "config.yaml", "--runs", tmp_path / "runs", "-q").run
    assert [row["loss"] for row in metrics(again)] == [row["loss"] for row in metrics(run)]


def test_a_run_with_a_lambda_equals_the_same_by_an_override(tmp_path: Path) -> None:
    """A sweep over it trains what single runs train, the ends among them."""
    file, runs = write(tmp_path), tmp_path / "runs"
    swept = typed("sweep", file, "--runs", runs, "-q", "-s", "trainer.name=dni", "-s", "trainer.lambda=0,0.5,1")
    assert swept.code == 0
    found = {}
    for path in runs.rglob("config.yaml"):
        found[read_resolved(path)["trainer.lambda"]] = [row["test_loss"] for row in metrics(path.parent)]
    assert found.keys() == {0.0, 0.5, 1.0}
    for share, losses in found.items():
        epochs = finish(Experiment([tiny({"trainer.name": "dni", "trainer.lambda": share})]))
        assert losses == [repr(float(epoch.metrics["test_loss"])) for epoch in epochs]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (["trainer.lambda=1.5"], "trainer.lambda: 1.5 is out of range (must be 0 to 1)"),
        (["trainer.lambda=x"], "trainer.lambda: expected a number, got 'x'"),
        (["trainer.lamda=0.5"], "trainer.lamda: unknown key (did you mean 'lambda'? known here: "),
        (["trainer.name=frozen", "trainer.lambda=1"], "trainer.lambda: frozen has no such option (dni has it)"),
        (
            ["trainer.lambda=0.5", "trainer.generator.targets=after"],
            "trainer.generator.targets: after is for lambda: 0; with 0.5 gradients are handed down before any update "
            "(write before)",
        ),
    ],
)
def test_what_is_wrong_with_lambda_is_told(settings: list[str], line: str) -> None:
    """One line each, in the words of every other key."""
    (told,) = said("task: {name: binary-addition}\ntrainer: {name: dni}\n", *settings)
    assert told.startswith(f"-s {settings[-1]}: {line}")


WRITTEN = ["true", "True", "'true'", '"true"']


@pytest.mark.parametrize("written", WRITTEN)
def test_true_is_meant_as_the_name(written: str) -> None:
    """As a YAML switch, as a word, in a file, in an override; and it is written so that it is read again."""
    config = made(DNI + f"    target: {written}\n")
    assert config.trainer.generator.target == "true"
    assert made(DNI, f"trainer.generator.target={written}") == config
    text = dump(plain(config))
    assert "target: 'true'" in text
    assert made(text) == config


def test_what_is_no_target_is_told() -> None:
    """With what there is, and a near miss."""
    (line,) = said(DNI + "    target: no\n")
    assert line == "a.yaml:6:13: trainer.generator.target: 'no' is not one of synthetic, true"
    (line,) = said(DNI, "trainer.generator.target=false")
    assert line.endswith("trainer.generator.target: 'false' is not one of synthetic, true")


def test_true_targets_have_no_after() -> None:
    """They are those of the weights before any update: one line, at the key to change."""
    (line,) = said(DNI + "    target: true\n    targets: after\n")
    assert line.startswith("a.yaml:7:14: trainer.generator.targets: after is for target: synthetic; ")


def test_an_oracle_has_no_other_options() -> None:
    """Nothing can be set that would do nothing; an override of the kind leaves the rest of the file's section out."""
    assert said(DNI, "trainer.generator.kind=oracle") == []
    assert said(DNI + "    kind: oracle\n") == [
        "a.yaml:5:5: trainer.generator.input: oracle has no such option (learned has it)"
    ]
