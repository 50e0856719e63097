"""From run directories to a report: who is the control, what is compared with what, what had to be left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.written_runs import (
    BACKPROP,
    BITS,
    BOTH,
    FROZEN,
    LABEL,
    between,
    config,
    found,
    gathered,
    group,
    reported,
    run,
)

from synthgrad.claims.report import build
from synthgrad.compare.formats import as_json
from synthgrad.compare.question import Question
from synthgrad.errors import ConfigError


def four(runs: Path) -> None:
    """Three methods and the control, seven seeds each."""
    for keys, end in ((BACKPROP, 0.9), (BOTH, 0.8), (LABEL, 0.6), (FROZEN, 0.5)):
        group(runs, keys, [end + seed / 100 for seed in range(7)])


# references ---------------------------------------------------------------------------------------


def test_control_and_reference_are_found_by_config(tmp_path: Path) -> None:
    """Whatever the runs are called."""
    group(tmp_path, FROZEN, [0.5], name="backprop")
    group(tmp_path, BACKPROP, [0.6], name="frozen")
    report = reported(tmp_path)
    assert {g.label: g.role for g in report.groups} == {"frozen": "control", "backprop": "reference"}
    assert (report.tables[0].control, report.tables[0].reference) == ("frozen", "backprop")


def test_methods_are_held_against_control_and_backprop(tmp_path: Path) -> None:
    """In this order, the best method first."""
    four(tmp_path)
    assert [(d.of, d.against) for d in reported(tmp_path).differences] == [
        ("backprop", "frozen"), ("dni both", "frozen"), ("dni label", "frozen"),
        ("dni both", "backprop"), ("dni label", "backprop"),
    ]  # fmt: skip


def test_of_several_controls_the_strongest_is_the_control(tmp_path: Path) -> None:
    """A control that was tuned too little flatters every method."""
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.1}, [0.5] * 6)
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.2}, [0.6] * 6)
    assert reported(tmp_path).tables[0].control == "frozen alpha=0.2"


def test_a_single_lucky_run_is_no_control_where_there_is_one_of_six_seeds(tmp_path: Path) -> None:
    """It would make every verdict "too few"."""
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.1}, [0.5] * 6)
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.2}, [0.6])
    assert reported(tmp_path).tables[0].control == "frozen alpha=0.1"


def test_a_control_without_a_result_is_second_to_one_with(tmp_path: Path) -> None:
    """All its runs diverged."""
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.1}, [0.5])
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.2}, [None])
    assert reported(tmp_path).tables[0].control == "frozen alpha=0.1"


def test_against_compares_with_that_group_alone(tmp_path: Path) -> None:
    """One family, by the group's label or by words of its settings."""
    four(tmp_path)
    report = reported(tmp_path, against="dni label")
    assert report.family == {"dni label": ["backprop", "dni both", "frozen"]}
    assert reported(tmp_path, against="label").family == report.family


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dni bth", r"--against dni bth: no group is called 'dni bth' \(did you mean 'dni both'\?\)"),
        ("%", r"--against %: no group is called '%' \(there are backprop, dni both, dni label, frozen\)"),
        ("dni", "--against dni: may be dni both, dni label"),
    ],
)
def test_against_an_unknown_group_says_which_there_are(tmp_path: Path, asked: str, said: str) -> None:
    """Or which of several may be meant."""
    four(tmp_path)
    with pytest.raises(ConfigError, match=said):
        reported(tmp_path, against=asked)


def test_against_a_group_of_one_table_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    """They are shown without a difference."""
    four(tmp_path)
    group(tmp_path, {**BACKPROP, "task.bits": 5}, [0.5])
    report = reported(tmp_path, against="dni label")
    assert ([t.runs for t in report.tables], {d.table for d in report.differences}) == ([28, 1], {1})


def test_without_frozen_runs_there_is_no_control(tmp_path: Path) -> None:
    """Methods are then held against backprop, and the table lacks a control unless nobody wants one."""
    group(tmp_path, BACKPROP, [0.9])
    group(tmp_path, BOTH, [0.8])
    table = reported(tmp_path).tables[0]
    assert (table.control, table.lacks_control, table.family) == (None, True, {"backprop": ["dni"]})
    assert not reported(tmp_path, control=False).tables[0].lacks_control


def test_no_group_is_compared_where_there_is_no_reference_either(tmp_path: Path) -> None:
    """Two kinds of dni."""
    group(tmp_path, BOTH, [0.8])
    group(tmp_path, LABEL, [0.6])
    report = reported(tmp_path)
    assert (report.differences, report.family) == ([], {})


def test_a_table_is_compared_with_its_own_control(tmp_path: Path) -> None:
    """Never with that of another network."""
    for hidden, end in (([4], 0.5), ([8], 0.7)):
        group(tmp_path, {**FROZEN, "network.hidden": hidden}, [end] * 6)
        group(tmp_path, {**BACKPROP, "network.hidden": hidden}, [end + 0.1] * 6)
    assert [d.mean for d in reported(tmp_path).differences] == [pytest.approx(0.1), pytest.approx(0.1)]


