"""The package beside plain NumPy: a config trained here and by ``plain_schedules`` from the same arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from conftest import arrays, finish, tiny

from support.plain_schedules import Line
from synthgrad.config import selected_layers
from synthgrad.experiment import Experiment

DNI = {"trainer.name": "dni", "trainer.generator.alpha": 0.05, "trainer.generator.last_layer": "random"}
STOCHASTIC = {"trainer.schedule.kind": "stochastic", "trainer.schedule.probability": 0.5}
INPUTS = {"trainer.input_model": {"alpha": 0.05, "last_layer": "random"}}
Keys = Mapping[str, Any]


def pipelined(delay: int = 1, **more: Any) -> dict[str, Any]:
    """The keys of a pipeline."""
    return {"trainer.schedule": {"kind": "pipelined", "delay": delay, **more}}


def optimizers(keys: Keys, name: str) -> dict[str, Any]:
    """One optimiser for layers, generators and input models."""
    found = {"trainer.optimizer": name}
    if keys["trainer.name"] == "dni":
        found["trainer.generator.optimizer"] = name
    if "trainer.input_model" in keys:
        found["trainer.input_model"] = {**keys["trainer.input_model"], "optimizer": name}
    return found


def line_of(experiment: Experiment, nudge: float = 0.0) -> Line:
    """The straight line from where an experiment is."""
    config: Any = experiment.config
    trainer, hidden, rng = config.trainer, config.network.hidden, np.random.default_rng(0)
    generator, input_model = getattr(trainer, "generator", None), getattr(trainer, "input_model", None)
    p = {name: value.copy() for name, value in experiment.trainer.arrays()}
    if nudge:
        p = {name: value * (1 + nudge * rng.normal(size=value.shape)) for name, value in p.items()}
    line = Line(
        experiment.task.train.x, experiment.task.train.y, p,
        selected_layers(trainer.interfaces, len(hidden)), len(hidden) + 1, config.network.activation, trainer.loss,
        trainer.optimizer.name, trainer.alpha, config.training.batch_size, config.training.epochs,
        trainer.reduce.weights, frozen=[f"layer.{i}" for i in trainer.freeze],
    )  # fmt: skip
    if generator is not None:
        line.alpha_generator, line.sees, line.inner = generator.alpha, generator.input, generator.activation
        line.standardize, line.scale = generator.normalize, generator.scale
    if input_model is not None:
        line.alpha_input = input_model.alpha
    return line


def check_against_the_line(keys: Keys, follow: Callable[[Line], None], tolerance: float = 1e-12) -> None:
    """Every array, the last outputs and the errors of models agree; ``follow`` is the schedule written out.

    Adam makes a step of what is left of a gradient that is zero but for rounding, of which batch normalisation has
    many; there the tolerance is thirty times what the line itself moves when its first arrays are nudged by 1e-15.
    """
    experiment = Experiment([tiny(keys)])
    line = line_of(experiment)
    if line.optimiser == "adam":
        nudged = line_of(experiment, 1e-15)
        follow(nudged)
        follow(line)
        moved = max(np.abs(nudged.p[name] - value).max() for name, value in line.p.items())
        tolerance = max(tolerance, 30 * moved)
        assert tolerance < 1e-7
    else:
        follow(line)
    start, figures = arrays(experiment), finish(experiment)[-1].metrics
    found = dict(experiment.trainer.arrays())
    assert found.keys() == line.p.keys()
    for name, value in line.p.items():
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance, err_msg=name)
        assert not np.array_equal(found[name], start[name]) or name.startswith(tuple(f"{f}." for f in line.frozen)), (
            name
        )
    outputs = experiment.trainer.loss.outputs(experiment.feed.h)
    np.testing.assert_allclose(outputs, np.concatenate(line.outputs), rtol=tolerance, atol=tolerance)
    errors = {name: error for name, error in figures.items() if "_error." in name}
    expected = {f"{kind.removesuffix('_model')}_error.{i}": e for (kind, i), e in _split(line.errors)}
    assert errors.keys() == expected.keys()
    for name, error in expected.items():
        np.testing.assert_allclose(errors[name], error, rtol=100 * tolerance, err_msg=name)


def _split(errors: Mapping[str, float]) -> list[tuple[tuple[str, str], float]]:
    return [((name.split(".")[0], name.split(".")[1]), error) for name, error in errors.items()]


def steps(experiment: Experiment, count: int | None = None, epoch: int = 1) -> None:
    """Take the first steps of an epoch, and leave what is under way where it is."""
    experiment.begin_epoch(epoch)
    for batch in itertools.islice(experiment.feed.epoch(epoch), count):
        experiment.trainer.step(batch)
