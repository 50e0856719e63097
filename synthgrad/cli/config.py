"""``synthgrad config``: check, show, describe."""

from __future__ import annotations

from pathlib import Path

import click

from synthgrad.cli.options import complete_name, settings


@click.group()
def config() -> None:
    """Check, show and describe configs."""


@config.command(short_help="Print every problem of config files.")
@click.argument("configs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CONFIG...")
@settings
def check(configs: tuple[Path, ...], settings: tuple[str, ...]) -> None:
    """Print every problem of config files, without training.

    A claims file may be among them: its claims, its sweeps and their configs are checked.

    \b
    Example:
      synthgrad config check configs/addition/*.yaml
    """
    from synthgrad.claims.report import check_file
    from synthgrad.cli.opening import data_sentence
    from synthgrad.config import load
    from synthgrad.config.files import of_claims
    from synthgrad.errors import ConfigError
    from synthgrad.experiment import Config

    problems = []
    for path in configs:
        try:
            found = ""
            if of_claims(path):
                check_file(path)
            elif "file" in (data := load(path, Config, settings).data()):
                found = f" ({data_sentence(data)})"
        except ConfigError as error:
            problems += error.lines
        else:
            click.echo(f"{path}: ok{found}")
    if problems:
        raise ConfigError(problems)


@config.command(short_help="Print a config with every default filled in.")
@click.argument("config", type=click.Path(path_type=Path), metavar="CONFIG")
@settings
def show(config: Path, settings: tuple[str, ...]) -> None:
    """Print a config with every default filled in, as a run directory records it.

    \b
    Example:
      synthgrad config show configs/tutorial/vanilla.yaml -s trainer.alpha=0.05
    """
    from synthgrad.config import dump, load, plain
    from synthgrad.experiment import Config

    click.echo(dump(plain(load(config, Config, settings))), nl=False)


@config.command(short_help="Print the JSON Schema of configs, for editors.")
def schema() -> None:
    """Print the JSON Schema of configs, for editors with a YAML language server.

    \b
    Example, and the first line of a config that uses the file:
      synthgrad config schema > configs/schema.json
      # yaml-language-server: $schema=schema.json
    """
    import json

    from synthgrad.experiment import Config

    click.echo(json.dumps(Config.model_json_schema(), indent=2))


@config.command("list", short_help="List everything that a config can set: keys, defaults, meanings.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_name)
def list_(names: tuple[str, ...]) -> None:
    """List everything that a config can set: every key with its default and its meaning, every entry to choose from.

    NAME limits the list to entries, or to keys by their dotted name or its end.

    \b
    Examples:
      synthgrad config list
      synthgrad config list trainer
      synthgrad config list dni adam
      synthgrad config list trainer.freeze every
    """
    import shutil

    from synthgrad.cli.config_list import listing, near

    try:
        click.echo(listing(names, min(shutil.get_terminal_size((100, 24)).columns, 120)), nl=False)
    except KeyError as error:
        meant = near(error.args[0])
        hint = f"did you mean {meant!r}? " if meant else ""
        raise click.UsageError(f"no key or entry is called {error} ({hint}`synthgrad config list` shows all)") from None
