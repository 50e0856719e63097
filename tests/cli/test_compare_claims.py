"""``synthgrad compare --claims FILE``: whose runs count, what is answered and what is still missing."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import TINY
from support.commands import Said, ran, typed, write
from support.terminal import stdout_on_terminal
from support.trained_runs import made
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, run

from synthgrad.compare.formats import schema
from synthgrad.config import dump

N = 7
GRID = f"tiny.yaml -s trainer.name=backprop,frozen,dni --seed 0..{N - 1}"
LINE = f"synthgrad sweep tiny.yaml -s trainer.name=backprop,frozen,dni --seed 0..{N - 1} --runs runs -q"
CLAIMS = ("dni both > frozen", "backprop ~ dni both within 0.2", "frozen > 0.4 in every seed")
METHODS: dict[str, tuple[dict[str, Any], float]] = {
    "backprop": (BACKPROP, 0.9),
    "dni": (BOTH, 0.8),
    "frozen": (FROZEN, 0.5),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory to be in, with a config in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    write(tmp_path)


def stated(*claims: str, sweeps: Iterable[str] = (GRID,), more: str = "", name: str = "claims.yaml") -> Path:
    """A file of claims."""
    lines = [f"- {json.dumps(text)}" for text in sweeps]
    head = [*([more] if more else []), *(["sweeps:", *lines] if lines else [])]
    Path(name).write_text("\n".join([*head, "claims:", *(f"- {claim}" for claim in claims)]) + "\n")
    return Path(name)


def grid(*names: str, seeds: Iterable[int] = range(N), outcome: str = "finished", runs: str = "runs") -> None:
    """Runs of the grid, as if trained."""
    for name in names or METHODS:
        keys, end = METHODS[name]
        for seed in seeds:
            run(Path(runs), keys, seed, {BITS: end + seed / 100, "loss": 1 - end}, outcome)


def answers(*arguments: object) -> list[str]:
    """The answers to the claims."""
    data = json.loads(typed("compare", *arguments, "--format", "json").out)
    return [claim["answer"] for claim in data["claims"]]


# before the runs ----------------------------------------------------------------------------------


def test_before_any_run_every_claim_is_undecided() -> None:
    """And the lines that make the runs are on stderr, whole."""
    said = typed("compare", "--claims", stated(*CLAIMS))
    assert said.code == 5
    assert said.out.splitlines() == [
        *(line for claim in CLAIMS for line in (f"undecided: {claim}", "  no runs yet")),
        "",
        "0 held, 0 not held, 3 undecided",
    ]
    first, line = said.err.splitlines()
    assert first == "compare: 21 runs are missing; to train them, add --complete --run or type:"
    assert line.strip() == LINE.removesuffix(" -q")


def test_complete_prints_those_lines_and_nothing_else() -> None:
    """For a shell; that there are claims to answer does not matter."""
    assert typed("compare", "--claims", stated(*CLAIMS), "--complete") == Said(0, f"{LINE}\n", "")


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("dni bth > frozen", "'dni bth > frozen': no group is called 'dni bth' (did you mean 'dni'?)"),
        ("dni > frzen", "'dni > frzen': no group is called 'frzen' (did you mean 'frozen'?)"),
        ("dni label > frozen", "no group is called 'dni label' (did you mean 'dni'?)"),
        ("dni > frozen where task.bits=5", "no run meets task.bits=5"),
        ("dni > frozen where task.bts=5", "where 'task.bts=5': none of these runs has a key task.bts (did you mean "),
        ("alpha=0.2 > 0.5", "'alpha=0.2' may be backprop, "),
    ],
)
def test_a_claim_about_nobody_is_an_error_even_before_the_runs(claim: str, said: str, there: bool) -> None:
    """With file, line and column; the groups are known from the grid."""
    if there:
        grid()
    found = typed("compare", "--claims", stated("dni > frozen", claim))
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"claims.yaml:5:3: '{claim}': ")
    assert said in found.err
    assert found.err.count("\n") == 1


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Of several files."""
    one = stated("dni > frzen", "bckprop > 1", name="one.yaml")
    two = stated("a ?? b", sweeps=["x.yaml"], name="two.yaml")
    three = stated("a > b", sweeps=["x.yaml", f"{GRID} -s trainer.alhpa=3"], name="three.yaml")
    said = typed("compare", "--claims", one, "--claims", two, "--claims", three)
    assert (said.code, said.out) == (2, "")
    assert [line.split(": ")[0] for line in said.err.splitlines()] == [
        "one.yaml:4:3", "one.yaml:5:3", "two.yaml:4:3", "three.yaml:2:3", "three.yaml:3:3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            f"{GRID} --jobs 2",
            "--jobs has no place here (there are -s, --set, --seed, --name, --ablate, which say what runs there are)",
        ),
        (f"{GRID} --runs x", "--runs has no place here (there are "),
        (f"{GRID} -q", "-q has no place here (there are "),
        ("--help", "--help has no place here (there are "),
        ("--seed 0..9", "there is no config (expected CONFIG.yaml first)"),
        (f"{GRID} --sed 3", "--sed has no place here (did you mean '--seed'?)"),
        ("other.yaml", "other.yaml: no such file"),
        ("tiny.yaml -s trainer.name=dmi", "-s trainer.name=dmi: trainer.name: 'dmi' is not one of"),
        ("tiny.yaml --seed 0..", "-s seed=0..: seed: expected a whole number, got '0..'"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_said_with_its_line(line: str, said: str) -> None:
    """And exit code 2."""
    found = typed("compare", "--claims", stated("dni > frozen", sweeps=[line]))
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("claims.yaml:2:3: ")
    assert said in found.err


# the runs of the grid -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "code", "said"),
    [
        (CLAIMS, 0, "3 held, 0 not held, 0 undecided"),
        ((*CLAIMS, "dni both > backprop"), 4, "3 held, 1 not held, 0 undecided"),
        ((*CLAIMS, "dni both > frozen, 8 seeds"), 5, "3 held, 0 not held, 1 undecided"),
        (("dni both > frozen, 8 seeds", "backprop = frozen"), 4, "0 held, 1 not held, 1 undecided"),
    ],
)
def test_claims_have_exit_codes_and_a_count(claims: tuple[str, ...], code: int, said: str) -> None:
    """0 all held, 4 one not held, 5 one undecided; 4 outweighs 5."""
    grid()
    found = typed("compare", "--claims", stated(*claims))
    assert (found.code, found.err, found.out.splitlines()[-1]) == (code, "", said)


