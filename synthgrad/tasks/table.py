"""Table: the user's own data, a CSV or NPZ file with one column or array to predict from the others.

x is the input columns, standardised by mean and standard deviation of the training part; a column that is constant
there is 0. y is one-hot over the sorted classes of the whole file, or numbers, which are standardised in the same way,
except that one that is constant in the training part keeps its unit: held-out labels stay what the file says. So
losses are in standard deviations; r2 is in the units of the file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from os.path import basename
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from synthgrad.config import FilePath, Flag, Int, Name, Names, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams
from synthgrad.tasks.data_files import FROM_HERE, DataError, Stamp, beginning, cached, problems_of, stamp
from synthgrad.tasks.task import FEW, Examples, Sizes, Task, TaskOptions, Values, one_hot, read_only
from synthgrad.text import are, counted
from synthgrad.types import AnyArray, Array, Metrics

if TYPE_CHECKING:
    from synthgrad.tasks.table_csv import Cells
    from synthgrad.tasks.table_npz import Arrays
    from synthgrad.tasks.table_target import Content

HEAD = 300
"""The first bytes of a zip file, which hold the name of its first entry."""
LARGEST = float(np.finfo(np.float32).max)
"""The largest number of float32."""


class TableOptions(TaskOptions):
    """Learn from your own table."""

    path: FilePath = option(meaning=f"a CSV file with a header, or an NPZ file; {FROM_HERE}")
    target: Name = option(meaning="the column, or the array of an NPZ file, to predict")
    columns: Names = option((), "the columns or arrays to predict it from; []: all others")
    kind: Literal["guess", "classes", "values"] = option(
        "guess", f"what the target is; guess: text, and up to {FEW} different whole numbers of a CSV file, are classes"
    )
    classes: Int | None = option(None, "how many classes there are, as a run records it; null: count them", ge=2)
    standardize: Flag = option(True, "mean 0 and standard deviation 1, in the training part, of inputs and values")
    test_share: float = option(0.2, "share of the rows that is held out", ge=0, lt=1)
    split: Int = option(
        0, "which rows train, the same for every seed: the first of RandomState(split)'s permutation", ge=0, lt=2**32
    )

    def problems(self) -> Iterator[Problem]:
        yield from problems_of(self.sizes)

    def decided(self) -> TableOptions:
        content = _content_of(self)
        return self.model_copy(update={"kind": content.outputs, "classes": len(content.classes) or None})

    def sizes(self) -> Sizes:
        content = _content_of(self)
        x, y = content.x, content.y
        if not self.standardize:
            _finite(self.path, (x, y), "task.standardize: true makes them smaller")
        if self.kind == "guess" and content.outputs == "classes":
            _refuse_doubtful_classes(self, content)
        if self.classes not in (None, len(content.classes)):
            found = counted(len(content.classes), "class", "classes") if content.classes else content.outputs
            raise DataError("classes", f"the config says {self.classes}, but {self.path} has {found} (leave it out)")
        held_out = _held_out(self, len(x))
        return Sizes(x.shape[1], content.n_y, len(x) - held_out, held_out, content.outputs)

    def data(self) -> dict[str, int | str]:
        content = _content_of(self)
        unseen = len(_only_held_out(self, content))
        more = {"only_held_out": unseen} if unseen else {}
        return {"file": basename(self.path), "target": self.target, **more}

    def files(self) -> tuple[Stamp, ...]:
        return (stamp(self.path),)


class Table(Task):
    """The examples of ``table``, the same for every seed: only weights and the order of batches differ."""

    Options = TableOptions
    meaning = "your own table, a CSV or NPZ file: one column predicted from the others"
    fixed = True
    locations = ("path",)

    def __init__(self, options: TableOptions, streams: Streams) -> None:
        self.options = options
        file = stamp(options.path)
        self.train, self.test, self.units = _examples(file, options)
        self.n_x, self.n_y, _, _, self.outputs = options.sizes()

    def score(self, o: Array, y: Array) -> Metrics:
        """The scores in the units of the file, so that scaling for training does not change what an error counts."""
        return super().score(o, y) if self.units is None else super().score(o * self.units, y * self.units)


def _held_out(options: TableOptions, rows: int) -> int:
    return min(round(options.test_share * rows), rows - 1)


def _split_rows(options: TableOptions, rows: int) -> tuple[AnyArray, AnyArray]:
    """Training and held-out rows."""
    order = np.random.RandomState(options.split).permutation(rows)
    train, test = np.split(order, [rows - _held_out(options, rows)])
    return train, test


def _only_held_out(options: TableOptions, content: Content) -> AnyArray:
    """The numbers of the classes that occur only in held-out rows."""
    if content.outputs != "classes":
        return np.empty(0, np.int64)
    train, test = _split_rows(options, len(content.x))
    return np.setdiff1d(content.y[test], content.y[train])


def _refuse_doubtful_classes(options: TableOptions, content: Content) -> None:
    """Raise DataError if every row is a class of its own, or a class has no training row: it may not be classes."""
    rows, path = len(content.x), options.path
    name = str(content.classes[0])[:40]
    if content.n_y == rows:
        said = f"{path}: {rows} rows have {rows} classes, one a row, such as {name!r}: nothing to classify"
        right = "choose another target; task.kind: values if they are quantities, task.kind: classes to train anyway"
        raise DataError("target", f"{said} ({right})")
    unseen = _only_held_out(options, content)
    if len(unseen):
        name, row = str(content.classes[unseen[0]])[:40], int(np.flatnonzero(content.y == unseen[0])[0])
        said = f"{len(unseen)} of {content.n_y} classes {are(len(unseen))} only in held-out rows, such as {name!r}"
        right = "leave those rows out, or choose another task.split; task.kind: classes to train without them"
        raise DataError("target", f"{path}: {said} in {content.place(row)}: no training row shows it ({right})")


@cached(1)
def _examples(file: Stamp, options: TableOptions) -> tuple[Examples, Examples, Values | None]:
    """Training and held-out examples, and the units of the labels over the largest; None if all are the same."""
    x, y, n_y, outputs, *_ = _content(file, options.target, options.columns, options.kind)
    train, test = _split_rows(options, len(x))
    units = None
    if outputs == "classes":
        y = one_hot(y, np.arange(n_y))
    elif options.standardize:
        y, units = _standardized(y, train)
        units = units / units.max() if n_y > 1 else None
    if options.standardize:
        x = np.where(_constant(x, train), 0, _standardized(x, train)[0])
        _finite(file.path, (x, y), "in held-out rows: they are far larger than those in training rows")
    return read_only(x[train], y[train]), read_only(x[test], y[test]), units


def _finite(path: str, arrays: Iterable[AnyArray], hint: str) -> None:
    """Raise DataError if a number is infinite in float32."""
    if any(max(array.max(), -array.min()) > LARGEST for array in arrays):
        raise DataError("path", f"{path}: holds numbers that are too large to train on ({hint})")


@np.errstate(over="ignore")  # of what is held out
def _standardized(values: Values, train: AnyArray) -> tuple[Values, Values]:
    """Columns minus their mean in the rows ``train``, in units of their standard deviation there; and these units (n,).

    A column that is constant there keeps its unit, 1.
    """
    large = np.abs(values[train]).max(0)
    large = np.where(large > 0, large, 1)  # so that no square is too large or too small
    scaled = values / large
    constant = _constant(values, train)
    scaled -= scaled[train].mean(0)
    std = np.where(constant, 1, scaled[train].std(0))
    standardized = np.where(constant, values - values[train[0]], scaled / std)
    return standardized, np.where(constant, 1, large * std)


def _constant(values: Values, train: AnyArray) -> npt.NDArray[np.bool_]:
    """Which columns are constant in the rows ``train``."""
    return np.asarray((values[train] == values[train[0]]).all(0))


def _content_of(options: TableOptions) -> Content:
    return _content(stamp(options.path), options.target, options.columns, options.kind)


@cached(2)
def _content(file: Stamp, target: str, columns: tuple[str, ...], kind: str) -> Content:
    """A table, its target as classes or values. Raises DataError with what is wrong with the file."""
    from synthgrad.tasks.table_target import content  # as the readers, long to import and not always needed

    return content(_read(file, target, columns), kind)


@cached(2)
def _read(file: Stamp, target: str, columns: tuple[str, ...]) -> Cells | Arrays:
    """The Cells of a text file or the Arrays of an NPZ file. Raises DataError."""
    wanted = [unicodedata.normalize("NFC", name) for name in (target, *columns)]
    head = beginning(file.path, HEAD)
    if file.path.endswith((".npz", ".npy")) or (head.startswith(b"PK") and b".npy" in head):
        from synthgrad.tasks.table_npz import read_npz

        return read_npz(file, wanted[0], wanted[1:])
    from synthgrad.tasks.table_csv import read_csv

    return read_csv(file, wanted[0], wanted[1:])
