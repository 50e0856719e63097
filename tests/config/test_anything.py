"""Whatever is given, the answer is a config or a ConfigError whose messages are single lines."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.config_messages import BASE, DNI, said
from support.random_configs import trees

from synthgrad.config import check, dump
from synthgrad.config.reading import parse
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config

MARKS = r"""{ } [ ] , : & * ? | > - # % @ ` ! ' " ~ &a *a <<: --- !!int !!python/object:x \x 1e400 .nan 0x1 dni task"""
WORDS = st.sampled_from([*MARKS.split(), " ", "\t", "\n", "\n  ", "- ", ": ", "---\n", "%YAML 9", "\x85", "\u2028"])
YAMLISH = st.lists(WORDS | st.text(max_size=3), max_size=40).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("both")
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def problems(text: str) -> list[str]:
    """The lines of the error that a text makes; none if it is a config."""
    try:
        check(text, Config)
    except ConfigError as error:
        return error.lines
    return []


def one_line_each(lines: list[str]) -> bool:
    """Whether no message breaks or colours a terminal's line."""
    return all(line.isprintable() for line in lines)


@settings(max_examples=300)
@given(st.text() | YAMLISH)
@example('"\\UFFFFFFFF"')
@example('"\\ud800": 1')
@example("%YAML " + "9" * 5000 + ".1\n---\na: 1")
@example("!<%FF> a")
@example("{[a]: 1}")
@example("9" * 5000)
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    """Broken, hostile, or merely not YAML."""
    assert one_line_each(problems(text))


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_config_error(data: bytes) -> None:
    """A file may hold anything."""
    assert one_line_each(said(data))


@settings(max_examples=200)
@given(trees(), st.data())
def test_a_config_with_one_value_replaced_raises_nothing_but_a_config_error(tree: dict[str, Any], data: Any) -> None:
    """Anything in place of any value or section, to any depth."""
    at = tree
    while True:
        key = data.draw(st.sampled_from(sorted(at)))
        if isinstance(at[key], dict) and at[key] and data.draw(st.booleans()):
            at = at[key]
        else:
            break
    at[key] = data.draw(DATA)
    assert one_line_each(problems(yaml.safe_dump(tree, allow_unicode=True)))


NAMES = ("", "0", "task", "trainer", "network", "optimizer", "generator", "name", "seed", "hidden")
KEYS = st.lists(st.sampled_from(NAMES))
SETTINGS = st.text() | st.builds(lambda key, value: f"{'.'.join(key)}={value}", KEYS, st.text() | YAMLISH)


@settings(max_examples=300)
@given(st.lists(SETTINGS, min_size=1, max_size=3), st.sampled_from([BASE, DNI]))
@example(["trainer.generator.optimizer.beta1=1"], DNI)
@example(["trainer.optimizer.name.x=1"], DNI)
@example(["trainer.name=[[]]", "trainer.name.x.y=1"], DNI)
@example(["seed=\ud800"], BASE)
def test_no_override_raises_anything_but_a_config_error(changes: list[str], text: str) -> None:
    """Whatever stands behind -s, once or several times."""
    assert one_line_each(said(text, *changes))


@given(st.recursive(SCALARS.filter(lambda v: v == v), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_plain_data_written_out_reads_back(value: Any) -> None:
    """``dump`` and ``parse`` agree on every scalar, whatever it looks like."""
    assert parse(dump({"a": value}), "a").data == {"a": value}
