"""The matrix product of all layers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from synthgrad.types import Array, ReplicaShape


def product(replicas: ReplicaShape) -> Product:
    """The product with the cheapest call: ``ndarray.dot`` (no dispatcher) for one network, else ``np.matmul``."""
    return np.matmul if replicas else np.ndarray.dot


class Product(Protocol):
    """``out = a @ b`` for C-contiguous ``out``."""

    def __call__(self, a: Array, b: Array, out: Array, /) -> object: ...
