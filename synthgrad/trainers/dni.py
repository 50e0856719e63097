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

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from synthgrad.config import OneOf, Options, Which, chosen_of, keyword, option
from synthgrad.errors import Problem
from synthgrad.generators import (
    GENERATORS,
    Generator,
    GeneratorOptions,
    InputModel,
    InputModelOptions,
    Oracle,
    OracleOptions,
)
from synthgrad.nn.losses import Loss
from synthgrad.nn.module import module
from synthgrad.nn.optimizers import share_gradients
from synthgrad.nn.truth import Truth
from synthgrad.schedules.channel import Channel
from synthgrad.schedules.mixed import Mix
from synthgrad.schedules.options import SCHEDULES, Coins, Free, PipelinedGenerators, Sequential, Stochastic
from synthgrad.schedules.pipeline import Pipeline
from synthgrad.schedules.stages import SyntheticStage
from synthgrad.schedules.unlocked import Place, Source, Unlocked
from synthgrad.trainers.trainer import Model, Setup, Trainer, TrainerOptions
from synthgrad.types import Array, Batch, State


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
    interfaces: Which = option(
        "all", "hidden layers after which a synthetic gradient stands, counted from 1: all, or a list; the layers "
        "between two are a module, trained by backprop inside, and [] is backprop"
    )  # fmt: skip
    schedule: Annotated[Options, OneOf(SCHEDULES, "kind", shorthand=True)] = option(
        lambda: Sequential.model_construct(kind="sequential"), "when modules work and update"
    )
    input_model: InputModelOptions | None = option(
        None, "models that predict the modules' inputs; without them modules wait for those below"
    )

    def beside(self, widths: Sequence[int]) -> int:
        generator: Any = self.generator
        at = chosen_of(self.interfaces, len(widths) - 2)
        return int(generator.beside(widths, at)) + (self.input_model.beside(widths, at) if self.input_model else 0)

    def kept(self, widths: Sequence[int], batch: int, steps: int) -> int:
        if not isinstance(self.schedule, PipelinedGenerators | Free):
            return 0
        moments = min(self.schedule.delay, steps) + 1
        return sum(4 * moments * batch * widths[i] for i in chosen_of(self.interfaces, len(widths) - 2))

    def problems(self) -> Iterator[Problem]:
        generator: Any = self.generator
        share, after = getattr(self, "lambda"), getattr(generator, "targets", "before") == "after"
        if share > 0 and after:
            said = f"after is for lambda: 0; with {share:g} gradients are handed down before any update (write before)"
            yield Problem(("generator", "targets"), said)
        if after and self.interfaces != "all":
            said = "after is for modules of one layer (write before, or interfaces: all)"
            yield Problem(("generator", "targets"), said)
        if isinstance(self.schedule, Sequential) and self.input_model is None:
            return
        what = "input_model" if self.input_model else f"schedule: {self.schedule.kind}"  # type: ignore[attr-defined]
        yield from (Problem(key, f"{said}, which does not go with {what}") for key, said in self._in_order(share))

    def _in_order(self, share: float) -> Iterator[tuple[tuple[str, ...], str]]:
        """What takes a step of all modules together."""
        generator: Any = self.generator
        if share > 0:
            yield ("lambda",), f"{share:g} has gradients handed down through all layers in a step"
        if generator.kind == "oracle":
            yield ("generator", "kind"), "oracle takes a pass through the whole network"
            return
        if generator.target == "true":
            yield ("generator", "target"), "true takes a pass through the whole network"
        if generator.targets == "after":
            yield ("generator", "targets"), "after is for one layer after the other"
        if generator.every > 1:
            yield ("generator", "every"), f"{generator.every} counts steps of the whole network"


