"""``synthgrad runs list``: a line for each run, whatever is left of it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import subprocess

import pytest
from support.commands import COMMAND, environment, typed
from support.shown import screen, shown
from support.terminal import COLOUR
from support.trained_runs import DIVERGING, called, killed, made, replaced, rewritten

from synthgrad.runs.description import FIELDS

NAMES = {
    "finished": "20261124-190001-dni-layer-output-s12-000a",
    "diverged": "20261124-190002-tiny-s1-000b",
    "interrupted": "20261124-190003-tiny-s2-000c",
    "unfinished": "20261124-190004-tiny-s3-000d",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One run of each outcome."""
    there = tmp_path_factory.mktemp("runs")
    dni = {"trainer.name": "dni", "trainer.generator.input": ["label", "input"]}
    paths = {
        "finished": made(there, dni, seed=12),
        "diverged": made(there, DIVERGING, seed=1),
        "interrupted": made(there, {"training.epochs": 9}, seed=2, stop=2),
        "unfinished": killed(
            there, {"trainer.name": "frozen", "training.epochs": 9, "training.evaluate_every": 2}, stop=3
        ),
    }
    for outcome, name in NAMES.items():
        called(paths[outcome], name)
    return there


def listed(*words):
    """The runs as JSON."""
    said = typed("runs", "list", *words, "--format", "json")
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def outcomes(*words):
    """The outcomes, in order."""
    return [run["outcome"] for run in listed(*words)]


# the table ----------------------------------------------------------------------------------------


def test_a_table_has_a_line_for_each_run(runs):
    """In the order of their names, aligned, every column; nothing on stderr."""
    said = typed("runs", "list", runs)
    assert (said.code, said.err) == (0, "")
    header, *lines = said.out.splitlines()
    assert header.split() == ["name", "outcome", "epochs", "seed", "trainer", "exact", "bits", "seconds", "started"]
    assert [line.split()[:3] for line in lines] == [
        [NAMES["finished"], "finished", "3/3"],
        [NAMES["diverged"], "diverged", "0/3000"],
        [NAMES["interrupted"], "interrupted", "2/9"],
        [NAMES["unfinished"], "unfinished", "3/9"],
    ]
    assert "dni label+input" in lines[0]
    assert len({line.index(word) for line, word in zip([header, *lines], ["outcome", *NAMES], strict=True)}) == 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_fits_the_terminal(runs, width):
    """Columns give way; names do not."""
    table = screen("runs", "list", runs, width=width)
    assert max(map(len, table)) <= width
    assert [line.split()[0] for line in table[1:]] == list(NAMES.values())


def test_what_matters_most_goes_last(runs):
    """Name and outcome always stay."""
    headers = [screen("runs", "list", runs, width=width)[0].split() for width in (130, 100, 80, 54)]
    assert headers[0][-1] == "started"
    assert headers[-1] == ["name", "outcome"]
    assert all(set(narrow) < set(wide) for wide, narrow in itertools.pairwise(headers))


def test_a_name_that_is_wider_than_the_terminal_is_cut_in_its_middle(tmp_path):
    """Its beginning and its last letters stay."""
    called(made(tmp_path), "20261124-190001-" + "x" * 100 + "-s3-beef")
    line = screen("runs", "list", tmp_path, width=60)[1]
    assert line.startswith("20261124-190001-x")
    assert "x-s3-beef  finished" in line
    assert "…" in line
    assert len(line) <= 60


