"""Does each layer learn? What hidden layers receive beside the true gradients, and the step sizes that generators bear.

The true gradient is computed here to be looked at, never to train with: a twin of the trainer, with buffers, shared
gradients and running statistics of its own, takes over all that training has changed, and nothing goes back.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synthgrad.generators import Generator
from synthgrad.nn.dense import Dense
from synthgrad.nn.modules import Interface
from synthgrad.nn.optimizers import SGD, Momentum, MomentumOptions
from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.trainers import Trainer
from synthgrad.trainers.dni import DNI
from synthgrad.trainers.zeroed import zeroed
from synthgrad.types import Array, Batch, Floats, Metrics


class ObservedDense(Dense):
    """A layer that keeps a copy of the last delta that it received."""

    received: Array

    def backward(self, delta: Array) -> None:
        self.received = delta.copy()
        super().backward(delta)


class Diagnosis:
    """What a trainer hands to its hidden layers, measured at its weights of the moment.

    With delta_i = dL/dh_i by backpropagation in training mode and sg_i what layer i receives in its place in a step
    from the same weights (the synthetic gradient M_i(z_i), the projected error, a head's gradient ...), per example, as
    vectors over a whole batch (B, n):

        cosine.i = <sg_i, delta_i> / (|sg_i| |delta_i|)
        skill.i  = 1 - |sg_i - delta_i|^2 / |delta_i|^2      1 is perfect, 0 as good as no step, below 0 worse
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.interfaces = [Interface(i, f) for i, f in enumerate(trainer.layers[:-1], 1)]
        generators = trainer.generators if isinstance(trainer, DNI) else []  # those of the printed listing climb
        self.bounded = [k for k, M in enumerate(generators) if isinstance(M, Generator) and _is_linear_descent(M)]

    @cached_property
    def twin(self) -> Trainer:
        """A trainer of the same form with step sizes of zero, whose layers keep what they receive."""
        context = self.trainer.context._replace(layer=ObservedDense)
        options = self.trainer.options.in_order()
        twin = zeroed(self.trainer.setup._replace(trainer=options, context=context))
        twin.set_rate(0.0)
        return twin

    @cached_property
    def _true(self) -> TrueGradient:
        return TrueGradient(self.trainer.network, self.trainer.loss)

    def columns(self) -> list[str]:
        """The names of ``metrics``."""
        return [at.column(kind) for kind in ("cosine", "skill") for at in self.interfaces]

    @np.errstate(all="ignore")  # results of zero or huge vectors are checked, not warned of
    def metrics(self, batch: Batch) -> Metrics:
        """Cosine and skill of every hidden layer on one batch, shape ``replica_shape`` each, NaN where undefined."""
        self._step(batch)
        self._true.set_batch_size(batch.rows)
        received = [f.received for f in self.twin.layers if isinstance(f, ObservedDense)][:-1]
        found = {}
        for at, sg, delta in zip(self.interfaces, received, self._true.compute(batch), strict=True):
            found[at.column("cosine")], found[at.column("skill")] = _agreement(sg, delta)
        return {name: found[name] for name in self.columns()}

    @np.errstate(all="ignore")
    def bounds(self, batch: Batch) -> dict[str, Floats]:
        """By hidden layer, the step size above which fitting its generator to one batch does not settle.

        For linear generators on SGD or momentum; shape ``replica_shape`` each, NaN where inputs are zero or not finite.
        """
        self._step(batch)
        assert isinstance(self.twin, DNI)
        fitted = [M for M in self.twin.generators if isinstance(M, Generator)]
        return {str(fitted[k].i): _bound(fitted[k]) for k in self.bounded}

    def _step(self, batch: Batch) -> None:
        """Have the twin take over the state of training and make one step."""
        twin, trainer = self.twin, self.trainer
        for own, other in ((twin.state(), trainer.state()), (twin.fixed, trainer.fixed)):
            for name, value in own.items():
                np.copyto(value, other[name])
        twin.step(Batch(batch.x, batch.y, np.empty_like(batch.h)))


def _is_linear_descent(M: Generator) -> bool:
    """Whether fitting is plain descent on a quadratic."""
    return len(M.layers) == 1 and isinstance(M.optimizer, SGD | Momentum)


def _agreement(sg: Array, delta: Array) -> tuple[Floats, Floats]:
    """Cosine and skill of sg (B, n) for delta (B, n), each as one vector, in float64."""
    s, d = (a.reshape(*a.shape[:-2], -1).astype(np.float64) for a in (sg, delta))
    miss = s - d
    skill = 1 - np.vecdot(miss, miss) / np.vecdot(d, d)
    return _finite(np.vecdot(_unit(s), _unit(d))), _finite(skill)


def _unit(v: Floats) -> Floats:
    """The vector v / |v| (..., K), first made of order 1 so that no square is too large or too small."""
    v = v / np.abs(v).max(-1, keepdims=True)
    unit: Floats = v / np.sqrt(np.vecdot(v, v))[..., None]
    return unit


def _bound(M: Generator) -> Floats:
    """2 / lambda_max of the curvature D^1/2 [Z, 1]^T [Z, 1] D^1/2, Z (B, n_z) the inputs last seen.

    D holds each column's reduction over the batch, 1 or 1 / B. Momentum, v <- mu v + alpha g, bears 1 + mu times
    as much.
    """
    Z = M.layers[0].xT.mT.astype(np.float64)
    rows, reduce = Z.shape[-2], M.options.reduce
    one = np.ones((*Z.shape[:-1], 1))
    used = [(Z, reduce.weights), (one, reduce.biases)][: 1 + M.options.bias]
    A = np.concatenate([z / np.sqrt(rows if kind == "mean" else 1) for z, kind in used], axis=-1)
    gram = A @ A.mT if rows < A.shape[-1] else A.mT @ A  # the smaller of two with the same eigenvalues
    if not np.isfinite(gram).all():
        return np.full(Z.shape[:-2], np.nan)
    optimizer = M.options.optimizer
    mu = optimizer.mu if isinstance(optimizer, MomentumOptions) else 0.0
    return _finite(2 * (1 + mu) / np.linalg.eigvalsh(gram)[..., -1])


def _finite(values: Floats) -> Floats:
    """NaN in place of what is not finite."""
    return np.where(np.isfinite(values), values, np.nan)