class DNI(Trainer):
    """delta_i = M_i(h_i, y, x);  M_i is fitted to g_i = delta_{i+1} dh_{i+1}/dh_i.

    With lambda above 0, delta_i = lambda g_i + (1 - lambda) M_i(h_i, y, x). Where ``interfaces`` names some hidden
    layers only, all this holds of modules of several layers, and inside a module there is backpropagation.
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
        self.interfaces = chosen_of(self.options.interfaces, len(self.layers) - 1)
        self.truth = Truth(self.network, self.loss) if self.true or not learned else None
        self.generators = [self._model(options, i) for i in self.interfaces]
        self._arrange()
        self._schedule(self.options.schedule)

    def _model(self, options: Any, i: int) -> Source:
        if isinstance(options, OracleOptions):
            assert self.truth is not None
            return Oracle(options, self.truth, i, looks=i == self.interfaces[0])
        return Generator(options, i, self.layers[i - 1].spec.n_out, self.around)

    def _arrange(self) -> None:
        """Put together what each module deals with, and the mixes that it may receive."""
        ends = [0, *self.interfaces, len(self.layers)]
        spans = list(itertools.pairwise(ends))
        fs = [module(self.layers[start:stop]) for start, stop in spans]
        optimizers = [self.optimizer(start, stop) for start, stop in spans]
        share_gradients([*optimizers, *(M.optimizer for M in self.generators if isinstance(M, Generator))])
        models: list[Source | Loss] = [*self.generators, self.loss]  # the loss is the one that is right
        self.modules: list[Place] = list(zip(fs, optimizers, models, [None, *self.generators], strict=True))
        self.untaught: list[Place] = [(f, optimizer, M, None) for f, optimizer, M, _ in self.modules]
        share, around = getattr(self.options, "lambda"), self.around
        below = [self.layers[i - 1] for i in reversed(self.interfaces)] if np.any(share) else []
        self.mixes = [Mix(share, f.spec.n_out, around.lead, around.dtype) for f in below]  # from the top down

    def _schedule(self, schedule: Any) -> None:
        """Make what the schedule needs: models of the inputs, a pipeline, a sweep of another kind."""
        self.unlocked: Unlocked | None = None
        options, around = self.options.input_model, self.around
        widths = {i: self.layers[i - 1].spec.n_out for i in self.interfaces}
        self.input_models = [InputModel(options, i, n, around) for i, n in widths.items() if options]
        above: Sequence[InputModel | None] = self.input_models or [None] * len(self.generators)
        predicted = [None, *above]
        if isinstance(schedule, PipelinedGenerators | Free):
            self.pipeline = self._pipeline(schedule, predicted)
        elif isinstance(schedule, Stochastic) or self.input_models:
            coins = Coins(getattr(schedule, "probability", 1.0), len(self.modules), around)
            self.unlocked = Unlocked(self.modules, predicted, coins, around.lead)
        self.plain = not (self.pipeline or self.unlocked or self.mixes or self.true or self.every > 1)

    def _pipeline(self, schedule: PipelinedGenerators | Free, predicted: Sequence[InputModel | None]) -> Pipeline:
        delay, free, anew = schedule.delay, isinstance(schedule, Free), schedule.prediction == "anew"
        firsts = [1, *(i + 1 for i in self.interfaces)]
        stages = [
            SyntheticStage(f, optimizer, first, delay, M, I, free=free, anew=anew)
            for (f, optimizer, M, _), first, I in zip(self.modules, firsts, predicted, strict=True)
            if not isinstance(M, Oracle)
        ]
        slots = 2 * delay + 2 if self.input_models else delay + 1
        channels = [Channel(M.n, slots, self.around.lead, self.around.dtype) for M in self.generators]
        return Pipeline(stages, channels, self.around.lead)

    @property
    def models(self) -> Sequence[Model]:
        return [*self.generators, *self.input_models]

    def use(self, rows: int) -> None:
        super().use(rows)
        for mix in self.mixes:
            mix.use(rows)
        if self.truth is not None:
            self.truth.use(rows)

    def step(self, batch: Batch) -> None:
        if self.plain:
            self._up(self.begin(batch), batch, self.modules)
        elif self.pipeline is not None:
            self.pipeline.step(batch)
        elif self.unlocked is not None:
            self.unlocked.step(self.begin(batch), batch)
        else:
            self._with_options(self.begin(batch), batch)

    def _up(self, h: Array, batch: Batch, modules: Sequence[Place]) -> None:
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
        for M in self.generators if truth else ():
            M.fit(truth[M.i - 1])  # sg_i -> dL/dh_i

    def _up_and_down(self, h: Array, batch: Batch, modules: Sequence[Place]) -> None:
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

    def columns(self) -> list[str]:
        scheduled = self.pipeline or self.unlocked
        inputs = [f"input_error.{I.i}" for I in self.input_models]
        return [*super().columns(), *inputs, *(scheduled.columns() if scheduled else [])]

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """Errors of generators and input models, and the counts of a schedule.

        The generators' are over the steps in which they were fitted, absent where there was none.
        """
        if self.pipeline is not None:
            return self.pipeline.figures()
        figures = super().figures()
        if self.unlocked is not None:
            return figures | self.unlocked.figures()
        fitted, self.fitted = self.fitted or self.every == 1, False
        return figures if fitted else {}

    def state(self) -> State:
        counted = {"generators.t": self.taken} if self.every > 1 else {}
        return super().state() | counted | (self.unlocked.state() if self.unlocked else {})