def test_what_goes_into_a_pipe_is_whole_and_plain(tmp_path):
    """Whatever the environment promises."""
    name = "20261124-190001-" + "x" * 100 + "-s3-beef"
    called(made(tmp_path, DIVERGING), name)
    done = subprocess.run(
        [*COMMAND, "runs", "list", tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env=environment(FORCE_COLOR="1"),
    )
    assert name in done.stdout
    assert "\x1b" not in done.stdout


def test_outcomes_have_colours_on_a_terminal(runs):
    """So that NO_COLOR has something to take away."""
    assert COLOUR.search(shown("runs", "list", runs))
    assert "\x1b" not in shown("runs", "list", runs, NO_COLOR="1")


ODD = ["[red]hot", "two words", 'it\'s "quoted"', "größe-加法", "🙂", "a*b", "{x}"]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_name_is_shown_as_it_is(tmp_path, name):
    """No markup, no quotes, nothing is taken away."""
    called(made(tmp_path), name)
    assert typed("runs", "list", tmp_path).out.splitlines()[1].startswith(f"{name}  ")
    assert listed(tmp_path)[0]["name"] == name


def test_a_name_that_would_drive_the_terminal_is_spelt_out(tmp_path):
    """Line ends and escape codes."""
    called(made(tmp_path), "a\x1b[31m\nb")
    said = typed("runs", "list", tmp_path)
    assert said.out.splitlines()[1].startswith("a\\x1b[31m\\nb  finished")
    assert listed(tmp_path)[0]["name"] == "a\x1b[31m\nb"


def test_a_name_that_is_no_text_is_shown(tmp_path):
    """As bytes in CSV, spelt out in a table."""
    path = made(tmp_path)
    os.rename(path, os.fsencode(tmp_path) + b"/r\xffn")
    done = [
        subprocess.run(
            [*COMMAND, "runs", "list", tmp_path, "--format", kind],
            capture_output=True,
            check=True,
            env=environment(PYTHONIOENCODING="utf-8:strict"),
        ).stdout
        for kind in ("table", "csv", "json")
    ]
    assert b"r\\udcffn  finished" in done[0]
    assert b"r\xffn,finished" in done[1]
    assert json.loads(done[2])[0]["name"] == "r\udcffn"


# which --------------------------------------------------------------------------------------------


def test_places_are_runs_directories_and_globs(runs, monkeypatch):
    """Each run once."""
    monkeypatch.chdir(runs.parent)
    assert outcomes(runs, "000c", "--runs", runs) == list(NAMES)
    assert outcomes("000c", "latest", "--runs", runs) == ["interrupted", "unfinished"]
    assert outcomes(f"{runs.name}/*tiny-s[12]*") == ["diverged", "interrupted"]
    assert outcomes("--runs", runs) == list(NAMES)


def test_conditions_and_outcomes_select(runs):
    """All conditions, any outcome."""
    assert outcomes(runs, "--where", "trainer.name=dni,frozen") == ["finished", "unfinished"]
    assert outcomes(runs, "--where", "trainer.name=dni,frozen", "--where", "seed>=12") == ["finished"]
    assert outcomes(runs, "--outcome", "diverged", "--outcome", "unfinished") == ["diverged", "unfinished"]


def test_a_selection_of_none_is_said(runs):
    """An empty table, and a sentence for eyes."""
    said = typed("runs", "list", runs, "--where", "seed>99")
    assert (said.code, said.out, said.err) == (0, "", "none of 4 runs matches (see --where, --outcome, --since)\n")
    assert typed("runs", "list", runs, "--where", "seed>99", "--format", "json").out == "[]\n"


@pytest.mark.parametrize("words", [[], ["--format", "json"], ["--format", "csv"]], ids=str)
def test_without_runs_it_says_how_to_make_one(tmp_path, monkeypatch, words):
    """An empty directory, or none yet: no error."""
    monkeypatch.chdir(tmp_path)
    for place in ([], [tmp_path]):
        said = typed("runs", "list", *place, *words)
        assert said.code == 0
        assert said.err == f"{place[0] if place else 'runs'}: no runs yet (train one with synthgrad train CONFIG)\n"
        assert said.out == {"": "", "json": "[]\n", "csv": ",".join(FIELDS) + "\n"}[words[-1] if words else ""]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch"], "nosuch: no such run"),
        (["--where", "trainer.alfa<1"], "--where 'trainer.alfa<1': none of these runs has a key trainer.alfa (did you"),
        (["--sort", "trainer.alfa"], "--sort trainer.alfa: none of these runs has a key trainer.alfa (did you mean"),
        (["--sort", "-alpha"], "--sort -alpha: alpha may be trainer.alpha or trainer.generator.alpha (write"),
        (["--outcome", "finish"], "synthgrad runs list: invalid value for '--outcome'"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_2(runs, words, said):
    """One message, and nothing on stdout."""
    answer = typed("runs", "list", *words, "--runs", runs)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(said)


# order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("seed", "diverged interrupted unfinished finished"),
        ("-seed", "finished unfinished interrupted diverged"),
        ("outcome", "diverged finished interrupted unfinished"),
        ("epochs", "diverged interrupted finished unfinished"),
        ("epoch", "diverged interrupted finished unfinished"),
        ("-name", "unfinished interrupted diverged finished"),
        ("training.epochs", "finished interrupted unfinished diverged"),
        ("-training.epochs", "diverged interrupted unfinished finished"),
        ("trainer.name", "diverged interrupted finished unfinished"),
        ("generator.alpha", "finished diverged interrupted unfinished"),
        ("-generator.input", "finished diverged interrupted unfinished"),
    ],
)
def test_runs_are_sorted_by_a_column_or_a_key(runs, key, order):
    """Those without it come last, whichever the direction; equal ones keep the order of their names."""
    assert outcomes(runs, "--sort", key) == order.split()


