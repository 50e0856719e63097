"""Which runs belong together, which are kept apart, and what a group is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, found, group, reported, run, subjects

from synthgrad.compare.groups import CHOICES, UNSET, axes, differing, end, groups, labels, spelt, titles, told, words
from synthgrad.config.options import OneOf, Section, sections
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config

ALPHAS = [{**BACKPROP, "trainer.alpha": alpha} for alpha in (0.1, 0.01)]


def named(*settings: dict[str, Any]) -> list[str]:
    """The labels of groups that differ in these keys of dni."""
    return labels(
        [{"trainer.name": "dni", "trainer.alpha": 0.1, "trainer.generator.alpha": 0.1, **s} for s in settings]
    )


# who belongs together -----------------------------------------------------------------------------


def test_runs_that_differ_in_the_seed_alone_are_one_group(tmp_path: Path) -> None:
    """Three seeds, one group of three."""
    group(tmp_path, BACKPROP, [0.5, 0.6, 0.7])
    (members,) = groups(subjects(tmp_path))[0]
    assert [s.seed for s in members.subjects] == [0, 1, 2]


def test_the_seeds_of_a_group_are_in_order_whenever_they_were_run(tmp_path: Path) -> None:
    """Seed 10 comes after seed 9, in numbers and not in letters."""
    for seed in (10, 9, 2):
        run(tmp_path, BACKPROP, seed)
    (members,) = groups(subjects(tmp_path))[0]
    assert [s.seed for s in members.subjects] == [2, 9, 10]


def test_runs_may_differ_in_what_changes_no_number(tmp_path: Path) -> None:
    """Diagnostics on or off is the same experiment."""
    run(tmp_path, {**BOTH, "diagnostics": True}, 0)
    run(tmp_path, {**BOTH, "diagnostics": False}, 1)
    assert len(groups(subjects(tmp_path))[0]) == 1


def test_how_often_checkpoints_were_written_keeps_nobody_apart(tmp_path: Path) -> None:
    """Old runs have the former default, 0; new ones auto."""
    for seed, every in enumerate((0, "auto", 50)):
        run(tmp_path, {**BOTH, "training.checkpoint_every": every}, seed)
    assert [m.label for m in groups(subjects(tmp_path))[0]] == ["dni"]


@pytest.mark.parametrize(("one", "other"), [("10", "10.0"), ("[0.5, 1]", "[0.5, 1.0]"), ("1.0e-3", "0.001")])
def test_numbers_that_are_equal_are_the_same_setting(tmp_path: Path, one: str, other: str) -> None:
    """10 and 10.0 are one group, also inside lists."""
    for seed, written in enumerate((one, other)):
        path = run(tmp_path, BACKPROP, seed)
        path.joinpath("config.yaml").write_text(f"seed: {seed}\ntrainer:\n  name: backprop\n  alpha: {written}\n")
    assert [m.label for m in groups(subjects(tmp_path))[0]] == ["backprop"]


@pytest.mark.parametrize(("one", "other"), [("1", "true"), ("'1'", "1"), ("null", "'null'"), ("[]", "{}")])
def test_values_of_different_kinds_are_different_settings(tmp_path: Path, one: str, other: str) -> None:
    """True is not 1, text is no number."""
    for seed, written in enumerate((one, other)):
        path = run(tmp_path, BACKPROP, seed)
        path.joinpath("config.yaml").write_text(f"seed: {seed}\ntrainer:\n  name: backprop\n  alpha: {written}\n")
    assert len({m.label for m in groups(subjects(tmp_path))[0]}) == 2


def test_whole_numbers_too_large_for_a_float_stay_apart(tmp_path: Path) -> None:
    """2^53 and 2^53 + 1 are two settings."""
    for seed, number in enumerate((2**53, 2**53 + 1)):
        path = run(tmp_path, BACKPROP, seed)
        path.joinpath("config.yaml").write_text(f"seed: {seed}\ntrainer: {{name: backprop, alpha: {number}}}\n")
    assert len(groups(subjects(tmp_path))[0]) == 2


def two_versions(tmp_path: Path, key: str, line: str) -> dict[str, int]:
    """The groups of three runs as they are, and of three whose config has a line that those lack, or lacks theirs."""
    for seed in range(3):
        run(tmp_path, BACKPROP, seed)
        config = run(tmp_path, BACKPROP, seed) / "config.yaml"
        config.write_text(config.read_text().replace(key, line))
    return {m.label: len(m.subjects) for m in groups(subjects(tmp_path))[0]}


def test_a_run_of_an_older_version_has_the_default_of_a_key_that_came_later(tmp_path: Path) -> None:
    """It is in one group with those that have the key at its default."""
    assert two_versions(tmp_path, "  shuffle: false\n", "") == {"backprop": 3}


def test_runs_without_a_key_that_nobody_knows_are_a_group_of_their_own(tmp_path: Path) -> None:
    """A newer version has it: runs without it are (unset), not loose."""
    found = two_versions(tmp_path, "  shuffle: false\n", "  shuffle: false\n  sharpness: 2\n")
    assert found == {"backprop sharpness=2": 3, f"backprop sharpness={UNSET}": 3}


# one run of a seed counts -------------------------------------------------------------------------


def test_of_two_runs_of_a_seed_the_later_counts(tmp_path: Path) -> None:
    """Both finished: the one that was made last, and a note that says so."""
    run(tmp_path, BACKPROP, 1, {BITS: 0.5})
    later = run(tmp_path, BACKPROP, 1, {BITS: 0.6})
    (members,), notes = groups(subjects(tmp_path))
    assert [s.path for s in members.subjects] == [str(later)]
    assert notes == ["backprop: seed 1 ran more than once; the latest that finished counts"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_later_run_is_the_one_that_began_later_in_whatever_order_they_are_named(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    """Neither the order of the places nor that of their names decides."""
    places = [tmp_path / "z", tmp_path / "a"]
    for place in places:
        run(place, BACKPROP, 1)
    (members,), _ = groups(subjects(*(places[at] for at in order)))
    assert [s.path for s in members.subjects] == [str(path) for path in places[1].iterdir()]


@pytest.mark.parametrize("outcome", ["diverged", "interrupted", "failed", None])
def test_a_finished_run_counts_before_a_later_one_that_did_not(tmp_path: Path, outcome: str | None) -> None:
    """Whatever came of the second try."""
    first = run(tmp_path, BACKPROP, 1)
    run(tmp_path, BACKPROP, 1, outcome=outcome)
    (members,) = groups(subjects(tmp_path))[0]
    assert [s.path for s in members.subjects] == [str(first)]


def test_a_diverged_run_counts_before_one_that_was_interrupted(tmp_path: Path) -> None:
    """Divergence is an outcome, an interruption is none."""
    first = run(tmp_path, BACKPROP, 1, outcome="diverged")
    run(tmp_path, BACKPROP, 1, outcome="interrupted")
    (members,) = groups(subjects(tmp_path))[0]
    assert [s.path for s in members.subjects] == [str(first)]


# tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["task.bits", "network.activation"])
def test_runs_of_another_task_or_network_have_a_table_of_their_own(tmp_path: Path, key: str) -> None:
    """No pooling: each table has its own groups, and its title says what is different."""
    values = (4, 5) if key == "task.bits" else ("tanh", "relu")
    for value in values:
        group(tmp_path, {**BACKPROP, key: value}, [0.5, 0.6])
    report = reported(tmp_path)
    assert [(g.table, g.n) for g in report.groups] == [(1, 2), (2, 2)]
    assert {t.title for t in report.tables} == {f"bits={v}" if isinstance(v, int) else v for v in values}


def test_the_table_of_most_runs_is_the_first(tmp_path: Path) -> None:
    """However late its runs were made."""
    group(tmp_path, {**BACKPROP, "task.bits": 5}, [0.5])
    group(tmp_path, {**BACKPROP, "task.bits": 4}, [0.5, 0.6])
    assert [t.runs for t in reported(tmp_path).tables] == [2, 1]


def test_by_keeps_one_table(tmp_path: Path) -> None:
    """A network key that is an axis sets no run apart."""
    for hidden in ([4], [8, 4]):
        group(tmp_path, {**BACKPROP, "network.hidden": hidden}, [0.5, 0.6])
    (table,) = reported(tmp_path, by=("network.hidden",)).tables
    assert table.sweep is not None
    assert [c.label for c in table.sweep.methods[0].cells] == ["[4]", "[8,4]"]


def test_by_takes_the_unique_end_of_a_key(tmp_path: Path) -> None:
    """As --where does."""
    assert axes(("hidden", "trainer"), _subjects(tmp_path)) == ("network.hidden", "trainer.name")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trainer.alhpa", r"--by trainer.alhpa: no run has such a key \(did you mean 'trainer.alpha'\?\)"),
        ("name", r"--by name: may be task.name or .* \(write the whole key\)"),
        ("%", r"--by %: no run has such a key \(synthgrad runs show RUN lists the keys of a run\)"),
    ],
)
def test_by_an_unknown_key_says_which_was_meant(tmp_path: Path, text: str, said: str) -> None:
    """A misspelt key is not silently no axis."""
    with pytest.raises(ConfigError, match=said):
        axes((text,), _subjects(tmp_path))


def _subjects(runs: Path) -> list[Any]:
    run(runs, BACKPROP)
    return subjects(runs)


# labels -------------------------------------------------------------------------------------------


def test_a_label_is_the_algorithm_where_that_will_do() -> None:
    """Whatever else differs along with it."""
    assert labels([{"trainer.name": "dni", "a": 1}, {"trainer.name": "frozen", "a": 2}]) == ["dni", "frozen"]


def test_a_label_takes_the_key_that_tells_apart() -> None:
    """The generator's input by its name, numbers with the end of their key."""
    assert named({"trainer.generator.input": "both"}, {"trainer.generator.input": "label"}) == ["dni both", "dni label"]
    assert named({"trainer.alpha": 0.1}, {"trainer.alpha": 1e-5}) == ["dni alpha=0.1", "dni alpha=1e-05"]


