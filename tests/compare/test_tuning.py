"""Sweeps: the settings of each method, and the methods at their best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, group, reported, run, tuned

from synthgrad.compare.report import Report, Sweep

Grid = Mapping[float, list[float | None]]


def swept(runs: Path, keys: Mapping[str, Any], grid: Grid, key: str = "trainer.alpha", metric: str = BITS) -> None:
    """Runs of a method: for each value of a key, the final figures of its seeds."""
    for value, ends in grid.items():
        group(runs, {**keys, key: value}, ends, metric)


def the(report: Report) -> Sweep:
    """The sweep of the first table."""
    sweep = report.tables[0].sweep
    assert sweep is not None
    return sweep


# the best setting ---------------------------------------------------------------------------------


def test_the_mean_is_that_of_the_best_setting(tmp_path: Path) -> None:
    """On the seeds that made it the best; the order of the cells is that of the values."""
    draw = np.random.default_rng(2)
    grid: Grid = {alpha: draw.normal(0.6, 0.02, 8).tolist() for alpha in (0.4, 0.1, 0.2)}
    swept(tmp_path, BACKPROP, grid)
    t = tuned(reported(tmp_path), "backprop")
    assert t.mean == pytest.approx(max(np.mean(ends) for ends in grid.values()), rel=1e-14)  # type: ignore[arg-type]
    assert [c.label for c in t.cells] == ["0.1", "0.2", "0.4"]
    assert [c.mean for c in t.cells if c.best] == [t.mean]


def test_of_a_loss_the_smallest_is_chosen(tmp_path: Path) -> None:
    """In all seeds .2 is best."""
    swept(tmp_path, BACKPROP, {0.1: [3.0] * 6, 0.2: [1.0] * 6, 0.4: [2.0] * 6}, metric="loss")
    t = tuned(reported(tmp_path, metrics=("loss",)), "backprop")
    assert (t.mean, [c.best for c in t.cells], t.edge) == (1.0, [False, True, False], "")


def test_a_setting_with_fewer_seeds_leaves_the_method_undecided(tmp_path: Path) -> None:
    """One stray run at another step size is neither left out nor believed: the missing runs are named."""
    swept(tmp_path, BOTH, {0.1: [0.9] * 8, 0.2: [0.1]})
    swept(tmp_path, FROZEN, {0.1: [0.5] * 8, 0.2: [0.5] * 8})
    report = reported(tmp_path)
    d = tuned(report, "dni").difference
    assert d is not None
    assert (d.verdict, d.incomplete) == ("incomplete", [1, 2, 3, 4, 5, 6, 7])
    assert any("seed=1..7" in each.line for each in report.tables[0].missing)
    said = "dni, tuned: undecided: not every run of seeds 1, 2, 3, 4, 5, 6, 7 has a result."
    assert said in report.tables[0].answers


def test_a_seed_that_the_best_setting_lost_is_lost(tmp_path: Path) -> None:
    """If all settings diverged somewhere, the best of them counts with its losses."""
    swept(tmp_path, BACKPROP, {0.1: [None] + [0.5] * 9, 0.2: [0.9] * 9 + [None]})
    swept(tmp_path, FROZEN, {0.1: [0.1] * 10, 0.2: [0.2] * 10})
    t = tuned(reported(tmp_path), "backprop")
    assert t.difference is not None
    assert (t.mean, t.difference.wins, t.difference.losses, t.difference.interval) == (pytest.approx(0.9), 9, 1, None)


def test_settings_that_lost_a_seed_and_decide_are_the_ones_described(tmp_path: Path) -> None:
    """Not the mean, the wins and the gap of another that never diverged, which would contradict the verdict."""
    swept(tmp_path, BOTH, {0.1: [0.45] * 10, 0.2: [0.92] * 9 + [None]})
    swept(tmp_path, BACKPROP, {0.1: [0.95] * 10, 0.2: [0.9] * 10})
    swept(tmp_path, FROZEN, {0.1: [0.5] * 10, 0.2: [0.5] * 10})
    report = reported(tmp_path, claims=("dni > frozen tuned", "frozen < dni tuned"))
    d = tuned(report, "dni").difference
    assert d is not None
    assert (d.wins, d.losses, d.diverged, d.interval, d.gap) == (9, 1, 1, None, None)
    assert d.mean == pytest.approx(0.42)
    assert (d.verdict, d.p) == ("better", pytest.approx(4 * 11 / 1024))
    assert [a.why.partition(";")[0][:6] for a in report.claims] == ["+0.420", "-0.420"]
    assert "9-1 in seeds" in report.claims[0].why
    assert "1-9 in seeds" in report.claims[1].why


def test_how_long_a_run_is_is_not_tuned(tmp_path: Path) -> None:
    """Runs of 5 and 60 epochs are no sweep."""
    for epochs in (5, 60):
        group(tmp_path, {**BACKPROP, "training.epochs": epochs}, [0.5] * 6)
    assert reported(tmp_path).tables[0].sweep is None


def test_a_setting_that_diverged_is_not_chosen(tmp_path: Path) -> None:
    """Though the seeds that finished are the best of all."""
    swept(tmp_path, BACKPROP, {0.1: [0.5] * 4, 0.2: [0.6] * 4, 0.4: [0.9, 0.9, 0.9, None]})
    t = tuned(reported(tmp_path), "backprop")
    assert (t.mean, [c.best for c in t.cells], [c.diverged for c in t.cells]) == (0.6, [False, True, False], [0, 0, 1])


def test_where_all_settings_diverged_those_with_a_value_are_left(tmp_path: Path) -> None:
    """One that always diverged does not hide the others."""
    swept(tmp_path, BACKPROP, {0.1: [0.5, None, 0.5], 0.2: [0.6, 0.6, None], 0.4: [None] * 3})
    t = tuned(reported(tmp_path), "backprop")
    assert (t.mean, [c.best for c in t.cells]) == (0.6, [False, True, False])


def test_where_nothing_finished_nothing_is_said(tmp_path: Path) -> None:
    """No mean, no interval, nothing near the best."""
    swept(tmp_path, BACKPROP, {0.1: [None] * 2, 0.2: [None] * 2})
    t = tuned(reported(tmp_path), "backprop")
    assert (t.mean, t.near_best) == (None, 0)


# the grid -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "grid", "best", "edge"),
    [
        ("trainer.alpha", (0.01, 0.1, 1.0), 1.0, "trainer.alpha=10"),
        ("trainer.alpha", (0.01, 0.1, 1.0), 0.01, "trainer.alpha=0.001"),
        ("trainer.alpha", (0.01, 0.1, 1.0), 0.1, ""),
        ("trainer.alpha", (0.003, 0.01), 0.01, "trainer.alpha=0.033"),
        ("trainer.alpha", (0.5,), 0.5, ""),
        ("training.batch_size", (10, 20, 40), 40, "training.batch_size=80"),
        ("training.batch_size", (5, 10), 5, "training.batch_size=2"),
        ("training.batch_size", (1, 2, 4), 1, ""),
        ("trainer.decay", (0.0, 0.1), 0.0, ""),
        ("trainer.decay", (-2.0, -1.0), -1.0, "trainer.decay=-0.5"),
        ("trainer.decay", (-1.0, 0.0), 0.0, "trainer.decay=1"),
    ],
)
def test_the_best_at_the_edge_of_the_grid_asks_for_the_next_value(
    tmp_path: Path, key: str, grid: tuple[float, ...], best: float, edge: str
) -> None:
    """By the last step's ratio, whole where the grid is, and nothing beyond a grid that ends at 0."""
    for value in grid:
        path = run(tmp_path, BACKPROP, 0, {BITS: 0.9 if value == best else 0.5})
        (path / "config.yaml").write_text(f"seed: 0\ntrainer.name: backprop\n{key}: {value}\n")
    assert tuned(reported(tmp_path, by=(key,)) if len(grid) > 1 else _single(tmp_path), "backprop").edge == edge


