"""``synthgrad compare --complete``: the sweeps that make what is missing, printed or run."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from support.commands import Said, ran, result, started, typed, until
from support.trained_runs import DIVERGING, made
from support.written_runs import BACKPROP, BOTH, FROZEN, LABEL, run

from synthgrad.cli.missing_runs import exit_code
from synthgrad.runs.locking import hold

NOTHING = Said(0, "", "compare: nothing is missing\n")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory to be in."""
    monkeypatch.chdir(tmp_path)


def called(said: Said) -> list[str]:
    """Names and seeds of the runs that were printed, in order."""
    return sorted(re.sub(r"^.*\d{8}-\d{6}-|-\w+$", "", line) for line in said.out.splitlines())


def there(*places: object) -> dict[str, list[int]]:
    """The seeds of each method, all of them complete."""
    said = typed("compare", *places, "--format", "json")
    groups = json.loads(said.out)["groups"]
    assert (said.code, [g["incomplete"] for g in groups]) == (0, [0] * len(groups))
    return {g["label"]: g["seeds"] for g in groups}


# printed ------------------------------------------------------------------------------------------


def test_what_is_missing_is_printed_and_nothing_else() -> None:
    """A line for each group that lacks seeds, and one for the control."""
    for keys, count in ((BACKPROP, 7), (BOTH, 5), (LABEL, 7)):
        for seed in range(count):
            run(Path("runs"), keys, seed)
    said = typed("compare", "--complete")
    seeds, control = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"synthgrad sweep runs/\S+/config.yaml -s seed=5,6 --name a --runs runs -q", seeds)
    line = r"synthgrad sweep runs/\S+/config.yaml -s trainer.name=frozen -s seed=0..6 --name frozen --runs runs -q"
    assert re.fullmatch(line, control)


def test_nothing_missing_is_said() -> None:
    """On stderr: a shell that reads stdout has nothing to do."""
    run(Path("runs"), FROZEN, 0)
    assert typed("compare", "--complete") == NOTHING
    assert typed("compare", "--complete", "--run") == NOTHING


def test_a_run_that_was_killed_is_missing_and_one_that_is_being_trained_is_not() -> None:
    """Its verdict waits for both; only one of them can be made."""
    for seed in range(3):
        run(Path("runs"), BACKPROP, seed)
        run(Path("runs"), FROZEN, seed, outcome="finished" if seed else None)
    assert " -s seed=0 " in typed("compare", "--complete", "--no-control").out
    killed = next(path for path in Path("runs").iterdir() if not (path / "result.json").exists())
    with (killed / "metrics.csv").open("rb") as file:
        assert hold(file)
        said = typed("compare", "--complete", "--no-control")
    assert (said.out, said.err) == ("", "compare: nothing is missing (1 run is being trained)\n")


@pytest.mark.parametrize(("more", "needed", "seeds"), [({}, 7, "6,7"), ({"trainer.alpha": 0.1}, 8, "6..8")])
def test_seeds_that_verdicts_need_are_printed_where_no_run_is_missing(
    more: dict[str, float], needed: int, seeds: str
) -> None:
    """As many as the table says; nothing once they are there. Two settings take one more."""
    for keys in (BACKPROP, BOTH, FROZEN):
        for seed in range(1, 6):
            run(Path("runs"), keys, seed)
            if more:
                run(Path("runs"), {**keys, **more}, seed)
    assert re.search(rf"{needed}( seeds)? are needed", " ".join(typed("compare").out.split()))
    lines = typed("compare", "--complete").out.splitlines()
    assert len(lines) == (6 if more else 3)
    assert all(f" -s seed={seeds} " in line for line in lines)
    for seed in range(6, needed + 1):
        for keys in (BACKPROP, BOTH, FROZEN):
            run(Path("runs"), keys, seed)
            if more:
                run(Path("runs"), {**keys, **more}, seed)
    assert typed("compare", "--complete") == NOTHING


# made ---------------------------------------------------------------------------------------------


