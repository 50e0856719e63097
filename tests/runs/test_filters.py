"""Conditions on runs: what they select, and what is said where they mean nothing."""

from __future__ import annotations

import re

import pytest
from support.trained_runs import called, killed, made, rewritten

from synthgrad.errors import ConfigError
from synthgrad.runs.filters import ABSENT, resolve, select, value
from synthgrad.runs.reading import Recorded

DNI = {"trainer.name": "dni", "training.epochs": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Backprop, frozen, dni twice with other inputs and step sizes."""
    there = tmp_path_factory.mktemp("runs")
    paths = {
        "back": made(there, {"training.epochs": 1}, seed=1),
        "froz": killed(there, {"trainer.name": "frozen", "training.epochs": 1, "network.hidden": [64, 32]}, seed=2),
        "both": made(there, {**DNI, "trainer.alpha": 0.01, "trainer.optimizer": "adam"}, seed=3),
        "labl": made(
            there,
            {"trainer.name": "dni", "trainer.generator.input": ["label", "input"], "network.normalize": True},
            seed=4,
            stop=1,
        ),
    }
    times = {name: f"20261124-1900{seed:02}-{name}-s{seed}-000{seed}" for seed, name in enumerate(paths, 1)}
    for name, path in paths.items():
        rewritten(path, "run.json", started=None)
        called(path, times[name])
    return [Recorded(there / name) for name in times.values()]


def met(runs, *conditions):
    """The short names of the runs that meet all conditions."""
    return [run.name.split("-")[2] for run in select(runs, conditions)]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("trainer.name=dni", "both labl"),
        ("trainer.name == dni", "both labl"),
        ("trainer.name!=dni", "back froz"),
        ("trainer.name=dni,frozen", "froz both labl"),
        ("trainer.name!=dni,frozen", "back"),
        ("trainer.name='dni'", "both labl"),
        ("trainer.alpha<=0.01", "both"),
        ("trainer.alpha<=1e-2", "both"),
        ("trainer.alpha=1e-2", "both"),
        ("trainer.alpha > 0.01", "back froz labl"),
        ("trainer.alpha<0.2", "both"),
        ("trainer.alpha>=.2", "back froz labl"),
        ("trainer.alpha=0.01,0.2", "back froz both labl"),
        ("trainer.alpha=.nan", ""),
        ("network.hidden=[64, 32]", "froz"),
        ("network.hidden=[64,32],[12,9]", "back froz both labl"),
        ("network.hidden!=[64, 32]", "back both labl"),
        ("network.normalize=true", "labl"),
        ("network.normalize=on", "labl"),
        ("network.normalize=no", "back froz both"),
        ("network.normalize=1", ""),
        ("trainer.generator.input=both", "both"),
        ("trainer.generator.input=[label, layer-output]", "both"),
        ("trainer.generator.input=[label, input]", "labl"),
        ("trainer.generator.input=[input, label]", "labl"),
        ("trainer.generator.input=both,label", "both"),
        ("trainer.generator.input!=both", "back froz labl"),
        ("trainer.generator.alpha=0.01", "both labl"),
        ("trainer.generator.alpha<1", "both labl"),
        ("seed<3", "back froz"),
        ("seed=1,4", "back labl"),
        ("outcome=finished", "back both"),
        ("outcome=unfinished,interrupted", "froz labl"),
        ("name=20261124-190003-both-s3-0003", "both"),
        ("name<20261124-190003", "back froz"),
        ("started=2026-11-24", "back froz both labl"),
        ("started>=2026-11-24 19:00:03", "both labl"),
        ("started<2026-11-24T19:00:03", "back froz"),
        ("started<=2026-11-24", "back froz both labl"),
        ("started>2026-11-24", ""),
    ],
)
def test_a_condition_selects(runs, condition, names):
    """By equality, order, any of several; values are read as YAML."""
    assert met(runs, condition) == names.split()


def test_all_conditions_must_be_met(runs):
    """And the order of the runs stays."""
    assert met(runs, "trainer.name=dni", "seed>3") == ["labl"]
    assert met(runs) == ["back", "froz", "both", "labl"]


@pytest.mark.parametrize(
    ("short", "key"),
    [
        ("trainer.alpha", "trainer.alpha"),
        ("generator.input", "trainer.generator.input"),
        ("hidden", None),
        ("bits", "task.bits"),
        ("name", "name"),
        ("trainer", "trainer.name"),
        ("network.init", "network.init.scheme"),
        ("trainer.optimizer", "trainer.optimizer.name"),
        ("generator.optimizer", "trainer.generator.optimizer.name"),
    ],
)
def test_a_unique_end_of_a_key_and_a_section_stand_for_it(runs, short, key):
    """As long as no other key ends so."""
    if key is None:
        with pytest.raises(ConfigError, match=r"may be network\.hidden or trainer\.generator\.hidden"):
            resolve(short, runs, "--where")
    else:
        assert resolve(short, runs, "--where") == key


def test_what_a_run_has_not_is_absent(runs):
    """Not None, which a config may hold."""
    assert value(runs[0], "trainer.generator.alpha") is ABSENT
    assert value(runs[0], "seed") == 1


WRONG = {
    "trainer.alpha": "expected KEY, a sign (= != < <= > >=) and VALUE (for example 'trainer.alpha<=0.01')",
    "trainer.alpha=": "expected KEY, a sign",
    "=3": "expected KEY, a sign",
    "trainer.alpha=<3": "expected KEY, a sign",
    "trainer.alpha===3": "expected KEY, a sign",
    "": "expected KEY, a sign",
    "trainer.alpha=[1": "not valid YAML: this list in brackets is not closed",
    "trainer.alpha=]": "not valid YAML",
    "trainer.alfa<1": "none of these runs has a key trainer.alfa (did you mean 'trainer.alpha'?)",
    "nothing.like.it=1": "none of these runs has a key nothing.like.it (",
    "alpha<1": "alpha may be trainer.alpha or trainer.generator.alpha (write the whole key)",
    "trainer.alpha<1,2": "< takes one value (several are for = and !=)",
    "trainer.alpha<x": "0.2 and 'x' have no order (use = or !=)",
    "trainer.name>3": "'backprop' and 3 have no order (use = or !=)",
    "network.hidden<[3]": "[12, 9] and [3] have no order (use = or !=)",
    "network.bias<1": "true and 1 have no order (use = or !=)",
}


@pytest.mark.parametrize(("condition", "said"), WRONG.items(), ids=WRONG)
def test_a_condition_that_means_nothing_is_an_error(runs, condition, said):
    """With the condition as its place, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        select(runs, [condition])
    (line,) = caught.value.lines
    assert line.startswith(f"--where {condition!r}: ")
    assert said in line


def test_every_condition_that_is_wrong_has_a_line(runs):
    """All of them at once."""
    with pytest.raises(ConfigError) as caught:
        select(runs, ["trainer.alfa=1", "trainer.name=dni", "seed"])
    assert len(caught.value.lines) == 2


def test_a_long_condition_is_cut_in_the_message(runs):
    """To one line."""
    with pytest.raises(ConfigError, match=re.escape("...: expected KEY")) as caught:
        select(runs, ["x\n" * 5000])
    assert "\n" not in str(caught.value)


def test_of_no_runs_none_are_selected():
    """Keys are not asked for then, but what is no condition is still an error."""
    assert select([], ["anything=1"]) == []
    with pytest.raises(ConfigError):
        select([], ["anything"])


@pytest.mark.parametrize("written", ["true", "'true'"])
def test_true_is_a_name_where_a_key_has_names(written, tmp_path):
    """``generator.target`` is synthetic or true, whichever way that is written."""
    for target in ("true", "synthetic"):
        made(tmp_path, {**DNI, "trainer.generator.target": target, "training.epochs": 1}, name=target)
    runs = [Recorded(path) for path in tmp_path.iterdir()]
    assert met(runs, f"generator.target={written}") == ["true"]
    assert met(runs, f"generator.target!={written}") == ["synthetic"]
