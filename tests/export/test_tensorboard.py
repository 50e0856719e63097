"""Event files for TensorBoard, read back."""

from __future__ import annotations

import builtins
import json
import math
import struct
from datetime import datetime

import numpy as np
import pytest
from support.trained_runs import DIVERGING, called, killed, made, replaced
from test_export_tidy import cells

from synthgrad.errors import ConfigError, RunError
from synthgrad.export.tensorboard import export, tag
from synthgrad.runs.reading import Recorded

pytest.importorskip("tensorboardX")


def exported(*paths, to):
    """Export runs; the lines that are said."""
    return list(export([Recorded(path) for path in paths], to))


def events(directory):
    """The events of the one file in a directory, their checksums checked."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    (path,) = directory.iterdir()
    assert "tfevents" in path.name
    data, found = path.read_bytes(), []
    while data:
        (size,) = struct.unpack("<Q", data[:8])
        record = data[12 : 12 + size]
        assert struct.unpack("<I", data[8:12])[0] == masked_crc32c(data[:8])
        assert struct.unpack("<I", data[12 + size : 16 + size])[0] == masked_crc32c(record)
        found.append(Event.FromString(record))
        data = data[16 + size :]
    return found


def scalars(directory):
    """By tag, a list of (step, value)."""
    found = {}
    for event in events(directory):
        for value in event.summary.value:
            if not value.tag.startswith("_hparams_"):
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_each_run_has_a_directory_of_its_name(tmp_path):
    """Which is what is said on stdout."""
    runs, out = [made(tmp_path / "runs"), made(tmp_path / "runs")], tmp_path / "out"
    assert exported(*runs, to=out) == [str(out / run.name) for run in runs]
    assert sorted(path.name for path in out.iterdir()) == sorted(run.name for run in runs)


def test_every_column_is_a_scalar_at_every_epoch(tmp_path):
    """In single precision, which is TensorBoard's; steps are epochs."""
    run = made(tmp_path / "runs", {"trainer.name": "dni"})
    exported(run, to=tmp_path / "out")
    found = scalars(tmp_path / "out" / run.name)
    rows = cells(run)
    names = [name for name in rows[0] if name not in ("epoch", "step", "seconds")]
    assert list(found) == [tag(name) for name in names]
    for name in names:
        assert found[tag(name)] == [(int(row["epoch"]), np.float32(row[name])) for row in rows]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("loss", "train/loss"),
        ("bit_accuracy", "train/bit_accuracy"),
        ("test_loss", "test/loss"),
        ("test_exact_accuracy", "test/exact_accuracy"),
        ("generator_error.1", "generator_error/1"),
        ("cosine.12", "cosine/12"),
    ],
)
def test_columns_are_grouped(column, name):
    """Training beside training, a layer beside the other layers."""
    assert tag(column) == name


def test_blank_cells_are_left_out(tmp_path):
    """What was not measured has no point."""
    run = made(tmp_path / "runs", {"training.epochs": 5, "training.evaluate_every": 2})
    exported(run, to=tmp_path / "out")
    found = scalars(tmp_path / "out" / run.name)
    assert [step for step, _ in found["test/loss"]] == [2, 4, 5]
    assert [step for step, _ in found["train/loss"]] == [1, 2, 3, 4, 5]


def test_times_are_the_run_s(tmp_path):
    """Its start, and the seconds of training since."""
    run = made(tmp_path / "runs")
    exported(run, to=tmp_path / "out")
    start = datetime.fromisoformat(json.loads((run / "run.json").read_text())["started"]).timestamp()
    first, *_, last = events(tmp_path / "out" / run.name)
    assert (first.wall_time, first.file_version) == (start, "brain.Event:2")
    assert last.wall_time == start + float(cells(run)[-1]["seconds"])