def _single(runs: Path) -> Report:
    """A grid of one value beside a method that was swept."""
    for value in (0.1, 0.2):
        path = run(runs, FROZEN, 0)
        (path / "config.yaml").write_text(f"seed: 0\ntrainer.name: frozen\ntrainer.alpha: {value}\n")
    return reported(runs)


@pytest.mark.parametrize(
    ("metric", "ends", "near"),
    [
        (BITS, (0.5, 0.951, 1.0), 2),
        (BITS, (0.949, 0.5, 1.0), 1),
        ("loss", (1.0, 1.05, 1.06), 2),
        ("skill.1", (-1.0, -1.04, -1.1), 2),
    ],
)
def test_near_the_best_is_within_five_percent_of_it(
    tmp_path: Path, metric: str, ends: tuple[float, ...], near: int
) -> None:
    """Of a loss, a twentieth above; the best itself is always near, below 0 too."""
    swept(tmp_path, BACKPROP, {0.1 * (i + 1): [end] for i, end in enumerate(ends)}, metric=metric)
    assert tuned(reported(tmp_path, metrics=(metric,)), "backprop").near_best == near


def test_a_setting_that_diverged_is_not_near_the_best(tmp_path: Path) -> None:
    """However good the seed that did not."""
    swept(tmp_path, BACKPROP, {0.1: [0.9, 0.9], 0.2: [0.9, None]})
    assert tuned(reported(tmp_path), "backprop").near_best == 1