def test_only_those_that_would_be_alike_get_more_words() -> None:
    """Backprop stays backprop beside two kinds of dni."""
    made = labels([{"trainer.name": "backprop"}, {"trainer.name": "dni", "x": 1}, {"trainer.name": "dni", "x": 2}])
    assert made == ["backprop", "dni x=1", "dni x=2"]


def test_of_two_keys_that_end_alike_the_longer_says_more() -> None:
    """A reader must not take the generators' step size for that of the layers."""
    assert named({"trainer.generator.alpha": 0.1}, {"trainer.generator.alpha": 0.2}) == [
        "dni generator.alpha=0.1",
        "dni generator.alpha=0.2",
    ]
    assert end("trainer.alpha", ["trainer.alpha", "trainer.generator.alpha"]) == "alpha"


def test_the_key_that_tells_most_groups_apart_comes_first() -> None:
    """One word each instead of two."""
    made = named({"x.a": 1, "x.b": 1}, {"x.a": 1, "x.b": 2}, {"x.a": 2, "x.b": 3})
    assert made == ["dni b=1", "dni b=2", "dni b=3"]


def test_a_key_that_only_some_have_is_the_last_to_tell_apart() -> None:
    """An oracle sees no inputs, but that is not what it is called by."""
    learned = [{"trainer.name": "dni", "trainer.generator.kind": "learned", "trainer.generator.input": i} for i in "ab"]
    oracle = {"trainer.name": "dni", "trainer.generator.kind": "oracle"}
    assert labels([*learned, oracle]) == ["dni learned a", "dni learned b", "dni oracle"]