# groups -------------------------------------------------------------------------------------------


def test_a_group_tells_everything_of_each_of_its_runs(tmp_path: Path) -> None:
    """Values belong to seeds; the mean is over those that finished."""
    paths = [
        run(tmp_path, BACKPROP, 0, {BITS: 0.5}),
        run(tmp_path, BACKPROP, 1, {BITS: 0.7}),
        run(tmp_path, BACKPROP, 2, {BITS: 0.9}, "diverged"),
        run(tmp_path, BACKPROP, 3, {BITS: 0.9}, None),
        run(tmp_path, BACKPROP, 4, {BITS: 0.9}, "interrupted"),
    ]
    g = found(reported(tmp_path), "backprop")
    assert (g.seeds, g.runs) == ([0, 1, 2, 3, 4], [str(path) for path in paths])
    assert g.outcomes == ["finished", "finished", "diverged", "unfinished", "interrupted"]
    assert g.values == [0.5, 0.7, None, None, None]
    assert (g.n, g.mean, g.median, g.interval) == (2, pytest.approx(0.6), pytest.approx(0.6), None)
    assert (g.diverged, g.incomplete) == (1, 2)


def test_the_pace_is_the_median_over_runs_and_held_against_backprop(tmp_path: Path) -> None:
    """Seconds an epoch; and a mark where the machine was another one."""
    for seed, pace in enumerate((0.5, 0.5, 8.0)):
        run(tmp_path, BACKPROP, seed, pace=pace)
        run(tmp_path, FROZEN, seed, pace=0.25)
    run(tmp_path, BOTH, 0, pace=1.0, about={"host": "other"})
    report = reported(tmp_path)
    told = {g.label: (g.seconds_per_epoch, g.times_reference, g.other_machine) for g in report.groups}
    assert told == {"backprop": (0.5, 1.0, False), "frozen": (0.25, 0.5, False), "dni": (1.0, 2.0, True)}
    assert found(report, "backprop").seconds == pytest.approx(90.0)


def test_a_clock_that_failed_is_no_number(tmp_path: Path) -> None:
    """Blank or not finite in the last row: what was measured before counts."""
    path = run(tmp_path, BACKPROP, 0)
    metrics = path / "metrics.csv"
    rows = metrics.read_text().splitlines()
    metrics.write_text("\n".join([*rows[:-1], rows[-1].replace("5.000000", "nan")]) + "\n")
    json.loads(as_json(reported(tmp_path)))
    assert found(reported(tmp_path), "backprop").seconds == 4.5


def test_the_layers_of_a_method_are_told_at_the_epoch_of_the_comparison(tmp_path: Path) -> None:
    """Cosine and skill of each generator; methods without generators have none."""
    run(tmp_path, BACKPROP, 0, {BITS: 0.5})
    figures = {BITS: 0.5, "cosine.1": [0.1, 0.2], "cosine.2": [0.3, 0.4], "skill.1": [-1.0, 0.5], "skill.x": 1.0}
    run(tmp_path, BOTH, 0, {**figures, BITS: [0.5, 0.5]})
    run(tmp_path, BACKPROP, 0, {BITS: [0.5, 0.5]})
    report = reported(tmp_path)
    assert [(x.layer, x.cosine.mean, x.skill.mean) for x in found(report, "dni").layers] == [
        (1, 0.2, 0.5),
        (2, 0.4, None),
    ]
    assert found(report, "backprop").layers == []


@pytest.mark.parametrize(
    ("sort", "order"),
    [("mean", ["backprop", "dni", "frozen"]), ("label", ["backprop", "dni", "frozen"]),
     ("n", ["frozen", "dni", "backprop"]),
     ("seconds", ["dni", "frozen", "backprop"]), ("diverged", ["backprop", "frozen", "dni"])],
)  # fmt: skip
def test_groups_are_in_the_order_that_was_asked_for(tmp_path: Path, sort: str, order: list[str]) -> None:
    """By default the best first."""
    group(tmp_path, BACKPROP, [0.9], pace=3.0)
    group(tmp_path, BOTH, [0.8, 0.8, None], pace=1.0)
    group(tmp_path, FROZEN, [0.5] * 3, pace=2.0)
    assert [g.label for g in reported(tmp_path, sort=sort).groups] == order


def test_curves_are_thinned_and_those_of_layers_come_when_asked(tmp_path: Path) -> None:
    """The metric's own always."""
    run(tmp_path, BOTH, 0, {BITS: [e / 400 for e in range(400)], "loss": 1.0, "cosine.1": 0.5, "abs_error": 3.0})
    group(tmp_path, BACKPROP, [0.5])
    assert list(found(reported(tmp_path), "dni").curves) == [BITS]
    curves = found(reported(tmp_path, curves=True), "dni").curves
    assert list(curves) == [BITS, "loss", "cosine.1"]
    assert (curves[BITS].epoch[0], curves[BITS].epoch[-1], len(curves[BITS].epoch)) == (1, 400, 120)