def test_what_is_missing_can_be_made(tmp_path: Path) -> None:
    """Just that: the control and a seed, from a directory with a difficult name; afterwards nothing is missing."""
    runs = Path('it\'s a "place"')
    made(runs, BOTH, seed=1)
    made(runs, BACKPROP, seed=1)
    made(runs, BACKPROP, seed=2)
    said = ran("compare", "--runs", runs, "--complete", "--run", cwd=tmp_path)
    assert said.code == 0, said.err
    assert called(said) == ["frozen-s1", "frozen-s2", "tiny-s2"]
    assert typed("compare", "--runs", runs, "--complete").out.count(" -s seed=3..7 ") == 3
    assert there("--runs", runs) == {name: [1, 2] for name in ("backprop", "dni", "frozen")}


def test_how_far_it_is_is_shown(tmp_path: Path) -> None:
    """On stderr: each line, and what its sweep says."""
    made(Path("runs"), BACKPROP, seed=1)
    made(Path("runs"), BACKPROP, seed=2)
    line, before, *_, after = ran("compare", "--complete", "--run", cwd=tmp_path).err.splitlines()
    assert re.fullmatch(r"1 of 1: synthgrad sweep .* -s trainer.name=frozen -s seed=1,2 .* --runs runs", line)
    assert before.startswith("2 runs: 2 to train, ")
    assert after.endswith("The grid is complete.")


def test_what_an_archive_lacks_can_be_made(tmp_path: Path) -> None:
    """In the runs directory; with it, nothing is missing."""
    for seed in range(2):
        made(Path("there"), BOTH, seed=seed)
    made(Path("there"), FROZEN, seed=1)
    typed("runs", "archive", "there", "-o", "a.zip")
    said = ran("compare", "a.zip", "--complete", "--run", "--runs", "mine", cwd=tmp_path)
    assert (said.code, called(said)) == (0, ["tiny-s0"]), said.err
    assert there("a.zip", "mine") == {"dni": [0, 1], "frozen": [0, 1]}


@pytest.mark.full
def test_runs_that_diverge_are_an_outcome(tmp_path: Path) -> None:
    """Exit code 0, and they are not missing any more."""
    for seed in range(2):
        made(Path("runs"), {**BACKPROP, **DIVERGING}, seed=seed)
    made(Path("runs"), {**FROZEN, **DIVERGING}, seed=0)
    said = ran("compare", "--complete", "--run", cwd=tmp_path)
    assert (said.code, called(said)) == (0, ["tiny-s1"]), said.err
    assert "seed=1 " not in typed("compare", "--complete").out


def test_a_sweep_that_fails_stops_the_others(tmp_path: Path) -> None:
    """With its exit code."""
    for keys, seed in ((BACKPROP, 0), (BOTH, 1)):
        config = run(Path("runs"), keys, seed) / "config.yaml"
        config.write_text(config.read_text().replace("bits: 4", "bits: 4000"))
    said = ran("compare", "--complete", "--run", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert re.findall(r"^\d of \d: ", said.err, re.MULTILINE) == ["1 of 3: "]


@pytest.mark.parametrize(
    ("code", "passed"),
    [(1, 1), (2, 2), (130, 130), (143, 143), (129, 129), (-15, 143), (-2, 130), (-1, 129), (-9, 1), (-11, 1), (120, 1)],
)
def test_no_exit_code_is_passed_on_that_is_not_ours(code: int, passed: int) -> None:
    """A sweep that was killed failed; one that a signal ended in order, or before it began, was interrupted."""
    assert exit_code(code) == passed


@pytest.mark.few(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_the_sweep_s_to_answer(tmp_path: Path, number: int, code: int) -> None:
    """It stops as it does alone: what it was at is recorded as interrupted, and nothing else is begun."""
    for keys in (BOTH, BACKPROP):
        path = made(Path("runs"), keys, seed=1)
        config = path / "config.yaml"
        config.write_text(config.read_text().replace("epochs: 3", "epochs: 100000000"))
    process = started("compare", "--complete", "--run", cwd=tmp_path)
    until(lambda: any(path.stat().st_size > 500 for path in Path("runs").glob("*-frozen-*/metrics.csv")))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    (path,) = Path("runs").glob("*-frozen-*")
    assert result(path)["outcome"] == "interrupted"
