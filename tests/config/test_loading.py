"""A file read once and resolved many times: equal to ``load``, one by one and as a product."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.config_messages import BASE, DNI
from support.random_configs import trees

from synthgrad.config import Options, Setting, Template, chooses, dump, flat, label, load, setting
from synthgrad.errors import ConfigError, ErrorCollector
from synthgrad.experiment import Config


def template(text: str) -> Template[Config]:
    """The template of a file with this text, which is gone by now."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "a.yaml")
        path.write_text(text)
        return Template(path, Config)


def read(*texts: str) -> list[Setting]:
    """Settings as they are read."""
    return [setting(text) for text in texts]


def set_keys(options: Options) -> dict[str, Any]:
    """Which keys were set, section by section."""
    below = {name: set_keys(value) for name, value in options if isinstance(value, Options)}
    return {"": options.model_fields_set, **below}


# one by one ---------------------------------------------------------------------------------------


def test_a_template_resolves_as_load_does(tmp_path: Path) -> None:
    """With no overrides and with some."""
    (tmp_path / "a.yaml").write_text(DNI)
    made = Template(tmp_path / "a.yaml", Config)
    for texts in ([], ["seed=3"], ["trainer.name=frozen", "network.hidden=[3]"]):
        assert made.resolve(read(*texts)) == load(tmp_path / "a.yaml", Config, texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["trainer.name=frozen"],
        ["trainer.generator.optimizer=adam", "trainer.generator.optimizer.beta1=0.5"],
        ["network={hidden: [3]}", "seed=4"],
        ["seed.x=1"],
        ["foo=1"],
        ["seed=-1"],
    ],
)
def test_one_set_of_overrides_leaves_no_trace_in_the_next(texts: list[str]) -> None:
    """Neither values, places nor errors."""
    made = template(DNI + "seed: 2\n")
    before = made.resolve([])
    with ErrorCollector():
        made.resolve(read(*texts))
    assert made.resolve([]) == before
    assert set_keys(made.resolve([])) == set_keys(before)


# keys that exist ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changes", "depths"),
    [
        (BASE, ["seed=1", "trainer.alpha=1", "network.init.scale=1"], [1, 2, 3]),
        (BASE, ["sead=1", "trainer.alpa=1", "seed.x=1"], [0, 1, 1]),
        (BASE, ["trainer.generator.alpha=1"], [1]),
        (DNI, ["trainer.generator.alpha=1"], [3]),
        (DNI, ["trainer.generator.alpha=1", "trainer.name=frozen"], [1, 2]),
        (BASE, ["trainer.generator.alpha=1", "trainer={name: dni}"], [3, 1]),
        (BASE, ["trainer.optimizer.mu=1", "trainer.optimizer.name=momentum"], [3, 3]),
        (BASE, ["trainer.optimizer=momentum", "trainer.optimizer.mu=1"], [2, 3]),
        (BASE, ["network.init.gain=1", "network.init="], [2, 2]),
        (BASE, ["trainer.name=frozzen", "trainer.generator.alpha=1"], [2, 1]),
        (BASE, ["trainer.name=xyzzy", "trainer.generator.alpha=1"], [2, 3]),
        ("task: {name: binary-addition}\ntrainer: dni\n", ["trainer.generator.alpha=1"], [3]),
    ],
)
def test_how_much_of_a_key_exists_depends_on_the_choices(text: str, changes: list[str], depths: list[int]) -> None:
    """Those of the overrides, of the file, by default; below a choice that is none, all of it is thought to."""
    assert template(text).depths(read(*changes)) == depths


@pytest.mark.parametrize("key", ["trainer", "trainer.name", "network", "network.init.scheme", "trainer.optimizer"])
def test_choices_and_sections_decide_which_keys_there_are(key: str) -> None:
    """At any depth, in whichever entry."""
    assert chooses(tuple(key.split(".")), Config)
    assert chooses(("trainer", "generator", "optimizer", "name"), Config)


@pytest.mark.parametrize("key", ["seed", "trainer.alpha", "trainer.generator.input", "network.hidden", "foo", "seed.x"])
def test_single_values_decide_nothing_about_keys(key: str) -> None:
    """Nor do keys that do not exist."""
    assert not chooses(tuple(key.split(".")), Config)


