"""Which schedule the modules of a trainer with generators have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthgrad.generators import GeneratorOptions, InputModel, Oracle, OracleOptions
from synthgrad.nn.context import Context
from synthgrad.nn.true_gradient import TrueGradient
from synthgrad.schedules.channel import Channel
from synthgrad.schedules.options import Free, PipelinedGenerators, ScheduleOptions, Stochastic
from synthgrad.schedules.pipeline import Pipeline
from synthgrad.schedules.schedule import Schedule, Slot, Source, Sweep
from synthgrad.schedules.stages import SyntheticStage
from synthgrad.schedules.sweeps import ChosenTargets, UpAndDown, upward_after_updates
from synthgrad.schedules.unlocked import Coins, Unlocked
from synthgrad.types import Number


class Modules(NamedTuple):
    """The modules of a network, the lowest first, and the models of what they wait for."""

    slots: Sequence[Slot]
    generators: Sequence[Source]
    input_models: Sequence[InputModel]
    truth: TrueGradient | None
    context: Context


def schedule_for(
    modules: Modules, options: ScheduleOptions, generator: GeneratorOptions | OracleOptions, share: Number,
    upward: Sweep,
) -> Schedule | None:  # fmt: skip
    """The schedule that the options ask for; None: one ``upward`` sweep a step, in which every generator is fitted.

    ``share``: of the gradient handed down from above in what a hidden layer receives (``lambda``).
    """
    if isinstance(options, PipelinedGenerators | Free):
        return _pipeline(modules, options)
    if isinstance(options, Stochastic) or modules.input_models:
        probability = options.probability if isinstance(options, Stochastic) else 1.0
        coins = Coins(probability, len(modules.slots), modules.context)
        return Unlocked(modules.slots, modules.generators, _inputs(modules), coins)
    true, mixed = generator.target == "true", np.any(share) and modules.generators
    sweep: Sweep = upward_after_updates if generator.targets == "after" else upward
    if mixed:
        sweep = UpAndDown(share, [M.n for M in modules.generators], modules.context.replicas, modules.context.dtype)
    if sweep is upward and not true and generator.every == 1:
        return None
    return ChosenTargets(modules.slots, modules.generators, sweep, generator.every, modules.truth if true else None)


def _pipeline(modules: Modules, options: PipelinedGenerators | Free) -> Pipeline:
    delay, context, stages = options.delay, modules.context, list[SyntheticStage]()
    for (f, optimizer, M, _), I in zip(modules.slots, _inputs(modules), strict=True):
        assert not isinstance(M, Oracle)
        first = stages[-1].last + 1 if stages else 1
        free, anew = isinstance(options, Free), options.prediction == "anew"
        stages.append(SyntheticStage(f, optimizer, first, delay, M, I, free=free, anew=anew))
    places = 2 * delay + 2 if modules.input_models else delay + 1
    channels = [Channel(M.n, places, context.replicas, context.dtype) for M in modules.generators]
    return Pipeline(stages, channels, context.replicas)


def _inputs(modules: Modules) -> list[InputModel | None]:
    """The model of each module's input; the lowest has the network's own input."""
    inputs: Sequence[InputModel | None] = modules.input_models or [None] * len(modules.generators)
    return [None, *inputs]