def test_a_list_of_generator_inputs_reads_as_a_sum() -> None:
    """layer-output+input, no brackets."""
    made = named({"trainer.generator.input": ["layer-output", "input"]}, {"trainer.generator.input": "both"})
    assert made == ["dni layer-output+input", "dni both"]


def test_settings_that_read_alike_are_numbered() -> None:
    """Text that looks like a missing key does not take its label."""
    assert len(set(labels([{"trainer.name": "dni", "x": UNSET}, {"trainer.name": "dni"}]))) == 2


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.sampled_from(["a", "a b", "", UNSET]),
    st.lists(st.one_of(st.integers(0, 2), st.sampled_from(["a", "1", "true"]), st.booleans()), max_size=2),
)  # fmt: skip
KEYS = ["trainer.name", "trainer.alpha", "trainer.generator.alpha", "trainer.generator.input", "b"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), min_size=1, max_size=7))
def test_labels_are_always_unique(settings: list[dict[str, Any]]) -> None:
    """Whatever the settings are, as long as they differ."""
    different = [s for i, s in enumerate(settings) if all(differing([s, other]) for other in settings[:i])]
    assert len(set(labels(different))) == len(different)


# what differs -------------------------------------------------------------------------------------


def test_every_way_to_choose_a_section_is_looked_at() -> None:
    """The keys of the schema by which one entry of a registry is chosen."""

    def keys(section: Section) -> set[str]:
        choices = [section.options(name) for name in section.registry] if isinstance(section, OneOf) else [section]
        own = {section.key} if isinstance(section, OneOf) else set()
        return own.union(*(keys(below) for choice in choices for below in sections(choice).values() if below))

    assert keys(Config) == {name.removeprefix(".") for name in CHOICES if name}


def test_keys_that_only_another_algorithm_has_are_not_told(tmp_path: Path) -> None:
    """Backprop has no generator: that is no second difference."""
    for keys in (BACKPROP, BOTH):
        run(tmp_path, keys)
    keys = told([s.settings for s in subjects(tmp_path)])
    assert keys == ["trainer.name"]