def test_other_runs_in_the_directory_disturb_nothing() -> None:
    """Neither those with another setting, which would make names ambiguous, nor those of another seed."""
    grid()
    before = typed("compare", "--claims", stated(*CLAIMS))
    for keys, _ in METHODS.values():
        run(Path("runs"), {**keys, "trainer.alpha": 0.01}, 0, {BITS: 0.1})
        run(Path("runs"), {**keys, "task.bits": 5}, 0, {BITS: 0.1})
        run(Path("runs"), keys, N, {BITS: 0.1})
    run(Path("runs"), BACKPROP, 0, {"other": 1.0}).joinpath("config.yaml").write_text("not: ours\n")
    assert typed("compare", "--claims", "claims.yaml") == before
    assert typed("compare", "--check", "dni both > frozen").out != before.out


def test_of_several_files_each_is_about_its_own_runs() -> None:
    """In one directory, and under a heading each; Holm's correction takes those of one file together."""
    grid()
    for seed in range(N):
        for keys, end in METHODS.values():
            run(Path("runs"), {**keys, "trainer.alpha": 0.01}, seed, {BITS: 1.4 - end})
    one = stated(*["dni > frozen"] * 3, name="one.yaml")
    two = stated("dni < frozen", sweeps=[f"{GRID} -s trainer.alpha=0.01"], name="two.yaml")
    said = typed("compare", "--claims", one, "--claims", two)
    assert (said.code, said.err) == (0, "")
    assert [line for line in said.out.splitlines() if line.startswith("==")] == ["== one.yaml ==", "== two.yaml =="]
    assert said.out.endswith("4 held, 0 not held, 0 undecided\n")
    assert said.out.count("p .047 Holm of 3") == 3
    assert said.out.count("p .016, 7 seeds") == 1


