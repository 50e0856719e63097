"""Every command and option explains itself, and quickly."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from support.commands import environment, typed

from synthgrad import __version__
from synthgrad.cli import group

HEAVY = {"numpy", "pydantic", "pydantic_core", "rich", "yaml", "json", "subprocess"}


def commands(
    command: click.Command = group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, with the words that lead to it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


COMMANDS = dict(commands())
EVERY = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "synthgrad")


def shown(path):
    """The help of a command."""
    said = CliRunner().invoke(group, [*path, "--help"], terminal_width=80)
    assert said.exit_code == 0
    return said.output


@EVERY
def test_a_command_says_what_it_does(path):
    """In a sentence, shown in full in the list of commands."""
    command = COMMANDS[path]
    assert re.match(r"[A-Z].*[.;]", command.help or "")
    for name in getattr(command, "commands", {}):
        line = re.search(rf"^  {name} +(.*)$", shown(path), re.MULTILINE)
        assert line
        assert re.fullmatch(r"[A-Z].*[^.]\.", line[1])


@EVERY
def test_every_option_has_help(path):
    """The generated ones too."""
    options = [parameter for parameter in COMMANDS[path].params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not (option.help or "").endswith(".")] == []


@EVERY
def test_the_help_of_a_command_with_arguments_has_an_example(path):
    """One that begins with the command itself."""
    if any(isinstance(parameter, click.Argument) for parameter in COMMANDS[path].params):
        assert re.search(rf"Examples?:\n  (  )?synthgrad {' '.join(path)} ?\S*", shown(path))


@EVERY
def test_help_fits_into_80_columns(path):
    """No line is broken by the terminal."""
    assert [line for line in shown(path).splitlines() if len(line) > 80] == []


def test_what_may_be_left_out_is_in_brackets():
    """A config of train, which --resume and --from need not have."""
    assert shown(("train",)).splitlines()[0].endswith(" train [OPTIONS] [CONFIG.yaml]")


def test_examples_in_help_use_options_that_there_are(tmp_path):
    """Each parses; nothing is run."""
    for path, command in COMMANDS.items():
        for line in re.findall(r"^ +synthgrad (.+)$", shown(path), re.MULTILINE):
            words = line.split("#")[0].split()
            context = group.make_context("synthgrad", words, resilient_parsing=True)
            assert group.get_command(context, words[0]), (command, line)


def test_the_version_is_the_package_s():
    """One line."""
    assert typed("--version").out == f"synthgrad, version {__version__}\n"


def test_without_a_command_there_is_help():
    """The same as --help."""
    assert typed().out == typed("--help").out
    assert typed("config").out == typed("config", "--help").out


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["train", "--help"], ["config", "--help"], ["trian"]], ids=str
)
def test_help_waits_for_nothing_heavy(words):
    """Neither NumPy nor pydantic nor rich is imported; a person waits a tenth of a second."""
    script = f"""
import sys
sys.argv = ["synthgrad", *{words!r}]
try:
    from synthgrad.cli import main
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=False
    )
    assert HEAVY.intersection(done.stderr.split()) == set()
