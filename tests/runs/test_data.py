"""What the data of a run are: bytes, not the paths that lead to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import tiny
from support.data_files import write_idx
from support.moved_files import FILES, WAYS, csv, edited, idx
from support.trained_runs import made, rewritten

from synthgrad.config import flat, plain
from synthgrad.errors import ConfigError
from synthgrad.runs.data import DATA, Data, fingerprint, locations, names, other_files
from synthgrad.runs.moved_data import check_data, located
from synthgrad.runs.reading import Recorded
from synthgrad.tasks import TASKS


def data(task):
    """The data of a config with this task."""
    config = tiny({"task": task})
    return Data.of(flat(plain(config)), config.files())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_the_same_bytes_are_the_same_data(tmp_path, kind, way):
    """Copied, linked or renamed; by then they lie elsewhere."""
    task = FILES[kind](tmp_path / "data")
    one, other = data(task), data(WAYS[way](task, tmp_path))
    assert one.fingerprint == other.fingerprint
    assert one.locations != other.locations


def test_other_bytes_under_the_same_path_are_other_data(tmp_path):
    """One cell is enough."""
    task = csv(tmp_path / "data")
    before = data(task)
    edited(task)
    assert before.locations == data(task).locations
    assert before.fingerprint != data(task).fingerprint


def test_each_file_counts_in_its_place(tmp_path):
    """Training and held-out images that change places are other data."""
    task = idx(tmp_path / "data")
    assert data(task).fingerprint != data({**task, "train": "t10k", "test": "train"}).fingerprint


def test_the_same_file_may_train_and_be_held_out(tmp_path):
    """It makes no difference whether it is there once or as two copies."""
    once = write_idx(tmp_path, test="b")
    task = {"name": "idx", "path": str(once), "train": "train", "test": "train"}
    for name in ("images-idx3", "labels-idx1"):
        (tmp_path / f"copy-{name}-ubyte").write_bytes((tmp_path / f"train-{name}-ubyte").read_bytes())
    assert data(task).fingerprint == data({**task, "test": "copy"}).fingerprint


def test_the_fingerprint_of_one_file_is_its_own():
    """So that it can be looked up in run.json."""
    assert fingerprint({"a.csv": "0011"}) == "0011"
    assert fingerprint({"a": "0011", "b": "22"}) not in ("0011", "22")


@pytest.mark.parametrize("name", TASKS)
def test_every_task_that_reads_files_says_which_options_locate_them(name):
    """They are options of the task, and a task without files has none."""
    kind = TASKS[name]
    assert {*kind.locations} <= {*kind.Options.model_fields}
    assert bool(kind.locations) == ("path" in kind.Options.model_fields)
    assert locations({"task.name": name, "task.path": "x"}) == (["task.path"] if kind.locations else [])


@pytest.mark.parametrize("config", [{}, {"task.name": "later"}, {"task.name": ["table"]}, {"task.name": None}], ids=str)
def test_of_a_task_that_is_not_known_every_key_counts(config):
    """A later version's, or a damaged config's."""
    assert locations({**config, "task.path": "x"}) == []


@pytest.mark.parametrize(
    ("paths", "called"),
    [
        (["/a/x.csv"], ["x.csv"]),
        (["/a/x.csv", "/a/y.csv"], ["x.csv", "y.csv"]),
        (["/a/x.csv", "/b/x.csv", "/a/y.csv"], ["a/x.csv", "b/x.csv", "y.csv"]),
        (["/a/x.csv", "/a/a/x.csv"], ["/a/x.csv", "a/a/x.csv"]),
        (["/a/x.csv", "/a/x.csv", "/b/x.csv"], ["x.csv (00000000)", "x.csv (10000000)", "b/x.csv"]),
        (["C:\\a\\x.csv", "/b/x.csv"], ["a/x.csv", "b/x.csv"]),
    ],
    ids=str,
)
def test_data_are_called_by_as_much_of_their_path_as_is_needed(paths, called):
    """Under one path the fingerprint says which."""
    found = [Data(f"{number}000000000", {"task.path": path}) for number, path in enumerate(paths)]
    assert list(names([*found, *found]).values()) == called


def test_data_stand_in_the_place_of_where_they_lie():
    """In the first of several keys."""
    config = {"seed": 1, "task.path": "p", "task.train": "t", "task.split": 0}
    put = Data("11", {"task.path": "p", "task.train": "t"}).put_into(config)
    assert list(put.items()) == [("seed", 1), (DATA, "11"), ("task.split", 0)]


# a recorded run -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_a_run_finds_its_data_where_they_are_said_to_be(tmp_path, kind, way):
    """And they are its own, whatever they are called there."""
    task = FILES[kind](tmp_path / "data")
    recorded = Recorded(made(tmp_path / "runs", {"task": task}))
    moved = WAYS[way](task, tmp_path)
    config = located(recorded, [f"task.{key}={moved[key]}" for key in moved if moved[key] != task.get(key)])
    check_data(recorded, config)
    assert config.task.path == moved["path"]


def test_other_bytes_are_refused(tmp_path):
    """With the file's name, and what may be done."""
    task = csv(tmp_path / "data")
    recorded = Recorded(made(tmp_path / "runs", {"task": task}))
    edited(task)
    config = located(recorded, [])
    assert other_files(recorded.about, config) == ("mine.csv",)
    with pytest.raises(ConfigError) as error:
        check_data(recorded, config)
    assert str(error.value) == (
        f"{recorded.run.path}: was trained on other bytes than those in mine.csv now "
        "(if its data lie elsewhere now, say where: -s task.path=PATH)"
    )


