"""What a sweep has to do: what is not there yet, and nobody else is at."""

from __future__ import annotations

import json
from contextlib import closing
from hashlib import file_digest
from pathlib import Path

import pytest
from conftest import tiny
from support.data_files import write_csv
from support.moved_files import FILES, WAYS, csv, edited, npz
from support.trained_runs import LATE, killed, made, replaced, rewritten

from synthgrad.cli.opening import sweep_opening
from synthgrad.errors import ConfigError, RunError
from synthgrad.experiment import Experiment
from synthgrad.runs.directory import Run
from synthgrad.runs.resuming import take_up
from synthgrad.sweep.grid import Planned
from synthgrad.sweep.planning import Request, identity, planned, train_line
from synthgrad.sweep.reservations import FOLDER, others, reserving
from synthgrad.tasks import data_files


def grid(*keys):
    """A grid of these settings."""
    return [Planned(Path("tiny.yaml"), (), tiny(each)) for each in keys]


SEEDS = [{"seed": seed} for seed in range(4)]


def plan(runs, keys=SEEDS, reservation=False, **more):
    """The plan of a grid, no longer reserved."""
    with planned(grid(*keys), Request(runs, **more), reservation) as found:
        return found


def to_do(found):
    """The numbers of the runs to train."""
    return sorted(order.number for stack in found.stacks for order in stack.orders)


def test_without_a_runs_directory_everything_is_to_do(tmp_path):
    """And a plan that reservations nothing makes none."""
    found = plan(tmp_path / "runs")
    assert (to_do(found), found.there, found.elsewhere) == ([0, 1, 2, 3], {}, [])
    assert not (tmp_path / "runs").exists()


def test_what_is_finished_or_diverged_is_not_trained_again(tmp_path):
    """Whatever it is called and whoever made it, in a directory at any depth."""
    one = made(tmp_path / "deep", {"seed": 1}, name="other")
    late = {**LATE, "seed": 2}
    two = made(tmp_path, late)
    found = plan(tmp_path, [{"seed": 0}, {"seed": 1}, late])
    assert (to_do(found), found.there, found.diverged) == ([0], {1: one, 2: two}, {2})


@pytest.mark.parametrize("keys", [{"trainer.alpha": 0.3}, {"training.epochs": 4}, {"diagnostics": False}], ids=str)
def test_a_run_with_other_settings_is_another_run(tmp_path, keys):
    """To the last digit."""
    made(tmp_path, {"seed": 1, **keys})
    assert to_do(plan(tmp_path)) == [0, 1, 2, 3]


def test_a_run_of_an_older_version_is_there(tmp_path):
    """Its config lacks a key that came later, and which the grid has at its default."""
    config = made(tmp_path, {"seed": 1}) / "config.yaml"
    rewritten(config.parent, "run.json", config=None)
    text = config.read_text()
    config.write_text(text.replace("  freeze: []\n", ""))
    assert config.read_text() != text
    assert to_do(plan(tmp_path)) == [0, 2, 3]


def test_a_run_on_other_data_is_another_run(tmp_path):
    """Other bytes in the file under the same path, whether it ended or not; one that does not say counts."""
    table = {"task": {"name": "table", "path": str(write_csv(tmp_path)), "target": "kind"}}
    runs, keys = tmp_path / "runs", [{**each, **table} for each in SEEDS]
    done, silent, _ = made(runs, keys[0]), made(runs, keys[1]), made(runs, keys[2], stop=1)
    rewritten(silent, "run.json", files=None)
    before = plan(runs, keys)
    assert (to_do(before), before.there, before.others) == ([2, 3], {0: done, 1: silent}, {})
    replaced(tmp_path / "table.csv", "setosa", "virginica")
    after = plan(runs, keys)
    assert (to_do(after), after.there, after.others) == ([0, 2, 3], {1: silent}, {("table.csv",): 2})
    assert [order.resume for stack in after.stacks for order in stack.orders] == [None] * 3


def test_other_data_are_not_told_of_where_there_is_a_run_on_these(tmp_path):
    """Nothing is to be trained on their account; and what was read is there again when the file is."""
    table = {"task": {"name": "table", "path": str(write_csv(tmp_path)), "target": "kind"}}
    old = made(tmp_path / "runs", table)
    replaced(tmp_path / "table.csv", "setosa", "virginica")
    new = made(tmp_path / "runs", table)
    after = plan(tmp_path / "runs", [table])
    assert (after.there, after.others) == ({0: new}, {})
    write_csv(tmp_path)
    assert plan(tmp_path / "runs", [table]).there == {0: old}


@pytest.mark.parametrize("every", [0, 2, "auto"])
def test_how_often_a_checkpoint_is_written_makes_no_other_run(tmp_path, every):
    """What is recorded is the same: also in old runs, whose default was 0."""
    made(tmp_path, {"seed": 1, "training.checkpoint_every": every})
    assert to_do(plan(tmp_path)) == [0, 2, 3]