def test_a_cell_tells_its_runs(tmp_path: Path) -> None:
    """Setting, seeds, mean, a small curve, and the group that it is."""
    swept(tmp_path, BACKPROP, {0.1: [0.5, 0.7], 0.2: [0.6, None]})
    a, b = tuned(reported(tmp_path), "backprop").cells
    assert (a.setting, a.label, a.n, a.mean, a.group) == ({"trainer.alpha": 0.1}, "0.1", 2, 0.6, "backprop alpha=0.1")
    assert (b.n, b.diverged, b.mean, b.best) == (1, 1, 0.6, False)
    assert len(a.curve) == 10


def test_seconds_are_those_of_all_settings(tmp_path: Path) -> None:
    """What the method's tuning cost."""
    swept(tmp_path, BACKPROP, {0.1: [0.5, 0.7], 0.2: [0.6, None]})
    assert tuned(reported(tmp_path), "backprop").seconds == 4 * 10 * 0.5


def test_epochs_to_the_target_and_seconds_are_those_of_the_best_setting(tmp_path: Path) -> None:
    """The pace and the epochs of the slow setting do not count."""
    for seed in range(4):
        run(tmp_path, {**BACKPROP, "trainer.alpha": 0.1}, seed, {BITS: [0.5] * (1 + seed) + [1.0] * 6}, pace=0.25)
        run(tmp_path, {**BACKPROP, "trainer.alpha": 0.2}, seed, {BITS: [0.5] * (7 + seed)}, pace=4.0)
    t = tuned(reported(tmp_path, target=0.9), "backprop")
    assert (t.reached, t.epochs_to_target, t.seconds_per_epoch) == (4, 3.5, 0.25)
    assert tuned(reported(tmp_path, target=1.1), "backprop").epochs_to_target is None


# what was swept -----------------------------------------------------------------------------------


def test_a_number_that_one_method_tried_several_of_was_swept(tmp_path: Path) -> None:
    """And not one in which two methods differ."""
    swept(tmp_path, BACKPROP, {0.1: [0.5], 0.2: [0.5]})
    swept(tmp_path, BOTH, {0.1: [0.5]}, "trainer.generator.alpha")
    assert the(reported(tmp_path)).keys == ["trainer.alpha"]


def test_two_methods_at_two_step_sizes_are_no_sweep(tmp_path: Path) -> None:
    """Each was tried with one."""
    group(tmp_path, {**BACKPROP, "trainer.alpha": 0.1}, [0.5])
    group(tmp_path, {**FROZEN, "trainer.alpha": 0.2}, [0.5])
    assert reported(tmp_path).tables[0].sweep is None


def test_kinds_of_a_method_are_tuned_each_by_itself(tmp_path: Path) -> None:
    """The label of a method has no swept key in it."""
    for keys in (BOTH, LABEL, FROZEN):
        swept(tmp_path, keys, {0.1: [0.5], 0.2: [0.5]})
    assert [m.method for m in the(reported(tmp_path)).methods] == ["dni both", "dni label", "frozen"]


def test_a_list_can_be_an_axis(tmp_path: Path) -> None:
    """With a number beside it; the marginal of a list has its values by name."""
    for hidden in ([4], [8, 4], []):
        swept(tmp_path, {**BACKPROP, "network.hidden": hidden}, {0.1: [0.5], 0.2: [0.6]})
    sweep = the(reported(tmp_path, by=("network.hidden", "trainer.alpha")))
    assert list(sweep.marginals["network.hidden"]) == ["[4]", "[8,4]", "[]"]
    assert len(sweep.methods[0].cells) == 6


def test_marginals_are_the_mean_and_the_best_over_the_other_key(tmp_path: Path) -> None:
    """Cells that diverged are in neither; a method without the value has none."""
    for batch, ends in ((5, (0.5, 0.7)), (10, (0.6, None))):
        for alpha, end in zip((0.1, 0.2), ends, strict=True):
            group(tmp_path, {**BACKPROP, "trainer.alpha": alpha, "training.batch_size": batch}, [end])
    swept(tmp_path, {**FROZEN, "training.batch_size": 5}, {0.1: [0.4]})
    marginals = the(reported(tmp_path)).marginals
    assert list(marginals) == ["trainer.alpha", "training.batch_size"]
    assert marginals["trainer.alpha"] == {"0.1": [0.55, 0.6, 0.4, 0.4], "0.2": [0.7, 0.7, None, None]}
    assert marginals["training.batch_size"] == {"5": [0.6, 0.7, 0.4, 0.4], "10": [0.6, 0.6, None, None]}


