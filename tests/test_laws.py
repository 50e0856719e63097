"""Laws of the house: who imports whom, who prints, how long a file may be, what it may be called."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from support.commands import environment, no_file_above, only_small_files, ran

ROOT = Path(__file__).parents[1] / "synthgrad"
FLOORS = [
    {"types", "records", "errors", "files", "processes", "numbers", "spreadsheets", "text"},
    {"config", "scores"},
    {"nn", "tasks", "streams"},
    {"generators"},
    {"schedules"},
    {"trainers"},
    {"workers"},
    {"experiment"},
    {"runs"},
    {"compare", "sweep", "export"},
    {"claims"},
    {"cli"},
]
"""Rooms, from the ground up: a file imports only from lower floors or its own room."""
NEIGHBOURS = {("tasks", "streams"), ("spreadsheets", "text"), ("files", "numbers")}
"""Who may import whom on the same floor."""
TENANTS = {"yaml": {"config"}, "pydantic": {"config"}, "pydantic_core": {"config"}, "click": {"cli"}, "rich": {"cli"}}
"""Outside libraries of the base install, but for NumPy, and the only rooms that import them."""
MAX_LINES = 300
VAGUE = re.compile(r"(^|_)(utils?|helpers?|misc|common|manager|stuff|tools?|data\d+)(_|$)")


class Import(NamedTuple):
    """One imported module: its dotted name, where, and whether it is imported within a function."""

    name: str
    line: int
    late: bool


def room(path: Path) -> str:
    """The first name below the package: ``nn`` for synthgrad/nn/dense.py, ``runs`` for synthgrad/runs.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    """The floor of a room; a room without one lies below them all, and so may import nothing."""
    return next((number for number, rooms in enumerate(FLOORS) if name in rooms), -1)


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> list[Import]:
    """Everything that a file imports, at its top or anywhere in it."""
    return list(_imports(parsed(path), path, late=False))


