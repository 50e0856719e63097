"""IDX: what the files hold is what is learned from, whatever they are called and however they are packed."""

from __future__ import annotations

import numpy as np
import pytest
from support.data_files import IMAGES, LABELS, TRAIN, write_idx

from synthgrad.streams import Streams
from synthgrad.tasks import data_files
from synthgrad.tasks.data_files import DataError
from synthgrad.tasks.idx import IDX, IDXOptions


def task(path, **options):
    """The task with these options."""
    return IDX(IDXOptions(name="idx", path=str(path), **options), Streams(1))


def check_all(made, images=IMAGES, labels=LABELS):
    """The examples are these images, in their order."""
    pixels = images.reshape(len(images), -1) / 255
    np.testing.assert_array_equal(np.concatenate([made.train.x, made.test.x]), pixels)
    np.testing.assert_array_equal(np.concatenate([made.train.y, made.test.y]).argmax(-1), labels)
    assert len(made.train.x) == TRAIN


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("mark", ["-", "."])
def test_the_examples_are_what_the_files_hold(tmp_path, mark, end):
    """Pixels as shares of 255, row by row; under either name, gzipped or not."""
    check_all(task(write_idx(tmp_path, mark=mark, end=end)))


@pytest.mark.parametrize("end", ["", ".gz"])
def test_the_bytes_say_whether_a_file_is_gzipped(tmp_path, end):
    """A download may have gained or lost the end of its name."""
    write_idx(tmp_path, end=end)
    for path in tmp_path.iterdir():
        path.rename(path.with_name(f"{path.stem}" if end else f"{path.name}.gz"))
    check_all(task(tmp_path))


def test_the_two_files_of_a_kind_may_be_packed_differently(tmp_path):
    """Only the images gzipped, as some mirrors have them."""
    write_idx(tmp_path, end=".gz")
    (tmp_path / "other").mkdir()
    write_idx(tmp_path / "other")
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "other" / "train-labels-idx1-ubyte").rename(tmp_path / "train-labels-idx1-ubyte")
    check_all(task(tmp_path))


def test_emnist_is_found_by_its_names_and_its_letters_count_from_1(tmp_path):
    """Classes are the labels that occur, in their order: 1 to 26 are 26 classes."""
    labels = (np.arange(90) % 26 + 1).astype(np.uint8)
    write_idx(tmp_path, labels=labels, train="emnist-letters-train", test="emnist-letters-test")
    made = task(tmp_path, train="emnist-letters-train", test="emnist-letters-test")
    assert made.n_y == 26
    check_all(made, labels=labels - 1)


def test_fewer_images_are_the_first_of_each_file(tmp_path):
    """The classes are still those of the whole file."""
    made = task(write_idx(tmp_path, end=".gz"), train_examples=2, test_examples=0)
    assert (len(made.train.x), len(made.test.x), made.n_y) == (2, 0, 3)
    np.testing.assert_array_equal(made.train.x, IMAGES[:2].reshape(2, -1) / 255)


def test_home_is_where_the_user_is(tmp_path, monkeypatch):
    """~ is expanded, and a relative path becomes one that is found from anywhere."""
    monkeypatch.setenv("HOME", str(tmp_path))
    write_idx(tmp_path)
    check_all(task("~"))
    monkeypatch.chdir(tmp_path)
    assert task(".").options.path == str(tmp_path)


def test_files_are_read_once_for_all_seeds_and_again_when_they_change(tmp_path):
    """The same arrays until a file has another size or another time."""
    first, again = task(write_idx(tmp_path)), task(tmp_path)
    assert first.train.x is again.train.x
    write_idx(tmp_path, images=255 - IMAGES, end=".gz")
    for path in tmp_path.glob("*-ubyte"):
        path.unlink()
    check_all(task(tmp_path), images=255 - IMAGES)


def test_files_beyond_the_machine_are_refused_before_they_are_read(tmp_path, monkeypatch):
    """By what their head says; fewer images may fit."""
    monkeypatch.setattr(data_files, "memory", lambda: 12_000)
    with pytest.raises(DataError) as error:
        task(write_idx(tmp_path))
    assert str(error.value).startswith(f"task.path: {tmp_path}/train-images-idx3-ubyte: 1.19 KiB, to train on which ")
    assert "task.train_examples" in str(error.value)
    assert len(task(tmp_path, train_examples=40).train.x) == 40
