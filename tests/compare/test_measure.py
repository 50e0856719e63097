"""Which number of a run is compared, and where it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, DEEP, EXACT, FROZEN, found, group, reported, run, subjects

from synthgrad.claims.report import build
from synthgrad.compare.measure import Measure, choose, measure, middle, needed, reached
from synthgrad.compare.question import Question
from synthgrad.compare.subjects import gather
from synthgrad.errors import ConfigError
from synthgrad.runs.finding import find


def chosen(runs: Path, at: str = "last") -> str:
    """The metric of the table that all these runs are in, each a group of its own."""
    return choose([[s] for s in subjects(runs)], at)


def line(n: int, *, blank: int = 1) -> list[float | None]:
    """A figure that rises to 1 in n epochs, measured every ``blank`` of them."""
    return [e / n if e % blank == 0 else None for e in range(1, n + 1)]


# which metric -------------------------------------------------------------------------------------


def test_whole_sums_are_compared_where_a_group_gets_some_right(tmp_path: Path) -> None:
    """More than .02 in any group."""
    run(tmp_path, FROZEN, 0, {BITS: 0.6, EXACT: 0.0})
    run(tmp_path, BACKPROP, 0, {BITS: 0.9, EXACT: 0.021})
    assert chosen(tmp_path) == EXACT


def test_bits_are_compared_where_no_group_gets_whole_sums_right(tmp_path: Path) -> None:
    """.02 is not above .02."""
    for seed in range(2):
        run(tmp_path, BACKPROP, seed, {EXACT: 0.02, BITS: 0.9})
    assert chosen(tmp_path) == BITS


def test_one_lucky_run_does_not_choose_the_metric(tmp_path: Path) -> None:
    """It is a group's mean that has to be above .02."""
    for seed, exact in enumerate((0.03, 0.0, 0.0)):
        run(tmp_path, BACKPROP, seed, {EXACT: exact, BITS: 0.9})
    assert reported(tmp_path).metric == BITS


def test_a_run_that_diverged_does_not_choose_the_metric(tmp_path: Path) -> None:
    """What it had before it diverged is no result."""
    run(tmp_path, BACKPROP, 0, {EXACT: 0.5, BITS: 0.9}, "diverged")
    run(tmp_path, BACKPROP, 1, {EXACT: 0.0, BITS: 0.6})
    assert reported(tmp_path).metric == BITS


@pytest.mark.parametrize(
    ("columns", "metric"),
    [
        ({"accuracy": 0.7, "test_accuracy": 0.6}, "test_accuracy"),
        ({"bit_accuracy": 0.7, "exact_accuracy": 0.6}, "exact_accuracy"),
        ({"bit_accuracy": 0.7, "exact_accuracy": 0.0}, "bit_accuracy"),
        ({"accuracy": 0.7}, "accuracy"),
        ({"abs_error": 3.0, "r2": 0.7, "test_r2": -0.1}, "test_r2"),
        ({EXACT: 0.0, "exact_accuracy": 0.0, "bit_accuracy": 0.5}, EXACT),
        ({"abs_error": 3.0, "abs_delta": 1.0, "accuracy": 0.7}, "accuracy"),
    ],
)
def test_the_metric_is_the_best_score_that_there_is(tmp_path: Path, columns: dict[str, float], metric: str) -> None:
    """On the test set if there is one; bits of the same set in place of sums."""
    run(tmp_path, BACKPROP, 0, columns)
    assert chosen(tmp_path) == metric


def test_a_column_without_a_number_is_not_chosen(tmp_path: Path) -> None:
    """No test examples: the figures of the training set."""
    run(tmp_path, BACKPROP, 0, {BITS: [None] * 4, "bit_accuracy": 0.7})
    assert chosen(tmp_path) == "bit_accuracy"


def test_without_held_out_examples_the_training_accuracy_of_every_run_is_read(tmp_path: Path) -> None:
    """Though the diagnoses that some have are numbers, and the columns of held-out examples are there but blank."""
    blank = {"accuracy": 0.75, "test_accuracy": [None] * 10}
    run(tmp_path, BACKPROP, 0, blank)
    run(tmp_path, BOTH, 0, {**blank, "cosine.1": 0.5})
    read = gather(find([str(tmp_path)], tmp_path), needed=lambda names: needed(names, (), whole=False))
    report = build(read, Question(), [])
    assert (report.metric, [g.mean for g in report.groups], report.warnings) == ("accuracy", [0.75, 0.75], [])


