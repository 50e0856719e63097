"""Names that would move the cursor, colour the terminal or pretend to be markup are text on every screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BITS, gathered, run

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen
from synthgrad.compare.screens.chart import chart
from synthgrad.text import printable

NAMES = [
    "[red]x[/red]",
    "[/]",
    "<script>x</script>",
    "'\"`$(x)",
    "a\nb\r\nc",
    "\x1b[2J\x1b]0;title\x07",
    "a\u2028b\u202ec",
    "\x9b31m",
    "日本" * 30,
]


def shown(runs: Path, name: str, kind: str) -> tuple[str, list[str]]:
    """The name as it should be seen, and the lines of a screen on which it stands."""
    for number, trainer in enumerate(("backprop", "frozen", name)):
        for alpha in (0.1, 0.2) if kind == "sweep" else (0.1,):
            if kind == "two" and trainer == "frozen":
                continue
            path = run(runs, None, 1, {BITS: 0.5 + number / 10})
            keys = {"trainer.name": trainer, "trainer.alpha": alpha, "task.name": "t" if kind != "tables" else trainer}
            path.joinpath("config.yaml").write_text("seed: 1\n" + json.dumps(keys, ensure_ascii=True))
    found = gathered(runs)
    report = build(found, Question(), [])
    lines = screen(report, found.subjects, 119)
    return name, [*lines, *chart(report, 119)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["methods", "two", "sweep", "tables"])
def test_a_name_is_text(tmp_path: Path, name: str, kind: str) -> None:
    """Nothing on the screen but letters that are seen; brackets and quotes as they are."""
    _, lines = shown(tmp_path, name, kind)
    assert [line for line in lines if not line.isprintable()] == []
    assert printable(name)[:4] in "\n".join(lines)


def test_a_name_with_line_ends_stays_on_its_line(tmp_path: Path) -> None:
    """One row for each group, and marks in the place of what is not seen."""
    _, lines = shown(tmp_path, "a\nfrozen  9  9.999", "methods")
    assert [line.split()[0] for line in lines[3:7]] == [
        "method",
        "a\N{REPLACEMENT CHARACTER}frozen",
        "frozen",
        "backprop",
    ]


def read(value: Any) -> Any:
    """A damaged figure for ``where`` of a run that diverged."""
    return json.dumps({"outcome": "diverged", "diverged": {"epoch": value, "where": value}})


@pytest.mark.parametrize("value", ["\x1b[31m", None, ["a"], {"b": 1}, 1e999])
def test_where_a_run_diverged_is_text_too(tmp_path: Path, value: Any) -> None:
    """Whatever stands in its result."""
    for trainer in ("backprop", "frozen"):
        path = run(tmp_path, {"trainer.name": trainer}, 1, outcome="diverged")
        (path / "result.json").write_text(read(value))
    found = gathered(tmp_path)
    lines = screen(build(found, Question(), []), found.subjects, 79)
    assert all(line.isprintable() for line in lines)
    assert any("diverged in epoch" in line for line in lines)
