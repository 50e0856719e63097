"""One damaged run hides none of the others: commands over many name it and go on, commands on it say what is wrong."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import typed, write
from support.trained_runs import made

BAD = "20261124-191841-tiny-s9-b19d"


def odd_tag(run: Path) -> None:
    """A config with a tag that PyYAML fails at."""
    (run / "config.yaml").write_text("seed: !!bool x\n")


def long_seed(run: Path) -> None:
    """More digits than Python makes a number of."""
    (run / "config.yaml").write_text(f"seed: {'9' * 5000}\n")


def bomb(run: Path) -> None:
    """Aliases of aliases."""
    lines = [f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)]
    (run / "config.yaml").write_text("\n".join(["a: &a [x]", *lines]))


def pipe(run: Path) -> None:
    """A named pipe: reading it would never end."""
    (run / "config.yaml").unlink()
    os.mkfifo(run / "config.yaml")


def binary(run: Path) -> None:
    """Not text."""
    (run / "config.yaml").write_bytes(b"\xff\xfe\x00")


DAMAGE: tuple[Callable[[Path], None], ...] = (odd_tag, long_seed, bomb, pipe, binary)


@pytest.fixture(params=DAMAGE)
def runs(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Two runs, one of which cannot be read."""
    there = tmp_path / "runs"
    made(there, seed=3)
    bad = made(there, seed=9).rename(there / BAD)
    request.param(bad)
    return there


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "list", "{}"], ["runs", "prune"], ["runs", "export", "{}", "--to", "csv"], ["compare", "{}"],
        ["runs", "archive", "{}", "-o", "{}.zip"],
    ],
    ids=lambda words: words[1],
)  # fmt: skip
def test_commands_over_many_runs_name_it_and_go_on(runs: Path, words: list[str]) -> None:
    """They end as if it were not there."""
    said = typed(*(word.format(runs) for word in words), "--runs", runs)
    assert said.code == 0
    if words[1] != "archive" or not (runs / BAD / "config.yaml").is_file():  # its bytes are archived as they are
        assert f"{runs}/{BAD}" in said.err
    assert "bug" not in said.err


def test_a_sweep_names_it_and_plans_the_others(runs: Path, tmp_path: Path) -> None:
    """The run that is there is not trained again."""
    said = typed("sweep", write(tmp_path), "--seed", "3..4", "--runs", runs, "--dry-run")
    assert said.code == 0
    assert f"left out: {runs}/{BAD}/config.yaml" in said.err
    assert "1 exists already" in said.err
    assert said.out.count("\n") == 1


@pytest.mark.parametrize("command", ["show", "verify", "export", "diff"])
def test_commands_on_it_say_what_is_damaged(runs: Path, command: str) -> None:
    """In one line."""
    more = {"export": ["--to", "csv"], "diff": [BAD]}.get(command, [])
    said = typed("runs", command, BAD, *more, "--runs", runs)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"{runs}/{BAD}/config.yaml: ")


@pytest.mark.parametrize("name", ["metrics.csv", "run.json", "result.json", "weights.npz"])
def test_a_run_that_holds_a_pipe_is_not_taken_up(tmp_path: Path, name: str) -> None:
    """Reading it would never end: a sweep trains the run anew, and resuming says why not."""
    run = made(tmp_path / "runs", stop=1)
    (run / name).unlink()
    os.mkfifo(run / name)
    said = typed("train", "--resume", run)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{run}: {name} is not a file: the run cannot be resumed (train it anew)\n"
    said = typed("sweep", write(tmp_path), "--seed", "3", "--runs", tmp_path / "runs", "--dry-run")
    assert f"left out: {run}: {name} is not a file" in said.err
    assert said.out.startswith("synthgrad train ")
    assert "--resume" not in said.out


def test_an_archive_with_a_damaged_run_is_read(runs: Path) -> None:
    """The same from an archive."""
    if not (runs / BAD / "config.yaml").is_file():
        pytest.skip("an archive holds files only")
    archive = runs.parent / "a.zip"
    typed("runs", "archive", runs, "-o", archive)
    for words in (["runs", "list", archive], ["compare", archive], ["runs", "export", archive, "--to", "csv"]):
        said = typed(*words)
        assert said.code == 0
        assert f"{archive}/{BAD}/config.yaml" in said.err


def test_a_number_that_no_float_holds_is_damage(tmp_path: Path) -> None:
    """The result that has it says nothing."""
    run = made(tmp_path)
    (run / "result.json").write_text(f'{{"outcome": "finished", "epoch": 1{"0" * 400}}}')
    said = typed("runs", "list", tmp_path)
    assert (said.code, "unreadable" in said.out) == (0, True)
    shown = " ".join(typed("runs", "show", run).out.split())
    assert f"{run}/result.json: is damaged and was ignored" in shown


@pytest.mark.parametrize("content", ["", '{"outcome": "fini', '{"outcome": "wonderful"}'])
def test_a_run_whose_result_is_damaged_is_neither_deleted_nor_trained_again(tmp_path: Path, content: str) -> None:
    """It may have finished: prune deletes it only by name, and a sweep trains another run."""
    config = write(tmp_path)
    runs = tmp_path / "runs"
    run = typed("train", config, "--runs", runs, "-q").run
    (run / "result.json").write_text(content)
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert typed("runs", "prune", "--runs", runs, "--delete").code == 0
    assert typed("train", "--resume", run).code == 2
    swept = typed("sweep", config, "--runs", runs, "-q")
    assert f"{run}: result.json is damaged" in swept.err
    assert len(swept.out.split()) == 1
    assert swept.out.strip() != str(run)
    assert before == {path.name: path.read_bytes() for path in run.iterdir()}


@pytest.mark.parametrize("content", ["", "{", '{"config": null}', '{"config": 3}'])
def test_a_run_whose_run_json_is_damaged_is_not_resumed(tmp_path: Path, content: str) -> None:
    """Nobody can tell whether its config is what it began with."""
    run = made(tmp_path / "runs", stop=2)
    (run / "run.json").write_text(content)
    said = typed("train", "--resume", run)
    assert said.code == 2
    assert "run.json is damaged, and with it what the run began with: it cannot be resumed" in said.err


def test_a_file_in_an_archive_that_says_it_is_huge_hides_no_other_run(tmp_path: Path) -> None:
    """It is never unpacked, so its size does not count."""
    for seed in (1, 2):
        made(tmp_path / "runs", seed=seed)
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted((tmp_path / "runs").rglob("*.*")):
            if path.is_file():
                file.write(path, str(path.relative_to(tmp_path / "runs")))
        name = next(each for each in file.namelist() if "-s1-" in each and each.endswith("metrics.csv"))
        file.getinfo(name).file_size = 0xFFFF_FFFE  # in the list of contents alone
    listed, compared = typed("runs", "list", archive), typed("compare", archive, "--no-control")
    assert (listed.code, compared.code) == (0, 0)
    assert "-s1-" in listed.out
    assert "-s2-" in listed.out
    assert f"{archive}: is damaged: {name} cannot be unpacked" in compared.err
