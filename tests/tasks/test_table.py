"""Tables: CSV and NPZ files as examples, split and standardised."""

from __future__ import annotations

import numpy as np
import pytest
from support.data_files import KINDS, TABLE, write_csv, write_npz

from synthgrad.streams import Streams
from synthgrad.tasks import data_files, table_csv
from synthgrad.tasks.data_files import DataError
from synthgrad.tasks.table import Table, TableOptions


def task(path, target, **options):
    """The task with these options."""
    return Table(TableOptions(name="table", path=str(path), target=target, **options), Streams(1))


def raw(path, target, **options):
    """The task with all rows in the order of the split, nothing standardised."""
    return task(path, target, standardize=False, test_share=0, **options)


def rows(made):
    """The rows of the file that train, in order."""
    order = np.random.RandomState(made.options.split).permutation(80)
    return order[: len(made.train.x)], order[len(made.train.x) :]


# what is read -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["kind", "d"])
def test_csv_and_npz_of_the_same_numbers_are_the_same_examples(tmp_path, target):
    """To the last bit, values and classes."""
    kind = {"kind": "classes", "d": "values"}[target]
    csv = task(write_csv(tmp_path), target, columns=["a", "b", "c"])
    npz = task(write_npz(tmp_path), target, columns=["inputs"], kind=kind)
    assert csv.outputs == npz.outputs == kind
    for one, other in zip([*csv.train, *csv.test], [*npz.train, *npz.test], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_fifth_is_held_out_by_one_permutation(tmp_path):
    """RandomState(split), the same for every seed."""
    for split in (0, 3):
        made = task(write_csv(tmp_path), "d", columns="a", standardize=False, split=split)
        train, test = rows(made)
        assert len(test) == 16
        np.testing.assert_array_equal(made.train.x[:, 0], TABLE[train, 0])
        np.testing.assert_array_equal(made.test.x[:, 0], TABLE[test, 0])


DELIMITED = {
    "comma": "a,b,d\n1,2,3\n4,5,6\n",
    "semicolon": "a;b;d\n1;2;3\n4;5;6\n",
    "tab": "a\tb\td\n1\t2\t3\n4\t5\t6\n",
    "byte-order-mark": "\ufeffa,b,d\n1,2,3\n4,5,6\n",
    "windows": "a,b,d\r\n1,2,3\r\n4,5,6\r\n",
    "quotes": '"a","b","d"\n"1","2",3\n4,5,"6"\n',
    "delimiter-in-quotes": '"a","x,y,z;",d\n1,2,3\n4,5,6\n',
    "blanks-and-empty-lines": " a , b ,d\n\n1, 2 ,3\n 4,5,6\n\n",
    "no-newline-at-the-end": "a,b,d\n1,2,3\n4,5,6",
    "quotes-after-blanks": 'a, "b", d\n1, "2", 3\n4, 5, "6"\n',
    "exponents": "a,b,d\n1e0,+2,.3e1\n4.,5,6\n",
}


@pytest.mark.parametrize("text", DELIMITED.values(), ids=DELIMITED)
def test_a_csv_file_is_read_as_it_is_meant(tmp_path, text):
    """Delimiter, quotes, byte-order mark, blanks, ends of lines."""
    made = raw(write_csv(tmp_path, text), "d", kind="values")
    order = np.random.RandomState(0).permutation(2)
    np.testing.assert_array_equal(made.train.x, np.array([[1.0, 2], [4, 5]])[order])
    np.testing.assert_array_equal(made.train.y, np.array([[3.0], [6]])[order])


def test_many_rows_are_read_in_blocks(tmp_path, monkeypatch):
    """And put together in their order."""
    whole = raw(write_csv(tmp_path), "d", columns=["c", "a"]).train
    monkeypatch.setattr(table_csv, "BLOCK", 7)
    parts = raw(write_csv(tmp_path, name="again.csv"), "d", columns=["c", "a"]).train
    np.testing.assert_array_equal(whole.x, parts.x)
    np.testing.assert_array_equal(whole.y, parts.y)
    np.testing.assert_array_equal(whole.x, TABLE[np.random.RandomState(0).permutation(80)][:, [2, 0]])


def test_an_array_has_as_many_inputs_as_a_row_has_numbers(tmp_path):
    """Images, flags, whole numbers, one number a row: side by side, in the order asked for."""
    arrays = {"images": np.arange(24).reshape(4, 2, 3), "on": np.array([True, False, True, True]), "y": np.arange(4.0)}
    made = raw(write_npz(tmp_path, **arrays), "y", columns=["on", "images"], kind="values")
    order = np.random.RandomState(0).permutation(4)
    np.testing.assert_array_equal(made.train.x, np.c_[arrays["on"], arrays["images"].reshape(4, 6)][order])


def test_a_target_may_be_several_values(tmp_path):
    """An array (N, 3) is three outputs."""
    made = raw(write_npz(tmp_path, x=TABLE, y=2 * TABLE), "y")
    assert (made.n_y, made.outputs) == (3, "values")
    np.testing.assert_array_equal(made.train.y, 2 * made.train.x)


# classes or values: see test_table_target ---------------------------------------------------------


def test_what_is_guessed_can_be_said(tmp_path):
    """Grades are values, and any numbers can be classes."""
    made = raw(write_csv(tmp_path, "x,grade\n1,3\n2,5\n3,3\n"), "grade", kind="values")
    assert sorted(made.train.y[:, 0]) == [3, 3, 5]
    made = raw(write_csv(tmp_path, "x,dose\n1,.5\n2,2.5\n3,.5\n"), "dose", kind="classes")
    assert made.train.y.sum(0).tolist() == [2, 1]


# standardised -------------------------------------------------------------------------------------


def test_inputs_and_values_are_standardised_by_their_training_part(tmp_path):
    """Mean 0 and standard deviation 1 there; the held-out rows by the same numbers."""
    made = task(write_npz(tmp_path, x=TABLE, y=TABLE[:, 0] * 1e3), "y")
    train, test = rows(made)
    for one in made.train:
        np.testing.assert_allclose(one.mean(0), 0, atol=1e-12)
        np.testing.assert_allclose(one.std(0), 1, rtol=1e-12)
    expected = (TABLE[test] - TABLE[train].mean(0)) / TABLE[train].std(0)
    np.testing.assert_allclose(made.test.x, expected, rtol=1e-10)
    np.testing.assert_allclose(made.test.y, expected[:, :1], rtol=1e-10)


def test_a_constant_column_becomes_0(tmp_path):
    """An input that is constant in the training part: it can tell nothing, wherever it goes later."""
    x = np.c_[TABLE[:, 0], np.full(80, 7.1), np.zeros(80)]
    x[np.random.RandomState(0).permutation(80)[70]] = 9
    made = task(write_npz(tmp_path, x=x, y=TABLE[:, 1]), "y")
    for examples in (made.train, made.test):
        assert not examples.x[:, 1:].any()
        assert examples.x[:, 0].any()


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e25])
def test_held_out_labels_of_a_constant_target_stay_what_the_file_says(tmp_path, size):
    """A target that is constant in the training part keeps its unit: labels are what they differ from it by."""
    y = np.full((80, 2), 5 * size)
    y[:, 1] = TABLE[:, 1]
    odd = np.random.RandomState(0).permutation(80)[70]
    y[odd, 0] = 7.5 * size
    made = task(write_npz(tmp_path, x=TABLE, y=y), "y")
    _, test = rows(made)
    assert not made.train.y[:, 0].any()
    np.testing.assert_allclose(made.test.y[:, 0], np.where(test == odd, 2.5 * size, 0), rtol=1e-12)
    np.testing.assert_allclose(made.train.y[:, 1].std(), 1, rtol=1e-12)


