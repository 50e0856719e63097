"""``synthgrad compare`` as it is typed: where it looks, what it prints where, its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.commands import Said, environment, ran, typed
from support.terminal import stdout_on_terminal
from support.written_runs import BACKPROP, BITS, BOTH, EXACT, FROZEN, LABEL, run

from synthgrad.cli.compare_output import FORMATS
from synthgrad.compare.formats import WRITERS

NO_DNI = "trainer.name!=dni"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven seeds of three methods and the control in ./runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for keys, start in ((BACKPROP, 0.9), (BOTH, 0.8), (LABEL, 0.5), (FROZEN, 0.5)):
        for seed in range(7):
            figures = {
                BITS: [start - 0.1, start + seed / 100],
                EXACT: [0.0, 0.01 * start],
                "loss": [2.0, 1.0 - start / 3],
            }
            run(Path("runs"), keys, seed, figures)
    return Path("runs")


def compared(*arguments: object) -> str:
    """What compare prints, where all is well."""
    said = typed("compare", *arguments)
    assert (said.code, said.err) == (0, "")
    return said.out


# where it looks -----------------------------------------------------------------------------------


def test_every_run_below_runs_is_compared(runs: Path) -> None:
    """The answer on stdout, nothing on stderr."""
    out = compared()
    assert out.startswith("28 runs: 4 methods x 7 seeds (0..6)")
    assert out.endswith("- same data, initial weights and batch order in every seed\n")


@pytest.mark.parametrize(
    "places",
    [
        ("runs",),
        ("./runs/",),
        ("runs/*",),
        ("runs/*-s[0-3]-*", "runs/*-s[4-6]-*"),
        ("runs", "runs/*"),
        ("runs", os.curdir),
    ],
)
def test_places_may_be_directories_and_globs(runs: Path, places: tuple[str, ...]) -> None:
    """In any way they are written; a run that is meant twice counts once."""
    assert compared(*places) == compared()


def test_two_runs_stand_side_by_side(runs: Path) -> None:
    """By the last letters of their names."""
    a, b = sorted(runs.iterdir())[:2]
    out = compared(b.name[-4:], a.name[-4:])
    assert [line.split()[:2] for line in out.split("\n")[:2]] == [["A", b.name], ["B", a.name]]


def test_runs_elsewhere_are_found_by_name_too(runs: Path) -> None:
    """With --runs."""
    runs.rename("elsewhere")
    assert compared("--runs", "elsewhere").startswith("28 runs")


# formats ------------------------------------------------------------------------------------------

QUESTIONS = [
    [],
    ["--where", NO_DNI],
    ["--metric", "loss"],
    ["--at", "epoch=1"],
    ["--at", "best", "--metric", EXACT],
    ["--metric", BITS, "--metric", "loss", "--where", "seed<6"],
]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_all_formats_say_the_same(runs: Path, question: list[str]) -> None:
    """The same groups in the same order, the same numbers; tables round them alike."""
    data = json.loads(compared(*question, "--format", "json"))
    labels = [g["label"] for g in data["groups"]]
    told = list(csv.DictReader(io.StringIO(compared(*question, "--format", "csv"))))
    mine = [r for r in told if r["metric"] == data["metric"]]
    assert list(dict.fromkeys(r["group"] for r in mine)) == labels
    assert [float(r["value"]) for r in mine] == [v for g in data["groups"] for v in g["values"]]
    table = compared(*question).split("\n\n")[1].split("\n")[1:]
    markdown = [
        line.split(" | ")[0][2:] for line in compared(*question, "--format", "md").split("\n") if line.startswith("| ")
    ]
    tex = [line.split(" & ")[0] for line in compared(*question, "--format", "tex").split("\n") if " & " in line]
    assert [line.split("  ")[0] for line in table] == markdown[2:] == tex[1:] == labels


def test_the_curves_are_one_row_for_each_run_and_epoch(runs: Path) -> None:
    """As CSV; in JSON, more curves than the metric's."""
    rows = list(csv.DictReader(io.StringIO(compared("--format", "csv", "--curves"))))
    assert (len(rows), list(rows[0])[-5:]) == (56, ["step", "seconds", BITS, EXACT, "loss"])
    assert set(json.loads(compared("--format", "json", "--curves"))["groups"][0]["curves"]) == {BITS, "loss"}


def test_the_schema_is_that_of_the_output(runs: Path) -> None:
    """A script can check what it reads."""
    jsonschema.validate(json.loads(compared("--format", "json")), json.loads(compared("--schema")))


def test_the_output_goes_to_a_file_if_asked(runs: Path) -> None:
    """Whole, and nothing on stdout."""
    assert compared("--format", "csv", "-o", "out.csv") == ""
    assert Path("out.csv").read_text() == compared("--format", "csv")


@pytest.mark.parametrize("place", ["no/such/out.json", "runs"])
def test_a_file_that_cannot_be_written_is_one_sentence(runs: Path, place: str) -> None:
    """And exit code 1."""
    said = typed("compare", "--format", "json", "-o", place)
    assert (said.code, said.out) == (1, "")
    assert re.fullmatch(rf"{place}: cannot be written: .*\n", said.err)


