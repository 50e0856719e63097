"""Commands are imported when they are asked for."""

from __future__ import annotations

import pytest
from typed import environment, ran, typed

from synthgrad.cli import group
from synthgrad.cli.lazy_commands import Commands


def test_a_command_waits_for_no_other():
    """Its module is the only one of them that is imported."""
    said = ran("train", "--help", env=environment(PYTHONVERBOSE="1"))
    imported = [name for name in group.commands if f"import 'synthgrad.cli.{name}'" in said.err]
    assert imported == ["train"]


def test_a_name_that_is_no_command_is_not_imported():
    """Though there is a module of this name."""
    commands = Commands("synthgrad.cli", ("train",))
    assert (list(commands), len(commands), "train" in commands) == (["train"], 1, True)
    assert commands.get("train_display") is None
    with pytest.raises(KeyError):
        commands["train_display"]


def test_a_slip_of_the_keyboard_is_told_the_names_there_are():
    """As before."""
    assert "did you mean 'train'?" in typed("trian").err
