"""Which generators the interfaces of a network have."""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.generators.generator import Generator
from synthgrad.generators.options import GeneratorOptions, OracleOptions
from synthgrad.generators.oracle import Oracle
from synthgrad.nn.context import Context
from synthgrad.nn.modules import Module
from synthgrad.nn.true_gradient import TrueGradient


def generators_for(
    options: GeneratorOptions | OracleOptions, below: Sequence[tuple[int, Module]], context: Context,
    truth: TrueGradient | None,
) -> list[Generator | Oracle]:  # fmt: skip
    """One for each interface, the lowest first: ``below`` has its hidden layer and the module that ends there."""
    if isinstance(options, GeneratorOptions):
        return [Generator(options, i, f, context) for i, f in below]
    assert truth is not None
    return [Oracle(options, truth, i, looks=k == 0) for k, (i, _) in enumerate(below)]
