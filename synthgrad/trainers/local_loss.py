"""Local losses: every hidden layer has a classifier of its own and learns from nothing else.

Nøkland and Eidnes, "Training Neural Networks with Local Error Signals", arXiv 1901.06656, the prediction loss there; it
goes back to Mostafa, Ramesh and Cauwenberghs, arXiv 1711.06756, who keep the classifiers fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from synthgrad.config import Flag, OneOf, Options, option
from synthgrad.generators.model import Model
from synthgrad.nn.context import Context
from synthgrad.nn.dense import DenseSpec, Reduce
from synthgrad.nn.initial import Initial
from synthgrad.nn.losses import Loss
from synthgrad.nn.modules import Interface
from synthgrad.nn.network import Network
from synthgrad.nn.optimizers import OPTIMIZERS, OptimizerOptions, SGDOptions, share_gradients
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Array, Batch


class HeadOptions(Options):
    """The linear classifiers of the hidden layers, one for each, drawn and scored like the output layer."""

    bias: Flag = option(True, "biases in the heads")
    alpha: float = option(0.1, "step size of the heads", ge=0, stacks=True)
    optimizer: Annotated[OptimizerOptions, OneOf(OPTIMIZERS, shorthand=True)] = option(
        SGDOptions, "optimiser of the heads"
    )
    reduce: Reduce = option(Reduce, "reduction of the heads' gradients over the batch")


class LocalLossOptions(TrainerOptions):
    """Hidden layers learn from the losses of classifiers of their own."""

    head: HeadOptions = option(HeadOptions, "the hidden layers' own classifiers")

    def extra_weights(self, widths: Sequence[int]) -> int:
        return widths[-1] * sum(widths[1:-1])


class Head(Model):
    """o_i = f(h_i V_i + c_i) with the output layer's f, ``at`` hidden layer i."""

    kind, gives = "head", "local gradient"

    def __init__(self, options: HeadOptions, at: Interface, context: Context, loss: type[Loss], init: Initial) -> None:
        self.options, self.alpha, self.at = options, options.alpha, at
        self.loss = loss(context.n_y, context.replicas, context.dtype)
        spec = DenseSpec(at.f.n_out, context.n_y, self.loss.link, options.bias)
        self.network = Network([spec], options.reduce, context.replicas, context.dtype)
        self.network.initialize(init, context.draw, f"head.{at.i}")
        (self.f,) = self.network.layers
        optimizer = options.optimizer
        self.optimizer = OPTIMIZERS[optimizer.name](optimizer, self.network.part(0, 1))

    def set_batch_size(self, rows: int) -> None:
        self.network.set_batch_size(rows)
        self.loss.set_batch_size(rows)

    def delta(self, h: Array, batch: Batch) -> Array:
        """The gradient of the head's own loss, dL(o_i, y)/dh_i, shape (B, n); then the head makes a step as well."""
        f = self.f
        f.backward(self.loss.delta(f.forward(h), batch))
        self.sg = f.delta_below()
        self.optimizer.update()
        return self.sg


class LocalLoss(Trainer):
    """delta_L = dL/dh_L,  delta_i = dL(o_i, y)/dh_i with o_i the answer of a linear head on h_i, trained alongside."""

    Options = LocalLossOptions
    options: LocalLossOptions
    meaning = "every hidden layer learns from the loss of a linear classifier of its own"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        options, loss, init = self.options.head, type(self.loss), setup.network.init
        hidden = [Interface(i, f) for i, f in enumerate(self.layers[:-1], 1)]
        self.heads = [Head(options, at, setup.context, loss, init) for at in hidden]
        self.models = self.heads
        optimizers = [self.optimizer(i, i + 1) for i in range(len(self.layers))]
        share_gradients([*optimizers, *(M.optimizer for M in self.heads)])
        models: list[Head | Loss] = [*self.heads, self.loss]  # the loss is the output layer's own head
        self.modules = list(zip(self.layers, optimizers, models, strict=True))

    def step(self, batch: Batch) -> None:
        """One sweep upward; there is no backward pass."""
        h = self.begin(batch)
        for f, optimizer, M in self.modules:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
            f.backward(M.delta(h, batch))  # delta_i = dL(o_i, y)/dh_i
            optimizer.update()  # theta_i <- theta_i - alpha · grad
