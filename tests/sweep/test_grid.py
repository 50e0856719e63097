"""The grid of a sweep: which runs, in which order, and each the same as ``train`` would make it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthgrad.config import Options, load
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.sweep.grid import Planned, grid, varied
from synthgrad.sweep.values import values

BASE = "task: {name: binary-addition}\ntrainer: {name: backprop}\n"
TEXTS = {
    "base": BASE,
    "dni": "task: {name: binary-addition}\ntrainer: {name: dni, generator: {input: label, optimizer: {name: adam}}}\n",
    "adam": "task: {name: binary-addition}\ntrainer: {name: backprop, optimizer: {name: adam, beta1: 0.7}}\n"
    "network: {init: {scheme: he, gain: 2}}\n",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A config file for each of ``TEXTS``."""
    directory = tmp_path_factory.mktemp("configs")
    paths = {name: directory / f"{name}.yaml" for name in TEXTS}
    for name, path in paths.items():
        path.write_text(TEXTS[name])
    return paths


def words(runs: Sequence[Planned]) -> list[str]:
    """The settings of each run, in one line."""
    return [" ".join(run.settings) for run in runs]


def said(sources: Sequence[Path], *changes: str) -> list[str]:
    """The lines of the error that a grid makes."""
    with pytest.raises(ConfigError) as error:
        grid(sources, changes)
    return error.value.lines


# which runs ---------------------------------------------------------------------------------------


def test_without_settings_every_config_is_one_run(files: dict[str, Path]) -> None:
    """In the order they were given."""
    runs = grid(list(files.values()), [])
    assert [run.source for run in runs] == list(files.values())
    assert words(runs) == ["", "", ""]


def test_no_config_has_no_runs() -> None:
    """Whatever is set."""
    assert grid([], ["seed=0..9"]) == []


def test_the_first_key_varies_slowest_and_the_configs_slower_still(files: dict[str, Path]) -> None:
    """As in nested loops."""
    runs = grid([files["base"], files["dni"]], ["trainer.alpha=1,2", "seed=0..1"])
    inner = ["trainer.alpha=1 seed=0", "trainer.alpha=1 seed=1", "trainer.alpha=2 seed=0", "trainer.alpha=2 seed=1"]
    assert words(runs) == inner * 2
    assert [run.source for run in runs] == [files["base"]] * 4 + [files["dni"]] * 4


def test_the_config_of_a_run_is_resolved(files: dict[str, Path]) -> None:
    """With the values of its settings."""
    (run,) = grid([files["base"]], [" network.hidden = [64, 32]", "seed=7"])
    assert (run.config.network.hidden, run.config.seed) == ((64, 32), 7)
    assert run.settings == ("network.hidden=[64, 32]", "seed=7")


GENERATORS = "trainer.generator.input=layer-output,label,both"
METHODS = ["backprop", "frozen", "dni layer-output", "dni label", "dni both"]
CONDITIONAL: dict[str, tuple[str, list[str], list[str]]] = {
    "choice-first": (
        "base",
        ["trainer.name=backprop,frozen,dni", GENERATORS],
        METHODS,
    ),
    "choice-last": (
        "base",
        [GENERATORS, "trainer.name=backprop,frozen,dni"],
        ["backprop", "frozen", "layer-output dni", "label dni", "both dni"],
    ),
    "choice-last-of-all": (
        "base",
        [GENERATORS, "trainer.name=dni,frozen"],
        ["layer-output dni", "frozen", "label dni", "both dni"],
    ),
    "single-value": ("base", ["trainer.generator.alpha=0.5", "trainer.name=backprop,dni"], ["backprop", "0.5 dni"]),
    "choice-of-the-file": ("dni", ["trainer.name=frozen,dni", GENERATORS], ["frozen", *METHODS[2:]]),
    "optimiser": (
        "base",
        ["trainer.optimizer.beta1=0.8,0.9", "trainer.optimizer=sgd,adam"],
        ["sgd", "adam 0.8", "adam 0.9"],
    ),
    "optimiser-by-name": (
        "adam",
        ["trainer.optimizer.name=sgd,momentum", "trainer.optimizer.mu=0.1,0.2"],
        ["sgd", "momentum 0.1", "momentum 0.2"],
    ),
    "scheme": (
        "base",
        ["network.init.scheme=normal,he", "network.init.shift=0,1", "network.init.gain=3,4"],
        ["normal 0", "normal 1", "he 3", "he 4"],
    ),
    "choice-within-a-choice": (
        "base",
        ["trainer.name=frozen,dni", "trainer.generator.optimizer=sgd,adam", "trainer.generator.optimizer.beta1=0,0.5"],
        ["frozen", "dni sgd", "dni adam 0", "dni adam 0.5"],
    ),
    "section": (
        "base",
        ["trainer={name: frozen},{name: dni}", "trainer.generator.alpha=1,2"],
        ["{name: frozen}", "{name: dni} 1", "{name: dni} 2"],
    ),
    "whole-section-of-one-choice": (
        "base",
        ["trainer.name=backprop,dni", "trainer.generator={input: label},{input: both}"],
        ["backprop", "dni {input: label}", "dni {input: both}"],
    ),
    "seeds-of-each": (
        "base",
        ["seed=1,2", "trainer.name=backprop,dni", "trainer.generator.alpha=1,2"],
        ["1 backprop", "1 dni 1", "1 dni 2", "2 backprop", "2 dni 1", "2 dni 2"],
    ),
}


