"""Names of the user's in a config, such as those of columns: what YAML reads as something else must be in quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.config_messages import made, said

from synthgrad.experiment import Config

NAMES = ["no", "yes", "2020", "2.50", "1e3", "007", "0x1", "~", "null", "true", "# of rooms", "NaN", "1_000", ".5"]
NAMES += ["12:30", "it's", "a#b", "[x]", "x y"]
PLAIN = ("no", "yes", "2020", "0x1", "12:30", "it's", "a#b", "x y")
"""Those that need no quotes."""


def task(config: Config) -> Any:
    """The task of a config."""
    return config.task


@pytest.fixture
def table(tmp_path: Path) -> str:
    """The config of a table with these columns, up to its target."""
    path = tmp_path / "m.csv"
    rows = (",".join(str((i + j) / 7) for j, _ in enumerate(NAMES)) for i in range(40))
    path.write_text("\n".join([",".join(NAMES), *rows]))
    return f"trainer: {{name: backprop}}\ntask:\n  name: table\n  path: {path}\n  target: "


@pytest.mark.parametrize("name", PLAIN)
def test_most_names_need_no_quotes(table: str, name: str) -> None:
    """A year, a word for a switch, a time."""
    assert task(made(f"{table}{name}\n")).target == name
    assert task(made(f"{table}no\n", f"task.target={name}")).target == name


READ = {"2.50": "a number", "1e3": "a number", "007": "a number", "~": "nothing", "null": "nothing", "true": "a switch"}
READ |= {"NaN": "a number", "1_000": "a number", ".5": "a number", "[x]": "a list", "# of rooms": "nothing"}


@pytest.mark.parametrize(("name", "read"), READ.items())
def test_a_name_that_yaml_reads_as_something_else_is_told_the_line_to_write(table: str, name: str, read: str) -> None:
    """And that line works."""
    line = f'target: "{name}"'
    what = f"task.target: {name} without quotes is read as {read} (write {line})"
    at = 10 if name.startswith("#") else 11
    assert said(f"{table}{name}\n") == [f"a.yaml:5:{at}: {what}"]
    assert task(made(table.removesuffix("target: ") + line)).target == name


@pytest.mark.parametrize(("name", "read"), READ.items())
def test_an_override_is_told_the_words_to_type(table: str, name: str, read: str) -> None:
    """In quotes for the shell and for YAML; a name that begins with # is taken as it is."""
    right = f'task.target="{name}"'
    if name.startswith("#"):
        assert task(made(f"{table}no\n", f"task.target={name}")).target == name
        return
    assert said(f"{table}no\n", f"task.target={name}") == [
        f"-s task.target={name}: task.target: {name} without quotes is read as {read} (write -s '{right}')"
    ]
    assert task(made(f"{table}no\n", right)).target == name


def test_names_in_a_list_are_told_the_whole_list(table: str) -> None:
    """With every name in quotes."""
    columns = "  columns: [no, 2.50, 007]\n"
    right = 'columns: ["no", "2.50", "007"]'
    assert said(f"{table}yes\n{columns}") == [
        f"a.yaml:6:17: task.columns[1]: 2.50 without quotes is read as a number (write {right})"
    ]
    assert task(made(f"{table}yes\n  {right}\n")).columns == ("no", "2.50", "007")


def test_a_path_on_the_command_line_may_have_a_hash_in_it(tmp_path: Path) -> None:
    """What follows it is no comment there."""
    path = tmp_path / "my #1.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i / 2}\n" for i in range(40)))
    text = "trainer: {name: backprop}\ntask: {name: table, path: x.csv, target: y}\n"
    assert task(made(text, f"task.path={path}")).path == str(path)
    assert task(made(text, f"task.path='{path}'")).path == str(path)
