"""What a person sees of modules that are trained at the same time: how busy they are, and how full their queues."""

from __future__ import annotations

import json

import pytest
from conftest import tiny
from support.commands import ran, typed, write
from support.terminal import seen
from support.trained_runs import made

from synthgrad.cli.opening import crowded, late, title, unused_workers, varying
from synthgrad.cli.train_display import busy, rows, smoothed, wrapped
from synthgrad.experiment import Experiment
from synthgrad.workers import Load

PIPELINED = {"trainer.name": "dni", "trainer.schedule": {"kind": "pipelined", "workers": 2}}
TYPED = ("-s", "trainer={name: dni, schedule: {kind: pipelined, workers: 2}}")
FREE = ("-s", "trainer={name: dni, schedule: free}")


def test_modules_and_queues_stand_side_by_side():
    """Layers by their numbers, a queue only between two processes."""
    loads = [Load(1, 4, 0.931, 1, 2), Load(5, 5, 0.4, 0, 0), Load(6, 8, 1.0, 0, 0)]
    (row,) = busy(loads)
    assert row.name == "busy"
    assert row.pairs == ["layers 1-4  93%", "queue 1/2", "layer 5  40%", "layers 6-8 100%"]


def test_many_modules_go_on_in_further_lines():
    """Each with its figures whole, at 80 columns; beyond six lines there are none, and a mark says so."""
    (row,) = busy([Load(i, i, 1.0, 2, 2) for i in range(1, 9)])
    eight = [line.plain for line in wrapped(row, 80)]
    assert len(eight) == 4
    assert eight[0].startswith("busy   layer 1 100%   queue 2/2   layer 2 100%")
    assert all(len(line) <= 80 for line in eight)
    assert sum(line.count("layer") for line in eight) == sum(line.count("queue") for line in eight) == 8
    assert "..." not in eight[-1]
    narrow = [line.plain for line in wrapped(row, 30)]
    assert len(narrow) == 6
    assert narrow[-1].endswith("queue 2/2 ...")


def test_errors_of_many_generators_do_too():
    """None is left out."""
    (row,) = rows({f"generator_error.{i}": 1234.5 * 10**i for i in range(7)})
    shown = [line.plain for line in wrapped(row, 80)]
    assert len(shown) == 2
    assert sum(line.count("e+") for line in shown) == 7


def test_between_epochs_queues_are_not_told():
    """They are empty then, whatever they were."""
    (row,) = busy([Load(1, 4, 0.931, 0, 2), Load(5, 8, 1.0, 0, 0)], queues=False)
    assert row.pairs == ["layers 1-4  93%", "layers 5-8 100%"]


def test_a_run_in_one_process_says_nothing_of_them():
    """Nobody waits there."""
    assert busy([]) == []


def test_what_was_seen_before_counts_too():
    """The busy share moves by a fifth of the way, so that it can be read; queues are as they are."""
    before, now = [Load(1, 2, 0.5, 0, 2)], [Load(1, 2, 1.0, 2, 2)]
    (load,) = smoothed(before, now)
    assert load.busy == pytest.approx(0.6)
    assert load.queue == 2
    assert smoothed([], now) == now


def test_the_title_tells_schedule_and_processes():
    """At most one process a module, whatever was asked for."""
    keys = {**PIPELINED, "trainer.schedule": {"kind": "pipelined", "workers": 9}}
    experiment = Experiment([tiny(keys)])
    text = title(experiment)
    assert text.startswith("dni pipelined, seed 3")
    assert text.endswith(", 3 processes")


def test_only_a_free_schedule_is_warned_of():
    """Its result varies with timing."""
    assert varying(tiny(PIPELINED)) == []
    (said,) = varying(tiny({"trainer.name": "dni", "trainer.schedule": "free"}))
    assert "varies with timing" in said


def test_a_delay_of_an_epoch_or_more_is_told():
    """A batch less, and the target of an epoch's first batch comes with its last."""
    longest = tiny({"trainer.name": "dni", "trainer.schedule": {"kind": "pipelined", "delay": 4}})
    assert late(longest, 5) == late(tiny(), 1) == []
    assert late(tiny({"trainer.name": "dni", "trainer.schedule": {"kind": "free", "delay": 9}}), 2) == []
    (said,) = late(longest, 4)
    assert said.startswith("trainer.schedule.delay: 4: an epoch has 4 batches, ")


def test_a_run_on_a_terminal_shows_which_modules_are_busy(tmp_path):
    """In the live display, while it trains."""
    more = ("--runs", tmp_path, "-s", "training.epochs=400")
    run = seen("train", write(tmp_path), *TYPED, *more)
    assert run.code == 0
    busy = [line for screen in run.screens for line in screen if line.startswith("busy")]
    assert busy
    assert all("layer 1" in line and "queue" in line for line in busy)


def test_a_free_run_says_so_and_is_not_verified(tmp_path):
    """It cannot repeat: exit code 5."""
    said = ran("train", write(tmp_path), *FREE, cwd=tmp_path)
    assert said.code == 0
    assert "varies with timing" in said.err
    found = typed("runs", "verify", tmp_path / said.run)
    assert found.code == 5
    assert "varies with timing" in found.out


def test_a_page_about_a_run_tells_processes_lateness_and_updates(tmp_path):
    """In run.json, in words, and layer by layer in their order."""
    path = made(tmp_path, {**PIPELINED, "network.hidden": [6] * 10})
    assert json.loads((path / "run.json").read_text())["processes"] == 2
    page = typed("runs", "show", path).out
    assert "2 processes shared its layers." in page
    layers = page.split("\nlayers\n")[1].split("\n\n")[0].splitlines()
    assert "late by" in layers[0]
    assert "updates" in layers[0]
    assert [line.split()[0] for line in layers[1:]] == [str(i) for i in range(1, 12)]
    assert layers[1].split()[-2:] == ["0.75", "4"]


def test_schedules_are_told_apart_where_runs_are_listed_and_shown(tmp_path):
    """Beside the method; of a free one, that no run repeats it."""
    free, piped = (made(tmp_path, {"trainer.name": "dni", "trainer.schedule": kind}) for kind in ("free", "pipelined"))
    table = typed("runs", "list", tmp_path).out
    assert "dni both free" in table
    assert "dni both pipelined" in table
    assert "no run repeats it" in typed("runs", "show", free).out
    assert "no run repeats it" not in typed("runs", "show", piped).out


def test_there_is_no_branch_from_a_free_run(tmp_path):
    """Its first epochs do not repeat."""
    path = made(tmp_path, {"trainer.name": "dni", "trainer.schedule": "free"})
    said = typed("train", "--from", f"{path}@2", "-s", "trainer.name=frozen", "--runs", tmp_path)
    assert said.code == 2
    assert "do not repeat" in said.err


def test_few_cores_and_many_blas_threads_are_told():
    """Only where processes share the modules."""
    assert crowded(2, 2, "1") == crowded(2, 2, "") == crowded(1, 1, "8") == []
    assert len(crowded(2, 1, "8")) == 2
    assert crowded(3, 2, "")[0].endswith("(workers: 2)")


def test_workers_that_find_no_module_are_told():
    """Not where there are modules enough, nor of a schedule that has no workers."""
    config = tiny({**PIPELINED, "trainer.schedule": {"kind": "pipelined", "workers": 9}})
    assert unused_workers(config, 3) == [
        "trainer.schedule.workers: 9: uses 3 processes, because there are no more modules between interfaces"
    ]
    assert unused_workers(config, 9) == []
    assert unused_workers(tiny(), 1) == unused_workers(tiny({**PIPELINED, "trainer.schedule": "sequential"}), 1) == []
