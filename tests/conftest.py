"""What several tests share: a tiny experiment, ways to run it, and the rows of the conformance tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from synthgrad.processes import SIGNALS, one_blas_thread

for number in SIGNALS:  # also where they are ignored, as by a shell that started the tests in the background
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
one_blas_thread()  # as commands do: with another number of threads sums come out in another order

import numpy as np
import pytest
from hypothesis import settings
from support.selection import mark_the_rest
from support.skips import unexpected

from synthgrad.config import check, decided, dump
from synthgrad.experiment import Config, Diverged, Epoch, Experiment, train
from synthgrad.generators import GENERATOR_INPUTS
from synthgrad.trainers import TRAINERS

settings.register_profile("tests", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("tests")

TINY = {
    "seed": 3,
    "task": {"name": "binary-addition", "bits": 4, "train_examples": 40, "test_examples": 20},
    "network": {"hidden": [12, 9], "init": {"scheme": "glorot", "biases": "like-weights"}},
    "trainer": {"name": "backprop", "alpha": 0.2},
    "training": {"epochs": 3, "batch_size": 10},
}


def tiny(keys: Mapping[str, Any] | None = None, **more: Any) -> Config:
    """A small experiment, changed by dotted keys: ``tiny({"trainer.name": "dni"}, seed=4)``."""
    tree = {key: dict(value) if isinstance(value, dict) else value for key, value in TINY.items()}
    for key, value in {**(keys or {}), **more}.items():
        *sections, name = key.split(".")
        place: dict[str, Any] = tree
        for section in sections:
            place[section] = dict(place.get(section, {}))
            place = place[section]
        place[name] = value
    return decided(check(dump(tree), Config))


def finish(experiment: Experiment) -> list[Epoch]:
    """Train to the end and return the records of the epochs; divergence is a failure."""
    epochs = []
    for record in train(experiment):
        assert not isinstance(record, Diverged), record
        if isinstance(record, Epoch):
            epochs.append(record)
    return epochs


def arrays(experiment: Experiment) -> dict[str, np.ndarray]:
    """A copy of every array that training changes or that a run stores, by name."""
    trainer = experiment.trainer
    return {name: value.copy() for name, value in [*trainer.arrays(), *trainer.state().items()]}


def slope_of(value: Callable[[float], Any], eps: float = 1e-3) -> Any:
    """The derivative of ``value`` at 0 by central differences on five points, with an error of eps^4."""
    return (8 * (value(eps) - value(-eps)) - (value(2 * eps) - value(-2 * eps))) / (12 * eps)


def same_bits(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> bool:
    """Whether two sets of arrays have the same names and the same bits."""
    return a.keys() == b.keys() and all(a[k].dtype == b[k].dtype and a[k].tobytes() == b[k].tobytes() for k in a)


def _rows() -> Iterator[Any]:
    for name, trainer in TRAINERS.items():
        if name == "printed-listing":
            yield pytest.param({"trainer.name": name, "trainer.alpha": 1e-4}, id=name)  # a larger step overflows
        elif "generator" in trainer.Options.model_fields:
            for sees in (*GENERATOR_INPUTS, "both", list(GENERATOR_INPUTS)):
                keys = {"trainer.name": name, "trainer.generator.input": sees, "trainer.generator.alpha": 0.05}
                yield pytest.param(keys, id=f"{name}-{sees if isinstance(sees, str) else '+'.join(sees)}")
        else:
            yield pytest.param({"trainer.name": name}, id=name)


ROWS = list(_rows())
"""Every trainer, and where it has generators, each kind of generator input."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of the default set what only CI runs."""
    mark_the_rest(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name skips that CI does not allow."""
    for reason in _unexpected(terminalreporter):
        terminalreporter.write_line(f"skipped, which tests/support/skips.py does not allow: {reason}", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail on CI if a test was skipped for a reason that is not allowed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and isinstance(reporter, pytest.TerminalReporter) and _unexpected(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unexpected(reporter: pytest.TerminalReporter) -> list[str]:
    places = [report.longrepr for report in reporter.stats.get("skipped", ())]
    return unexpected(place[2].removeprefix("Skipped: ") for place in places if isinstance(place, tuple))
