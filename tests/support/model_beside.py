"""A model beside a network, taken alone: what is around it, examples for it, and whether fitting it descends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import slope_of

from synthgrad.generators import Generator
from synthgrad.nn.context import Context
from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.modules import Module
from synthgrad.nn.network import Network
from synthgrad.streams import Streams
from synthgrad.types import Batch

B, N, N_X, N_Y = 8, 5, 6, 3


def context(replicas: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, seeds: Sequence[int] = (1,)) -> Context:
    """A network of these widths, its draws those of the seeds, one a replica."""

    def draw(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        drawn = [Streams(seed).normal(name, shape) for seed in seeds]
        return np.stack(drawn) if replicas else drawn[0]

    return Context(N_X, N_Y, replicas, np.dtype(dtype), draw)


def layer(context: Context) -> Module:
    """The module whose delta the model predicts, after a step."""
    made = Network([DenseSpec(4, N)], Reduce(), context.replicas, context.dtype).layers[0]
    made.set_batch_size(B)
    made.forward(np.random.default_rng(2).normal(size=(*context.replicas, B, 4)).astype(context.dtype))
    return made


def examples(rows: int = B, replicas: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, seed: int = 1) -> Any:
    """h, the batch around it, and a target for the prediction."""
    rng = np.random.default_rng(seed)
    h, x, y, target = (rng.normal(size=(*replicas, rows, n)).astype(dtype) for n in (N, N_X, N_Y, N))
    return h, Batch(x, y, np.empty_like(y)), target


def weights(made: Generator) -> dict[str, npt.NDArray[Any]]:
    """A copy of every array of a model."""
    return {name: value.copy() for name, value in made.arrays()}


def check_fitting_descends(made: Generator, probe: Generator, rng: np.random.Generator, *, mean: bool) -> None:
    """One step at alpha 1 is minus the gradient of 1/2 |prediction - target|^2, summed or averaged over the batch."""
    h, batch, target = examples()
    before = weights(made)
    made.delta(h, batch)
    made.fit(target)
    gradient = {name: before[name] - value for name, value in weights(made).items() if "running" not in name}
    v = {name: rng.normal(size=g.shape) for name, g in gradient.items()}

    def value(t: float) -> Any:
        for name, array in probe.arrays():
            if name in v:
                array[...] = before[name] + t * v[name]
        return np.sum((probe.delta(h, batch) - target) ** 2) / 2 / (B if mean else 1)

    slope = slope_of(value, 1e-4)
    assert sum(np.sum(gradient[name] * v[name]) for name in v) == pytest.approx(slope, rel=1e-7)
