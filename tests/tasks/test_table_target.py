"""What the target of a table is decided to be, and what is said where it may be either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data_files import write_csv, write_npz

from synthgrad.streams import Streams
from synthgrad.tasks.data_files import DataError
from synthgrad.tasks.table import Table, TableOptions
from synthgrad.tasks.task import FEW

EITHER = "task.kind: classes if they are labels, task.kind: values if they are quantities"


def options(path: Path, **more: Any) -> TableOptions:
    """The options of a table with the target y."""
    return TableOptions(name="table", path=str(path), target="y", **more)


def decided(path: Path, **more: Any) -> tuple[str, int | None]:
    """Kind and number of classes that a run would record. Raises DataError."""
    found = options(path, **more)
    found.sizes()
    return found.decided().kind, found.decided().classes


def csv(directory: Path, target: list[Any]) -> Path:
    """A file with this target, quoted, and one input."""
    return write_csv(directory, "\n".join(["x,y", *(f'{i},"{value}"' for i, value in enumerate(target))]))


def said(path: Path, **more: Any) -> str:
    """What is wrong with a table."""
    with pytest.raises(DataError) as error:
        decided(path, **more)
    return str(error.value)


# text files ---------------------------------------------------------------------------------------

CLEAR = {
    "text": (["b", "a", "c"] * 8, "classes", 3),
    "few-whole-numbers": ([10, 9, 2] * 8, "classes", 3),
    "whole-numbers-with-points": (["1.0", "2.0"] * 8, "classes", 2),
    "fractions": ([0.5, 1.5, 0.5, 1], "values", None),
    "many-whole-numbers": (list(range(FEW + 1)), "values", None),
    "text-among-whole-numbers": (["3", "2", "10", "x"] * 8, "classes", 4),
    "flags": (["True", "False"] * 8, "classes", 2),
    "signs": (["+", "-"] * 8, "classes", 2),
    "incomes": (["<=50K", ">50K"] * 8, "classes", 2),
    "ranges": (["20-29", "30-39", "65+"] * 8, "classes", 3),
    "ordinals": (["1st", "2nd", "3rd"] * 8, "classes", 3),
    "codes": (["A4", "B12", "c0"] * 8, "classes", 3),
    "digits-with-letters": (["1a", "1b", "2a"] * 8, "classes", 3),
    "one-percentage-among-names": (["10%", "none of these", "control"] * 8, "classes", 3),
    "two-forms-of-one-name": (["Zu\u0308rich", "Z\u00fcrich", "Bern"] * 8, "classes", 2),
}


@pytest.mark.parametrize(("target", "kind", "classes"), CLEAR.values(), ids=CLEAR)
def test_a_clear_target_is_decided(tmp_path: Path, target: list[Any], kind: str, classes: int | None) -> None:
    """Text, and few whole numbers, are classes; other numbers are values."""
    assert decided(csv(tmp_path, target)) == (kind, classes)


ANOTHER = "looks like a number in another notation"
DOUBTFUL = {
    "decimal-comma": (["31,53", "14,06"], f"'31,53' {ANOTHER}, like 2 of 2 different values (write 31.53; ta"),
    "thousands": (["1,000", "2,500"], "(write 1000; task.kind: classes if they are names)"),
    "thousands-with-decimal-comma": (["1,000", "2,5"], "(write 1.000"),
    "thin-spaces": (["1\u2009000", "2\u2009500"], "(write 1000"),
    "currency": (["$31.53", "$14.06"], "(write 31.53"),
    "currencies": (["$31.53", "14 €", "CHF 3"], "like 3 of 3 different values (write 31.53"),
    "percent": (["31%", "14%", "20"], "like 2 of 3 different values (write 31"),
    "units": (["5 kg", "500 g"], "(write 5"),
    "unknown-unit": (["5 foo", "7 foo"], "(write 5"),
    "minus": (["\u22125.5", "3.5"], "(write -5.5"),
    "dates": (
        ["2021-03-05", "2021-03-06"],
        "looks like a date or a time, like 2 of 2 different values (write a number",
    ),
    "times": (["12:30", "12:45"], "looks like a date or a time"),
    "with-a-gap": (["31,53", "14,06", "NA"], f"'31,53' {ANOTHER}"),
    "na": (
        ["male", "female", "NA"],
        ":4: column 'y': 'NA' looks like a missing value, in 8 rows (fill them in, or leave",
    ),
    "na-and-more": (["male", "?", "NA"], "'?' and 'NA' look like missing values, in 16 rows"),
    "na-as-a-name": (["male", "female", "NA"], "; task.kind: classes takes it as a name)"),
    "na-among-numbers": ([0.5, 1.5, "N/A"], "'N/A' looks like a missing value, in 8 rows"),
    "minus-among-names": (["yes", "-", "no"], "'-' looks like a missing value"),
    "word-among-fractions": (
        [0.5, 1.5, "high"],
        "'high' is not a number (expected one, as most of the column is; task",
    ),
    "infinite": ([0.5, "inf"], "'inf' is not a finite number"),
}


@pytest.mark.parametrize(("target", "what"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_doubtful_target_is_an_error_that_says_how_to_decide(tmp_path: Path, target: list[Any], what: str) -> None:
    """With the first line, and what to write."""
    assert what in said(csv(tmp_path, target * 8))


@pytest.mark.parametrize(
    "target", [["31,53", "14,06"], ["male", "NA"], ["2021-03-05", "?"], ["$5", "$6"], ["\u2212", "."]]
)
def test_task_kind_classes_takes_anything_as_a_name(tmp_path: Path, target: list[str]) -> None:
    """Whoever says so has decided."""
    assert decided(csv(tmp_path, target * 8), kind="classes") == ("classes", 2)


def test_two_forms_of_one_name_are_one_class_and_one_column(tmp_path: Path) -> None:
    """A name that another program wrote in pieces is found, in a CSV file and in an NPZ file."""
    whole, parts = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    path = write_csv(tmp_path, f"x,{parts}\n" + "".join(f"{i},{i / 2}\n" for i in range(8)))
    made = TableOptions(name="table", path=str(path), target=whole)
    assert made.sizes().outputs == "values"
    path = write_npz(tmp_path, **{parts: np.arange(8) / 2, "x": np.arange(8.0)})
    assert TableOptions(name="table", path=str(path), target=whole).sizes().outputs == "values"


def test_one_word_among_many_numbers_is_a_slip_and_no_class(tmp_path: Path) -> None:
    """Where there are more kinds than classes are likely to have."""
    path = csv(tmp_path, [*range(50), "x"])
    assert ":52: column 'y': 'x' is not a number (expected one, as most of the column is" in said(path)


def test_flags_are_values_where_the_config_says_so(tmp_path: Path) -> None:
    """True is 1."""
    made = Table(options(csv(tmp_path, ["True", "FALSE"]), kind="values", standardize=False, test_share=0), Streams(1))
    assert sorted(made.train.y[:, 0]) == [0, 1]


# classes that do not come again -------------------------------------------------------------------


@pytest.mark.parametrize("target", [[f"c{i}" for i in range(30)], list(range(FEW))])
def test_as_many_classes_as_rows_is_no_classification(tmp_path: Path, target: list[Any]) -> None:
    """Identifiers of rows, as names and as whole numbers."""
    what = said(csv(tmp_path, target))
    assert what.startswith("task.target: ")
    assert f"{len(target)} rows have {len(target)} classes, one a row" in what


def test_a_class_that_only_held_out_rows_have_is_an_error(tmp_path: Path) -> None:
    """With a row that has it; whoever says classes has decided, and the run records it."""
    held_out = int(np.random.RandomState(0).permutation(40)[-1])
    path = csv(tmp_path, ["rare" if i == held_out else "ab"[i % 2] for i in range(40)])
    what = said(path)
    assert "1 of 3 classes is only in held-out rows, such as 'rare' in line " + str(held_out + 2) in what
    assert "choose another task.split; task.kind: classes to train without them" in what
    assert options(path, kind="classes").data()["only_held_out"] == 1
    assert decided(path, test_share=0) == ("classes", 3)
    assert "only_held_out" not in options(path, kind="classes", test_share=0).data()


# what a run records -------------------------------------------------------------------------------


def test_the_number_of_classes_of_a_config_must_be_that_of_the_file(tmp_path: Path) -> None:
    """A run's config trains on what it was made for; values have no classes."""
    path = csv(tmp_path, ["a", "b", "c"] * 8)
    assert decided(path, kind="classes", classes=3) == ("classes", 3)
    assert f"task.classes: the config says 4, but {path} has 3 classes (leave it out)" in said(path, classes=4)
    assert "has values (leave it out)" in said(csv(tmp_path, [0.5, 1.5, 2]), classes=4)