@pytest.mark.parametrize(("file", "changes", "left"), CONDITIONAL.values(), ids=CONDITIONAL)
def test_a_key_counts_where_the_choices_have_it(
    files: dict[str, Path], file: str, changes: list[str], left: list[str]
) -> None:
    """Elsewhere it is left out, and what is then alike is one run."""
    runs = grid([files[file]], changes)
    assert [" ".join(word.partition("=")[2] for word in run.settings) for run in runs] == left


def test_the_choice_of_each_config_decides(files: dict[str, Path]) -> None:
    """A key of dni alone is left out of the config of backprop."""
    runs = grid([files["base"], files["dni"]], [GENERATORS])
    assert [(run.source.stem, len(run.settings)) for run in runs] == [("base", 0), *[("dni", 1)] * 3]


def test_equal_configs_are_one_run(files: dict[str, Path], tmp_path: Path) -> None:
    """By value, not by text, and of whatever file; the first is kept."""
    again = tmp_path / "again.yaml"
    again.write_text(TEXTS["base"] + "seed: 1\n")
    runs = grid([files["base"], again, files["base"]], ["trainer.alpha=0.1,1e-1", "network.bias=yes,true,no"])
    assert words(runs) == ["trainer.alpha=0.1 network.bias=yes", "trainer.alpha=0.1 network.bias=no"]
    assert {run.source for run in runs} == {files["base"]}


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        (["seed=1,2", "network.bias=no", "seed=3,4"], ["seed=3 network.bias=no", "seed=4 network.bias=no"]),
        (["seed=1", "seed=x", "seed=2"], ["seed=2"]),
    ],
)
def test_of_a_key_set_twice_the_last_counts(files: dict[str, Path], changes: list[str], left: list[str]) -> None:
    """As for ``train``, in the place of the first."""
    assert words(grid([files["base"]], changes)) == left


@pytest.mark.parametrize(
    "changes",
    [
        ["network.bias=yes,no", "network.init.scale=1", "seed=1", "network.init={shift: 1}", "network={hidden: [3]}"],
        ["network={hidden: [3]}", "network.init={shift: 1}", "network.init.scale=1", "network.bias=yes,no", "seed=1"],
    ],
    ids=["last", "first"],
)
def test_a_section_as_a_whole_undoes_no_key_within_it(files: dict[str, Path], changes: list[str]) -> None:
    """Nothing typed is lost, in whichever order."""
    runs = grid([files["base"]], changes)
    assert [run.config.network.bias for run in runs] == [True, False]
    network = runs[0].config.network.model_dump()
    assert (network["hidden"], network["init"]["scale"], network["init"]["shift"]) == ((3,), 1, 1)
    assert all(load(run.source, Config, run.settings) == run.config for run in runs)


def test_keys_of_several_values_can_be_named() -> None:
    """In the order typed; those that have one value by repetition too have one."""
    assert varied(["trainer.alpha=1,2", "network.bias=no", "seed=0..9", "training.epochs=3,3"]) == [
        "trainer.alpha",
        "seed",
    ]


# the same as train --------------------------------------------------------------------------------

AXES = {
    "trainer.name": "backprop,frozen,dni",
    "trainer": "{name: dni},{name: backprop, optimizer: momentum}",
    "trainer.alpha": "0.1,1,1e-1",
    "trainer.generator": "{alpha: 0.5},{input: both}",
    "trainer.generator.input": "layer-output,label,[label]",
    "trainer.generator.optimizer": "adam,{name: momentum, mu: 0.5}",
    "trainer.generator.optimizer.name": "sgd,adam",
    "trainer.generator.optimizer.beta1": "0.5,0.9",
    "trainer.optimizer": "sgd,adam",
    "trainer.optimizer.name": "momentum,adam",
    "trainer.optimizer.mu": "0.5,0.9",
    "network": "{hidden: [3]},{bias: no}",
    "network.bias": "yes,no",
    "network.init.scheme": "normal,he,glorot",
    "network.init.gain": "1,2",
    "network.init.shift": "-0.1..0.1:3",
    "training.decay.at": "[],[0.5]",
    "training.batch_size": "10,20",
    "seed": "1..2",
}


