"""IDX: the images of MNIST, Fashion-MNIST, KMNIST or EMNIST, from files that the user has.

x is the pixels of an image, row by row as the file has them (EMNIST's stand on their side), 0 to 255 as a share of
255; y is one-hot over the labels that occur in the training file, in their order: EMNIST's letters are numbered from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.config import FilePath, Int, option
from synthgrad.errors import Problem
from synthgrad.streams import Streams
from synthgrad.tasks.data_files import FROM_HERE, DataError, Stamp, cached, problems_of
from synthgrad.tasks.idx_files import find, read
from synthgrad.tasks.task import Examples, Sizes, Task, TaskOptions, one_hot, read_only

LEVELS = 255.0
Bytes = npt.NDArray[np.uint8]


class IDXOptions(TaskOptions):
    """Recognise the images of IDX files: MNIST, Fashion-MNIST, KMNIST, EMNIST."""

    path: FilePath = option(meaning=f"directory of images and labels, train and test, gzipped or not; {FROM_HERE}")
    train: str = option(
        "train", "what the training files' names begin with, such as emnist-balanced-train", min_length=1
    )
    test: str = option("t10k", "what the held-out files' names begin with, such as emnist-balanced-test")
    train_examples: Int | None = option(None, "how many images of the training file, the first; null: all", ge=1)
    test_examples: Int | None = option(None, "how many images of the held-out file, the first; null: all", ge=0)

    def problems(self) -> Iterator[Problem]:
        yield from problems_of(self.sizes)

    def sizes(self) -> Sizes:
        train, test = _sides(*_key(self))
        return Sizes(train.images.shape[1], len(train.classes), len(train.images), len(test.images), "classes")

    def files(self) -> tuple[Stamp, ...]:
        return tuple(find(self.path, (self.train, self.test)))


class IDX(Task):
    """The examples of ``idx``, the same for every seed: only weights and the order of batches differ."""

    Options = IDXOptions
    meaning = "images of MNIST, Fashion-MNIST, KMNIST or EMNIST, from IDX files that you have"
    outputs = "classes"
    fixed = True
    locations = ("path", "train", "test")

    def __init__(self, options: IDXOptions, streams: Streams) -> None:
        self.options = options
        self.train, self.test = _examples(*_key(options))
        self.n_x, self.n_y, *_ = options.sizes()


class Side(NamedTuple):
    """Images (N, pixels), labels (N,), and the classes: the labels that occur in the whole file."""

    images: Bytes
    labels: Bytes
    classes: Bytes


Files = tuple[Stamp, ...]


def _key(options: IDXOptions) -> tuple[Files, int | None, int | None]:
    """Everything that the examples depend on."""
    return options.files(), options.train_examples, options.test_examples


@cached(2)
def _sides(files: Files, n_train: int | None, n_test: int | None) -> tuple[Side, Side]:
    """Training and held-out images. Raises DataError if they do not match."""
    train = _side(files[0], files[1], "train_examples", n_train)
    test = _side(files[2], files[3], "test_examples", n_test)
    shapes = [read(file, "images", most).shape[1:] for file, most in ((files[0], n_train), (files[2], n_test))]
    if shapes[0] != shapes[1]:
        a, b = (f"{rows} x {columns} pixels" for rows, columns in shapes)
        raise DataError("path", f"{files[2].path}: its images have {b}, those of {files[0].path} {a}")
    if len(train.classes) < 2:
        raise DataError("path", f"{files[1].path}: all labels are {train.classes[0]} (at least two classes are needed)")
    strange = np.setdiff1d(test.classes, train.classes)
    if len(strange):
        raise DataError("path", f"{files[3].path}: has the label {strange[0]}, which is not in {files[1].path}")
    return train, test


def _side(images: Stamp, labels: Stamp, key: str, most: int | None) -> Side:
    (count, *_), pixels = read(images, "images", most)
    (n,), named = read(labels, "labels", None)
    if count != n:
        raise DataError("path", f"{images.path}: holds {count:,} images, but {labels.path} {n:,} labels")
    if most is not None and most > count:
        raise DataError(key, f"{most} is more than there are images in {images.path} (at most {count}; null: all)")
    return Side(pixels, named[: len(pixels), 0], np.unique(named))


@cached(1)
def _examples(files: Files, n_train: int | None, n_test: int | None) -> tuple[Examples, Examples]:
    train, test = _sides(files, n_train, n_test)
    made = (read_only(side.images / LEVELS, one_hot(side.labels, train.classes)) for side in (train, test))
    return next(made), next(made)