def test_the_screen_is_as_wide_as_the_terminal(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 120 columns with --wide, never less than 40."""
    monkeypatch.setenv("COLUMNS", "10")
    assert max(map(len, compared().split("\n"))) <= 40
    assert "higher is better" in compared("--wide")


def test_a_chart_is_drawn_below(runs: Path) -> None:
    """With --plot -."""
    assert compared("--plot", "-").startswith(compared())
    assert "\u2800" <= compared("--plot", "-").rstrip()[-1] <= "\u28ff"


# claims -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "code", "answers"),
    [
        (["dni both > frozen"], 0, ["held"]),
        (["dni both > frozen", "dni label ~ frozen"], 0, ["held", "held"]),
        (["dni both > frozen", "dni label > frozen"], 5, ["held", "undecided"]),
        (["dni both < frozen", "dni label > frozen"], 4, ["not held", "undecided"]),
        (["backprop - dni both < 0.2"], 0, ["held"]),
    ],
)
def test_claims_have_exit_codes(runs: Path, claims: list[str], code: int, answers: list[str]) -> None:
    """0 all held, 4 one not held, 5 one undecided; the answers stand at the end, in any format."""
    asked = [word for claim in claims for word in ("--check", claim)]
    said = typed("compare", *asked)
    assert (said.code, said.err) == (code, "")
    assert [line.partition(": ")[0] for line in said.out.split("\n") if ": " in line][-len(claims) :] == answers
    as_json = typed("compare", *asked, "--format", "json")
    assert (as_json.code, [c["answer"] for c in json.loads(as_json.out)["claims"]]) == (code, answers)


@pytest.mark.parametrize("kind", ["md", "tex", "html"])
def test_claims_stand_beside_the_tables_in_every_format_for_eyes(runs: Path, kind: str) -> None:
    """The table is the same with them and without."""
    claims = ("--check", "dni both - frozen > 0.1", "--check", "dni label ~ frozen within 0.1")
    plain, claimed = (typed("compare", *asked, "--format", kind).out for asked in ((), claims))
    assert "0.9" in plain
    assert all(line in claimed for line in plain.splitlines() if "backprop" in line and line.startswith(("|", "back")))
    assert ("+0.300" in claimed, "margin 0.1" in claimed, "margin 0.1" in plain) == (True, True, False)


def test_a_claim_may_be_about_another_metric_than_the_table(runs: Path) -> None:
    """It is read of the runs if a claim asks for it."""
    said = typed("compare", "--check", "dni both < frozen on loss", "--check", f"dni both < 0.8 on {BITS} at epoch=1")
    assert said.code == 0
    assert BITS in said.out.splitlines()[0]


def test_a_misspelt_claim_is_an_error(runs: Path) -> None:
    """Not one that does not hold, nor one that is undecided."""
    said = typed("compare", "--check", "dni bth > frozen")
    assert (said.code, said.out) == (2, "")
    assert said.err == "--check 'dni bth > frozen': no group is called 'dni bth' (did you mean 'dni both'?)\n"


# how it is typed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--run"], "--run needs --complete"),
        (["--target", "nan"], "--target nan: is not a finite number"),
        (["--target", "inf"], "--target inf: is not a finite number"),
        (["--target", "x"], "invalid value for '--target': 'x' is not a valid float"),
        (["--at", "epoch=x"], "--at epoch=x: is not known (last, best, common, or epoch=N)"),
        (["--metric", "x"], "--metric x: no run has it (there are "),
        (["--against", "x"], "--against x: no group is called 'x' (there are "),
        (["--by", "trainer.alhpa"], "--by trainer.alhpa: no run has such a key (did you mean 'trainer.alpha'?)"),
        (["--where", "x"], "--where 'x': expected KEY, a sign "),
        (["--where", "trainer.alpha>100"], "compare: no run is left to compare"),
        (["--format", "xml"], "'xml' is not one of "),
        (["--sort", "x"], "'x' is not one of "),
        (["--check", "x"], "--check 'x': is not a claim "),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_one_sentence(runs: Path, arguments: list[str], said: str) -> None:
    """And exit code 2."""
    answer = typed("compare", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_warnings_are_on_stderr_and_not_too_many(runs: Path) -> None:
    """Five, and how many more; the JSON has them all."""
    for number in range(8):
        path = run(runs, BACKPROP, 10 + number)
        (path / "config.yaml").write_text(f"\x1b[{number}")
    said = typed("compare", "--format", "json")
    assert (said.code, said.err.count("left out: "), said.err.splitlines()[-1]) == (
        0,
        5,
        "compare: and 3 more warnings",
    )
    assert len(json.loads(said.out)["warnings"]) == 8


# colours ------------------------------------------------------------------------------------------


def test_a_terminal_has_colours_and_nothing_else_of_the_kind(tmp_path: Path) -> None:
    """Names with escape characters are not among them; without colours the text is that of a pipe."""
    for trainer in ("frozen", "\x1b[2J[red]x"):
        path = run(tmp_path / "runs", None, 1)
        (path / "config.yaml").write_text(f"seed: 1\ntrainer: {json.dumps({'name': trainer})}\n")
    run(tmp_path / "runs", BACKPROP, 1)
    text = stdout_on_terminal(tmp_path, "compare")
    assert "\x1b[" in text
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert "\x1b" not in plain
    assert "\N{REPLACEMENT CHARACTER}[2J[red]x" in plain
    assert stdout_on_terminal(tmp_path, "compare", NO_COLOR="1") == plain
    assert ran("compare", cwd=tmp_path, env=environment(COLUMNS="80")).out == plain.replace("\r\n", "\n")


def test_the_output_is_utf_8_whatever_the_locale_says(runs: Path, tmp_path: Path) -> None:
    """A pipe in a script without a locale."""
    options: dict[str, Any] = {
        "cwd": tmp_path,
        "env": environment(PYTHONIOENCODING="ascii", COLUMNS="80"),
        "encoding": "utf-8",
    }
    assert ran("compare", **options) == Said(0, compared(), "")


def test_every_format_that_can_be_written_can_be_asked_for() -> None:
    """And the table and the page, which have rooms of their own."""
    assert set(FORMATS) == {"table", "html", *WRITERS}
