"""Runs that differ in how many processes shared their network."""

from __future__ import annotations

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