@pytest.mark.parametrize("constant", [False, True])
def test_r2_is_that_of_the_units_of_the_file(tmp_path, constant):
    """Whether labels are standardised or not, 1 - SSE / SST over all outputs, by the mean of the examples scored."""
    y = TABLE[:, :2] * [1, 1000] + [0, 5]
    if constant:
        y[np.random.RandomState(0).permutation(80)[:64], 0] = 3
    path = write_npz(tmp_path, x=TABLE, y=y)
    whole, plain = task(path, "y"), task(path, "y", standardize=False)
    noise = np.random.default_rng(0).normal(size=plain.test.y.shape) * [3, 40]
    units = np.ptp(plain.test.y, axis=0) / np.ptp(whole.test.y, axis=0)
    sse, sst = (noise**2).sum(), ((plain.test.y - plain.test.y.mean(0)) ** 2).sum()
    for made, off in ((plain, noise), (whole, noise / units)):
        assert made.score(made.test.y + off, made.test.y)["r2"] == pytest.approx(1 - sse / sst, rel=1e-9)


def test_huge_and_tiny_numbers_are_standardised_too(tmp_path):
    """Where squares would overflow, or vanish."""
    made = task(write_npz(tmp_path, x=TABLE * [1e300, 1e-300, 1], y=TABLE[:, 1]), "y")
    plain = task(write_npz(tmp_path, "plain.npz", x=TABLE, y=TABLE[:, 1]), "y")
    np.testing.assert_allclose(made.train.x, plain.train.x, rtol=1e-9)
    held_out = np.random.RandomState(0).permutation(80)[70]
    x = TABLE.copy()
    x[held_out, 1] = 1e30
    made = task(write_npz(tmp_path, x=x, y=TABLE[:, 1]), "y")
    np.testing.assert_allclose(made.train.x, plain.train.x, rtol=1e-9)