def test_a_diagnosis_is_read_alone_where_nothing_else_is_asked(tmp_path: Path) -> None:
    """Other columns are slow to read, and not needed."""
    run(tmp_path, BOTH, 0, {"accuracy": 0.75, "cosine.1": 0.5})
    read = gather(find([str(tmp_path)], tmp_path), needed=lambda names: needed(names, ("cosine.1",), whole=False))
    assert sorted(read.subjects[0].columns) == ["cosine.1", "seconds"]


def test_the_two_sums_are_never_compared_unasked(tmp_path: Path) -> None:
    """A saturated network has a small sum at chance level: without an accuracy the user chooses."""
    run(tmp_path, BACKPROP, 0, {"abs_error": 3.0, "abs_delta": 1.0})
    with pytest.raises(ConfigError, match=r"^compare: the runs have no accuracy \(choose with --metric abs_delta\)$"):
        chosen(tmp_path)


def test_runs_that_have_measured_nothing_are_said_to(tmp_path: Path) -> None:
    """Their metrics files hold no column but the clock's."""
    run(tmp_path, BACKPROP, 0, {}, None)
    with pytest.raises(ConfigError, match=r"^compare: the runs have not measured anything yet$"):
        chosen(tmp_path)


@pytest.mark.parametrize(
    ("metric", "up"),
    [(EXACT, True), ("accuracy", True), ("cosine.1", True), ("skill.2", True), ("loss", False), ("test_loss", False),
     ("abs_error", False), ("seconds", False), ("generator_error.1", False)],
)  # fmt: skip
def test_more_is_better_of_accuracies_and_of_diagnoses(metric: str, up: bool) -> None:
    """Less of everything else."""
    assert Measure(metric, "last", 1).up is up


# where it is read ---------------------------------------------------------------------------------


def test_last_reads_the_last_epoch(tmp_path: Path) -> None:
    """By default."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    report = reported(tmp_path)
    assert (report.tables[0].epoch, found(report, "backprop").values) == (8, [1.0])


def test_best_reads_each_runs_best_epoch(tmp_path: Path) -> None:
    """Which is not one epoch of the table; and as it was picked on test, that is said."""
    run(tmp_path, BACKPROP, 0, {BITS: [0.5, 0.9, 0.7]})
    run(tmp_path, BACKPROP, 1, {BITS: [0.8, 0.6, 0.7]})
    report = reported(tmp_path, at="best")
    assert (report.tables[0].epoch, found(report, "backprop").values) == (None, [0.9, 0.8])
    assert any("selected on test" in remark for remark in report.tables[0].fairness)


def test_the_best_loss_is_the_smallest(tmp_path: Path) -> None:
    """And no more than that is said of a training loss."""
    run(tmp_path, BACKPROP, 0, {"loss": [3.0, 1.0, 2.0]})
    report = reported(tmp_path, metrics=("loss",), at="best")
    assert found(report, "backprop").values == [1.0]
    assert not any("selected" in remark for remark in report.tables[0].fairness)


def test_an_epoch_is_read_where_it_was_asked_for(tmp_path: Path) -> None:
    """Of a run in mid-way too."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    run(tmp_path, BACKPROP, 1, {BITS: line(8)[:5]}, None)
    assert found(reported(tmp_path, at="epoch=4"), "backprop").values == [0.5, 0.5]


@pytest.mark.parametrize("at", ["epoch=3", "epoch=9", f"epoch={10**30}"])
def test_an_epoch_that_nobody_measured_is_said_to_be_so(tmp_path: Path, at: str) -> None:
    """Between two evaluations, or beyond the last."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8, blank=2)})
    report = reported(tmp_path, at=at)
    assert (found(report, "backprop").n, report.warnings) == (0, [f"no run has {BITS} at epoch {at[6:]}"])


@pytest.mark.parametrize("at", ["epoch", "epoch=", "epoch=0", "epoch=-1", "epoch=1.5", "first", "", "LAST"])
def test_at_anything_else_is_refused(tmp_path: Path, at: str) -> None:
    """With what would be right."""
    run(tmp_path, BACKPROP, 0)
    with pytest.raises(ConfigError, match=r"is not known \(last, best, common, or epoch=N\)"):
        reported(tmp_path, at=at)


def test_runs_of_unequal_length_are_compared_at_the_last_common_epoch(tmp_path: Path) -> None:
    """And it is said so."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    run(tmp_path, FROZEN, 0, {BITS: line(4)})
    report = reported(tmp_path)
    assert [g.values for g in report.groups] == [[1.0], [0.5]]
    assert report.warnings == ["runs of 4, 8 epochs: compared at epoch 4, the last that all have"]


