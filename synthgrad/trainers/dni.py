"""Decoupled neural interfaces: every hidden layer receives its generator's prediction.

Jaderberg et al., "Decoupled Neural Interfaces using Synthetic Gradients", arXiv 1608.05343. A generator's target comes
from the next layer only, so no layer waits for a pass through all others.

How much of this holds depends on the options: with ``lambda`` above 0 a layer waits for those above it, and with
``generator.target: true`` or an oracle for a generator nothing is decoupled (``schedules/sweeps.py`` says more).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from synthgrad.config import LayerSelection, OneOf, option, selected_layers
from synthgrad.errors import Problem
from synthgrad.generators import GENERATORS, Generator, GeneratorOptions, InputModel, InputModelOptions, OracleOptions
from synthgrad.generators.choice import generators_for
from synthgrad.nn.modules import Interface, module
from synthgrad.nn.optimizers import share_gradients
from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.schedules.choice import Modules, schedule_for
from synthgrad.schedules.options import SCHEDULES, Free, PipelinedGenerators, ScheduleOptions, Sequential
from synthgrad.schedules.schedule import Slot, errors
from synthgrad.trainers.modular import ModularOptions, ModularTrainer
from synthgrad.trainers.trainer import Setup
from synthgrad.types import Array, Batch, Metrics


class DNIOptions(ModularOptions):
    """Hidden layers learn from synthetic gradients."""

    generator: Annotated[GeneratorOptions | OracleOptions, OneOf(GENERATORS, "kind")] = option(
        GeneratorOptions, "the models of the hidden layers' gradients"
    )
    interfaces: LayerSelection = option(
        "all", "hidden layers after which a synthetic gradient stands, counted from 1: all, or a list; the layers "
        "between two are a module, trained by backprop inside, and [] is backprop"
    )  # fmt: skip
    schedule: Annotated[ScheduleOptions, OneOf(SCHEDULES, "kind", shorthand=True)] = option(
        Sequential, "when modules work and update"
    )
    input_model: InputModelOptions | None = option(
        None, "models that predict the modules' inputs; without them modules wait for those below"
    )
    lambda_: float = option(
        0.0, "share of the gradient handed down from above in what a hidden layer receives, the rest being its "
        "generator's: 0 is DNI, 1 is backprop", alias="lambda", ge=0, le=1, stacks=True,
    )  # fmt: skip

    def in_order(self) -> Self:
        return super().in_order().model_copy(update={"input_model": None})

    @property
    def models(self) -> list[GeneratorOptions | OracleOptions | InputModelOptions]:
        """The options of the models beside the network."""
        return [self.generator, self.input_model] if self.input_model else [self.generator]

    @property
    def normalizes(self) -> bool:
        return any(model.normalize or model.normalize_hidden for model in self.models)

    def extra_weights(self, widths: Sequence[int]) -> int:
        at = selected_layers(self.interfaces, len(widths) - 2)
        return sum(model.extra_weights(widths, at) for model in self.models)

    def history_size(self, widths: Sequence[int], batch: int, steps: int) -> int:
        if not isinstance(self.schedule, PipelinedGenerators | Free):
            return 0
        copies = min(self.schedule.delay, steps) + 1
        return sum(4 * copies * batch * widths[i] for i in selected_layers(self.interfaces, len(widths) - 2))

    def problems(self) -> Iterator[Problem]:
        share, generator, schedule = self.lambda_, self.generator, self.schedule.kind
        after = ("generator", "targets")
        if share > 0 and generator.targets == "after":
            said = f"after is for lambda: 0; with {share:g} gradients are handed down before any update (write before)"
            yield Problem(after, said)
        if generator.targets == "after" and self.interfaces != "all":
            yield Problem(after, "after is for modules of one layer (write before, or interfaces: all)")
        if schedule == "sequential" and self.input_model is None:
            return
        wrong: list[tuple[bool, tuple[str, ...], str]] = [
            (share > 0, ("lambda",), f"{share:g} has gradients handed down through all layers in a step"),
            (generator.kind == "oracle", ("generator", "kind"), "oracle takes a pass through the whole network"),
            (generator.target == "true", ("generator", "target"), "true takes a pass through the whole network"),
            (generator.targets == "after", after, "after is for one layer after the other"),
            (generator.every > 1, ("generator", "every"), f"{generator.every} counts steps of the whole network"),
        ]
        what = "input_model" if self.input_model else f"schedule: {schedule}"
        yield from (Problem(key, f"{said}, which does not go with {what}") for found, key, said in wrong if found)


class DNI(ModularTrainer):
    """delta_i = M_i(h_i, y, x);  M_i is fitted to g_i = delta_{i+1} dh_{i+1}/dh_i.

    With lambda above 0, delta_i = lambda g_i + (1 - lambda) M_i(h_i, y, x). Where ``interfaces`` names some hidden
    layers only, all this holds of modules of several layers, and inside a module there is backpropagation.
    """

    Options = DNIOptions
    options: DNIOptions
    meaning = "synthetic gradients: hidden layers learn from a generator's prediction"
    estimates = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        o, context = self.options, self.context
        fs = [module(self.layers[start:stop]) for start, stop in self.spans]
        interfaces = [Interface(i, f) for i, f in zip(self.interfaces, fs, strict=False)]
        needs_truth = o.generator.target == "true" or o.generator.kind == "oracle"
        truth = TrueGradient(self.network, self.loss) if needs_truth else None
        self.generators = generators_for(o.generator, interfaces, context, truth)
        optimizers = [self.optimizer(start, stop) for start, stop in self.spans]
        share_gradients([*optimizers, *(M.optimizer for M in self.generators if isinstance(M, Generator))])
        models = [*self.generators, self.loss]  # the loss is the one that is right
        self.slots: list[Slot] = list(zip(fs, optimizers, models, [None, *self.generators], strict=True))
        self.input_models = [InputModel(o.input_model, at, context) for at in interfaces if o.input_model]
        self.models = [*self.generators, *self.input_models]
        modules = Modules(self.slots, self.generators, self.input_models, truth, context)
        self.schedule = schedule_for(modules, o.schedule, o.generator, o.lambda_, self.upward)

    def step(self, batch: Batch) -> None:
        h = self.begin(batch)
        if self.schedule:
            self.schedule.step(h, batch)
        else:
            self.upward(self.slots, h, batch)

    @staticmethod
    def upward(slots: Sequence[Slot], h: Array, batch: Batch) -> None:
        """The paper's sweep: there is no backward pass."""
        for f, optimizer, M, M_below in slots:
            h = f.forward(h)  # h_i = f_i(h_{i-1}; theta_i)
            f.backward(M.delta(h, batch))  # grad = sg_i · dh_i/dtheta_i
            target = f.delta_below() if M_below else None  # sg_i · dh_i/dh_{i-1}
            optimizer.update()  # theta_i <- theta_i - alpha · grad
            if M_below and target is not None:
                M_below.fit(target)  # sg_{i-1} -> target

    def columns(self) -> list[str]:
        return [*(M.column for M in (*self.generators, *self.input_models)), *super().columns()]

    def metrics(self) -> Metrics:
        return super().metrics() if self.schedule else errors(self.generators)
