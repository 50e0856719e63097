"""Which generators the interfaces of a network have."""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.generators.generator import Generator
from synthgrad.generators.options import GeneratorOptions, OracleOptions
from synthgrad.generators.oracle import Oracle
from synthgrad.nn.context import Context
from synthgrad.nn.modules import Interface
from synthgrad.nn.true_gradient import TrueGradient


def generators_for(
    options: GeneratorOptions | OracleOptions, interfaces: Sequence[Interface], context: Context,
    truth: TrueGradient | None,
) -> list[Generator | Oracle]:  # fmt: skip
    """One for each interface, the lowest first."""
    if isinstance(options, GeneratorOptions):
        return [Generator(options, at, context) for at in interfaces]
    assert truth is not None
    return [Oracle(options, truth, at, looks=at is interfaces[0]) for at in interfaces]