def _imports(node: ast.AST, path: Path, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(name, child.lineno, late) for name in _from(child, path))
        else:
            yield from _imports(child, path, late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def _from(node: ast.ImportFrom, path: Path) -> list[str]:
    """The modules of ``from a import b``: a.b if that is one, else a."""
    package = list(path.relative_to(ROOT.parent).parts[: -node.level]) if node.level else []
    base = ".".join([*package, *([node.module] if node.module else [])])
    return [f"{base}.{alias.name}" if _is_module(base, alias.name) else base for alias in node.names]


def _is_module(package: str, name: str) -> bool:
    there = ROOT.parent.joinpath(*package.split("."), name)
    return package == "synthgrad" or there.is_dir() or there.with_suffix(".py").is_file()


FILES = sorted(ROOT.rglob("*.py"))
HOUSED = [path for path in FILES if path.parent != ROOT or path.stem not in ("__init__", "__main__")]
"""All files but the two that stand before the door: they import the top floor or nothing."""

NUMERICS = [path for path in HOUSED if 2 <= floor(room(path)) <= 5]
SILENT = [path for path in FILES if room(path) != "cli"]


def law(paths: list[Path]) -> Callable[[Callable[[Path], Sequence[object]]], Callable[[], None]]:
    """A test of all these files, of a function that finds what is wrong with one."""

    def decorate(wrong: Callable[[Path], Sequence[object]]) -> Callable[[], None]:
        def test() -> None:
            assert {str(path.relative_to(ROOT)): found for path in paths if (found := wrong(path))} == {}

        test.__name__, test.__doc__ = wrong.__name__, wrong.__doc__
        return test

    return decorate


@law(HOUSED)
def test_a_file_imports_only_from_lower_floors_or_its_own_room(path: Path) -> list[str]:
    """Late imports and imports for type checking count too."""
    here = room(path)
    wrong = []
    for name, line, _ in imports(path):
        package, _, rest = name.partition(".")
        there = rest.partition(".")[0]
        if package != "synthgrad" or there in (here, "__version__"):
            continue
        if floor(there) >= floor(here) and (here, there) not in NEIGHBOURS:
            wrong.append(f"line {line}: {here} (floor {floor(here)}) imports {there} (floor {floor(there)})")
    return wrong


def test_no_files_import_each_other_in_a_circle() -> None:
    """Late imports and imports for type checking count too; a package stands for its __init__."""
    imported = {_dotted(path): {name for name, *_ in imports(path)} - {_dotted(path)} for path in FILES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " imports ".join([*above[above.index(name) :], name])
        if name not in done:
            for other in imported[name] & imported.keys():
                visit(other, (*above, name))
            done.add(name)

    for name in imported:
        visit(name, ())


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


@law(NUMERICS)
def test_numpy_is_the_only_outside_import_of_the_numerics(path: Path) -> list[str]:
    """Floors 2 to 5 import the standard library and NumPy."""
    return sorted({i.name.partition(".")[0] for i in imports(path)} - {"synthgrad", "numpy"} - sys.stdlib_module_names)


@law(FILES)
def test_an_outside_library_is_imported_only_where_it_lives(path: Path) -> list[str]:
    """YAML and pydantic in config, Click and rich in cli."""
    here = room(path)
    return [i.name for i in imports(path) if here not in TENANTS.get(i.name.partition(".")[0], {here})]


@law(FILES)
def test_an_optional_library_is_imported_inside_the_function_that_needs_it(path: Path) -> list[str]:
    """The base install must be able to import every file; types may be named for a type checker."""
    base = {"synthgrad", "numpy", *TENANTS} | sys.stdlib_module_names
    checked = [
        node
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    typing = {i.line for node in checked for i in _imports(ast.Module(node.body, []), path, late=False)}
    found = [i.name for i in imports(path) if not i.late and i.line not in typing]
    return [name for name in found if name.partition(".")[0] not in base]


@law(SILENT)
def test_nothing_prints_but_the_command_line(path: Path) -> list[int]:
    """What is computed below is shown in cli."""
    calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    return [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@law(FILES)
def test_a_file_is_short_enough_to_read(path: Path) -> list[str]:
    """At most 300 lines; a longer one holds two things."""
    return path.read_text().splitlines()[MAX_LINES:]


@law(FILES)
def test_a_file_is_named_for_what_it_holds(path: Path) -> list[str]:
    """No utils, helpers, misc, common, manager, data2."""
    return [part for part in path.relative_to(ROOT).with_suffix("").parts if VAGUE.search(part)]


def test_every_room_has_a_floor() -> None:
    """A new room is given its floor here first."""
    rooms = {room(path) for path in HOUSED}
    assert rooms - set().union(*FLOORS) == set()


# where it runs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "broken"),
    [("click", "8.3.3"), ("numpy", "2.0.2"), ("numpy", "2.1.3"), ("pydantic", "2.10.0"), ("pydantic", "2.10.6")],
)
def test_versions_that_break_something_are_not_allowed(name: str, broken: str) -> None:
    """A bound of the requirements was tried at its lowest."""
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    found = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    assert broken not in found[name]


def test_a_limit_on_the_size_of_files_cuts_no_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a fresh clone a process under such a limit would leave modules behind that nobody can import."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    fresh = environment(PYTHONPYCACHEPREFIX=str(tmp_path / "cache"))
    assert ran("config", "list", env=fresh, preexec_fn=no_file_above(0)).code == 0
    assert not (tmp_path / "cache").exists()
    with only_small_files(0):
        assert sys.dont_write_bytecode


def test_the_size_of_files_is_limited_in_one_place() -> None:
    """The place that keeps bytecode whole."""
    tests = (path for path in (ROOT.parent / "tests").rglob("*.py") if path != Path(__file__))
    assert [path.name for path in tests if "RLIMIT_" + "FSIZE" in path.read_text()] == ["commands.py"]


# the laws themselves ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import numpy as np, yaml\n", [("numpy", False), ("yaml", False)]),
        ("from synthgrad import streams\n", [("synthgrad.streams", False)]),
        ("from synthgrad.nn.dense import Dense\n", [("synthgrad.nn.dense", False)]),
        ("from . import dense\n", [("synthgrad.nn.dense", False)]),
        ("from .. import streams\n", [("synthgrad.streams", False)]),
        ("from ..types import Array\n", [("synthgrad.types", False)]),
        ("def f():\n    import dask\n", [("dask", True)]),
        (
            "class A:\n    def f(self):\n        if True:\n            from rich.text import Text\n",
            [("rich.text", True)],
        ),
        ("if TYPE_CHECKING:\n    import click\n", [("click", False)]),
    ],
)
def test_the_search_for_imports_finds_every_form(text: str, found: list[tuple[str, bool]]) -> None:
    """A law is no use if an import can hide from it."""
    tree = ast.parse(text)
    assert [(name, late) for name, _, late in _imports(tree, ROOT / "nn" / "new.py", late=False)] == found
