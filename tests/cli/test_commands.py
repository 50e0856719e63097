"""Commands are imported when they are asked for."""

from __future__ import annotations

import click
from support.commands import environment, ran, typed

from synthgrad.cli import group


def test_a_command_waits_for_no_other():
    """Its module is the only one of them that is imported."""
    said = ran("train", "--help", env=environment(PYTHONVERBOSE="1"))
    imported = [name for name in group.about if f"import 'synthgrad.cli.{name}'" in said.err]
    assert imported == ["train"]


def test_a_name_that_is_no_command_is_not_imported():
    """Though there is a module of this name."""
    context = click.Context(group)
    assert group.get_command(context, "train_display") is None
    assert group.get_command(context, "train").name == "train"


def test_help_imports_no_command():
    """Not even to say what they do."""
    said = ran("--help", env=environment(PYTHONVERBOSE="1"))
    assert [name for name in (*group.about, "runs.list") if f"import 'synthgrad.cli.{name}'" in said.err] == []
    assert all(f"{name} " in said.out and about in said.out for name, about in group.about.items())


def test_a_slip_of_the_keyboard_is_told_the_names_there_are():
    """As before."""
    assert "did you mean 'train'?" in typed("trian").err