# products -----------------------------------------------------------------------------------------


@st.composite
def files_and_axes(draw: st.DrawFn) -> tuple[str, list[list[Setting]]]:
    """A valid config, and for some of its single values some others, out of other configs."""
    tree = draw(trees())
    others = [flat(draw(trees())) for _ in range(2)]
    keys = [key for key in flat(tree) if not chooses(tuple(key.split(".")), Config)]
    chosen = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True)) if keys else []
    axes = [[flat(tree)[key], *(other[key] for other in others if key in other)] for key in chosen]
    return dump(tree), [
        [setting(f"{key}={dump({'v': value})[3:].strip()}") for value in axis]
        for key, axis in zip(chosen, axes, strict=True)
    ]


@pytest.mark.full
@settings(max_examples=60)
@given(files_and_axes())
def test_a_product_is_every_combination_resolved(drawn: tuple[str, list[list[Setting]]]) -> None:
    """Equal values, the same keys set; and an error where one of them has an error."""
    text, axes = drawn
    made = template(text)
    errors, together = ErrorCollector(), ErrorCollector()
    alone, product = [], []
    for changes in itertools.product(*axes):
        with errors:
            alone.append(made.resolve(changes))
    with together:
        product = made.product(axes)
    assert bool(errors.lines) == bool(together.lines)
    assert together.lines.keys() <= errors.lines.keys()
    if not errors.lines:
        assert product == alone
        assert [set_keys(one) for one in product] == [set_keys(one) for one in alone]


def said(made: Template[Config], *axes: list[str]) -> list[str]:
    """The lines of the error that a product makes."""
    with pytest.raises(ConfigError) as error:
        made.product([read(*axis) for axis in axes])
    return error.value.lines


SEEDS = [f"seed={n}" for n in range(1000)]


def test_a_wrong_value_is_said_once() -> None:
    """Whether it is the first or not, and however many combinations it is in."""
    lines = [
        "-s trainer.alpha=-1: trainer.alpha: -1 is out of range (must be >= 0)",
        "-s trainer.alpha=-2: trainer.alpha: -2 is out of range (must be >= 0)",
    ]
    assert said(template(BASE), ["trainer.alpha=-1", "trainer.alpha=1", "trainer.alpha=-2"], SEEDS) == lines
    assert said(template(BASE), SEEDS, ["trainer.alpha=1", "trainer.alpha=-1", "trainer.alpha=-2"]) == lines


def test_what_is_wrong_between_values_is_looked_for_in_every_combination() -> None:
    """Some of them may be right."""
    sizes, examples = ["training.batch_size=5", "training.batch_size=20"], ["task.train_examples=10"]
    line = "-s training.batch_size=20: training.batch_size: 20 is more than there are training examples (at most 10)"
    assert said(template(BASE), sizes, [*examples, "task.train_examples=30"]) == [line]


def test_a_product_shares_what_does_not_differ() -> None:
    """A hundred thousand runs fit into memory."""
    one, other = template(BASE).product([read("seed=1", "seed=2")])
    assert one.trainer is other.trainer
    assert (one.seed, other.seed) == (1, 2)


def test_a_product_of_nothing_is_the_file() -> None:
    """One combination: no override."""
    made = template(DNI)
    assert made.product([]) == [made.resolve([])]


# several errors ------------------------------------------------------------------------------------


def test_errors_are_collected_once_and_in_order() -> None:
    """And raised together."""
    errors = ErrorCollector()
    errors.raise_if_any()
    for lines in (["b", "a"], ["a", "c"]):
        with errors:
            raise ConfigError(lines)
    with pytest.raises(ConfigError) as error:
        errors.raise_if_any()
    assert error.value.lines == ["b", "a", "c"]


def test_only_config_errors_are_collected() -> None:
    """Any other error is a fault of the program."""
    errors = ErrorCollector()
    with pytest.raises(ValueError, match="x"), errors:
        raise ValueError("x")
    assert not errors.lines


def test_a_label_is_one_short_line() -> None:
    """Messages about an override begin with it."""
    assert label("a=1") == "-s a=1"
    assert label("a=\n" + "x" * 200) == "-s a=\\n" + "x" * 113 + "..."