@pytest.mark.parametrize("key", ["loss", "exact", "bits", "test_loss"])
def test_runs_are_sorted_by_their_last_figures(runs, key):
    """As the results hold them."""
    names = [run["name"] for run in listed(runs, "--sort", f"-{key}")]
    assert sorted(names) == sorted(NAMES.values())


# formats ------------------------------------------------------------------------------------------


def test_json_and_csv_have_every_digit(runs):
    """The same fields in both."""
    rows = list(csv.DictReader(io.StringIO(typed("runs", "list", runs, "--format", "csv").out)))
    runs_listed = listed(runs)
    assert list(rows[0]) == list(runs_listed[0]) == list(FIELDS)
    result = json.loads((runs / NAMES["finished"] / "result.json").read_text())
    assert runs_listed[0]["test_bit_accuracy"] == result["last"]["test_bit_accuracy"]
    assert float(rows[0]["seconds"]) == result["seconds"]
    assert rows[1]["test_bit_accuracy"] == ""
    assert [row["path"] for row in rows] == [str(runs / name) for name in NAMES.values()]


def test_a_run_without_a_result_has_the_figures_of_its_log(runs):
    """The last that were measured."""
    last = listed(runs)[-1]
    assert (last["epoch"], last["epochs"], last["outcome"]) == (3, 9, "unfinished")
    assert 0 < last["test_bit_accuracy"] < 1


# damage -------------------------------------------------------------------------------------------


def test_a_run_that_cannot_be_read_is_listed(tmp_path):
    """As unreadable, with the reason on stderr; the others are not the worse for it."""
    broken, whole = made(tmp_path), made(tmp_path)
    (broken / "config.yaml").write_text("]")
    said = typed("runs", "list", tmp_path)
    assert said.code == 0
    assert said.err == f"{broken}/config.yaml: is not the config of a run (damaged, or written by something else)\n"
    assert sorted(line.split()[1] for line in said.out.splitlines()[1:]) == ["finished", "unreadable"]
    assert whole.name in said.out
    assert [
        run["name"]
        for run in json.loads(typed("runs", "list", tmp_path, "--outcome", "unreadable", "--format", "json").out)
    ] == [broken.name]


def test_many_that_cannot_be_read_are_not_all_named(tmp_path):
    """Five, and how many more."""
    path = made(tmp_path)
    for i in range(7):
        (tmp_path / f"x{i}").mkdir()
        (tmp_path / f"x{i}" / "config.yaml").write_text("")
    said = typed("runs", "list", tmp_path, "--where", "seed=3")
    assert path.name in said.out
    assert said.err.count("\n") == 6
    assert said.err.endswith("and 2 more runs that cannot be read\n")


DAMAGE = {
    "result.json": lambda path: (path / "result.json").write_text("{"),
    "run.json": lambda path: (path / "run.json").write_text("[]"),
    "metrics.csv": lambda path: [(path / "result.json").unlink(), replaced(path / "metrics.csv", "\n2,", "\nx,")],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_counted(tmp_path, damage):
    """In one line on stderr; JSON says what it is."""
    path = made(tmp_path)
    damage(path)
    said = typed("runs", "list", tmp_path, "--format", "json")
    assert said.err == f"1 run is damaged, such as {path.name} (synthgrad runs show says where)\n"
    assert "is damaged" in json.loads(said.out)[0]["note"]


@pytest.mark.parametrize("name", ["result.json", "run.json", "metrics.csv", "weights.npz"])
@pytest.mark.parametrize("others", [(), ("result.json", "run.json")], ids=["alone", "with others"])
def test_any_file_may_be_missing(tmp_path, name, others):
    """But for the config, which makes it a run."""
    path = made(tmp_path)
    for file in {name, *others}:
        (path / file).unlink()
    said = typed("runs", "list", tmp_path)
    assert (said.code, said.err) == (0, "")
    assert path.name in said.out


def test_numbers_that_mean_nothing_are_not_there(tmp_path):
    """A result that something else wrote."""
    path = made(tmp_path)
    rewritten(path, "result.json", last="x", epoch="many", seconds=[1])
    said = listed(tmp_path)[0]
    assert (said["outcome"], said["epoch"], said["seconds"], said["test_bit_accuracy"]) == (
        "finished",
        None,
        None,
        None,
    )


def test_a_reader_who_leaves_early_is_no_error(runs):
    """As head does: no message."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "runs", "list", runs], stdout=writing, stderr=subprocess.PIPE, check=False, env=environment()
    )
    os.close(writing)
    assert done.stderr == b""


def test_a_name_is_no_formula_in_csv(runs):
    """What a spreadsheet would run is text."""
    path = next(runs.iterdir())
    path.rename(runs / "=1+1")
    said = typed("runs", "list", runs, "--format", "csv")
    assert "\n'=1+1," in said.out
