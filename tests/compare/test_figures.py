"""Figures of a comparison: every kind of file and of report, the same bytes each time, labels that can be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from support.reports import HOSTILE, METHODS, report

from synthgrad.compare.figures import NARROW, WIDE, panels, save, svg, traces
from synthgrad.compare.figures.scales import choose
from synthgrad.compare.figures.series import looks
from synthgrad.compare.figures.sheet import spread
from synthgrad.compare.figures.style import CONTROL_DASH, PRINT, SOLID
from synthgrad.compare.figures.traces import thinned
from synthgrad.compare.report import Report
from synthgrad.errors import ConfigError, RunError

BEGINNINGS = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
MANY = {"backprop": 0.71, "frozen": 0.53} | {f"dni variant {i}": 0.5 + 0.02 * i for i in range(9)}


def small(**changes: Any) -> Report:
    """A report that is soon drawn."""
    return report(**{"epochs": 40, "seeds": 6, "layers": 1, **changes})


def texts(made: Report, kind: str) -> str:
    """What is written in the panels of one kind."""
    return "".join(svg(p, PRINT, 3.4) for p in panels(made, made.tables[0], PRINT) if p.kind == kind)


def kinds(made: Report) -> list[str]:
    return [panel.kind for panel in panels(made, made.tables[0], PRINT)]


# files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_a_figure_has_the_kind_of_its_suffix_and_the_same_bytes_each_time(tmp_path: Path, kind: str):
    """No dates, no random ids, whatever the user's settings of matplotlib are."""
    made = small(seeds=3, layers=0)
    save(made, tmp_path / f"a.{kind}")
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "savefig.dpi": 10, "svg.hashsalt": "x"}):
        save(made, tmp_path / f"b.{kind.upper()}")
    a, b = (tmp_path / f"a.{kind}").read_bytes(), (tmp_path / f"b.{kind.upper()}").read_bytes()
    assert a.startswith(BEGINNINGS[kind])
    assert a == b
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a.{kind}", f"b.{kind.upper()}"]


def test_a_figure_leaves_matplotlib_as_it_was(tmp_path: Path):
    """Settings of the caller's are the caller's."""
    before = dict(matplotlib.rcParams)
    save(small(seeds=1, layers=0), tmp_path / "a.png")
    assert dict(matplotlib.rcParams) == before


def test_fonts_are_embedded(tmp_path: Path):
    """TrueType in a PDF, outlines in an SVG."""
    made = small(seeds=1, layers=0)
    for suffix in ("pdf", "svg"):
        save(made, tmp_path / f"a.{suffix}")
    pdf, drawn = (tmp_path / "a.pdf").read_bytes(), (tmp_path / "a.svg").read_text()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert "<text" not in drawn


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_figure_is_as_wide_as_a_column_or_two(tmp_path: Path, width: float):
    """3.3 or 6.8 inches."""
    save(small(seeds=1), tmp_path / "a.svg", width)
    assert f'width="{width * 72:g}pt"' in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.svg.gz"])
