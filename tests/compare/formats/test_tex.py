"""A report as LaTeX tables with booktabs rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.written_runs import BACKPROP, BOTH, FROZEN, group, reported, run

from synthgrad.compare.formats import as_tex

AMPERSAND = re.compile(r"(?<!\\)&")


def tabulars(text: str) -> list[list[str]]:
    """The lines of each table, from its columns to its last rule."""
    return [part.split(r"\end{tabular}")[0].strip().split("\n") for part in text.split(r"\begin{tabular}")[1:]]


def made(runs: Path, seeds: int = 7) -> str:
    """Three methods."""
    for keys, end in ((BACKPROP, 0.9), (BOTH, 0.8), (FROZEN, 0.5)):
        group(runs, keys, [end + seed / 100 for seed in range(seeds)])
    return as_tex(reported(runs))


@pytest.mark.parametrize("seeds", [1, 5, 7])
def test_every_row_has_a_cell_for_every_column(tmp_path: Path, seeds: int) -> None:
    """And ends in a double backslash; rules above, below the header, and below."""
    ((columns, top, header, middle, *rows, bottom),) = tabulars(made(tmp_path, seeds))
    assert (top, middle, bottom) == (r"\toprule", r"\midrule", r"\bottomrule")
    assert re.fullmatch(r"\{[lr]+\}", columns)
    assert {len(AMPERSAND.split(row)) for row in [header, *rows]} == {len(columns) - 2}
    assert all(row.endswith(r" \\") for row in [header, *rows])
    assert [row.split(" & ")[0] for row in rows] == ["backprop", "dni", "frozen"]


def test_every_table_of_a_report_is_a_tabular(tmp_path: Path) -> None:
    """One for each task."""
    made(tmp_path)
    group(tmp_path, {**BACKPROP, "task.bits": 5}, [0.5])
    assert len(tabulars(as_tex(reported(tmp_path)))) == 2


def test_intervals_have_a_dash(tmp_path: Path) -> None:
    """Between their ends; dots in a name stay."""
    text = made(tmp_path)
    assert re.search(r"\d\\,--\\,\d", text)
    assert ".." not in text


def test_names_are_text(tmp_path: Path) -> None:
    """What LaTeX would carry out, or not set, is escaped; a name does not end its row or its comment."""
    for seed, name in enumerate(("\\input{/etc/passwd} & # $x^2$ 50% a_b ~ {c}", "a..b\n\\\\ <d|e>\x1b")):
        path = run(tmp_path, BACKPROP, seed)
        (path / "config.yaml").write_text(
            f"seed: {seed}\ntrainer.name: {name!r}\ntask.name: {name!r}\n".replace("'", '"')
        )
    text = as_tex(reported(tmp_path, by=("task.name",)))
    *_, (columns, _, header, _, *rows, _) = tabulars(text)
    assert len(rows) == 2
    assert {len(AMPERSAND.split(row)) for row in [header, *rows]} == {len(columns) - 2}
    assert (
        r"\textbackslash{}input\{/etc/passwd\} \& \# \$x\textasciicircum{}2\$ 50\% a\_b \textasciitilde{} \{c\}" in text
    )
    assert r"a..b \textbackslash{}\textbackslash{} \textless{}d\textbar{}e\textgreater{}?" in text
