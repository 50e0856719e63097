"""``synthgrad runs verify``: 0 where all repeat, 4 where one does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import environment, ran, typed
from support.moved_files import FILES, WAYS, csv, edited
from support.terminal import seen
from support.trained_runs import LATE, called, killed, made, replaced, rewritten

LONG = {"training.epochs": 400}
"""Half a second of training, so that several pictures are drawn."""
SLOW = {"task.bits": 8, "task.train_examples": 8000, "training.batch_size": 1, "training.epochs": 8}
"""Some seconds, so that a key comes in their midst."""


def test_a_run_that_repeats_is_0(tmp_path):
    """One line on stdout, nothing on stderr."""
    run = made(tmp_path)
    said = typed("runs", "verify", run)
    assert said == (0, f"{run.name}: identical to epoch 3 (9 columns, final weights)\n", "")


def test_a_run_trained_by_the_command_repeats_in_another_process(tmp_path):
    """Both with one BLAS thread."""
    made(tmp_path, {"trainer.name": "dni"})
    said = ran("runs", "verify", "latest", "--runs", tmp_path, cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "identical to epoch 3 (15 columns, final weights)" in said.out


def test_a_run_that_does_not_repeat_is_4(tmp_path):
    """The difference is named, and what is not as it was."""
    run = made(tmp_path)
    replaced(run / "metrics.csv", "\n2,8,", "\n2,9,")
    rewritten(run, "run.json", numpy="1.0")
    said = typed("runs", "verify", run)
    assert (said.code, said.err) == (4, "")
    start, _, now = said.out.partition("; ")
    assert start == f"{run.name}: differs in epoch 2: step: recorded 9.0, now 8.0"
    assert now.startswith("not as it was: numpy 1.0, now ")


def test_a_run_that_does_not_repeat_where_nothing_has_changed_is_called_so(tmp_path):
    """No excuse."""
    run = made(tmp_path)
    replaced(run / "metrics.csv", "\n2,8,", "\n2,9,")
    assert typed("runs", "verify", run).out.endswith("; versions, threads and machine are as they were\n")


def test_all_runs_are_followed_and_the_worst_counts(tmp_path):
    """A line each, in the order given."""
    good, bad, empty = made(tmp_path), made(tmp_path), killed(tmp_path)
    replaced(bad / "metrics.csv", "\n1,4,", "\n1,5,")
    (empty / "metrics.csv").unlink()
    said = typed("runs", "verify", empty, bad, good, "-q")
    assert said.code == 4
    assert [line.split(": ")[0] for line in said.out.splitlines()] == [empty.name, bad.name, good.name]


def test_a_run_that_recorded_nothing_is_5(tmp_path):
    """Undecided: neither does it repeat nor does it not."""
    run = killed(tmp_path)
    (run / "metrics.csv").unlink()
    said = typed("runs", "verify", run)
    assert said == (5, f"{run.name}: nothing was recorded that could be compared\n", "")


def test_a_diverged_run_that_diverges_again_is_0(tmp_path):
    """In the same place."""
    run = made(tmp_path, LATE)
    said = typed("runs", "verify", run)
    assert said.code == 0
    assert "identical to epoch 60 (" in said.out
    assert said.out.endswith(", then diverged in the same place (the synthetic gradient of generator 2, step 243)\n")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda run: (run / "weights.npz").unlink(), "identical to epoch 3 (9 columns)"),
        (lambda run: replaced(run / "metrics.csv", "abs_error", "other"), "to epoch 3 (8 of 9 columns, final weights)"),
        (lambda run: (run / "weights.npz").write_bytes(b""), "in epoch 3: final weights: recorded cannot be read"),
    ],
    ids=["no weights", "another column", "damaged weights"],
)  # fmt: skip
def test_what_was_compared_is_said(tmp_path, prepare, said):
    """Columns, and weights where there are some."""
    run = made(tmp_path)
    prepare(run)
    assert said in typed("runs", "verify", run).out


def test_a_config_of_another_version_is_2(tmp_path):
    """The other runs are followed all the same."""
    good, bad = made(tmp_path), made(tmp_path)
    replaced(bad / "config.yaml", "shuffle: false", "shufle: false")
    said = typed("runs", "verify", bad, good)
    assert said.code == 2
    assert said.out == f"{good.name}: identical to epoch 3 (9 columns, final weights)\n"
    assert said.err.startswith(f"{bad}/config.yaml:")


def test_damage_is_said_on_stderr(tmp_path):
    """And the run is followed to it."""
    run = made(tmp_path)
    replaced(run / "metrics.csv", "\n3,", "\n3;")
    said = typed("runs", "verify", run)
    assert said.err == f"{run}/metrics.csv:4: is damaged; only the 2 rows before it were used\n"
    assert (said.code, said.out) == (0, f"{run.name}: identical to epoch 2 (9 columns)\n")


def test_names_are_shown_as_they_are(tmp_path):
    """Brackets are no markup."""
    called(made(tmp_path), "[red]a b")
    assert typed("runs", "verify", "[red]a b", "--runs", tmp_path).out.startswith("[red]a b: identical")


@pytest.mark.parametrize("words", [[], ["nosuch"]], ids=str)
def test_what_cannot_be_meant_is_2(tmp_path, words):
    """It takes a run."""
    said = typed("runs", "verify", *words, "--runs", tmp_path)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


# what a person sees -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [30, 80])
def test_progress_is_one_line_on_a_terminal(tmp_path, width):
    """As wide as there is room, and gone in the end."""
    run = made(tmp_path, LONG)
    shown = seen("runs", "verify", run, width=width)
    pictures = {screen[0] for screen in shown.screens}
    assert any(picture.startswith("epoch ") and "/400  2" in picture for picture in pictures)
    assert max(map(len, pictures)) <= width
    assert shown.screen == [""]
    assert shown.out.startswith(f"{run.name}: identical to epoch 400 (")


@pytest.mark.parametrize(("words", "more"), [(["-q"], {}), ([], {"TERM": "dumb"})], ids=str)
def test_progress_is_not_shown_where_it_is_not_wanted(tmp_path, words, more):
    """Quiet, or on a terminal that cannot move its cursor."""
    assert seen("runs", "verify", made(tmp_path, LONG), *words, **more).raw == ""


def test_ctrl_c_is_130_and_leaves_a_clean_screen(tmp_path):
    """In the midst of training; nothing is written."""
    run = made(tmp_path, SLOW)
    before = {file: file.read_bytes() for file in run.iterdir()}
    keys = iter(["\x03"])
    shown = seen("runs", "verify", run, typing=lambda raw: next(keys, None) if "epoch" in raw else None)
    assert (shown.code, shown.out) == (130, "")
    assert [line.replace("^C", "") for line in shown.screen] == [""]
    assert {file: file.read_bytes() for file in run.iterdir()} == before


@pytest.mark.parametrize(("given", "threads"), [({}, "1 1 1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2 1 1")], ids=str)
def test_blas_has_one_thread_unless_the_caller_says_otherwise(tmp_path, given, threads):
    """As in training; what the environment says is in the difference."""
    run = made(tmp_path)
    replaced(run / "metrics.csv", "\n1,4,", "\n1,5,")
    rewritten(run, "run.json", threads={})
    clean = {name: value for name, value in environment().items() if not name.endswith("_NUM_THREADS")}
    said = ran("runs", "verify", run, env={**clean, **given})
    found = dict(
        part.removeprefix("threads.").split(" ", 1) for part in said.out.split("; ") if part.startswith("threads.")
    )
    assert [text.rpartition(" ")[2].strip() for text in found.values()] == threads.split()


# data that were moved -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_data_that_were_moved_are_verified_where_they_are_said_to_be(tmp_path, kind, way):
    """Their path was the only thing that changed."""
    task = FILES[kind](tmp_path / "data")
    run = made(tmp_path / "runs", {"task": task})
    moved = WAYS[way](task, tmp_path)
    where = [word for key in moved if moved[key] != task.get(key) for word in ("-s", f"task.{key}={moved[key]}")]
    said = typed("runs", "verify", run, *where)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{run.name}: identical to epoch 3 (")


def test_a_path_is_taken_from_where_the_command_is_run(tmp_path, monkeypatch):
    """As it is for train."""
    task = csv(tmp_path / "data")
    run = made(tmp_path / "runs", {"task": task})
    Path(task["path"]).rename(tmp_path / "here.csv")
    monkeypatch.chdir(tmp_path)
    assert typed("runs", "verify", run, "-s", "task.path=here.csv").code == 0


@pytest.mark.parametrize("where", [[], ["-s", "task.path=mine.csv"]], ids=["where they were", "elsewhere"])
def test_other_bytes_are_2_and_nothing_is_trained(tmp_path, monkeypatch, where):
    """Whether they lie where the run's data lay or where the data are said to be."""
    task = csv(tmp_path / "data")
    run = made(tmp_path / "runs", {"task": task})
    edited(task)
    monkeypatch.chdir(tmp_path / "data")
    assert typed("runs", "verify", run, *where) == (
        2,
        "",
        f"{run}: was trained on other bytes than those in mine.csv now "
        "(if its data lie elsewhere now, say where: -s task.path=PATH)\n",
    )


def test_nothing_but_the_place_of_the_data_can_be_said(tmp_path):
    """Other settings are another run."""
    run = made(tmp_path)
    said = typed("runs", "verify", run, "-s", "trainer.alpha=0.1")
    assert (said.code, said.out) == (2, "")
    assert "-s trainer.alpha=0.1: does not say where the data of" in said.err
