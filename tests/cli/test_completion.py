"""Shell completion: keys, names, and Bash's notion of a word."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from support.commands import environment, ran

from synthgrad.cli.config_list import keys
from synthgrad.trainers import TRAINERS


def completed(*words):
    """What completion offers for the last of these words."""
    more = {"COMP_WORDS": " ".join(["synthgrad", *words]), "COMP_CWORD": str(len(words))}
    said = ran(env=environment(_SYNTHGRAD_COMPLETE="bash_complete", **more))
    assert (said.code, said.err) == (0, "")
    return [line.removeprefix("plain,") for line in said.out.split()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_every_shell(shell):
    """eval "$(_SYNTHGRAD_COMPLETE=bash_source synthgrad)"."""
    said = ran(env=environment(_SYNTHGRAD_COMPLETE=f"{shell}_source"))
    assert said.code == 0
    assert f"_SYNTHGRAD_COMPLETE={shell}_complete" in said.out


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_the_script_is_bash():
    """It parses, and leaves no space after an equals sign."""
    script = ran(env=environment(_SYNTHGRAD_COMPLETE="bash_source")).out
    assert subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False).stderr == ""
    assert "compopt -o nospace" in script


def test_keys_of_a_section_are_offered():
    """All that begin so, with an equals sign."""
    offered = completed("train", "a.yaml", "-s", "trainer.")
    assert offered == [f"{key}=" for key in keys() if key.startswith("trainer.")]
    assert {"trainer.name=", "trainer.alpha=", "trainer.generator.input="} <= set(offered)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["trainer.name="], [f"trainer.name={name}" for name in TRAINERS]),
        (["trainer.name=ba"], ["trainer.name=backprop"]),
        (["network.dtype=float3"], ["network.dtype=float32"]),
        (["trainer.name", "="], list(TRAINERS)),
        (["trainer.name", "=", "ba"], ["backprop"]),
        (["seed", "=", "3", "-s", "trainer.name", "=", "fr"], ["frozen"]),
        (["nosuch."], []),
    ],
    ids=" ".join,
)
def test_names_are_offered_after_the_equals_sign(words, offered):
    """Also where Bash has split the word at it: then only what follows is replaced."""
    assert completed("train", "a.yaml", "-s", *words) == offered


def test_what_config_list_takes_is_offered():
    """Keys and entries."""
    assert completed("config", "list", "dn") == ["dni"]


def test_commands_and_options_are_offered():
    """As Click does."""
    assert completed("tr") == ["train"]
    assert completed("train", "--see") == ["--seed"]


def test_a_config_is_completed_as_a_file():
    """By the shell itself."""
    assert completed("train", "conf") == ["file,conf"]