def test_one_key_has_no_marginals(tmp_path: Path) -> None:
    """Its cells are all there is."""
    swept(tmp_path, BACKPROP, {0.1: [0.5], 0.2: [0.5]})
    assert the(reported(tmp_path)).marginals == {}


# against the control ------------------------------------------------------------------------------


def test_methods_at_their_best_are_held_against_the_control_at_its_best(tmp_path: Path) -> None:
    """One family, the gap of the best settings among them, and which settings decide."""
    swept(tmp_path, BACKPROP, {0.1: [0.8] * 8, 0.2: [1.0] * 8})
    swept(tmp_path, BOTH, {0.1: [0.75] * 8, 0.2: [0.5] * 8})
    swept(tmp_path, FROZEN, {0.1: [0.4] * 8, 0.2: [0.5] * 8})
    report = reported(tmp_path)
    differences = {m.method: m.difference for m in the(report).methods}
    assert the(report).control == "frozen"
    assert differences["frozen"] is None
    told = {m: (d.mean, d.family, d.verdict, d.gap) for m, d in differences.items() if d is not None}
    assert told == {"backprop": (0.5, 2, "better", 1.0), "dni": (0.25, 2, "better", 0.5)}
    assert differences["dni"] is not None
    assert differences["dni"].deciding == ["dni alpha=0.1", "frozen alpha=0.2"]
    assert (differences["dni"].p, differences["dni"].p_holm, differences["dni"].settings) == (4 / 256, 8 / 256, 2)


def test_more_settings_take_more_seeds(tmp_path: Path) -> None:
    """Seven seeds carry one comparison of two settings, and not two."""
    swept(tmp_path, BOTH, {0.1: [0.75] * 7, 0.2: [0.5] * 7})
    swept(tmp_path, FROZEN, {0.1: [0.4] * 7, 0.2: [0.5] * 7})
    assert tuned(reported(tmp_path), "dni").difference.verdict == "better"
    swept(tmp_path, LABEL, {0.1: [0.75] * 7, 0.2: [0.5] * 7})
    report = reported(tmp_path)
    assert tuned(report, "dni both").difference.verdict == "too few"
    assert "dni both, tuned: undecided: 7 shared seeds, 8 are needed." in report.tables[0].answers


def test_a_sweep_has_no_gap_either_where_backprop_does_not_beat_frozen(tmp_path: Path) -> None:
    """The way is then no way."""
    swept(tmp_path, BACKPROP, {0.1: [0.4, 0.6] * 4, 0.2: [0.3] * 8})
    swept(tmp_path, BOTH, {0.1: [0.75] * 8, 0.2: [0.5] * 8})
    swept(tmp_path, FROZEN, {0.1: [0.5] * 8, 0.2: [0.4] * 8})
    assert [m.difference.gap for m in the(reported(tmp_path)).methods if m.difference] == [None, None]


def test_a_sweep_without_a_control_has_no_differences(tmp_path: Path) -> None:
    """Nobody to be held against."""
    swept(tmp_path, BACKPROP, {0.1: [0.5], 0.2: [0.6]})
    assert (the(reported(tmp_path)).control, tuned(reported(tmp_path), "backprop").difference) == (None, None)


def untuned(runs: Path) -> list[str]:
    """What is said of a control that was tried with one setting."""
    return [remark for remark in reported(runs).tables[0].fairness if remark.startswith("control untuned")]


def test_a_control_at_one_step_size_beside_several_is_untuned(tmp_path: Path) -> None:
    """That flatters the methods, and is said."""
    swept(tmp_path, BACKPROP, {0.1: [0.5], 0.2: [0.6]})
    swept(tmp_path, FROZEN, {0.1: [0.5]})
    assert untuned(tmp_path) == ["control untuned: frozen was tried with one setting"]
    swept(tmp_path, FROZEN, {0.2: [0.5]})
    assert untuned(tmp_path) == []


def test_a_control_cannot_be_tuned_in_what_it_has_not(tmp_path: Path) -> None:
    """Frozen layers have no generators with a step size."""
    swept(tmp_path, BOTH, {0.1: [0.5], 0.2: [0.6]}, "trainer.generator.alpha")
    group(tmp_path, FROZEN, [0.5])
    assert untuned(tmp_path) == []