# arrays -------------------------------------------------------------------------------------------

X = np.arange(24.0)
THREE = np.arange(24) % 3
ONE_HOT = np.eye(3)[THREE]
NAMES = np.array(["a", "b", "c"])[THREE]
ARRAYS: dict[str, tuple[Any, str, int | None]] = {
    "text": (NAMES, "classes", 3),
    "text-in-a-column": (NAMES[:, None], "classes", 3),
    "bytes": (NAMES.astype("S"), "classes", 3),
    "one-hot": (ONE_HOT, "classes", 3),
    "one-hot-flags": (ONE_HOT.astype(bool), "classes", 3),
    "one-hot-of-two": (np.eye(2)[THREE // 2], "classes", 2),
    "flags": (THREE == 1, "classes", 2),
    "flags-in-a-column": ((THREE == 1)[:, None], "classes", 2),
    "fractions": (X / 7, "values", None),
    "fractions-in-a-column": (X[:, None] / 7, "values", None),
    "several": (np.stack([X, X / 2], -1), "values", None),
    "many-whole-floats": (X, "values", None),
}


@pytest.mark.parametrize(("target", "kind", "classes"), ARRAYS.values(), ids=ARRAYS)
def test_a_clear_array_is_decided(tmp_path: Path, target: Any, kind: str, classes: int | None) -> None:
    """One column of labels is labels, one-hot rows are classes."""
    assert decided(write_npz(tmp_path, x=X, y=target)) == (kind, classes)


ASKS: dict[str, tuple[Any, str]] = {
    "integers": (THREE, f"the array 'y' holds whole numbers, 3 different ones (write {EITHER})"),
    "integers-in-a-column": (THREE[:, None], "holds whole numbers, 3 different ones (write task.kind"),
    "many-integers": (np.arange(24), "holds whole numbers, 24 different ones"),
    "bytes": (THREE.astype(np.uint8), "holds whole numbers, 3 different ones"),
    "whole-floats": (THREE.astype(float), "holds whole numbers, 3 different ones"),
    "several-labels-a-row": (
        np.minimum(ONE_HOT + ONE_HOT[::-1], 1),
        "holds zeros and ones, but not a single one in each",
    ),
    "numbers-as-text": ((X / 7).astype(str), "holds numbers as text (save them as numbers, or task.kind: classes"),
    "missing": (
        np.where(THREE == 1, "None", NAMES),
        "the array 'y' in row 1, counted from 0: 'None' looks like a miss",
    ),
    "empty": (np.where(THREE == 1, "", NAMES), "'' looks like a missing value, in 8 rows"),
    "text-in-columns": (np.stack([NAMES, NAMES], -1), "holds 24 x 2 texts (expected one for each row)"),
}


@pytest.mark.parametrize(("target", "what"), ASKS.values(), ids=ASKS)
def test_an_array_that_may_be_either_asks_for_the_kind(tmp_path: Path, target: Any, what: str) -> None:
    """Labels and quantities are whole numbers alike."""
    assert what in said(write_npz(tmp_path, x=X, y=target))


@pytest.mark.parametrize("target", [THREE, THREE[:, None], THREE[:, None].astype(float), ONE_HOT, NAMES[:, None]])
def test_classes_are_classes_in_every_shape(tmp_path: Path, target: Any) -> None:
    """The same one-hot rows, in the order of the classes."""
    path = write_npz(tmp_path, x=X, y=target)
    made = Table(options(path, kind="classes", test_share=0, standardize=False), Streams(1))
    np.testing.assert_array_equal(made.train.y.argmax(-1), made.train.x[:, 0] % 3)


def test_values_are_values_in_every_shape(tmp_path: Path) -> None:
    """Counts in a column are one output, one-hot rows three."""
    for target, n in ((THREE[:, None], 1), (ONE_HOT, 3)):
        found = options(write_npz(tmp_path, x=X, y=target), kind="values").sizes()
        assert (found.n_y, found.outputs) == (n, "values")


def test_rows_that_are_not_one_hot_are_no_classes(tmp_path: Path) -> None:
    """Told with the way out."""
    path = write_npz(tmp_path, x=X, y=np.stack([X, X], -1))
    assert "(task.kind: values)" in said(path, kind="classes")


def test_an_identifier_that_looks_like_a_number_may_still_be_a_name(tmp_path: Path) -> None:
    """The advice for numbers would damage it: how to say that it is a name stands beside it."""
    ids = [f"{i:04d}{'ef' if i % 9 == 0 else '00'}" for i in range(1, 40)]
    assert said(csv(tmp_path, ids)).endswith("; task.kind: classes if they are names)")


@pytest.mark.parametrize("digits", ["٣١", "３１"])
def test_other_digits_are_another_notation(tmp_path: Path, digits: str) -> None:
    """As in a setting: nothing is read in another notation."""
    assert "(write 31" in said(csv(tmp_path, [digits, *range(30)]))