def test_of_several_files_those_that_changed_are_named(tmp_path):
    """By the names that they have now."""
    task = idx(tmp_path / "data")
    recorded = Recorded(made(tmp_path / "runs", {"task": task}))
    file = tmp_path / "data" / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1] + b"\x07")
    assert other_files(recorded.about, located(recorded, [])) == ("t10k-images-idx3-ubyte",)


@pytest.mark.parametrize("files", [None, {}, [], "x"], ids=str)
def test_a_run_that_does_not_say_what_it_read_is_not_held_against_anything(tmp_path, files):
    """An older one, or one whose run.json is damaged."""
    task = csv(tmp_path / "data")
    path = made(tmp_path / "runs", {"task": task})
    rewritten(path, "run.json", files=files)
    edited(task)
    recorded = Recorded(path)
    check_data(recorded, located(recorded, []))


@pytest.mark.parametrize("text", ["trainer.alpha=0.1", "task.target=a", "task={name: table, path: x.csv, target: d}"])
def test_only_where_the_data_lie_can_be_said(tmp_path, text):
    """Everything else is the run's own."""
    recorded = Recorded(made(tmp_path / "runs", {"task": csv(tmp_path / "data")}))
    with pytest.raises(ConfigError, match=r"does not say where the data of .* lie \(only task\.path\)"):
        located(recorded, [text])


def test_a_task_without_files_has_no_place_to_say(tmp_path):
    """Binary addition is made from the seed."""
    recorded = Recorded(made(tmp_path))
    with pytest.raises(ConfigError, match=r"lie \(its task reads no files\)"):
        located(recorded, ["task.path=x.csv"])


def test_data_that_are_gone_are_one_message_and_a_way_on(tmp_path):
    """The path as it was, and how to say where they are."""
    task = csv(tmp_path / "data")
    recorded = Recorded(made(tmp_path / "runs", {"task": task}))
    Path(task["path"]).unlink()
    with pytest.raises(ConfigError) as error:
        located(recorded, [])
    first, last = error.value.lines
    assert first.endswith(f"task.path: {task['path']}: there is no such file")
    assert last == f"{recorded.run.path}: if its data lie elsewhere now, say where: -s task.path=PATH"


def test_what_a_run_read_is_recorded(tmp_path):
    """By the file's name, as a fingerprint of its bytes."""
    task = csv(tmp_path / "data")
    path = made(tmp_path / "runs", {"task": task})
    assert json.loads((path / "run.json").read_text())["files"] == {"mine.csv": data(task).fingerprint}
