"""A model trained beside the network; it predicts what a module would otherwise wait for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from synthgrad.nn.modules import Interface
from synthgrad.nn.network import Network
from synthgrad.nn.optimizers import Optimizer
from synthgrad.types import Array, Batch, Number, State


class Model:
    """A small network with an optimiser of its own, ``at`` an interface or a hidden layer.

    ``kind`` names its arrays, ``gives`` says what ``delta`` returns, which stays in ``sg`` until the next call,
    ``error`` what its misses are called.
    """

    kind: ClassVar[str]
    gives: ClassVar[str]
    error: ClassVar[str] = ""
    at: Interface
    alpha: Number
    network: Network
    optimizer: Optimizer
    sg: Array

    @property
    def i(self) -> int:
        """The hidden layer, counted from 1."""
        return self.at.i

    @property
    def column(self) -> str:
        """The name of its error among the metrics."""
        return self.at.column(self.error)

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        raise NotImplementedError

    def delta(self, h: Array, batch: Batch) -> Array:
        """What the module receives for its output h (B, n)."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop the last prediction."""
        self.sg = np.zeros(0)

    def set_alpha(self, alpha: Number) -> None:
        """Take ``alpha`` as the model's step size from here on."""
        self.optimizer.set_alpha(alpha)

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """The model's weights by name, ``generator.1.2.W``: hidden layer 1, the generator's layer 2."""
        return self.network.arrays(f"{self.kind}.{self.i}")

    def state(self) -> State:
        """Everything that training the model changes."""
        optimizer = {f"optimizer.{name}": value for name, value in self.optimizer.state().items()}
        return self.network.state() | optimizer