def test_a_file_without_sweeps_is_about_all_runs() -> None:
    """Nothing can be missing; but without any run there is nothing to be said."""
    path = stated("dni > frozen", sweeps=())
    said = typed("compare", "--claims", path)
    assert (said.code, said.err) == (2, "claims.yaml: there are no runs, and no sweeps to make some\n")
    grid("backprop", seeds=[0])
    grid("dni", "frozen", seeds=range(6))
    said = typed("compare", "--claims", path)
    assert (said.code, said.err) == (0, "")
    for more in ((), ("--all",)):
        assert typed("compare", "--claims", path, "--complete", *more).err == "compare: nothing is missing\n"


def test_a_claim_is_answered_in_every_table_that_has_its_groups() -> None:
    """And says which it is."""
    grid()
    for keys, end in METHODS.values():
        for seed in range(N):
            run(Path("runs"), {**keys, "network.hidden": [12]}, seed, {BITS: 1.4 - end})
    sweeps = [f"{GRID} -s 'network.hidden=[12, 9],[12]'"]
    said = typed("compare", "--claims", stated("dni > frozen", "dni < frozen where network.hidden=[12]", sweeps=sweeps))
    assert said.code == 4
    assert [line for line in said.out.splitlines() if "held: " in line] == [
        "held: dni > frozen (hidden=[12,9])",
        "not held: dni > frozen (hidden=[12])",
        "held: dni < frozen where network.hidden=[12]",
    ]


def test_a_metric_that_no_run_has_is_an_error() -> None:
    """Once there are runs; a table without it is left out where another has it."""
    path = stated("dni > frozen on los")
    assert typed("compare", "--claims", path).code == 5
    grid()
    said = typed("compare", "--claims", path)
    assert (said.code, said.err) == (
        2,
        "claims.yaml:4:3: 'dni > frozen on los': no run has los (did you mean 'loss'?)\n",
    )


# what is missing ----------------------------------------------------------------------------------


def test_a_claim_waits_for_every_run_of_its_groups() -> None:
    """Unless it says how many seeds do; what has been told so far is shown."""
    grid("backprop", "frozen")
    grid("dni", seeds=range(6))
    path = stated("dni > frozen", "dni > frozen, 6 seeds", "backprop > frozen", "dni > frozen in every seed")
    said = typed("compare", "--claims", path)
    assert said.code == 5
    assert [line for line in said.out.splitlines() if "held: " in line or "undecided: " in line] == [
        "undecided: dni > frozen",
        "undecided: dni > frozen, 6 seeds",
        "held: backprop > frozen",
        "undecided: dni > frozen in every seed",
    ]
    assert "p .062 Holm of 3; 6 seeds, 7 are needed" in said.out
    assert "so in 6 seeds, 7 are needed" in said.out
    assert answers("--claims", stated("dni > frozen, 6 seeds", more="metric: loss")) == ["not held"]


