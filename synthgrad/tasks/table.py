"""Table: the user's own data, a CSV or NPZ file with one column or array to be predicted from the others.

x is the input columns, standardised: less their mean, divided by their standard deviation, both those of the training
part, and 0 throughout where that is constant. y is one-hot over the sorted classes of the whole file, or numbers,
which are standardised in the same way, except that one that is constant in the training part keeps its unit: held-out
labels stay what the file says. So losses are in standard deviations; r2 is in the units of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.config import FilePath, Flag, Int, Name, Names, Options, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams
from synthgrad.tasks.files import FROM_HERE, DataError, Stamp, problems, remembered, stamp
from synthgrad.tasks.table_csv import Cells, fault, number, read_csv
from synthgrad.tasks.task import Examples, Sizes, Task, Values, kept, one_hot

if TYPE_CHECKING:
    from synthgrad.tasks.table_npz import Arrays

FEW = 20
"""Whole numbers, or text among numbers, of at most so many kinds are taken for classes."""
MISSING = ("", "nan", b"", b"nan")
"""What stands in a list of names, as text or as bytes, where there is none."""
LARGEST = float(np.finfo(np.float32).max)
"""Of the numbers of float32."""


class TableOptions(Options):
    """Learn from your own table."""

    name: Literal["table"]
    path: FilePath = option(meaning=f"a CSV file with a header, or an NPZ file; {FROM_HERE}")
    target: Name = option(meaning="the column, or the array of an NPZ file, that is predicted")
    columns: Names = option((), "the columns or arrays it is predicted from; []: all others")
    kind: Literal["guess", "classes", "values"] = option(
        "guess", f"what the target is; guess: text, and up to {FEW} different whole numbers, are classes"
    )
    standardize: Flag = option(True, "mean 0 and standard deviation 1, in the training part, of inputs and values")
    test_share: float = option(0.2, "share of the rows that is held out", ge=0, lt=1)
    split: Int = option(
        0, "which rows train, the same for every seed: the first of RandomState(split)'s permutation", ge=0, lt=2**32
    )

    def problems(self) -> Iterator[Problem]:
        yield from problems(lambda: Table.sizes(self))


class Table(Task):
    """The examples of ``table``, the same for every seed: only weights and the order of batches differ."""

    Options = TableOptions
    meaning = "your own table, a CSV or NPZ file: one column predicted from the others"
    fixed = True

    def __init__(self, options: TableOptions, streams: Streams) -> None:
        self.options = options
        file = stamp(options.path)
        self.train, self.test, self.units = _examples(file, options)
        self.n_x, self.n_y, _, _, self.outputs = self.sizes(options)

    @staticmethod
    def sizes(options: TableOptions) -> Sizes:
        x, y, n_y, outputs = _content(stamp(options.path), options.target, options.columns, options.kind)
        if not options.standardize:
            _finite(options.path, (x, y), "task.standardize: true makes them smaller")
        held_out = _held_out(options, len(x))
        return Sizes(x.shape[1], n_y, len(x) - held_out, held_out, outputs)

    @staticmethod
    def files(options: TableOptions) -> tuple[Stamp, ...]:
        return (stamp(options.path),)

    def score(self, o: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """In the units of the file: how an output is scaled for training does not decide how much its error counts."""
        return super().score(o, y) if self.units is None else super().score(o * self.units, y * self.units)


class Content(NamedTuple):
    """Inputs (N, n_x), and the target: values (N, n_y), or the places of the classes (N,) among the n_y sorted ones."""

    x: Values
    y: npt.NDArray[Any]
    n_y: int
    outputs: Literal["classes", "values"]


def _held_out(options: TableOptions, rows: int) -> int:
    return min(round(options.test_share * rows), rows - 1)


@remembered(1)
def _examples(file: Stamp, options: TableOptions) -> tuple[Examples, Examples, Values | None]:
    """Training and held-out examples, and the unit of each label over the largest of them, None where all are alike."""
    x, y, n_y, outputs = _content(file, options.target, options.columns, options.kind)
    order = np.random.RandomState(options.split).permutation(len(x))
    train, test = np.split(order, [len(x) - _held_out(options, len(x))])
    units = None
    if outputs == "classes":
        y = one_hot(y, np.arange(n_y))
    elif options.standardize:
        y, units = _standardized(y, train)
        units = units / units.max() if n_y > 1 else None
    if options.standardize:
        x = np.where(_constant(x, train), 0, _standardized(x, train)[0])
        _finite(file.path, (x, y), "in rows that are held out: beside those that train they are out of all proportion")
    return kept(x[train], y[train]), kept(x[test], y[test]), units


def _finite(path: str, arrays: Iterable[npt.NDArray[Any]], hint: str) -> None:
    """Raise DataError where there are numbers that to a network of float32 are infinite."""
    if any(max(array.max(), -array.min()) > LARGEST for array in arrays):
        raise DataError("path", f"{path}: holds numbers that are too large to train on ({hint})")


@np.errstate(over="ignore")  # of what is held out
def _standardized(values: Values, train: npt.NDArray[Any]) -> tuple[Values, Values]:
    """Columns less their mean in the rows ``train``, in units of their standard deviation there; and these units (n,).

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