def test_blanks_between_evaluations_do_not_count_as_epochs(tmp_path: Path) -> None:
    """Every 4 and every 6 epochs: the last that both evaluated is 12."""
    run(tmp_path, BACKPROP, 0, {BITS: line(20, blank=4)})
    run(tmp_path, FROZEN, 0, {BITS: line(20, blank=6)})
    report = reported(tmp_path)
    assert report.tables[0].epoch == 12
    assert report.warnings == ["runs of 18, 20 epochs: compared at epoch 12, the last that all have"]


def test_runs_without_an_epoch_in_common_have_no_number(tmp_path: Path) -> None:
    """Evaluated at 2, 4 and at 3."""
    run(tmp_path, BACKPROP, 0, {BITS: line(4, blank=2)})
    run(tmp_path, FROZEN, 0, {BITS: line(3, blank=3)})
    report = reported(tmp_path)
    assert [g.n for g in report.groups] == [0, 0]
    assert report.warnings == [f"{BITS} was never measured at an epoch that all runs have"]


def test_last_asks_only_finished_runs_how_long_they_are(tmp_path: Path) -> None:
    """A run in mid-way does not draw the others back."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    run(tmp_path, BACKPROP, 1, {BITS: line(8)[:3]}, None)
    report = reported(tmp_path)
    assert (report.tables[0].epoch, found(report, "backprop").values) == (8, [1.0, None])


def test_common_takes_runs_in_mid_way_too(tmp_path: Path) -> None:
    """All are read at the last epoch that all have."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    run(tmp_path, BACKPROP, 1, {BITS: line(8)[:4]}, None)
    assert found(reported(tmp_path, at="common"), "backprop").values == [0.5, 0.5]


@pytest.mark.parametrize("at", ["last", "common", "best", "epoch=2"])
def test_a_run_that_diverged_has_no_number(tmp_path: Path, at: str) -> None:
    """Nowhere, nor does it draw the others back."""
    run(tmp_path, BACKPROP, 0, {BITS: line(8)})
    run(tmp_path, BACKPROP, 1, {BITS: line(8)[:2]}, "diverged")
    report = reported(tmp_path, at=at)
    assert found(report, "backprop").values[1] is None
    assert report.tables[0].epoch == {"best": None, "epoch=2": 2}.get(at, 8)


def test_runs_without_the_metric_are_counted(tmp_path: Path) -> None:
    """They are in the table, without a number."""
    run(tmp_path, BACKPROP, 0, {BITS: 0.7})
    run(tmp_path, BACKPROP, 1, {"loss": 0.7})
    report = reported(tmp_path)
    assert found(report, "backprop").values == [0.7, None]
    assert report.warnings == [f"1 of 2 runs has no {BITS}"]


def test_a_metric_that_no_run_has_is_refused_with_those_there_are(tmp_path: Path) -> None:
    """In alphabetical order."""
    run(tmp_path, BACKPROP, 0, {BITS: 0.7, "loss": 1.0})
    with pytest.raises(ConfigError, match=rf"--metric bits: no run has it \(there are loss, seconds, {BITS}\)"):
        reported(tmp_path, metrics=("bits",))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_was_not_measured(tmp_path: Path, value: float) -> None:
    """The last epoch is then the one before."""
    run(tmp_path, BACKPROP, 0, {BITS: [0.5, 0.6, value]})
    report = reported(tmp_path)
    assert (report.tables[0].epoch, found(report, "backprop").values) == (2, [0.6])


@pytest.mark.parametrize("value", [1e151, -1e151, 1.7e308, 1e-300])
def test_a_huge_number_is_a_number(tmp_path: Path, value: float) -> None:
    """The table is read where the runs end, and nothing is to be said of it."""
    for seed in range(3):
        run(tmp_path, BACKPROP, seed, {"loss": [1.0, 2.0, value]})
        run(tmp_path, FROZEN, seed, {"loss": [1.0, 2.0, 3.0]})
    report = reported(tmp_path, metrics=("loss",), curves=True)
    assert (report.tables[0].epoch, report.warnings) == (3, [])
    group = found(report, "backprop")
    assert (group.values, group.mean, group.median) == ([value] * 3, pytest.approx(value, rel=1e-15), value)
    assert group.curves["loss"].mean[-1] == pytest.approx(value, rel=1e-15)