def sections_first(keys: list[str]) -> bool:
    """Whether no section comes after a key within it."""
    return not any(early.startswith(f"{late}.") for early, late in itertools.combinations(keys, 2))


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    """Some keys, each with some of its values."""
    keys = draw(st.lists(st.sampled_from(list(AXES)), max_size=4, unique=True).filter(sections_first))
    chosen = {key: draw(st.lists(st.sampled_from(values(AXES[key])), min_size=1, unique=True)) for key in keys}
    return [f"{key}={','.join(some)}" for key, some in chosen.items()]


def one_by_one(source: Path, changes: list[str]) -> Iterator[tuple[list[str], Config]]:
    """What ``train`` makes of every combination, without the settings that it says have no place in it."""
    several = [[f"{key}={value}" for value in values(rest)] for key, _, rest in (c.partition("=") for c in changes)]
    for combination in itertools.product(*several):
        left, config = list(combination), None
        while config is None:
            try:
                config = load(source, Config, left)
            except ConfigError as error:
                left.remove(next(word for word in left if any(_foreign(line, word) for line in error.lines)))
        yield left, config


def _foreign(line: str, word: str) -> bool:
    return line.startswith(f"-s {word}: ") and ("no such option" in line or "unknown key" in line)


def written(options: Options) -> dict[str, Any]:
    """Which keys were set, not left at their defaults, section by section."""
    below = {name: written(value) for name, value in options if isinstance(value, Options)}
    return {"": options.model_fields_set, **below}


@settings(max_examples=100)
@given(name=st.sampled_from(list(TEXTS)), changes=typed())
def test_a_grid_is_what_train_makes_of_every_combination(files: dict[str, Path], name: str, changes: list[str]) -> None:
    """In the same order, each once; or some keys count nowhere, for ``train`` too."""
    alone = list(one_by_one(files[name], changes))
    used = {word.partition("=")[0] for left, _ in alone for word in left}
    if used != {change.partition("=")[0] for change in changes}:
        assert all("no such option" in line for line in said([files[name]], *changes))
        return
    runs = grid([files[name]], changes)
    assert [run.config for run in runs] == list(dict.fromkeys(config for _, config in alone))
    for run in runs:
        same = load(run.source, Config, run.settings)
        assert same == run.config
        assert written(same) == written(run.config)


# what is wrong ------------------------------------------------------------------------------------

WRONG: dict[str, tuple[list[str], list[str]]] = {
    "counts-nowhere": (
        ["trainer.name=backprop,frozen", "trainer.generator.input=label,both"],
        ["-s trainer.generator.input=label: trainer.generator: backprop has no such option (dni has it)"],
    ),
    "unknown-everywhere": (
        ["trainer.alpa=1,2", "trainer.name=backprop,dni"],
        [
            "-s trainer.alpa=1: trainer.alpa: unknown key "
            "(did you mean 'alpha'? known here: name, alpha, loss, optimizer, reduce, freeze)"
        ],
    ),
    "misspelt-where-it-could-be": (
        ["trainer.name=backprop,dni", "trainer.generator.optimizer.beta3=0.5,0.6"],
        ["-s trainer.generator.optimizer.beta3=0.5: trainer.generator.optimizer.beta3: unknown key "],
    ),
    "no-keys-of-its-own": (
        ["seed.x=1,2"],
        ["-s seed.x=1: seed: takes one value and has no keys of its own (set it as a whole: -s seed=VALUE)"],
    ),
    "values": (
        ["trainer.alpha=-1,0.1,x", "seed=0..9,-3", "trainer.name=backprop,dni"],
        [
            "-s trainer.alpha=-1: trainer.alpha: -1 is out of range (must be >= 0)",
            "-s trainer.alpha=x: trainer.alpha: expected a number, got 'x'",
            "-s seed=-3: seed: -3 is out of range (must be >= 0 and < 4294967296)",
        ],
    ),
    "choice": (
        ["trainer.name=dni,frozzen", "trainer.generator.input=label,both"],
        ["-s trainer.name=frozzen: trainer.name: 'frozzen' is not one of "],
    ),
    "choice-like-none": (
        ["trainer.name=dni,xyzzy", "trainer.generator.input=label,both", "seed=0..9"],
        ["-s trainer.name=xyzzy: trainer.name: 'xyzzy' is not one of "],
    ),
    "between-values": (
        ["training.batch_size=10,200,300", "task.train_examples=100,250", "seed=0..9"],
        [
            f"-s training.batch_size={size}: training.batch_size: {size} is more than there are training examples "
            f"(at most {most})"
            for size, most in ((200, 100), (300, 100), (300, 250))
        ],
    ),
    "text": (
        ["seed=[", "seed", "a..b=1,2", "network.hidden[0]=1,2", "trainer.alpha=1,", "training.epochs=0.5..2"],
        [
            "-s seed=[: not valid YAML: ",
            "-s seed: expected KEY=VALUE ",
            "-s a..b=1,2: expected KEY=VALUE ",
            "-s network.hidden[0]=1,2: a list is set as a whole ",
            "-s trainer.alpha=1,: a value is missing ",
            "-s training.epochs=0.5..2: '0.5..2' does not say how many numbers ",
        ],
    ),
    "text-and-values": (["seed=1,", "trainer.alpha=-1"], ["-s seed=1,: a value is missing ", "-s trainer.alpha=-1: "]),
    "empty": (["network="], ["-s network=: a value is missing "]),
    "text-that-is-no-range": (["seed=a..b"], ["-s seed=a..b: seed: expected a whole number, got 'a..b'"]),
}