# what is left out ---------------------------------------------------------------------------------


def test_no_run_is_an_error_that_says_what_became_of_them(tmp_path: Path) -> None:
    """Damaged ones each on a line of its own."""
    path = run(tmp_path, BACKPROP, 0)
    (path / "config.yaml").write_text("a: [")
    with pytest.raises(ConfigError) as error:
        reported(tmp_path)
    lines = str(error.value).split("\n")
    assert lines[0].startswith(f"left out: {path}/config.yaml: ")
    assert lines[1:] == ["compare: no run is left to compare"]


def test_a_run_of_another_task_that_measured_nothing_is_left_out(tmp_path: Path) -> None:
    """It has just begun: the others are compared all the same."""
    group(tmp_path, BACKPROP, [0.5, 0.6])
    run(tmp_path, {**BACKPROP, "task.bits": 7}, 0, {}, None)
    report = reported(tmp_path)
    assert (len(report.tables), found(report, "backprop").n) == (1, 2)
    assert report.warnings == ["left out: 1 run of another task or network, without an accuracy"]


def test_a_run_that_has_just_begun_is_in_its_group(tmp_path: Path) -> None:
    """Without a row, or without a header."""
    group(tmp_path, BACKPROP, [0.5, 0.6])
    run(tmp_path, BACKPROP, 2, {BITS: []}, None)
    path = run(tmp_path, BACKPROP, 3, outcome=None)
    (path / "metrics.csv").unlink()
    g = found(reported(tmp_path), "backprop")
    assert (g.seeds, g.n, g.incomplete) == ([0, 1, 2, 3], 2, 2)


@pytest.mark.parametrize("seed", ["", "seed: one\n", "seed: true\n", "seed: 1.5\n", "seed: null\n"])
def test_a_run_without_a_seed_is_left_out(tmp_path: Path, seed: str) -> None:
    """It cannot be paired; the reason is a warning."""
    run(tmp_path, BACKPROP, 0)
    path = run(tmp_path, BACKPROP, 1)
    (path / "config.yaml").write_text(seed + config(BACKPROP, 1).removeprefix("seed: 1\n"))
    report = reported(tmp_path)
    assert (len(report.groups[0].seeds), report.warnings) == (1, [f"left out: {path}/config.yaml: has no seed"])


def test_a_run_that_is_found_by_two_paths_is_one(tmp_path: Path) -> None:
    """Through a link, or written in another way: it was not run twice."""
    group(tmp_path / "runs", BACKPROP, [0.5, 0.6])
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    report = build(gathered(tmp_path / "runs", tmp_path / "link"), Question(), [])
    assert (report.groups[0].seeds, report.warnings) == ([0, 1], [])


def test_where_narrows_the_runs(tmp_path: Path) -> None:
    """Before anything is grouped."""
    four(tmp_path)
    report = reported(tmp_path, where=["trainer.name=dni", "seed<3"])
    assert [(g.label, g.n) for g in report.groups] == [("dni both", 3), ("dni label", 3)]


# stability ----------------------------------------------------------------------------------------


def test_the_order_of_directories_changes_nothing(tmp_path: Path) -> None:
    """Read again, or backwards, a report is the same to the last letter; so are tables of equal size."""
    four(tmp_path)
    group(tmp_path, {**BACKPROP, "task.bits": 5}, [0.5] * 28)
    paths = sorted(tmp_path.iterdir())
    texts = {
        as_json(build(gathered(*order), Question(), [])) for order in (paths, paths, paths[::-1], paths[3:] + paths[:3])
    }
    assert len(texts) == 1


def test_numbers_do_not_depend_on_where_the_runs_lie(tmp_path: Path) -> None:
    """Moved to another place, everything but their paths is the same."""
    four(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    there = [build(gathered(tmp_path / place), Question(), []) for place in "ab"]
    one, other = (
        as_json(report).replace(f"{tmp_path}/{place}/", "") for report, place in zip(there, "ab", strict=True)
    )
    assert one == other


def test_settings_that_json_does_not_know_are_text(tmp_path: Path) -> None:
    """A config that was edited by hand: dates, infinities, empty sections."""
    path = run(tmp_path, BACKPROP, 0)
    (path / "config.yaml").write_text("seed: 0\ntrainer: {name: backprop, a: .nan, b: 2026-01-02, c: {}, d: [.inf]}\n")
    report = reported(tmp_path)
    assert report.groups[0].config == {
        "trainer.name": "backprop", "trainer.a": "nan", "trainer.b": "2026-01-02", "trainer.c": "{}",
        "trainer.d": ["inf"],
    }  # fmt: skip
    json.loads(as_json(report))


def test_one_difference_is_not_the_other_way_round(tmp_path: Path) -> None:
    """``of`` minus ``against``."""
    four(tmp_path)
    report = reported(tmp_path, against="dni both")
    assert between(report, "backprop", "dni both").mean == pytest.approx(0.1)