def test_a_report_names_what_differs_and_counts_what_does_not(tmp_path: Path) -> None:
    """The generator's input between two kinds of dni, the algorithm between these and the control."""
    for keys in (BOTH, LABEL, FROZEN):
        group(tmp_path, keys, [0.5])
    report = reported(tmp_path)
    (table,) = report.tables
    assert table.differs == ["trainer.name", "trainer.generator.input"]
    assert found(report, "dni label").keys_that_differ == {"trainer.name": "dni", "trainer.generator.input": "label"}
    assert found(report, "frozen").keys_that_differ == {"trainer.name": "frozen", "trainer.generator.input": None}
    same = [
        key
        for key, value in found(report, "dni both").config.items()
        if found(report, "frozen").config.get(key, "no such key") == value
    ]
    assert table.held_equal == len(same)


def test_step_sizes_are_two_groups(tmp_path: Path) -> None:
    """Each with its own runs."""
    for keys in ALPHAS:
        group(tmp_path, keys, [0.5, 0.6])
    assert {m.label: len(m.subjects) for m in groups(subjects(tmp_path))[0]} == {
        "backprop alpha=0.1": 2,
        "backprop alpha=0.01": 2,
    }


@pytest.mark.parametrize(
    ("apart", "named"),
    [
        ([{}], ["a"]),
        ([{"task.bits": 4}, {"task.bits": 5}], ["bits=4", "bits=5"]),
        ([{"task.bits": 4, "trainer.alpha": 1}, {"task.bits": 5, "trainer.alpha": 2}], ["bits=4", "bits=5"]),
        ([{}, {"task.name": "b", "task.kind": "x"}, {"task.name": "b", "task.kind": "y"}], ["a", "b x", "b y"]),
        (
            [{"task.bits": bits, "network.bias": bias} for bits, bias in ((4, True), (4, False), (5, True))],
            ["bits=4 bias=true", "bits=4 bias=false", "bits=5"],
        ),
        (
            [{"task.name": "b", "task.inputs": 8}, {"task.bits": 4}, {"task.bits": 5}, {"task.bits": 5, "task.x": 1}],
            ["b", "a bits=4", "a bits=5", "a bits=5 x=1"],
        ),
    ],
)
def test_tables_are_titled_by_as_few_words_as_tell_them_apart(apart: list[dict[str, Any]], named: list[str]) -> None:
    """The task where there are several, never a key of the trainer, nor one that the table lacks."""
    assert titles([{"task.name": "a", **each} for each in apart]) == named


def test_the_tables_of_a_report_have_titles_of_their_own(tmp_path: Path) -> None:
    """Of those keys in which the tables of a task differ, not in which all tables do."""
    run(tmp_path, BACKPROP, 0, {"loss": 1.0})
    for n, hidden in ((4, [8]), (6, [8]), (6, [9])):
        keys = {"task": {"name": "linear-teacher", "inputs": n}, "network.hidden": hidden}
        run(tmp_path, {**BACKPROP, **keys}, 0, {"loss": 1.0})
    titled = [table.title for table in reported(tmp_path, metrics=("loss",)).tables]
    assert sorted(titled) == [
        "binary-addition",
        "linear-teacher inputs=4",
        "linear-teacher inputs=6 hidden=[8]",
        "linear-teacher inputs=6 hidden=[9]",
    ]


def test_a_title_leaves_out_what_sets_nobody_apart(tmp_path: Path) -> None:
    """Tables that hold several bits are told apart by something else."""
    for bits, hidden in ((4, [8]), (5, [8]), (4, [9])):
        run(tmp_path, {**BACKPROP, "task.bits": bits, "network.hidden": hidden})
    assert [t.title for t in reported(tmp_path, by=("task.bits",)).tables] == ["hidden=[8]", "hidden=[9]"]


def test_a_group_has_a_word_for_each_end_of_each_key() -> None:
    """Names stand alone too; a number is spelt in one way."""
    keys = {"trainer.name": "dni", "trainer.generator.input": ["label", "input"], "trainer.generator.alpha": 1e-2}
    assert words(keys) == {
        "dni", "name=dni", "trainer.name=dni",
        "label+input", "input=[label,input]", "generator.input=[label,input]", "trainer.generator.input=[label,input]",
        "alpha=0.01", "generator.alpha=0.01", "trainer.generator.alpha=0.01",
    }  # fmt: skip
    assert {spelt(f"alpha={text}") for text in ("0.01", "1e-2", ".01", "0.010")} == {"alpha=0.01"}
    assert [spelt(text) for text in ("hidden=[64]", "both", "on=true")] == ["hidden=[64]", "both", "on=true"]
