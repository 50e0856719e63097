"""Fingerprints of what two runs must share to be paired: data, initial weights, batch order."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from synthgrad.tasks.task import Task
from synthgrad.types import AnyArray


def fingerprints(
    task: Task, data: Iterable[AnyArray], weights: AnyArray, order: AnyArray, batch_size: int
) -> dict[str, str]:
    """Of one network; ``order`` is that of the first epoch, empty if it is the examples' own."""
    fresh = [task.draw(1).x] if task.fresh else []
    return {
        "data": _digest(*data, *fresh),
        "weights": _digest(weights),
        "order": _digest(order, np.array([batch_size])),
    }


def _digest(*arrays: AnyArray) -> str:
    digest = blake2b(digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