def test_a_tuned_method_waits_for_every_setting() -> None:
    """The one that lacks runs may be the best, whether it was to have them or not."""
    grid("frozen")
    for alpha, end, seeds in ((0.1, 0.8, N), (0.2, 0.3, N - 1), (0.4, 0.2, 2)):
        for seed in range(seeds):
            keys = {**BACKPROP, "trainer.alpha": alpha}
            run(Path("runs"), keys, seed, {BITS: end + seed / 100, "loss": 1.0})
    few = "tiny.yaml -s trainer.name=backprop -s trainer.alpha=0.4 --seed 0..1"
    grown = f"tiny.yaml -s trainer.name=backprop -s trainer.alpha=0.1,0.2 --seed 0..{N - 1}"
    frozen = f"tiny.yaml -s trainer.name=frozen --seed 0..{N - 1}"
    path = stated("backprop > frozen tuned", sweeps=(few, grown, frozen))
    said = typed("compare", "--claims", path)
    assert said.code == 5
    assert "2 seeds, too few" in said.out
    assert "undecided until every group has a result of seeds 2, 3, 4, 5, 6" in " ".join(said.out.split())
    for alpha, seeds in ((0.4, range(2, N)), (0.2, [N - 1])):
        for seed in seeds:
            run(Path("runs"), {**BACKPROP, "trainer.alpha": alpha}, seed, {BITS: 0.3, "loss": 1.0})
    path = stated("backprop > frozen tuned", sweeps=(few.replace("0..1", f"0..{N - 1}"), grown, frozen))
    assert answers("--claims", path) == ["held"]


@pytest.mark.parametrize("outcome", ["interrupted", "failed", None])
def test_runs_that_came_to_no_end_are_missing(outcome: str | None) -> None:
    """The sweep takes them up."""
    grid("backprop", "frozen")
    grid("dni", seeds=range(5))
    grid("dni", seeds=[5, 6], outcome=outcome)  # type: ignore[arg-type]
    said = typed("compare", "--claims", stated(*CLAIMS))
    assert said.err.startswith("compare: 2 runs are missing; to train them")
    assert said.code == 5


def test_runs_that_diverged_are_an_outcome() -> None:
    """Not missing; and a loss: 6-1 is no more than luck."""
    grid("backprop", "frozen")
    grid("dni", seeds=range(6))
    grid("dni", seeds=[6], outcome="diverged")
    said = typed("compare", "--claims", stated("dni > frozen"))
    assert (said.code, said.err) == (5, "")
    assert ", 6 seeds, 1 diverged\n" in said.out


def test_only_sweeps_that_lack_runs_are_printed_and_no_run_twice() -> None:
    """A run that an earlier line makes is not missing from a later one."""
    grid("backprop", "frozen")
    two = (f"tiny.yaml -s trainer.name={names}" for names in ("backprop,frozen --seed 0..6", "dni --seed 0..3"))
    sweeps = [*two, GRID]
    said = typed("compare", "--claims", stated(*CLAIMS, sweeps=sweeps))
    first, *lines = said.err.splitlines()
    assert first.startswith("compare: 7 runs are missing")
    assert lines == [
        "  synthgrad sweep tiny.yaml -s trainer.name=dni --seed 0..3 --runs runs",
        f"  {LINE.removesuffix(' -q')}",
    ]
    data = json.loads(typed("compare", "--claims", "claims.yaml", "--format", "json").out)
    assert [each["runs"] for each in data["missing"]] == [4, 3]


