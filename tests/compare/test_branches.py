"""Branches and ablations under comparison: what they are called, what they are held against, where they fork."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.trained_runs import fork
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, group, reported, run, scores, subjects

from synthgrad.claims.report import build
from synthgrad.compare.figures import panels, svg, traces
from synthgrad.compare.figures.style import PRINT
from synthgrad.compare.groups import groups
from synthgrad.compare.judging import called
from synthgrad.compare.page import show_page
from synthgrad.compare.question import Question
from synthgrad.compare.screens import screen
from synthgrad.compare.subjects import gather
from synthgrad.runs.methods import method
from synthgrad.runs.reading import Recorded

TEN = {"training.epochs": 10}
RISE = [0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62, 0.64, 0.66, 0.68]


def branch(after: dict[str, Any], epoch: int = 4, before: dict[str, Any] = BACKPROP, **more: Any) -> dict[str, Any]:
    """The keys of a branch."""
    return fork(before, after, epoch, {**TEN, **more})


def labels(runs: Path) -> set[str]:
    """What the groups in a directory are called."""
    return {members.label for members in groups(subjects(runs))[0]}


# names --------------------------------------------------------------------------------------------


def test_a_branch_is_called_by_what_it_comes_from(tmp_path: Path) -> None:
    """Whatever else its config says of the trainer before."""
    for keys in (TEN | BACKPROP, TEN | FROZEN, branch(FROZEN), branch(FROZEN, 6), branch(BOTH, before=FROZEN)):
        run(tmp_path, keys)
    assert labels(tmp_path) == {
        "backprop", "frozen", "frozen from backprop@4", "frozen from backprop@6", "dni from frozen@4",
    }  # fmt: skip


def test_branches_that_are_still_alike_are_told_apart_as_others_are(tmp_path: Path) -> None:
    """By keys of either trainer."""
    run(tmp_path, branch(BOTH))
    run(tmp_path, branch({**BOTH, "trainer.generator.input": "label"}))
    run(tmp_path, branch(FROZEN))
    run(tmp_path, branch(FROZEN, before={**BACKPROP, "trainer.alpha": 0.05}))
    assert labels(tmp_path) == {
        "dni from backprop@4 both", "dni from backprop@4 label",
        "frozen from backprop@4 branch.trainer.alpha=0.1", "frozen from backprop@4 branch.trainer.alpha=0.05",
    }  # fmt: skip


def test_a_network_with_frozen_layers_is_called_by_them(tmp_path: Path) -> None:
    """The one without is called as ever."""
    for freeze in ([], [1], [1, 2]):
        run(tmp_path, {**BOTH, "trainer.freeze": freeze})
    run(tmp_path, {**BACKPROP, "trainer.freeze": [2]})
    assert labels(tmp_path) == {"dni", "dni freeze=[1]", "dni freeze=[1,2]", "backprop freeze=[2]"}


def test_what_differs_is_told_without_the_keys_that_only_branches_have(tmp_path: Path) -> None:
    """The fork is, where there are several."""
    group(tmp_path, TEN | BACKPROP, [0.9, 0.9])
    group(tmp_path, TEN | FROZEN, [0.5, 0.5])
    group(tmp_path, branch(FROZEN), [0.7, 0.7])
    assert reported(tmp_path).tables[0].differs == ["trainer.name"]
    group(tmp_path, branch(FROZEN, 6), [0.7, 0.7])
    assert reported(tmp_path).tables[0].differs == ["trainer.name", "branch.epoch"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("frozen", ["frozen alpha=0.05", "frozen alpha=0.2"]),
        ("frozen alpha=0.2", ["frozen alpha=0.2"]),
        ("frozen from backprop@4", ["frozen from backprop@4"]),
        ("from backprop@4", ["frozen from backprop@4"]),
        ("dni", ["dni"]),
        ("dni both", ["dni"]),
        ("dni freeze=[2]", ["dni freeze=[2]"]),
        ("dni both freeze=[2]", ["dni freeze=[2]"]),
        ("frozen from backprop@5", []),
    ],
)
def test_a_claim_means_a_branch_or_an_ablation_only_where_it_says_so(
    tmp_path: Path, name: str, found: list[str]
) -> None:
    """frozen alone is the control, dni alone the one whose layers all learn."""
    every = [FROZEN, {**FROZEN, "trainer.alpha": 0.05}, branch(FROZEN), BOTH, {**BOTH, "trainer.freeze": [2]}]
    for keys in every:
        run(tmp_path, {**TEN, **keys})
    assert sorted(s.label for s in called(name, list(scores(tmp_path).values()))) == found


def test_a_method_of_a_damaged_config_has_a_name() -> None:
    """Whatever stands there."""
    assert method({}) == "(unset)"
    assert method({"trainer.name": "dni", "branch.trainer.name": "frozen"}) == "dni from frozen"
    assert method({"trainer.name": "dni", "branch.epoch": "x", "branch.trainer.name": 3}) == "dni from 3"
    assert method({"trainer.name": "dni", "trainer.freeze": 2}) == "dni freeze=2"


# what they are held against -----------------------------------------------------------------------


def test_a_branch_is_neither_control_nor_reference(tmp_path: Path) -> None:
    """Its hidden layers have learned, or have stood still, for a while."""
    group(tmp_path, branch(FROZEN), [0.7, 0.7])
    group(tmp_path, branch(BACKPROP, before=FROZEN), [0.9, 0.9])
    table = reported(tmp_path).tables[0]
    assert (table.control, table.reference, table.lacks_control) == (None, None, True)
    (missing,) = table.missing
    assert " -s branch=null -s trainer.name=frozen " in missing.line


def test_an_ablation_is_neither_control_nor_reference(tmp_path: Path) -> None:
    """Even where it does best."""
    group(tmp_path, {**BACKPROP, "trainer.freeze": [2]}, [0.9, 0.9])
    group(tmp_path, {**BACKPROP, "trainer.freeze": []}, [0.8, 0.8])
    table = reported(tmp_path).tables[0]
    assert (table.control, table.reference) == (None, "backprop")
    group(tmp_path, {**BOTH, "trainer.freeze": [1]}, [0.5, 0.5])
    assert reported(tmp_path, where=["trainer.name=dni"]).tables[0].missing[0].line.count("-s 'trainer.freeze=[]'") == 1


def test_whether_the_layers_of_a_branch_or_an_ablation_learn_is_answered(tmp_path: Path) -> None:
    """They are methods like any other, not the control."""
    group(tmp_path, TEN | FROZEN, [0.5] * 9)
    group(tmp_path, branch(FROZEN), [0.7] * 9)
    group(tmp_path, {**TEN, **BACKPROP, "trainer.freeze": [1]}, [0.6] * 9)
    said = reported(tmp_path).tables[0].answers
    assert [line.partition(":")[0] for line in said] == ["frozen from backprop@4", "backprop freeze=[1]"]
    assert all("its hidden layers learn" in line for line in said)


def test_a_fork_is_nothing_to_tune(tmp_path: Path) -> None:
    """Branches at several epochs are methods, not settings of one."""
    group(tmp_path, TEN | FROZEN, [0.5, 0.5])
    for epoch in (2, 4, 6):
        group(tmp_path, branch(FROZEN, epoch), [0.7, 0.7])
    assert reported(tmp_path).tables[0].sweep is None
    assert reported(tmp_path, by=("branch.epoch",)).tables[0].sweep is not None


def test_tuned_branches_are_answered(tmp_path: Path) -> None:
    """In a sweep over step sizes."""
    for alpha in (0.1, 0.2, 0.4):
        more = {"trainer.alpha": alpha}
        group(tmp_path, {**TEN, **FROZEN, **more}, [0.5] * 6)
        group(tmp_path, branch({**FROZEN, **more}), [0.7] * 6)
    said = reported(tmp_path).tables[0].answers
    assert [line.partition(":")[0] for line in said] == ["frozen from backprop@4, tuned"]


def test_what_a_branch_has_from_another_is_said(tmp_path: Path) -> None:
    """It is part of what it reaches."""
    group(tmp_path, TEN | BACKPROP, [0.9, 0.9])
    for keys in (branch(FROZEN), branch(BOTH), branch(FROZEN, 1)):
        group(tmp_path, keys, [0.7, 0.7])
    said = [line for line in reported(tmp_path).tables[0].fairness if line.endswith(" first")]
    assert said == [
        "frozen from backprop@4 and dni from backprop@4 had 4 epochs of backprop first",
        "frozen from backprop@1 had 1 epoch of backprop first",
    ]


# side by side -------------------------------------------------------------------------------------


def pair(tmp_path: Path, figures: list[float], **more: Any) -> list[str]:
    """The screen of backprop and a branch of it."""
    a = run(tmp_path, TEN | BACKPROP, 1, {BITS: RISE, "loss": RISE}, name="one")
    b = run(tmp_path, branch(FROZEN), 1, {BITS: figures, "loss": figures, "cosine.1": 0.5}, name="two", **more)
    found = gather([a, b])
    return screen(build(found, Question(), []), found.subjects, 79)


def test_two_runs_say_how_far_they_are_the_same(tmp_path: Path) -> None:
    """To the last bit, in the columns that both have."""
    shown = "\n".join(pair(tmp_path, [*RISE[:4], *RISE[3::-1], 0.1, 0.2]))
    assert re.search(r"differs +trainer.name +backprop +frozen from backprop@4\n", shown)
    assert re.search(r"batch order \(seed 1\);\s+identical to epoch 4\n", shown)


def test_two_runs_that_never_part_are_identical_to_the_last_epoch_of_both(tmp_path: Path) -> None:
    """Of the shorter one."""
    assert "identical to epoch 6" in "\n".join(pair(tmp_path, RISE[:6], outcome="interrupted"))


def test_two_runs_that_part_at_once_say_nothing_of_it(tmp_path: Path) -> None:
    """The rule for two methods."""
    assert "identical" not in "\n".join(pair(tmp_path, RISE[::-1]))


# figures ------------------------------------------------------------------------------------------


FORK = re.compile(r'<g id="([\w-]+)\.\d+">\s*<path[^>]*stroke-dasharray: 1,1.5;[^>]*stroke-width: 0.6"')


def marked(runs: Path, kind: str) -> list[str]:
    """The keys of the methods whose fork is marked in the first panel of a kind."""
    report = reported(runs, curves=True)
    panel = next(panel for panel in panels(report, report.tables[0], PRINT) if panel.kind == kind)
    return FORK.findall(svg(panel, PRINT, 3.4))


@pytest.mark.parametrize(("kind", "axes"), [("curve", 1), ("layer", 2)])
def test_a_fork_is_a_thin_line_against_epochs(tmp_path: Path, kind: str, axes: int) -> None:
    """Branches at one epoch share it; it belongs to their methods, and there is none without branches."""
    figures = {BITS: RISE, "cosine.1": 0.5, "skill.1": 0.1}
    run(tmp_path, TEN | BACKPROP, 1, figures)
    assert marked(tmp_path, kind) == []
    for keys in (branch(FROZEN), branch(BOTH), branch(FROZEN, 6)):
        run(tmp_path, keys, 1, figures)
    assert sorted(len(key.split("-")) for key in marked(tmp_path, kind)) == [1] * axes + [2] * axes


def test_the_page_of_a_branch_marks_its_fork(tmp_path: Path) -> None:
    """And says what it branches from."""
    path = run(tmp_path, branch(FROZEN), 1, {BITS: RISE}, about={"branch": {"run": "one", "epoch": 4}})
    recorded = Recorded(path)
    metrics = recorded.metrics()
    assert all(panel.fork == 4 for panel in traces(metrics.columns(metrics.names), 4))
    page = show_page(recorded)
    assert "frozen from backprop@4 on binary-addition" in page
    assert "Its first 4 epochs are those of one." in page
    assert "stroke-dasharray:1,1.5" in page