def _constant(values: Values, train: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which columns are constant in the rows ``train``."""
    return np.asarray((values[train] == values[train[0]]).all(0))


@remembered(2)
def _content(file: Stamp, target: str, columns: tuple[str, ...], kind: str) -> Content:
    """A table, its target as classes or values. Raises DataError with what is wrong with the file."""
    with open(file.path, "rb") as stream:
        zipped = stream.read(2) == b"PK"
    if zipped or file.path.endswith((".npz", ".npy")):
        from synthgrad.tasks.table_npz import read_npz  # zipfile takes long to import

        return _of_arrays(read_npz(file, target, columns), kind)
    return _of_cells(read_csv(file, target, columns), kind)


def _of_cells(cells: Cells, kind: str) -> Content:
    kinds, guess = set(cells.target), kind == "guess"
    odd = {text: what for text in kinds if (what := fault(text, "expected one, or task.kind: classes"))}
    numbers = None if odd else np.array(cells.target, dtype=np.float64)
    if guess:
        kind = "classes" if (_named(kinds, odd) if numbers is None else _few(numbers)) else "values"
    if kind == "classes":
        target = np.array(cells.target) if numbers is None else numbers
        if guess and numbers is None and (row := _nameless(target)) is not None:
            raise cells.wrong(row, f"{cells.target[row]!r} names no class (leave the row out, or task.kind: classes)")
        return _classes(cells.x, target, cells.path)
    if numbers is None:
        row = next(row for row, text in enumerate(cells.target) if text in odd)
        raise cells.wrong(row, odd[cells.target[row]])
    return Content(cells.x, numbers[:, None], 1, "values")


def _of_arrays(arrays: Arrays, kind: str) -> Content:
    target = arrays.target
    text, flat = arrays.text, target.ndim == 1
    guess = kind == "guess"
    if guess:
        kind = "classes" if flat and (text or _few(target)) else "values"
    if kind == "classes":
        if not flat:
            raise arrays.wrong(f"has {target.ndim} axes, but the classes of examples are a row (task.kind: values)")
        if guess and text and (row := _nameless(target)) is not None:
            raise arrays.wrong(f"names no class in row {row}, counted from 0 (leave it out, or task.kind: classes)")
        return _classes(arrays.x, target, arrays.path)
    if text:
        raise arrays.wrong("holds text, which are no values (task.kind: classes)")
    y = target.reshape(len(target), -1).astype(np.float64)
    return Content(arrays.x, y, y.shape[1], "values")


def _named(kinds: Collection[str], odd: Collection[str]) -> bool:
    """Whether words look like classes; nan is none, and where there are many kinds, a word among numbers is a slip."""
    return any(number(text) is None for text in odd) and (len(kinds) <= FEW or len(odd) == len(kinds))


def _nameless(names: npt.NDArray[Any]) -> int | None:
    """The first row in which a name is missing."""
    plain = np.char.lower(np.char.strip(names)).tolist()
    return next((row for row, name in enumerate(plain) if name in MISSING), None)


def _few(numbers: npt.NDArray[Any]) -> bool:
    """Whether numbers look like classes."""
    kinds = np.unique(numbers)
    return len(kinds) <= FEW and bool((kinds == np.floor(kinds)).all())


def _classes(x: Values, target: npt.NDArray[Any], path: str) -> Content:
    """The place of every label among the sorted ones. Raises DataError where there is but one."""
    classes, places = np.unique(target, return_inverse=True)
    if len(classes) == 1:
        only = str(classes[0])[:40]
        raise DataError("target", f"there is but one class, {only!r}, in {path} (at least two are needed)")
    return Content(x, places, len(classes), "classes")
