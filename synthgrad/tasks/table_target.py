"""Reads the target of a table as classes or values: as the config says, or as its cells show.

Text is classes; numbers are values, except a few different whole numbers in a CSV file. A target that may be either
(numbers in another notation, missing values, names that occur once each) is an error that says how to decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.tasks.cells import FLAGS, Notation, decimal_comma, fault, missing, number, other_notation
from synthgrad.tasks.data_files import DataError
from synthgrad.tasks.table_csv import Cells
from synthgrad.tasks.task import FEW, Values
from synthgrad.text import counted
from synthgrad.types import AnyArray

if TYPE_CHECKING:
    from synthgrad.tasks.table_npz import Arrays

Rows = npt.NDArray[np.int64]
Wrong = Callable[[str, str], DataError]
"""Makes the error for a text of the target, at the first row that has it."""


class Content(NamedTuple):
    """Inputs (N, n_x), and the target: values (N, n_y), or class numbers (N,), in the order of the n_y sorted classes.

    ``classes`` are their names; ``lines`` has the line of every row in a text file.
    """

    x: Values
    y: AnyArray
    n_y: int
    outputs: Literal["classes", "values"]
    classes: Sequence[object] = ()
    lines: Rows | None = None

    def place(self, row: int) -> str:
        """Where a row is, for people."""
        return f"row {row}, counted from 0" if self.lines is None else f"line {self.lines[row]}"


class Kinds(NamedTuple):
    """The different texts of a target, sorted by what they look like."""

    numbers: list[str]
    missing: list[str]
    written: dict[str, Notation]
    names: list[str]


def kinds_of(texts: Iterable[str]) -> Kinds:
    """What each of the texts looks like, given the others."""
    texts = list(texts)
    gone = [text for text in texts if missing(text)]
    numbers = [text for text in texts if number(text) is not None and not missing(text)]
    plain = {*gone, *numbers}
    comma = decimal_comma(texts)
    looks = {text: look for text in texts if text not in plain and (look := other_notation(text, comma))}
    if len({look.unit for look in looks.values()} - {""}) > 1:  # 1a, 1b, 2a: names, and no unit
        looks = {text: look for text, look in looks.items() if not look.unit}
    names = [text for text in texts if text not in plain and text not in looks]
    if any(not _wordy(name) for name in names):  # + and -
        names += [text for text in gone if text and not _wordy(text)]
        gone = [text for text in gone if text not in names]
    return Kinds(numbers, gone, looks, names)


def _wordy(text: str) -> bool:
    return any(c.isalnum() for c in text)


def decide_kind(texts: Mapping[str, int], wrong: Wrong) -> Literal["classes", "values"]:
    """Whether a target is classes or values; ``texts`` says in how many rows each text occurs.

    Raises DataError if it may be either.
    """
    kinds = kinds_of(texts)
    if kinds.written and len(kinds.written) + len(kinds.numbers) > len(kinds.names):
        raise _other_notation(kinds, len(texts), wrong)
    if kinds.missing:
        raise _missing_values(kinds, texts, wrong)
    whole = len(texts) <= FEW and all(float(text).is_integer() for text in kinds.numbers)
    if kinds.numbers and kinds.names and not whole:
        name = kinds.names[0]
        said = fault(name, "expected one, as most of the column is").removesuffix(")")
        raise wrong(name, f"{said}; task.kind: classes if they are names)")
    infinite = next((text for text in kinds.numbers if fault(text, "")), None)
    if infinite is not None:
        raise wrong(infinite, fault(infinite, ""))
    return "classes" if whole or not kinds.numbers else "values"


def _other_notation(kinds: Kinds, different: int, wrong: Wrong) -> DataError:
    text, look = next(iter(kinds.written.items()))
    count = len(kinds.written)
    share = "" if different == 1 else f", like {count} of {different} different values"
    said = f"{text[:40]!r} looks like {look.what}{share} (write {look.advice}; task.kind: classes if they are names)"
    return wrong(text, said)


def _missing_values(kinds: Kinds, texts: Mapping[str, int], wrong: Wrong) -> DataError:
    rows = sum(texts[text] for text in kinds.missing)
    spelt = " and ".join(map(repr, kinds.missing[:3]))
    one = len(kinds.missing) == 1
    names = "; task.kind: classes takes it as a name" if len(kinds.numbers) <= FEW and kinds.missing != [""] else ""
    said = f"{spelt} {'looks like a missing value' if one else 'look like missing values'}, in {counted(rows, 'row')}"
    right = "fill it in, or leave the row out" if rows == 1 else "fill them in, or leave the rows out"
    return wrong(kinds.missing[0], f"{said} ({right}{names})")


def content(found: Cells | Arrays, kind: str) -> Content:
    """The content of a table, its target of the given kind, or guessed. Raises DataError."""
    return of_cells(found, kind) if isinstance(found, Cells) else of_arrays(found, kind)


# text files ---------------------------------------------------------------------------------------


def of_cells(cells: Cells, kind: str) -> Content:
    """The content of a text file. Raises DataError."""
    texts = Counter(cells.target)

    def wrong(text: str, said: str) -> DataError:
        return cells.wrong(cells.target.index(text), said)

    if kind == "guess":
        kind = decide_kind(texts, wrong)
    numbers = _numbers(texts, cells, kind == "values", wrong)
    if kind == "classes":
        return _classes(cells.x, np.array(cells.target) if numbers is None else numbers, cells.path, cells.lines)
    assert numbers is not None
    return Content(cells.x, numbers[:, None], 1, "values", lines=cells.lines)


def _numbers(texts: Iterable[str], cells: Cells, needed: bool, wrong: Wrong) -> npt.NDArray[np.float64] | None:
    """The target as numbers; None if some are not. Raises DataError if they are ``needed``."""
    flags = all(text.lower() in FLAGS for text in texts)
    if needed and flags:
        return np.array([FLAGS[text.lower()] for text in cells.target])
    odd = next((text for text in texts if fault(text, "")), None)
    if odd is None:
        return np.array(cells.target, dtype=np.float64)
    if needed:
        raise wrong(odd, fault(odd, "expected one, or task.kind: classes", texts))
    return None


# arrays -------------------------------------------------------------------------------------------


def of_arrays(arrays: Arrays, kind: str) -> Content:
    """The content of an NPZ file. Raises DataError."""
    target = arrays.target
    if target.ndim > 1 and target.size == len(target):
        target = target.reshape(-1)  # one column of labels is labels
    if arrays.text:
        return _of_text(arrays, target, kind)
    if kind == "guess":
        kind = _array_kind(arrays, target)
    if kind == "classes":
        if target.ndim == 1:
            return _classes(arrays.x, target, arrays.path)
        if not one_hot_rows(target):
            raise arrays.wrong(f"has {_shape(target)} numbers, no row of which need be one-hot (task.kind: values)")
        return Content(arrays.x, target.argmax(-1), target.shape[1], "classes", range(target.shape[1]))
    y = target.reshape(len(target), -1).astype(np.float64)
    return Content(arrays.x, y, y.shape[1], "values")


def _shape(target: AnyArray) -> str:
    return " x ".join(f"{n:,}" for n in target.shape)


def _of_text(arrays: Arrays, target: AnyArray, kind: str) -> Content:
    if target.ndim > 1:
        raise arrays.wrong(f"holds {_shape(target)} texts (expected one for each row)")
    if kind == "values":
        raise arrays.wrong("holds text, not numbers (save them as numbers, or task.kind: classes)")
    names = arrays.names()

    def wrong(text: str, said: str) -> DataError:
        return arrays.wrong(f"in row {names.index(text)}, counted from 0: {said}")

    if kind == "guess" and decide_kind(Counter(names), wrong) == "values":
        raise arrays.wrong("holds numbers as text (save them as numbers, or task.kind: classes if they are names)")
    return _classes(arrays.x, np.array(names), arrays.path)


def _array_kind(arrays: Arrays, target: AnyArray) -> str:
    """Whether an array of numbers is classes or values. Raises DataError if it may be either."""
    if target.dtype.kind == "b" and target.ndim == 1:
        return "classes"
    bits = bool(np.isin(target, (0, 1)).all())
    if target.ndim > 1:
        if bits and one_hot_rows(target):
            return "classes"
        if bits:
            raise arrays.wrong("holds zeros and ones, but not a single one in each row (task.kind: values)")
        return "values"
    different = np.unique(target)
    few = len(different) <= FEW and bool((different == np.floor(different)).all())
    if len(different) > 1 and (few or target.dtype.kind in "iu"):
        right = "write task.kind: classes if they are labels, task.kind: values if they are quantities"
        raise arrays.wrong(f"holds whole numbers, {len(different):,} different ones ({right})")
    return "classes" if few else "values"


def one_hot_rows(target: AnyArray) -> bool:
    """Whether every row (N, n_y) has one 1 and otherwise zeros."""
    return target.ndim == 2 and bool(np.isin(target, (0, 1)).all() and (target.sum(-1) == 1).all())


def _classes(x: Values, target: AnyArray, path: str, lines: Rows | None = None) -> Content:
    """The content with a number for every class, in sorted order. Raises DataError if there is only one."""
    classes, places = np.unique(target, return_inverse=True)
    if len(classes) == 1:
        only = str(classes[0])[:40]
        raise DataError("target", f"there is only one class, {only!r}, in {path} (at least two are needed)")
    return Content(x, places, len(classes), "classes", classes.tolist(), lines)
