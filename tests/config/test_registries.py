"""A registry may grow after the config's classes are made: the entry's own options are read, described and refused."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from support.commands import typed
from support.config_messages import BASE, made

from synthgrad.config import option, plain
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.trainers import TRAINERS
from synthgrad.trainers.backprop import Backprop
from synthgrad.trainers.trainer import Trainer

MINE = BASE.replace("backprop", "mine")


class Mine(Backprop):
    """A trainer of somebody's own."""

    class Options(Trainer.Options):
        decay: float = option(0.5, "share that decays", ge=0, le=1)

    meaning = "mine"


@pytest.fixture(autouse=True)
def _mine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINERS, "mine", Mine)


def test_a_new_entry_has_its_name_and_its_own_options() -> None:
    """Nested in the trainer, without a name or a docstring of their own."""
    config = made(MINE)
    assert isinstance(config.trainer, Mine.Options)
    assert (config.trainer.name, config.trainer.decay) == ("mine", 0.5)
    assert plain(config)["trainer"]["decay"] == 0.5


def test_a_new_entry_is_checked_like_any_other() -> None:
    """Its limits and its keys."""
    with pytest.raises(ConfigError, match=r"trainer.decay: 2 is out of range \(must be 0 to 1\)"):
        made(MINE.replace("mine", "mine, decay: 2"))
    with pytest.raises(ConfigError, match=r"trainer.decai: unknown key \(did you mean 'decay'\?"):
        made(MINE.replace("mine", "mine, decai: 1"))


def test_a_new_entry_is_described() -> None:
    """In the JSON Schema, which tells it from the others, and in the listing."""
    valid = Draft202012Validator(Config.model_json_schema())
    tree = {"task": {"name": "digits"}, "trainer": {"name": "mine", "decay": 0.1}}
    assert valid.is_valid(tree)
    assert not valid.is_valid({**tree, "trainer": {"name": "backprop", "decay": 0.1}})
    assert "share that decays" in typed("config", "list", "mine").out
