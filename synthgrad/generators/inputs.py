"""What a generator can see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synthgrad.nn.context import Context
from synthgrad.types import Array, Batch


@dataclass(frozen=True)
class Input:
    """Something that a generator may see: its width and how it is had in a step."""

    meaning: str
    width: Callable[[Context, int], int]
    array: Callable[[Array, Batch], Array]


INPUTS = {
    "layer-output": Input(
        "h, the output of the layer whose gradient is predicted", lambda context, n: n, lambda h, batch: h
    ),
    "label": Input("y, the target of the whole network", lambda context, n: context.n_y, lambda h, batch: batch.y),
    "input": Input("x, the input of the whole network", lambda context, n: context.n_x, lambda h, batch: batch.x),
}
BOTH = ("layer-output", "label")
