"""Runs that differ in how many processes shared their network."""

from __future__ import annotations

from pathlib import Path

from support.written_runs import run, subjects

from synthgrad.compare.groups import told
from synthgrad.compare.subjects import settings_of

PIPELINED = {"trainer.name": "dni", "trainer.schedule.kind": "pipelined", "trainer.schedule.workers": 2}


def test_the_number_of_processes_of_a_pipeline_is_no_setting() -> None:
    """Nor is that of a branch; any number comes to the same bits."""
    branch = {f"branch.{key}": value for key, value in PIPELINED.items()}
    assert "trainer.schedule.workers" not in settings_of(PIPELINED)
    assert "branch.trainer.schedule.workers" not in settings_of({"trainer.name": "backprop", **branch})


def test_under_a_free_schedule_it_is_one() -> None:
    """There the numbers depend on it."""
    free = {**PIPELINED, "trainer.schedule.kind": "free"}
    assert settings_of(free) == free


def test_of_two_schedules_only_the_free_one_has_it(tmp_path: Path) -> None:
    """That the other has not is no further difference, and no default is told in its place."""
    for kind in ("pipelined", "free"):
        run(tmp_path, {**PIPELINED, "trainer.schedule.kind": kind})
    pipelined, free = (s.settings for s in subjects(tmp_path))
    assert "trainer.schedule.workers" not in pipelined
    assert free["trainer.schedule.workers"] == 2
    assert told([pipelined, free]) == ["trainer.schedule.kind", "trainer.schedule.delay"]


def test_what_belongs_to_another_choice_is_not_told() -> None:
    """Nor the options of an optimiser that only one of them has, but for the choice itself."""
    sgd = {"trainer.name": "dni", "trainer.optimizer.name": "sgd", "trainer.input_model": None}
    adam = {"trainer.name": "dni", "trainer.optimizer.name": "adam", "trainer.optimizer.beta1": 0.9}
    with_model = {**sgd, "trainer.input_model.alpha": 0.1}
    del with_model["trainer.input_model"]
    assert told([sgd, {**adam, "trainer.input_model": None}]) == ["trainer.optimizer.name"]
    assert told([sgd, with_model]) == ["trainer.input_model"]
    assert told([with_model, {**with_model, "trainer.input_model.alpha": 0.2}]) == ["trainer.input_model.alpha"]
