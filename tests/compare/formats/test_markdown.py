"""A report as GitHub Markdown: a table that stays one, whatever the names, and diffs well."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from support.written_runs import BACKPROP, BOTH, FROZEN, LABEL, gathered, group, reported, run

from synthgrad.claims.report import build
from synthgrad.compare.formats import as_markdown
from synthgrad.compare.formats.markdown import escaped
from synthgrad.compare.question import Question

BREAK = re.compile(r"(?<!\\)\|")
HOSTILE = "a|b *c* _d_ `e` <script>f</script> [g](h) &lt; #1 ~i~ \\\n| x |\x1b[31m"


def table(text: str) -> list[list[str]]:
    """The cells of the table's rows."""
    return [BREAK.split(line)[1:-1] for line in text.split("\n") if line.startswith("|")]


def made(runs: Path) -> str:
    """Three methods of seven seeds, one that diverged."""
    group(runs, BACKPROP, [0.9 + s / 100 for s in range(7)])
    group(runs, BOTH, [0.8 + s / 90 for s in range(6)] + [None])
    group(runs, FROZEN, [0.5 + s / 110 for s in range(7)])
    return as_markdown(reported(runs))


def test_a_table_has_a_row_for_each_group(tmp_path: Path) -> None:
    """With the same number of cells in each, and a rule below the header."""
    header, rule, *rows = table(made(tmp_path))
    assert header[0].strip() == "method"
    assert {cell.strip() for cell in rule} <= {"---", "---:"}
    assert [row[0].strip() for row in rows] == ["backprop", "dni", "frozen"]
    assert {len(row) for row in [rule, *rows]} == {len(header)}


def test_below_it_stand_the_answers_and_the_rules(tmp_path: Path) -> None:
    """As a list."""
    lines = made(tmp_path).split("\n")
    assert any(line.startswith("- dni: level with the frozen control") for line in lines)
    assert any(line.startswith("- better, worse: 95% interval") for line in lines)
    assert any(line.startswith("- dni diverged in seed 6") for line in lines)


def test_the_column_of_the_target_is_explained(tmp_path: Path) -> None:
    """It is always there, where there is a target."""
    text = made(tmp_path)
    assert "to 0.883" in [cell.strip() for cell in table(text)[0]]
    assert "- to 0.883: median epoch from which 0.883 was held for three evaluations; " in text


def test_the_same_runs_give_the_same_text(tmp_path: Path) -> None:
    """Read again, in any order, or from another place."""
    text = made(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    paths = sorted((tmp_path / "b").iterdir())
    assert text == as_markdown(reported(tmp_path / "a"))
    assert {as_markdown(build(gathered(*order), Question(), [])) for order in (paths, paths[::-1])} == {text}


def test_one_more_run_changes_no_other_row(tmp_path: Path) -> None:
    """A diff shows what changed."""
    before = table(made(tmp_path))
    run(tmp_path, BOTH, 7, outcome="diverged")
    after = table(as_markdown(reported(tmp_path)))
    assert [row[0].strip() for row in before if row not in after] == ["dni"]


def test_names_are_whole(tmp_path: Path) -> None:
    """However long: a table in a file has room."""
    long = {**BOTH, "trainer.generator.hidden": [1024, 512, 256, 128, 64]}
    for alpha in (0.1, 0.2):
        group(tmp_path, {**long, "trainer.generator.alpha": alpha}, [0.5])
    group(tmp_path, {**LABEL, "trainer.generator.hidden": []}, [0.5])
    cells = [row[0].strip() for row in table(as_markdown(reported(tmp_path)))]
    assert "dni both generator.alpha=0.1" in cells


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    """No markup, no row of their own, no escape characters."""
    for seed in range(2):
        path = run(tmp_path, BACKPROP, seed)
        (path / "config.yaml").write_text(f"seed: {seed}\ntrainer.name: {HOSTILE!r}\n".replace("'", '"'))
    text = as_markdown(reported(tmp_path))
    assert {len(row) for row in table(text)} == {len(table(text)[0])}
    assert len(table(text)) == 3
    assert re.search(r"(?<!\\)[<*_`&]", text) is None
    assert "\x1b" not in text


def test_special_letters_are_escaped() -> None:
    """All of those that mean something within a line."""
    assert escaped("a|b_c*d`e[f]<g>~#&\\") == "a\\|b\\_c\\*d\\`e\\[f\\]\\<g\\>\\~\\#\\&\\\\"
    assert escaped(" a\n b\t") == "a b"


def test_warnings_come_last(tmp_path: Path) -> None:
    """Each on a line of its own."""
    run(tmp_path, BACKPROP, 1)
    run(tmp_path, BACKPROP, 1)
    assert as_markdown(reported(tmp_path)).endswith(
        "- backprop: seed 1 ran more than once; the latest that finished counts\n"
    )