def test_configs_are_found_from_the_file_and_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up and down the tree; runs go to the directory where they were looked for."""
    Path("a/b").mkdir(parents=True)
    Path("a/with space.yaml").write_text(dump(TINY))
    sweeps = ["../../tiny.yaml '../with space.yaml' --name x --ablate layers --seed 0"]
    stated("backprop freeze=[2] > 0.1", sweeps=sweeps, name="a/b/claims.yaml")
    line = "synthgrad sweep {} {} --seed 0 --name x --ablate layers --runs {} -q\n"
    assert typed("compare", "--claims", "a/b/claims.yaml", "--complete").out == line.format(
        "tiny.yaml", "'a/with space.yaml'", "runs"
    )
    monkeypatch.chdir("a/b")
    Path("there").mkdir()
    made(Path("there"), seed=5)
    for more, home in (("", "runs"), ("--runs x", "x"), ("there", "there"), ("there --runs x", "there")):
        said = typed("compare", *more.split(), "--claims", "claims.yaml", "--complete")
        assert said.out == line.format("../../tiny.yaml", "'../with space.yaml'", home)
    said = typed("compare", "--claims", tmp_path / "a/b/claims.yaml", "--complete")
    assert said.out.startswith(f"synthgrad sweep {tmp_path}/tiny.yaml '{tmp_path}/a/with space.yaml' --seed 0")


@pytest.mark.full
def test_the_lines_run_as_they_are_printed(tmp_path: Path) -> None:
    """After them nothing is missing, and the claims can be answered."""
    sweeps = ["tiny.yaml -s trainer.name=backprop,frozen --seed 0..5", "tiny.yaml -s 'trainer.name=dni' --seed 0..5"]
    path = stated("dni both = dni", "backprop = backprop", sweeps=sweeps)
    assert typed("compare", "--claims", path).code == 2
    path = stated("frozen ~ backprop within 1 on loss", "dni ~ backprop within 1 on loss", sweeps=sweeps)
    made(Path("runs"), {"trainer.name": "frozen"}, seed=2)
    made(Path("runs"), {"trainer.name": "dni"}, seed=1, stop=1)
    first, second = typed("compare", "--claims", path, "--complete").out.splitlines()
    said = ran(*shlex.split(first)[1:], cwd=tmp_path)
    assert (said.code, said.err, said.out.count("\n")) == (0, "", 12)
    assert typed("compare", "--claims", path).err.splitlines()[1:] == [f"  {second.removesuffix(' -q')}"]
    said = ran("compare", "--claims", path, "--complete", "--run", cwd=tmp_path)
    assert (said.code, said.err.splitlines()[0]) == (0, f"1 of 1: {second.removesuffix(' -q')}")
    assert len(list(Path("runs").glob("*/result.json"))) == 18
    assert typed("compare", "--claims", path, "--complete") == Said(0, "", "compare: nothing is missing\n")
    assert typed("compare", "--claims", path)[::2] == (0, "")


def test_once_the_runs_are_made_the_claims_are_answered(tmp_path: Path) -> None:
    """On stdout and by the exit code; the sweeps say how far they are on stderr, and nothing of comparing."""
    path = stated("frozen ~ backprop within 1", "frozen > 2", sweeps=[GRID, "tiny.yaml --seed 9"], more="metric: loss")
    said = ran("compare", "--claims", path, "--complete", "--run", cwd=tmp_path)
    assert said.code == 4
    assert said.out == typed("compare", "--claims", path).out
    assert said.out.endswith("1 held, 1 not held, 0 undecided\n")
    assert said.err.count("The grid is complete.") == 2
    assert "See: " not in said.err
    again = typed("compare", "--claims", path, "--complete", "--run")
    assert again == (4, said.out, "compare: nothing is missing\n")


def test_a_sweep_may_be_written_as_it_is_typed() -> None:
    """With ``synthgrad sweep`` before its words."""
    path = stated(*CLAIMS, sweeps=[f"synthgrad sweep {GRID}"])
    assert typed("compare", "--claims", path, "--complete") == Said(0, f"{LINE}\n", "")


# how it is shown ----------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["80", "120"])
def test_each_claim_is_a_block_that_fits(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """The answer and the claim, the numbers, what was read."""
    monkeypatch.setenv("COLUMNS", columns)
    grid()
    long = "dni both - frozen > 0.1 where network.hidden=[12, 9], task.name=binary-addition, trainer.alpha=0.2, 7 seeds"
    lines = typed("compare", "--claims", stated("dni both > frozen", long)).out.splitlines()
    assert lines[:3] == [
        "held: dni both > frozen",
        "  +0.300 [+0.300..+0.300], p .031 Holm of 2, 7 seeds",
        f"  dni both 0.83, frozen 0.53; {BITS} at epoch 10",
    ]
    assert max(map(len, lines)) < int(columns)
    assert " ".join(" ".join(lines[3:]).split()).startswith(f"held: {long} +0.300 ")


def test_an_answer_is_coloured_on_a_terminal_only(tmp_path: Path) -> None:
    """And not where NO_COLOR is set; the words are the same."""
    grid()
    path = stated("dni both > frozen", "dni both < frozen", "dni both > frozen, 9 seeds")
    seen = stdout_on_terminal(tmp_path, "compare", "--claims", path, code=4)
    plain = typed("compare", "--claims", path).out.replace("\n", "\r\n")
    for word, colour in (("held", 32), ("not held", 31), ("undecided", 33)):
        assert f"\x1b[{colour}m{word}\x1b[0m: " in seen
    assert re.sub(r"\x1b\[[\d;]*m", "", seen) == plain
    assert stdout_on_terminal(tmp_path, "compare", "--claims", path, code=4, NO_COLOR="1") == plain


def test_the_tables_can_be_seen_too() -> None:
    """Of the runs that the claims are about, and no others; in JSON each answer has the number of its table."""
    grid()
    run(Path("runs"), {**BACKPROP, "task.bits": 5}, 0, {BITS: 0.1})
    path = stated(*CLAIMS)
    alone, whole = (typed("compare", "--claims", path, *more) for more in ((), ("--all",)))
    assert whole.out.startswith(f"21 runs: 3 methods x 7 seeds (0..{N - 1})")
    assert whole.out.endswith(f"\n\n{alone.out}")
    assert whole.code == 0
    one, two = (
        json.loads(typed("compare", "--claims", path, *more, "--format", "json").out) for more in ((), ("--all",))
    )
    assert ([c["table"] for c in one["claims"]], one["tables"]) == ([0] * 3, [])
    assert ([c["table"] for c in two["claims"]], len(two["tables"])) == ([1] * 3, 1)
    for data in (one, two):
        jsonschema.validate(data, schema())


def test_all_formats_tell_the_answers() -> None:
    """Without tables, the claims alone."""
    grid()
    path = stated(*CLAIMS, "dni both < frozen")
    said = {kind: typed("compare", "--claims", path, "--format", kind) for kind in ("json", "csv", "md", "tex", "html")}
    assert {each.code for each in said.values()} == {4}
    data = json.loads(said["json"].out)["claims"]
    rows = list(csv.DictReader(io.StringIO(said["csv"].out)))
    assert [row["answer"] for row in rows] == [each["answer"] for each in data]
    assert [float(row["mean"]) for row in rows] == [each["mean"] for each in data]
    assert [row["line"] for row in rows] == [f"claims.yaml:{line}:3" for line in (4, 5, 6, 7)]
    for kind in ("md", "tex", "html"):
        text = said[kind].out
        assert text.count("not held") >= 1
        assert "3 held, 1 not held, 0 undecided" in text
        assert all(each["why"].split(",")[-1] in text for each in data)
    assert data[0]["seeds"] == list(range(N))
    assert data[0]["means"] == {"dni both": pytest.approx(0.83), "frozen": pytest.approx(0.53)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check", "a > b"), "--check and --claims do not go together"),
        (("--metric", "loss"), "--metric is about tables, and --claims shows none (without --all)"),
        (("--where", "seed=1"), "--where is about tables, and --claims shows none (without --all)"),
        (("--plot", "x.svg"), "--plot is about tables, and --claims shows none (without --all)"),
        (("--claims", "other.yaml"), "other.yaml: no such file"),
        (("--claims", "."), ".: is a directory"),
        (("nowhere",), "nowhere: no such run"),
    ],
)
def test_what_is_typed_wrong_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    """And exit code 2."""
    grid(seeds=[0])
    found = typed("compare", "--claims", stated(*CLAIMS), *arguments)
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert said in found.err