def test_how_many_processes_share_a_pipeline_makes_no_other_run(tmp_path):
    """They come to the same bits; under a free schedule they do not."""
    schedule = {"kind": "pipelined", "workers": 1}
    keys = {"seed": 1, "trainer.name": "dni", "trainer.schedule": schedule}
    made(tmp_path, keys)
    assert to_do(plan(tmp_path, [{**keys, "trainer.schedule": {**schedule, "workers": 2}}])) == []
    with pytest.raises(ConfigError, match=r"^sweep: trainer\.schedule\.workers: any value makes the same run \("):
        plan(tmp_path, [{**keys, "trainer.schedule": {**schedule, "workers": n}} for n in (1, 2)])
    free = [{**keys, "trainer.schedule": {"kind": "free", "workers": n}} for n in (1, 2)]
    assert to_do(plan(tmp_path, free)) == [0, 1]


def test_what_was_interrupted_or_killed_goes_on_in_its_directory(tmp_path):
    """Of several attempts in the one that came farthest, else the latest."""
    long = [{**each, "training.epochs": 30} for each in SEEDS]
    first = made(tmp_path, long[1], stop=8, name="b")
    made(tmp_path, long[1], stop=3, name="c")
    second = killed(tmp_path, long[2], stop=2)
    found = plan(tmp_path, long)
    resumed = {o.number: o.resume for s in found.stacks for o in s.orders}
    assert resumed == {0: None, 1: first, 2: second, 3: None}


def test_a_finished_run_counts_more_than_a_later_attempt(tmp_path):
    """One of two is enough."""
    done = made(tmp_path, {"seed": 1}, name="a")
    killed(tmp_path, {"seed": 1}, name="b", stop=1)
    assert plan(tmp_path).there == {1: done}


def test_a_run_that_is_being_trained_is_left_to_who_trains_it(tmp_path):
    """By ``train`` in another terminal."""
    path = made(tmp_path, {"seed": 1}, stop=1)
    with closing(take_up(Run(path), Experiment([tiny(seed=1)]).replicas[0], {})):
        found = plan(tmp_path)
    assert (to_do(found), found.elsewhere) == ([0, 2, 3], [1])


def test_two_sweeps_at_once_share_no_run(tmp_path):
    """The second has what the first has not, and all of it when the first is over."""
    with planned(grid(*SEEDS[:3]), Request(tmp_path), True) as first:
        assert to_do(first) == [0, 1, 2]
        second = plan(tmp_path, reservation=True)
        assert (to_do(second), second.elsewhere) == ([3], [0, 1, 2])
        assert plan(tmp_path).elsewhere == [0, 1, 2]  # a dry run sees it too
    assert to_do(plan(tmp_path, reservation=True)) == [0, 1, 2, 3]
    assert not (tmp_path / FOLDER).exists()


def test_a_run_whose_config_was_edited_is_nobody_s(tmp_path):
    """Neither taken up nor counted as there: its numbers are those of other settings."""
    for stop in (None, 1):
        path = made(tmp_path, {"seed": 1, "trainer.alpha": 0.5}, stop=stop)
        replaced(path / "config.yaml", "alpha: 0.5", "alpha: 0.2")
    found = plan(tmp_path)
    assert (to_do(found), found.there, found.others) == ([0, 1, 2, 3], {}, {(): 2})
    assert [order.resume for stack in found.stacks for order in stack.orders] == [None] * 4
    assert "2 runs left alone: their config.yaml is not what run.json recorded" in next(
        sweep_opening(found, "here", 1, tmp_path)
    )


def test_a_run_of_an_older_version_is_taken_up_with_a_remark(tmp_path):
    """It has no copy of its settings."""
    rewritten(made(tmp_path, {"seed": 1}, stop=1), "run.json", config=None)
    found = plan(tmp_path)
    assert found.unproved == 1
    assert "1 run of an older version kept no copy of the settings" in next(sweep_opening(found, "here", 1, tmp_path))


