"""The true gradient of the moment, computed by a full backward pass of a copy (twin) of the network."""

from __future__ import annotations

from numpy import copyto

from synthgrad.nn.dense import Reduce
from synthgrad.nn.losses import Loss
from synthgrad.nn.network import Network
from synthgrad.types import Array, Batch


class TrueGradient:
    """delta_L = dL/dh_L,  delta_i = delta_{i+1} dh_{i+1}/dh_i, at the weights that the network has at the call.

    The twin has its own buffers, gradients and running statistics: the network does not change, and the result stays
    as it is while the network's weights move. ``deltas[i - 1]`` (B, n_i) is that of hidden layer i, valid
    until the next ``compute``.
    """

    def __init__(self, network: Network, loss: Loss) -> None:
        self.network = network
        self.twin = Network(network.specs, Reduce(weights="sum", biases="sum"), network.replicas, network.dtype)
        self.loss = type(loss)(loss.n, loss.replicas, loss.dtype)

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""
        self.twin.set_batch_size(rows)
        self.loss.set_batch_size(rows)
        self.deltas = [f.below for f in self.twin.layers[1:]]

    def compute(self, batch: Batch) -> list[Array]:
        """Return the hidden layers' gradients, the lowest first."""
        copyto(self.twin.theta, self.network.theta)
        delta = self.loss.delta(self.twin.forward(batch.x), batch)
        for f in self.twin.layers[:0:-1]:
            f.backward(delta)
            delta = f.delta_below()  # delta_i = delta_{i+1} · dh_{i+1}/dh_i
        return self.deltas
