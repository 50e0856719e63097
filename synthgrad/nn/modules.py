"""A module: consecutive layers that are trained as one, by backpropagation inside."""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.nn.dense import Dense
from synthgrad.types import Array


class Module:
    """h = f_b(... f_a(x)), layers a to b of a network, with the methods of a single layer.

    The paper's modules: whoever stands above gives the whole module one delta = dL/dh, and inside it is handed down
    layer by layer (arXiv 1608.05343, section 2).
    """

    def __init__(self, layers: Sequence[Dense]) -> None:
        self.layers = layers
        self.bottom, self.top = layers[0], layers[-1]
        self._upper = layers[:0:-1]

    def forward(self, x: Array) -> Array:
        """Return h of the top layer, shape (B, n_out)."""
        for f in self.layers:
            x = f.forward(x)
        return x

    def backward(self, delta: Array) -> None:
        """From delta = dL/dh of the top layer leave every layer's gradient."""
        for f in self._upper:
            f.backward(delta)
            delta = f.delta_below()  # delta_{i-1} = delta_i · dh_i/dh_{i-1}
        self.bottom.backward(delta)

    def delta_below(self) -> Array:
        """Return dL/dx, shape (B, n_in): the gradient handed to the module below."""
        return self.bottom.delta_below()


def module(layers: Sequence[Dense]) -> Dense | Module:
    """Layers as one: a single layer is a module as it is."""
    return layers[0] if len(layers) == 1 else Module(layers)