def test_a_held_out_number_beyond_all_proportion_is_refused(tmp_path):
    """It would be infinite in float32; so would be a huge one that is not standardised, which options tell at once."""
    x = TABLE.copy()
    x[np.random.RandomState(0).permutation(80)[70], 1] = 1e300
    with pytest.raises(DataError, match=r"holds numbers that are too large to train on \(in held-out rows"):
        task(write_npz(tmp_path, x=x, y=TABLE[:, 1]), "y")
    for data in ({"x": x, "y": TABLE[:, 1]}, {"x": TABLE, "y": -x[:, 1]}):
        with pytest.raises(DataError, match=r"too large to train on \(task.standardize: true makes them smaller"):
            raw(write_npz(tmp_path, **data), "y")


# files --------------------------------------------------------------------------------------------


def test_a_table_is_read_once_for_all_seeds_and_again_when_it_changes(tmp_path):
    """The same arrays until the file has another size or another time."""
    path = write_csv(tmp_path)
    assert task(path, "kind", columns=["a"]).train.x is task(path, "kind", columns=["a"]).train.x
    write_csv(tmp_path, "a,kind\n1,x\n2,y\n3,y\n")
    assert len(raw(path, "kind").train.x) == 3


def test_names_may_look_like_numbers(tmp_path):
    """A column called 2019 needs no quotes in the config."""
    made = raw(write_csv(tmp_path, "2018,2019\n1,2\n3,5\n"), 2019, columns=2018, kind="values")
    assert (made.options.target, made.options.columns) == ("2019", ("2018",))


def test_a_table_beyond_the_machine_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """By its size and its first lines, or by the heads of its arrays."""
    monkeypatch.setattr(data_files, "memory", lambda: 2_000)
    for path in (write_csv(tmp_path), write_npz(tmp_path)):
        with pytest.raises(DataError, match=rf"{path}: .* KiB, to train on which would take .* \(this machine has"):
            task(path, "d")


def test_classes_are_named_in_the_file_and_kept_in_order(tmp_path):
    """y's columns are the sorted names."""
    made = raw(write_csv(tmp_path), "kind", columns=["a"])
    order = np.random.RandomState(0).permutation(80)
    assert [sorted(KINDS)[i] for i in made.train.y.argmax(-1)] == [KINDS[i % 3] for i in order]