@pytest.mark.parametrize(("changes", "lines"), WRONG.values(), ids=WRONG)
def test_everything_wrong_is_said_once(files: dict[str, Path], changes: list[str], lines: list[str]) -> None:
    """In the words of ``train``, once for each value, however many runs it is in."""
    found = said([files["base"]], *changes)
    assert [line[: len(start)] for line, start in zip(found, lines, strict=True)] == lines


def test_every_config_that_is_wrong_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    """Those that cannot be read, and those with something wrong in them."""
    (tmp_path / "a.yaml").write_text(BASE + "sead: 1\n")
    missing, wrong = said([tmp_path / "no.yaml", files["base"], tmp_path / "a.yaml"], "seed=0..9", "trainer.name=dni")
    assert missing.startswith(f"{tmp_path}/no.yaml: no such file")
    assert wrong.startswith(f"{tmp_path}/a.yaml:3:1: sead: unknown key")


def test_what_one_choice_does_not_allow_is_an_error(files: dict[str, Path]) -> None:
    """A value, unlike a key, is not left out."""
    assert said(
        [files["base"]], "trainer.name=backprop,printed-listing", "trainer.loss=squared-error,cross-entropy"
    ) == ["-s trainer.loss=cross-entropy: trainer.loss: 'cross-entropy' is not one of squared-error"]


SECTIONS = [("network", "hidden"), ("training", "epochs")]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (["seed=1..1000", "training.epochs=1..101"], "sweep: 101,000 runs in the grid (at most 100,000)"),
        (["seed=0..100000"], "-s seed=0..100000: '0..100000' stands for 100,001 values (at most 100,000)"),
        (
            [f"{key}={','.join(f'{{{name}: [{n}]}}' for n in range(399))}" for key, name in SECTIONS],
            "sweep: 159,201 combinations of choices (at most 100,000)",
        ),
    ],
    ids=["runs", "values", "sections"],
)
def test_a_grid_that_explodes_is_an_error(files: dict[str, Path], changes: list[str], line: str) -> None:
    """Before any of its runs is made."""
    assert said([files["base"]], *changes) == [line]


def test_what_counts_is_the_number_of_runs_without_those_that_are_alike(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 120 combinations the 60 of backprop are one."""
    monkeypatch.setattr("synthgrad.sweep.grid.LIMIT", 61)
    changes = ["trainer.name=backprop,dni", "trainer.generator.alpha=1..60"]
    assert len(grid([files["base"]], changes)) == 61
    assert said([files["base"]], *changes, "seed=1,2") == ["sweep: 122 runs in the grid (at most 61)"]


# speed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        ["seed=0..4999"],
        ["trainer.name=backprop,frozen,dni", "trainer.optimizer=sgd,adam", "trainer.alpha=1..10", "seed=0..83"],
        ["trainer.alpha=1..10", "network.init.scale=1..10", "training.batch_size=1..10", "training.epochs=1..5"],
    ],
    ids=["seeds", "choices", "numbers"],
)
def test_thousands_of_runs_take_no_time_to_speak_of(files: dict[str, Path], changes: list[str]) -> None:
    """A file is read once and a value checked once: .1 ms a run, where ``load`` takes 2."""
    start = time.process_time()
    assert len(grid([files["base"]], changes)) >= 5000
    assert time.process_time() - start < 5