def test_another_suffix_is_an_error_that_names_the_three(tmp_path: Path, name: str):
    """It is said before anything is drawn."""
    with pytest.raises(ConfigError, match=r"--plot .*figure.*: a figure is a file in \.svg, \.pdf or \.png"):
        save(small(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path):
    """The message begins with the place."""
    place = tmp_path / "missing" / "a.png"
    with pytest.raises(RunError, match=r"a\.png: cannot be written: no such file or directory"):
        save(small(seeds=1, layers=0), place)


def test_without_matplotlib_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The base install does not have it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(RunError, match=r"figures need matplotlib \(pip install 'synthgrad\[plot\]'\)"):
        save(small(), tmp_path / "a.png")


def test_a_report_without_results_or_curves_is_an_error(tmp_path: Path):
    """There is nothing to draw."""
    made = small()
    for group in made.groups:
        group.curves, group.values = {}, [None] * len(group.seeds)
    with pytest.raises(RunError, match="nothing to draw"):
        save(made, tmp_path / "a.png")


# what is drawn ------------------------------------------------------------------------------------


def test_the_panels_of_a_comparison_come_in_their_order():
    """Metric, loss, seeds, a panel for each hidden layer."""
    assert kinds(small(layers=2)) == ["curve", "loss", "seeds", "layer", "layer"]
    assert kinds(small(layers=0)) == ["curve", "loss", "seeds"]
    assert kinds(small(sweep=[0.01, 0.1], layers=0)) == ["sweep", "curve", "loss", "seeds"]
    assert kinds(small(metric="loss", layers=0)) == ["curve", "seeds"]


def test_every_line_has_its_label():
    """There is no legend to go back to."""
    drawn = texts(small(), "curve")
    assert all(f">{label}</text>" in drawn for label in METHODS)


def test_where_runs_diverge_it_is_said_how_many_are_left():
    """Beside the line, and in the row of the single runs."""
    made = small(diverged={"dni both": 2})
    assert ">n 5</text>" in texts(made, "curve")
    assert ">n 4</text>" in texts(made, "curve")
    assert ">2 of 6 diverged</text>" in texts(made, "seeds")


def test_a_sweep_shows_its_settings_and_the_share_that_diverged():
    """The ticks are the values that were tried; a bar at the foot says how many of how many."""
    drawn = texts(small(sweep=[0.001, 0.003, 0.01], layers=0), "sweep")
    assert all(f">{value}</text>" in drawn for value in ("0.001", "0.003", "0.01", "4/6", "frozen", "dni both"))


def test_the_curves_of_a_sweep_are_those_of_the_best_settings():
    """A line for each method."""
    drawn = texts(small(sweep=[0.001, 0.003], layers=0), "curve")
    assert ">frozen alpha=0.001</text>" in drawn
    assert "alpha=0.003" not in drawn


def test_a_sweep_of_words_and_one_of_two_keys_are_drawn():
    """Words stand side by side; of two keys, each shows the best over the other."""
    made = small(sweep=[0.001, 0.003], layers=0)
    sweep = made.tables[0].sweep
    assert sweep is not None
    sweep.keys = ["trainer.alpha", "network.activation"]
    for method in sweep.methods:
        for cell in method.cells:
            cell.setting["network.activation"] = "tanh"
    sweep.marginals = {"trainer.alpha": {"0.001": [0.6, 0.7] * 4, "0.003": [0.5, 0.6] * 4}}
    sweep.marginals["network.activation"] = {"tanh": [0.6, None] * 4}
    assert kinds(made)[:2] == ["sweep", "sweep"]
    assert "best over the other keys" in texts(made, "sweep")
    assert ">tanh</text>" in texts(made, "sweep")


def test_more_methods_than_colours_get_a_panel_each():
    """With the references behind each of them; layers show the first ones and say so."""
    made = small(methods=MANY, seeds=2)
    drawn = texts(made, "curve")
    assert all(f">dni variant {i}</text>" in drawn for i in range(9))
    assert "backprop black and frozen dashed" in drawn
    assert ">7 of 9 methods</text>" in texts(made, "layer")


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "changes",
    [{"seeds": 1}, {"epochs": 1, "seeds": 2}, {"diverged": {"dni both": 6}}, {"methods": {HOSTILE: 0.7, "b": 0.6}}],
    ids=["one seed", "one epoch", "all diverged", "hostile name"],
)
def test_whatever_the_runs_are_there_is_a_figure(tmp_path: Path, changes: dict[str, Any]):
    """Warnings are errors here."""
    save(small(**changes), tmp_path / "a.png", NARROW)
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_numbers_that_are_not_finite_are_gaps(tmp_path: Path):
    """Means, bands and hairlines of a run on its way to overflow."""
    made = small()
    for group in made.groups:
        for curve in group.curves.values():
            curve.mean[2:4], curve.low[3], curve.lines[0][5] = [float("nan"), float("inf")], float("-inf"), float("nan")
        group.curves["loss"].mean[-1] = 1e300
        group.values[0], group.mean = float("nan"), float("nan")
    save(made, tmp_path / "a.svg")
    assert "nan" not in (tmp_path / "a.svg").read_text()


@pytest.mark.few(1)
@pytest.mark.parametrize("sweep", [(), (0.01, 0.1)])
@pytest.mark.parametrize("size", [1e160, 1.7e308])
def test_huge_numbers_are_drawn(tmp_path: Path, size: float, sweep: tuple[float, ...]):
    """Where the axes end, if they are beyond."""
    made = small(metric="loss", sweep=sweep)
    for group in made.groups:
        group.mean, group.interval, group.values[:2] = size / 2, (0.0, size), [-size, size]
        group.curves["loss"].mean[-1], group.curves["loss"].high[-1] = size / 2, size
        group.curves["loss"].lines[0][-1] = size
    for method in made.tables[0].sweep.methods if made.tables[0].sweep else ():
        method.cells[0].mean = size
    save(made, tmp_path / "a.png", NARROW)
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_several_tables_are_one_figure_with_headings(tmp_path: Path):
    """Nothing is left out, nothing is pooled."""
    save(small(tables=2, seeds=1, layers=0), tmp_path / "two.svg")
    save(small(seeds=1, layers=0), tmp_path / "one.svg")
    assert (tmp_path / "two.svg").stat().st_size > 1.5 * (tmp_path / "one.svg").stat().st_size