def test_the_reservation_of_a_dead_sweep_counts_no_more(tmp_path):
    """Its file is not locked, and is taken away."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "00ff00ff00ff00ff").write_text(identity({"a": 1}) + "\n")
    assert others(tmp_path) == (set(), {})
    with reserving(tmp_path):
        assert [path.name for path in folder.iterdir()] == ["turn"]


def test_a_reservation_that_cannot_be_made_is_one_message(tmp_path):
    """Where a file is in the way."""
    (tmp_path / "runs").write_text("")
    with (
        pytest.raises(RunError, match=r"runs: is not a directory \(choose another with --runs\)"),
        reserving(tmp_path / "runs"),
    ):
        pass


def test_damaged_directories_are_passed_over(tmp_path):
    """A config that is none, a result that is torn: both are named."""
    path = made(tmp_path, {"seed": 1})
    (path / "config.yaml").write_text("- 1\n")
    other = made(tmp_path, {"seed": 2})
    (other / "result.json").write_text('{"outcome": "fin')
    found = plan(tmp_path)
    assert to_do(found) == [0, 1, 2, 3]
    assert {o.resume for s in found.stacks for o in s.orders} == {None}
    assert sorted(line.partition(": ")[0] for line in found.damaged) == sorted([f"{path}/config.yaml", str(other)])


def test_the_line_of_a_run_is_that_of_train():
    """Settings in order, the name and the directory where they are not train's own."""
    one = Planned(Path("a b.yaml"), ("network.hidden=[64, 32]", "seed=3"), tiny())
    words = ["synthgrad", "train", "a b.yaml", "-s", "network.hidden=[64, 32]", "-s", "seed=3", "-q"]
    assert train_line(one, Path("runs"), None) == words
    assert train_line(one, Path("x"), "n") == [*words[:-1], "--name", "n", "--runs", "x", "-q"]
    assert train_line(Planned(Path("-x.yaml"), (), tiny()), Path("runs"), None)[2] == "./-x.yaml"


def test_an_order_has_the_line_and_the_name(tmp_path):
    """The config's file name where none is given."""
    (stack,) = plan(tmp_path, [{"seed": 1}]).stacks
    assert (stack.orders[0].name, stack.orders[0].command[:3]) == ("tiny", ("synthgrad", "train", "tiny.yaml"))
    (stack,) = plan(tmp_path, [{"seed": 1}], name="mine").stacks
    assert stack.orders[0].name == "mine"


def test_the_identity_is_that_of_the_file(tmp_path):
    """A config as it is, and as it was written and read again."""
    from synthgrad.config import flat, plain, read_resolved

    keys = {"trainer.name": "dni", "trainer.alpha": 1e-05, "seed": 2**32 - 1, "network.hidden": []}
    config = tiny(keys)
    path = made(tmp_path, keys, stop=1)
    assert identity(flat(plain(config))) == identity(read_resolved(path / "config.yaml"))
    assert json.loads((path / "run.json").read_text())["hashes"]


# where the data lie -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_runs_on_the_same_bytes_are_there_wherever_these_lie_now(tmp_path, kind, way):
    """Copied, linked, renamed; nothing is trained again."""
    task = FILES[kind](tmp_path / "data")
    path = made(tmp_path / "runs", {"task": task})
    found = plan(tmp_path / "runs", [{"task": WAYS[way](task, tmp_path)}])
    assert (to_do(found), found.there, found.others) == ([], {0: path}, {})


def test_an_interrupted_run_goes_on_with_data_that_were_moved(tmp_path):
    """In its own directory."""
    task = csv(tmp_path / "data")
    path = made(tmp_path / "runs", {"task": task}, stop=2)
    (stack,) = plan(tmp_path / "runs", [{"task": WAYS["renamed"](task, tmp_path)}]).stacks
    assert [order.resume for order in stack.orders] == [path]


def test_runs_on_other_data_elsewhere_are_nothing_to_tell(tmp_path):
    """Only those on what the same path led to before."""
    made(tmp_path / "runs", {"task": npz(tmp_path / "one")})
    task = csv(tmp_path / "two")
    made(tmp_path / "runs", {"task": task})
    edited(task)
    found = plan(tmp_path / "runs", [{"task": task}])
    assert (to_do(found), found.others) == ([0], {("mine.csv",): 1})


def test_runs_that_do_not_say_what_they_read_are_there_by_their_path(tmp_path):
    """Those of older versions."""
    task = csv(tmp_path / "data")
    path = made(tmp_path / "runs", {"task": task})
    rewritten(path, "run.json", files=None)
    assert plan(tmp_path / "runs", [{"task": task}]).there == {0: path}


def test_the_same_bytes_under_two_paths_are_one_run_of_a_grid(tmp_path):
    """Said, and not trained twice."""
    task = csv(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"^sweep: task\.path: the same data at both make the same run"):
        plan(tmp_path / "runs", [{"task": task}, {"task": WAYS["copied"](task, tmp_path)}])


def test_no_file_is_read_again_for_each_run(tmp_path, monkeypatch):
    """Its fingerprint is made once, however many runs and files there are."""
    read = []
    monkeypatch.setattr(data_files, "file_digest", lambda file, make: read.append(file.name) or file_digest(file, make))
    tasks = [csv(tmp_path / str(number)) for number in range(20)]
    for number, task in enumerate(tasks):
        Path(task["path"]).write_text(Path(task["path"]).read_text() + f"{number},1,1,1,setosa\n")
    found = plan(tmp_path / "runs", [{"task": task, "seed": seed} for seed in range(3) for task in tasks])
    assert len(to_do(found)) == 60
    assert sorted(read) == sorted(task["path"] for task in tasks)
