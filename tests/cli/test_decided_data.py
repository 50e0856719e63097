"""What the program decides about a user's table: printed, recorded, and the same every time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import TINY
from support.commands import typed
from support.data_files import write_csv
from support.trained_runs import replaced

from synthgrad.config import dump

SAID = "mine.csv: 80 rows, 3 classes from `kind`, 16 rows held out"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table, and a config that says nothing of the kind of its target."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path, name="mine.csv")
    task = {"name": "table", "path": "mine.csv", "target": "kind", "columns": ["a", "b", "c"]}
    Path("mine.yaml").write_text(dump({**TINY, "task": task}))


def trained(*words: str) -> Path:
    """The directory of a run of this config."""
    return Path(typed("train", "mine.yaml", *words, "-q").out.strip())


def as_of_old(run: Path) -> Path:
    """The run as version 0.1 recorded it."""
    replaced(run / "config.yaml", "kind: classes", "kind: guess")
    replaced(run / "config.yaml", "  classes: 3\n", "")
    about = json.loads((run / "run.json").read_text())
    del about["data"]
    about.pop("config", None)
    (run / "run.json").write_text(json.dumps(about))
    return run


def test_train_names_the_data_first() -> None:
    """File, rows, and what the target was decided to be."""
    assert typed("train", "mine.yaml").err.splitlines()[0] == SAID
    said = typed("train", "mine.yaml", "-s", "task.target=d").err.splitlines()[0]
    assert said == "mine.csv: 80 rows, values from `d`, 16 rows held out"


def test_every_task_is_named_first() -> None:
    """With its examples and labels."""
    Path("bits.yaml").write_text(dump(TINY))
    assert typed("train", "bits.yaml").err.splitlines()[0] == (
        "binary-addition: 60 examples, 4 bits, 20 examples held out"
    )


def test_check_and_show_say_what_was_decided() -> None:
    """Before anything is trained."""
    assert typed("config", "check", "mine.yaml").out == f"mine.yaml: ok ({SAID})\n"
    shown = yaml.safe_load(typed("config", "show", "mine.yaml").out)["task"]
    assert (shown["kind"], shown["classes"]) == ("classes", 3)
    shown = yaml.safe_load(typed("config", "show", "mine.yaml", "-s", "task.target=d").out)["task"]
    assert (shown["kind"], shown["classes"]) == ("values", None)


def test_a_run_records_what_was_decided() -> None:
    """Its config and its run.json."""
    run = trained()
    task = yaml.safe_load((run / "config.yaml").read_text())["task"]
    assert (task["kind"], task["classes"]) == ("classes", 3)
    assert json.loads((run / "run.json").read_text())["data"] == {
        "task": "table", "kind": "classes", "outputs": 3, "classes": 3, "rows": 80, "held_out": 16,
        "file": "mine.csv", "target": "kind",
    }  # fmt: skip


def test_a_class_that_only_held_out_rows_have_is_said_where_the_config_wants_it() -> None:
    """Trained all the same, and recorded."""
    held_out = np.random.RandomState(0).permutation(80)[-1]
    rows = [f"{i},{'rare' if i == held_out else 'ab'[i % 2]}" for i in range(80)]
    write_csv(Path(), "\n".join(["a,kind", *rows]), name="mine.csv")
    words = ("-s", "task.columns=a", "-s", "task.kind=classes")
    assert typed("train", "mine.yaml", *words).err.splitlines()[0] == f"{SAID} (1 class only there)"


def test_a_sweep_knows_the_runs_of_the_config_that_says_guess() -> None:
    """From the file and from the run's own config, which says what was decided."""
    run = trained("--seed", "1")
    for source in ("mine.yaml", str(run / "config.yaml")):
        said = typed("sweep", source, "--seed", "1", "--jobs", 1)
        assert (said.out, said.err) == (f"{run}\n", "1 run: 1 exists already\n")


def test_a_sweep_says_what_it_is_going_to_train_on() -> None:
    """Each kind of data once, decided for every value of the target."""
    said = typed("sweep", "mine.yaml", "-s", "task.target=kind,d", "--seed", "0..1", "--jobs", 1, "--dry-run")
    assert said.err.splitlines()[:-1] == [SAID, "mine.csv: 80 rows, values from `d`, 16 rows held out"]
    runs = typed("sweep", "mine.yaml", "-s", "task.target=kind,d", "--jobs", 1).out.split()
    tasks = [yaml.safe_load(Path(run, "config.yaml").read_text())["task"] for run in runs]
    assert [(task["kind"], task["classes"]) for task in tasks] == [("classes", 3), ("values", None)]


def test_to_say_what_would_be_guessed_makes_no_other_run() -> None:
    """guess and classes are one run of a sweep."""
    said = typed("sweep", "mine.yaml", "-s", "task.kind=guess,classes", "--jobs", 1, "--dry-run")
    assert said.err.splitlines()[-1].startswith("1 run: 1 to train")


def test_a_run_that_did_not_record_its_kind_is_read_by_its_metrics() -> None:
    """Found by a sweep, repeated, and compared with those that record it."""
    old, new = as_of_old(trained("--seed", "1")), trained("--seed", "2")
    assert typed("sweep", "mine.yaml", "--seed", "1..2", "--jobs", 1).err == "2 runs: all exist already\n"
    assert typed("runs", "verify", str(old), "-q").code == 0
    tables = json.loads(typed("compare", str(old), str(new), "--format", "json").out)["tables"]
    assert len(tables) == 1


def test_a_run_whose_guess_is_doubtful_today_still_repeats(tmp_path: Path) -> None:
    """Its metrics say what it was."""
    rows = [f"{i},{['male', 'female', 'NA'][i % 3]}" for i in range(80)]
    write_csv(tmp_path, "\n".join(["a,kind", *rows]), name="mine.csv")
    old = as_of_old(trained("-s", "task.columns=a", "-s", "task.kind=classes"))
    assert typed("train", "mine.yaml", "-s", "task.columns=a").code == 2
    assert typed("runs", "verify", str(old), "-q").code == 0
    again = typed("train", "--from", f"{old}@2", "-s", "trainer.name=frozen", "-q")
    assert again.code == 0


def test_a_doubtful_table_is_refused_by_every_command() -> None:
    """With one line, and nothing is left behind."""
    text = re.sub(r"setosa", "NA", Path("mine.csv").read_text())
    Path("mine.csv").write_text(text)
    for words in (("train", "mine.yaml"), ("sweep", "mine.yaml"), ("config", "check", "mine.yaml")):
        said = typed(*words)
        assert said.code == 2
        (line,) = said.err.splitlines()
        assert "mine.csv:2: column 'kind': 'NA' looks like a missing value, in 27 rows (fill them in" in line
    assert not Path("runs").exists()