def test_the_curves_of_a_run_have_panels_by_what_they_are():
    """Losses, scores, and what every layer has."""
    epoch = np.arange(1.0, 6.0)
    names = ["loss", "test_loss", "bit_accuracy", "cosine.1", "cosine.2", "skill.1", "generator_error.1", "abs_delta"]
    columns = {name: np.linspace(1, 2, 5) for name in names} | {"test_accuracy": np.full(5, np.nan), "epoch": epoch}
    found = {panel.kind: list(panel.columns) for panel in traces(columns)}
    assert found == {
        "loss": ["loss", "test_loss"],
        "score": ["bit_accuracy"],
        "cosine": ["layer 1", "layer 2"],
        "skill": ["layer 1"],
        "generator_error": ["layer 1"],
    }
    assert all("<path" in svg(panel, PRINT, 3.4) for panel in traces(columns))


# parts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_labels_are_set_apart_without_changing_their_order(seed: int):
    """As near as may be to where they belong; within the axes if they fit."""
    rng = np.random.default_rng(seed)
    heights = rng.uniform(5, 12, 6)
    wanted = rng.uniform(0, 100, 6)
    places = np.array(spread(wanted, heights, 0, 100))
    order = np.argsort(wanted)
    gaps = np.diff(places[order]) - (heights[order][1:] + heights[order][:-1]) / 2
    assert gaps.min() > -1e-9
    assert (places - heights / 2).min() > -1e-9
    assert (places + heights / 2).max() < 100 + 1e-9


def test_labels_with_room_stay_where_they_are():
    """Nothing moves that need not."""
    assert spread([10, 50, 30], [10, 10, 10], 0, 100) == [10, 50, 30]
    assert spread([10, 10], [10, 10], 0, 5) == [-2.5, 7.5]


@pytest.mark.parametrize(
    ("metric", "up", "values", "ends", "scale"),
    [
        ("loss", False, [5.0, 0.01], [0.01], "log"),
        ("loss", False, [5.0, 4.0], [4.0], "linear"),
        ("loss", False, [5.0, 0.0], [0.0], "linear"),
        ("loss", False, [], [], "linear"),
        ("test_accuracy", True, [0.5, 0.999], [0.98, 0.999], "logit"),
        ("test_accuracy", True, [0.5, 1.0], [0.98, 1.0], "linear"),
        ("test_accuracy", True, [0.5, 0.999], [0.7, 0.999], "linear"),
        ("cosine.1", True, [0.5, 0.99], [0.98, 0.99], "linear"),
    ],
)
def test_a_scale_suits_what_it_shows(metric: str, up: bool, values: list[float], ends: list[float], scale: str):
    """Logarithmic for losses over orders of magnitude; logit where accuracies near 1 are told apart, and none is 1."""
    assert choose(metric, up, np.array(values), ends) == scale


def test_control_and_reference_look_the_same_in_every_figure():
    """Grey and dashed, black and solid; the others differ in colour and in dash."""
    control, reference, *others = looks(["control", "reference", *["method"] * 7], PRINT)
    assert (control.colour, control.dash) == (PRINT.control, CONTROL_DASH)
    assert (reference.colour, reference.dash) == (PRINT.reference, SOLID)
    assert len({look.colour for look in others}) == len({look.dash for look in others}) == 7


def test_a_curve_is_thinned_without_losing_its_peaks():
    """Both ends, the least and the greatest value are kept."""
    x = np.arange(10_000.0)
    y = np.sin(x / 300)
    y[4321], y[8765] = 9, -9
    some, values = thinned(x, y, 100)
    assert len(some) <= 102
    assert (values.max(), values.min(), some[0], some[-1]) == (9, -9, 0, 9999)
    assert thinned(x[:5], y[:5]) == (pytest.approx(x[:5]), pytest.approx(y[:5]))
