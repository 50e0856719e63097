"""What is not at its default in a run's config, also in one of an older version."""

from __future__ import annotations

from conftest import tiny
from support.data_files import write_csv
from support.trained_runs import fork

from synthgrad.config import flat, plain
from synthgrad.runs.defaults import changed, filled

ADAM = {"trainer.name": "dni", "trainer.generator.optimizer": {"name": "adam", "beta1": 0.5}}


def older(keys):
    """The config of a run from before there were kinds of generators."""
    config = flat(plain(tiny(keys)))
    del config["trainer.generator.kind"]
    return config


def test_a_section_that_does_not_name_its_kind_is_of_the_usual_one():
    """What such a run chose within the section is held against the defaults of that choice."""
    now, then = changed(flat(plain(tiny(ADAM)))), changed(older(ADAM))
    assert then == now
    assert then["trainer.generator.optimizer.beta1"] == (0.5, 0.9)


def test_what_a_branch_chose_for_its_first_trainer_is_told():
    """Its optimiser is held against the usual one; trainer and epoch of the fork are told elsewhere."""
    first = {"trainer.name": "dni", "trainer.optimizer": {"name": "adam", "beta1": 0.5}, "trainer.alpha": 0.2}
    found = changed(flat(plain(tiny(fork(first, {}, 2, {})))))
    assert {key: pair for key, pair in found.items() if key.startswith("branch")} == {
        "branch.trainer.alpha": (0.2, 0.1),
        "branch.trainer.optimizer.name": ("adam", "sgd"),
        "branch.trainer.optimizer.beta1": (0.5, 0.9),
    }


def test_a_key_that_an_older_run_lacks_has_its_default():
    """It had no other choice."""
    assert filled(older(ADAM), ["trainer.generator.kind"])["trainer.generator.kind"] == "learned"


def test_a_key_without_a_default_is_told(tmp_path):
    """What must be said in every config says what a run was about: the file, and what was predicted of it."""
    config = flat(plain(tiny({"task": {"name": "table", "path": str(write_csv(tmp_path)), "target": "kind"}})))
    assert changed(config)["task.path"] == (str(tmp_path / "table.csv"), "")
    assert not {"task.name", "task.split", "trainer.name"} & changed(config).keys()