# more than one metric -----------------------------------------------------------------------------


def test_further_metrics_are_described_at_the_same_epoch(tmp_path: Path) -> None:
    """And not tested; one that is named twice is one."""
    for seed in range(2):
        run(tmp_path, BACKPROP, seed, {BITS: line(8), "loss": [float(8 - e) for e in range(8)]})
    report = reported(tmp_path, metrics=(BITS, "loss", BITS, "loss"), at="epoch=2")
    others: dict[str, Any] = found(report, "backprop").others
    assert {name: (o.n, o.mean, o.values) for name, o in others.items()} == {"loss": (2, 7.0, [7.0, 7.0])}


# reaching a target --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "epoch"),
    [
        ([0.0, 0.9, 0.9, 0.9, 0.0], 2),
        ([0.9, 0.9, 0.0, 0.9, 0.9, 0.9], 4),
        ([0.9, 0.9, 0.0, 0.9, 0.9], None),
        ([0.9, 0.9], None),
        ([0.8, 0.8, 0.8], 1),
        ([0.1, None, 0.9, None, 0.9, None, 0.9], 3),
        ([], None),
    ],
)
def test_a_target_is_reached_by_the_first_of_three_evaluations_that_hold_it(
    tmp_path: Path, values: list[float | None], epoch: int | None
) -> None:
    """Epochs without an evaluation do not count."""
    run(tmp_path, BACKPROP, 0, {BITS: values})
    assert reached(subjects(tmp_path)[0], BITS, 0.8) == epoch


def test_a_loss_reaches_its_target_from_above(tmp_path: Path) -> None:
    """At most the target, for three evaluations."""
    run(tmp_path, BACKPROP, 0, {"loss": [3.0, 1.0, 0.9, 0.8]})
    assert reached(subjects(tmp_path)[0], "loss", 1.0) == 2


@pytest.mark.parametrize(
    ("epochs", "n", "median"),
    [([], 10, None), ([1, 2, 3, 4], 10, None), ([5, 1, 2, 3, 4], 10, None), ([1, 2, 3, 4, 5, 6], 10, 5.5),
     ([7], 1, 7), ([4, 2], 3, 4), ([4], 3, None), ([4], 2, None), ([2, 4], 2, 3), ([], 0, None)],
)  # fmt: skip
def test_the_median_counts_runs_that_never_got_there(epochs: list[int], n: int, median: float | None) -> None:
    """They come last in the order; where half or fewer arrive the median is not reached."""
    assert middle(epochs, n) == median


def test_the_target_is_95_percent_of_backprop_unless_it_is_given(tmp_path: Path) -> None:
    """Where a loss is compared, backprop's over .95."""
    group(tmp_path, BACKPROP, [0.8, 1.0])
    group(tmp_path, BOTH, [0.7, 0.9])
    assert reported(tmp_path).tables[0].target == pytest.approx(0.855, rel=1e-12)
    assert reported(tmp_path, target=0.75).tables[0].target == 0.75
    report = reported(tmp_path, target=0.75)
    assert [(g.reached, g.epochs_to_target) for g in report.groups] == [(2, 1.0), (1, None)]
    group(tmp_path / "loss", BACKPROP, [2.0, 2.0], "loss")
    assert reported(tmp_path / "loss", metrics=("loss",)).tables[0].target == pytest.approx(2 / 0.95, rel=1e-12)


def test_a_negative_mean_of_backprop_is_no_target(tmp_path: Path) -> None:
    """95 % of it would be better than backprop is."""
    group(tmp_path, BACKPROP, [-0.25, 0.125], "r2")
    assert reported(tmp_path).tables[0].target is None
    group(tmp_path / "loss", BACKPROP, [-2.0], "loss")
    assert reported(tmp_path / "loss", metrics=("loss",)).tables[0].target is None


def test_without_backprop_there_is_no_target(tmp_path: Path) -> None:
    """Nor any epoch to it."""
    group(tmp_path, FROZEN, [0.8])
    report = reported(tmp_path)
    assert (report.tables[0].target, report.groups[0].reached, report.groups[0].epochs_to_target) == (None, None, None)


def test_a_measure_says_nothing_of_a_run_without_the_column(tmp_path: Path) -> None:
    """Wherever it is read."""
    run(tmp_path, BACKPROP, 0)
    (subject,) = subjects(tmp_path)
    for at in ("last", "best", "common", f"epoch={DEEP}"):
        assert measure([subject], "skill.1", at)[0].value(subject) is None
