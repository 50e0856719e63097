"""The DNI class exactly as printed in the tutorial's text, plus signs and all.

Both updates have the wrong sign there: ``weights += ...`` and ``weights_synthetic_grads += ...``. The second
climbs |h M - target|^2 and has no fixed point, so the numbers grow until they overflow.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from synthgrad.config import OneOf, option
from synthgrad.generators import Generator, GeneratorOptions
from synthgrad.nn.dense import Reduce
from synthgrad.nn.modules import Interface
from synthgrad.nn.optimizers import SGD, SGDOptions, share_gradients
from synthgrad.schedules.schedule import errors
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Batch, Metrics


class ListingReduce(Reduce):
    """The listing sums over the batch."""

    weights: Literal["mean", "sum"] = option("sum", "reduction of the weights' gradients")
    biases: Literal["mean", "sum"] = option("sum", "reduction of the gradients of biases, gamma and beta")


class PrintedListingOptions(TrainerOptions):
    """The class printed in the tutorial's text; alpha is the step of layers and generators alike."""

    alpha: float = option(1e-4, "step size of layers and generators", ge=0, stacks=True)
    loss: Literal["squared-error"] = option("squared-error", "the listing knows no other")
    optimizer: Annotated[SGDOptions, OneOf({"sgd": SGD}, shorthand=True)] = option(
        SGDOptions, "the listing knows no other"
    )
    reduce: ListingReduce = option(ListingReduce, "the listing sums over the batch")
    sign: Literal["plus", "minus"] = option("plus", "plus as printed, or minus as descent would have it")


class PrintedListing(Trainer):
    """All layers, the output layer too, learn from a generator; the last one's target is o - y.

    W_i += alpha x^T (h_i M_i f'),  M_i += alpha h_i^T (h_i M_i - target_i), targets through the updated W.
    """

    Options: TypeAlias = PrintedListingOptions
    options: PrintedListingOptions
    meaning = "the class as printed in the tutorial's text, with its plus signs: it overflows"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        options = GeneratorOptions(
            kind="learned", input=("layer-output",), bias=False, reduce=self.options.reduce, last_layer="random"
        ).model_copy(update={"alpha": self.options.alpha})  # in a stack an array (R,), which no config may hold
        init = setup.network.init
        generators = [Generator(options, Interface(*at), setup.context, init) for at in enumerate(self.layers, 1)]
        self.generators = self.models = generators
        optimizers = [self.optimizer(i, i + 1) for i in range(len(self.layers))]
        share_gradients([*optimizers, *(M.optimizer for M in generators)])
        below = [None, *generators[:-1]]
        self.modules = list(zip(self.layers, optimizers, generators, below, strict=True))

    def set_rate(self, factor: float) -> None:
        super().set_rate(-factor if self.options.sign == "plus" else factor)

    def columns(self) -> list[str]:
        return [M.column for M in self.generators[:-1]]

    def metrics(self) -> Metrics:
        found = errors(self.generators)
        return {name: found[name] for name in self.columns()}

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        for f, optimizer, M, M_below in self.modules:
            h = f.forward(h)
            f.backward(M.delta(h, batch))
            optimizer.update()
            if M_below is not None:
                M_below.fit(f.delta_below())
        self.generators[-1].fit(self.loss.delta(h, batch))
