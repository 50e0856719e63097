"""The screen of a table of methods: what it says, of whom, and what it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, gathered, group, run

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen
from synthgrad.compare.screens.chart import chart

LOW: list[float | None] = [0.5, 0.52, 0.51, 0.5, 0.53, 0.51, 0.52]
MANY = [{**LABEL, "trainer.generator.hidden": [n]} for n in range(1, 14)]


def lines(runs: Path, width: int = 79, *, whole: bool = False, **question: Any) -> list[str]:
    """The screen of the runs in a directory."""
    found = gathered(runs)
    return screen(build(found, Question(**question), []), found.subjects, width, whole)


def row(shown: list[str], label: str) -> str:
    """The row of a group in the first table."""
    return next(line for line in shown if line.startswith(f"{label} "))


def above(by: float, diverged: int = 0) -> list[float | None]:
    """As LOW and so much more; the last ones diverged."""
    return [low + by for low in LOW[: 7 - diverged] if low is not None] + [None] * diverged


def four(runs: Path, **by: float) -> list[str]:
    """The screen of three methods and the control."""
    for keys, more in ((BACKPROP, 0.25), (BOTH, 0.2), (LABEL, 0.0), (FROZEN, 0.0)):
        group(runs, keys, above(by.get(keys.get("trainer.generator.input", ""), more)))
    return lines(runs)


def test_the_head_says_what_is_compared(tmp_path: Path) -> None:
    """Runs, methods, seeds, the metric and where it is read, what is equal and what differs."""
    head = four(tmp_path)[:2]
    assert head[0].split("   ")[0] == "28 runs: 4 methods x 7 seeds (0..6)"
    assert head[0].endswith(" test_bit_accuracy, up, epoch 10")
    assert head[1] == "held equal  26 keys    differs  trainer.name, trainer.generator.input"


@pytest.mark.parametrize(
    ("seeds", "said"), [([3], "(3)"), ([1, 2], "(1, 2)"), ([0, 1, 2], "(0..2)"), ([0, 2, 3], "(0, 2, 3)"),
                        ([1, 3, 5, 7, 9, 11, 13], "(1, 3, 5, 7, 9, 11 and 1 more)")]
)  # fmt: skip
def test_the_head_names_the_seeds(tmp_path: Path, seeds: list[int], said: str) -> None:
    """As a range where it is one."""
    for keys in (FROZEN, BOTH, LABEL):
        for seed in seeds:
            run(tmp_path, keys, seed)
    assert said in lines(tmp_path)[0]


@pytest.mark.parametrize(
    ("question", "said"),
    [({}, "epoch 10"), ({"at": "epoch=3"}, "epoch 3"), ({"at": "best"}, "best epoch of each run, selected on test"),
     ({"at": "best", "metrics": ("loss",)}, "loss, down, best epoch of each run"), ({"at": "epoch=99"}, "epoch 99")],
)  # fmt: skip
def test_the_head_says_where_the_metric_is_read(tmp_path: Path, question: dict[str, Any], said: str) -> None:
    """The last epoch, another, or the best of each run."""
    run(tmp_path, FROZEN, 0, {BITS: 0.5, "loss": 1.0})
    assert lines(tmp_path, **question)[0].endswith(said) or lines(tmp_path, **question)[1].endswith(said)


def test_each_method_has_a_verdict_against_the_control(tmp_path: Path) -> None:
    """Better, worse, ~, and the control itself."""
    shown = four(tmp_path)
    assert row(shown, "dni both").split()[5:9] == ["+0.200", "better", "7-0", "80%"]
    assert row(shown, "dni label").split()[5:9] == ["+0.000", "~", "0-0-7", "0%"]
    assert " control " in row(shown, "frozen")
    assert "worse" in row(four(tmp_path / "worse", label=-0.1), "dni label")


def test_each_method_has_a_verdict_against_backprop(tmp_path: Path) -> None:
    """But for the control, of which it has been told."""
    shown = four(tmp_path)
    at = next(i for i, line in enumerate(shown) if line.startswith("against backprop"))
    assert shown[at].split()[2:] == ["difference", "95%", "interval", "verdict", "W-L", "p", "Holm", "of"]
    assert shown[at + 1].split()[:3] == ["dni", "both", "-0.050"]
    assert " worse " in shown[at + 1]
    assert shown[at + 2].split()[:3] == ["dni", "label", "-0.250"]
    assert shown[at + 3] == ""


def test_a_run_that_diverged_has_lost(tmp_path: Path) -> None:
    """Wins and losses are tested, and that is said."""
    group(tmp_path, FROZEN, [*above(0), *above(0)])
    group(tmp_path, BOTH, [*above(0.2), *above(0.2, 2)])
    shown = lines(tmp_path)
    assert " better " in row(shown, "dni")
    assert " 12-2 " in row(shown, "dni")
    assert "wins and losses are tested (exact sign test)." in " ".join(shown)
    assert "- dni diverged in seeds 12, 13: counted as lost, not in the mean (share 4% to" in shown


def test_with_few_seeds_their_range_stands_in_parentheses(tmp_path: Path) -> None:
    """No interval; and how many seeds it takes."""
    group(tmp_path, FROZEN, LOW[:3])
    group(tmp_path, BOTH, above(0.2)[:3])
    shown = lines(tmp_path)
    assert "(0.700..0.720)" in row(shown, "dni")
    assert "n too small to decide: 6 shared seeds are needed for 1 comparison; in" in shown


def test_without_a_control_no_verdict_is_shown(tmp_path: Path) -> None:
    """But how to make one, at the end; unless nobody wants it."""
    for keys in (BACKPROP, BOTH):
        group(tmp_path, keys, [0.5] * 7)
    shown = lines(tmp_path)
    assert "no control" in row(shown, "dni")
    assert "No frozen control here, so nothing can be said about whether hidden layers learned: 7" in " ".join(shown)
    assert shown[-1].startswith("  synthgrad sweep ")
    assert "No frozen control" not in "\n".join(lines(tmp_path, control=False))


def test_missing_seeds_are_no_missing_control(tmp_path: Path) -> None:
    """Even where nobody wants a control."""
    group(tmp_path, BACKPROP, [0.5] * 2)
    group(tmp_path, BOTH, [0.5])
    shown = " ".join(lines(tmp_path, control=False))
    assert " 1 run is missing" in shown
    assert "No frozen control" not in shown


def test_runs_are_counted_that_are_missing_not_the_lines_that_make_them(tmp_path: Path) -> None:
    """Two seeds of one method, one of another; the first line stands for all."""
    for keys, ends in ((FROZEN, [0.5] * 3), (BOTH, [0.5]), (LABEL, [0.5] * 2)):
        group(tmp_path, keys, ends)
    shown = lines(tmp_path, 119)
    assert shown[-2].startswith("3 runs are missing (compare --complete prints all lines")
    assert " -s seed=1,2 " in shown[-1]


def test_of_more_than_twelve_groups_ten_are_shown(tmp_path: Path) -> None:
    """And how many there are; all of them if asked."""
    for number, keys in enumerate(MANY):
        group(tmp_path, keys, [0.5 + number / 100])
    shown, whole = lines(tmp_path), lines(tmp_path, whole=True)
    assert "+ 3 more (--all shows them)" in shown
    listed = [[line for line in text if line.startswith("dni ") and "  no control" in line] for text in (shown, whole)]
    assert [len(found) for found in listed] == [10, 13]
    assert listed[0][0].startswith("dni gener")
    assert "0.620" in listed[0][0]
    assert not any("more (" in line for line in whole)


def test_twelve_groups_are_shown_at_once(tmp_path: Path) -> None:
    """No "+2 more" for two lines."""
    for keys in MANY[:12]:
        group(tmp_path, keys, [0.5])
    assert not any("more (" in line for line in lines(tmp_path))


def test_names_that_are_cut_do_not_read_alike(tmp_path: Path) -> None:
    """Two groups that differ in a number at the end."""
    for last in (1, 2):
        keys = {**LABEL, "trainer.generator.hidden": [128, 64, 32, last]}
        group(tmp_path, keys, [0.5, 0.5])
    cut = [line.split("  ")[0] for line in lines(tmp_path) if "no control  " in line]
    assert cut == ["dni gener…,64,32,1]", "dni gener…,64,32,2]"]


def test_runs_that_did_not_finish_are_said_to_be_left_out(tmp_path: Path) -> None:
    """Where they are: at a common epoch they count."""
    group(tmp_path, FROZEN, [0.5] * 2)
    run(tmp_path, FROZEN, 2, outcome="interrupted")
    assert "- frozen: 1 of 3 runs did not finish and are left out" in lines(tmp_path)
    assert not any("left out" in line for line in lines(tmp_path, at="common"))


def test_layers_have_a_table_of_their_own(tmp_path: Path) -> None:
    """Cosine and skill of each; where there is room their intervals, and whether it learns."""
    group(tmp_path, FROZEN, above(0))
    for seed, end in enumerate(above(0.2)):
        run(tmp_path, BOTH, seed, {BITS: end or 0, "cosine.1": 0.5, "cosine.2": 0.75, "skill.1": 0.25, "skill.2": -0.5})
    narrow = lines(tmp_path, 40)
    at = narrow.index("     cos 1  cos 2  skill 1  skill 2")
    assert narrow[at + 1].split() == ["dni", "0.50", "0.75", "0.25", "-0.50"]
    at = next(i for i, line in enumerate(lines(tmp_path, 119)) if line.endswith("learn below the top layer?"))
    row = "dni 0.50 0.50..0.50 0.75 0.75..0.75 0.25 -0.50 yes"
    assert lines(tmp_path, 119)[at + 1].split() == row.split()


def test_further_metrics_are_described_below(tmp_path: Path) -> None:
    """Without a test."""
    for seed in range(3):
        run(tmp_path, FROZEN, seed, {BITS: 0.5, "loss": 12345.0})
    shown = lines(tmp_path, metrics=(BITS, "loss"))
    at = next(i for i, line in enumerate(shown) if line.startswith("loss "))
    assert shown[at + 1].split() == ["frozen", "3", "1.234e+04"]


def test_seeds_stand_in_their_places(tmp_path: Path) -> None:
    """One dot each, more where several fall together."""
    group(tmp_path, FROZEN, [0.0, 0.0, 0.0, 1.0])
    group(tmp_path, BACKPROP, [0.5, 1.0, None, 1.0])
    shown = lines(tmp_path)
    strip = shown[shown.index(next(line for line in shown if line.startswith("seeds "))) :][1:3]
    assert {line.split("|")[0].strip(): line.split("|")[1].replace(" ", "") for line in strip} == {
        "backprop": ".:",
        "frozen": "*.",
    }


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_strip_of_seeds_is_no_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    """Nor where every name is shorter than its heading."""
    group(tmp_path, {"trainer.name": "dni"}, [0.3, 0.5, 0.69])
    shown = lines(tmp_path, width)
    at = next(i for i, line in enumerate(shown) if line.startswith("seeds "))
    assert [len(line) for line in shown[at : at + 2]] == [width, width]
    assert shown[at].endswith("0.690")


def test_the_column_of_the_target_is_explained_where_it_is_shown(tmp_path: Path) -> None:
    """A narrow screen has no room for either, nor has a table without a target."""
    said = "to 0.725: median epoch from which 0.725 was held for three evaluations; "
    four(tmp_path)
    assert said in " ".join(lines(tmp_path, 120))
    assert " to 0.725 " in " ".join(lines(tmp_path, 120)[:4])
    narrow = " ".join(lines(tmp_path, 50))
    assert "to 0.725" not in narrow
    assert "three evaluations" not in narrow
    group(tmp_path / "none", FROZEN, LOW)
    assert "three evaluations" not in " ".join(lines(tmp_path / "none", 120))


def test_a_target_that_half_of_the_runs_reached_is_not_reached(tmp_path: Path) -> None:
    """There is no median then; runs that did not end are left out of the count."""
    group(tmp_path, BOTH, [0.5, 0.5, 0.9, 0.9])
    run(tmp_path, BOTH, 4, {BITS: [0.9, 0.9, 0.9]}, outcome="interrupted")
    group(tmp_path, FROZEN, [0.5, 0.9, 0.9])
    shown = lines(tmp_path, 120, target=0.8)
    assert " 2/4 " in row(shown, "dni")
    assert " 1 " in row(shown, "frozen")
    assert "k/n: not reached, as only k of n runs held it." in " ".join(" ".join(shown).split())


def test_claims_come_last(tmp_path: Path) -> None:
    """Held, not held, undecided, and why."""
    shown = four(tmp_path)
    assert lines(tmp_path, claims=("dni both > frozen",))[: len(shown)] == shown
    assert lines(tmp_path, claims=("dni both > frozen",))[len(shown) :][1].startswith(
        "held: dni both > frozen: +0.200 ["
    )


def test_a_chart_has_a_frame_for_each_group(tmp_path: Path) -> None:
    """All of a table to one scale, as far as each curve goes."""
    run(tmp_path, BACKPROP, 0, {BITS: [e / 10 for e in range(1, 11)]})
    run(tmp_path, FROZEN, 0, {BITS: [0.1] * 5})
    shown = list(chart(build(gathered(tmp_path), Question(), []), 60))
    assert shown[0] == "test_bit_accuracy, 0.1 to 1, epochs 1 to 10"
    assert [shown[1], shown[10]] == ["backprop", "frozen"]
    assert len(shown) == 19
    assert len(shown[18]) - 10 == pytest.approx(50 * 4.5 / 9, abs=2)


def test_nothing_measured_has_no_chart(tmp_path: Path) -> None:
    """Not even an empty frame."""
    run(tmp_path, BACKPROP, 0, {BITS: []}, None)
    assert list(chart(build(gathered(tmp_path), Question(), []), 60)) == []
