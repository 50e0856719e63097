"""Decoupled neural interfaces: every hidden layer receives its generator's prediction.

Jaderberg et al., "Decoupled Neural Interfaces using Synthetic Gradients", arXiv 1608.05343. A
generator's target comes from the next layer only, so no layer waits for a pass through all others.

What of this holds depends on the options. With ``lambda`` above 0 a layer receives a mix of its generator's prediction
and of the gradient that the layer above hands down, and generators are fitted to the latter (Pemberton and Costa,
"BP(lambda): Online Learning via Synthetic Gradients", arXiv 2401.07044: there along time, here from layer to layer).
Every target still comes from the next layer only, but a layer waits for all those above it, as in backpropagation,
which lambda 1 is. What is gained are targets with less of the generators' own error in them: each layer on the way
lets 1 - lambda of it in. With ``generator.target: true``, or an oracle for a generator, a twin of the network finds the
true gradient first, and nothing is decoupled: such runs tell what is lost by fitting generators to one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from synthgrad.config import OneOf, Options, keyword, option
from synthgrad.errors import Problem
from synthgrad.generators import GENERATORS, Generator, GeneratorOptions, Oracle, OracleOptions
from synthgrad.nn.dense import Dense
from synthgrad.nn.losses import Loss
from synthgrad.nn.optimizers import Optimizer, share_gradients
from synthgrad.nn.truth import Truth
from synthgrad.trainers.mix import Mix
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Array, Batch, State

Model = Generator | Oracle
Module = tuple[Dense, Optimizer, Model | Loss, Model | None]
"""What a layer deals with: its optimiser, the model that gives it its delta, and the one below that it teaches."""


@keyword(
    "lambda", float, option(
        0.0, "share of the gradient handed down from above in what a hidden layer receives, the rest being its "
        "generator's: 0 is DNI, 1 is backprop", ge=0, le=1, stacks=True,
    )
)  # fmt: skip
class DNIOptions(TrainerOptions):
    """Hidden layers learn from synthetic gradients."""

    name: Literal["dni"]
    generator: Annotated[Options, OneOf(GENERATORS, "kind")] = option(
        lambda: GeneratorOptions.model_construct(kind="learned"), "the models of the hidden layers' gradients"
    )

    def beside(self, widths: Sequence[int]) -> int:
        generator: Any = self.generator
        return int(generator.beside(widths))

    def problems(self) -> Iterator[Problem]:
        share = getattr(self, "lambda")
        if share > 0 and getattr(self.generator, "targets", "before") == "after":
            said = f"after is for lambda: 0; with {share:g} gradients are handed down before any update (write before)"
            yield Problem(("generator", "targets"), said)


class DNI(Trainer):
    """delta_i = M_i(h_i, y, x);  M_i is fitted to g_i = delta_{i+1} dh_{i+1}/dh_i.

    With lambda above 0, delta_i = lambda g_i + (1 - lambda) M_i(h_i, y, x).
    """

    Options = DNIOptions
    meaning = "synthetic gradients: hidden layers learn from a generator's prediction"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        options: Any = self.options.generator
        learned = isinstance(options, GeneratorOptions)
        self.after = learned and options.targets == "after"
        self.true = learned and options.target == "true"
        self.every = options.every if learned else 1
        self.taken = np.zeros((), np.int64)
        self.fitted = False
        self.truth = Truth(self.network, self.loss) if self.true or not learned else None
        self.generators = [self._model(options, i) for i in range(1, len(self.layers))]
        self._arrange()

    def _model(self, options: Any, i: int) -> Model:
        if isinstance(options, OracleOptions):
            assert self.truth is not None
            return Oracle(options, self.truth, i)
        return Generator(options, i, self.layers[i - 1].spec.n_out, self.around)

    def _arrange(self) -> None:
        """Put together what each layer deals with, and the mixes that it may receive."""
        optimizers = [self.optimizer(i, i + 1) for i in range(len(self.layers))]
        share_gradients([*optimizers, *(M.optimizer for M in self.generators if isinstance(M, Generator))])
        models: list[Model | Loss] = [*self.generators, self.loss]  # the loss is the one that is right
        self.modules = list(zip(self.layers, optimizers, models, [None, *self.generators], strict=True))
        self.untaught = [(f, optimizer, M, None) for f, optimizer, M, _ in self.modules]
        share, around = getattr(self.options, "lambda"), self.around
        below = self.layers[-2::-1] if np.any(share) else []
        self.mixes = [Mix(share, f.spec.n_out, around.lead, around.dtype) for f in below]  # from the top down
        self.plain = not (self.mixes or self.true or self.every > 1)

    # one step -----------------------------------------------------------------------------------

    def use(self, rows: int) -> None:
        super().use(rows)
        for mix in self.mixes:
            mix.use(rows)
        if self.truth is not None:
            self.truth.use(rows)

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        if self.plain:
            self._up(h, batch, self.modules)
        else:
            self._with_options(h, batch)

    def _up(self, h: Array, batch: Batch, modules: Sequence[Module]) -> None:
        """One sweep upward; there is no backward pass."""
        for f, optimizer, M, M_below in modules:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
            f.backward(M.delta(h, batch))  # grad = sg_i · dh_i/dtheta_i
            target = f.delta_below() if M_below and not self.after else None  # sg_i · dh_i/dh_{i-1}
            optimizer.update()  # theta_i <- theta_i - alpha · grad
            if M_below:
                M_below.fit(f.delta_below() if target is None else target)  # sg_{i-1} -> target

    def _with_options(self, h: Array, batch: Batch) -> None:
        """The same where not every step fits, or to the truth, or where a lambda asks for a sweep downward."""
        fits = self._due()
        truth = self.truth.look(batch) if self.truth and self.true and fits else ()
        sweep = self._up_and_down if self.mixes else self._up
        sweep(h, batch, self.untaught if truth or not fits else self.modules)
        for M, delta in zip(self.generators, truth, strict=False):
            M.fit(delta)  # sg_i -> dL/dh_i

    def _up_and_down(self, h: Array, batch: Batch, modules: Sequence[Module]) -> None:
        """All layers forward, then from the top down: each but the top one waits for those above it."""
        sg = []
        for f, _, M, _ in modules:
            h = f.forward(h)
            sg.append(M.delta(h, batch))
        delta = sg.pop()  # dL/dh of the output
        for (f, optimizer, _, M_below), mix in zip(modules[:0:-1], self.mixes, strict=True):
            f.backward(delta)
            g = f.delta_below()  # g_{i-1} = delta_i · dh_i/dh_{i-1}
            optimizer.update()
            if M_below:
                M_below.fit(g)  # sg_{i-1} -> g_{i-1}
            delta = mix(g, sg.pop())  # delta_{i-1} = lambda g_{i-1} + (1 - lambda) sg_{i-1}
        f, optimizer, *_ = modules[0]
        f.backward(delta)
        optimizer.update()

    def _due(self) -> bool:
        """Whether generators are fitted in this step: the first of every k."""
        due = int(self.taken) % self.every == 0
        self.taken += 1
        self.fitted |= due
        return due

    # between epochs -----------------------------------------------------------------------------

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """The generators' errors over the steps in which they were fitted, absent where there was none."""
        figures = super().figures()
        fitted, self.fitted = self.fitted or self.every == 1, False
        return figures if fitted else {}

    def state(self) -> State:
        counted = {"generators.t": self.taken} if self.every > 1 else {}
        return super().state() | counted