def test_settings_are_hyperparameters(tmp_path):
    """Numbers, words and switches; lists are text."""
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    run = made(tmp_path / "runs")
    exported(run, to=tmp_path / "out")
    values = {value.tag: value for event in events(tmp_path / "out" / run.name) for value in event.summary.value}
    content = values["_hparams_/session_start_info"].metadata.plugin_data.content
    settings = HParamsPluginData.FromString(content).session_start_info.hparams
    assert settings["trainer.alpha"].number_value == 0.2
    assert settings["trainer.name"].string_value == "backprop"
    assert settings["network.bias"].bool_value is True
    assert settings["network.hidden"].string_value == "[12, 9]"
    experiment = HParamsPluginData.FromString(values["_hparams_/experiment"].metadata.plugin_data.content).experiment
    assert "test/loss" in [metric.name.tag for metric in experiment.metric_infos]


def test_values_beyond_single_precision_and_any_that_are_not_finite_are_kept(tmp_path):
    """As TensorBoard can show them."""
    run = made(tmp_path / "runs")
    rows = cells(run)
    replaced(run / "metrics.csv", rows[0]["loss"], "nan")
    replaced(run / "metrics.csv", rows[1]["loss"], "1e300")
    replaced(run / "metrics.csv", rows[2]["loss"], "-inf")
    exported(run, to=tmp_path / "out")
    (_, a), (_, b), (_, c) = scalars(tmp_path / "out" / run.name)["train/loss"]
    assert math.isnan(a)
    assert (b, c) == (math.inf, -math.inf)


def test_the_same_runs_give_the_same_bytes(tmp_path):
    """A second export replaces the first."""
    run = made(tmp_path / "runs")
    exported(run, to=tmp_path / "out")
    (path,) = (tmp_path / "out" / run.name).iterdir()
    before = path.read_bytes()
    exported(run, to=tmp_path / "out")
    assert [file.read_bytes() for file in path.parent.iterdir()] == [before]


@pytest.mark.parametrize("keys", [DIVERGING, {}], ids=["diverged at once", "killed"])
def test_a_run_without_rows_has_its_settings(tmp_path, keys):
    """And no curves."""
    run = made(tmp_path / "runs", keys) if keys else killed(tmp_path / "runs")
    (run / "metrics.csv").write_text((run / "metrics.csv").read_text().partition("\n")[0] + "\n")
    exported(run, to=tmp_path / "out")
    assert scalars(tmp_path / "out" / run.name) == {}


def test_rows_before_damage_are_exported(tmp_path):
    """And what is damaged is noted."""
    path = made(tmp_path / "runs")
    replaced(path / "metrics.csv", "\n3,", "\n3;")
    run = Recorded(path)
    list(export([run], tmp_path / "out"))
    assert len(scalars(tmp_path / "out" / path.name)["train/loss"]) == 2
    assert ":4: is damaged" in run.damage[0]


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    """Nothing half-written is left behind."""
    run = made(tmp_path / "runs")
    monkeypatch.setattr(
        "synthgrad.runs.reading.Metrics.rows", lambda metrics: (_ for _ in ()).throw(OSError(28, "Full"))
    )
    with pytest.raises(RunError, match="cannot be written: full"):
        exported(run, to=tmp_path / "out")
    assert list((tmp_path / "out" / run.name).iterdir()) == []


def test_a_directory_below_a_file_is_an_error(tmp_path):
    """It names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        exported(made(tmp_path / "runs"), to=tmp_path / "file")


def test_two_runs_of_one_name_are_an_error(tmp_path):
    """Their curves would be mixed."""
    a = called(made(tmp_path / "a"), "x")
    b = called(made(tmp_path / "b"), "x")
    with pytest.raises(ConfigError, match=r"has the name of .* \(export them to different directories\)"):
        exported(a, b, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    """What to type."""
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return real(name, *rest)

    run = made(tmp_path)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"needs tensorboardX \(pip install 'synthgrad\[tensorboard\]'\)"):
        exported(run, to=tmp_path / "out")
